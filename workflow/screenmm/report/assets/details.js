// The details of one ligand, in a drawer.
(() => {
  const { el, number } = ScreenMM;
  const shown = (value, decimals) => (typeof value === "string" ? value : number(value, decimals));
  const dialog = document.getElementById("details");
  const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
  let table = null;
  let row = null;

  const TERMS = [
    ["vdw_kcal_mol", "van der Waals", "vdw"], ["coulomb_kcal_mol", "Coulomb", "polar"],
    ["gb_kcal_mol", "GB solvation", "polar"], ["sa_kcal_mol", "surface", "sa"],
    ["strain_kcal_mol", "strain", "strain"],
  ];

  const block = (title, ...nodes) => el("section", {}, el("h3", {}, title), ...nodes);

  const pairs = (rows) => el("dl.pairs", {}, ...rows.map(([name, ...value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, ...value))));

  const scores = ({ head, values }, i) => pairs(head.columns
    .filter(({ key, details }) => details && values[key][i] !== null)
    .map(({ key, details: [words, unit], decimals }) =>
      [words, shown(values[key][i], decimals), unit ? el("small", {}, ` ${unit}`) : null]));

  const terms = (values, i) => {
    const rows = TERMS.filter(([key]) => values[key][i] !== null)
      .map(([key, label, kind]) => ({ label, kind, value: values[key][i] }));
    return rows.length ? block("What makes \u0394G", ScreenMM.chart(rows, "Terms", "kcal/mol")) : null;
  };

  const residues = (found) => found.length
    ? block("Residues", ScreenMM.chart(
      found.map(([label, value, vdw, polar, sa]) => ({ label, value,
        title: `van der Waals ${number(vdw, 1)}, Coulomb + GB ${number(polar, 1)}, surface ${number(sa, 1)} kcal/mol` })),
      "Energy with each residue", `kcal/mol; left of the middle it holds the ligand, the ${found.length} largest`))
    : null;

  const checks = (found) => {
    if (!found.length) return null;
    const failed = found.filter(([, passed]) => !passed).length;
    return block("Checks of the pose",
      el("p.note", {}, failed ? `${failed} of ${found.length} fail.` : `All ${found.length} pass.`),
      el("ul.checks", {}, ...[...found].sort((a, b) => a[1] - b[1]).map(([name, passed]) =>
        el(`li.${passed ? "pass" : "fail"}`, {}, passed ? "\u2713 " : "\u2717 ",
          name.replaceAll("_", " "), el("span.hidden", {}, passed ? ": pass" : ": fail")))));
  };

  // A residue that the predicted model is unsure of has its pLDDT here, the others nothing.
  const doubt = ScreenMM.doubt = (plddt) => ((plddt ?? null) === null ? null
    : el("small.fail", { title: "The predicted model is unsure of this residue" }, ` pLDDT ${number(plddt, 0)}`));

  // Every pose has a dozen of mere contacts: they stand in one line, the rest in a table.
  const interactions = (found) => {
    if (!found.length) return null;
    const named = found.filter(([, kind]) => kind !== ScreenMM.CONTACT);
    const touched = [...new Map(found.filter(([, kind]) => kind === ScreenMM.CONTACT)
      .map(([residue, , , , plddt]) => [residue, doubt(plddt)]))];
    return block("Interactions",
      named.length ? el("table.plain", {},
        el("caption.hidden", {}, "Interactions"),
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Kind"),
          el("th", { scope: "col" }, "Residue"), el("th.n", { scope: "col" }, "Distance, \u00c5"))),
        el("tbody", {}, ...named.map(([residue, kind, distance, , plddt]) => el("tr", {},
          el("td", {}, el(`i.key.dash.${ScreenMM.kindClass(kind)}`), kind),
          el("th", { scope: "row" }, residue, doubt(plddt)), el("td.n", {}, number(distance, 1)))))) : null,
      touched.length ? el("p.note", {}, "Van der Waals contact with ",
        ...touched.flatMap(([residue, mark], k) => [k ? ", " : "", residue, mark]), ".") : null);
  };

  const records = (found, total) => block("In the library",
    el("table.plain", {}, el("caption.hidden", {}, "Library records"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "File"),
        el("th.n", { scope: "col" }, "Position"), el("th", { scope: "col" }, "Name"),
        el("th.n", { scope: "col" }, "Label"), el("th.n", { scope: "col" }, "Measured, kcal/mol"))),
      el("tbody", {}, ...found.map(([file, position, name, label, affinity]) => el("tr", {},
        el("th", { scope: "row" }, file), el("td.n", {}, String(position)), el("td", {}, name ?? ""),
        el("td.n", {}, label === null ? "" : String(label)), el("td.n", {}, number(affinity)))))),
    total > found.length ? el("p.note", {}, `${found.length} of ${total} records.`) : null);

  const pose = ([found]) => found
    ? el("p.note", {}, [
      found[0] === null ? "" : `The pose moved ${number(found[0], 2)} \u00c5 (RMSD) when minimised`,
      found[1] === null ? "" : ` in ${found[1]} steps`, found[2] ? ` on ${found[2]}.` : "."].join(""))
    : null;

  const show = async (i) => {
    row = i;
    const { values, head } = table;
    part("title").textContent = table.label(i);
    part("sub").textContent =
      `Rank ${values.rank[i]} of ${ScreenMM.grouped(head.ranked)} for ${head.receptor}`;
    part("previous").disabled = table.step(i, -1) === null;
    part("next").disabled = table.step(i, 1) === null;
    part("pick").checked = table.selected.has(i);
    const view = part("view");
    const scene = ScreenMM.sceneOf(table.number, values.rank[i]);
    view.hidden = !scene;
    const more = await ScreenMM.item(`details-${table.number}`, i, ScreenMM.POSES);
    if (row !== i) return; // the reader went on meanwhile
    const nodes = [
      ScreenMM.drawing(head.drawing[i], head.drawings_chunk, `Structure of ${table.label(i)}`),
      scores(table, i), pose(more.scores), terms(values, i), residues(more.residues),
      interactions(more.interactions), checks(more.checks), records(more.records, values.records[i]),
      block("Structure", pairs([["InChIKey", el("code", {}, values.inchikey[i])],
        ["SMILES", el("code", {}, values.smiles[i] ?? "")],
        ["Docked state", el("code", {}, values.state_smiles[i] ?? "")]])),
    ];
    part("body").replaceChildren(...nodes.filter(Boolean));
    part("body").scrollTop = 0;
  };

  const go = (by) => {
    const next = table.step(row, by);
    if (next !== null) show(next);
  };
  part("previous").addEventListener("click", () => go(-1));
  part("next").addEventListener("click", () => go(1));
  part("close").addEventListener("click", () => dialog.close());
  part("pick").addEventListener("change", () => {
    table.setChosen(row, part("pick").checked);
    table.tell();
  });
  part("view").addEventListener("click", () => {
    const scene = ScreenMM.sceneOf(table.number, table.values.rank[row]);
    dialog.close();
    scene.goTo(table.values.rank[row]);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.target.matches("input[type=text], select")) return;
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  });
  // a click beside the drawer closes it
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  ScreenMM.details = {
    open: (of, i) => {
      table = of;
      show(i);
      if (!dialog.open) dialog.showModal();
    },
  };
})();
