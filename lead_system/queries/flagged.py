"""The list of flagged customers (B8): always of some days, so that it costs what these cost."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, select

from lead_system.domain.flag_rules import Flag, FlagRules, flags_on
from lead_system.models import Account, Lead, is_listed, is_no_lead
from lead_system.queries import scope
from lead_system.queries.flags import Days, counts_of, has_any, hits
from lead_system.queries.matching import accounts_with, accounts_with_phone, brokerages_with, is_number
from lead_system.queries.names import has_name_part
from lead_system.queries.phones import has_phone_part

DAYS_AT_FIRST = 7
"""Of how many days, the last of them today, the list shows flags unless somebody chooses others."""

MOST_DAYS = 31
"""The most days at once: a busy month."""


@dataclass(frozen=True)
class FlagSearch:
    """What the list is narrowed to; the days are those on which what raised the flag happened."""

    flag: Flag | None = None
    number: str = ""
    name: str = ""
    phone: str = ""
    broker: str = ""
    broker_phone: str = ""
    brokerage: str = ""
    first_day: date | None = None
    last_day: date | None = None


def days_of(search: FlagSearch, today: date) -> Days:
    """Return the days that a search is about; of one that is open at an end, as many as may be asked for."""
    first, last = search.first_day, search.last_day
    if first is None and last is None:
        return Days(today - timedelta(days=DAYS_AT_FIRST - 1), today)
    if first is None:
        return Days((last or today) - timedelta(days=MOST_DAYS - 1), last or today)
    return Days(first, last or first + timedelta(days=MOST_DAYS - 1))


def flagged_found(actor: Account, search: FlagSearch, rules: FlagRules, today: date) -> Select[Lead]:
    """Return the listed leads that somebody may see and of which a flag of the search is raised."""
    found = _hits(search, rules, today)
    is_flagged = is_no_lead() if found is None else has_any(found, search.flag)
    return _among(actor, search).where(is_flagged).order_by(Lead.id.desc())


def counts_by_flag(
    actor: Account, search: FlagSearch, rules: FlagRules, today: date
) -> dict[Flag | None, int]:
    """Return how many rows the list has under each flag that is switched on; None is of any."""
    found = _hits(search, rules, today)
    if found is None:
        return dict.fromkeys((None, *Flag), 0)
    return counts_of(found, _among(actor, search))


def _hits(search: FlagSearch, rules: FlagRules, today: date) -> CTE | None:
    flags = flags_on(rules)
    return hits(flags, rules, days_of(search, today)) if flags else None


def _among(actor: Account, search: FlagSearch) -> Select[Any]:
    return select(Lead).where(scope.visible_flagged(actor), is_listed(), *_conditions_of(search))


def _conditions_of(search: FlagSearch) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if search.number.strip():
        found.append(is_number(Lead.id, search.number))
    if search.name.strip():
        found.append(has_name_part(search.name))
    if search.phone.strip():
        found.append(has_phone_part(search.phone))
    if search.broker.strip():
        found.append(Lead.broker_id.in_(accounts_with(Account.name, search.broker)))
    if search.broker_phone.strip():
        found.append(Lead.broker_id.in_(accounts_with_phone(search.broker_phone)))
    if search.brokerage.strip():
        of_it = select(Account.id).where(Account.brokerage_id.in_(brokerages_with(search.brokerage)))
        found.append(Lead.broker_id.in_(of_it))
    return found
