// A customer's phone is typed as its first three and last four digits. Whoever pastes the whole number gets it
// cut here, in the browser, so that the middle four are never sent; the server refuses whole numbers anyway.

const WHOLE_NUMBER = /(?:^|[^0-9])(?:00)?(?:86)?(1[3-9][0-9])[0-9]{4}([0-9]{4})(?![0-9])/;

function wholeNumber(text) {
  return WHOLE_NUMBER.exec(text.normalize("NFKC").replace(/[\s\-+().]/g, ""));
}

function digitsOf(text) {
  return text.normalize("NFKC").replace(/[^0-9]/g, "");
}

export function cutPastedNumbers(page) {
  for (const boxes of page.querySelectorAll("[data-phone-boxes]")) {
    const [head, tail] = boxes.querySelectorAll("input");
    const note = boxes.querySelector("[data-phone-note]");

    const cut = (text) => {
      const found = wholeNumber(text);
      if (!found) return false;
      [head.value, tail.value] = [found[1], found[2]];
      note.textContent = boxes.dataset.saysCut;
      note.hidden = false;
      tail.focus();
      return true;
    };

    for (const box of [head, tail]) {
      const most = box.maxLength;
      box.removeAttribute("maxlength"); // Else the browser would clip a pasted number before it is seen here.
      box.addEventListener("input", () => {
        if (cut(box.value)) return;
        const digits = digitsOf(box.value);
        box.value = digits.slice(0, most);
        if (box === head && digits.length >= most && document.activeElement === head) tail.focus();
      });
    }
  }
}
