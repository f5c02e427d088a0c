// Shows the tags of a field as they will look, while they are typed.

const BETWEEN = /[,，、;；]+/;

function show(field, list) {
  const tags = field.value.split(BETWEEN).map((tag) => tag.trim()).filter(Boolean);
  list.replaceChildren(...[...new Set(tags)].map((tag) => {
    const chip = document.createElement("li");
    chip.textContent = tag;
    return chip;
  }));
}

export function showChips() {
  for (const field of document.querySelectorAll("[data-tags]")) {
    const list = field.closest(".tags-field").querySelector("[data-chips]");
    field.addEventListener("input", () => show(field, list));
    show(field, list);
  }
}
