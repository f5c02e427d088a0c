// The scans that this phone keeps until the server has answered; used by pages and by the worker.
//
// Kept is what the server needs, and nothing about the customer: code, request id, moment, consultant's number,
// and the number of the account that scanned. A repeat of a request id is answered the same by the server, so
// nothing is lost or doubled when the answer gets lost on its way.

const PATIENCE_MS = 12_000; // Longer than any answer takes; after that, a bad line is as good as none.
const NO_DATA = new Set([429, 502, 503, 504]); // Nobody, or not so many, can be served now: as good as no line.
const WAITS_FOR = 3; // So often a scan at which the server fails holds up those behind it.
const STALE = new Set([400, 403, 404]); // Another session, or another account, than the page knew.
const STORE = "scans";
const LINK = /\/m\/v\/([A-Za-z0-9_-]{24})(?:[/?#]|$)/;

export const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("kept-scans");

let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("kept-scans", 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: "place", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }).catch((error) => {
    opened = null;
    throw error;
  });
  return opened;
}

// Resolves when the phone has really written, not when it has promised to.
async function inStore(mode, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

export const keptScans = () => inStore("readonly", (store) => store.getAll());
export const forget = (place) => inStore("readwrite", (store) => store.delete(place));

// Keeps a scan and returns its place in the row; fails where the phone keeps nothing.
export async function keep({ code, request_id, consultant_id, another_visit, account_id }) {
  const scan = { code, request_id, consultant_id, another_visit, account_id, at: Date.now() };
  return inStore("readwrite", (store) => store.add(scan));
}

// Asks the browser not to clear what is kept; returns whether it promised.
export async function isKeptForGood() {
  try {
    return await navigator.storage.persist();
  } catch {
    return false;
  }
}

// Returns the token or the short code in a text, or nothing: no other text is ever kept.
export function codeIn(text) {
  const plain = text.normalize("NFKC").trim();
  const token = LINK.exec(plain)?.[1] ?? (/^[A-Za-z0-9_-]{24}$/.test(plain) ? plain : "");
  const digits = plain.replace(/[\s-]/g, "");
  return token || (isShortCode(digits) ? digits : "");
}

// The last digit of a short code tells a slip of the finger at once, and not when the visitor has gone (Luhn).
function isShortCode(digits) {
  if (!/^[0-9]{10}$/.test(digits)) return false;
  const doubled = [...digits].reverse().map((digit, place) => Number(digit) * (1 + (place % 2)));
  return doubled.reduce((sum, value) => sum + (value > 9 ? value - 9 : value), 0) % 10 === 0;
}

// Sends what is kept, in the order in which it was kept, and keeps each answer beside its scan.
//
// `urls` names the addresses (line, kept); `known` is what a fresh page knows already (account_id, csrf_token).
// Returns "sent", "nothing" where none waits, "failed" where the server fails at one, or what stopped it: "offline",
// "signed-out". A scan at which the server fails keeps its place and is tried again every time; after some times
// those behind it go on, or one defect would hold up the gate.
export async function sendKept(urls, known = null) {
  const send = () => sendAlone(urls, known);
  return navigator.locks ? navigator.locks.request("kept-scans", send) : send();
}

async function sendAlone(urls, known) {
  let line = known;
  const scans = await waiting();
  let came = scans.length ? "sent" : "nothing";
  for (const scan of scans) {
    line ??= await ask(urls.line);
    if (line.stopped) return line.stopped;
    if (scan.account_id !== line.account_id) continue;
    let answer = await send(urls.kept, scan, line);
    if (answer.stopped === "stale" && line === known) {
      line = await ask(urls.line);
      if (line.stopped) return line.stopped;
      if (scan.account_id !== line.account_id) continue;
      answer = await send(urls.kept, scan, line);
    }
    if (answer.stopped === "failed") {
      came = "failed";
      const failed = (scan.failed ?? 0) + 1;
      await inStore("readwrite", (store) => store.put({ ...scan, failed }));
      if (failed < WAITS_FOR) return came;
      continue;
    }
    if (answer.stopped) return answer.stopped === "stale" ? "signed-out" : answer.stopped;
    await inStore("readwrite", (store) => store.put({ ...scan, answer }));
    channel?.postMessage("changed");
  }
  return came;
}

const waiting = async () => (await keptScans()).filter((scan) => !scan.answer);

// Sends a scan without having kept it, where the phone keeps nothing.
export const sendOnce = (urls, scan, known) => send(urls.kept, scan, known);

async function send(url, scan, line) {
  const { code, request_id, consultant_id, account_id } = scan;
  const another_visit = scan.another_visit ? "1" : "";
  const body = new URLSearchParams({
    code, request_id, consultant_id, account_id, another_visit, csrf_token: line.csrf_token,
  });
  const answer = await ask(url, { method: "POST", body });
  if (answer.stopped) return answer;
  const { outcome, sentence = "", url: page = "" } = answer;
  return outcome ? { outcome, sentence, url: page } : { stopped: "offline" };
}

// Asks the server; whatever is no answer of ours, a login page of the building site's network included, is none.
async function ask(url, options = {}) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const headers = { Accept: "application/json" };
    const response = await fetch(url, { ...options, headers, cache: "no-store", signal: patience.signal });
    const answer = await response.json();
    if (response.status === 401) return { stopped: "signed-out" };
    if (answer.outcome || response.ok) return answer;
    if (NO_DATA.has(response.status)) return { stopped: "offline" };
    if (response.status >= 500) return { stopped: "failed" };
    return { stopped: STALE.has(response.status) ? "stale" : "offline" };
  } catch (error) {
    console.info(error);
    return { stopped: "offline" };
  } finally {
    clearTimeout(timer);
  }
}
