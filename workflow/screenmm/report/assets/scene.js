// The top hits in their pocket: 3Dmol.js, started when its place comes into view.
(() => {
  const { el, number, view } = ScreenMM;
  const { ELEMENTS, distance, middle } = view;
  const scenes = new Map();

  // Kinds of interaction: colour of the line, a short word for its label, and whether the
  // receptor's end is an atom that can bear a charge or a hydrogen bond.
  const KINDS = {
    "hydrogen bond donor": ["#0072b2", "H-bond", true],
    "hydrogen bond acceptor": ["#56a5dd", "H-bond", true],
    "salt bridge": ["#d55e00", "salt bridge", true],
    "pi stacking": ["#009e73", "\u03c0", false],
    "cation-pi": ["#b65f93", "cation\u2013\u03c0", false],
    "halogen bond": ["#a86800", "halogen", true],
    metal: ["#6b5bd2", "metal", true],
    hydrophobic: ["#7f7f7f", "", false],
  };
  const OTHER = ["#7f7f7f", "", false];
  const kindOf = (kind) => KINDS[kind] ?? OTHER;
  // A mere contact: named in the details, too frequent for lines.
  ScreenMM.CONTACT = "van der Waals";
  ScreenMM.kindClass = (kind) => `k-${kind.replaceAll(/[^a-z]+/g, "-")}`;

  const RINGS = new Set(["CG", "CD1", "CD2", "CE1", "CE2", "CE3", "CZ", "CZ2", "CZ3", "CH2", "ND1", "NE2", "NE1"]);

  // Blue holds the ligand, orange pushes it away; in between the grey of no effect.
  // The strongest stand out most from the paper; the ramp of page.css has the same colours.
  const PLACES = [-1, -0.35, 0, 0.35, 1];
  const RAMPS = {
    light: [[0, 92, 175], [92, 160, 214], [176, 180, 184], [230, 160, 80], [196, 78, 0]],
    dark: [[88, 176, 255], [78, 128, 178], [112, 118, 124], [184, 128, 76], [255, 154, 60]],
  };
  const colourOf = (value, limit) => {
    const ramp = RAMPS[ScreenMM.dark() ? "dark" : "light"];
    const x = Math.max(-1, Math.min(1, value / limit));
    const at = Math.max(1, PLACES.findIndex((place) => x <= place));
    const [from, to] = [PLACES[at - 1], PLACES[at]];
    const [a, b] = [ramp[at - 1], ramp[at]];
    const part = (x - from) / (to - from);
    return `rgb(${a.map((v, k) => Math.round(v + part * (b[k] - v))).join(",")})`;
  };
  const LIGAND_CARBON = "#2f9e5b";

  // The receptor of a hit as PDB text: the common atoms, moved ones in their places.
  const pdbOf = (scaffold, hit) => {
    const xyz = scaffold.xyz.slice();
    hit.moved.forEach((atom, k) => {
      for (let axis = 0; axis < 3; axis += 1) xyz[3 * atom + axis] = hit.xyz[3 * k + axis];
    });
    const lines = scaffold.atoms.map(([residue, name, element], i) => {
      const [, chain, at, resn, polymer] = scaffold.residues[residue];
      const place = [0, 1, 2].map((axis) => (xyz[3 * i + axis] / 1000).toFixed(3).padStart(8)).join("");
      const padded = name.length < 4 && element.length < 2 ? ` ${name}`.padEnd(4) : name.padEnd(4).slice(0, 4);
      return `${polymer ? "ATOM  " : "HETATM"}${String(i + 1).padStart(5).slice(-5)} ${padded} `
        + `${resn.slice(0, 3).padStart(3)} ${chain}${String(at).padStart(4)}    ${place}  1.00  0.00`
        + `          ${element.toUpperCase().padStart(2)}`;
    });
    return `${lines.join("\n")}\nEND\n`;
  };

  // Places of the ligand's atoms in a mol block (V2000) without its title.
  const ligandPlaces = (block) => {
    const lines = block.split("\n");
    const count = Number(lines[2].slice(0, 3));
    return lines.slice(3, 3 + count).map((line) => ({
      x: Number(line.slice(0, 10)), y: Number(line.slice(10, 20)), z: Number(line.slice(20, 30)),
    }));
  };

  class Scene {
    constructor(table, box, scaffold, hits) {
      Object.assign(this, { table, box, scaffold, hits, at: 0, surface: false, labels: true });
      this.places = new Map(scaffold.residues.map(([label], k) => [label, k]));
      this.doubts = new Map(scaffold.doubts);
      const sizes = hits.flatMap((hit) => hit.energies.map(([, value]) => Math.abs(value)))
        .sort((a, b) => a - b);
      // one scale for all hits, so that their colours can be compared
      this.limit = Math.max(1, Math.ceil(sizes[Math.floor(0.99 * (sizes.length - 1))] ?? 1));
      this.build();
    }

    part(name) {
      return this.box.querySelector(`[data-part="${name}"]`);
    }

    row() {
      return this.hits[this.at].rank - 1;
    }

    build() {
      const pick = this.part("hit");
      this.hits.forEach((hit, k) => pick.append(el("option", { value: k },
        `${hit.rank}. ${this.table.label(hit.rank - 1)}`)));
      pick.addEventListener("change", () => this.show(Number(pick.value)));
      this.part("previous").addEventListener("click", () => this.show(this.at - 1));
      this.part("next").addEventListener("click", () => this.show(this.at + 1));
      this.part("reset").addEventListener("click", () => this.look());
      this.part("png").addEventListener("click", () => this.save());
      this.part("details").addEventListener("click", () => ScreenMM.details.open(this.table, this.row()));
      this.toggle("surface", () => this.paintSurface());
      this.toggle("labels", () => this.paintLabels());
      const stage = this.part("stage");
      stage.addEventListener("keydown", (event) => this.key(event));
      this.part("limit").textContent = `\u2212${this.limit}`;
      this.part("limit-high").textContent = `+${this.limit}`;
      ScreenMM.onTheme(() => this.paper());
      this.list();
      // drawing starts when its place is near: the library and WebGL take their time
      new IntersectionObserver((entries, observer) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        this.start();
      }, { rootMargin: "200px" }).observe(stage);
    }

    toggle(name, change) {
      const button = this.part(name);
      button.addEventListener("click", () => {
        this[name] = !this[name];
        button.setAttribute("aria-pressed", String(this[name]));
        if (this.viewer) change();
      });
    }

    say(text) {
      this.part("note").textContent = text;
      this.part("note").hidden = text === "";
    }

    start() {
      this.started ??= this.begin().catch((error) => this.say(
        `No 3D view: ${error.message}. The complexes are in the folder complexes.`));
      return this.started;
    }

    async begin() {
      this.say("Loading the 3D view \u2026");
      this.viewer = await view.open(this.part("stage"));
      this.paper();
      await this.draw();
      this.say("");
      this.box.dataset.drawn = "true";
    }

    paper() {
      if (!this.viewer) return;
      view.paper(this.viewer);
      if (this.hit) {
        this.paintReceptor();
        this.paintLabels();
        if (this.surface) this.paintSurface();
      }
      this.viewer.render();
    }

    async show(k) {
      this.at = Math.max(0, Math.min(this.hits.length - 1, k));
      this.list();
      if (this.viewer) await this.draw();
      else await this.start();
    }

    // Another part of the page asks for a hit.
    async goTo(rank) {
      this.box.scrollIntoView({ block: "start" });
      this.part("stage").focus({ preventScroll: true });
      await this.show(this.hits.findIndex((hit) => hit.rank === rank));
    }

    // --- what stands beside the picture

    async list() {
      const hit = this.hits[this.at];
      const row = this.row();
      const { values } = this.table;
      this.part("hit").value = String(this.at);
      this.part("previous").disabled = this.at === 0;
      this.part("next").disabled = this.at === this.hits.length - 1;
      const strongest = hit.energies.map(([k, value]) => ({ label: this.scaffold.residues[k][0], value }))
        .sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, 10);
      const energy = values.dg_mmgbsa_kcal_mol[row];
      this.part("facts").replaceChildren(
        el("strong", {}, this.table.label(row)), `, rank ${hit.rank}`,
        energy === null ? "" : `, \u0394G ${number(energy)} kcal/mol`);
      this.part("stage").setAttribute("aria-label",
        `3D view: ${this.table.label(row)} in the pocket of ${this.table.head.receptor}. `
        + `Strongest residues: ${strongest.slice(0, 5).map((each) => `${each.label} ${number(each.value, 1)} kcal/mol`).join(", ")}. `
        + (this.doubts.size ? `The model is unsure of ${this.doubtful().map((k) =>
          `${this.scaffold.residues[k][0]} (pLDDT ${number(this.doubts.get(k), 0)})`).join(", ") || "no residue drawn"}. ` : "")
        + "Arrow keys turn it, plus and minus zoom, N and P change the hit.");
      const more = await ScreenMM.item(`details-${this.table.number}`, row, ScreenMM.POSES);
      if (hit !== this.hits[this.at]) return;
      this.part("residues").replaceChildren(strongest.length
        ? ScreenMM.chart(strongest, "Residue energies", "kcal/mol, the ten largest") : "");
      this.part("interactions").replaceChildren(...this.interactionList(more.interactions));
    }

    interactionList(all) {
      const found = all.filter(([, kind]) => kind !== ScreenMM.CONTACT);
      if (!found.length) return [];
      return [el("h4", {}, "Interactions"), el("ul.contacts", {}, ...found.map(([residue, kind, apart, , plddt]) =>
        el("li", {}, el(`i.key.dash.${ScreenMM.kindClass(kind)}`), `${kind}, ${residue}`, ScreenMM.doubt(plddt),
          apart === null ? "" : el("span.soft", {}, ` ${number(apart, 1)} \u00c5`))))];
    }

    // --- the picture

    async draw() {
      const hit = this.hits[this.at];
      const row = this.row();
      const [block, more] = await Promise.all([
        ScreenMM.item(`poses-${this.table.number}`, row, ScreenMM.POSES),
        ScreenMM.item(`details-${this.table.number}`, row, ScreenMM.POSES)]);
      if (hit !== this.hits[this.at]) return;
      const { viewer } = this;
      viewer.removeAllModels();
      viewer.removeAllShapes();
      viewer.removeAllSurfaces();
      this.hit = hit;
      this.interactions = more.interactions.filter(([, kind]) => kind !== ScreenMM.CONTACT);
      this.energies = new Map(hit.energies);
      this.receptor = viewer.addModel(pdbOf(this.scaffold, hit), "pdb");
      this.ligand = viewer.addModel(`ligand\n${block}`, "sdf");
      this.ends = ligandPlaces(block);
      this.paintReceptor();
      this.paintLigand();
      this.paintInteractions();
      this.paintLabels();
      if (this.surface) this.paintSurface();
      this.look();
    }

    look() {
      if (!this.viewer) return;
      const heavy = this.ligand.selectedAtoms({}).filter((atom) => atom.elem !== "H");
      view.look(this.viewer, { model: this.ligand }, heavy, this.receptor.selectedAtoms({}));
    }

    select(k) {
      const [, chain, at] = this.scaffold.residues[k];
      return { model: this.receptor, chain, resi: at };
    }

    // Colour of a residue: that of doubt, or of its energy with the ligand.
    shade(k) {
      return this.doubts.has(k) ? view.doubtful() : colourOf(this.energies.get(k) ?? 0, this.limit);
    }

    // The larger its energy, the thicker a residue: colour is not the only sign.
    paintReceptor() {
      const ribbon = ScreenMM.dark() ? "#59636b" : "#c3c9ce";
      const cartoon = { color: ribbon, opacity: 0.5, thickness: 0.3 };
      this.receptor.setStyle({}, { cartoon });
      this.scaffold.residues.forEach(([, , , , polymer, pocket], k) => {
        const doubted = this.doubts.has(k);
        if (!pocket && !doubted) return;
        const carbon = this.shade(k);
        const strong = Math.min(1, Math.abs(this.energies.get(k) ?? 0) / this.limit);
        const stick = { radius: 0.08 + 0.12 * strong,
          colorfunc: (atom) => ELEMENTS[atom.elem.toUpperCase()] ?? carbon };
        const style = polymer
          ? { cartoon: doubted ? { ...cartoon, color: carbon } : cartoon, ...(pocket ? { stick } : {}) }
          : { stick, sphere: { radius: 0.35, colorfunc: stick.colorfunc } };
        const { model: _, ...selection } = this.select(k);
        this.receptor.setStyle(selection, style);
      });
    }

    paintLigand() {
      const colorfunc = (atom) => ELEMENTS[atom.elem.toUpperCase()] ?? LIGAND_CARBON;
      this.ligand.setStyle({}, { stick: { radius: 0.19, colorfunc } });
      // hydrogens on carbon only hide what is behind them
      const polar = this.ligand.selectedAtoms({ elem: "H" })
        .filter((atom) => this.ligand.selectedAtoms({ index: atom.bonds[0] })[0]?.elem === "C");
      this.ligand.setStyle({ index: polar.map((atom) => atom.index) }, {});
    }

    // The receptor's end of an interaction: the atom, or the ring, that is nearest.
    receptorEnd(k, from, kind) {
      const atoms = this.receptor.selectedAtoms(this.select(k)).filter((atom) => atom.elem !== "H");
      if (!atoms.length) return null;
      if (kind === "pi stacking" || kind === "cation-pi") {
        const ring = atoms.filter((atom) => RINGS.has(atom.atom));
        if (ring.length >= 5) return middle(ring);
      }
      const wanted = kindOf(kind)[2] ? (atom) => atom.elem !== "C" : (atom) => atom.elem === "C";
      const fit = atoms.filter(wanted);
      return (fit.length ? fit : atoms).reduce((best, atom) =>
        (distance(atom, from) < distance(best, from) ? atom : best));
    }

    paintInteractions() {
      this.marks = [];
      for (const [residue, kind, apart, atoms] of this.interactions) {
        const k = this.places.get(residue);
        const ends = (atoms ?? []).map((index) => this.ends[index]).filter(Boolean);
        if (k === undefined || !ends.length) continue;
        const ring = kind === "pi stacking" || kind === "cation-pi";
        const rough = middle(ends);
        const end = this.receptorEnd(k, rough, kind);
        if (!end) continue;
        const start = ring && ends.length > 3 ? rough
          : ends.reduce((best, p) => (distance(p, end) < distance(best, end) ? p : best));
        const [color, word] = kindOf(kind);
        this.viewer.addCylinder({ start, end: { x: end.x, y: end.y, z: end.z }, color, dashed: true,
          radius: word ? 0.07 : 0.04, dashLength: 0.22, gapLength: 0.18, fromCap: 1, toCap: 1 });
        if (word) this.marks.push([`${word}${apart === null ? "" : ` ${number(apart, 1)} \u00c5`}`, middle([start, end]), color]);
      }
    }

    paintLabels() {
      this.viewer.removeAllLabels();
      if (this.labels) {
        const look = view.labelLook();
        for (const k of this.labelled()) {
          const [label] = this.scaffold.residues[k];
          const [chain, name, at] = label.split(":");
          const atoms = this.receptor.selectedAtoms(this.select(k));
          const place = atoms.find((atom) => atom.atom === "CB") ?? atoms.find((atom) => atom.atom === "CA") ?? atoms[0];
          const value = this.energies.get(k);
          const plddt = this.doubts.get(k);
          const text = `${this.chains() > 1 ? `${chain}:` : ""}${name} ${at}${value === undefined ? "" : ` ${number(value, 1)}`}`
            + `${plddt === undefined ? "" : `, pLDDT ${number(plddt, 0)}`}`;
          const marked = plddt === undefined ? {} : { borderThickness: 1, borderColor: view.doubtful() };
          this.viewer.addLabel(text, { ...look, ...marked, position: { x: place.x, y: place.y, z: place.z } });
        }
        for (const [text, position, color] of this.marks)
          this.viewer.addLabel(text, { ...look, fontSize: 11, position, borderThickness: 1, borderColor: color });
      }
      this.viewer.render();
    }

    chains() {
      return new Set(this.scaffold.residues.map(([label]) => label.split(":")[0])).size;
    }

    // Residues worth a label: the strongest, those with a named interaction, and the most doubtful.
    labelled() {
      const strong = [...this.energies].filter(([k, value]) => Math.abs(value) >= 1 && this.scaffold.residues[k][5])
        .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 8).map(([k]) => k);
      const named = this.interactions.filter(([, kind]) => kindOf(kind)[1])
        .map(([residue]) => this.places.get(residue)).filter((k) => k !== undefined);
      return new Set([...strong, ...named, ...this.doubtful().slice(0, 8)]);
    }

    // Residues around the ligands that the predicted model is unsure of, the worst first.
    doubtful() {
      return [...this.doubts].filter(([k]) => this.scaffold.residues[k][5])
        .sort((a, b) => a[1] - b[1]).map(([k]) => k);
    }

    paintSurface() {
      this.viewer.removeAllSurfaces();
      if (this.surface) {
        const near = this.scaffold.residues.flatMap(([, chain, at, , , pocket]) => (pocket ? [{ chain, resi: at }] : []));
        const shades = new Map(this.scaffold.residues.map(([, chain, at], k) => [`${chain}${at}`, this.shade(k)]));
        const of = { model: this.receptor, or: near };
        this.viewer.addSurface($3Dmol.SurfaceType.MS, { opacity: 0.72,
          colorfunc: (atom) => shades.get(`${atom.chain}${atom.resi}`) }, of, of);
      }
      this.viewer.render();
    }

    save() {
      if (!this.viewer) return;
      this.viewer.render();
      ScreenMM.download(`${this.table.head.file}-rank-${this.hits[this.at].rank}.png`, this.viewer.pngURI(), "image/png");
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = { n: 1, p: -1 }[event.key.toLowerCase()];
      if (!step) {
        view.key(this.viewer, event);
        return;
      }
      event.preventDefault();
      this.show(this.at + step);
    }
  }

  // Fetch what a receptor's view needs, if the page has one.
  ScreenMM.openScene = async (table) => {
    const box = table.panel.querySelector(".scene");
    if (!box) return;
    const [scaffold, hits] = await Promise.all([
      ScreenMM.unpack(`scaffold-${table.number}`), ScreenMM.unpack(`scenes-${table.number}`)]);
    scenes.set(table.number, new Scene(table, box, scaffold, hits));
    box.dataset.ready = "true";
  };

  ScreenMM.sceneOf = (receptor, rank) => {
    const scene = scenes.get(receptor);
    return scene?.hits.some((hit) => hit.rank === rank) ? scene : null;
  };
})();
