// The search box and the filters of one table, as a test of rows.
(() => {
  const { el, number } = ScreenMM;
  const SEARCHED = ["name", "aliases", "inchikey", "smiles", "state_smiles"];
  const WORDS = { label: { 1: "active", 0: "inactive" } };

  ScreenMM.choiceWord = (key, value) => (WORDS[key] ?? {})[value] ?? String(value);

  const range = (values) => {
    let low = Infinity;
    let high = -Infinity;
    for (const value of values)
      if (value !== null) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    return [low, high];
  };

  const numberTest = (values, low, high) => {
    if (low === "" && high === "") return null;
    const least = low === "" ? -Infinity : Number(low);
    const most = high === "" ? Infinity : Number(high);
    return (i) => values[i] !== null && values[i] >= least && values[i] <= most;
  };

  const wordsTest = (texts, query) => {
    const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
    return words.length ? (i) => words.every((word) => texts(i).includes(word)) : null;
  };

  const numberField = (column, values, changed) => {
    const [low, high] = range(values);
    const input = (what, sign, bound) => el("input", {
      type: "number", step: "any", inputmode: "decimal", oninput: changed,
      placeholder: `${sign} ${number(bound, column.decimals)}`, "aria-label": `${column.label}, ${what}`,
    });
    const least = input("at least", "\u2265", low);
    const most = input("at most", "\u2264", high);
    return {
      nodes: [least, el("span", { "aria-hidden": "true" }, "to"), most],
      test: () => numberTest(values, least.value, most.value),
      clear: () => { least.value = ""; most.value = ""; },
    };
  };

  const textField = (column, values, changed) => {
    const input = el("input", { type: "text", oninput: changed, "aria-label": column.label,
      placeholder: "contains", autocomplete: "off" });
    return {
      nodes: [input],
      test: () => wordsTest((i) => (values[i] ?? "").toLowerCase(), input.value),
      clear: () => { input.value = ""; },
    };
  };

  const choiceField = (column, values, changed) => {
    const kinds = [...new Set(values)].filter((value) => value !== null).sort();
    const select = el("select", { onchange: changed, "aria-label": column.label },
      el("option", { value: "" }, "any"),
      ...kinds.map((kind) =>
        el("option", { value: String(kind) }, ScreenMM.choiceWord(column.key, kind))),
      values.includes(null) ? el("option", { value: "\u0000none" }, "none") : null);
    return {
      nodes: [select],
      test: () => {
        if (select.value === "") return null;
        return select.value === "\u0000none"
          ? (i) => values[i] === null
          : (i) => values[i] !== null && String(values[i]) === select.value;
      },
      clear: () => { select.value = ""; },
    };
  };

  const FIELDS = { number: numberField, text: textField, choice: choiceField };

  // Filters of a table: `box` gets the fields, `changed` is called at each change.
  ScreenMM.filters = (table, box, search, changed) => {
    const { values } = table;
    const lower = new Array(table.rows);
    const searched = (i) => {
      lower[i] ??= SEARCHED.map((key) => values[key]?.[i] ?? "").join("\n").toLowerCase();
      return lower[i];
    };
    const fields = table.head.columns.map((column) => ({
      column,
      ...FIELDS[column.kind](column, values[column.key], changed),
    }));
    for (const { column, nodes } of fields)
      box.append(el("div.field", { role: "group", "aria-label": column.label },
        el("span.label", {}, column.label, column.unit ? el("small", {}, ` ${column.unit}`) : null),
        el("span.inputs", {}, ...nodes)));
    box.append(el("div.field.last", {},
      el("button", { type: "button", onclick: () => {
        for (const field of fields) field.clear();
        changed();
      } }, "Clear all filters")));
    return {
      // Tests that are on now, the search box's last.
      tests: () => fields.map((field) => field.test()).filter(Boolean),
      search: () => wordsTest(searched, search.value),
    };
  };
})();
