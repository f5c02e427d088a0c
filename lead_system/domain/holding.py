"""Who held a customer when: worked out from the history records alone, for any moment (R4, R6, R8, R9).

A lead holds from its binding up to, not including, the end of its protection, without any job having run. An
extension or a changed setting moves that end, a rebind comes before it, a deal takes it away, and undoing the
deal gives it back, or ends the hold there and then where it has passed. A late deal holds by itself until it
is undone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.records import Record, in_order, moment_of

EARLIEST_YEAR = 2000
"""Anything before is a slip of the finger."""


class Beginning(StrEnum):
    """What made a lead hold its customer."""

    SCAN = "scan"
    REBIND = "rebind"
    LATE_DEAL = "late_deal"


class Ending(StrEnum):
    """What ended a period, or will."""

    EXPIRY = "expiry"
    REBIND = "rebind"
    UNDO = "undo"
    """A deal was undone after the protection had passed, or one that had been marked late."""


class Term(StrEnum):
    """Why the end of a protection lies where it lies."""

    DAYS = "days"
    KEPT = "kept"
    """A rebind kept the end of the binding that it moved."""
    EXTENSION = "extension"
    SETTING = "setting"
    """The setting was changed for running bindings too."""


@dataclass(frozen=True)
class Period:
    """One lead held its customer from `begins` up to, not including, `ends`, which is None under a deal.

    An end in the future is what the records of now say. `days` is what the protection lasts by its last
    setting, 24 hours each, without an extension; None under a late deal, and where the end was kept. `term`
    was settled by the record `term_in` at `term_at`. `began_in` and `ended_in` are the records of begin and
    end; an expiry has none.
    """

    lead_id: int
    begins: datetime
    begun_by: Beginning
    began_in: int
    ends: datetime | None
    ended_by: Ending | None
    ended_in: int | None
    term: Term
    term_at: datetime
    term_in: int
    days: int | None

    def covers(self, moment: datetime) -> bool:
        """Say whether the lead held its customer at a moment."""
        return self.begins <= moment and (self.ends is None or moment < self.ends)


def holders_at(periods: Iterable[Period], moment: datetime) -> list[Period]:
    """Return who held at a moment: nobody, one lead, or several where each holds another phone (R4)."""
    return [period for period in periods if period.covers(moment)]


def require_past(moment: datetime | None, now: datetime) -> datetime:
    """Return the moment about which somebody asks who held then.

    Raises:
        Refused: MOMENT_WRONG for none, or one from before anybody sold here; MOMENT_TO_COME for one after
            now: nobody knows what will have happened by then.
    """
    if moment is None or moment.year < EARLIEST_YEAR:
        raise Refused(RefusalCode.MOMENT_WRONG, field="at")
    if moment > now:
        raise Refused(RefusalCode.MOMENT_TO_COME, field="at")
    return moment


def periods_of(records: Iterable[Record]) -> list[Period]:
    """Return all periods in which leads held, in the order in which they began.

    Other records are passed over. Those of one lead are taken in the order in which they were written, not in
    that of their clocks: another machine's may be late.
    """
    fold = _Fold()
    for record in in_order(records):
        take = _TAKES.get(record.action)
        if take is not None and record.lead_id is not None:
            take(fold, record)
    return fold.periods()


@dataclass
class _Running:
    """A period that no record has ended so far; `protected_until` is None under a late deal."""

    lead_id: int
    begins: datetime
    begun_by: Beginning
    began_in: int
    protected_until: datetime | None
    days: int | None
    term: Term
    term_at: datetime
    term_in: int
    is_dealt: bool = False

    def ended(self, ends: datetime | None, by: Ending | None, record: Record | None) -> Period:
        """Return the period that ends there; no period ends before it begins."""
        return Period(
            self.lead_id,
            self.begins,
            self.begun_by,
            self.began_in,
            ends if ends is None else max(ends, self.begins),
            by,
            record.id if record else None,
            self.term,
            self.term_at,
            self.term_in,
            self.days,
        )


class _Fold:
    """What the records so far have led to: periods that are over, and one that runs for each lead."""

    def __init__(self) -> None:
        self._over: list[Period] = []
        self._running: dict[int, _Running] = {}

    def periods(self) -> list[Period]:
        """Return all periods; those that run end with their protection, or not at all under a deal."""
        all_periods = self._over + [_as_it_runs(one) for one in self._running.values()]
        return sorted(all_periods, key=lambda period: (period.begins, period.began_in))

    def begin(self, running: _Running) -> None:
        """Let a lead hold; what it had held before is over, at its own end."""
        before = self._running.get(running.lead_id)
        if before is not None:
            end = before.protected_until
            ends = running.begins if end is None else min(end, running.begins)
            self._over.append(before.ended(ends, Ending.EXPIRY, None))
        self._running[running.lead_id] = running

    def running(self, record: Record) -> _Running | None:
        """Return the period of a record's lead that no record has ended."""
        return self._running.get(record.lead_id or 0)

    def end(self, record: Record, by: Ending) -> None:
        """End the running period of a record's lead at that record."""
        running = self._running.pop(record.lead_id or 0, None)
        if running is not None:
            self._over.append(running.ended(record.at, by, record))


