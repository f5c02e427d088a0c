// Keeps the numbers in the menu true while a page stands open.

const EVERY_MILLISECONDS = 15000;

function write(badge, count) {
  badge.querySelector("[data-count]").textContent = count;
  badge.hidden = count === 0;
}

async function ask(badge) {
  const answer = await fetch(badge.dataset.countUrl, { headers: { Accept: "application/json" } });
  if (answer.ok) write(badge, (await answer.json()).count);
  return answer.ok || answer.status === 429;
}

export function followCounts() {
  const badges = [...document.querySelectorAll("[data-count-url]")];
  let timer = 0;

  async function askAll() {
    clearTimeout(timer);
    if (document.hidden || !badges.length) return;
    // Neither a missing line nor having to wait is a reason to stop; having been signed out is.
    const answers = await Promise.all(badges.map((badge) => ask(badge).catch(() => true)));
    if (answers.every(Boolean)) timer = setTimeout(askAll, EVERY_MILLISECONDS);
  }

  document.addEventListener("visibilitychange", askAll);
  window.addEventListener("pageshow", (event) => event.persisted && askAll());
  timer = setTimeout(askAll, EVERY_MILLISECONDS);
}
