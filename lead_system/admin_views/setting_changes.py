"""The last changes of what the admin decides, as its pages show them: who, when, from what to what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import LazyString
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
            shown.append(ChangedValue(str(label), str(value[0]), str(value[1])))
        elif value:
            shown.append(ChangedValue(str(label), None, str(value)))
    return shown
