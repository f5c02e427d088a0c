"""The facts about some leads from which `domain.flags` raises flags: five questions, however many leads."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from lead_system.domain.flag_rules import Flag, FlagRules, flags_on
from lead_system.domain.flags import Correction, Entry, Facts, Raised, flags_raised
from lead_system.models import Binding, Deal, HistoryPayload, HistoryRecord, Lead, WalkIn
from lead_system.queries.measuring import DAY, between
from lead_system.queries.numbers import IDS, is_among
from lead_system.queries.paging import read

_NAMES = ("surname", "given_name")


def raised_of(ids: Sequence[int], rules: FlagRules) -> dict[int, tuple[Raised, ...]]:
    """Return the flags of leads with their figures; a lead without any is not named."""
    raised = {lead_id: flags_raised(facts, rules) for lead_id, facts in _facts_of(ids, rules).items()}
    return {lead_id: flags for lead_id, flags in raised.items() if flags}


def _facts_of(ids: Sequence[int], rules: FlagRules) -> dict[int, Facts]:
    """Return what is known of leads; what no flag asks for that is switched on is not looked up."""
    facts = _first_facts(ids) if ids else {}
    for flag in flags_on(rules) if facts else ():
        if flag in _MORE:
            for lead_id, more in _MORE[flag](ids).items():
                facts[lead_id] = replace(facts[lead_id], **more)
    return facts


_FIRST_SCAN = (
    select(Binding.bound_at)
    .where(Binding.lead_id == Lead.id, Binding.scan_id.is_not(None))
    .order_by(Binding.id)
    .limit(1)
    .scalar_subquery()
)
_FIRST = select(Lead.id, Lead.entered_at, Lead.first_reported_at, _FIRST_SCAN).where(is_among(Lead.id, IDS))


def _first_facts(ids: Sequence[int]) -> dict[int, Facts]:
    return {
        lead_id: Facts(entered_at, reported_at, scanned_at)
        for lead_id, entered_at, reported_at, scanned_at in read(_FIRST, ids=ids)
    }


_WALK_INS = (
    select(Lead.id, WalkIn.came_at)
    .join(WalkIn, and_(WalkIn.name_key == Lead.name_key, WalkIn.phone.in_((Lead.phone1, Lead.phone2))))
    .where(is_among(Lead.id, IDS))
    .order_by(Lead.id, WalkIn.id)
)


def _walk_ins(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    return {lead_id: {"walked_in_at": moments} for lead_id, moments in _by_lead(read(_WALK_INS, ids=ids))}


_CORRECTIONS = (
    select(HistoryRecord.lead_id, HistoryRecord.at, HistoryPayload.values)
    .join(HistoryPayload, HistoryPayload.record_id == HistoryRecord.id)
    .where(is_among(HistoryRecord.lead_id, IDS), HistoryRecord.action == "correct_entry")
    .order_by(HistoryRecord.id)
)


def _corrections(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the corrections of written names; those of phones and wishes change no name."""
    found: dict[int, list[Correction]] = {}
    for lead_id, at, values in read(_CORRECTIONS, ids=ids):
        changed = [values[name] for name in _NAMES if name in values]
        if changed:
            old, new = ("".join(parts) for parts in zip(*changed, strict=True))
            found.setdefault(lead_id, []).append(Correction(at, old, new))
    return {lead_id: {"corrections": corrections} for lead_id, corrections in found.items()}


_DEALS = (
    select(Deal.lead_id, Deal.dealt_on, Binding.bound_at)
    .join(Binding, Binding.lead_id == Deal.lead_id)
    .where(is_among(Deal.lead_id, IDS), Deal.undone_at.is_(None))
)


def _deals(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for lead_id, dealt_on, bound_at in read(_DEALS, ids=ids):
        found.setdefault(lead_id, {"dealt_on": dealt_on, "bound_at": []})["bound_at"].append(bound_at)
    return found


_OTHER = aliased(Lead)
_ENTRIES = (
    select(Lead.id, _OTHER.entered_at, _OTHER.phone1)
    .join(_OTHER, and_(_OTHER.broker_id == Lead.broker_id, _OTHER.name_key == Lead.name_key))
    .where(is_among(Lead.id, IDS), Lead.merged_into_id.is_(None), _OTHER.merged_into_id.is_(None))
    .where(func.abs(between(Lead.entered_at, _OTHER.entered_at)) <= DAY)
    .order_by(_OTHER.id)
)


def _entries(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, list[Entry]] = {}
    for lead_id, entered_at, phone in read(_ENTRIES, ids=ids):
        found.setdefault(lead_id, []).append(Entry(entered_at, phone))
    return {lead_id: {"entries": entries} for lead_id, entries in found.items()}


def _by_lead(lines: Iterable[Any]) -> Iterable[tuple[int, list[datetime]]]:
    found: dict[int, list[datetime]] = {}
    for lead_id, moment in lines:
        found.setdefault(lead_id, []).append(moment)
    return found.items()


_MORE: dict[Flag, Callable[[Sequence[int]], dict[int, dict[str, Any]]]] = {
    Flag.WALK_IN_EARLIER: _walk_ins,
    Flag.MANY_NUMBERS: _entries,
    Flag.NAME_CORRECTED: _corrections,
    Flag.QUICK_DEAL: _deals,
}
"""What each flag asks for besides the first facts."""
