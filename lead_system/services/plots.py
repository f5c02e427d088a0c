"""地块: the plots of the project, each with a page of its own (manual 6.3.j-8 to 6.3.j-10)."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Plot
from lead_system.services import history
from lead_system.services.illustrations import require_kept
from lead_system.services.project import clean_line, clean_tags, record_change
from lead_system.services.rich_text import clean_html, pictures_in
from lead_system.services.transaction import require_version, use_case

NUMBER_LENGTH = 30
LAST_PLACE = 9999
_ADMIN = frozenset({Role.ADMIN})


@dataclass(frozen=True)
class PlotFacts:
    """What a plot's page says; `place` says where it stands in the list, the smallest first."""

    number: str
    tags: tuple[str, ...] = ()
    text: str = ""
    place: int = 1


@dataclass(frozen=True)
class PlotChanged:
    """The plot that was opened, changed, archived or brought back."""

    plot_id: int


@use_case("open_plot", roles=_ADMIN, answer=PlotChanged)
def open_plot(actor: Account, *, facts: PlotFacts, now: datetime) -> PlotChanged:
    """Open a plot, which phones show at once.

    Written are the plot and its first history record; a repeat opens no second one.

    Raises:
        Refused: PLOT_NUMBER_MISSING, PLOT_PLACE_WRONG, a text or tag that is too long, a picture that is not
            kept here, or PLOT_NUMBER_TAKEN where a shown plot has that number. The fact `field` names which.
    """
    columns = _columns(clean_plot(facts))
    _take_number(columns["number_key"])
    plot = Plot(**columns)
    db.session.add(plot)
    db.session.flush()
    _record(actor, "open_plot", plot, {name: [None, value] for name, value in columns.items()}, now=now)
    return PlotChanged(plot.id)


@use_case("change_plot", roles=_ADMIN, answer=PlotChanged)
def change_plot(
    actor: Account, *, plot_id: int, version: int, facts: PlotFacts, now: datetime
) -> PlotChanged:
    """Change number, tags, text and place of a plot; what is as it was writes nothing, nor does a repeat.

    Raises:
        Refused: NOT_FOUND for an unknown or archived one, STALE, or what `open_plot` refuses.
    """
    plot = _lock_plot(plot_id)
    if plot.archived_at is not None:
        raise Refused(RefusalCode.NOT_FOUND)
    require_version(plot, version)
    columns = _columns(clean_plot(facts))
    changes = {n: [getattr(plot, n), value] for n, value in columns.items() if getattr(plot, n) != value}
    if not changes:
        return PlotChanged(plot.id)
    _take_number(columns["number_key"], own_id=plot.id)
    for name, value in columns.items():
        setattr(plot, name, value)
    plot.version += 1
    _record(actor, "change_plot", plot, changes, now=now)
    return PlotChanged(plot.id)


@use_case("archive_plot", roles=_ADMIN, answer=PlotChanged)
def archive_plot(actor: Account, *, plot_id: int, version: int, now: datetime) -> PlotChanged:
    """Take a plot off the phones; it keeps what it says, and can be brought back.

    Raises:
        Refused: NOT_FOUND for an unknown or archived one, or STALE.
    """
    plot = _lock_plot(plot_id)
    if plot.archived_at is not None:
        raise Refused(RefusalCode.NOT_FOUND)
    require_version(plot, version)
    plot.archived_at = now
    plot.version += 1
    changes = {"archived_at": [None, now.isoformat()]}
    history.record(actor, "archive_plot", chain=f"plot:{plot.id}", changes=changes, now=now)
    return PlotChanged(plot.id)


@use_case("bring_back_plot", roles=_ADMIN, answer=PlotChanged)
def bring_back_plot(actor: Account, *, plot_id: int, version: int, now: datetime) -> PlotChanged:
    """Show an archived plot on the phones again.

    Raises:
        Refused: NOT_FOUND for an unknown or shown one, STALE, or PLOT_NUMBER_TAKEN where another shown plot
            has its number.
    """
    plot = _lock_plot(plot_id)
    if plot.archived_at is None:
        raise Refused(RefusalCode.NOT_FOUND)
    require_version(plot, version)
    _take_number(plot.number_key, own_id=plot.id)
    changes = {"archived_at": [plot.archived_at.isoformat(), None]}
    plot.archived_at = None
    plot.version += 1
    history.record(actor, "bring_back_plot", chain=f"plot:{plot.id}", changes=changes, now=now)
    return PlotChanged(plot.id)


def clean_plot(facts: PlotFacts) -> PlotFacts:
    """Return what a plot says as it is stored.

    Raises:
        Refused: what `open_plot` refuses of what was typed.
    """
    number = clean_line(facts.number, field="number", limit=NUMBER_LENGTH)
    if not number:
        raise Refused(RefusalCode.PLOT_NUMBER_MISSING, field="number")
    if not 1 <= facts.place <= LAST_PLACE:
        raise Refused(RefusalCode.PLOT_PLACE_WRONG, field="place", limit=LAST_PLACE)
    return PlotFacts(number, clean_tags(facts.tags), clean_html(facts.text, field="text"), facts.place)


def _columns(facts: PlotFacts) -> dict[str, Any]:
    require_kept(pictures_in(facts.text), field="text")
    return {
        "number": facts.number,
        "number_key": _folded(facts.number),
        "tags": list(facts.tags),
        "text": facts.text,
        "place": facts.place,
    }


def _folded(number: str) -> str:
    """Return what counts when two numbers are compared: A-01, a-01 and Ａ－０１ are one."""
    return "".join(unicodedata.normalize("NFKC", number).casefold().split())


def _take_number(number_key: str, *, own_id: int | None = None) -> None:
    """Refuse a number that another shown plot has; of two at once, the unique index lets one through."""
    other = select(Plot.id).where(
        Plot.number_key == number_key, Plot.archived_at.is_(None), Plot.id.is_distinct_from(own_id)
    )
    if db.session.scalar(other.limit(1)) is not None:
        raise Refused(RefusalCode.PLOT_NUMBER_TAKEN, field="number")


def _record(actor: Account, action: str, plot: Plot, changes: dict[str, Any], *, now: datetime) -> None:
    said = {name: pair for name, pair in changes.items() if name != "number_key"}
    record_change(actor, action, f"plot:{plot.id}", said, now=now)


def _lock_plot(plot_id: int) -> Plot:
    """Lock a plot, archived or not, and read it afresh."""
    plot = db.session.scalar(
        select(Plot).where(Plot.id == plot_id).with_for_update().execution_options(populate_existing=True)
    )
    if plot is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return plot
