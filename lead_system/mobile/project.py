"""首页: where a broker's day begins, and what the project is (manual 1.3)."""

from flask import Blueprint, render_template

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import OUTSIDERS, Role
from lead_system.mobile.frame import Answer
from lead_system.queries.leads import LeadSearch
from lead_system.queries.own_leads import figures_of, next_own_endings
from lead_system.queries.project import get_plot, get_project, shown_plots
from lead_system.queries.settings import get_settings
from lead_system.web.access import allow
from lead_system.web.caller import signed_in

project = Blueprint("project", __name__)
POINTED_OUT = 5
"""How many bindings about to end the page names; the customers' page has them all."""

PLOTS_AT_HOME = 3
"""How many plots the home shows; the project's page has them all."""


@project.route("/home")
@allow(Role.BROKER, Role.RESIDENT)
def home() -> Answer:
    """Show the project, the way to a report, the counts, and what is about to end."""
    moment = now()
    return render_template(
        "mobile/home.html",
        settings=get_settings(),
        project=get_project(),
        plots=shown_plots()[:PLOTS_AT_HOME],
        counts=figures_of(signed_in(), LeadSearch(broker_id=signed_in().id), moment).tabs,
        ending=next_own_endings(signed_in(), moment, at_most=POINTED_OUT),
        now=moment,
    )


@project.route("/project")
@allow(*OUTSIDERS)
def introduction() -> Answer:
    """Show what the admin says of the project, and its plots."""
    return render_template("mobile/project.html", project=get_project(), plots=shown_plots())


@project.route("/project/plots/<int:plot_id>")
@allow(*OUTSIDERS)
def plot_page(plot_id: int) -> Answer:
    """Show one plot."""
    return render_template("mobile/plot.html", plot=get_plot(signed_in(), plot_id), project=get_project())


@project.route("/project/maps")
@allow(*OUTSIDERS)
def maps() -> Answer:
    """Offer the way to the project in each of the maps; each link opens the app that is there."""
    place = get_project()
    if place.position is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return render_template("mobile/maps.html", project=place)
