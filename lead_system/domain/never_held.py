"""Why a lead never held its customer, told from the steps that it took (R3, R4, R5)."""

from collections.abc import Iterable
from enum import StrEnum

from lead_system.domain.holding import Period
from lead_system.domain.time_line import Step, StepKind


class NeverHeld(StrEnum):
    """What was missing for a lead to hold its customer, ever; the first that applies."""

    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    NOT_REPORTED = "not_reported"
    TURNED_AWAY = "turned_away"
    NOT_SCANNED = "not_scanned"


_REASONS = (
    (StepKind.WITHDRAWN, NeverHeld.WITHDRAWN),
    (StepKind.MERGED, NeverHeld.MERGED),
    (StepKind.TURNED_AWAY, NeverHeld.TURNED_AWAY),
    (StepKind.REPORTED, NeverHeld.NOT_SCANNED),
    (StepKind.REPORTED_ON_BEHALF, NeverHeld.NOT_SCANNED),
)


def why_never_held(lead_id: int, steps: Iterable[Step], periods: Iterable[Period]) -> NeverHeld | None:
    """Return why a lead never held its customer; None for one that did, whether it does now or not."""
    if any(period.lead_id == lead_id for period in periods):
        return None
    own = {step.kind for step in steps if step.lead_id == lead_id}
    return next((reason for kind, reason in _REASONS if kind in own), NeverHeld.NOT_REPORTED)
