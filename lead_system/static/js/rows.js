// Moving through the rows of a list by key. The row that one is at is the row that has the focus: on its link, or on
// its first control, so that Enter does what it always does and a screen reader reads what it always reads.

const LINKS = ".cell-end a[href], a[href]";
const CONTROLS = `${LINKS}, button, input[name='rowid']`;

const listed = () => [...document.querySelectorAll(".list-table tbody tr")];

export const rowOf = (element) => element.closest?.(".list-table tbody tr") ?? null;

function goTo(row) {
  const control = row.querySelector(".cell-end a[href]") ?? row.querySelector(LINKS) ?? row.querySelector(CONTROLS) ?? row;
  if (control === row) row.tabIndex = -1;
  control.focus();
  row.scrollIntoView({ block: "nearest" });
}

// From outside the list the first step leads to its first row, or with "up" to its last.
export function step(from, by) {
  const rows = listed();
  if (!rows.length) return false;
  const at = rows.indexOf(rowOf(from));
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by;
  if (rows[next]) goTo(rows[next]);
  return true;
}

export function tick(from) {
  const box = rowOf(from)?.querySelector("input[name='rowid']");
  box?.click();
  return Boolean(box);
}
