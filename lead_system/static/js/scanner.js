// Reads visit codes with the camera, in the page. The phone's own BarcodeDetector is used where there is one, else
// the reader that we serve ourselves. A good code opens its page; after a bad one the reason is shown and the
// camera simply goes on.

const PAUSE_MS = 120; // Between two looks: old phones need the rest.
const AGAIN_AFTER_MS = 15_000; // A refused code that stays in view is asked about again after this long …
const OUT_OF_SIGHT_MS = 3_000; // … or when it comes back after having been away for this long.

const scanner = document.querySelector("[data-scanner]");
if (scanner) start(scanner);

async function start(scanner) {
  const finder = scanner.querySelector("[data-finder]");
  const video = scanner.querySelector("video");
  const say = scanner.querySelector("[data-say]");
  const line = scanner.querySelector("[data-line]");
  const button = scanner.querySelector("[data-start]");
  const says = scanner.dataset;
  const refused = new Map();
  let stream = null;
  let detector = null;
  let leaving = false;

  button.addEventListener("click", open);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  if (!document.hidden) await open();

  async function open() {
    if (stream) return;
    leaving = false;
    if (!navigator.mediaDevices?.getUserMedia) return fail(says.saysInsecure);
    say.textContent = says.saysStarting;
    button.hidden = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
      });
    } catch (error) {
      return fail(error.name === "NotAllowedError" ? says.saysDenied : says.saysNoCamera);
    }
    video.srcObject = stream;
    try {
      await video.play();
      detector ??= await makeDetector(says.wasm);
    } catch (error) {
      console.warn(error);
      close();
      return fail(says.saysNoReader);
    }
    finder.classList.add("is-on");
    line.textContent = says.saysLooking;
    look();
  }

  function close() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    finder.classList.remove("is-on");
  }

  function fail(sentence) {
    say.textContent = sentence;
    button.hidden = false;
  }

  async function look() {
    while (stream && !leaving) {
      try {
        for (const code of await detector.detect(video)) {
          if (!leaving && code.rawValue) await meet(code.rawValue);
        }
      } catch (error) {
        if (error.name !== "InvalidStateError") console.warn(error); // The first frame may not be there yet.
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async function meet(text) {
    const now = Date.now();
    const before = refused.get(text);
    if (before) {
      const wasAway = now - before.seenAt > OUT_OF_SIGHT_MS;
      before.seenAt = now;
      if (!wasAway && now - before.askedAt < AGAIN_AFTER_MS) return;
    }
    refused.set(text, { askedAt: now, seenAt: now });
    await ask(text);
  }

  async function ask(text) {
    const form = new FormData(document.querySelector("[data-read-form]"));
    form.set("code", text);
    form.set("request_id", crypto.randomUUID());
    tell(says.saysReading, false);
    try {
      const response = await fetch(says.readUrl, {
        method: "POST",
        body: form,
        headers: { Accept: "application/json" },
      });
      const answer = await response.json();
      if (answer.sign_in) return window.location.reload();
      if (answer.url) return leave(answer.url);
      tell(answer.sentence, true);
    } catch (error) {
      console.info(error);
      refused.delete(text);
      tell(says.saysOffline, true);
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }

  function leave(url) {
    leaving = true;
    navigator.vibrate?.(60);
    close();
    window.location.assign(url);
  }

  function tell(sentence, isBad) {
    line.textContent = sentence;
    line.classList.toggle("is-bad", isBad);
  }
}

// Some Android builds have the class but not the service behind it, and say so only when asked.
async function phoneReadsItself() {
  try {
    return (await window.BarcodeDetector.getSupportedFormats()).includes("qr_code");
  } catch {
    return false;
  }
}

async function makeDetector(wasmUrl) {
  const formats = { formats: ["qr_code"] };
  if (await phoneReadsItself()) return new window.BarcodeDetector(formats);
  const { BarcodeDetector, prepareZXingModule } = await import("../vendor/barcode-detector/ponyfill.js");
  await prepareZXingModule({ overrides: { locateFile: () => wasmUrl }, fireImmediately: true });
  return new BarcodeDetector(formats);
}
