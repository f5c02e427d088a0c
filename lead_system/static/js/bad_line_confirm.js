// Confirming a visit on a line that may break: the scan is kept on the phone before it is sent, so that whatever
// happens on the way it is there until the server has answered. Green is shown by the server's page only.
import { account, says, send, showKept, showNotKept, urls } from "./kept_list.js";
import { forget, keep, keptScans, sendOnce } from "./kept_scans.js";

const AT_ONCE_MS = 700; // So long a quick answer may take before amber is shown.

const form = document.querySelector("[data-confirm]");
const asking = document.querySelector("[data-asking]");
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  confirm(Object.fromEntries(new FormData(form)));
});

async function confirm(filled) {
  const { csrf_token, code, request_id } = filled;
  const another_visit = Boolean(filled.another_visit);
  const scan = { code, request_id, another_visit, consultant_id: filled.consultant_id, account_id: account };
  const known = { csrf_token, account_id: account };
  let place;
  try {
    place = await keep(scan);
  } catch (error) {
    console.info(error);
    return confirmWithoutKeeping(scan, known);
  }
  const amber = setTimeout(() => showKept(asking), AT_ONCE_MS);
  await send(known);
  clearTimeout(amber);
  if (await showAnswer(place)) return;
  document.addEventListener("line-tried", () => showAnswer(place));
  await showKept(asking);
}

async function showAnswer(place) {
  const answer = (await keptScans()).find((kept) => kept.place === place)?.answer;
  if (!answer) return false;
  await forget(place);
  show(answer);
  return true;
}

// A visit that counts has a page. Any other answer the server gives again, as a page with all that belongs to it.
function show(answer) {
  if (answer.url) window.location.replace(answer.url);
  else form.submit();
}

async function confirmWithoutKeeping(scan, known) {
  const answer = await sendOnce(urls, scan, known);
  if (!answer.stopped) return show(answer);
  showNotKept();
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}
