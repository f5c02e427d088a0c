// A cross on every message that can be put away. Errors stay until the page changes.

export function makeNotesCloseable() {
  const template = document.querySelector("template[data-note-close]");
  if (!template) return;
  for (const note of document.querySelectorAll(".note:not(.note-error)")) {
    const button = template.content.firstElementChild.cloneNode(true);
    button.addEventListener("click", () => note.remove());
    note.append(button);
  }
}
