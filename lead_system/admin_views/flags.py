"""Flagged customers (B8): what happened that somebody may want to look at; it decides nothing."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, cast

from flask import g
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.base import present
from lead_system.admin_views.columns import Column, PageOf, badge, of_account, phones
from lead_system.admin_views.flag_marks import marks_with_figures
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.rows import RowLink
from lead_system.admin_views.searches import FlagSearchForm
from lead_system.domain.flag_rules import Flag, FlagRules
from lead_system.domain.flags import Raised
from lead_system.domain.protection import shanghai_day
from lead_system.domain.roles import DECIDERS
from lead_system.models import Account, Lead
from lead_system.queries import scope
from lead_system.queries.flag_facts import raised_of
from lead_system.queries.flag_settings import flag_rules
from lead_system.queries.flagged import MOST_DAYS, FlagSearch, counts_by_flag, days_of, flagged_found
from lead_system.queries.listed_leads import ListedLead, listed_leads
from lead_system.web.caller import signed_in
from lead_system.web.filters import shown_name
from lead_system.web.words import word

ANY = "any"


class FlaggedLead(NamedTuple):
    """A customer as a list shows them, with all flags that they have."""

    lead: ListedLead
    flags: tuple[Raised, ...]

    @property
    def id(self) -> int:
        """The number of the customer."""
        return self.lead.id


_DETAILS = PageOf("leads.details_view")


class FlagsView(ListView):
    """Flagged customers."""

    roles = DECIDERS
    list_template = "admin/flags/list.html"
    about = _l("A flag says what happened; it decides nothing.")
    advice = _l("A row appears when something happens that a flag tells of. Which do, the settings say.")
    next_step = NextStep(_l("Look at the bound customers"), "leads.index_view", {"status": "bound"})
    row_links = (RowLink(_l("Details"), _DETAILS, _l("No. %(number)s")),)
    explained = tuple(Flag)
    search_form_class = FlagSearchForm
    tab_argument = "flag"
    tabs_title = _l("Flag")
    tab_titles: ClassVar[dict[str, Any]] = {ANY: _l("All")} | {
        flag.value: LazyString(word, flag) for flag in Flag
    }
    days_title = _l("Happened on")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("id", _l("Customer number"), lambda row: row.id, Lead.id, _DETAILS),
        Column("name", _l("Customer name"), lambda row: shown_name(row.lead), Lead.name_key, look="words"),
        Column("phone", _l("Customer phone"), lambda row: phones(row.lead), Lead.phone1, look="phones"),
        Column("status", _l("Status"), lambda row: badge(row.lead.status)),
        Column("flags", _l("Flags"), lambda row: marks_with_figures(row.flags), look="flag-cell"),
        Column(
            "broker",
            _l("Broker's name"),
            lambda row: row.lead.broker_name,
            of_account(Account.name, Lead.broker_id),
            look="words",
        ),
        Column(
            "broker_phone",
            _l("Broker's phone"),
            lambda row: row.lead.broker_phone,
            of_account(Account.phone, Lead.broker_id),
            look="figures",
        ),
        Column("brokerage", _l("Brokerage"), lambda row: row.lead.brokerage_name, look="words"),
    )

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of flagged customers."""
        return scope.visible_flagged(signed_in())

    def _search(self) -> FlagSearch:
        tab = self.chosen_tab()
        return FlagSearch(flag=None if tab == ANY else Flag(tab), **self.search_values())

    def _rules(self) -> FlagRules:
        """Return which flags are raised, asked once for each page."""
        if "flag_rules" not in g:
            g.flag_rules = flag_rules()
        return cast(FlagRules, g.flag_rules)

    def found(self) -> Select[Any]:
        """Return the customers with a flag of the tab that fit the search, the newest number first."""
        return flagged_found(signed_in(), self._search(), self._rules(), shanghai_day(present()))

    def tab_counts(self) -> dict[str, int]:
        """Return how many customers each flag has on these days."""
        counts = counts_by_flag(signed_in(), self._search(), self._rules(), shanghai_day(present()))
        return {flag.value if flag else ANY: count for flag, count in counts.items()}

    def loaded(self, ids: Sequence[int]) -> list[FlaggedLead]:
        """Return the customers of these numbers with all their flags, of other days too."""
        raised = raised_of(ids, self._rules())
        return [FlaggedLead(lead, raised.get(lead.id, ())) for lead in listed_leads(ids, present())]

    def shown(self, rows: Sequence[Any]) -> list[FlaggedLead]:
        """Return the customers of an export with their flags."""
        return self.loaded([row.id for row in rows])

    def days_shown(self) -> str:
        """Say of which days the list is, which it is always of some; blank for a search that cannot be."""
        if self.search_form().errors:
            return ""
        first, last = days_of(self._search(), shanghai_day(present()))
        said: str = _(
            "Shown is what happened from %(first)s to %(last)s, at most %(most)s days at once.",
            first=first.isoformat(),
            last=last.isoformat(),
            most=MOST_DAYS,
        )
        return said

    def filter_lines(self) -> list[tuple[str, str]]:
        """Return what the list is narrowed to, with the days that nobody typed."""
        lines = super().filter_lines()
        days = "{} – {}".format(*days_of(self._search(), shanghai_day(present())))
        return [*lines, (str(self.days_title), days)]
