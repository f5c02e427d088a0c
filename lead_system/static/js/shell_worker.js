// What the worker does: it keeps the shell and its files, opens the shell where a page cannot be had, and sends
// kept scans when the line is back. It never keeps a page with customers on it.
import { sendKept } from "./kept_scans.js";

const PATIENCE_MS = 8_000; // So long a page may take before the shell is shown instead.
const NO_SERVER = new Set([502, 503, 504]); // What a proxy says when nobody stands behind it.

// `release` is the address of all files of this release, and so the name of what is kept for it.
export function serve({ release, files, shell, signOut, urls }) {
  const cacheName = `shell ${release}`;

  self.addEventListener("install", (event) => {
    self.skipWaiting();
    event.waitUntil(Promise.all([keepFiles(), refreshShell()]));
  });
  self.addEventListener("activate", (event) => {
    event.waitUntil(Promise.all([dropEarlier(), self.clients.claim()]));
  });
  self.addEventListener("message", (event) => {
    if (event.data === "refresh-shell") event.waitUntil(refreshShell());
  });
  self.addEventListener("sync", (event) => {
    if (event.tag === "send-kept") event.waitUntil(sendInBackground());
  });
  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    if (origin !== self.location.origin) return;
    if (request.method === "POST" && pathname === signOut) leave(event);
    else if (request.method !== "GET") return;
    else if (pathname.startsWith(`${release}/`)) event.respondWith(fileOf(request));
    else if (request.mode === "navigate") event.respondWith(pageOrShell(request));
  });

  async function keepFiles() {
    const kept = await caches.open(cacheName);
    await Promise.all(
      files.map(async (address) => {
        const answer = await fetch(address);
        if (answer.ok) await kept.put(address, answer); // A file that was never fetched is no reason to fail.
      }),
    );
  }

  async function dropEarlier() {
    const names = (await caches.keys()).filter((name) => name.startsWith("shell ") && name !== cacheName);
    await Promise.all(names.map((name) => caches.delete(name)));
  }

  // The shell names the consultants, so it is kept for as long as its reader is signed in, and of this release
  // only: another one's would ask for files that are not here.
  async function refreshShell() {
    let answer;
    try {
      answer = await fetch(shell, { cache: "no-store" });
    } catch {
      return; // No line: what is kept is still good.
    }
    if (answer.status >= 500 || answer.status === 429) return;
    if (!answer.ok || answer.redirected) return forgetShell();
    const text = await answer.clone().text();
    if (text.includes(`${release}/`)) await (await caches.open(cacheName)).put(shell, answer);
    else await self.registration.update();
  }

  async function forgetShell() {
    await (await caches.open(cacheName)).delete(shell, { ignoreVary: true });
  }

  const kept = (address) => caches.match(address, { cacheName, ignoreVary: true });

  async function fileOf(request) {
    return (await kept(request)) ?? fetch(request);
  }

  async function pageOrShell(request) {
    const without = await kept(shell);
    if (!without) return fetch(request);
    const tooLate = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, without));
    try {
      const answer = await Promise.race([fetch(request), tooLate]);
      return NO_SERVER.has(answer.status) ? without : answer;
    } catch {
      return without;
    }
  }

  function leave(event) {
    const left = fetch(event.request);
    event.respondWith(left);
    event.waitUntil(left.then(forgetShell, () => {}));
  }

  // Refusing tells the browser to try again later.
  async function sendInBackground() {
    if (["offline", "failed"].includes(await sendKept(urls))) throw new Error("Something still waits.");
  }
}
