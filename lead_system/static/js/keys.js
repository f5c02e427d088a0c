// Two keys for people who work in lists all day: "/" goes to the search, "n" and "p" turn the page.

const TYPING = "input, select, textarea, [contenteditable]";

export function bindKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPING)) return;
    const target = {
      "/": '[role="search"] input:not([type="hidden"])',
      n: 'a[rel="next"]',
      p: 'a[rel="prev"]',
    }[event.key];
    const element = target && document.querySelector(target);
    if (!element) return;
    event.preventDefault();
    if (event.key === "/") element.focus();
    else element.click();
  });
}
