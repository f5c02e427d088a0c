"""The outside world on loopback: one server that is Aliyun SMS, Tencent Cloud SMS and WeChat at once.

It speaks real HTTP, checks signatures with its own reading of the providers' documents, and shares no code
with the application. What it is told to do wrong, it does wrong at the next call.
"""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from PIL import Image

from lead_system.config import Secret, SmsProvider

KEY_ID, KEY_SECRET = "our-key", "the secret of our key"
APP_ID, APP_SECRET = "wx0123456789abcdef", "the secret of our account"
SIGN_NAME, TEMPLATE, SMS_APP_ID = "确客", "SMS_100200", "1400000001"
IN_WECHAT = "Mozilla/5.0 (Linux; U) AppleWebKit/537.36 Chrome/120.0 Mobile MicroMessenger/8.0.50"

SETTINGS_OF_SMS = {
    "sms_key_id": KEY_ID,
    "sms_key_secret": KEY_SECRET,
    "sms_sign_name": SIGN_NAME,
    "sms_template": TEMPLATE,
    "sms_app_id": SMS_APP_ID,
}


@dataclass(frozen=True)
class Asked:
    """One request as it came over the line."""

    method: str
    path: str
    raw_query: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))


@dataclass
class OutsideWorld:
    """What the server knows and has seen."""

    url: str = ""
    messages: list[tuple[str, str]] = field(default_factory=list)
    """Phone and code of each SMS that was accepted."""

    calls: list[str] = field(default_factory=list)
    """The path, or the SMS action, of each request, in order."""

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    """WeChat: the code of each authorisation that can still be used, with whom it names."""

    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    lent: int = 0
    """How many access tokens the server of our account was lent."""

    pictures: dict[str, bytes] = field(default_factory=dict)
    wrong: dict[str, list[Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def goes_wrong(self, call: str, *answers: Any) -> None:
        """Answer the next calls of this kind so: a JSON value, a number as HTTP status, or "silence"."""
        self.wrong.setdefault(call, []).extend(answers)

    def allows(self, openid: str, nickname: str = "", picture: str = "", **more: Any) -> str:
        """Let somebody press "allow" in WeChat; returns the code with which they are led back."""
        code = f"code-{len(self.people)}-{openid}"
        self.people[code] = {"openid": openid, "nickname": nickname, "headimgurl": picture} | more
        return code

    def shows(self, colour: str = "teal", size: tuple[int, int] = (132, 132), kind: str = "JPEG") -> str:
        """Put a picture of one colour where avatars lie; returns its address."""
        file = BytesIO()
        Image.new("RGB", size, colour).save(file, kind)
        return self.shows_bytes(f"{colour}-{size[0]}x{size[1]}", file.getvalue())

    def shows_bytes(self, name: str, data: bytes) -> str:
        self.pictures[f"/avatar/{name}"] = data
        return f"{self.url}/avatar/{name}"

    def answer(self, asked: Asked) -> tuple[int, Any]:
        call = asked.headers.get("x-acs-action") or asked.headers.get("x-tc-action") or asked.path
        with self.lock:
            self.calls.append(call)
            wrong = self.wrong.get(call) or []
            planned = wrong.pop(0) if wrong else None
        if planned == "silence":
            time.sleep(1.5)
            return 200, {}
        if planned is not None:
            return (planned, b"out of order") if isinstance(planned, int) else (200, planned)
        with self.lock:
            return self._answer(asked)

    def _answer(self, asked: Asked) -> tuple[int, Any]:
        if "x-acs-action" in asked.headers:
            return self._aliyun(asked)
        if "x-tc-action" in asked.headers:
            return self._tencent(asked)
        if asked.path in self.pictures:
            return 200, self.pictures[asked.path]
        known: dict[str, Callable[[Asked], Any]] = {
            "/sns/oauth2/access_token": self._authorised,
            "/sns/oauth2/refresh_token": self._refreshed,
            "/sns/userinfo": self._person,
            "/cgi-bin/stable_token": self._lend_token,
            "/cgi-bin/ticket/getticket": self._lend_ticket,
        }
        return (200, known[asked.path](asked)) if asked.path in known else (404, b"nothing here")

    def _aliyun(self, asked: Asked) -> tuple[int, Any]:
        if asked.headers.get("authorization") != aliyun_signature(asked, KEY_ID, KEY_SECRET):
            return 400, {"Code": "SignatureDoesNotMatch", "Message": "…"}
        expected = {"SignName": SIGN_NAME, "TemplateCode": TEMPLATE}
        if asked.headers["x-acs-version"] != "2017-05-25" or not expected.items() <= asked.query.items():
            return 400, {"Code": "isv.INVALID_PARAMETERS", "Message": "…"}
        self.messages.append((asked.query["PhoneNumbers"], json.loads(asked.query["TemplateParam"])["code"]))
        return 200, {"Code": "OK", "Message": "OK", "BizId": "1", "RequestId": "2"}

    def _tencent(self, asked: Asked) -> tuple[int, Any]:
        if asked.headers.get("authorization") != tencent_signature(asked, KEY_ID, KEY_SECRET):
            return 200, {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "…"}}}
        sent = json.loads(asked.body)
        expected = {"SignName": SIGN_NAME, "TemplateId": TEMPLATE, "SmsSdkAppId": SMS_APP_ID}
        if asked.headers.get("x-tc-version") != "2021-01-11" or not expected.items() <= sent.items():
            return 200, {"Response": {"Error": {"Code": "InvalidParameter", "Message": "…"}}}
        [phone], [code] = sent["PhoneNumberSet"], sent["TemplateParamSet"]
        self.messages.append((phone.removeprefix("+86"), code))
        return 200, {"Response": {"SendStatusSet": [{"Code": "Ok", "PhoneNumber": phone}], "RequestId": "1"}}

    def _authorised(self, asked: Asked) -> Any:
        if (asked.query.get("appid"), asked.query.get("secret")) != (APP_ID, APP_SECRET):
            return {"errcode": 40013, "errmsg": "invalid appid"}
        person = self.people.pop(asked.query.get("code", ""), None)
        if person is None:
            return {"errcode": 40029, "errmsg": "invalid code"}
        token = f"token-of-{person['openid']}"
        self.tokens[token] = self.tokens[f"refreshed-{token}"] = person
        told = {"access_token": token, "expires_in": 7200, "refresh_token": f"refresh-{token}"}
        return told | {name: person[name] for name in ("openid", "is_snapshotuser") if name in person}

    def _refreshed(self, asked: Asked) -> Any:
        token = asked.query["refresh_token"].removeprefix("refresh-")
        return {"access_token": f"refreshed-{token}", "openid": self.tokens[token]["openid"]}

    def _person(self, asked: Asked) -> Any:
        person = self.tokens.get(asked.query.get("access_token", ""))
        if person is None or person["openid"] != asked.query.get("openid"):
            return {"errcode": 40001, "errmsg": "invalid credential"}
        return person

    def _lend_token(self, asked: Asked) -> Any:
        sent = json.loads(asked.body)
        if (sent["appid"], sent["secret"], sent["grant_type"]) != (APP_ID, APP_SECRET, "client_credential"):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        self.lent += 1
        return {"access_token": f"server-token-{self.lent}", "expires_in": 7200}

    def _lend_ticket(self, asked: Asked) -> Any:
        if asked.query != {"access_token": f"server-token-{self.lent}", "type": "jsapi"}:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        return {"errcode": 0, "errmsg": "ok", "ticket": f"ticket-{self.lent}", "expires_in": 7200}


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def aliyun_signature(asked: Asked, key_id: str, secret: str) -> str:
    """Say how a request must be signed, from what came over the line (ACS3-HMAC-SHA256)."""
    must = [n for n in asked.headers if n.startswith("x-acs-") or n in ("host", "content-type")]
    canonical = f"{asked.method}\n{asked.path}\n{'&'.join(sorted(asked.raw_query.split('&')))}\n"
    for name in sorted(must):
        canonical += f"{name}:{asked.headers[name]}\n"
    canonical += "\n" + ";".join(sorted(must)) + "\n" + _sha(asked.body)
    to_sign = "ACS3-HMAC-SHA256\n" + _sha(canonical.encode())
    signature = hmac.digest(secret.encode(), to_sign.encode(), "sha256").hex()
    return (
        f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={';'.join(sorted(must))},Signature={signature}"
    )


