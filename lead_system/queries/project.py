"""What is read of the project page: the project, its plots, and the pictures that their texts name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.extensions import db
from lead_system.models import Account, Illustration, IllustrationSize, Plot, Project
from lead_system.queries import scope
from lead_system.queries.matching import contains


class PlotTab(StrEnum):
    """The tabs above the plots."""

    SHOWN = "shown"
    ARCHIVED = "archived"


_TAB_CONDITIONS: dict[PlotTab, ColumnElement[bool]] = {
    PlotTab.SHOWN: Plot.archived_at.is_(None),
    PlotTab.ARCHIVED: Plot.archived_at.is_not(None),
}


@dataclass(frozen=True)
class PlotSearch:
    """What the list of plots is narrowed to."""

    tab: PlotTab | None = None
    name: str = ""


@dataclass(frozen=True)
class KeptPicture:
    """A picture as a page needs it: its whole size, and the widths in which it can be fetched, rising."""

    width: int
    height: int
    widths: tuple[int, ...]


def get_project() -> Project:
    """Return the one row of the project page, which a migration made."""
    return db.session.execute(select(Project)).scalar_one()


def shown_plots() -> list[Plot]:
    """Return the plots that phones show, in their order."""
    shown = select(Plot).where(Plot.archived_at.is_(None))
    return list(db.session.scalars(shown.order_by(Plot.place, Plot.id)))


def get_plot(actor: Account, plot_id: int) -> Plot:
    """Return a plot that somebody may see.

    Raises:
        Refused: NOT_FOUND for an unknown one and, on phones, for an archived one.
    """
    plot = db.session.scalar(select(Plot).where(Plot.id == plot_id, scope.visible_plots(actor)))
    if plot is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return plot


def plots_found(actor: Account, search: PlotSearch) -> Select[Plot]:
    """Return the plots of a tab that fit a search, in the order of the phones."""
    conditions = _conditions(actor, search)
    if search.tab is not None:
        conditions.append(_TAB_CONDITIONS[search.tab])
    return select(Plot).where(*conditions).order_by(Plot.place, Plot.id)


def plot_counts(actor: Account, search: PlotSearch) -> dict[str, int]:
    """Return how many plots each tab has under a search."""
    counts = [func.count().filter(_TAB_CONDITIONS[tab]) for tab in PlotTab]
    row = db.session.execute(select(*counts).select_from(Plot).where(*_conditions(actor, search))).one()
    return dict(zip((tab.value for tab in PlotTab), row, strict=True))


def next_place() -> int:
    """Return the place behind the last shown plot."""
    last = select(func.max(Plot.place)).where(Plot.archived_at.is_(None))
    return int(db.session.scalar(last) or 0) + 1


def pictures_named(digests: Iterable[str]) -> Mapping[str, KeptPicture]:
    """Return the pictures with these digests; without asking the database where there are none."""
    wanted = tuple(digests)
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Illustration.digest, Illustration.width, Illustration.height, IllustrationSize.width)
        .join(IllustrationSize, IllustrationSize.illustration_id == Illustration.id)
        .where(Illustration.digest.in_(wanted))
        .order_by(Illustration.id, IllustrationSize.width)
    )
    found: dict[str, KeptPicture] = {}
    for digest, width, height, drawn in rows:
        earlier = found[digest].widths if digest in found else ()
        found[digest] = KeptPicture(width, height, (*earlier, drawn))
    return found


def get_picture(digest: str, width: int) -> bytes:
    """Return a picture in one width as a JPEG file.

    Raises:
        Refused: NOT_FOUND for a picture or a width that is not kept.
    """
    jpeg = db.session.scalar(
        select(IllustrationSize.jpeg)
        .join(Illustration, Illustration.id == IllustrationSize.illustration_id)
        .where(Illustration.digest == digest, IllustrationSize.width == width)
    )
    if jpeg is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return jpeg


def _conditions(actor: Account, search: PlotSearch) -> list[ColumnElement[bool]]:
    conditions = [scope.visible_plots(actor)]
    if search.name.strip():
        conditions.append(contains(Plot.number, search.name))
    return conditions
