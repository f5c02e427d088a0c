// Shows the scans that this phone keeps: amber until the server has answered, then its answer, until somebody has
// seen it. Sends them when the page opens, when the line is back, and when somebody says so.
import { channel, forget, isKeptForGood, keptScans, sendKept } from "./kept_scans.js";

const TRY_AGAIN_MS = 30_000; // While something waits: a weak line comes back without telling the browser.
const AFTER_THE_PAGE_MS = 1_500;

const list = document.querySelector("[data-kept]");
const shown = document.querySelector("[data-kept-now]");
const keeper = document.querySelector("[data-keeper]");

export const account = Number(keeper?.dataset.account);
export const urls = { line: keeper?.dataset.lineUrl, kept: keeper?.dataset.keptUrl };
export const says = keeper?.dataset ?? {};

const CLOCK = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium",
});

if (keeper) begin();

function begin() {
  for (const button of document.querySelectorAll("[data-send-now]")) button.addEventListener("click", () => send());
  window.addEventListener("online", () => send());
  channel?.addEventListener("message", () => draw());
  const sendWhatWaits = () => draw().then((waits) => waits && send());
  sendWhatWaits();
  setInterval(sendWhatWaits, TRY_AGAIN_MS);
  keepTheShell();
}

// Sends, shows what came of it, and says why something still waits.
export async function send(known = null) {
  say(says.saysSending);
  let stopped;
  try {
    stopped = await sendKept(urls, known);
  } catch (error) {
    console.info(error);
    stopped = "offline";
  }
  const waits = await draw();
  const why = { "signed-out": says.saysSignIn, failed: says.saysFailed }[stopped] ?? says.saysWaiting;
  say(waits ? why : "");
  if (stopped !== "nothing") document.dispatchEvent(new CustomEvent("line-tried", { detail: stopped }));
  return stopped;
}

function say(sentence) {
  for (const line of document.querySelectorAll("[data-kept-line]")) line.textContent = sentence;
}

// Draws the list; returns how many scans of whoever is signed in wait to be sent.
export async function draw() {
  let scans = [];
  try {
    scans = await keptScans();
  } catch (error) {
    console.info(error); // Said when somebody wants to keep a scan; until then nothing is missing.
  }
  const own = scans.filter((scan) => scan.account_id === account);
  const waits = own.filter((scan) => !scan.answer).length;
  const colleagues = scans.filter((scan) => scan.account_id !== account && !scan.answer).length;
  if (list) drawList(own, waits, colleagues);
  if (!waits && !shown.hidden) {
    hideKept(); // All is answered: the list says how.
    document.dispatchEvent(new Event("all-answered"));
  }
  return waits;
}

function drawList(own, waits, colleagues) {
  list.querySelector("[data-kept-list]").replaceChildren(...own.map(row));
  list.querySelector("[data-colleagues]").hidden = !colleagues;
  list.querySelector("[data-colleagues] b").textContent = colleagues;
  list.querySelector("[data-send-now]").hidden = !waits || !shown.hidden;
  list.hidden = !own.length && !colleagues;
  const link = document.querySelector("[data-kept-link]");
  if (!link) return;
  link.hidden = list.hidden;
  link.classList.toggle("is-waiting", waits > 0);
  link.querySelector("b").textContent = own.length + colleagues;
}

function row(scan) {
  const kind = scan.answer?.outcome ?? "kept";
  const drawn = list.querySelector(`template[data-kept-row="${kind}"]`).content.cloneNode(true).firstElementChild;
  drawn.dataset.place = scan.place;
  const put = (name, text) => {
    const place = drawn.querySelector(`[data-${name}]`);
    if (place) place.textContent = text;
  };
  put("when", CLOCK.format(scan.at));
  put("code", scan.code.length === 10 ? scan.code : `…${scan.code.slice(-4)}`);
  put("consultant", nameOf(scan.consultant_id));
  put("sentence", scan.answer?.sentence ?? "");
  const link = drawn.querySelector("a");
  if (link) link.href = scan.answer.url || says.codeUrl.replace("CODE", scan.code);
  drawn.querySelector("[data-seen]")?.addEventListener("click", async () => {
    await forget(scan.place);
    await draw();
  });
  return drawn;
}

// Names are on the page, which only staff see; kept are numbers.
function nameOf(consultantId) {
  const choice = document.querySelector(`input[name="consultant_id"][value="${Number(consultantId)}"]`);
  return choice?.closest("label").querySelector("[data-user]").textContent ?? `${says.saysConsultant} ${consultantId}`;
}

// Shows that a scan is kept and nothing is bound; the rest of the page makes room.
export async function showKept(instead) {
  instead.hidden = true;
  shown.hidden = false;
  shown.querySelector("h2").focus();
  await draw();
  shown.querySelector("[data-may-vanish]").hidden = await isKeptForGood();
  wake();
}

export function hideKept() {
  shown.hidden = true;
  draw();
}

export function showNotKept() {
  const notice = document.querySelector("[data-not-kept]");
  notice.hidden = false;
  notice.scrollIntoView({ block: "center" });
}

// Lets the browser send what is kept even when the page is closed, where it can do that.
async function wake() {
  try {
    const registration = await navigator.serviceWorker.ready;
    await registration.sync.register("send-kept");
  } catch (error) {
    console.info(error);
  }
}

// The worker keeps the shell, and brings it up to date whenever somebody is here with a line. On the first visit what
// the page itself loads goes first: by then the worker finds the reader in the browser's own cache.
async function keepTheShell() {
  const workers = navigator.serviceWorker;
  try {
    if (workers.controller) workers.controller.postMessage("refresh-shell");
    else await afterThePage();
    await workers.register(says.workerUrl, { type: "module" });
  } catch (error) {
    console.info(error); // Without a worker pages need a line to open; kept scans are kept all the same.
  }
}

async function afterThePage() {
  if (document.readyState !== "complete") await new Promise((done) => window.addEventListener("load", done));
  await new Promise((done) => setTimeout(done, AFTER_THE_PAGE_MS));
}
