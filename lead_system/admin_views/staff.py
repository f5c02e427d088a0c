"""置业顾问 and 员工: the developer's own people, whose accounts the admin makes (manual 6.3.h, 6.3.i)."""

from abc import abstractmethod
from operator import attrgetter
from typing import Any, ClassVar

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, and_

from lead_system.admin_views.archiving import archive_question, handed_over_afterwards, opens
from lead_system.admin_views.base import Answer, Question, number_in, present
from lead_system.admin_views.columns import Column, PageOf, ours
from lead_system.admin_views.forms import ArchiveForm, NewConsultantForm, NewStaffForm, StaffForm
from lead_system.admin_views.imports import ImportedAccounts
from lead_system.admin_views.lists import NextStep
from lead_system.admin_views.rows import RowLink
from lead_system.admin_views.searches import ConsultantSearchForm, StaffSearchForm
from lead_system.admin_views.signing_out import sign_out_page
from lead_system.domain.errors import Refused
from lead_system.domain.imports import ImportKind
from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.roles import Role
from lead_system.models import Account
from lead_system.queries import people, scope
from lead_system.queries.leads import LeadSearch, Step
from lead_system.queries.people import ListedConsultant, PersonSearch
from lead_system.services.second_factor import reset_second_factor
from lead_system.services.staff import archive_staff, change_staff, open_staff
from lead_system.web.caller import caller, signed_in
from lead_system.web.confirming import confirm_first
from lead_system.web.forms import RequestForm
from lead_system.web.logs import note_event
from lead_system.web.words import word


def _common(account: Any) -> tuple[Column, ...]:
    """Return the columns that all staff have; `account` finds the account in a row."""
    return (
        Column(
            "employee_number",
            _l("Employee number"),
            lambda row: account(row).employee_number,
            Account.employee_number,
        ),
        Column("name", _l("Name"), lambda row: account(row).name, Account.name, look="words name"),
        Column("phone", _l("Phone"), lambda row: account(row).phone, Account.phone, look="figures"),
    )


def _login(account: Any) -> Column:
    return Column("login", _l("Account name"), lambda row: account(row).login, Account.login)


def _links(name: Any, *more: RowLink) -> tuple[RowLink, ...]:
    """Return what leads from a row to what can be done with the account whose name is given."""
    return (
        RowLink(_l("Change"), PageOf(".change_view"), name),
        *more,
        RowLink(_l("End sessions"), PageOf(".sign_out_view"), name),
        RowLink(_l("Archive"), PageOf(".archive_view"), name),
    )


