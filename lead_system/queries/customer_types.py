"""商铺分类 as the admin keeps them: offered and retired ones, and how many customers have each."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.extensions import db
from lead_system.models import Account, CustomerType, Lead, is_listed
from lead_system.queries import scope
from lead_system.queries.matching import contains


class TypeTab(StrEnum):
    """The tabs above the customer types."""

    OFFERED = "offered"
    RETIRED = "retired"


_TAB_CONDITIONS: dict[TypeTab, ColumnElement[bool]] = {
    TypeTab.OFFERED: CustomerType.retired_at.is_(None),
    TypeTab.RETIRED: CustomerType.retired_at.is_not(None),
}


class ListedType(NamedTuple):
    """A customer type as the list shows it: with how many customers have it."""

    kind: CustomerType
    customers: int

    @property
    def id(self) -> int:
        """The number of the type."""
        return self.kind.id


def types_found(actor: Account, tab: TypeTab | None, *, name: str = "") -> Select[CustomerType]:
    """Return the customer types that somebody manages and that fit a search, in the order of the choices."""
    conditions = [scope.visible_customer_types(actor)]
    if name.strip():
        conditions.append(contains(CustomerType.name, name))
    if tab is not None:
        conditions.append(_TAB_CONDITIONS[tab])
    return select(CustomerType).where(*conditions).order_by(CustomerType.position, CustomerType.id)


def type_tab_counts(actor: Account, *, name: str = "") -> dict[TypeTab, int]:
    """Return how many rows each tab has under a search."""
    counts = [func.count().filter(condition) for condition in _TAB_CONDITIONS.values()]
    everywhere = types_found(actor, None, name=name).order_by(None)
    row = db.session.execute(everywhere.with_only_columns(*counts, maintain_column_froms=True)).one()
    return dict(zip(_TAB_CONDITIONS, row, strict=True))


def with_customers(types: Sequence[CustomerType], actor: Account) -> list[ListedType]:
    """Return customer types with how many customers of the list have each, counted once for all."""
    counted = (
        select(Lead.customer_type_id, func.count())
        .where(Lead.customer_type_id.in_([kind.id for kind in types]))
        .where(scope.visible_leads(actor), is_listed())
        .group_by(Lead.customer_type_id)
    )
    counts: dict[int | None, int] = dict(db.session.execute(counted).all())
    return [ListedType(kind, counts.get(kind.id, 0)) for kind in types]


def name_of_type(type_id: int) -> str:
    """Return the name of a customer type, retired or not.

    Raises:
        Refused: NOT_FOUND.
    """
    name = db.session.scalar(select(CustomerType.name).where(CustomerType.id == type_id))
    if name is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return name
