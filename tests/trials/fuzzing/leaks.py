"""Who may see which unique text of the story, written by hand; and what nobody may ever see."""

import re
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Flask
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import text
from sqlalchemy.orm import Session

from lead_system.extensions import db
from tests.support.databases import ROOT, SECRET_KEY
from tests.support.full_numbers import FULL_CUSTOMER_NUMBERS
from tests.trials.fuzzing.browsers import Answer

OF_LEAD = """
    SELECT 1 FROM leads l JOIN accounts me ON me.id = :me JOIN accounts owner ON owner.id = l.broker_id
    WHERE (l.surname || l.given_name = :text OR l.needs LIKE '%' || :text || '%')
      AND (l.broker_id = :me OR l.consultant_id = :me
           OR (l.entered_by_id = :me AND me.brokerage_id = owner.brokerage_id)
           OR (me.role IN ('gate', 'consultant') AND l.code_token IS NOT NULL)
           OR EXISTS (SELECT 1 FROM viewings v WHERE v.lead_id = l.id AND v.consultant_id = :me))"""
"""By which a customer's name or wish has come to be somebody's to see since the story was told."""

OF_NOTE = """
    SELECT 1 FROM follow_ups f JOIN leads l ON l.id = f.lead_id
    WHERE f.note = :text AND (l.consultant_id = :me OR EXISTS (
        SELECT 1 FROM viewings v WHERE v.lead_id = l.id AND v.consultant_id = :me))"""

REVEALED = """
    SELECT 1 FROM history
    WHERE action = 'reveal_phone' AND actor_id = :me
"""
"""A visitor's number may be seen by whoever gave a reason for it, which is written down."""

OF_COLLEAGUE = """
    SELECT 1 FROM accounts me JOIN accounts owner ON owner.brokerage_id = me.brokerage_id
    WHERE me.id = :me AND me.role = 'resident' AND owner.name = :text"""

OF_BROKER = """
    SELECT 1 FROM accounts me JOIN accounts owner
    ON owner.phone = :text AND owner.role IN ('broker', 'resident')
    WHERE me.id = :me AND me.role IN ('secretary', 'director', 'admin')"""
"""A visitor who became a broker is one, and brokers' phones have their columns (R1)."""


@dataclass(frozen=True)
class Canary:
    """A text of which there is one, who may see it, and by which rows somebody else may have come to."""

    text: str
    what: str
    people: frozenset[str]
    unless: str = ""

    def has_come_to(self, account_id: int | None) -> bool:
        """Say whether the rows by now let an account see it."""
        if not self.unless or account_id is None:
            return False
        with Session(db.engine) as session:
            found = session.execute(text(self.unless), {"me": account_id, "text": self.text})
            return found.first() is not None


TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')
INTERNALS = re.compile(
    rb"Traceback \(most recent|sqlalchemy\.|psycopg|sqlite3\.|site-packages|\bSELECT\s.{1,200}\sFROM\s"
    rb"|\bINSERT INTO\s|\bUPDATE \w+ SET\b|File \"/|scrypt:|\$argon2|pbkdf2:|werkzeug\.|jinja2\."
    rb"|Werkzeug Debugger|0x[0-9a-f]{8,}>",
    re.DOTALL,
)
SHOWN_QUERY = re.compile(rb"<pre tabindex=\"0\"><code>.{1,6000}?</code></pre>", re.DOTALL)
"""The questions of the reconciliation, which director and admin are meant to read."""

SECRETS = tuple(
    secret.encode() for secret in (SECRET_KEY, str(ROOT), "a password of the cast", "the secret of our")
)


def readable(answer: Answer) -> bytes:
    """Return all that somebody gets to read: headers, page, and the inside of a workbook."""
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode("utf-8", "replace")
    body = answer.body
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(BytesIO(body)) as packed:
            body = b"\n".join(packed.read(name) for name in packed.namelist())
    if answer.kind == "application/json":
        body += b"\n" + body.decode("unicode-escape", "replace").encode("utf-8", "replace")
    return head + b"\n" + body


@dataclass(frozen=True)
class Reader:
    """Who reads an answer, and what must not be in it."""

    people: frozenset[str]
    """Who it was before and after the request: signing in makes somebody else of a stranger."""

    account_id: int | None
    own: str
    """What was typed in this request, and what the session remembers of what was typed before: that may be
    shown to whoever typed it. A customer's whole number may not."""

    secrets: Collection[str] = ()
    """What others' sessions hold."""

    def leaks_in(
        self, answer: Answer, canaries: Collection[Canary], numbers: Collection[str]
    ) -> Iterator[str]:
        """Find what somebody got to read that they may not."""
        seen = readable(answer)
        for canary in canaries:
            if canary.text.encode() in seen and not self._may_see(canary):
                yield f"{canary.what}: {canary.text}"
        for number in (*FULL_CUSTOMER_NUMBERS, *numbers):
            if number.encode() in seen:
                yield f"a whole customer number: {number}"
        yield from _inside(seen)
        if any(secret.encode() in seen for secret in self.secrets):
            yield "what another's session holds"

    def _may_see(self, canary: Canary) -> bool:
        if self.people & canary.people or canary.text in self.own:
            return True
        return canary.has_come_to(self.account_id)


def _inside(seen: bytes) -> Iterator[str]:
    """Find what nobody may read: secrets, places on the server, its errors and its SQL."""
    for secret in SECRETS:
        if secret in seen:
            yield f"a secret or a place on the server: {secret.decode()[:12]}…"
    if internals := INTERNALS.search(SHOWN_QUERY.sub(b"", seen)):
        yield f"the inside of the server: {internals.group()[:80]!r}"


def foreign_tokens(app: Flask, answer: Answer, session: Mapping[str, Any], *, sent: bytes) -> Iterator[str]:
    """Find form tokens in a page that were made for another session, and that nobody had sent there."""
    for token in TOKEN.findall(answer.body):
        if token in sent:
            continue
        try:
            made_for = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").loads(token)
        except BadData:
            made_for = "?"
        if made_for != session.get("csrf_token"):
            yield "the form token of another session"
