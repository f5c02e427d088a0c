"""The field in the header: a customer's number, name or phone leads to the customer, from any page."""

from flask import redirect, request, url_for
from flask_admin import expose

from lead_system.admin_views.base import Answer, BackOfficeView
from lead_system.admin_views.searches import search_text
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import has_full_number
from lead_system.domain.roles import BACK_OFFICE
from lead_system.queries.one_lead import find_lead_by_number
from lead_system.web.caller import signed_in


class FinderView(BackOfficeView):
    """Sends what was typed to the page that answers it."""

    roles = BACK_OFFICE

    @expose("/")
    def index(self) -> Answer:
        """Open the customer of this number, or else the customers of this name or phone.

        Raises:
            Refused: PHONE_FULL_NUMBER for a whole customer number, which no address may hold (R1).
        """
        text = search_text(request.args.get("q"))
        if has_full_number(text):
            raise Refused(RefusalCode.PHONE_FULL_NUMBER)
        return redirect(_address(text))

    def is_visible(self) -> bool:
        """Whether the menu shows it: no, the header does."""
        return False


def _address(text: str) -> str:
    lead = find_lead_by_number(signed_in(), text)
    if lead is not None:
        return url_for("leads.details_view", id=lead.id)
    if any(c.isalpha() for c in text):
        return url_for("leads.index_view", name=text)
    return url_for("leads.index_view", phone=text or None)
