"""个人信息修改记录: which broker's phone or brokerage was changed, and by whom (manual 6.2.c-6, 6.2.c-7)."""

from typing import Any, ClassVar

from flask import request
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.base import number_in
from lead_system.admin_views.columns import Column, of_account
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.searches import ProfileChangeSearchForm
from lead_system.domain.roles import DECIDERS
from lead_system.models import Account, Brokerage, ProfileChange
from lead_system.queries import people, scope
from lead_system.queries.people import ProfileChangeSearch
from lead_system.web.caller import signed_in


def _brokerage_name(brokerage: Brokerage | None) -> str | None:
    return brokerage.name if brokerage else None


def _has_new_phone(row: ProfileChange) -> bool:
    return row.old_phone != row.new_phone


def _has_new_brokerage(row: ProfileChange) -> bool:
    return row.old_brokerage_id != row.new_brokerage_id


class ProfileChangesView(ListView):
    """Changes of brokers' profiles; what was not changed stays blank."""

    roles = DECIDERS
    about = _l("Whose phone or brokerage was changed, from what to what.")
    advice = _l("A row appears when somebody changes a broker's phone or brokerage.")
    next_step = NextStep(_l("Look at the brokers"), "brokers.index_view")
    search_form_class = ProfileChangeSearchForm
    narrowing_arguments: ClassVar[dict[str, Any]] = {"account_id": _l("Account of the broker")}
    days_title = _l("Changed at")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("changed_at", _l("Changed at"), lambda row: row.changed_at, ProfileChange.changed_at),
        Column(
            "name",
            _l("Broker's name"),
            lambda row: row.account.name,
            of_account(Account.name, ProfileChange.account_id),
            look="words",
        ),
        Column(
            "employee_number",
            _l("Employee number"),
            lambda row: row.account.employee_number,
            of_account(Account.employee_number, ProfileChange.account_id),
        ),
        Column("old_phone", _l("Old phone"), lambda row: row.old_phone if _has_new_phone(row) else None),
        Column("new_phone", _l("New phone"), lambda row: row.new_phone if _has_new_phone(row) else None),
        Column(
            "old_brokerage",
            _l("Old brokerage"),
            lambda row: _brokerage_name(row.old_brokerage) if _has_new_brokerage(row) else None,
        ),
        Column(
            "new_brokerage",
            _l("New brokerage"),
            lambda row: _brokerage_name(row.new_brokerage) if _has_new_brokerage(row) else None,
        ),
        Column(
            "changed_by",
            _l("Changed by"),
            lambda row: row.changed_by.name,
            of_account(Account.name, ProfileChange.changed_by_id),
            look="words",
        ),
    )

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of profile changes."""
        return scope.visible_profile_changes(signed_in())

    def _account(self) -> Account | None:
        """Return the broker to whom the address narrows the list.

        Raises:
            Refused: NOT_FOUND for one whom the actor does not manage.
        """
        given = request.args.get("account_id")
        return people.get_agent(signed_in(), number_in(given)) if given else None

    def found(self) -> Select[Any]:
        """Return the changes that fit the search."""
        account = self._account()
        account_id = None if account is None else account.id
        search = ProfileChangeSearch(account_id=account_id, **self.search_values())
        return people.profile_changes_found(signed_in(), search)

    def narrowed_to(self) -> Markup | None:
        """Say whose changes are shown."""
        account = self._account()
        return Markup("<span data-user>{}</span>").format(account.name) if account else None
