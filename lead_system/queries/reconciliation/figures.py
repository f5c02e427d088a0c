"""Figures that pages show, each beside the rows that its link opens: they must be equal (B10).

The figure is asked as the page asks it, for somebody who may see everything; the rows are those of the list,
counted to the end one by one and not by whatever counts for the page.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, BrokerTally, Collision, CollisionState, Lead, is_listed
from lead_system.queries import collisions, people, scope
from lead_system.queries.dashboard import DAYS_TO_THE_END, Days, cohort, count_cohort, ending
from lead_system.queries.lead_counts import count_each, count_to_rebind, tab_counts
from lead_system.queries.leads import TABS, LeadSearch, Step, conditions_of
from lead_system.queries.listed_leads import leads_found
from lead_system.queries.menu import in_menu
from lead_system.queries.people import AgentSearch, AgentTab
from lead_system.queries.reconciliation.check import N_, Found, Harm

_EVERYTHING = Account(id=0, role=Role.ADMIN)
"""Who asks: nobody in particular, who sees all that there is."""

_ALL_DAYS = Days(None, None)


class FigureCheck(NamedTuple):
    """A figure as a page shows it, and the select of the rows behind its link."""

    name: str
    must: str
    shown: Callable[[datetime], int]
    behind: Callable[[datetime], Select[Any]]
    rule: str = "B10"
    harm: Harm = Harm.WRONG

    def query(self) -> str:
        """Return the select of the rows behind the link."""
        return str(_counted(self.behind(_SOME_TIME)).compile(db.engine))

    def find(self, now: datetime) -> Found:
        """Compare the figure with the rows."""
        figure, rows = self.shown(now), db.session.execute(_counted(self.behind(now))).scalar_one()
        return Found(0, []) if figure == rows else Found(1, [{"figure": figure, "rows": rows}])


_SOME_TIME = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def _counted(rows: Select[Any]) -> Select[int]:
    """Return the question how many rows a list has, which goes through each of them."""
    return select(func.count()).select_from(rows.order_by(None).subquery())


def _leads(search: LeadSearch) -> Callable[[datetime], Select[Any]]:
    return lambda now: leads_found(_EVERYTHING, search, now).with_only_columns(Lead.id)


def _tab(status: LeadStatus) -> FigureCheck:
    return FigureCheck(
        f"tab_of_{status.value}_customers",
        N_("The number on each tab of the customers is that of its rows."),
        lambda now: int(tab_counts(_EVERYTHING, LeadSearch(), now)[status]),
        _leads(LeadSearch(status=status)),
    )


def _funnel(name: str, search: LeadSearch) -> FigureCheck:
    return FigureCheck(
        f"funnel_{name}",
        N_("Each step of the dashboard's funnel is as long as the list that it opens."),
        lambda now: count_cohort(_EVERYTHING, _ALL_DAYS, now)[name],
        _leads(search),
    )


def _ending(days: int) -> FigureCheck:
    return FigureCheck(
        f"ending_within_{days}_days",
        N_("As many protections are said to end soon as the list shows."),
        lambda now: count_each(_EVERYTHING, [ending(days)], now)[0],
        _leads(ending(days)),
    )


def _referrals(name: str, kept: Any, search: LeadSearch) -> FigureCheck:
    """Return the check that a column of the referral table adds up to the customers that its links open."""
    theirs = select(Account.id).where(scope.visible_agents(_EVERYTHING))
    total = select(func.coalesce(func.sum(kept), 0)).where(BrokerTally.broker_id.in_(theirs))
    return FigureCheck(
        f"referrals_{name}",
        N_("Each column of the referral table adds up to the customers that its figures open."),
        lambda _now: int(db.session.execute(total).scalar_one()),
        lambda now: select(Lead.id).where(
            Lead.broker_id.in_(theirs), is_listed(), *conditions_of(search, now)
        ),
    )


_ALL_LISTED = (
    BrokerTally.entered + BrokerTally.reported + BrokerTally.bound + BrokerTally.expired + BrokerTally.dealt
)

FIGURES = (
    FigureCheck(
        "menu_open_collisions",
        N_("The number beside “Collisions” in the menu is that of the rows of its first tab."),
        lambda _now: in_menu(_EVERYTHING).open_collisions,
        lambda _now: collisions.collisions_found(
            _EVERYTHING, collisions.CollisionSearch(state=CollisionState.OPEN)
        ).with_only_columns(Collision.id),
    ),
    FigureCheck(
        "menu_waiting_residents",
        N_("The number beside “Brokers” in the menu is that of the residents who wait."),
        lambda _now: in_menu(_EVERYTHING).waiting_residents,
        lambda _now: people.agents_found(_EVERYTHING, AgentSearch(tab=AgentTab.WAITING)).with_only_columns(
            Account.id
        ),
    ),
    FigureCheck(
        "customers_to_rebind",
        N_("As many customers are said to wait for a rebind as the list shows."),
        lambda now: count_to_rebind(_EVERYTHING, now),
        _leads(LeadSearch(step=Step.TO_REBIND)),
    ),
    *map(_tab, TABS),
    *(_funnel(name, search) for name, search in cohort(_ALL_DAYS).items()),
    *map(_ending, DAYS_TO_THE_END),
    _referrals("entered", _ALL_LISTED, LeadSearch()),
    _referrals("reported", BrokerTally.ever_reported, LeadSearch(step=Step.REPORTED)),
    _referrals("bound", BrokerTally.ever_bound, LeadSearch(step=Step.BOUND)),
    _referrals("dealt", BrokerTally.dealt, LeadSearch(step=Step.DEALT)),
)
