"""商铺分类: the admin adds, renames, orders, retires and brings back the types that brokers choose from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_line, fold_name
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, CustomerType
from lead_system.services import history
from lead_system.services.transaction import require_version, use_case

ADMIN = frozenset({Role.ADMIN})
NAME_LENGTH = 30
"""Longest name of a type, in characters."""

CHOICES = "customer_types"
"""The chain of the history on which every change of the choices stands, since their order is one thing."""


@dataclass(frozen=True)
class CustomerTypeChanged:
    """The customer type that was added or changed."""

    type_id: int


@use_case("add_customer_type", roles=ADMIN, answer=CustomerTypeChanged)
def add_customer_type(actor: Account, *, name: str, now: datetime) -> CustomerTypeChanged:
    """Add a customer type, which brokers can choose at once, as the last of the choices.

    Written are the type and its first history record; a repeat adds no second one.

    Raises:
        Refused: NAME_MISSING, a text that is too long or holds a whole mobile number, or
            CUSTOMER_TYPE_NAME_TAKEN or CUSTOMER_TYPE_RETIRED where a type has that name.
    """
    name = _clean_name(name)
    _require_free(name)
    last = db.session.scalar(select(func.max(CustomerType.position))) or 0
    added = CustomerType(name=name, position=last + 1)
    db.session.add(added)
    db.session.flush()
    return _record(actor, "add_customer_type", added, {"name": ["", name]}, now=now)


@use_case("rename_customer_type", roles=ADMIN, answer=CustomerTypeChanged)
def rename_customer_type(
    actor: Account, *, type_id: int, version: int, name: str, now: datetime
) -> CustomerTypeChanged:
    """Give a customer type another name, also on every customer who has it.

    A name that is as it was writes nothing, and neither does a repeat.

    Raises:
        Refused: NOT_FOUND, STALE, or what `add_customer_type` refuses.
    """
    name = _clean_name(name)
    kind = _lock_type(type_id)
    require_version(kind, version)
    if name == kind.name:
        return CustomerTypeChanged(kind.id)
    _require_free(name, own_id=kind.id)
    names = [kind.name, name]
    kind.name, kind.name_key = name, fold_name(name)
    kind.version += 1
    return _record(actor, "rename_customer_type", kind, {"name": names}, now=now)


@use_case("retire_customer_type", roles=ADMIN, answer=CustomerTypeChanged)
def retire_customer_type(actor: Account, *, type_id: int, version: int, now: datetime) -> CustomerTypeChanged:
    """Take a customer type out of the choices; customers who have it keep it, and it stays readable there.

    One that is retired already writes nothing, and neither does a repeat.

    Raises:
        Refused: NOT_FOUND or STALE.
    """
    kind = _lock_type(type_id)
    require_version(kind, version)
    if not kind.is_offered:
        return CustomerTypeChanged(kind.id)
    kind.retired_at = now
    kind.version += 1
    changes = {"name": kind.name, "retired_at": [None, now.isoformat()]}
    return _record(actor, "retire_customer_type", kind, changes, now=now)


@use_case("bring_back_customer_type", roles=ADMIN, answer=CustomerTypeChanged)
def bring_back_customer_type(
    actor: Account, *, type_id: int, version: int, now: datetime
) -> CustomerTypeChanged:
    """Offer a retired customer type again, in its old place among the choices.

    One that is offered already writes nothing, and neither does a repeat.

    Raises:
        Refused: NOT_FOUND or STALE.
    """
    kind = _lock_type(type_id)
    require_version(kind, version)
    if kind.retired_at is None:
        return CustomerTypeChanged(kind.id)
    changes = {"name": kind.name, "retired_at": [kind.retired_at.isoformat(), None]}
    kind.retired_at = None
    kind.version += 1
    return _record(actor, "bring_back_customer_type", kind, changes, now=now)


@use_case("move_customer_type", roles=ADMIN, answer=CustomerTypeChanged)
def move_customer_type(actor: Account, *, type_id: int, version: int, now: datetime) -> CustomerTypeChanged:
    """Move an offered customer type one place up among the choices; the first one stays where it is.

    All types are numbered anew in their order, of which only the two that change places are recorded.

    Raises:
        Refused: NOT_FOUND for an unknown or retired one, or STALE.
    """
    order = _lock_all_types()
    offered = [kind for kind in order if kind.is_offered]
    place = next((n for n, kind in enumerate(offered) if kind.id == type_id), None)
    if place is None:
        raise Refused(RefusalCode.NOT_FOUND)
    kind = offered[place]
    require_version(kind, version)
    if place == 0:
        return CustomerTypeChanged(kind.id)
    order.remove(kind)
    order.insert(order.index(offered[place - 1]), kind)
    for position, one in enumerate(order, 1):
        one.position = position
    kind.version += 1
    changes = {"name": kind.name, "place": [place + 1, place]}
    return _record(actor, "move_customer_type", kind, changes, now=now)


def _lock_all_types() -> list[CustomerType]:
    """Lock all customer types in the order of their numbers; returns them in the order of the choices."""
    locked = select(CustomerType).order_by(CustomerType.id).with_for_update()
    types = db.session.scalars(locked.execution_options(populate_existing=True))
    return sorted(types, key=lambda kind: (kind.position, kind.id))


def _lock_type(type_id: int) -> CustomerType:
    """Lock a customer type, retired or not, and read it afresh."""
    kind = db.session.scalar(
        select(CustomerType)
        .where(CustomerType.id == type_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if kind is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return kind


def _clean_name(raw: str) -> str:
    name = clean_line(raw, field="name", limit=NAME_LENGTH)
    if not fold_name(name):
        raise Refused(RefusalCode.NAME_MISSING, field="name")
    return name


def _require_free(name: str, *, own_id: int | None = None) -> None:
    """Refuse the name of another type, in whatever width, case or spacing; the unique index judges races."""
    taken = db.session.scalar(
        select(CustomerType).where(
            CustomerType.name_key == fold_name(name), CustomerType.id.is_distinct_from(own_id)
        )
    )
    if taken is None:
        return
    code = RefusalCode.CUSTOMER_TYPE_NAME_TAKEN if taken.is_offered else RefusalCode.CUSTOMER_TYPE_RETIRED
    raise Refused(code, field="name", name=taken.name)


def _record(
    actor: Account, action: str, kind: CustomerType, changes: dict[str, Any], *, now: datetime
) -> CustomerTypeChanged:
    history.record(actor, action, chain=CHOICES, changes={"customer_type": kind.id} | changes, now=now)
    return CustomerTypeChanged(kind.id)
