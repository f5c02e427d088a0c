"""项目主页: the admin writes what every broker's home shows of the project.

Name, address, illustrated introduction, tags, contact and position are items 6.3.j-3 to 6.3.j-7 and 6.3.j-11
of the manual.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from lead_system.domain.contact import clean_office_phone
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.places import Position
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Project
from lead_system.services import history
from lead_system.services.illustrations import require_kept
from lead_system.services.rich_text import clean_html, pictures_in
from lead_system.services.transaction import require_version, use_case

NAME_LENGTH, ADDRESS_LENGTH, CONTACT_LENGTH = 60, 120, 30
MOST_TAGS, TAG_LENGTH = 8, 12
"""How many tags there may be, and how long one, so that they fit above each other on a small phone."""

_BETWEEN_TAGS = re.compile(r"[,，、;；\n\r\t]+")
_PLAIN = frozenset({"latitude", "longitude", "place"})
"""What of a change is neither a name nor free text, and so stays in the history for ever (R10)."""


@dataclass(frozen=True)
class ProjectFacts:
    """What the project page says; everything but the name may be blank."""

    name: str
    address: str = ""
    introduction: str = ""
    tags: tuple[str, ...] = ()
    contact_name: str = ""
    contact_phone: str = ""
    position: Position | None = None


@dataclass(frozen=True)
class ProjectChanged:
    """The version that the project page has now."""

    version: int


@use_case("change_project", roles=frozenset({Role.ADMIN}), answer=ProjectChanged)
def change_project(actor: Account, *, version: int, facts: ProjectFacts, now: datetime) -> ProjectChanged:
    """Change the project page; brokers see it at the next look.

    The introduction is stored as `clean_html` leaves it, whatever was sent. Facts that are as they were write
    nothing, and neither does a repeat.

    Raises:
        Refused: STALE; NAME_MISSING, a text, tag or phone that is none or too long, or a picture that is not
            kept here. The fact `field` names which.
    """
    project = _lock_project()
    require_version(project, version)
    after = _columns(clean_facts(facts))
    require_kept(pictures_in(after["introduction"]), field="introduction")
    changes = {name: [getattr(project, name), value] for name, value in after.items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if not changes:
        return ProjectChanged(project.version)
    for name, value in after.items():
        setattr(project, name, value)
    project.version += 1
    record_change(actor, "change_project", "project", changes, now=now)
    return ProjectChanged(project.version)


def clean_facts(facts: ProjectFacts) -> ProjectFacts:
    """Return the facts as they are stored.

    Raises:
        Refused: what `change_project` refuses of what was typed.
    """
    name = clean_line(facts.name, field="name", limit=NAME_LENGTH)
    if not name:
        raise Refused(RefusalCode.NAME_MISSING, field="name")
    return ProjectFacts(
        name=name,
        address=clean_line(facts.address, field="address", limit=ADDRESS_LENGTH),
        introduction=clean_html(facts.introduction, field="introduction"),
        tags=clean_tags(facts.tags),
        contact_name=clean_line(facts.contact_name, field="contact_name", limit=CONTACT_LENGTH),
        contact_phone=clean_office_phone(
            facts.contact_phone, field="contact_phone", refusal=RefusalCode.BROKERAGE_PHONE_WRONG
        ),
        position=facts.position,
    )


def split_tags(text: str) -> tuple[str, ...]:
    """Return the tags in a text, parted by commas, enumeration commas, semicolons or line ends."""
    return tuple(tag.strip() for tag in _BETWEEN_TAGS.split(text) if tag.strip())


def clean_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return tags as they are stored: each on one line, none twice, in their order.

    Raises:
        Refused: TAG_TOO_LONG or TOO_MANY_TAGS, with the `limit`.
    """
    lines = [clean_line(tag, field="tags", limit=None) for tag in tags]
    unlike = tuple(dict.fromkeys(line for line in lines if line))
    if any(len(tag) > TAG_LENGTH for tag in unlike):
        raise Refused(RefusalCode.TAG_TOO_LONG, field="tags", limit=TAG_LENGTH)
    if len(unlike) > MOST_TAGS:
        raise Refused(RefusalCode.TOO_MANY_TAGS, field="tags", limit=MOST_TAGS)
    return unlike


def clean_line(raw: str, *, field: str, limit: int | None) -> str:
    """Return a text as one line, without characters that nobody sees.

    Raises:
        Refused: TEXT_TOO_LONG, or TEXT_NOT_READABLE for control characters that no keyboard makes.
    """
    line = " ".join("".join(c for c in raw if unicodedata.category(c) != "Cf").split())
    if limit is not None and len(line) > limit:
        raise Refused(RefusalCode.TEXT_TOO_LONG, field=field, limit=limit)
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in line):
        raise Refused(RefusalCode.TEXT_NOT_READABLE, field=field)
    return line


def record_change(actor: Account, action: str, chain: str, changes: dict[str, Any], *, now: datetime) -> None:
    """Write from and to of what changed; names and free text go into the payload (R10)."""
    written = {name: [_plain(value) for value in pair] for name, pair in changes.items()}
    personal = {name: pair for name, pair in written.items() if name not in _PLAIN}
    plain = {name: pair for name, pair in written.items() if name in _PLAIN}
    history.record(actor, action, chain=chain, changes=plain, personal=personal, now=now)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _columns(facts: ProjectFacts) -> dict[str, Any]:
    """Return the facts as the columns of the row."""
    where = facts.position
    return {
        "name": facts.name,
        "address": facts.address,
        "introduction": facts.introduction,
        "tags": list(facts.tags),
        "contact_name": facts.contact_name,
        "contact_phone": facts.contact_phone,
        "latitude": where.latitude if where else None,
        "longitude": where.longitude if where else None,
    }


def _lock_project() -> Project:
    """Lock the one row, and read it afresh."""
    return db.session.execute(
        select(Project).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()
