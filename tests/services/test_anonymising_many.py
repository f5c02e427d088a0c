"""Anonymising among many customers: a portion looks up its own history, and goes through nobody else's."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import HistoryPayload, HistoryRecord, Lead
from lead_system.services.anonymising import anonymise_old_leads
from tests.queries.test_plans import plan_of, statements
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.many import add_leads, plain_lead

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

ROWS, OLD = 6_000, 300
SIX_YEARS = timedelta(days=6 * 366)


def add_histories(cast: Cast) -> None:
    """Let three things have happened to each customer when it was entered, each with something personal."""
    with cast.app.app_context():
        told = {"actor_role": "broker", "action": "enter", "changes": {}}
        leads = db.session.execute(select(Lead.id, Lead.entered_at)).all()
        rows = [
            {
                "chain": f"lead:{number}",
                "position": place,
                "lead_id": number,
                "at": at,
                "hash": "0" * 64,
                **told,
            }
            for number, at in leads
            for place in (1, 2, 3)
        ]
        db.session.execute(insert(HistoryRecord), rows)
        ids = db.session.scalars(select(HistoryRecord.id).where(HistoryRecord.lead_id.is_not(None)))
        db.session.execute(
            insert(HistoryPayload), [{"record_id": one, "salt": "salt", "values": "{}"} for one in ids]
        )
        db.session.commit()
        db.session.execute(text("ANALYZE"))
        db.session.commit()


def test_a_portion_goes_through_no_history_but_its_own(cast: Cast, clock: StoppedClock) -> None:
    old = [plain_lead(cast, n, now()) for n in range(1, OLD + 1)]
    moment = clock.forward(SIX_YEARS)
    young = [plain_lead(cast, n, now()) for n in range(OLD + 1, ROWS + 1)]
    add_leads(cast, old + young)
    add_histories(cast)

    with cast.app.app_context():
        with statements() as asked:
            assert anonymise_old_leads(moment) == OLD
        about = [one for one in asked if "history" in one[0] and not one[0].startswith("INSERT")]
        plans = [plan_of(*one) for one in about]

    assert plans
    steps = [step.strip() for plan in plans for step in plan.splitlines()]
    whole = [one for one in steps if re.search(r"Seq Scan on history\b|^SCAN history\b", one)]
    assert not whole, "\n\n".join(plans)
