"use strict";
// Lets a reader search and sort the long tables of the report. Without this script they are complete, and scroll by themselves.
document.addEventListener("DOMContentLoaded", () => {
  const SEARCHABLE = 26;  // rows from which a search field is worth its place
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const text = (cell) => cell.textContent.trim();

  // The first number of a cell ("0.618 [0.571, 0.665]", "−0.05", "1,234", "< 0.001"); a dash is not a number.
  const number = (cell) => {
    const found = text(cell).replaceAll("−", "-").replaceAll(",", "").match(/-?\d+(\.\d+)?/);
    return found && !text(cell).startsWith("–") ? Number(found[0]) : NaN;
  };

  const compare = (column, numeric, direction) => (a, b) => {
    const [x, y] = [a.cells[column], b.cells[column]];
    if (!numeric) return direction * text(x).localeCompare(text(y), undefined, { numeric: true });
    const [p, q] = [number(x), number(y)];
    if (Number.isNaN(p) || Number.isNaN(q)) return Number.isNaN(p) - Number.isNaN(q);  // missing values stay last
    return direction * (p - q);
  };

  const sortable = (table, head, column) => {
    const numeric = head.classList.contains("n");
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const descending = before ? before === "ascending" : numeric;  // of numbers, the largest first
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      table.tBodies[0].append(...rows.sort(compare(column, numeric, descending ? -1 : 1)));
    });
  };

  const searchable = (figure, table) => {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < SEARCHABLE) return;
    const contents = rows.map((row) => folded([...row.querySelectorAll("th, td.key")].map(text).join(" ")));
    const tools = document.createElement("p");
    const field = document.createElement("input");
    const shown = document.createElement("span");
    tools.className = "tools";
    field.type = "search";
    field.placeholder = "Search this table";
    field.setAttribute("aria-label", `Search the table ${figure.querySelector("figcaption b").textContent}`);
    shown.setAttribute("role", "status");
    const count = () => {
      const words = folded(field.value).split(/\s+/).filter(Boolean);
      let visible = 0;
      rows.forEach((row, n) => {
        row.hidden = !words.every((word) => contents[n].includes(word));
        visible += !row.hidden;
      });
      shown.textContent = words.length ? `${visible} of ${rows.length} rows` : `${rows.length} rows`;
    };
    field.addEventListener("input", count);
    count();
    tools.append(field, shown);
    figure.querySelector(".scroll").before(tools);
  };

  for (const figure of document.querySelectorAll("figure.find")) {
    const table = figure.querySelector("table");
    const heads = table.tHead.rows[table.tHead.rows.length - 1].cells;
    [...heads].forEach((head, column) => sortable(table, head, column));
    searchable(figure, table);
  }
});