def tencent_signature(asked: Asked, key_id: str, secret: str) -> str:
    """Say how a request must be signed, from what came over the line (TC3-HMAC-SHA256)."""
    must = ("content-type", "host", "x-tc-action")
    canonical = f"{asked.method}\n/\n\n" + "".join(f"{n}:{asked.headers[n].lower()}\n" for n in must)
    canonical += "\n" + ";".join(must) + "\n" + _sha(asked.body)
    seconds = asked.headers["x-tc-timestamp"]
    day = time.strftime("%Y-%m-%d", time.gmtime(int(seconds)))
    key = ("TC3" + secret).encode()
    for word in (day, "sms", "tc3_request"):
        key = hmac.digest(key, word.encode(), "sha256")
    to_sign = f"TC3-HMAC-SHA256\n{seconds}\n{day}/sms/tc3_request\n{_sha(canonical.encode())}"
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"Credential={key_id}/{day}/sms/tc3_request"
    return f"TC3-HMAC-SHA256 {credential}, SignedHeaders={';'.join(must)}, Signature={signature}"


def _handler_for(world: OutsideWorld) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            status, answer = world.answer(Asked(self.command, parts.path, parts.query, headers, body))
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                pass  # Whoever asked did not wait.

        do_GET = do_POST = _serve  # noqa: N815 - the names that the base class looks for

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def running_world() -> Iterator[OutsideWorld]:
    """Run the outside world for as long as the block lasts."""
    world = OutsideWorld()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(world))
    server.daemon_threads = True
    world.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield world
    server.shutdown()
    server.server_close()


@pytest.fixture
def outside() -> Iterator[OutsideWorld]:
    """The outside world, for one test."""
    with running_world() as world:
        yield world


def connect(app: Flask, world: OutsideWorld, provider: str = "", **more: Any) -> None:
    """Let the application of a test talk to the outside world: an SMS provider, an official account."""
    settings = app.extensions["settings"]
    changed: dict[str, Any] = SETTINGS_OF_SMS | {"sms_key_secret": Secret(KEY_SECRET)} if provider else {}
    changed |= {
        "sms_provider": SmsProvider(provider),
        "sms_endpoint": world.url,
        "wechat_app_id": APP_ID,
        "wechat_app_secret": Secret(APP_SECRET),
        "wechat_api_url": world.url,
        "wechat_picture_origins": world.url,
        "outside_timeout_seconds": 1,
    }
    kept = {name: getattr(settings, name) for name in ("database_url", "secret_key", "demo", "public_url")}
    app.extensions["settings"] = type(settings)(**kept | {"data_dir": settings.data_dir} | changed | more)
