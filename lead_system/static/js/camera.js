// Reads visit codes with the camera, or in a picture. The phone's own BarcodeDetector is used where there is one,
// else the reader that we serve ourselves.

const PAUSE_MS = 120; // Between two looks: old phones need the rest.
const AGAIN_AFTER_MS = 15_000; // A refused code that stays in view is asked about again after this long …
const OUT_OF_SIGHT_MS = 3_000; // … or when it comes back after having been away for this long.

let detector = null;

// Shows the camera and hands each code to `meet`, which returns whether the code is done with: then the camera is
// closed, else it simply goes on. A code that could not be asked about (`forget`) is met again at once.
// Returns how to close the camera and to open it again.
export function startCamera(scanner, meet) {
  const finder = scanner.querySelector("[data-finder]");
  const video = scanner.querySelector("video");
  const say = scanner.querySelector("[data-say]");
  const button = scanner.querySelector("[data-start]");
  const says = scanner.dataset;
  const met = new Map();
  let stream = null;
  let isWanted = true;

  button.addEventListener("click", open);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && isWanted && open());
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : isWanted && open()));
  if (!document.hidden) open();

  async function open() {
    isWanted = true;
    if (stream) return;
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
    if (!isWanted) return close();
    video.srcObject = stream;
    try {
      await video.play();
      await makeDetector(says.wasm);
    } catch (error) {
      console.warn(error);
      close();
      return fail(says.saysNoReader);
    }
    finder.classList.add("is-on");
    tell(scanner, says.saysLooking);
    for (const before of met.values()) before.seenAt = Date.now(); // Nothing was out of sight while it was off.
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
    const looking = stream;
    while (stream && stream === looking) {
      try {
        for (const code of await detector.detect(video)) {
          if (stream === looking && code.rawValue) await see(code.rawValue);
        }
      } catch (error) {
        if (error.name !== "InvalidStateError") console.warn(error); // The first frame may not be there yet.
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async function see(text) {
    const now = Date.now();
    const before = met.get(text);
    if (before) {
      const wasAway = now - before.seenAt > OUT_OF_SIGHT_MS;
      before.seenAt = now;
      if (!wasAway && now - before.askedAt < AGAIN_AFTER_MS) return;
    }
    met.set(text, { askedAt: now, seenAt: now });
    if (!(await meet(text, () => met.delete(text)))) return;
    if (navigator.userActivation?.hasBeenActive ?? true) navigator.vibrate?.(60);
    stop();
  }

  function stop() {
    isWanted = false;
    close();
  }

  return { stop, open };
}

export function tell(scanner, sentence, isBad = false) {
  const line = scanner.querySelector("[data-line]");
  line.textContent = sentence;
  line.classList.toggle("is-bad", isBad);
}

// Returns what the code in a picture says; nothing where none can be read here.
export async function readPicture(file, wasmUrl) {
  try {
    await makeDetector(wasmUrl);
    const [code] = await detector.detect(await createImageBitmap(file));
    return code?.rawValue ?? "";
  } catch (error) {
    console.info(error);
    return "";
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
  if (detector) return;
  const formats = { formats: ["qr_code"] };
  if (await phoneReadsItself()) {
    detector = new window.BarcodeDetector(formats);
    return;
  }
  const { BarcodeDetector, prepareZXingModule } = await import("../vendor/barcode-detector/ponyfill.js");
  await prepareZXingModule({ overrides: { locateFile: () => wasmUrl }, fireImmediately: true });
  detector = new BarcodeDetector(formats);
}
