"""The kept figures say what going through all customers would say, at every instant, on both databases."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy.orm import joinedload

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.protection import shanghai_day
from lead_system.extensions import db
from lead_system.models import Account, Lead
from lead_system.queries.dashboard import (
    Days,
    achievements,
    cohort,
    count_cohort,
    top_brokerages,
    top_consultants,
)
from lead_system.queries.leads import LeadSearch
from lead_system.queries.listed_leads import leads_found
from lead_system.queries.tallies import EVERYBODY, Owner, tally_of
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

BROKERS = ("fang", "qiang", "wei")


def person(number: int) -> tuple[str, str, str]:
    return "孙", chr(0x4E00 + number), f"151{number:04}"


def kept(cast: Cast, owner: Owner = EVERYBODY) -> dict[str, int]:
    """Return the kept figures of an owner, and their sum."""
    with cast.app.app_context():
        tally = tally_of(owner, now())
        return tally._asdict() | {"listed": tally.listed, "withdrawn": tally.of(LeadStatus.WITHDRAWN)}


def counted(leads: list[Lead]) -> dict[str, int]:
    """Return what going through customers says."""
    listed = [lead for lead in leads if lead.is_listed]
    statuses = [lead.status_at(now()).value for lead in listed]
    by_status = {name: statuses.count(name) for name in ("entered", "reported", "bound", "expired", "dealt")}
    return by_status | {
        "ever_reported": sum(lead.first_reported_at is not None for lead in listed),
        "ever_bound": sum(lead.bound_at is not None for lead in listed),
        "listed": len(listed),
        "withdrawn": 0,
    }


def require_agreement(cast: Cast) -> None:
    """See that everybody's, each broker's and each brokerage's figures are those of the customers."""
    with cast.app.app_context():
        leads = list(db.session.scalars(db.select(Lead).options(joinedload(Lead.broker))))
    assert kept(cast) == counted(leads)
    for who in BROKERS:
        broker_id, brokerage_id = cast.ids[who], cast.account(who, "brokerage_id")
        own = [lead for lead in leads if lead.broker_id == broker_id]
        theirs = [lead for lead in leads if lead.broker.brokerage_id == brokerage_id]
        assert kept(cast, Owner(broker_id)) == counted(own)
        assert kept(cast, Owner(None, brokerage_id)) == counted(theirs)


def require_ranking_of_the_lists(cast: Cast, days: Days) -> None:
    """See that each figure of the two rankings is the number of rows of the list that it opens."""
    with cast.app.app_context():
        director = db.session.get_one(Account, cast.ids["director"])

        def rows(search: LeadSearch) -> int:
            return len(db.session.scalars(leads_found(director, search, now())).all())

        ranked = [("brokerage_id", row) for row in top_brokerages(director, days, now())] + [
            ("consultant_id", row) for row in top_consultants(director, days, now())
        ]
        for whose, row in ranked:
            only: dict[str, Any] = {whose: row.id}
            for name, search in achievements(days).items():
                if name in row.figures:
                    assert row.figures[name] == rows(replace(search, **only)), (name, row)
        funnel = count_cohort(director, days, now())
        assert funnel == {name: rows(search) for name, search in cohort(days).items()}


def steps_of(cast: Cast, clock: StoppedClock, dice: Random) -> list[Callable[[], Any]]:
    """Return what may happen next to a customer, or to the time."""
    who, number = dice.choice(BROKERS), dice.randrange(6)
    with cast.app.app_context():
        listed = [lead for lead in db.session.scalars(db.select(Lead).order_by(Lead.id)) if lead.is_listed]
    found: list[Callable[[], Any]] = [
        lambda: cast.enters(who, person(number), reports=dice.random() < 0.5),
        lambda: clock.forward(timedelta(days=dice.choice((1, 10, 30)))),
    ]
    if listed:
        lead = dice.choice(listed)
        owner = next(name for name in BROKERS if cast.ids[name] == lead.broker_id)
        found += [
            lambda: cast.reports(owner, lead.id),
            lambda: cast.scans("feng", lead.id),
            lambda: cast.scans("feng", lead.id),
            lambda: cast.withdraws(owner, lead.id),
            lambda: cast.deals("director", lead.id, shanghai_day(now())),
            lambda: cast.undoes_deal("director", lead.id),
            lambda: cast.rebinds("director", lead.id, dice.choice(BROKERS)),
        ]
    return found


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_the_kept_figures_are_the_rows_of_the_lists(
    cast: Cast, clock: StoppedClock, seed: int
) -> None:
    dice = Random(seed)  # noqa: S311 - a story, no secret
    for who in BROKERS:
        cast.scans("feng", cast.enters(who, person(BROKERS.index(who)), reports=True))
    seen = set()
    for _ in range(12):
        for _ in range(5):
            with suppress(Refused):
                dice.choice(steps_of(cast, clock, dice))()
        require_agreement(cast)
        require_ranking_of_the_lists(cast, Days(None, None))
        require_ranking_of_the_lists(
            cast, Days(shanghai_day(now()) - timedelta(days=20), shanghai_day(now()))
        )
        seen |= {name for name, count in kept(cast).items() if count}

    assert seen >= {"entered", "reported", "bound", "expired", "ever_reported", "ever_bound"}


def test_an_expiry_counts_at_its_instant(cast: Cast, clock: StoppedClock) -> None:
    lead = cast.enters("fang", person(1), reports=True)
    cast.scans("feng", lead)
    end = now() + timedelta(days=30)

    clock.at(end - timedelta(microseconds=1))
    before = kept(cast)
    clock.at(end)
    after = kept(cast)

    assert (before["bound"], before["expired"], before["listed"]) == (1, 0, 1)
    assert (after["bound"], after["expired"], after["listed"]) == (0, 1, 1)
    require_agreement(cast)


def test_an_owner_without_customers_has_none_of_any_kind(cast: Cast) -> None:
    assert set(kept(cast, Owner(cast.ids["wei"])).values()) == {0}
    assert set(kept(cast).values()) == {0}


def test_a_broker_takes_the_figures_along_to_another_brokerage(cast: Cast) -> None:
    lead = cast.enters("fang", person(1), reports=True)
    cast.scans("feng", lead)
    first, second = cast.account("fang", "brokerage_id"), cast.account("qiang", "brokerage_id")

    cast.change("fang", brokerage_id=second)

    assert kept(cast, Owner(None, first))["listed"] == 0
    assert kept(cast, Owner(None, second))["bound"] == 1
    require_agreement(cast)
