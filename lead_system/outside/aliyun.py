"""Aliyun SMS (阿里云短信服务): SendSms, signed by ACS3-HMAC-SHA256."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from lead_system.outside.calling import ask, failure

ALGORITHM = "ACS3-HMAC-SHA256"
SERVICE = "Aliyun SMS"


@dataclass(frozen=True)
class AliyunSms:
    """Sends codes by Aliyun, from an account with an approved signature and template."""

    key_id: str
    key_secret: str = field(repr=False)
    sign_name: str
    template: str
    endpoint: str
    timeout: float

    def send(self, phone: str, code: str, *, now: datetime) -> None:
        """Send the code to the phone, once.

        Raises:
            OutsideFailed: not reached, or not accepted.
        """
        query = canonical_query(
            {
                "PhoneNumbers": phone,
                "SignName": self.sign_name,
                "TemplateCode": self.template,
                "TemplateParam": json.dumps({"code": code}),
            }
        )
        headers = {
            "host": urlsplit(self.endpoint).netloc,
            "x-acs-action": "SendSms",
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-acs-date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": "2017-05-25",
        }
        signed = authorization("POST", query, headers, key_id=self.key_id, key_secret=self.key_secret)
        url = f"{self.endpoint}/?{query}"
        answer = ask(SERVICE, "POST", url, timeout=self.timeout, headers=headers | {"authorization": signed})
        if answer.get("Code") != "OK":
            raise failure(SERVICE, str(answer.get("Code"))[:60])


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Spell parameters as they are signed and sent: in the order of their names, encoded by RFC 3986."""
    pairs = sorted(parameters.items())
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)


def authorization(
    method: str, query: str, headers: Mapping[str, str], *, key_id: str, key_secret: str
) -> str:
    """Return the value of the Authorization header for a request to `/` with these headers, all signed."""
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    request = "\n".join((method, "/", query, lines, names, headers["x-acs-content-sha256"]))
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(key_secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"
