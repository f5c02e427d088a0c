// Shows beside a form the phone page that it makes, while it is filled in. The server draws it from what it would
// keep of the text, and writes nothing.

const AFTER_MILLISECONDS = 500;

export function followPreview() {
  const form = document.querySelector("[data-preview-url]");
  const frame = document.querySelector("[data-preview]");
  if (!form || !frame) return;
  form.querySelector("[data-preview-button]").hidden = true;
  let timer = 0;
  let asking = new AbortController();

  function put(page) {
    const fresh = new DOMParser().parseFromString(page, "text/html").querySelector("main");
    const old = frame.contentDocument?.querySelector("main");
    // The frame keeps its place: only what stands in it changes.
    if (fresh && old) old.replaceWith(fresh);
  }

  async function ask() {
    asking.abort();
    asking = new AbortController();
    const answer = await fetch(form.dataset.previewUrl, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
      signal: asking.signal,
    });
    if (!answer.ok) return;
    const { phone, maps } = await answer.json();
    put(phone);
    const place = form.querySelector("[data-maps]");
    if (place && maps) place.innerHTML = maps;
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    // Without a line the last preview stays; saving will say what is wrong.
    timer = setTimeout(() => ask().catch(() => {}), AFTER_MILLISECONDS);
  });
}
