// Sends a picture to the server with a bar that shows how far it is, and says in words why one was not taken.

const MOST_BYTES = 10 * 1024 * 1024;

const freshId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function post(address, body, onProgress) {
  // fetch cannot say how much has been sent.
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress((100 * event.loaded) / event.total));
    request.addEventListener("load", () => resolve({ ok: request.status < 300, answer: request.response ?? {} }));
    for (const name of ["error", "timeout", "abort"]) request.addEventListener(name, reject);
    request.send(body);
  });
}

// Whoever is asked who they are goes there in another window: what they have typed here stays.
function link(sentence, address) {
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.target = "_blank";
  anchor.textContent = sentence;
  return anchor;
}

// Returns the address of the picture that was kept; nothing where it was refused, which `line` then says.
export async function sendPicture(picture, { form, says, progress, line }) {
  function say(sentence, isBad, address = "") {
    line.replaceChildren(address ? link(sentence, address) : sentence);
    line.classList.toggle("is-bad", isBad);
  }
  if (picture.size > MOST_BYTES) {
    say(says.tooLarge, true);
    return "";
  }
  const body = new FormData();
  body.append("csrf_token", form.elements.csrf_token.value);
  body.append("request_id", freshId());
  body.append("picture", picture);
  progress.value = 0;
  progress.hidden = false;
  say("", false);
  try {
    const { ok, answer } = await post(says.uploadUrl, body, (part) => (progress.value = part));
    say(answer.sentence ?? says.noLine, !ok, answer.confirm);
    return ok ? answer.url : "";
  } catch {
    say(says.noLine, true);
    return "";
  } finally {
    progress.hidden = true;
  }
}
