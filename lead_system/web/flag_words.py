"""What a flag says, with its figures: what happened, and no judgement (B8)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from lead_system.domain.flag_rules import Flag
from lead_system.domain.flags import (
    LateReport,
    ManyNumbers,
    NameCorrected,
    QuickDeal,
    Raised,
    WalkInEarlier,
)
from lead_system.web.filters import day, moment

_MINUTE = timedelta(minutes=1)


def flag_sentence(raised: Raised) -> Markup:
    """Say what happened, with its figures; what people typed is marked as theirs."""
    return _SENTENCES[raised.flag](raised)


def _apart(length: timedelta) -> str:
    """Write how long something took, in its two largest units; less than a minute is said so."""
    minutes = max(0, length // _MINUTE)
    hours, rest = divmod(minutes, 60)
    days, rest_of_hours = divmod(hours, 24)
    if days:
        return str(_("%(days)s d %(hours)s h", days=days, hours=rest_of_hours))
    if hours:
        return str(_("%(hours)s h %(minutes)s min", hours=hours, minutes=rest))
    return str(_("%(num)s min", num=minutes) if minutes else _("less than a minute"))


def _late_report(raised: LateReport) -> Markup:
    return escape(
        _(
            "Reported %(time)s before the scan at %(moment)s.",
            time=_apart(raised.scanned_at - raised.reported_at),
            moment=moment(raised.scanned_at),
        )
    )


def _walk_in_earlier(raised: WalkInEarlier) -> Markup:
    """Name the first walk-in, and how many there were."""
    said = ngettext(
        "Came alone %(num)s time before this entry: at %(moment)s, %(time)s earlier.",
        "Came alone %(num)s times before this entry: first at %(moment)s, %(time)s earlier.",
        raised.times,
        moment=moment(raised.came_at),
        time=_apart(raised.entered_at - raised.came_at),
    )
    return escape(said)


def _name_corrected(raised: NameCorrected) -> Markup:
    at, old, new = raised.last
    said = ngettext(
        "Corrected %(num)s time after the entry, at %(moment)s:",
        "Corrected %(num)s times after the entry, the last time at %(moment)s:",
        raised.times,
        moment=moment(at),
    )
    named = Markup("{} <span data-user>{}</span> → <span data-user>{}</span>")
    return named.format(said, old, new)


def _quick_deal(raised: QuickDeal) -> Markup:
    said = (
        ngettext(
            "Dealt on %(day)s, %(num)s day after the binding at %(moment)s.",
            "Dealt on %(day)s, %(num)s days after the binding at %(moment)s.",
            raised.days,
            day=day(raised.dealt_on),
            moment=moment(raised.bound_at),
        )
        if raised.days
        else _("Dealt on the day of the binding at %(moment)s.", moment=moment(raised.bound_at))
    )
    return escape(said)


def _many_numbers(raised: ManyNumbers) -> Markup:
    said = ngettext(
        "%(num)s number was entered for this name within 24 hours, from %(first)s to %(last)s.",
        "%(num)s different numbers were entered for this name within 24 hours, from %(first)s to %(last)s.",
        raised.phones,
        first=moment(raised.first_at),
        last=moment(raised.last_at),
    )
    return escape(said)


_SENTENCES: dict[Flag, Callable[[Any], Markup]] = {
    Flag.WALK_IN_EARLIER: _walk_in_earlier,
    Flag.MANY_NUMBERS: _many_numbers,
    Flag.NAME_CORRECTED: _name_corrected,
    Flag.LATE_REPORT: _late_report,
    Flag.QUICK_DEAL: _quick_deal,
}
