"""经纪公司: the director opens, changes and archives the companies that brokers work for (manual 6.2.b)."""

import unicodedata
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select

from lead_system.domain.contact import clean_office_phone
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.fields import Rule, Unique, require_clean
from lead_system.domain.identity import clean_line
from lead_system.domain.roles import DECIDERS
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, Setting
from lead_system.services import history
from lead_system.services.leads import plain_changes
from lead_system.services.transaction import require_version, use_case

NAME_LENGTH, CONTACT_LENGTH, ADDRESS_LENGTH = 60, 30, 120
"""Longest name, contact and address, in characters."""

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
    lock_names()
    UNIQUE_NAME.require_free(cleaned.name)
    return BrokerageChanged(add_brokerage(actor, cleaned, now=now))


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
        lock_names()
        others = partial(_taken_names, own_id=brokerage.id)
        replace(UNIQUE_NAME, taken=others).require_free(after["name"])
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


def lock_names() -> None:
    """Let nobody else give a name to a brokerage before this transaction ends.

    The unique constraint lets names pass that differ only in their capitals. So whoever gives a name locks
    the one row of settings first: of two at once, the second reads what the first has written.
    """
    db.session.execute(select(Setting.id).with_for_update())


def add_brokerage(
    actor: Account, facts: BrokerageFacts, *, import_id: int | None = None, now: datetime
) -> int:
    """Add a brokerage whose facts are clean and whose name is free; returns its id.

    Written are the brokerage and its first history record, which names the import that it came with.
    """
    brokerage = Brokerage(**asdict(facts))
    db.session.add(brokerage)
    db.session.flush()
    changes = plain_changes(asdict(BrokerageFacts("")), asdict(facts))
    if import_id is not None:
        changes["import"] = import_id
    _record_facts(actor, "open_brokerage", brokerage, changes, now=now)
    return brokerage.id


def _taken_names(folded_names: Collection[str], *, own_id: int | None = None) -> set[str]:
    """Return those of the names that another brokerage has or had."""
    others = db.session.scalars(select(Brokerage.name).where(Brokerage.id.is_distinct_from(own_id)))
    return {_folded(other) for other in others}.intersection(folded_names)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


UNIQUE_NAME = Unique("name", RefusalCode.BROKERAGE_NAME_TAKEN, _folded, _taken_names)
"""The name is the only thing of a brokerage that no other may have."""


def _clean(facts: BrokerageFacts) -> BrokerageFacts:
    return BrokerageFacts(**require_clean(asdict(facts), FACT_RULES))


def _clean_company_name(raw: str) -> str:
    name = clean_line(raw, field="name", limit=NAME_LENGTH)
    if not name:
        raise Refused(RefusalCode.NAME_MISSING, field="name")
    return name


FACT_RULES: dict[str, Rule] = {
    "name": _clean_company_name,
    "contact": partial(clean_line, field="contact", limit=CONTACT_LENGTH),
    "phone": partial(clean_office_phone, field="phone", refusal=RefusalCode.BROKERAGE_PHONE_WRONG),
    "address": partial(clean_line, field="address", limit=ADDRESS_LENGTH),
}
"""What each fact must be, whether it was typed into a page or stands in a file."""


def _record_facts(
    actor: Account, action: str, brokerage: Brokerage, changes: dict[str, Any], *, now: datetime
) -> None:
    """Write what changed on the brokerage's chain; whom to call there, and by which number, is personal."""
    personal = {name: value for name, value in changes.items() if name in _PERSONAL}
    plain = {name: value for name, value in changes.items() if name not in _PERSONAL}
    chain = f"brokerage:{brokerage.id}"
    history.record(actor, action, chain=chain, changes=plain, personal=personal, now=now)
