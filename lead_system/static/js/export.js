// An export answers with a file, so the page stays: it says meanwhile how many rows are written.

const EVERY_MILLISECONDS = 400;
const WHEN_TOO_OFTEN_MILLISECONDS = 5000;

const freshId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function follow(form) {
  const says = form.querySelector("[data-export-says]");
  const bar = form.querySelector("progress");
  const button = form.querySelector("button");
  const id = form.querySelector("[name=request_id]");
  const address = new URL(form.dataset.progressUrl, location.href);
  address.searchParams.set("request_id", id.value);

  async function ask() {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (answer.status === 429) return setTimeout(retry, WHEN_TOO_OFTEN_MILLISECONDS);
    if (!answer.ok) return end("");
    const { written, found, is_finished: isFinished } = await answer.json();
    if (isFinished) return end(form.dataset.done);
    bar.max = Math.max(found, 1);
    bar.value = written;
    if (found) says.textContent = `${written.toLocaleString()} / ${found.toLocaleString()}`;
    setTimeout(retry, EVERY_MILLISECONDS);
  }

  // A moment without a line says nothing about the file; the next question may be answered again.
  const retry = () => ask().catch(() => setTimeout(retry, EVERY_MILLISECONDS));

  // The next file is a new request; with the old id it would count as this one sent again.
  function end(sentence) {
    bar.hidden = true;
    button.disabled = false;
    says.textContent = sentence;
    id.value = freshId();
    delete form.dataset.sent;
  }

  bar.hidden = false;
  button.disabled = true;
  setTimeout(retry, EVERY_MILLISECONDS);
}

const READY_AGAIN_MILLISECONDS = 3000;

// A file that is made at once: the next press asks for a new one, not for this one again.
export function renewDownloads() {
  for (const form of document.querySelectorAll("[data-download]")) {
    form.addEventListener("submit", () => {
      setTimeout(() => {
        form.querySelector("[name=request_id]").value = freshId();
        delete form.dataset.sent;
      }, READY_AGAIN_MILLISECONDS);
    });
  }
}

export function followExports() {
  for (const form of document.querySelectorAll("[data-export]")) {
    form.addEventListener("submit", (event) => {
      if (!event.defaultPrevented) setTimeout(() => follow(form)); // After the form was sent with its id.
    });
  }
}
