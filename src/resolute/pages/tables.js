"use strict";
// Sorting by any column, and filtering by text and verdict. Without this script the tables stand as they are.

const VERDICTS = JSON.parse(document.getElementById("verdicts").textContent);
const ABSENT = new Set(["", "\u2013", "not measured"]);
const FEW = 8; // rows that need no filter
const dashed = (name) => name.replaceAll(" ", "-");

/** The header cell of every column: the lowest that covers it. */
function headers(table) {
  const grid = [];
  [...table.tHead.rows].forEach((row, y) => {
    let x = 0;
    for (const cell of row.cells) {
      while (grid[x] && grid[x].until > y) x += 1;
      for (let i = 0; i < cell.colSpan; i += 1) grid[x + i] = { cell, until: y + cell.rowSpan };
      x += cell.colSpan;
    }
  });
  return grid.map((entry) => entry.cell);
}

/** What a cell sorts by: its number if it begins with one, else its text; nothing where nothing was measured. */
function sortKey(row, column) {
  const text = row.cells[column].textContent.trim();
  const number = Number.parseFloat(text.replace("\u2212", "-").replace(/(\d)[ \u00a0\u202f](?=\d{3}\b)/g, "$1"));
  if (!Number.isNaN(number)) return number;
  return ABSENT.has(text) ? null : text.toLocaleLowerCase();
}

/** What is absent comes last, whichever the direction. */
function compare(a, b, direction) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number" && typeof b === "number") return direction * (a - b);
  return direction * String(a).localeCompare(String(b), "en", { numeric: true });
}

const isPressed = (chip) => chip.getAttribute("aria-pressed") === "true";
const isGroup = (row) => row.classList.contains("group");

function sort(table, column, descending) {
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter((row) => !isGroup(row));
    const keyed = rows.map((row) => [sortKey(row, column), row]);
    keyed.sort(([a], [b]) => compare(a, b, descending ? -1 : 1));
    body.append(...keyed.map(([, row]) => row));
  }
}

function makeSortable(table) {
  const all = headers(table);
  all.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const descending = header.getAttribute("aria-sort") === "ascending"
        || (column > 0 && header.getAttribute("aria-sort") === null);
      for (const other of all) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(table, column, descending);
    });
  });
}

function makeFilter(table) {
  const region = table.closest(".scroll");
  const tools = document.createElement("div");
  const search = document.createElement("input");
  const status = document.createElement("output");
  tools.className = "tools";
  search.type = "search";
  search.placeholder = "Filter rows";
  search.setAttribute("aria-label", `Filter the rows of: ${region.getAttribute("aria-label")}`);
  tools.append(search);
  const chips = VERDICTS.filter((name) => table.querySelector(`tbody td.${dashed(name)}`)).map((name) => {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = `chip verdict ${dashed(name)}`;
    chip.textContent = name;
    chip.dataset.verdict = dashed(name);
    chip.setAttribute("aria-pressed", "false");
    tools.append(chip);
    return chip;
  });
  tools.append(status);
  region.before(tools);

  const apply = () => {
    const words = search.value.trim().toLocaleLowerCase();
    const wanted = chips.filter((chip) => isPressed(chip)).map((chip) => `td.${chip.dataset.verdict}`);
    let shown = 0;
    let total = 0;
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter((row) => !isGroup(row));
      for (const row of rows) {
        row.hidden = !row.textContent.toLocaleLowerCase().includes(words)
          || (wanted.length > 0 && !row.querySelector(wanted.join()));
      }
      const left = rows.filter((row) => !row.hidden).length;
      for (const row of body.rows) if (isGroup(row)) row.hidden = left === 0;
      shown += left;
      total += rows.length;
    }
    status.textContent = shown === total ? "" : `${shown} of ${total} rows`;
  };
  search.addEventListener("input", apply);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(!isPressed(chip)));
      apply();
    });
  }
}

for (const table of document.querySelectorAll("table.sortable, table.verdicts")) {
  makeSortable(table);
  if (table.querySelectorAll("tbody tr").length > FEW) makeFilter(table);
}
