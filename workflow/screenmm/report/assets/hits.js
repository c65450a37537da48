// One receptor's hit table: data, DataTables, filters, selection, columns.
(() => {
  const { el, number, plural } = ScreenMM;
  const PAGE = 25;

  // Rows without a value stay last in either direction.
  const missing = (v) => v === null || v === "" || Number.isNaN(v);
  const lastWith = (sign, compare) => (a, b) =>
    missing(a) || missing(b) ? missing(a) - missing(b) : sign * compare(a, b);
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const KINDS = { number: (a, b) => a - b, text: collator.compare };
  for (const [kind, compare] of Object.entries(KINDS)) {
    DataTable.ext.type.order[`${kind}-last-asc`] = lastWith(1, compare);
    DataTable.ext.type.order[`${kind}-last-desc`] = lastWith(-1, compare);
  }

  const heading = (column) =>
    el("span", { title: column.hint || null }, column.label,
      column.unit ? el("small", {}, column.unit) : null);

  const list = (text) => el("span.list", {}, ...text.split("; ")
    .map((part) => el("span", {}, part.replace(/ -(?=\d)/, " \u2212"))));

  class HitTable {
    constructor(panel, head, values) {
      this.panel = panel;
      this.number = Number(panel.dataset.receptor);
      this.head = head;
      this.values = values;
      this.rows = values.rank.length;
      this.selected = new Set();
      this.boxes = new Map();
      this.scale = ScreenMM.termScale(values, this.rows);
      this.order = null;
      this.build();
    }

    label(i) {
      return this.values.name[i] || this.values.inchikey[i];
    }

    part(name) {
      return this.panel.querySelector(`[data-part="${name}"]`);
    }

    // --- columns

    displays() {
      const { values } = this;
      const shownChecks = (i) => {
        const failed = values.pose_checks_failed[i];
        if (failed === null) return el("span.soft", {}, "not checked");
        return failed === ""
          ? el("span.pass", {}, "\u2713 all pass")
          : el("span.fail", {}, "\u2717 ", list(failed.replaceAll(";", "; ").replaceAll(";  ", "; ")));
      };
      return {
        rank: (i) => el("span", {}, String(values.rank[i]),
          values.rank_low[i] === null ? null
            : el("span.sub", { title: "95 % of repeated minimisations rank it here" },
              `${values.rank_low[i]}\u2013${values.rank_high[i]}`)),
        name: (i) => el("span", {},
          el("button.name", { type: "button", "data-row": i, "aria-haspopup": "dialog" },
            this.label(i)),
          values.label[i] === null ? null
            : el(`span.badge.${values.label[i] === 1 ? "active" : "inactive"}`, {},
              ScreenMM.choiceWord("label", values.label[i])),
          el("span.sub.mono", {}, values.inchikey[i]),
          values.aliases[i] ? el("span.sub.alias", {}, `also ${values.aliases[i]}`) : null),
        main_residues: (i) => (values.main_residues[i] ? list(values.main_residues[i]) : ""),
        interactions: (i) => (values.interactions[i] ? list(values.interactions[i]) : ""),
        pose_checks_failed: shownChecks,
        label: (i) => (values.label[i] === null ? "" : ScreenMM.choiceWord("label", values.label[i])),
        dg_mmgbsa_kcal_mol: (i) => el("b", {}, number(values.dg_mmgbsa_kcal_mol[i])),
      };
    }

    dataColumn(column, displays) {
      const values = this.values[column.key];
      const numeric = column.kind === "number";
      const own = displays[column.key];
      // text nodes: a name is never read as HTML
      const show = own ?? (numeric
        ? (i) => document.createTextNode(number(values[i], column.decimals))
        : (i) => document.createTextNode(values[i] ?? ""));
      const sorted = column.key === "name" ? (i) => this.label(i) : (i) => values[i];
      return {
        name: column.key,
        title: "",
        type: numeric ? "number-last" : "text-last",
        className: `${numeric ? "n " : ""}c-${column.key}`,
        cellType: column.key === "name" ? "th" : "td",
        visible: column.shown,
        data: null,
        render: (row, type) => (type === "display" ? show(row.i) : sorted(row.i)),
        heading: heading(column),
        label: column.label + (column.unit ? `, ${column.unit}` : ""),
      };
    }

    columns() {
      const displays = this.displays();
      const fixed = { orderable: false, type: "text-last", data: null };
      const select = { ...fixed, name: "select", title: "", className: "c-select",
        render: (row, type) => (type === "display" ? this.checkbox(row.i) : ""),
        heading: this.selectAll() };
      const structure = { ...fixed, name: "structure", title: "", className: "c-structure",
        render: (row, type) => (type === "display" ? this.structure(row.i) : ""),
        heading: el("span", {}, "Structure"), label: "Structure" };
      const terms = { ...fixed, name: "terms", title: "", className: "c-terms",
        render: (row, type) =>
          (type === "display" ? ScreenMM.termBars(this.values, row.i, this.scale) : ""),
        heading: el("span", { title: "Top to bottom: van der Waals, Coulomb + GB, surface, strain" },
          "Terms", el("small", {}, `\u00b1${number(this.scale, 0)} kcal/mol`)), label: "Terms of \u0394G" };
      const [rank, ...rest] = this.head.columns.map((column) => this.dataColumn(column, displays));
      const all = [select, rank, structure, ...rest];
      const dg = all.findIndex((column) => column.name === "dg_mmgbsa_kcal_mol");
      if (dg > 0) all.splice(dg + 1, 0, terms);
      return all;
    }

    structure(i) {
      return ScreenMM.drawing(this.head.drawing[i], this.head.drawings_chunk,
        `Structure of ${this.label(i)}`);
    }

    // --- selection

    checkbox(i) {
      const box = el("input", { type: "checkbox", "aria-label": `Select ${this.label(i)}`,
        checked: this.selected.has(i),
        onclick: (event) => this.choose(i, box.checked, event.shiftKey) });
      this.boxes.set(i, box);
      return box;
    }

    // With shift, all rows between this one and the last that was clicked.
    choose(i, on, range) {
      const rows = range && this.lastChosen !== undefined
        ? this.between(this.lastChosen, i) : [i];
      for (const row of rows) this.setChosen(row, on);
      this.lastChosen = i;
      this.tell();
    }

    between(a, b) {
      const [from, to] = [this.found.indexOf(a), this.found.indexOf(b)].sort((x, y) => x - y);
      return from < 0 ? [b] : this.found.slice(from, to + 1);
    }

    setChosen(i, on) {
      if (on) this.selected.add(i);
      else this.selected.delete(i);
      const box = this.boxes.get(i);
      if (box) {
        box.checked = on;
        box.closest("tr")?.classList.toggle("chosen", on);
      }
    }

    selectAll() {
      this.all = el("input", { type: "checkbox", "aria-label": "Select all ligands found",
        title: "Select all ligands found",
        onclick: () => {
          for (const i of this.found) this.setChosen(i, this.all.checked);
          this.tell();
        } });
      return this.all;
    }

    // What an export takes: the selected rows in rank order, else all that are found.
    taken() {
      return this.selected.size ? [...this.selected].sort((a, b) => a - b) : this.found;
    }

    tell() {
      const chosen = this.selected.size;
      const filtered = this.found.length < this.rows;
      const rows = this.taken();
      const posed = rows.reduce((sum, i) => sum + this.head.posed[i], 0);
      this.part("found").textContent = [
        filtered ? `${ScreenMM.grouped(this.found.length)} of ${plural(this.rows, "ligand")} found` : "",
        chosen ? `${ScreenMM.grouped(chosen)} selected` : "",
      ].filter(Boolean).join(", ");
      const what = chosen ? "selected" : filtered ? "found" : "all";
      this.part("csv").textContent = `CSV of ${what} (${ScreenMM.grouped(rows.length)})`;
      this.part("sdf").textContent = `SDF of ${what} (${ScreenMM.grouped(posed)})`;
      this.part("csv").disabled = rows.length === 0;
      this.part("sdf").disabled = posed === 0;
      this.part("clear").hidden = chosen === 0;
      const lacking = rows.length - posed;
      this.part("poses").textContent = lacking
        ? `${plural(lacking, "ligand")} of ${ScreenMM.grouped(rows.length)} without a minimised pose: not in the SDF.`
        : "";
      const on = this.found.filter((i) => this.selected.has(i)).length;
      this.all.checked = on > 0 && on === this.found.length;
      this.all.indeterminate = on > 0 && on < this.found.length;
    }

    // --- the whole

    build() {
      const columns = this.columns();
      const table = this.part("table");
      this.api = new DataTable(table, {
        data: Array.from({ length: this.rows }, (_, i) => ({ i })),
        columns: columns.map(({ heading: _, label, ...column }) =>
          ({ orderSequence: ["asc", "desc"], searchable: false, ariaTitle: `Sort by ${label}`, ...column })),
        order: [[columns.findIndex((column) => column.name === "rank"), "asc"]],
        pageLength: PAGE,
        lengthMenu: [10, 25, 50, 100, 250],
        autoWidth: false,
        deferRender: true,
        orderClasses: false,
        layout: { topStart: null, topEnd: null, bottomStart: ["info", "pageLength"], bottomEnd: "paging" },
        language: {
          info: "Rows _START_ to _END_ of _TOTAL_", infoEmpty: "No rows", infoFiltered: "",
          lengthMenu: "_MENU_ per page", emptyTable: "No ligand", zeroRecords: "No ligand passes these filters",
          thousands: "\u202f",
          aria: { orderable: "", orderableReverse: ", reverse the order", orderableRemove: "" },
        },
        createdRow: (row, data) => {
          row.dataset.row = data.i;
          row.classList.toggle("chosen", this.selected.has(data.i));
          row.querySelector("th")?.setAttribute("scope", "row");
        },
      });
      // headings go in as nodes
      columns.forEach((column, at) => {
        const head = this.api.column(at).header();
        head.querySelector(".dt-column-title").append(column.heading);
        head.setAttribute("scope", "col");
      });
      this.watch(table);
      this.menuOfColumns(columns);
      this.refresh();
    }

    watch(table) {
      let timer;
      const changed = () => {
        clearTimeout(timer);
        timer = setTimeout(() => this.refresh(), 120);
      };
      const search = this.part("search");
      this.filters = ScreenMM.filters(this, this.part("filters"), search, changed);
      search.addEventListener("input", changed);
      this.api.search.fixed("page", (_text, data) => this.passes.every((test) => test(data.i)));
      this.passes = [];
      this.api.on("draw", () => { this.order = null; });
      table.addEventListener("click", (event) => {
        if (event.target.closest("input")) return;
        const row = event.target.closest("tbody tr[data-row]");
        // a click that ends a selection of text is no wish to see details
        if (row && String(getSelection()) === "") ScreenMM.details.open(this, Number(row.dataset.row));
      });
      this.part("clear").addEventListener("click", () => {
        for (const i of [...this.selected]) this.setChosen(i, false);
        this.tell();
      });
      this.part("csv").addEventListener("click", () =>
        ScreenMM.download(`${this.head.file}.csv`, ScreenMM.csv(this, this.taken()), "text/csv"));
      this.part("sdf").addEventListener("click", async () => {
        const made = await ScreenMM.sdf(this, this.taken());
        ScreenMM.download(`${this.head.file}.sdf`, made.text, "chemical/x-mdl-sdfile");
      });
    }

    // Test all rows again and draw.
    refresh() {
      const tests = this.filters.tests();
      const search = this.filters.search();
      this.passes = search ? [...tests, search] : tests;
      this.api.draw();
      this.part("filter-count").textContent = tests.length ? ` (${tests.length})` : "";
      this.tell();
    }

    // Rows that pass, in the table's present order.
    get found() {
      this.order ??= this.api.rows({ search: "applied", order: "applied" }).indexes().toArray();
      return this.order;
    }

    menuOfColumns(columns) {
      const box = this.part("columns");
      columns.forEach((column, at) => {
        if (!column.label) return;
        const input = el("input", { type: "checkbox", checked: column.visible !== false,
          onchange: () => this.api.column(at).visible(input.checked) });
        box.append(el("label", {}, input, " ", column.label));
      });
    }

    // Show the page that has a row; used when another part of the page speaks of it.
    step(i, by) {
      const at = this.found.indexOf(i) + by;
      return at >= 0 && at < this.found.length ? this.found[at] : null;
    }
  }

  ScreenMM.openTable = async (panel) => {
    const number_ = panel.dataset.receptor;
    const [head, values] = await Promise.all([
      ScreenMM.unpack(`head-${number_}`), ScreenMM.unpack(`values-${number_}`)]);
    const table = new HitTable(panel, head, values);
    panel.dataset.ready = "true";
    return table;
  };
})();
