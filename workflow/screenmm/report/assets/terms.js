// Terms of ΔG as bars to either side of zero.
(() => {
  const { el, number } = ScreenMM;

  // Coulomb and GB largely cancel, so the small bars show their sum.
  const TERMS = [
    ["vdw", "van der Waals", (v, i) => v.vdw_kcal_mol[i]],
    ["polar", "Coulomb + GB", (v, i) =>
      v.coulomb_kcal_mol[i] === null || v.gb_kcal_mol[i] === null
        ? null
        : v.coulomb_kcal_mol[i] + v.gb_kcal_mol[i]],
    ["sa", "surface", (v, i) => v.sa_kcal_mol[i]],
    ["strain", "strain", (v, i) => v.strain_kcal_mol[i]],
  ];

  const termsOf = (values, i) =>
    TERMS.map(([kind, label, of]) => ({ kind, label, value: of(values, i) }))
      .filter((term) => term.value !== null);

  // Energy at the end of the bars: the largest, unless it is far from the rest.
  const scaleOf = (values, rows) => {
    const sizes = [];
    for (let i = 0; i < rows; i += 1)
      for (const term of termsOf(values, i)) sizes.push(Math.abs(term.value));
    sizes.sort((a, b) => a - b);
    if (!sizes.length || sizes[sizes.length - 1] === 0) return 1;
    const usual = sizes[Math.floor(0.98 * (sizes.length - 1))];
    return Math.min(sizes[sizes.length - 1], Math.max(1.5 * usual, 1));
  };

  const bar = (value, scale, kind, title) => {
    const length = Math.min(1, Math.abs(value) / scale) * 50;
    const cut = Math.abs(value) > scale ? ".cut" : "";
    const element = el(`i.${kind}${cut}`, { title });
    element.style.left = `${value < 0 ? 50 - length : 50}%`;
    element.style.width = `${length}%`;
    return element;
  };

  const small = (values, i, scale) => {
    const terms = termsOf(values, i);
    if (!terms.length) return "";
    const words = terms.map((term) => `${term.label} ${number(term.value, 1)}`).join(", ");
    return el("span.bars", { role: "img", "aria-label": `${words} kcal/mol`, title: words },
      ...terms.map((term) => el("span", {}, bar(term.value, scale, term.kind, ""))));
  };

  // A table of names, bars and numbers: the bars repeat what the numbers say.
  const chart = (rows, caption, unit) => {
    const scale = Math.max(1e-9, ...rows.map((row) => Math.abs(row.value)));
    return el("table.chart", {},
      el("caption", {}, caption, " ", el("small", {}, unit)),
      el("tbody", {}, ...rows.map((row) =>
        el("tr", { title: row.title },
          el("th", { scope: "row" }, row.label),
          el("td.bar", { "aria-hidden": "true" },
            el("span.line", {}, bar(row.value, scale, row.kind ?? (row.value < 0 ? "good" : "bad"), ""))),
          el("td.n", {}, number(row.value, row.decimals ?? 1))))));
  };

  Object.assign(ScreenMM, { termBars: small, termScale: scaleOf, chart });
})();
