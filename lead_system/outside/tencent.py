"""Tencent Cloud SMS (腾讯云短信): SendSms, signed by TC3-HMAC-SHA256."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from lead_system.outside.calling import ask, failure

ALGORITHM = "TC3-HMAC-SHA256"
SERVICE = "Tencent Cloud SMS"


@dataclass(frozen=True)
class TencentSms:
    """Sends codes by Tencent Cloud, from an account with an approved signature and template."""

    key_id: str
    key_secret: str = field(repr=False)
    app_id: str
    sign_name: str
    template: str
    region: str
    endpoint: str
    timeout: float

    def send(self, phone: str, code: str, *, now: datetime) -> None:
        """Send the code to the phone, once.

        Raises:
            OutsideFailed: not reached, or not accepted.
        """
        body = json.dumps(
            {
                "PhoneNumberSet": [f"+86{phone}"],
                "SmsSdkAppId": self.app_id,
                "SignName": self.sign_name,
                "TemplateId": self.template,
                "TemplateParamSet": [code],
            }
        ).encode()
        signed = {
            "content-type": "application/json; charset=utf-8",
            "host": urlsplit(self.endpoint).netloc,
            "x-tc-action": "SendSms",
        }
        headers = signed | {
            "x-tc-region": self.region,
            "x-tc-timestamp": str(int(now.timestamp())),
            "x-tc-version": "2021-01-11",
            "authorization": authorization(
                "sms", signed, body, at=now, key_id=self.key_id, key_secret=self.key_secret
            ),
        }
        answer = ask(
            SERVICE, "POST", f"{self.endpoint}/", timeout=self.timeout, headers=headers, content=body
        )
        if (code_of := _outcome(answer)) != "Ok":
            raise failure(SERVICE, code_of[:60])


def _outcome(answer: Mapping[str, Any]) -> str:
    """Return what became of the only message: Ok, or the provider's name for what was wrong."""
    try:
        response = answer["Response"]
        if "Error" in response:
            return str(response["Error"]["Code"])
        (status,) = response["SendStatusSet"]
        return str(status["Code"])
    except (KeyError, TypeError, ValueError):
        return "an answer without an outcome"


def authorization(
    service: str, headers: Mapping[str, str], body: bytes, *, at: datetime, key_id: str, key_secret: str
) -> str:
    """Return the value of the Authorization header for a POST to `/` with these headers, all signed."""
    day = at.astimezone(UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{service}/tc3_request"
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in sorted(headers))
    request = "\n".join(("POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()))
    hashed = hashlib.sha256(request.encode()).hexdigest()
    key = f"TC3{key_secret}".encode()
    for part in (day, service, "tc3_request"):
        key = _keyed(key, part)
    signature = _keyed(key, f"{ALGORITHM}\n{int(at.timestamp())}\n{scope}\n{hashed}").hex()
    return f"{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
