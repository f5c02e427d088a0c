"""Which flags there are (B8), which of them are raised at all, and from which figure on.

A flag says what happened; it decides nothing. What raises one from the facts is in `domain.flags`, which no
service may know of.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from lead_system.domain.errors import RefusalCode, Refused


class Flag(StrEnum):
    """What is pointed out about a customer, in the order in which it can happen."""

    WALK_IN_EARLIER = "walk_in_earlier"
    """The same person had come alone before the lead was entered."""
    MANY_NUMBERS = "many_numbers"
    """Within a day its broker entered this name with many different phones."""
    NAME_CORRECTED = "name_corrected"
    """The name was written differently after the entry."""
    LATE_REPORT = "late_report"
    """It was reported only minutes before the scan that bound it."""
    QUICK_DEAL = "quick_deal"
    """It was dealt within days of being bound."""


class Threshold(NamedTuple):
    """Between which figures a threshold may be set, both included, and what it is at first."""

    least: int
    most: int
    default: int


THRESHOLDS: Mapping[Flag, Threshold] = {
    Flag.MANY_NUMBERS: Threshold(2, 20, 3),
    Flag.LATE_REPORT: Threshold(1, 1440, 30),
    Flag.QUICK_DEAL: Threshold(0, 30, 1),
}
"""Different phones; minutes; and calendar days, of which 0 is the day of the binding itself. The other flags
tell what happened or did not, and have none."""


class FlagRule(NamedTuple):
    """Whether a flag is raised, and from (or up to) which figure; `limit` is 0 where it has none."""

    is_on: bool
    limit: int = 0


FlagRules = Mapping[Flag, FlagRule]
"""The rule of every flag."""

DEFAULT_RULES: FlagRules = {
    flag: FlagRule(is_on=True, limit=THRESHOLDS[flag].default if flag in THRESHOLDS else 0) for flag in Flag
}


def flags_on(rules: FlagRules) -> tuple[Flag, ...]:
    """Return the flags that are switched on, in their order."""
    return tuple(flag for flag in Flag if rules[flag].is_on)


def limit_field(flag: Flag) -> str:
    """Return what a form calls the threshold of a flag."""
    return f"{flag.value}_limit"


def require_flag_rules(rules: FlagRules) -> None:
    """Refuse thresholds that are no whole number between what `THRESHOLDS` says, of flags switched off too.

    Raises:
        Refused: FLAG_THRESHOLD_WRONG; the fact `field` names which, `least` and `limit` say what may be.
    """
    for flag, (least, most, _default) in THRESHOLDS.items():
        if not least <= rules[flag].limit <= most:
            raise Refused(RefusalCode.FLAG_THRESHOLD_WRONG, field=limit_field(flag), least=least, limit=most)
