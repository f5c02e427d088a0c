// Keys for people who work in lists all day; templates/components/keys.html says which. None counts while somebody
// types or a dialog is open, and those of one letter can be switched off (they would get into the way of dictation).

import { rowOf, step, tick } from "./rows.js";

const TYPING = "input:not([type='checkbox'], [type='radio']), select, textarea, [contenteditable]";
const ARROWS_ARE_TAKEN = "input[type='radio'], summary, video, [role='listbox'], [role='menu'], [role='tablist'], [role='slider']";
const SWITCHED_OFF = "keys-of-one-letter-are-off";

const isOn = () => localStorage.getItem(SWITCHED_OFF) === null;

function press(selector) {
  const element = document.querySelector(selector);
  element?.click();
  return Boolean(element);
}

function goTo(selector) {
  const field = document.querySelector(selector);
  field?.focus();
  field?.select();
  return Boolean(field);
}

// Each answers whether there was anything to do; else the key keeps what it means to the browser.
const ONE_LETTER = {
  "/": () => goTo('#work [role="search"] input:not([type="hidden"])') || goTo("#find"),
  g: () => goTo("#find"),
  j: (at) => step(at, 1),
  k: (at) => step(at, -1),
  x: tick,
  n: () => press('a[rel="next"]'),
  p: () => press('a[rel="prev"]'),
  "?": openHelp,
};
const OTHERS = {
  ArrowDown: (at) => canTakeArrows(at) && step(at, 1),
  ArrowUp: (at) => canTakeArrows(at) && step(at, -1),
  " ": (at) => Boolean(rowOf(at)) && !at.closest("button, input") && tick(at),
  Escape: leaveRow,
};

// Arrows scroll, as everywhere, unless one is at a row, or nowhere yet.
function canTakeArrows(at) {
  return (at === document.body || at.id === "work" || Boolean(rowOf(at))) && !at.closest(ARROWS_ARE_TAKEN);
}

function leaveRow(at) {
  if (!rowOf(at)) return false;
  document.querySelector("#work").focus({ preventScroll: true });
  return true;
}

function openHelp() {
  const help = document.querySelector("[data-keys-help]");
  help?.showModal();
  return Boolean(help);
}

function startHelp() {
  const help = document.querySelector("[data-keys-help]");
  if (!help?.showModal) return;
  const opener = document.querySelector("[data-keys-open]");
  const choice = help.querySelector("[data-keys-on]");
  opener.hidden = false;
  opener.addEventListener("click", openHelp);
  help.querySelector("[data-keys-close]").addEventListener("click", () => help.close());
  choice.checked = isOn();
  choice.addEventListener("change", () =>
    choice.checked ? localStorage.removeItem(SWITCHED_OFF) : localStorage.setItem(SWITCHED_OFF, "yes"),
  );
}

function hear(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.target.closest(TYPING)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const act = OTHERS[event.key] ?? (isOn() ? ONE_LETTER[event.key] : undefined);
  if (act?.(event.target)) event.preventDefault();
}

export function startKeys() {
  startHelp();
  document.addEventListener("keydown", hear);
}
