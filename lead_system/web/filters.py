"""How values are written on pages."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from flask import Flask
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from lead_system.clock import now as clock_now
from lead_system.domain.codes import grouped
from lead_system.domain.identity import visible_digits
from lead_system.domain.protection import SHANGHAI, soon_mark
from lead_system.models import Account, Lead, WalkIn
from lead_system.queries.listed_leads import ListedLead
from lead_system.web.browsers import shown_browser
from lead_system.web.words import role_word, word


def moment(value: datetime | None) -> str:
    """Write a moment to the minute in Shanghai, the same in every language."""
    return _to_the_minute(instant(value)) if value else ""


def _to_the_minute(instant: str) -> str:
    return instant.replace("T", " ")[: len("2026-11-26 08:00")]


def second(value: datetime) -> str:
    """Write a moment to the second in Shanghai, the same in every language."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


AGES_UP_TO = timedelta(days=7)
"""From how long ago on an age says less than the moment itself: several events would share one."""


class _Unit(NamedTuple):
    """A length of time, and how so many of it are said, past and to come.

    The catalogue has the words, as all others: Babel's own come with four megabytes about each language.
    """

    length: timedelta
    ago: Callable[[int], str]
    until: Callable[[int], str]


_UNITS = (
    _Unit(
        timedelta(days=365),
        lambda n: ngettext("%(num)s year ago", "%(num)s years ago", n),
        lambda n: ngettext("in %(num)s year", "in %(num)s years", n),
    ),
    _Unit(
        timedelta(days=30),
        lambda n: ngettext("%(num)s month ago", "%(num)s months ago", n),
        lambda n: ngettext("in %(num)s month", "in %(num)s months", n),
    ),
    _Unit(
        timedelta(weeks=1),
        lambda n: ngettext("%(num)s week ago", "%(num)s weeks ago", n),
        lambda n: ngettext("in %(num)s week", "in %(num)s weeks", n),
    ),
    _Unit(
        timedelta(days=1),
        lambda n: ngettext("%(num)s day ago", "%(num)s days ago", n),
        lambda n: ngettext("in %(num)s day", "in %(num)s days", n),
    ),
    _Unit(
        timedelta(hours=1),
        lambda n: ngettext("%(num)s hour ago", "%(num)s hours ago", n),
        lambda n: ngettext("in %(num)s hour", "in %(num)s hours", n),
    ),
    _Unit(
        timedelta(minutes=1),
        lambda n: ngettext("%(num)s minute ago", "%(num)s minutes ago", n),
        lambda n: ngettext("in %(num)s minute", "in %(num)s minutes", n),
    ),
)


def age(value: datetime, now: datetime | None = None) -> str:
    """Write how long ago a moment was, or how soon it will be, rounded to its largest unit."""
    away = value - (now or clock_now())
    if abs(away) < timedelta(minutes=1):
        return str(_("just now") if away <= timedelta(0) else _("in less than a minute"))
    unit = next(unit for unit in _UNITS if abs(away) >= unit.length)
    said = unit.ago if away < timedelta(0) else unit.until
    return str(said(round(abs(away) / unit.length)))


def ago(value: datetime | None, now: datetime | None = None) -> Markup:
    """Write a moment as its age; the exact one is there for pointer, keyboard, finger and printer.

    One that is more than a week away is written to the minute instead.
    """
    if value is None:
        return Markup()
    now = now or clock_now()
    text = age(value, now) if abs(value - now) <= AGES_UP_TO else moment(value)
    shown = Markup('<time class="ago" datetime="%s" title="%s" tabindex="0">%s</time>')
    return shown % (instant(value), second(value), text)


def exact(value: datetime | None, now: datetime | None = None, hint: str = "") -> Markup:
    """Write a moment to the minute, and its age for the pointer, or another hint instead.

    For records, about which people dispute by the minute (decision 17).
    """
    if value is None:
        return Markup()
    at, title = instant(value), escape(hint or age(value, now))
    return Markup(f'<time datetime="{at}" title="{title}">{_to_the_minute(at)}</time>')  # noqa: S704


def instant(value: datetime) -> str:
    """Write a moment for machines, as HTML wants it, to the second and with Shanghai's offset."""
    return value.astimezone(SHANGHAI).isoformat(timespec="seconds")


def day(value: date | datetime | None) -> str:
    """Write a day; of a moment, the day in Shanghai."""
    if isinstance(value, datetime):
        value = value.astimezone(SHANGHAI).date()
    return value.isoformat() if value else ""


def remaining(end: datetime | None, now: datetime | None = None) -> str:
    """Write how much time is left until an end, to the minute (manual 1.5-13); blank when none is."""
    left = end - (now or clock_now()) if end else timedelta(0)
    if left <= timedelta(0):
        return ""
    hours, minutes = divmod(left.seconds // 60, 60)
    if left.days:
        return str(_("%(days)s d %(hours)s h %(minutes)s min", days=left.days, hours=hours, minutes=minutes))
    if hours:
        return str(_("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes))
    return str(_("%(minutes)s min", minutes=minutes))


def phone7(value: str | None) -> str:
    """Write the seven known digits of a customer's phone, with the four that nobody knows as stars.

    Of an anonymised one nothing is left to write.
    """
    return f"{value[:3]}****{value[3:]}" if value and value.strip() else ""


def masked(phone: str) -> str:
    """Write a visitor's whole number as everybody else may see it, without its middle four digits (R1)."""
    return phone7(visible_digits(phone)) if phone.isdecimal() else ""


def shown_name(who: Lead | ListedLead | Account | WalkIn) -> str:
    """Write a person's name, or that it was anonymised."""
    name = who.full_name if isinstance(who, Lead | ListedLead) else who.name
    return name or str(_("Anonymised"))


def money(value: Decimal | None) -> str:
    """Write yuan with two decimals."""
    return f"¥{value:,.2f}" if value is not None else ""


def init_filters(app: Flask) -> None:
    """Hand the filters to the templates."""
    app.jinja_env.filters.update(
        moment=moment,
        age=age,
        ago=ago,
        exact=exact,
        instant=instant,
        day=day,
        remaining=remaining,
        soon_mark=soon_mark,
        phone7=phone7,
        masked=masked,
        shown_name=shown_name,
        money=money,
        grouped=grouped,
        word=word,
        role_word=role_word,
        shown_browser=shown_browser,
    )
