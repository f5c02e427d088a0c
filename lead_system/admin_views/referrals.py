"""渠道推荐数据表: what each broker brought, in the one order of the manual (6.2.g, 6.3.g)."""

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.columns import Column, PageOf
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.searches import ReferralSearchForm
from lead_system.domain.roles import DECIDERS
from lead_system.queries import referrals, scope
from lead_system.queries.leads import Step
from lead_system.queries.referrals import Referral, ReferralSearch
from lead_system.web.caller import signed_in


def _customers(*steps: Step) -> PageOf:
    """Return the page that shows exactly the customers whom a figure counts."""
    narrowed = tuple(("step", step.value) for step in steps)
    return PageOf("leads.index_view", lambda row: row.broker.id, "broker_id", narrowed)


class ReferralsView(ListView):
    """The referral table; its order is fixed, so no heading sorts it."""

    roles = DECIDERS
    about = _l("What each broker brought: every figure opens its customers.")
    advice = _l("A line appears as soon as a broker has completed the profile on the phone.")
    next_step = NextStep(_l("Show the phone address"), "help.poster_view")
    search_form_class = ReferralSearchForm
    columns: ClassVar[tuple[Column, ...]] = (
        Column("brokerage", _l("Brokerage"), lambda row: row.broker.brokerage and row.broker.brokerage.name),
        Column("name", _l("Broker's name"), lambda row: row.broker.name, look="words"),
        Column("phone", _l("Broker's phone"), lambda row: row.broker.phone, look="figures"),
        Column("entered", _l("Customers entered"), lambda row: row.entered, link=_customers(), look="amount"),
        Column(
            "reported",
            _l("Customers reported"),
            lambda row: row.reported,
            link=_customers(Step.REPORTED),
            look="amount",
        ),
        Column(
            "bound", _l("Customers bound"), lambda row: row.bound, link=_customers(Step.BOUND), look="amount"
        ),
        Column(
            "dealt", _l("Customers dealt"), lambda row: row.dealt, link=_customers(Step.DEALT), look="amount"
        ),
    )

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of brokers."""
        return scope.visible_agents(signed_in())

    def _search(self) -> ReferralSearch:
        return ReferralSearch(**self.search_values())

    def found(self) -> Select[Any]:
        """Return the brokers that fit the search, with their figures."""
        return referrals.referrals_found(signed_in(), self._search())

    def count(self) -> int:
        """Return how many brokers fit the search; counting needs no figures."""
        return referrals.count_referrals(signed_in(), self._search())

    def shown(self, rows: Any) -> list[Referral]:
        """Return the lines of the table."""
        return [Referral(*row) for row in rows]
