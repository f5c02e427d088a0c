"""经纪公司: the director opens, changes and archives the companies that brokers work for (manual 6.2.b)."""

import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_text
from lead_system.domain.roles import DECIDERS
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, Setting
from lead_system.services import history
from lead_system.services.leads import plain_changes
from lead_system.services.transaction import require_version, use_case

NAME_LENGTH, CONTACT_LENGTH, ADDRESS_LENGTH = 60, 30, 120
"""Longest name, contact and address, in characters."""

FEWEST_PHONE_DIGITS = 5

_PHONE = re.compile(r"[0-9 +()-]{5,20}")
_PERSONAL = frozenset({"contact", "phone"})


@dataclass(frozen=True)
class BrokerageFacts:
    """What is written down of a brokerage; everything but the name may be blank."""

    name: str
    contact: str = ""
    phone: str = ""
    address: str = ""


@dataclass(frozen=True)
class BrokerageChanged:
    """The brokerage that was opened, changed or archived."""

    brokerage_id: int


@use_case("open_brokerage", roles=DECIDERS, answer=BrokerageChanged)
def open_brokerage(actor: Account, *, facts: BrokerageFacts, now: datetime) -> BrokerageChanged:
    """Open a brokerage, which brokers can choose at once (manual 6.2.b-5).

    Written are the brokerage and its first history record; a repeat opens no second one.

    Raises:
        Refused: a blank name, a text over its length or with a whole mobile number, a phone that is none,
            or BROKERAGE_NAME_TAKEN where a brokerage has or had that name. The fact `field` names which.
    """
    cleaned = _clean(facts)
    _take_name(cleaned.name)
    brokerage = Brokerage(**asdict(cleaned))
    db.session.add(brokerage)
    db.session.flush()
    _record_facts(
        actor,
        "open_brokerage",
        brokerage,
        plain_changes(asdict(BrokerageFacts("")), asdict(cleaned)),
        now=now,
    )
    return BrokerageChanged(brokerage.id)


@use_case("change_brokerage", roles=DECIDERS, answer=BrokerageChanged)
def change_brokerage(
    actor: Account, *, brokerage_id: int, version: int, facts: BrokerageFacts, now: datetime
) -> BrokerageChanged:
    """Change name, contact, phone and address of a brokerage (manual 6.2.b-7).

    What was bound, scanned and paid stays with the brokerage under its new name. Facts that are as they
    were write nothing, and neither does a repeat.

    Raises:
        Refused: NOT_FOUND for an unknown or archived one, STALE, or what `open_brokerage` refuses.
    """
    brokerage = _lock_brokerage(brokerage_id)
    require_version(brokerage, version)
    after = asdict(_clean(facts))
    changes = plain_changes({name: getattr(brokerage, name) for name in after}, after)
    if not changes:
        return BrokerageChanged(brokerage.id)
    if "name" in changes:
        _take_name(after["name"], own_id=brokerage.id)
    for name, value in after.items():
        setattr(brokerage, name, value)
    brokerage.version += 1
    _record_facts(actor, "change_brokerage", brokerage, changes, now=now)
    return BrokerageChanged(brokerage.id)


@use_case("archive_brokerage", roles=DECIDERS, answer=BrokerageChanged)
def archive_brokerage(actor: Account, *, brokerage_id: int, version: int, now: datetime) -> BrokerageChanged:
    """Archive a brokerage, which is what deleting means here (manual 6.2.b-6, R10).

    Its brokers keep it and may sign in and read, but enter, report and win nothing until they have another;
    running bindings keep their end. Its name is never given to another one. A repeat archives nothing more.

    Raises:
        Refused: NOT_FOUND for an unknown or archived one, or STALE.
    """
    brokerage = _lock_brokerage(brokerage_id)
    require_version(brokerage, version)
    brokerage.archived_at = now
    brokerage.version += 1
    _record_facts(actor, "archive_brokerage", brokerage, {"archived_at": [None, now.isoformat()]}, now=now)
    return BrokerageChanged(brokerage.id)


def lock_offered_brokerage(brokerage_id: int | None) -> Brokerage:
    """Return a brokerage that can be chosen now; it is kept from being archived meanwhile.

    Raises:
        Refused: BROKERAGE_NOT_OFFERED for none, an unknown or an archived one.
    """
    brokerage = db.session.scalar(
        select(Brokerage)
        .where(Brokerage.id == brokerage_id, Brokerage.archived_at.is_(None))
        .with_for_update(read=True)
    )
    if brokerage is None:
        raise Refused(RefusalCode.BROKERAGE_NOT_OFFERED, field="brokerage_id")
    return brokerage


def _lock_brokerage(brokerage_id: int) -> Brokerage:
    """Lock a brokerage that is not archived, and read it afresh."""
    brokerage = db.session.scalar(
        select(Brokerage)
        .where(Brokerage.id == brokerage_id, Brokerage.archived_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if brokerage is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return brokerage


def _take_name(name: str, *, own_id: int | None = None) -> None:
    """Refuse a name that another brokerage has or had.

    The unique constraint lets names pass that differ only in their capitals. So whoever gives a name locks
    the one row of settings first: of two at once, the second reads what the first has written.
    """
    db.session.execute(select(Setting.id).with_for_update())
    others = db.session.scalars(select(Brokerage.name).where(Brokerage.id.is_distinct_from(own_id)))
    if _folded(name) in {_folded(other) for other in others}:
        raise Refused(RefusalCode.BROKERAGE_NAME_TAKEN, field="name")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _clean(facts: BrokerageFacts) -> BrokerageFacts:
    name = _clean_line(facts.name, field="name", limit=NAME_LENGTH)
    if not name:
        raise Refused(RefusalCode.NAME_MISSING, field="name")
    return BrokerageFacts(
        name,
        _clean_line(facts.contact, field="contact", limit=CONTACT_LENGTH),
        clean_phone(facts.phone, field="phone"),
        _clean_line(facts.address, field="address", limit=ADDRESS_LENGTH),
    )


def _clean_line(raw: str, *, field: str, limit: int) -> str:
    """Return a text as one line, without characters that nobody sees."""
    visible = "".join(c for c in raw if unicodedata.category(c) != "Cf")
    line = " ".join(visible.split())
    if len(line) > limit:
        raise Refused(RefusalCode.TEXT_TOO_LONG, field=field, limit=limit)
    return clean_text(line, field=field)


def clean_phone(raw: str, *, field: str) -> str:
    """Return the phone of a company as typed: blank, or digits and the signs that stand between them.

    Raises:
        Refused: BROKERAGE_PHONE_WRONG.
    """
    phone = unicodedata.normalize("NFKC", raw).strip()
    has_digits = sum(c.isdigit() for c in phone) >= FEWEST_PHONE_DIGITS
    if phone and not (has_digits and _PHONE.fullmatch(phone)):
        raise Refused(RefusalCode.BROKERAGE_PHONE_WRONG, field=field)
    return phone


def _record_facts(
    actor: Account, action: str, brokerage: Brokerage, changes: dict[str, Any], *, now: datetime
) -> None:
    """Write what changed on the brokerage's chain; whom to call there, and by which number, is personal."""
    personal = {name: value for name, value in changes.items() if name in _PERSONAL}
    plain = {name: value for name, value in changes.items() if name not in _PERSONAL}
    chain = f"brokerage:{brokerage.id}"
    history.record(actor, action, chain=chain, changes=plain, personal=personal, now=now)
