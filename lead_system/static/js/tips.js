// A tip that would leave the window on the right opens to the left of its word.

export function placeTips() {
  for (const tip of document.querySelectorAll(".tip")) {
    const place = () => {
      tip.classList.remove("tip-to-the-left");
      const { right } = tip.querySelector(".tip-text").getBoundingClientRect();
      tip.classList.toggle("tip-to-the-left", right > document.documentElement.clientWidth);
    };
    tip.addEventListener("pointerenter", place);
    tip.addEventListener("focusin", place);
  }
}