def _as_it_runs(running: _Running) -> Period:
    if running.is_dealt:
        return running.ended(None, None, None)
    return running.ended(running.protected_until, Ending.EXPIRY, None)


def _bind(fold: _Fold, record: Record) -> None:
    ends = moment_of(record.changes["ends_at"])
    fold.begin(_begun(record, Beginning.SCAN, ends, Term.DAYS))


def _rebind_here(fold: _Fold, record: Record) -> None:
    ends = moment_of(record.changes["ends_at"][1])
    term = Term.KEPT if record.changes["kept_end"] else Term.DAYS
    fold.begin(_begun(record, Beginning.REBIND, ends, term))


def _rebind_away(fold: _Fold, record: Record) -> None:
    fold.end(record, Ending.REBIND)


def _extend(fold: _Fold, record: Record) -> None:
    _move_end(fold, record, Term.EXTENSION)


def _reset(fold: _Fold, record: Record) -> None:
    running = fold.running(record)
    if running is not None:
        running.days = record.changes["days"][1]
    _move_end(fold, record, Term.SETTING)


def _move_end(fold: _Fold, record: Record, term: Term) -> None:
    running = fold.running(record)
    if running is not None:
        running.protected_until = moment_of(record.changes["ends_at"][1])
        running.term, running.term_at, running.term_in = term, record.at, record.id


def _deal(fold: _Fold, record: Record) -> None:
    running = fold.running(record)
    if record.changes["late"]:
        fold.begin(_begun(record, Beginning.LATE_DEAL, None, Term.DAYS))
    elif running is not None:
        running.is_dealt = True


def _undo_deal(fold: _Fold, record: Record) -> None:
    running = fold.running(record)
    if running is None:
        return
    running.is_dealt = False
    if running.protected_until is None or running.protected_until <= record.at:
        fold.end(record, Ending.UNDO)


def _begun(record: Record, by: Beginning, protected_until: datetime | None, term: Term) -> _Running:
    return _Running(
        lead_id=record.lead_id or 0,
        begins=record.at,
        begun_by=by,
        began_in=record.id,
        protected_until=protected_until,
        days=_days(record, protected_until) if term is Term.DAYS else None,
        term=term,
        term_at=record.at,
        term_in=record.id,
        is_dealt=by is Beginning.LATE_DEAL,
    )


def _days(record: Record, ends: datetime | None) -> int | None:
    """Return the days of a new binding; older records say only its end, from which they follow."""
    if ends is None:
        return None
    days = record.changes.get("days")
    return int(days) if days is not None else round((ends - record.at) / timedelta(days=1))


_TAKES: dict[str, Callable[[_Fold, Record], None]] = {
    "bind_by_scan": _bind,
    "rebind_here": _rebind_here,
    "rebind_away": _rebind_away,
    "extend_binding": _extend,
    "reset_protection": _reset,
    "mark_dealt": _deal,
    "undo_deal": _undo_deal,
}
"""The records that say something about who holds, each with what it does to the periods."""
