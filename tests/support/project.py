"""What the admin of the cast does to the project page, behind the pages that do it."""

from typing import Any

from PIL import Image

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Plot, Project
from lead_system.services.illustrations import keep_illustration
from lead_system.services.plots import PlotFacts, archive_plot, bring_back_plot, change_plot, open_plot
from lead_system.services.project import ProjectFacts, change_project
from lead_system.web.pictures import draw_widths
from tests.support.cast import Cast


def keep_picture(cast: Cast, colour: str = "seagreen", size: tuple[int, int] = (1000, 600)) -> str:
    """Keep a picture of one colour; returns its digest."""
    with cast.app.app_context():
        drawn = draw_widths(Image.new("RGB", size, colour))
        return keep_illustration(cast.as_("admin"), picture=drawn, now=now()).digest


def project_row(cast: Cast, *names: str) -> list[Any]:
    """Read values of the project page from the database."""
    with cast.app.app_context():
        project = db.session.execute(db.select(Project)).scalar_one()
        return [getattr(project, name) for name in names]


def write_project(cast: Cast, **sent: Any) -> int:
    """Write the project page, blank but for a name where none is given; returns its version.

    `by`, `request_id` and `version` say who sends it, and how often and when the form was filled in.
    """
    by, request_id = sent.pop("by", "admin"), sent.pop("request_id", None)
    version = sent.pop("version", None) or project_row(cast, "version")[0]
    with cast.app.app_context():
        return change_project(
            cast.as_(by, request_id),
            version=version,
            facts=ProjectFacts(**{"name": "澄湖天街"} | sent),
            now=now(),
        ).version


def add_plot(
    cast: Cast, number: str = "A-01", by: str = "admin", request_id: str | None = None, **facts: Any
) -> int:
    """Open a plot; returns its id."""
    with cast.app.app_context():
        return open_plot(cast.as_(by, request_id), facts=PlotFacts(number, **facts), now=now()).plot_id


def plot_row(cast: Cast, plot_id: int, *names: str) -> list[Any]:
    """Read values of a plot from the database."""
    with cast.app.app_context():
        plot = db.session.get_one(Plot, plot_id)
        return [getattr(plot, name) for name in names]


def rewrite_plot(cast: Cast, plot_id: int, number: str = "A-01", by: str = "admin", **facts: Any) -> None:
    version = facts.pop("version", None) or plot_row(cast, plot_id, "version")[0]
    with cast.app.app_context():
        sent = PlotFacts(number, **facts)
        change_plot(cast.as_(by), plot_id=plot_id, version=version, facts=sent, now=now())


def put_away(cast: Cast, plot_id: int, by: str = "admin", version: int | None = None) -> None:
    seen = version or plot_row(cast, plot_id, "version")[0]
    with cast.app.app_context():
        archive_plot(cast.as_(by), plot_id=plot_id, version=seen, now=now())


def take_out(cast: Cast, plot_id: int, by: str = "admin", version: int | None = None) -> None:
    seen = version or plot_row(cast, plot_id, "version")[0]
    with cast.app.app_context():
        bring_back_plot(cast.as_(by), plot_id=plot_id, version=seen, now=now())
