// A pair in 3D: the ligand in the wild type and in the variant, superposed.
(() => {
  const { el, number, view } = ScreenMM;
  const box = document.querySelector("[data-part=pair]");
  if (!box) return;

  // Carbon of each side, the model's place in the file; both stand out by light and by dark.
  const SIDES = [["wild", "wild type", "#12908e"], ["variant", "variant", "#a646bd"]];
  const THICK = { ligand: 0.17, exchanged: 0.21, other: 0.06 };
  const PAIRS_CHUNK = 4;
  const EXCHANGED = 1;
  // A hydrogen bond: from hydrogen to acceptor, and the angle at the hydrogen.
  const BOND_ANGSTROM = 2.5;
  const BOND_COSINE = Math.cos(2 * Math.PI / 3);

  const part = (name) => box.querySelector(`[data-part="${name}"]`);
  const state = { viewer: null, cell: null, text: "", sides: [], wild: true, variant: true, labels: true };

  const residueOf = (atom) => `${atom.chain}:${atom.resn}:${atom.resi}${(atom.icode ?? "").trim()}`;
  const modelsOf = (text) => text.split(/^MODEL .*$/m).slice(1).map((each) => each.split("ENDMDL")[0]);

  // --- hydrogen bonds of the ligand

  const cosineAt = (middle, one, other) => {
    const [a, b] = [one, other].map((p) => [p.x - middle.x, p.y - middle.y, p.z - middle.z]);
    return (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / (Math.hypot(...a) * Math.hypot(...b));
  };

  // An oxygen, or a nitrogen that has neither a hydrogen nor a third neighbour.
  const accepts = (atom, byIndex) => atom.elem === "O" || (atom.elem === "N" && atom.bonds.length < 3
    && !atom.bonds.some((index) => byIndex.get(index)?.elem === "H"));

  const hydrogenBonds = (side) => {
    const byIndex = new Map(side.atoms.map((atom) => [atom.index, atom]));
    const inLigand = new Set(side.ligand);
    const acceptors = side.atoms.filter((atom) => accepts(atom, byIndex));
    const found = [];
    for (const hydrogen of side.atoms.filter((atom) => atom.elem === "H")) {
      const donor = byIndex.get(hydrogen.bonds[0]);
      if (!donor) continue;
      for (const acceptor of acceptors) {
        const apart = view.distance(hydrogen, acceptor);
        if (inLigand.has(hydrogen) === inLigand.has(acceptor) || apart > BOND_ANGSTROM) continue;
        if (cosineAt(hydrogen, donor, acceptor) > BOND_COSINE) continue;
        const end = inLigand.has(hydrogen) ? acceptor : donor;
        found.push({ hydrogen, acceptor, apart, end: `${residueOf(end)} ${end.atom}` });
      }
    }
    return found;
  };

  // --- the picture

  const sideOf = (text) => {
    const model = state.viewer.addModel(text, "pdb", { keepH: true });
    const atoms = model.selectedAtoms({});
    const { chain } = atoms.at(-1);
    const side = { model, atoms, ligand: atoms.filter((atom) => atom.chain === chain),
      exchanged: atoms.filter((atom) => atom.b === EXCHANGED) };
    return { ...side, bonds: hydrogenBonds(side) };
  };

  const shown = () => state.sides.map((side, k) => [side, SIDES[k]]).filter(([, [key]]) => state[key]);

  const paint = () => {
    const { viewer } = state;
    viewer.removeAllShapes();
    for (const side of state.sides) side.model.setStyle({}, {});
    for (const [side, [, , carbon]] of shown()) {
      const stick = (radius) => ({ stick: { radius,
        colorfunc: (atom) => view.ELEMENTS[atom.elem.toUpperCase()] ?? carbon } });
      side.model.setStyle({}, stick(THICK.other));
      for (const kind of ["exchanged", "ligand"])
        side.model.setStyle({ index: side[kind].map((atom) => atom.index) }, stick(THICK[kind]));
      for (const { hydrogen, acceptor } of side.bonds)
        viewer.addCylinder({ start: hydrogen, end: acceptor, color: carbon, dashed: true, radius: 0.06,
          dashLength: 0.2, gapLength: 0.18, fromCap: 1, toCap: 1 });
    }
    paintLabels();
  };

  // Exchanged residues by their number, as each side names them.
  const exchanged = () => {
    const found = new Map();
    state.sides.forEach((side, k) => {
      for (const atom of side.exchanged) {
        const place = `${atom.chain}${atom.resi}${atom.icode ?? ""}`;
        if (!found.has(place)) found.set(place, { atom, names: [], residue: residueOf(atom) });
        const each = found.get(place);
        each.names[k] = atom.resn;
        // where it hides least of what differs
        if (atom.atom === "CA") each.atom = atom;
      }
    });
    return [...found.values()];
  };

  const names = () => {
    const all = exchanged();
    const several = new Set(all.map(({ atom }) => atom.chain)).size > 1;
    return all.map(({ atom, residue, names: [old, now] }) => {
      const [chain, , at] = residue.split(":");
      const where = `${several ? `${chain}:` : ""}${old} ${at}`;
      return [old === now ? `${where} built anew` : `${where} \u2192 ${now}`, atom];
    });
  };

  const paintLabels = () => {
    const { viewer } = state;
    viewer.removeAllLabels();
    if (state.labels)
      for (const [text, { x, y, z }] of names())
        viewer.addLabel(text, { ...view.labelLook(), position: { x, y, z } });
    viewer.render();
  };

  const look = () => {
    const [side] = state.sides;
    if (!side) return;
    const heavy = (atoms) => atoms.filter((atom) => atom.elem !== "H");
    const seen = [...side.ligand, ...side.exchanged];
    view.look(state.viewer, { model: side.model, index: seen.map((atom) => atom.index) },
      heavy(side.ligand), heavy(side.atoms));
  };

  // --- what stands beside it

  const told = (side) => side.bonds.map(({ end, apart }) => `${end} ${number(apart, 1)} \u00c5`);

  const list = () => {
    const lists = state.sides.map(told);
    part("bonds").replaceChildren(el("h4", {}, "Hydrogen bonds of the ligand"),
      ...SIDES.map(([key, words], k) => el("p", {}, el(`i.key.${key}`), ` ${words}: `, lists[k].join(", ") || "none")));
    part("stage").setAttribute("aria-label",
      `3D view: ${state.cell.ligand} in the wild type and in ${state.cell.variant}, superposed. `
      + `${names().map(([text]) => text).join(", ")}. Hydrogen bonds of the ligand: `
      + `${SIDES.map(([, words], k) => `${words} ${lists[k].join(", ") || "none"}`).join("; ")}. `
      + "Arrow keys turn it, plus and minus zoom.");
  };

  const say = (text) => {
    part("note").textContent = text;
    part("note").hidden = text === "";
  };

  const draw = async (cell) => {
    const text = await ScreenMM.item("pairs", cell.picture, PAIRS_CHUNK);
    if (!state.viewer) {
      say("Loading the 3D view \u2026");
      state.opening ??= view.open(part("stage"));
      state.viewer = await state.opening;
      view.paper(state.viewer);
    }
    if (cell !== state.cell) return;
    state.text = text;
    state.viewer.resize();
    state.viewer.removeAllModels();
    state.sides = modelsOf(text).map(sideOf);
    paint();
    list();
    look();
    say("");
    box.dataset.drawn = `${cell.variant} ${cell.inchikey}`;
  };

  // Show a pair; one that was not scored, or of a page without structures, has no picture.
  ScreenMM.showPair = (cell) => {
    state.cell = cell;
    delete box.dataset.drawn;
    box.hidden = !cell.file;
    if (!cell.file) return;
    part("title").textContent = `${cell.variant} with ${cell.ligand} in 3D`;
    part("file").textContent = cell.file;
    part("view").hidden = cell.picture === null;
    part("beyond").hidden = cell.picture !== null;
    if (cell.picture !== null)
      draw(cell).catch((error) => say(`No 3D view: ${error.message}. The complexes are in ${cell.file}.`));
  };

  for (const name of ["wild", "variant", "labels"])
    part(name).addEventListener("click", () => {
      state[name] = !state[name];
      part(name).setAttribute("aria-pressed", String(state[name]));
      if (state.sides.length) paint();
    });
  part("reset").addEventListener("click", look);
  part("stage").addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) view.key(state.viewer, event);
  });
  const fileName = (suffix) => state.cell.file.split("/").at(-1).replace(".pdb.gz", suffix);
  part("png").addEventListener("click", () => {
    if (!state.viewer) return;
    state.viewer.render();
    ScreenMM.download(fileName(".png"), state.viewer.pngURI(), "image/png");
  });
  part("pdb").addEventListener("click", () => {
    if (state.text) ScreenMM.download(fileName(".pdb"), state.text, "chemical/x-pdb");
  });
  ScreenMM.onTheme(() => {
    if (!state.sides.length) return;
    view.paper(state.viewer);
    paintLabels();
  });
})();
