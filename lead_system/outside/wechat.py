"""WeChat (微信公众平台): web authorisation, and the JS-SDK. Errors come with HTTP 200 and an errcode."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from lead_system.config import Settings
from lead_system.outside.calling import ask, failure

SERVICE = "WeChat"
TOKEN_EXPIRED = frozenset({"40001", "40014", "42001"})
"""What WeChat calls an access token that is worth nothing any more."""

MOST_ADDRESS_LENGTH = 500
"""Longest address of an avatar that is remembered, for it travels in the session."""

SNAPSHOT = "only a snapshot of the page was allowed"
"""The cause where somebody looks at a preview in WeChat, who is given a made-up identity there."""


@dataclass(frozen=True)
class WechatPerson:
    """Somebody as WeChat knows them towards this official account; `picture` is the address of the avatar."""

    openid: str
    nickname: str
    picture: str


@dataclass(frozen=True)
class Lent:
    """Something that WeChat lends for a while."""

    value: str
    seconds: int


@dataclass(frozen=True)
class Wechat:
    """The official account, as its server talks to WeChat."""

    app_id: str
    app_secret: str = field(repr=False)
    api_url: str
    open_url: str
    timeout: float

    def authorisation_url(self, *, back: str, state: str) -> str:
        """Return where WeChat asks somebody for nickname and avatar, and then leads back with a code."""
        query = {
            "appid": self.app_id,
            "redirect_uri": back,
            "response_type": "code",
            "scope": "snsapi_userinfo",
            "state": state,
        }
        return f"{self.open_url}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"

    def person_of(self, code: str) -> WechatPerson:
        """Return who allowed the sign-in; a code works once, for five minutes.

        A token that has expired meanwhile is refreshed once.

        Raises:
            OutsideFailed: `cause` is WeChat's errcode, or why there is none.
        """
        allowed = self._get(
            "/sns/oauth2/access_token",
            {
                "appid": self.app_id,
                "secret": self.app_secret,
                "code": code,
                "grant_type": "authorization_code",
            },
        )
        if allowed.get("is_snapshotuser") == 1:
            raise failure(SERVICE, SNAPSHOT)
        openid = _text(allowed, "openid")
        known = self._userinfo(_text(allowed, "access_token"), openid)
        if str(known.get("errcode")) in TOKEN_EXPIRED:
            refreshing = {"appid": self.app_id, "grant_type": "refresh_token"}
            refreshing["refresh_token"] = _text(allowed, "refresh_token")
            fresh = self._get("/sns/oauth2/refresh_token", refreshing)
            known = self._userinfo(_text(fresh, "access_token"), openid)
        _refuse_error(known)
        picture = str(known.get("headimgurl") or "")[:MOST_ADDRESS_LENGTH]
        return WechatPerson(openid, str(known.get("nickname") or ""), picture)

    def lend_access_token(self, *, anew: bool = False) -> Lent:
        """Return the token of the account's server; `anew` also where WeChat thinks the last one still good.

        Raises:
            OutsideFailed
        """
        asked = {
            "grant_type": "client_credential",
            "appid": self.app_id,
            "secret": self.app_secret,
            "force_refresh": anew,
        }
        url = f"{self.api_url}/cgi-bin/stable_token"
        headers = {"content-type": "application/json"}
        answer = ask(
            SERVICE, "POST", url, timeout=self.timeout, headers=headers, content=json.dumps(asked).encode()
        )
        _refuse_error(answer)
        return _lent(answer, "access_token")

    def lend_ticket(self, access_token: str) -> Lent:
        """Return the ticket with which pages are signed for the JS-SDK.

        Raises:
            OutsideFailed: `cause` is among TOKEN_EXPIRED where another access token may help.
        """
        asked = {"access_token": access_token, "type": "jsapi"}
        return _lent(self._get("/cgi-bin/ticket/getticket", asked), "ticket")

    def _userinfo(self, token: str, openid: str) -> dict[str, Any]:
        query = urlencode({"access_token": token, "openid": openid, "lang": "zh_CN"})
        return ask(SERVICE, "GET", f"{self.api_url}/sns/userinfo?{query}", timeout=self.timeout)

    def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        answer = ask(SERVICE, "GET", f"{self.api_url}{path}?{urlencode(query)}", timeout=self.timeout)
        _refuse_error(answer)
        return answer


def _refuse_error(answer: Mapping[str, Any]) -> None:
    if answer.get("errcode") not in (None, 0):
        raise failure(SERVICE, str(answer["errcode"])[:20])


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value or len(value) > 512:
        raise failure(SERVICE, f"an answer without {name}")
    return value


def _lent(answer: Mapping[str, Any], name: str) -> Lent:
    seconds = answer.get("expires_in")
    if not isinstance(seconds, int):
        raise failure(SERVICE, "an answer without expires_in")
    return Lent(_text(answer, name), seconds)


def page_signature(ticket: str, *, nonce: str, timestamp: int, url: str) -> str:
    """Sign the address of a page, up to its `#`, so that WeChat opens the scanner to it."""
    signed = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url.partition('#')[0]}"
    return hashlib.sha1(signed.encode()).hexdigest()  # noqa: S324 - WeChat's choice


def find_wechat(settings: Settings) -> Wechat | None:
    """Return the official account, None where this installation has none."""
    if not settings.wechat_app_id:
        return None
    return Wechat(
        app_id=settings.wechat_app_id,
        app_secret=settings.wechat_app_secret.get_secret_value(),
        api_url=settings.wechat_api_url.rstrip("/"),
        open_url=settings.wechat_open_url.rstrip("/"),
        timeout=settings.outside_timeout_seconds,
    )
