// Ticking rows of a list, and the buttons that act on the ticked ones.

export function bindSelection() {
  const form = document.querySelector("[data-selection]");
  if (!form) return;
  const all = document.querySelector("[data-select-all]");
  const ticks = [...document.querySelectorAll(`input[name="rowid"][form="${form.id}"]`)];
  let last = null;

  function show() {
    const chosen = ticks.filter((tick) => tick.checked).length;
    for (const button of form.querySelectorAll("[data-needs-selection]")) {
      button.disabled = chosen === 0;
      button.querySelector("[data-selected]").textContent = chosen ? `(${chosen})` : "";
    }
    form.querySelector("[data-selection-hint]").hidden = chosen > 0;
    all.checked = chosen > 0 && chosen === ticks.length;
    all.indeterminate = chosen > 0 && chosen < ticks.length;
  }

  // With Shift, everything between the last tick and this one goes the same way.
  function tickRange(tick) {
    const [from, to] = [ticks.indexOf(last), ticks.indexOf(tick)].sort((a, b) => a - b);
    for (const between of ticks.slice(from, to + 1)) between.checked = tick.checked;
  }

  for (const tick of ticks) {
    tick.addEventListener("click", (event) => {
      if (event.shiftKey && last) tickRange(tick);
      last = tick;
      show();
    });
  }
  all.addEventListener("change", () => {
    for (const tick of ticks) tick.checked = all.checked;
    show();
  });
  window.addEventListener("pageshow", show); // A browser going back restores the ticks, not the buttons.
  show();
}
