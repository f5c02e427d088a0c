// A customer's whole number never leaves this page: pasted or typed, its middle four digits are cut at once.

const WHOLE = /^\D*(?:86)?(1[3-9]\d)\D*\d{4}\D*(\d{4})\D*$/;

export function cutFullNumbers() {
  for (const field of document.querySelectorAll("[data-visible-digits]")) {
    field.addEventListener("input", () => {
      const found = WHOLE.exec(field.value.replaceAll(/[\s-]/g, ""));
      if (found) field.value = `${found[1]} ${found[2]}`;
    });
  }
}
