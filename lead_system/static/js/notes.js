// A cross on every message that can be put away. What went well passes by itself, in a corner, after one had time to
// read it: never under the pointer or the focus, nor behind another window. Errors stay until the page changes.

const LEAST_MILLISECONDS = 8000;
const MILLISECONDS_A_LETTER = 60;

export function startNotes() {
  for (const note of document.querySelectorAll(".note:not(.note-error)")) makeCloseable(note);
  for (const notes of document.querySelectorAll("[data-passing]")) announce(notes);
}

function makeCloseable(note) {
  const template = document.querySelector("template[data-note-close]");
  if (!template) return;
  const button = template.content.firstElementChild.cloneNode(true);
  button.addEventListener("click", () => putAway(note));
  note.append(button);
}

// Screen readers read out what enters a live region, not what a page came with: each message enters once more.
function announce(notes) {
  for (const note of [...notes.children]) {
    note.removeAttribute("role");
    note.remove();
    setTimeout(() => notes.append(note), 100);
    letPass(note);
  }
}

function letPass(note) {
  const milliseconds = LEAST_MILLISECONDS + MILLISECONDS_A_LETTER * note.textContent.trim().length;
  let timer = 0;
  const isLookedAt = () => document.hidden || note.matches(":hover, :focus-within");
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (isLookedAt() ? wait() : putAway(note)), milliseconds);
  };
  for (const kind of ["pointerenter", "pointerleave", "focusin", "focusout"]) note.addEventListener(kind, wait);
  document.addEventListener("visibilitychange", wait);
  wait();
}

// Whoever closed a message with a key goes on at the content, not at the top of the page.
function putAway(note) {
  const hadFocus = note.contains(document.activeElement);
  note.remove();
  if (hadFocus) document.querySelector("#work")?.focus({ preventScroll: true });
}
