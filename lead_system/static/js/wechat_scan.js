// WeChat's own scanner: inside WeChat it opens at a tap, and reads what the camera in the page cannot. Its button is
// there only once WeChat has accepted our signature; without it the page is as it is elsewhere. What it reads
// goes through the same form as what is typed. The report that the SDK sends about itself is stopped by our policy.

const part = document.querySelector("[data-wechat-scan]");
if (part) prepare(part);

async function prepare(part) {
  const button = part.querySelector("[data-open]");
  const line = part.querySelector("[data-line]");
  const form = document.querySelector("[data-read-form]");
  let wx;
  try {
    wx = await loadSdk();
    wx.config({ debug: false, jsApiList: ["scanQRCode"], ...(await signature(part.dataset.signatureUrl, form)) });
  } catch (error) {
    console.info(error);
    return;
  }
  wx.ready(() => (part.hidden = false));
  wx.error((answer) => {
    console.info(answer.errMsg);
    part.hidden = true;
  });
  button.addEventListener("click", () => wx.scanQRCode({ needResult: 1, scanType: ["qrCode"], success: read, fail: say }));

  function read(answer) {
    line.hidden = true;
    form.elements.code.value = answer.resultStr;
    form.requestSubmit();
  }

  function say() {
    line.textContent = part.dataset.saysFailed;
    line.hidden = false;
  }
}

// The file is written for npm's tools: it hands itself to a `module` that browsers do not have.
async function loadSdk() {
  window.module = {};
  await import("../vendor/weixin-js-sdk.js");
  const sdk = window.module.exports;
  delete window.module;
  return sdk;
}

async function signature(address, readForm) {
  const body = new FormData();
  body.append("csrf_token", readForm.elements.csrf_token.value);
  body.append("url", window.location.href.split("#")[0]);
  const response = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`no signature: ${response.status}`);
  return response.json();
}
