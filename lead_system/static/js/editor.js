// Turns the plain field of an illustrated text into an editor (Quill). What the editor makes is written back into the
// field, which the form sends; the server keeps only the marks that it knows.

import { sendPicture } from "./picture_upload.js";

const KEPT = ["header", "bold", "italic", "list", "blockquote", "link", "image"];
const OWN_PICTURE = /^\/pictures\/[0-9a-f]{32}\/\d+\.jpg$/;

function parts() {
  const template = document.querySelector("template[data-editor-parts]");
  return { copy: template.content.cloneNode(true), says: template.dataset };
}

// Pictures from elsewhere would not be kept, so they do not come in by pasting either.
function leaveOutForeignPictures(quill) {
  const Delta = window.Quill.import("delta");
  quill.clipboard.addMatcher("img", (node, delta) => (OWN_PICTURE.test(node.getAttribute("src") ?? "") ? delta : new Delta()));
}

// Choosing a picture offers a line to say what it shows.
function askWhatPicturesShow(quill, line) {
  const input = line.querySelector("input");
  let chosen = null;

  function choose(image) {
    chosen?.classList.remove("is-chosen");
    chosen = image;
    chosen?.classList.add("is-chosen");
    line.hidden = !chosen;
    input.value = chosen?.getAttribute("alt") ?? "";
  }

  quill.root.addEventListener("click", (event) => choose(event.target.tagName === "IMG" ? event.target : null));
  input.addEventListener("input", () => {
    if (!chosen?.isConnected) return;
    chosen.setAttribute("alt", input.value);
    quill.update("user");
    quill.root.dispatchEvent(new Event("alt-change"));
  });
  return choose;
}

function nameTooltip(quill, says) {
  const tooltip = quill.container.querySelector(".ql-tooltip");
  const input = tooltip.querySelector("input");
  input.setAttribute("aria-label", says.sayLink);
  for (const element of [tooltip, ...tooltip.querySelectorAll("a")]) {
    for (const name of ["sayLink", "sayVisit", "saySave", "sayEdit", "sayRemove"]) element.dataset[name] = says[name];
  }
  // Quill's two links are drawn words without an address, out of reach of keys.
  for (const link of tooltip.querySelectorAll(".ql-action, .ql-remove")) {
    link.tabIndex = 0;
    link.setAttribute("role", "button");
    link.addEventListener("keydown", (event) => event.key === "Enter" && link.click());
  }
  for (const name of ["data-link", "data-video", "data-formula"]) input.setAttribute(name, "https://");
}

function bindPictures(quill, copy, says, choose) {
  const { file, progress, line } = copy;
  const Delta = window.Quill.import("delta");

  async function send(picture) {
    const { index, length } = quill.getSelection(true);
    const at = index + length;
    const url = await sendPicture(picture, { form: quill.container.closest("form"), says, progress, line });
    if (!url) return;
    // Not insertEmbed, which would put the picture into the link or the bold words that end here.
    quill.updateContents(new Delta().retain(at).insert({ image: url }), "user");
    quill.setSelection(at + 1, 0, "user");
    choose([...quill.root.querySelectorAll("img")].find((image) => image.getAttribute("src") === url));
  }

  file.addEventListener("change", async () => {
    for (const picture of file.files) await send(picture);
    file.value = "";
  });
  return { choose: () => file.click(), send };
}

function start(place) {
  const field = place.querySelector("textarea");
  const label = place.querySelector("label");
  const { copy, says } = parts();
  const [tools, box] = [copy.querySelector("[data-tools]"), copy.querySelector("[data-box]")];
  const shown = {
    file: copy.querySelector("[data-file]"),
    progress: copy.querySelector("[data-progress]"),
    line: copy.querySelector("[data-says]"),
  };
  const alt = copy.querySelector("[data-alt]");
  let pictures = null;
  place.querySelector(".field-hint")?.setAttribute("hidden", "");
  field.after(copy);
  field.hidden = true;
  const quill = new window.Quill(box, {
    theme: "snow",
    formats: KEPT,
    modules: {
      toolbar: { container: tools, handlers: { image: () => pictures.choose() } },
      uploader: {
        mimetypes: ["image/png", "image/jpeg", "image/webp"],
        handler: (_range, files) => files.forEach((picture) => pictures.send(picture)),
      },
    },
  });
  leaveOutForeignPictures(quill);
  quill.setContents(quill.clipboard.convert({ html: field.value }), "silent");
  quill.history.clear();
  pictures = bindPictures(quill, shown, says, askWhatPicturesShow(quill, alt));
  nameTooltip(quill, says);

  quill.root.setAttribute("role", "textbox");
  quill.root.setAttribute("aria-multiline", "true");
  quill.root.setAttribute("aria-label", label.textContent.trim());
  // Tab leaves the editor, as it leaves every field; lists are not indented.
  delete quill.keyboard.bindings.Tab;
  label.addEventListener("click", () => quill.focus());

  function write() {
    field.value = quill.getSemanticHTML();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  quill.on("text-change", write);
  quill.root.addEventListener("alt-change", write);
}

export function startEditors() {
  if (!window.Quill) return;
  for (const place of document.querySelectorAll("[data-editor]")) start(place);
}
