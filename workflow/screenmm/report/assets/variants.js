// The map of variants and ligands: sorted by its headings, walked by arrow keys, explained on demand.
(() => {
  const { el, number } = ScreenMM;
  const box = document.querySelector("[data-part=effects]");
  if (!box) return;
  const table = box.querySelector("table");
  const panel = box.querySelector("[data-part=effect]");
  const heads = [...table.tHead.querySelectorAll("th")];
  const signed = (value, decimals) => `${value > 0 ? "+" : ""}${number(value, decimals)}`;

  // Rows of each group, as they stand now; the group's own heading is none of them.
  const rowsOf = (body) => [...body.rows].filter((row) => row.dataset.row !== undefined);
  const rows = () => [...table.tBodies].flatMap(rowsOf);

  const valueOf = (row, by) => {
    if (by === "place") return Number(row.dataset.row);
    const text = row.cells[by === "worst" ? 1 : Number(by) + 2].dataset.value;
    return text === "" ? null : Number(text);
  };

  // Without a number a row stands last, whichever way the others are sorted.
  const sort = (by, sign) => {
    for (const body of table.tBodies) {
      const found = rowsOf(body).map((row) => ({ row, value: valueOf(row, by) }));
      found.sort((a, b) => (a.value === null) - (b.value === null)
        || sign * (a.value - b.value) || a.row.dataset.row - b.row.dataset.row);
      body.append(...found.map(({ row }) => row));
    }
  };

  for (const head of heads)
    head.querySelector("button").addEventListener("click", () => {
      const { by } = head.dataset;
      const now = head.getAttribute("aria-sort");
      // what is lost most comes first
      const first = by === "place" ? "ascending" : "descending";
      const other = first === "ascending" ? "descending" : "ascending";
      const next = now === first ? other : first;
      for (const each of heads) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", next);
      sort(by, next === "ascending" ? 1 : -1);
    });

  const KINDS = ["vdw", "polar", "polar", "sa", "strain", "strain"];
  const pairs = (found) => el("dl.pairs", {}, ...found.map(([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, value))));

  const terms = (cell, names) => ScreenMM.chart(
    names.map((label, i) => ({ label, kind: KINDS[i], value: cell.terms[i], decimals: 2 })),
    "Terms", "kcal/mol, unscaled; right of the middle they weaken");

  const residues = (cell) => cell.residues.length
    ? ScreenMM.chart(cell.residues.map(([label, value]) => ({ label, value })),
      "Residues whose contribution changes most", "kcal/mol, unscaled")
    : el("p.note", {}, "No residue's contribution changes by 0.1 kcal/mol or more.");

  const explained = (cell, names) => {
    const [ddg, low, high, raw] = cell.ddg;
    const [[state, pose], [otherState, otherPose]] = cell.poses;
    const same = state === otherState && pose === otherPose;
    return [
      pairs([
        ["\u0394\u0394G", `${signed(ddg)} (${number(low)} to ${number(high)}) kcal/mol`],
        ["Called", cell.call],
        ["Unscaled", `${signed(raw)} kcal/mol`],
        ["\u0394G, wild type and variant", `${number(cell.dg[0], 1)} and ${number(cell.dg[1], 1)} kcal/mol`],
        ["Mutation to ligand", `${number(cell.distance, 1)} \u00c5`],
        ["Best pose", same ? `${pose} in both` : `${pose} of ${state}, in the variant ${otherPose} of ${otherState}`],
      ]),
      cell.charge ? el("p.note", {}, `The charge changes by ${signed(cell.charge, 0)} e: less certain than the interval says.`) : null,
      terms(cell, names), residues(cell),
    ];
  };

  const show = async (button) => {
    const square = button.closest("td");
    const found = await ScreenMM.unpack("variants");
    const cell = found.cells[square.parentElement.dataset.row][square.cellIndex - 2];
    for (const each of table.querySelectorAll("[aria-pressed=true]")) each.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", "true");
    const nodes = cell.ddg ? explained(cell, found.terms)
      : [el("p.note", {}, `It could not be scored (${cell.reason.replaceAll("_", " ")}): ${cell.message}`),
        el("p.note", {}, "Hence there are no complexes to look at.")];
    panel.replaceChildren(el("h3", { title: cell.inchikey }, `${cell.variant} with ${cell.ligand}`), ...nodes.filter(Boolean));
    panel.hidden = false;
    ScreenMM.showPair?.(cell);
    panel.scrollIntoView({ block: "nearest" });
  };

  // One pair is reached by Tab; from there arrow keys go on.
  const first = table.querySelector("td button");
  if (first) first.tabIndex = 0;

  const go = (button) => {
    for (const each of table.querySelectorAll("td button[tabindex='0']")) each.tabIndex = -1;
    button.tabIndex = 0;
    button.focus();
  };

  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  table.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const square = event.target.closest("td");
    if (!step || !square) return;
    event.preventDefault();
    const there = rows();
    // a pair that was never to be scored has no button: the next one in the same direction has
    let [row, column] = [there.indexOf(square.parentElement), square.cellIndex];
    for (;;) {
      row += step[0];
      column += step[1];
      const next = there[row]?.cells[column];
      if (!next) return;
      const button = next.querySelector("button");
      if (button) return void go(button);
    }
  });

  table.addEventListener("click", (event) => {
    const button = event.target.closest("td button");
    if (!button) return;
    go(button);
    show(button);
  });
})();
