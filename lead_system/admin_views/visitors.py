"""自然用户: members of the public, their numbers masked; archiving one, and looking at a number (R10)."""

from typing import Any, ClassVar

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.archiving import archive_question
from lead_system.admin_views.base import Answer, Question, number_in, present
from lead_system.admin_views.columns import Column, PageOf, joined, ours
from lead_system.admin_views.forms import ArchiveForm, ReasonForm, VersionReasonForm
from lead_system.admin_views.history_words import history_word
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.searches import VisitorSearchForm
from lead_system.domain.errors import Refused
from lead_system.domain.roles import DECIDERS, Role
from lead_system.models import Account
from lead_system.queries import scope, visitors
from lead_system.queries.visitors import VisitorSearch, VisitorTab, visible_phone
from lead_system.services.anonymising import anonymise_visitor
from lead_system.services.visitors import archive_visitor, reveal_phone
from lead_system.web.access import allow
from lead_system.web.caller import caller, signed_in
from lead_system.web.confirming import confirm_first
from lead_system.web.filters import masked, shown_name


class VisitorsView(ListView):
    """Visitors."""

    roles = DECIDERS
    pages_not_served = ListView.pages_not_served - {"details_view"}
    about = _l("Members of the public with a code of their own. Their numbers are masked everywhere.")
    advice = _l("A row appears when somebody on the phone says that they come to look at the property.")
    next_step = NextStep(_l("Show the phone address"), "help.poster_view")
    search_form_class = VisitorSearchForm
    tab_argument = "tab"
    tabs_title = _l("Status")
    tab_titles: ClassVar[dict[str, Any]] = {
        VisitorTab.ACTIVE.value: _l("Active"),
        VisitorTab.ARCHIVED.value: _l("Archived"),
    }
    days_title = _l("First seen")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "name",
            _l("Visitor's name"),
            lambda row: shown_name(row.account),
            Account.name,
            PageOf("visitors.details_view", lambda row: row.account.id),
            look="words name",
        ),
        Column(
            "phone",
            _l("Visitor's phone"),
            lambda row: masked(row.account.phone),
            visible_phone(),
            look="figures",
        ),
        Column("walk_ins", _l("Walk-ins"), lambda row: row.walk_ins, look="amount"),
        Column("created_at", _l("First seen"), lambda row: row.account.created_at, Account.created_at),
        Column("seen_at", _l("Last seen"), lambda row: row.seen_at),
        Column("archived_at", _l("Archived at"), lambda row: row.account.archived_at, Account.archived_at),
    )

    # The list.

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of visitors."""
        return scope.visible_visitors(signed_in())

    def _search(self) -> VisitorSearch:
        return VisitorSearch(tab=VisitorTab(self.chosen_tab()), **self.search_values())

    def found(self) -> Select[Any]:
        """Return the visitors of the tab that fit the search."""
        return visitors.visitors_found(signed_in(), self._search())

    def tab_counts(self) -> dict[str, int]:
        """Return how many visitors each tab has."""
        counts = visitors.visitor_tab_counts(signed_in(), self._search())
        return {tab.value: count for tab, count in counts.items()}

    def columns_shown(self) -> tuple[Column, ...]:
        """Leave out of the active ones when they were archived."""
        is_active = self.chosen_tab() == VisitorTab.ACTIVE.value
        return tuple(c for c in self.columns if not (is_active and c.name == "archived_at"))

    def shown(self, rows: Any) -> list[visitors.ListedVisitor]:
        """Return the visitors with their walk-ins and when they were last seen."""
        return visitors.with_visits(rows)

    # One visitor.

    def _asked_about(self) -> Account:
        return visitors.get_visitor(signed_in(), number_in(request.args.get("id")))

    @expose("/details/")
    def details_view(self) -> Answer:
        """Show what is known of one visitor, with the number masked."""
        visitor = self._asked_about()
        return self.render(
            "admin/visitors/details.html",
            visitor=visitors.with_visits([visitor])[0],
            walk_ins=visitors.walk_ins_of(visitor),
            collisions=visitors.collisions_with(visitor),
            history=visitors.history_of_visitor(visitor),
            history_word=history_word,
            may_anonymise=signed_in().role is Role.ADMIN and visitor.anonymised_at is None,
        )

    @expose("/reveal/", methods=("GET", "POST"))
    @confirm_first
    def reveal_view(self) -> Answer:
        """Ask for the reason; show the whole number once, on the answer and nowhere else (SPEC 4)."""
        visitor, form = self._asked_about(), ReasonForm()
        if request.method == "GET":
            return self._reveal_page(visitor, form, None)
        try:
            revealed = reveal_phone(
                caller(form), account_id=visitor.id, reason=form.reason.data or "", now=present()
            )
        except Refused as refused:
            return self._reveal_page(visitor, form, refused)
        phone = visitors.find_revealed_phone(revealed.account_id, revealed.revealed_at, present())
        return self.render("admin/visitors/revealed.html", visitor=visitor, phone=phone)

    def _reveal_page(self, visitor: Account, form: ReasonForm, refused: Refused | None) -> Answer:
        question = Question(
            heading=_("Show the whole number"),
            subject=_person(visitor),
            foresight=(
                _("The number is shown once, on the next page."),
                _("Who looked at whose number, when and why stands in the log of reveals."),
            ),
            button=_("Show the number"),
        )
        return self.question_page(question, form, refused, back_url=_details_url(visitor))

    @expose("/archive/", methods=("GET", "POST"))
    def archive_view(self) -> Answer:
        """Say what an archiving means; archive a visitor (R10)."""
        visitor, form = self._asked_about(), ArchiveForm()
        if request.method == "GET":
            return self._archive_page(visitor, form, None)
        try:
            archive_visitor(caller(form), account_id=visitor.id, version=form.seen, now=present())
        except Refused as refused:
            return self._archive_page(visitor, form, refused)
        flash(_("The visitor is archived and signed out."), "success")
        return redirect(self.get_url(".index_view"))

    def _archive_page(self, visitor: Account, form: ArchiveForm, refused: Refused | None) -> Answer:
        if refused is None:
            form.version.data = visitor.version
        question = archive_question(
            _("Archive the visitor"),
            _person(visitor),
            _("The visitor's code is refused at the gate from now on. Walk-ins and collisions stay."),
        )
        return self.question_page(question, form, refused, back_url=_details_url(visitor))

    @expose("/anonymise/", methods=("GET", "POST"))
    @allow(Role.ADMIN)
    @confirm_first
    def anonymise_view(self) -> Answer:
        """Ask for the reason; take the personal values of a visitor who asked for it (decision 26)."""
        visitor, form = self._asked_about(), VersionReasonForm()
        if request.method == "GET":
            return self._anonymise_page(visitor, form, None)
        reason = form.reason.data or ""
        try:
            anonymise_visitor(
                caller(form), account_id=visitor.id, version=form.seen, reason=reason, now=present()
            )
        except Refused as refused:
            return self._anonymise_page(visitor, form, refused)
        flash(_("The visitor's data is anonymised, and the account is closed."), "success")
        return redirect(_details_url(visitor))

    def _anonymise_page(self, visitor: Account, form: VersionReasonForm, refused: Refused | None) -> Answer:
        if refused is None:
            form.version.data = visitor.version
        question = Question(
            heading=_("Anonymise the visitor"),
            subject=_person(visitor),
            foresight=(
                _("Name, number, WeChat link, picture and words are deleted. Nobody can undo this."),
                _("The account is closed. Whoever signs in with that number later begins anew."),
                _("That they came, when and to whom stays, without a name."),
            ),
            button=_("Anonymise"),
            is_danger=True,
        )
        return self.question_page(question, form, refused, back_url=_details_url(visitor))


def _details_url(visitor: Account) -> str:
    return url_for("visitors.details_view", id=visitor.id)


def _person(visitor: Account) -> Markup:
    """Return a visitor's name and masked number, as what people typed."""
    name = Markup("<span data-user>{}</span>").format(shown_name(visitor))
    return joined([name, ours(masked(visitor.phone))]) or Markup()
