"""What a figure adds to the address of the customers to open its rows: read strictly, and said in words."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from lead_system.admin_views.base import number_in
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.queries.leads import STEPS_WITH_DAYS, Step
from lead_system.services.leads import EARLIEST_YEAR, LATEST_YEAR

MOST_DAYS_TO_THE_END = 3650

_STEPS_ON_DAYS = {
    Step.REPORTED: _l("first reported %(days)s"),
    Step.BOUND: _l("bound %(days)s"),
    Step.DEALT: _l("deal dated %(days)s"),
    Step.WITHOUT_FEE: _l("scanned %(days)s, no viewing fee yet"),
}


def narrowing_values(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the narrowing arguments of an address as `LeadSearch` takes them.

    Raises:
        Refused: NOT_FOUND for what no figure of ours says: a step, a number or a day that cannot be, or the
            days of a step that is not taken on a day.
    """
    values = {name: _READERS.get(name, number_in)(text) for name, text in given.items()}
    has_days = "step_from" in values or "step_to" in values
    if has_days and values.get("step") not in STEPS_WITH_DAYS:
        raise Refused(RefusalCode.NOT_FOUND)
    return values


def _step(text: str) -> Step:
    if text not in set(Step):
        raise Refused(RefusalCode.NOT_FOUND)
    return Step(text)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused(RefusalCode.NOT_FOUND) from None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise Refused(RefusalCode.NOT_FOUND)
    return day


def _days_to_the_end(text: str) -> int:
    days = number_in(text)
    if not 1 <= days <= MOST_DAYS_TO_THE_END:
        raise Refused(RefusalCode.NOT_FOUND)
    return days


_READERS = {"step": _step, "step_from": _day, "step_to": _day, "ends_within": _days_to_the_end}
"""How each argument is read; all others are numbers of rows."""


def days_in_words(step: Step, first: date | None, last: date | None) -> str:
    """Say on which days a step was taken; blank where no day is given."""
    if first is None and last is None:
        return ""
    ends = [day.isoformat() if day else "" for day in (first, last)]
    days = ends[0] if ends[0] == ends[1] else " – ".join(ends).strip()
    return str(_STEPS_ON_DAYS[step]) % {"days": days}


def end_in_words(days: int) -> str:
    """Say in how many days a running protection ends."""
    return str(ngettext("ends within %(num)s day", "ends within %(num)s days", days))
