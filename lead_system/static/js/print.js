// The button that prints a page, and the moment that stands on the paper: the server's clock, run on by the browser.

export function startPrinting() {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  window.addEventListener("beforeprint", () => {
    for (const time of document.querySelectorAll("[data-printed-at]")) {
      time.textContent = inShanghai(new Date(Date.parse(time.dateTime) + performance.now()));
    }
  });
}

function inShanghai(moment) {
  const parts = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: "Asia/Shanghai" });
  return parts.format(moment);
}
