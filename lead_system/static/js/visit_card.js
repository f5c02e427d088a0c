// Writes the words of the visit card into its picture, so that it still says what it is once it was saved or
// sent on. The server has no Chinese font, every phone has one (decision 19). Without this module the picture
// holds the QR code and the digits, which is all that a gate needs.
const WORDS = "-apple-system, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif";
const TITLE_PIXELS = 44;
const MARGIN = 48;

const card = document.querySelector("[data-visit-card]");
const picture = card?.querySelector("img");

/** Cut a text into lines that fit a width; characters are the smallest parts, as in Chinese. */
function linesOf(context, text, width) {
  const lines = [""];
  for (const character of text) {
    const longer = lines.at(-1) + character;
    if (context.measureText(longer).width > width) lines.push(character);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function drawn() {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const font = `600 ${TITLE_PIXELS}px ${WORDS}`;
  context.font = font;
  const words = card.querySelectorAll("[data-card-title], [data-card-line]");
  const texts = Array.from(words, (line) => line.textContent.trim()).filter(Boolean);
  const width = picture.naturalWidth;
  const lines = texts.flatMap((text) => linesOf(context, text, width - 2 * MARGIN));
  const head = MARGIN + lines.length * TITLE_PIXELS * 1.35;
  canvas.width = width;
  canvas.height = head + picture.naturalHeight;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#111";
  context.font = font; // A canvas forgets its font with its size.
  context.textAlign = "center";
  context.textBaseline = "top";
  lines.forEach((line, number) => context.fillText(line, width / 2, MARGIN + number * TITLE_PIXELS * 1.35));
  context.drawImage(picture, 0, head);
  return canvas;
}

function write() {
  const address = drawn().toDataURL("image/png");
  picture.src = address;
  document.querySelector("[data-card-save]").href = address;
  card.classList.add("is-written");
}

if (picture) {
  if (picture.complete) write();
  else picture.addEventListener("load", write, { once: true });
}
