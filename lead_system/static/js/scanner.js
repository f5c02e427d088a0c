// The scan page: what the camera sees is read by the server. A good code opens its page; after a bad one the
// reason is shown and the camera goes on. Where the server cannot be reached, whoever keeps scans on the phone
// (bad_line_scan.js) may take the code; else it is tried again.
import { startCamera, tell } from "./camera.js";
import { freshRequestId } from "./request_id.js";

const TRY_AGAIN_MS = 2_000;

const scanner = document.querySelector("[data-scanner]");
if (scanner) {
  const camera = startCamera(scanner, ask);
  document.addEventListener("read-on", () => camera.open());
  document.addEventListener("stop-reading", () => camera.stop());
}

async function ask(text, forget) {
  const form = new FormData(document.querySelector("[data-read-form]"));
  form.set("code", text);
  form.set("request_id", freshRequestId());
  tell(scanner, scanner.dataset.saysReading);
  let answer;
  try {
    const response = await fetch(scanner.dataset.readUrl, {
      method: "POST",
      body: form,
      headers: { Accept: "application/json" },
    });
    const isNoAnswer = response.status >= 500 || response.status === 429; // As good as no line.
    if (isNoAnswer) throw new Error(`The server answered ${response.status}.`);
    answer = await response.json();
  } catch (error) {
    console.info(error);
    return notReached(text, forget);
  }
  if (answer.sign_in) window.location.reload();
  else if (answer.url) window.location.assign(answer.url);
  else tell(scanner, answer.sentence, true);
  return Boolean(answer.sign_in || answer.url);
}

async function notReached(text, forget) {
  const unsent = new CustomEvent("code-unsent", { detail: text, cancelable: true });
  if (!document.dispatchEvent(unsent)) return true;
  forget();
  tell(scanner, scanner.dataset.saysOffline, true);
  await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
  return false;
}
