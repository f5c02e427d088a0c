"""交接: customers whose consultant, broker or brokerage has left go to others in one go (R10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # its stubs are older

from lead_system.admin_views.base import Answer, BackOfficeView, number_in, numbers_in, present
from lead_system.admin_views.searches import search_text
from lead_system.domain.errors import Refused
from lead_system.domain.roles import DECIDERS
from lead_system.models import Account, Lead
from lead_system.queries import handing_over, lead_counts, people, rebinds
from lead_system.queries.matching import find_row_number
from lead_system.queries.settings import consultant_choices
from lead_system.services.handing_over import assign_consultant, rebind_several
from lead_system.web.caller import caller, signed_in
from lead_system.web.forms import RequestForm
from lead_system.web.sentences import sentence_for_page


class ConsultantForm(RequestForm):
    """To which consultant customers go."""

    consultant_id = SelectField(
        _l("New consultant"), coerce=lambda text: find_row_number(str(text)), validate_choice=False
    )


class BrokersForm(RequestForm):
    """For how long, and why, several bindings go to a broker."""

    keep_end = StringField(_l("Protection"), default="no")
    reason = TextAreaField(_l("Reason"))


@dataclass(frozen=True)
class Choosable:
    """A customer who may be chosen, or the sentence that says why not."""

    lead: Lead
    why_not: str | Markup = ""


class HandingOverView(BackOfficeView):
    """Who has left with customers still theirs, and the pages on which these go to others."""

    roles = DECIDERS

    @expose("/")
    def index_view(self) -> Answer:
        """Show whose customers wait for somebody else."""
        return self.render(
            "admin/handing_over/index.html",
            leavers=handing_over.leavers(present()),
            to_rebind=lead_counts.count_to_rebind(signed_in(), present()),
        )

    # Consultants.

    @expose("/consultant/", methods=("GET", "POST"))
    def consultant_view(self) -> Answer:
        """List the customers of a consultant; give the chosen ones to another."""
        consultant_id, form = number_in(request.args.get("id")), ConsultantForm()
        name = people.name_of_consultant(consultant_id)
        form.consultant_id.choices = [
            SelectChoice(one.id, one.name) for one in consultant_choices() if one.id != consultant_id
        ]
        if request.method == "GET":
            return self._consultant_page(consultant_id, name, form, None)
        try:
            done = assign_consultant(
                caller(form),
                lead_ids=numbers_in(request.form.getlist("lead_ids")),
                from_consultant_id=consultant_id,
                to_consultant_id=form.consultant_id.data,
                now=present(),
            )
        except Refused as refused:
            return self._consultant_page(consultant_id, name, form, refused)
        return self._handed_over(done.lead_ids)

    def _consultant_page(
        self, consultant_id: int, name: str, form: ConsultantForm, refused: Refused | None
    ) -> Answer:
        found = handing_over.customers_of_consultant(signed_in(), consultant_id, present())
        rows = [Choosable(lead) for lead in found]
        return self._page("consultant", form, refused, rows, name=name)

    # Brokers.

    @expose("/brokers/", methods=("GET", "POST"))
    def brokers_view(self) -> Answer:
        """List the bindings that wait for a rebind; move the chosen ones to the broker of the address."""
        form = BrokersForm()
        if request.method == "GET":
            return self._brokers_page(form, None)
        try:
            done = rebind_several(
                caller(form),
                lead_ids=numbers_in(request.form.getlist("lead_ids")),
                to_broker_id=number_in(request.args.get("to")),
                reason=form.reason.data or "",
                keep_end=form.keep_end.data == "yes",
                now=present(),
            )
        except Refused as refused:
            return self._brokers_page(form, refused)
        return self._handed_over(done.lead_ids)

    def _brokers_page(self, form: BrokersForm, refused: Refused | None) -> Answer:
        found = handing_over.customers_to_rebind(signed_in(), present())
        given, typed = request.args.get("to"), search_text(request.args.get("broker"))
        to = people.get_agent(signed_in(), number_in(given)) if given else None
        brokers = rebinds.brokers_for(found[0], typed) if found and to is None else []
        rows = [_choosable(lead, to) for lead in found]
        return self._page("brokers", form, refused, rows, to=to, brokers=brokers, broker_search=typed)

    # Both.

    def _page(
        self, page: str, form: Any, refused: Refused | None, rows: Sequence[Choosable], **more: Any
    ) -> Answer:
        """Show a page with the rows to choose from; what was chosen stays so after a refusal."""
        sent = request.form.getlist("lead_ids") if refused else None
        chosen = {row.lead.id for row in rows if sent is None or str(row.lead.id) in sent}
        return self.asking_page(
            f"admin/handing_over/{page}.html",
            form,
            refused,
            back_url=self.get_url(".index_view"),
            rows=rows,
            chosen=chosen,
            refused_lead=refused.facts.get("lead_id") if refused else None,
            limit=handing_over.MOST_AT_ONCE,
            **more,
        )

    def _handed_over(self, lead_ids: Sequence[int]) -> Answer:
        said = ngettext(
            "%(num)s customer is handed over.", "%(num)s customers are handed over.", len(lead_ids)
        )
        flash(said, "success")
        return redirect(self.get_url(".index_view"))


def _choosable(lead: Lead, to: Account | None) -> Choosable:
    """Return a binding, with the reason where it cannot go to a broker."""
    try:
        rebinds.foresee(lead, to.id if to else None, present())
    except Refused as refused:
        return Choosable(lead, sentence_for_page(refused))
    return Choosable(lead)