class StaffListView(ImportedAccounts):
    """What consultants and other staff have in common: made, changed in phone and password, archived."""

    roles = frozenset({Role.ADMIN})
    list_template = "admin/staff/list.html"
    new_form_class: ClassVar[type[NewStaffForm]] = NewStaffForm
    shows_consultants: ClassVar[bool] = False

    @abstractmethod
    def add_words(self) -> tuple[str, str]:
        """Return what adding is called: on the button of the list, and as the heading of its page."""

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of this kind of staff."""
        is_consultant = Account.role == Role.CONSULTANT
        kind = is_consultant if self.shows_consultants else Account.role != Role.CONSULTANT
        condition: ColumnElement[bool] = and_(scope.visible_staff(signed_in()), kind)
        return condition

    def _asked_about(self) -> Account:
        wanted = number_in(request.args.get("id"))
        return people.get_staff(signed_in(), wanted, consultants=self.shows_consultants)

    def _page(self, question: Question, form: Any, refused: Refused | None) -> Answer:
        return self.question_page(question, form, refused, back_url=self.get_url(".index_view"))

    @expose("/add/", methods=("GET", "POST"))
    @confirm_first
    def add_view(self) -> Answer:
        """Make an account with a temporary password (manual 6.3.h-6, 6.3.i-7)."""
        form = self.new_form_class()
        question = Question(self.add_words()[1], _("Add"))
        if request.method == "GET":
            return self._page(question, form, None)
        try:
            open_staff(caller(form), staff=form.staff(), password=form.password.data or "", now=present())
        except Refused as refused:
            return self._page(question, form, refused)
        flash(
            _("The account is made. The temporary password has to be changed at the first sign-in."),
            "success",
        )
        return redirect(self.get_url(".index_view"))

    @expose("/change/", methods=("GET", "POST"))
    @confirm_first
    def change_view(self) -> Answer:
        """Change phone and password, and nothing else (manual 6.3.h-7, 6.3.i-8)."""
        person, form = self._asked_about(), StaffForm()
        if request.method == "GET":
            form.phone.data, form.version.data = person.phone, person.version
            return self._page(self._change_question(person), form, None)
        try:
            change_staff(
                caller(form),
                account_id=person.id,
                version=form.seen,
                phone=form.phone.data or "",
                password=form.password.data or "",
                now=present(),
            )
        except Refused as refused:
            return self._page(self._change_question(person), form, refused)
        flash(_("The account is saved."), "success")
        return redirect(self.get_url(".index_view"))

    def _change_question(self, person: Account) -> Question:
        return Question(_("Change phone and password"), _("Save"), subject=_person(person))

    @expose("/archive/", methods=("GET", "POST"))
    def archive_view(self) -> Answer:
        """Say what an archiving leaves behind; archive an account (manual 6.3.h-8, 6.3.i-9)."""
        form, wanted = ArchiveForm(), number_in(request.args.get("id"))
        if request.method == "GET":
            person = self._asked_about()
            form.version.data = person.version
            return self._page(self._archive_question(person), form, None)
        try:
            archive_staff(
                caller(form),
                account_id=wanted,
                version=form.seen,
                consultants=self.shows_consultants,
                now=present(),
            )
        except Refused as refused:
            return self._page(self._archive_question(self._asked_about()), form, refused)
        flash(_("The account is archived and signed out."), "success")
        return redirect(self.get_url(".index_view"))

    @expose("/sign-out/", methods=("GET", "POST"))
    @confirm_first
    def sign_out_view(self) -> Answer:
        """Say what it means to sign somebody out everywhere; do it."""
        person = self._asked_about()
        return sign_out_page(self, person, _person(person))

    def _archive_question(self, person: Account) -> Question:
        signed_out = _("This person is signed out at once and cannot sign in any more.")
        return archive_question(_("Archive the account"), _person(person), signed_out)


class ConsultantsView(StaffListView):
    """Consultants, with how many bound or dealt customers each has."""

    about = _l("Those who show the property; gate staff and brokers choose from them.")
    advice = _l("Add the first consultant; the gate needs one to confirm a visit.")
    next_step = NextStep(_l("Add a consultant"), "consultants.add_view")
    search_form_class = ConsultantSearchForm
    new_form_class = NewConsultantForm
    import_kind = ImportKind.CONSULTANTS
    shows_consultants = True
    row_links = _links(attrgetter("account.name"))
    columns: ClassVar[tuple[Column, ...]] = (
        *_common(lambda row: row.account),
        Column(
            "bound",
            _l("Bound customers"),
            lambda row: row.bound,
            link=PageOf("leads.index_view", argument="consultant_id", more=(("step", Step.HELD.value),)),
            look="amount",
        ),
        _login(lambda row: row.account),
    )

    def add_words(self) -> tuple[str, str]:
        """Return what adding a consultant is called."""
        return _("Add a consultant"), _("Add a consultant")

    def found(self) -> Select[Any]:
        """Return the consultants that fit the search."""
        found = people.consultants_found(signed_in(), PersonSearch(**self.search_values()))
        return found.where(self.within_import())

    def shown(self, rows: Any) -> list[ListedConsultant]:
        """Return the consultants with their bound customers."""
        return people.with_bound_customers(rows, present())

    def _archive_question(self, person: Account) -> Question:
        search = LeadSearch(consultant_id=person.id)
        running = people.consequences(signed_in(), search, present()).running
        staying = ngettext(
            "%(num)s bound customer stays with this consultant until the gate names another one.",
            "%(num)s bound customers stay with this consultant until the gate names another one.",
            running,
        )
        wishes = people.consequences(signed_in(), LeadSearch(wished_id=person.id), present()).open
        wishing = ngettext(
            "%(num)s customer who is not bound yet wishes for this consultant; the gate will choose another.",
            "%(num)s customers who are not bound yet wish for this consultant; the gate will choose another.",
            wishes,
        )
        address = url_for("leads.index_view", consultant_id=person.id, status=LeadStatus.BOUND.value)
        wished = url_for("leads.index_view", wished_id=person.id, step=Step.OPEN.value)
        return archive_question(
            _("Archive the consultant"),
            _person(person),
            _("This person is signed out at once and cannot sign in any more."),
            opens(staying, running, address),
            opens(wishing, wishes, wished),
            *handed_over_afterwards(running + wishes),
            _("Nobody can choose this consultant for a visit any more."),
        )


class StaffView(StaffListView):
    """Secretaries, directors and gate staff."""

    about = _l(
        "Secretaries, directors and gate staff, with the accounts that they sign in with."
        " Administrators are made on the server, with flask create-admin."
    )
    advice = _l("Add a gate account first; without one no code is scanned.")
    next_step = NextStep(_l("Add an account"), "staff.add_view")
    search_form_class = StaffSearchForm
    import_kind = ImportKind.STAFF
    row_links = _links(
        attrgetter("name"),
        RowLink(
            _l("Second factor"),
            PageOf(".second_factor_view"),
            attrgetter("name"),
            is_offered=attrgetter("has_second_factor"),
        ),
    )
    columns: ClassVar[tuple[Column, ...]] = (
        *_common(lambda row: row),
        Column("role", _l("Role"), lambda row: ours(word(row.role)), Account.role),
        _login(lambda row: row),
    )

    def add_words(self) -> tuple[str, str]:
        """Return what adding a member of staff is called."""
        return _("Add an account"), _("Add a member of staff")

    @expose("/second-factor/", methods=("GET", "POST"))
    @confirm_first
    def second_factor_view(self) -> Answer:
        """Take away the second factor of somebody who lost theirs."""
        person, form = self._asked_about(), RequestForm()
        if request.method == "GET":
            return self._page(_second_factor_question(person), form, None)
        try:
            reset_second_factor(caller(form), account_id=person.id, now=present())
        except Refused as refused:
            return self._page(_second_factor_question(person), form, refused)
        note_event("second_factor_reset", account=person.id, by=signed_in().id)
        flash(_("The second factor is taken away; the password alone opens the account."), "success")
        return redirect(self.get_url(".index_view"))

    def found(self) -> Select[Any]:
        """Return the staff that fit the search."""
        found = people.staff_found(signed_in(), PersonSearch(**self.search_values()))
        return found.where(self.within_import())


def _second_factor_question(person: Account) -> Question:
    return Question(
        _("Take away the second factor"),
        _("Take away"),
        subject=_person(person),
        foresight=(
            _("For somebody who has lost the phone with the app, and the recovery codes too."),
            _("Make sure that it is really this person who asks, best by a call."),
            _("They are signed out everywhere. Until they set it up anew, the password alone signs them in."),
        ),
        is_danger=True,
    )


def _person(account: Account) -> Markup:
    """Return a person's name and role."""
    return Markup("<span data-user>{}</span> · {}").format(account.name, word(account.role))
