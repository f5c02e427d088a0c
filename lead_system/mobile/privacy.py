"""隐私说明: what is kept about whom, for what, who sees it, for how long, and how to ask."""

from flask import Blueprint, render_template

from lead_system.mobile.frame import Answer
from lead_system.queries.project import get_project
from lead_system.queries.settings import get_settings
from lead_system.web.access import public

privacy = Blueprint("privacy", __name__)


@privacy.route("/privacy")
@public("whoever is asked for personal data may read first what becomes of it; nobody's stands here")
def notice() -> Answer:
    """Show the privacy notice, with the retention and the phone that the settings name now."""
    return render_template("mobile/privacy.html", settings=get_settings(), project=get_project())
