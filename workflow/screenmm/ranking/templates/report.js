"use strict";
(() => {
  const value = (row, column, kind) => {
    const text = row.cells[column].dataset.v ?? "";
    return kind === "text" ? text : text === "" ? NaN : Number(text);
  };
  const compare = (a, b, kind) =>
    kind === "text" ? a.localeCompare(b) : a - b;

  // Rows without a value stay last in either direction.
  const sortBy = (button) => {
    const head = button.closest("th");
    const table = head.closest("table");
    const kind = button.dataset.sort;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const missing = (v) => (kind === "text" ? v === "" : Number.isNaN(v));
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, v: value(row, head.cellIndex, kind) }));
    rows.sort((a, b) =>
      missing(a.v) || missing(b.v)
        ? missing(a.v) - missing(b.v)
        : (down ? -1 : 1) * compare(a.v, b.v, kind));
    table.tBodies[0].append(...rows.map((each) => each.row));
  };

  const search = (input) => {
    const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...document.getElementById(input.dataset.table).tBodies[0].rows];
    let found = 0;
    for (const row of rows) {
      row.hidden = !words.every((word) => row.dataset.q.includes(word));
      if (!row.hidden) found += 1;
    }
    const status = document.querySelector(`.found[data-table="${CSS.escape(input.dataset.table)}"]`);
    status.textContent = words.length ? `${found} of ${rows.length}` : "";
  };

  for (const button of document.querySelectorAll("button[data-sort]"))
    button.addEventListener("click", () => sortBy(button));
  for (const input of document.querySelectorAll("input[type=search]"))
    input.addEventListener("input", () => search(input));
})();
