"""Not the same person: the page that asks before a customer is told apart from its name, or no longer is."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _

from lead_system.admin_views.base import Answer, present
from lead_system.admin_views.forms import VersionReasonForm
from lead_system.admin_views.lead_pages import LeadPages, details_url
from lead_system.domain.errors import Refused
from lead_system.domain.roles import DECIDERS
from lead_system.models import Account, Lead
from lead_system.queries import persons
from lead_system.queries.persons import PersonForesight
from lead_system.services.persons import PersonDeclared, declare_another_person, declare_same_person
from lead_system.web.access import allow
from lead_system.web.caller import caller, signed_in


class _Declaration(NamedTuple):
    """One of the two things that are declared here: what checks it, what foresees it, what does it."""

    require: Callable[[Lead, datetime], None]
    foresee: Callable[[Account, Lead, datetime], PersonForesight]
    declare: Callable[..., PersonDeclared]
    is_another: bool


_ANOTHER = _Declaration(
    persons.require_another, persons.foresee_another, declare_another_person, is_another=True
)
_SAME = _Declaration(persons.require_same, persons.foresee_same, declare_same_person, is_another=False)


class PersonPages(LeadPages):
    """What a director says about who a customer is (R4)."""

    @expose("/person/", methods=("GET", "POST"))
    @allow(*DECIDERS)
    def person_view(self) -> Answer:
        """Say what would follow, ask for the reason; declare another person, or the same one after all.

        The address says which of the two: by what the customer is now, a form sent twice would mean the
        other one the second time.
        """
        lead, form = self.get_one(request.args.get("id", "")), VersionReasonForm()
        wanted = _SAME if request.args.get("say") == "same" else _ANOTHER
        if request.method == "GET":
            wanted.require(lead, present())
            return self._person_page(lead, form, None, wanted)
        reason = form.reason.data or ""
        try:
            wanted.declare(caller(form), lead_id=lead.id, version=form.seen, reason=reason, now=present())
        except Refused as refused:
            return self._person_page(lead, form, refused, wanted)
        flash(_said(lead.id, wanted), "success")
        return redirect(details_url(lead))

    def _person_page(
        self, lead: Lead, form: VersionReasonForm, refused: Refused | None, wanted: _Declaration
    ) -> Answer:
        foresight = wanted.foresee(signed_in(), lead, present())
        return self._asked_about(
            "admin/leads/person.html",
            lead,
            form,
            refused,
            foresight=foresight,
            is_another=wanted.is_another,
        )


def _said(number: int, wanted: _Declaration) -> str:
    if wanted.is_another:
        return str(_("Customer number %(number)s is another person now.", number=number))
    return str(_("Customer number %(number)s is the same person again.", number=number))
