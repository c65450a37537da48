// The chosen rows as files: the columns of ranking.csv, the poses of hits.sdf.
(() => {
  const POSES = 50; // ligands per packed block; as in hit_table.py

  const text = (value, decimals) => {
    if (value === null || value === undefined) return "";
    if (typeof value !== "number" || decimals === null) return String(value);
    const fixed = value.toFixed(decimals);
    return Number(fixed) === 0 ? fixed.replace("-", "") : fixed;
  };

  const cell = (value) => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

  const csv = (table, rows) => {
    const lines = [table.head.csv.map(([key]) => key).join(",")];
    for (const i of rows)
      lines.push(table.head.csv
        .map(([key, decimals]) => cell(text(table.values[key][i], decimals)))
        .join(","));
    return `${lines.join("\n")}\n`;
  };

  // No line break and no end of record within a value.
  const oneLine = (value) => {
    // eslint-disable-next-line no-control-regex
    const flat = value.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, " ").trim();
    return flat.startsWith("$$$$") ? ` ${flat}` : flat;
  };

  // Rows without a minimised pose have no 3D structure and are left out: none is made up.
  const sdf = async (table, rows) => {
    const posed = rows.filter((i) => table.head.posed[i]);
    const records = [];
    for (const i of posed) {
      const block = await ScreenMM.item(`poses-${table.number}`, i, POSES);
      const name = oneLine(table.values.name[i] || table.values.inchikey[i]).slice(0, 200);
      const tags = table.head.csv
        .map(([key, decimals]) => [key, oneLine(text(table.values[key][i], decimals))])
        .filter(([, value]) => value !== "")
        .map(([key, value]) => `>  <${key}>\n${value}\n\n`);
      records.push(`${name}\n${block}${tags.join("")}$$$$\n`);
    }
    return { text: records.join(""), records: posed.length, missing: rows.length - posed.length };
  };

  Object.assign(ScreenMM, { csv, sdf, POSES });
})();
