// The menu of the own account opens without scripts; with them it closes as other menus do.

export function closeAccountMenu() {
  const menu = document.querySelector("[data-account]");
  if (!menu) return;
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
