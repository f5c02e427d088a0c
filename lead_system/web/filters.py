"""How values are written on pages."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import inf
from typing import Any

from babel import Locale
from babel.dates import TIMEDELTA_UNITS, format_timedelta
from flask import Flask
from flask_babel import get_locale
from flask_babel import gettext as _
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
    return value.astimezone(SHANGHAI).isoformat(" ", "minutes")[:_TO_THE_MINUTE] if value else ""


_TO_THE_MINUTE = len("2026-11-26 08:00")


def second(value: datetime) -> str:
    """Write a moment to the second in Shanghai, the same in every language."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


AGES_UP_TO = timedelta(days=7)
"""From how long ago on an age says less than the moment itself: several events would share one."""


def age(value: datetime, now: datetime | None = None) -> str:
    """Write how long ago a moment was, or how soon it will be, rounded to its largest unit."""
    away = value - (now or clock_now())
    if abs(away) < timedelta(minutes=1):
        return str(_("just now") if away <= timedelta(0) else _("in less than a minute"))
    seconds = away // timedelta(seconds=1)
    unit, length = next(one for one in TIMEDELTA_UNITS if abs(seconds) >= one[1])
    return _age_in_words(get_locale(), unit, length * round(seconds / length))


@lru_cache(maxsize=1000)
def _age_in_words(locale: Locale, unit: Any, seconds: int) -> str:
    """Write so many seconds in one unit; Babel searches its tables for each, and a page has many like it."""
    away = timedelta(seconds=seconds)
    return format_timedelta(away, granularity=unit, threshold=inf, add_direction=True, locale=locale)


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
    title = escape(hint or age(value, now))
    return Markup(f'<time datetime="{instant(value)}" title="{title}">{moment(value)}</time>')  # noqa: S704


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
