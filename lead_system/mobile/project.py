"""首页: where a broker's day begins."""

from flask import Blueprint, render_template

from lead_system.clock import now
from lead_system.domain.roles import Role
from lead_system.mobile.frame import Answer
from lead_system.queries.leads import LeadSearch, tab_counts
from lead_system.queries.settings import get_settings
from lead_system.queries.visits import ending_soon
from lead_system.web.access import allow
from lead_system.web.caller import signed_in

project = Blueprint("project", __name__)
POINTED_OUT = 5
"""How many bindings about to end the page names; the customers' page has them all."""


@project.route("/home")
@allow(Role.BROKER, Role.RESIDENT)
def home() -> Answer:
    """Show the project's name, the way to a report, the counts, and what is about to end."""
    moment = now()
    return render_template(
        "mobile/home.html",
        settings=get_settings(),
        counts=tab_counts(signed_in(), LeadSearch(), moment),
        ending=ending_soon(signed_in(), moment, at_most=POINTED_OUT),
        now=moment,
    )
