"""WeChat's own scanner, with the SDK that we serve and a bridge like WeChat's: we read what it reads."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import LiveServer
from tests.support.cast import PASSWORD, Cast
from tests.support.outside import APP_ID, APP_SECRET, IN_WECHAT, OutsideWorld

BRIDGE = """
window.asked = [];
window.answers = { preVerifyJSAPI: { err_msg: "config:ok" }, scanQRCode: { err_msg: "scanQRCode:fail" } };
window.WeixinJSBridge = {
  invoke(name, told, answer) {
    window.asked.push([name, typeof told === "string" ? JSON.parse(told) : told]);
    setTimeout(() => answer(window.answers[name] ?? { err_msg: name + ":ok" }), 0);
  },
  on() {},
};
"""


@pytest.fixture
def wechat(monkeypatch: pytest.MonkeyPatch, outside: OutsideWorld) -> OutsideWorld:
    """An official account for the live server, which reads its environment when it starts."""
    monkeypatch.setenv("LEAD_WECHAT_APP_ID", APP_ID)
    monkeypatch.setenv("LEAD_WECHAT_APP_SECRET", APP_SECRET)
    monkeypatch.setenv("LEAD_WECHAT_API_URL", outside.url)
    return outside


def open_in_wechat(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.setUserAgentOverride", {"userAgent": IN_WECHAT})
    page.add_init_script(BRIDGE)


@pytest.mark.own_server
def test_gate_scans_with_wechat(
    wechat: OutsideWorld,
    cast: Cast,
    live_server: LiveServer,
    open_phone: Callable[[], Page],
) -> None:
    lead_id = cast.enters("fang", reports=True)
    page = open_phone()
    open_in_wechat(page)
    page.goto("/m/staff/sign-in?next=/m/gate")
    page.get_by_label("账号").fill("gate-feng")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()

    button = page.get_by_role("button", name="微信扫一扫")
    expect(button).to_be_visible()
    name, told = asked(page)[0]
    signed = f"jsapi_ticket=ticket-1&noncestr={told['verifyNonceStr']}&timestamp={told['verifyTimestamp']}"
    signed += f"&url={live_server.url}/m/gate"
    assert (name, told["verifyAppId"], told["verifyJsApiList"]) == ("preVerifyJSAPI", APP_ID, ["scanQRCode"])
    assert told["verifySignature"] == hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()

    button.click()
    expect(page.get_by_text("微信扫码未成功")).to_be_visible()

    read = {"err_msg": "scanQRCode:ok", "resultStr": f"{live_server.url}/m/v/{cast.code_of(lead_id)}"}
    page.evaluate(f"window.answers.scanQRCode = {json.dumps(read)}")
    button.click()
    expect(page.get_by_text("欧阳锋")).to_be_visible()


def asked(page: Page) -> list[tuple[str, dict[str, Any]]]:
    """Return what the SDK asked of the bridge, with what it told."""
    return [(name, told) for name, told in page.evaluate("window.asked")]
