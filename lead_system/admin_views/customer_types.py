"""商铺分类: the choices that brokers have for what a customer looks for."""

from typing import Any, ClassVar

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.archiving import opens
from lead_system.admin_views.base import Answer, Question, present
from lead_system.admin_views.columns import Column, PageOf
from lead_system.admin_views.forms import ConfirmForm, CustomerTypeForm
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.searches import CustomerTypeSearchForm
from lead_system.admin_views.setting_changes import SettingChange, last_changes
from lead_system.domain.errors import Refused
from lead_system.domain.roles import Role
from lead_system.models import CustomerType
from lead_system.queries import customer_types, scope
from lead_system.queries.customer_types import ListedType, TypeTab
from lead_system.services.customer_types import (
    CHOICES,
    add_customer_type,
    bring_back_customer_type,
    move_customer_type,
    rename_customer_type,
    retire_customer_type,
)
from lead_system.web.caller import caller, signed_in
from lead_system.web.confirming import confirm_first


class CustomerTypesView(ListView):
    """Customer types, in the order in which brokers see them."""

    roles = frozenset({Role.ADMIN})
    list_template = "admin/customer_types/list.html"
    about = _l("What brokers choose from when they enter a customer, in this order.")
    advice = _l("Add the first type; brokers can choose it at once.")
    next_step = NextStep(_l("Add a customer type"), "customer_types.add_view")
    has_row_end = True
    search_form_class = CustomerTypeSearchForm
    tab_argument = "tab"
    tab_titles: ClassVar[dict[str, Any]] = {
        TypeTab.OFFERED.value: _l("Offered"),
        TypeTab.RETIRED.value: _l("Retired"),
    }
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "name", _l("Name of the type"), lambda row: row.kind.name, CustomerType.name, look="words name"
        ),
        Column(
            "customers",
            _l("Customers"),
            lambda row: row.customers,
            link=PageOf("leads.index_view", argument="type_id"),
            look="amount",
        ),
        Column("retired_at", _l("Retired at"), lambda row: row.kind.retired_at, CustomerType.retired_at),
    )

    # The list.

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of customer types."""
        return scope.visible_customer_types(signed_in())

    def found(self) -> Select[Any]:
        """Return the types of the tab that fit the search."""
        tab = TypeTab(self.chosen_tab())
        return customer_types.types_found(signed_in(), tab, **self.search_values())

    def tab_counts(self) -> dict[str, int]:
        """Return how many types each tab has."""
        counts = customer_types.type_tab_counts(signed_in(), **self.search_values())
        return {tab.value: count for tab, count in counts.items()}

    def shown(self, rows: Any) -> list[ListedType]:
        """Return the types with how many customers have each."""
        return customer_types.with_customers(rows, signed_in())

    def columns_shown(self) -> tuple[Column, ...]:
        """Return when a type was retired only where all of them were."""
        return self.columns if self._is_of_retired() else self.columns[:-1]

    def _is_of_retired(self) -> bool:
        return self.chosen_tab() == TypeTab.RETIRED.value

    def shows_the_order(self) -> bool:
        """Whether the rows stand as brokers see them, so that one can be moved past the other."""
        return not (self._is_of_retired() or self.search_kept() or request.args.get("sort"))

    def changes(self) -> list[SettingChange]:
        """Return the last changes of the choices."""
        return last_changes(CHOICES)

    # One type.

    def _asked_about(self) -> CustomerType:
        kind: CustomerType = self.get_one(request.args.get("id", ""))
        return kind

    def _page(self, question: Question, form: Any, refused: Refused | None) -> Answer:
        return self.question_page(question, form, refused, back_url=self.get_url(".index_view"))

    @expose("/add/", methods=("GET", "POST"))
    @confirm_first
    def add_view(self) -> Answer:
        """Add a customer type."""
        form = CustomerTypeForm()
        question = Question(_("Add a customer type"), _("Add"))
        if request.method == "GET":
            return self._page(question, form, None)
        try:
            add_customer_type(caller(form), name=form.name.data or "", now=present())
        except Refused as refused:
            return self._page(question, form, refused)
        flash(_("The customer type is added. Brokers can choose it now."), "success")
        return redirect(self.get_url(".index_view"))

    @expose("/rename/", methods=("GET", "POST"))
    @confirm_first
    def rename_view(self) -> Answer:
        """Give a customer type another name."""
        kind = self._asked_about()
        form = CustomerTypeForm(obj=kind if request.method == "GET" else None)
        if request.method == "GET":
            return self._page(self._rename_question(kind), form, None)
        try:
            name = form.name.data or ""
            rename_customer_type(caller(form), type_id=kind.id, version=form.seen, name=name, now=present())
        except Refused as refused:
            return self._page(self._rename_question(self._asked_about()), form, refused)
        flash(_("The customer type is renamed."), "success")
        return redirect(self.get_url(".index_view"))

    def _rename_question(self, kind: CustomerType) -> Question:
        said = ngettext(
            "%(num)s customer who has this type will show the new name.",
            "%(num)s customers who have this type will show the new name.",
            self._customers_of(kind),
        )
        lines = (self._opens_customers(said, kind),)
        return Question(_("Rename the customer type"), _("Save"), _named(kind), lines)

    @expose("/retire/", methods=("GET", "POST"))
    @confirm_first
    def retire_view(self) -> Answer:
        """Take a customer type out of the choices."""
        kind, form = self._asked_about(), ConfirmForm()
        if request.method == "GET":
            form.version.data = kind.version
            return self._page(self._retire_question(kind), form, None)
        try:
            retire_customer_type(caller(form), type_id=kind.id, version=form.seen, now=present())
        except Refused as refused:
            return self._page(self._retire_question(self._asked_about()), form, refused)
        flash(_("The customer type is retired. It can be brought back at any time."), "success")
        return redirect(self.get_url(".index_view"))

    def _retire_question(self, kind: CustomerType) -> Question:
        keeping = ngettext(
            "%(num)s customer keeps this type, and it stays readable there.",
            "%(num)s customers keep this type, and it stays readable there.",
            self._customers_of(kind),
        )
        lines = (_("Brokers cannot choose it any more."), self._opens_customers(keeping, kind))
        return Question(_("Retire the customer type"), _("Retire"), _named(kind), lines)

    @expose("/bring-back/", methods=("GET", "POST"))
    @confirm_first
    def bring_back_view(self) -> Answer:
        """Offer a retired customer type again."""
        kind, form = self._asked_about(), ConfirmForm()
        if request.method == "GET":
            form.version.data = kind.version
            return self._page(self._bring_back_question(kind), form, None)
        try:
            bring_back_customer_type(caller(form), type_id=kind.id, version=form.seen, now=present())
        except Refused as refused:
            return self._page(self._bring_back_question(self._asked_about()), form, refused)
        flash(_("The customer type is offered again."), "success")
        return redirect(self.get_url(".index_view"))

    def _bring_back_question(self, kind: CustomerType) -> Question:
        lines = (_("Brokers can choose it again at once, in its old place."),)
        return Question(_("Bring the customer type back"), _("Bring back"), _named(kind), lines)

    @expose("/move/", methods=("POST",))
    @confirm_first
    def move_view(self) -> Answer:
        """Move a customer type one place up among the choices."""
        form, kind = ConfirmForm(), self._asked_about()
        move_customer_type(caller(form), type_id=kind.id, version=form.seen, now=present())
        return redirect(self.get_url(".index_view"))

    def _customers_of(self, kind: CustomerType) -> int:
        (listed,) = customer_types.with_customers([kind], signed_in())
        return listed.customers

    def _opens_customers(self, said: str, kind: CustomerType) -> str | Markup:
        address = url_for("leads.index_view", type_id=kind.id)
        return opens(said, self._customers_of(kind), address)


def _named(kind: CustomerType) -> Markup:
    return Markup("<span data-user>{}</span>").format(kind.name)
