// Scanning on a line that may break: a code that cannot be sent is kept with the consultant who takes over.
// The same on the scan page, when the line breaks there, and in the shell, which opens without a line.
import { readPicture, startCamera, tell } from "./camera.js";
import { account, hideKept, says, send, showKept, showNotKept } from "./kept_list.js";
import { codeIn, keep } from "./kept_scans.js";
import { freshRequestId } from "./request_id.js";

const QUICK_MS = 2_500; // So long the shell waits for a line before it asks who takes over.

const reading = document.querySelector("[data-reading]");
const choosing = document.querySelector("[data-choose]");
const scanner = document.querySelector("[data-scanner]");
const isShell = "shell" in (reading?.dataset ?? {});
let code = "";
let camera = null;

if (reading) begin();

function begin() {
  document.addEventListener("code-unsent", (event) => choose(event.detail) && event.preventDefault());
  choosing.addEventListener("submit", (event) => {
    event.preventDefault();
    keepChosen(new FormData(choosing).get("consultant_id"));
  });
  choosing.querySelector("[data-back]").addEventListener("click", readOn);
  document.addEventListener("all-answered", readOn);
  document.querySelector("[data-next]").addEventListener("click", (event) => {
    event.preventDefault();
    readOn();
  });
  document.querySelector("[data-read-form]").addEventListener("submit", readTyped);
  document.querySelector("[data-photo-form]").addEventListener("submit", readPhoto);
  if (isShell) beginShell();
}

function beginShell() {
  camera = startCamera(scanner, meetWithoutLine);
  const opened = codeIn(window.location.pathname);
  if (opened) choose(opened);
  document.addEventListener("line-tried", (event) => sayLine(event.detail !== "offline"));
  window.addEventListener("online", () => sayLine(true));
}

function sayLine(isBack) {
  document.querySelector("[data-line-back]").hidden = !isBack;
  document.querySelector("[data-line-gone]").hidden = isBack;
}

async function meetWithoutLine(text) {
  const found = codeIn(text);
  if (!found) {
    tell(scanner, says.saysNoCode, true);
    return false;
  }
  if (await isLineBack()) window.location.assign(says.codeUrl.replace("CODE", found));
  else choose(found);
  return true;
}

async function isLineBack() {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), QUICK_MS);
  try {
    const asked = { headers: { Accept: "application/json" }, cache: "no-store", signal: patience.signal };
    return (await (await fetch(says.lineUrl, asked)).json()).account_id === account;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

// Asks who takes over; returns false for a text that is no code of ours, which is never kept.
function choose(text) {
  code = codeIn(text);
  if (!code) return false;
  rest();
  choosing.querySelector("[data-code]").textContent = code.length === 10 ? code : `…${code.slice(-4)}`;
  choosing.reset();
  reading.hidden = true;
  hideKept();
  choosing.hidden = false;
  choosing.querySelector("h2").focus();
  return true;
}

async function keepChosen(consultant_id) {
  try {
    await keep({ code, request_id: freshRequestId(), consultant_id, another_visit: false, account_id: account });
  } catch (error) {
    console.info(error);
    return showNotKept();
  }
  await showKept(choosing);
  await send();
}

function readOn() {
  choosing.hidden = true;
  hideKept();
  reading.hidden = false;
  rest();
  if (camera) camera.open();
  else document.dispatchEvent(new Event("read-on"));
}

// Nothing is on its way any more: buttons look so, and the camera is off until it is wanted.
function rest() {
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  if (camera) camera.stop();
  else document.dispatchEvent(new Event("stop-reading"));
}

async function readTyped(event) {
  event.preventDefault();
  const form = event.target;
  const typed = form.elements.code.value;
  if (isShell) return (await meetWithoutLine(typed)) || rest();
  try {
    const asked = { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } };
    const answer = await fetch(form.action, asked);
    if (answer.status >= 500 || answer.status === 429) throw new Error(`The server answered ${answer.status}.`);
    const { url } = await answer.json();
    if (url) window.location.assign(url);
    else form.submit(); // The server says why, beside the field: the same request id, the same answer.
  } catch (error) {
    console.info(error);
    if (!choose(typed)) unreadable(form, says.saysNoCode);
  }
}

// A picture is read here first: the code in it weighs a ten-thousandth of it. The server has better eyes.
async function readPhoto(event) {
  event.preventDefault();
  const form = event.target;
  const text = await readPicture(form.elements.photo.files[0], scanner.dataset.wasm);
  if (isShell) return text ? (await meetWithoutLine(text)) || rest() : unreadable(form, says.saysNoPhoto);
  if (!codeIn(text)) return navigator.onLine ? form.submit() : unreadable(form, says.saysNoPhoto);
  const typed = document.querySelector("[data-read-form]");
  typed.elements.code.value = codeIn(text);
  typed.requestSubmit();
}

function unreadable(form, sentence) {
  rest();
  const line = form.querySelector("[data-unread]");
  line.textContent = sentence;
  line.hidden = false;
  if (!isShell) document.dispatchEvent(new Event("read-on"));
  else camera.open();
}
