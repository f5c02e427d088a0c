"""经纪公司: the brokerages that work with us (manual 6.2.b, 6.3.b)."""

from operator import attrgetter
from typing import Any, ClassVar

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.archiving import archive_question, what_is_left
from lead_system.admin_views.base import Answer, Question, number_in, present
from lead_system.admin_views.columns import Column, PageOf
from lead_system.admin_views.forms import ArchiveForm, BrokerageForm
from lead_system.admin_views.imports import ImportedList
from lead_system.admin_views.lists import NextStep
from lead_system.admin_views.rows import RowLink
from lead_system.admin_views.searches import BrokerageSearchForm
from lead_system.domain.errors import Refused
from lead_system.domain.imports import ImportKind
from lead_system.domain.roles import DECIDERS
from lead_system.models import Brokerage
from lead_system.queries import people, scope
from lead_system.queries.leads import LeadSearch
from lead_system.queries.people import ListedBrokerage
from lead_system.services.brokerages import archive_brokerage, change_brokerage, open_brokerage
from lead_system.web.caller import caller, signed_in


class BrokeragesView(ImportedList):
    """Brokerages."""

    roles = DECIDERS
    list_template = "admin/brokerages/list.html"
    import_kind = ImportKind.BROKERAGES
    about = _l("The companies that brokers choose from on the phone.")
    advice = _l("Add the first brokerage; brokers can choose it at once.")
    next_step = NextStep(_l("Add a brokerage"), "brokerages.add_view")
    row_links = (
        RowLink(_l("Change"), PageOf("brokerages.change_view"), attrgetter("brokerage.name")),
        RowLink(_l("Archive"), PageOf("brokerages.archive_view"), attrgetter("brokerage.name")),
    )
    search_form_class = BrokerageSearchForm
    columns: ClassVar[tuple[Column, ...]] = (
        Column("name", _l("Company name"), lambda row: row.brokerage.name, Brokerage.name, look="words name"),
        Column("contact", _l("Contact"), lambda row: row.brokerage.contact, Brokerage.contact, look="words"),
        Column(
            "phone", _l("Contact's phone"), lambda row: row.brokerage.phone, Brokerage.phone, look="figures"
        ),
        Column("address", _l("Address"), lambda row: row.brokerage.address, Brokerage.address, look="long"),
        Column(
            "members",
            _l("Brokers and residents"),
            lambda row: row.members,
            link=PageOf("brokers.index_view", argument="brokerage_id"),
            look="amount",
        ),
    )

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of brokerages."""
        return scope.visible_brokerages(signed_in())

    def found(self) -> Select[Any]:
        """Return the brokerages that fit the search."""
        found = people.brokerages_found(signed_in(), **self.search_values())
        return found.where(self.within_import())

    def shown(self, rows: Any) -> list[ListedBrokerage]:
        """Return the brokerages with how many brokers each has."""
        return people.with_members(rows, signed_in())

    @expose("/add/", methods=("GET", "POST"))
    def add_view(self) -> Answer:
        """Add a brokerage (manual 6.2.b-5)."""
        form = BrokerageForm()
        question = Question(_("Add a brokerage"), _("Add"))
        if request.method == "GET":
            return self._page(question, form, None)
        try:
            open_brokerage(caller(form), facts=form.facts(), now=present())
        except Refused as refused:
            return self._page(question, form, refused)
        flash(_("The brokerage is added. Its brokers can choose it on the phone now."), "success")
        return redirect(self.get_url(".index_view"))

    @expose("/change/", methods=("GET", "POST"))
    def change_view(self) -> Answer:
        """Change a brokerage (manual 6.2.b-7)."""
        brokerage = self.get_one(request.args.get("id", ""))
        form = BrokerageForm(obj=brokerage if request.method == "GET" else None)
        question = Question(_("Change the brokerage"), _("Save"))
        if request.method == "GET":
            return self._page(question, form, None)
        try:
            change_brokerage(
                caller(form),
                brokerage_id=brokerage.id,
                version=form.seen,
                facts=form.facts(),
                now=present(),
            )
        except Refused as refused:
            return self._page(question, form, refused)
        flash(_("The brokerage is saved."), "success")
        return redirect(self.get_url(".index_view"))

    @expose("/archive/", methods=("GET", "POST"))
    def archive_view(self) -> Answer:
        """Say what an archiving leaves behind; archive a brokerage (manual 6.2.b-6)."""
        form, wanted = ArchiveForm(), request.args.get("id", "")
        if request.method == "GET":
            brokerage = self.get_one(wanted)
            form.version.data = brokerage.version
            return self._page(self._archive_question(brokerage), form, None)
        try:
            archive_brokerage(caller(form), brokerage_id=number_in(wanted), version=form.seen, now=present())
        except Refused as refused:
            return self._page(self._archive_question(self.get_one(wanted)), form, refused)
        flash(_("The brokerage is archived."), "success")
        return redirect(self.get_url(".index_view"))

    def _page(self, question: Question, form: Any, refused: Refused | None) -> Answer:
        return self.question_page(question, form, refused, back_url=self.get_url(".index_view"))

    def _archive_question(self, brokerage: Brokerage) -> Question:
        members = people.with_members([brokerage], signed_in())[0].members
        staying = ngettext(
            "%(num)s broker or resident must choose another brokerage before entering or reporting again.",
            "%(num)s brokers and residents must choose another brokerage before entering or reporting again.",
            members,
        )
        left = what_is_left(
            people.consequences(signed_in(), LeadSearch(brokerage_id=brokerage.id), present()),
            lambda **state: url_for("leads.index_view", brokerage_id=brokerage.id, **state),
        )
        subject = Markup("<span data-user>{}</span>").format(brokerage.name)
        return archive_question(_("Archive the brokerage"), subject, staying, *left)
