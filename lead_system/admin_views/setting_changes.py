"""The last changes of what the admin decides, as its pages show them: who, when, from what to what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lead_system.admin_views.history_words import history_word
from lead_system.models import Account, HistoryRecord
from lead_system.queries.settings import changes_of

CHANGES_SHOWN = 20

_VALUES: dict[str, LazyString] = {
    "protection_days": _l("Protection in days"),
    "moved": _l("Running bindings that got another end"),
    "ended": _l("Ended at once"),
    "retention_months": _l("Retention in months"),
    "service_phone": _l("Service phone"),
    "service_link": _l("Customer-service link"),
    "walk_in_earlier_on": _l("Came alone earlier: raised"),
    "many_numbers_on": _l("Many numbers for one name: raised"),
    "many_numbers_limit": _l("Many numbers for one name: from so many numbers on"),
    "name_corrected_on": _l("Name corrected: raised"),
    "late_report_on": _l("Reported just before the scan: raised"),
    "late_report_limit": _l("Reported just before the scan: up to so many minutes"),
    "quick_deal_on": _l("Dealt soon after binding: raised"),
    "quick_deal_limit": _l("Dealt soon after binding: up to so many days"),
    "name": _l("Name of the type"),
    "place": _l("Place among the choices"),
}
"""What a page says of a record, in this order; other values in it are for machines."""


@dataclass(frozen=True)
class ChangedValue:
    """A value before and after; `old` is None where a record says only what something was about."""

    label: str
    old: str | None
    new: str


@dataclass(frozen=True)
class SettingChange:
    """One change: when, by whom in which role, what was done, and the values."""

    at: datetime
    actor: Account | None
    role: str
    what: str
    values: tuple[ChangedValue, ...]


def last_changes(chain: str) -> list[SettingChange]:
    """Return the last changes on a chain of the history, newest first."""
    return [_change(record) for record in changes_of(chain, at_most=CHANGES_SHOWN)]


def _change(record: HistoryRecord) -> SettingChange:
    known = record.changes | (record.payload.values if record.payload else {})
    return SettingChange(
        record.at, record.actor, record.actor_role, history_word(record), tuple(_values(known))
    )


def _values(known: Mapping[str, Any]) -> list[ChangedValue]:
    """Return the values that a page shows; figures of 0 say nothing that the reader would miss."""
    shown = []
    for name, label in _VALUES.items():
        value = known.get(name)
        if isinstance(value, list):
            old, new = (_written(one) for one in value)
            shown.append(ChangedValue(str(label), old, new))
        elif value:
            shown.append(ChangedValue(str(label), None, str(value)))
    return shown


def _written(value: Any) -> str:
    """Return a value as text; a switch is on or off."""
    if isinstance(value, bool):
        return str(_("on") if value else _("off"))
    return str(value)
