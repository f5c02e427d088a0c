// While a file is read or its rows are imported, the page says so, and how far the slow part is.

const EVERY_MILLISECONDS = 400;

function show(button, says) {
  const bar = document.createElement("progress");
  const line = document.createElement("span");
  line.className = "import-progress";
  line.setAttribute("role", "status");
  line.append(bar, says);
  bar.setAttribute("aria-label", says);
  button.after(line);
  button.disabled = true;
  return bar;
}

async function follow(address, bar) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { done, of } = await answer.json();
  if (!done) return;
  bar.max = of;
  bar.value = done;
}

for (const button of document.querySelectorAll("button[data-work]")) {
  const form = button.form;
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    setTimeout(() => {
      const bar = show(button, button.dataset.work);
      // A moment without a line says nothing about the import; the next question may be answered again.
      const ask = () => follow(form.dataset.progressUrl, bar).catch(() => {});
      if (form.dataset.progressUrl) setInterval(ask, EVERY_MILLISECONDS);
    });
  });
}

// Going back shows the page as it was left.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
