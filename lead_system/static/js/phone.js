// Small conveniences of every phone page; each page works without them.
import { cutPastedNumbers } from "./phone_boxes.js";
import { cutFullNumbers } from "./visible_digits.js";

cutPastedNumbers(document);
cutFullNumbers();

// What was refused may lie below the fold: go to it.
document.querySelector("[aria-invalid='true']")?.focus();

// A sent form looks sent. It is not blocked: the request id makes a second tap harmless (R13).
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button) button.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

// Choosing a photo is the whole wish: no second tap.
for (const input of document.querySelectorAll("[data-send-when-chosen]")) {
  input.form.querySelector("button").hidden = true;
  input.addEventListener("change", () => input.files.length && input.form.requestSubmit());
}

// The countdowns on the page are as old as the page: look again when the phone is taken out again.
if (document.querySelector("[data-countdown]")) {
  const shownAt = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - shownAt > 60_000) window.location.reload();
  });
}
