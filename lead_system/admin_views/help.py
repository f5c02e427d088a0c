"""Words and rules: what everything means and how it is decided; and the phone address to hang up."""

from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Response, current_app
from flask_admin import expose

from lead_system.admin_views.base import Answer, BackOfficeView
from lead_system.config import Settings
from lead_system.domain.lifecycle import TRANSITIONS, LeadStatus
from lead_system.domain.roles import BACK_OFFICE, Approval
from lead_system.models import CollisionKind, CollisionOutcome, CollisionState
from lead_system.queries.fees import FeeState
from lead_system.queries.project import get_project
from lead_system.queries.settings import get_settings
from lead_system.web.meanings import VERBS, Mark, meanings_of
from lead_system.web.qr import draw_code
from lead_system.web.words import word

_PHONE_PAGES = "/m/"
_ONLY_HERE = frozenset({"127.0.0.1", "localhost", "::1"})


class Arrow(NamedTuple):
    """One way from a status to another, and what makes a customer take it."""

    before: str
    after: str
    how: str


def arrows() -> list[Arrow]:
    """Return every way between two statuses, read off the one table that decides (R3)."""
    return [
        Arrow(word(before), word(after), str(VERBS[verb]))
        for verb, ways in TRANSITIONS.items()
        for before, after in ways.items()
        if before is not after
    ]


class HelpView(BackOfficeView):
    """Help for everybody in the back office; the "?" in the header leads here."""

    roles = BACK_OFFICE

    @expose("/")
    def index(self) -> Answer:
        """Show the life of a customer, the rules and the words."""
        return self.render(
            "admin/help.html",
            arrows=arrows(),
            statuses=meanings_of([LeadStatus]),
            marks=meanings_of([Mark]),
            collisions=meanings_of([CollisionState, CollisionKind, CollisionOutcome]),
            fees=meanings_of([FeeState]),
            approvals=meanings_of([Approval]),
            days=get_settings().protection_days,
        )

    @expose("/poster/")
    def poster_view(self) -> Answer:
        """Show the address of the phone pages, big enough to be hung up."""
        address = _phone_address()
        is_only_here = urlsplit(address).hostname in _ONLY_HERE
        name = get_project().name
        return self.render("admin/poster.html", address=address, is_only_here=is_only_here, project=name)

    @expose("/poster/phone-address.png")
    def poster_picture_view(self) -> Response:
        """Answer with the QR picture of the address of the phone pages."""
        return Response(draw_code(_phone_address()), mimetype="image/png")

    def is_visible(self) -> bool:
        """Whether the menu shows it: no, the header does."""
        return False


def _phone_address() -> str:
    settings: Settings = current_app.extensions["settings"]
    return settings.public_url + _PHONE_PAGES
