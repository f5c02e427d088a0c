"""Anonymising under fire: a report, an objection, a walk-in at the same instant, a dozen real races each.

Whoever comes first is right: a customer is kept whole, or is gone whole and refused.
"""

from datetime import datetime, timedelta

import pytest

from lead_system.domain.retention import months_before
from lead_system.extensions import db
from lead_system.models import Account, Collision, HistoryRecord, Lead, LeadKey, WalkIn
from lead_system.services import anonymising, entries, leads, visitors, walk_ins
from lead_system.services.leads import LeadEntry, Wishes
from tests.races.arena import Arena, call
from tests.support.cast import HONG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW
from tests.support.tampering import rewrite

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def long_ago(cast: Cast, lead_id: int) -> None:
    """Let everything about a lead have happened longer ago than the retention."""
    with cast.app.app_context():
        then = months_before(NOW, 37)
        db.session.execute(db.update(Lead).filter_by(id=lead_id).values(entered_at=then))
        db.session.commit()
    rewrite(cast.app, f"UPDATE history SET at = '{then:%Y-%m-%d %H:%M:%S}+00:00' WHERE lead_id = {lead_id}")


def is_whole_or_gone(cast: Cast, lead_id: int) -> bool:
    """Say whether a lead is gone; fail where it is neither gone nor whole."""
    is_gone = cast.read(lead_id, "anonymised_at") is not None
    found = (cast.read(lead_id, "surname"), cast.count(LeadKey, lead_id=lead_id))
    assert found == (("", 0) if is_gone else ("洪", 1))
    return is_gone


def test_a_report_at_the_same_instant(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", ("洪", chr(0x4E00 + number), "1392222"))
        long_ago(cast, lead_id)

        reported, forgot = arena.race(
            [
                call(leads.report_lead, cast.as_("fang"), lead_id=lead_id, wishes=Wishes(), now=NOW),
                call(anonymising.anonymise_old_leads, NOW),
            ]
        )

        is_gone = is_whole_or_gone(cast, lead_id)
        assert (reported.refusal, forgot.answer) == (("anonymised", 1) if is_gone else ("", 0))
        assert cast.count(HistoryRecord, lead_id=lead_id, action="anonymise") == int(is_gone)


def test_a_correction_to_somebody_else_at_the_same_instant(cast: Cast, arena: Arena) -> None:
    """Whoever is another person by now is never taken with the customer who asked to be forgotten."""
    for number in arena.goes_on():
        asked, mistyped = (
            cast.enters(who, ("洪", chr(0x4E00 + number), "1392222")) for who in ("fang", "qiang")
        )
        other = LeadEntry("黄", chr(0x4E00 + number), "139", "4444")

        corrects = call(
            entries.correct_entry, cast.as_("qiang"), lead_id=mistyped, version=1, entry=other, now=NOW
        )
        forgets = call(
            anonymising.anonymise_lead, cast.as_("admin"), lead_id=asked, version=1, reason="是", now=NOW
        )

        corrected, forgot = arena.race([corrects, forgets])

        is_corrected = corrected.answer is not None
        assert forgot.answer.lead_ids == ((asked,) if is_corrected else (asked, mistyped))
        assert corrected.refusal == ("" if is_corrected else "anonymised")
        assert cast.read(mistyped, "surname") == ("黄" if is_corrected else "")
        assert cast.count(LeadKey, lead_id=mistyped) == int(is_corrected)


def test_two_runs_at_the_same_instant(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", ("洪", chr(0x4E00 + number), "1392222"))
        long_ago(cast, lead_id)

        outcomes = arena.race([call(anonymising.anonymise_old_leads, NOW)] * 2)

        assert sum(outcome.answer for outcome in outcomes) == 1
        assert is_whole_or_gone(cast, lead_id)
        assert cast.count(HistoryRecord, lead_id=lead_id, action="anonymise") == 1


def test_an_objection_at_the_same_instant(cast: Cast, arena: Arena) -> None:
    """An open collision keeps its customer: never is one open about somebody who is gone."""
    for number in arena.goes_on():
        cast.change("hong", name=f"洪{chr(0x4E00 + number)}")
        lead_id = cast.enters("fang", ("洪", chr(0x4E00 + number), HONG[2]), reports=True)
        long_ago(cast, lead_id)
        at = NOW + timedelta(days=number)

        objected, _forgot = arena.race(
            [
                call(visitors.object_to_reports, cast.as_("hong"), words="没有委托", now=at),
                call(anonymising.anonymise_old_leads, NOW),
            ]
        )

        is_gone = is_whole_or_gone(cast, lead_id)
        assert objected.refusal == ("no_broker_reported" if is_gone else "")
        assert cast.count(Collision, challenging_lead_id=lead_id) == int(not is_gone)


def new_visitor(cast: Cast, number: int, at: datetime) -> int:
    with cast.app.app_context():
        visitor = Account(
            role="visitor", approval="not_needed", name="洪七", phone=f"139{number:08}", created_at=at,
            profile_completed_at=at, code_token=f"code-of-visitor-{number:06}", short_code=f"33{number:08}",
        )  # fmt: skip
        db.session.add(visitor)
        db.session.commit()
        cast.ids["visitor"] = visitor.id
        return visitor.id


def test_a_walk_in_at_the_same_instant(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        account_id = new_visitor(cast, number, months_before(NOW, 37))
        code = cast.account("visitor", "code_token")

        came, forgot = arena.race(
            [
                call(
                    walk_ins.log_walk_in, cast.as_("feng"), code=code, consultant_id=cast.ids["xin"],
                    another_visit=True, now=NOW,
                ),
                call(anonymising.anonymise_old_visitors, NOW),
            ]
        )  # fmt: skip

        is_gone = cast.account("visitor", "anonymised_at") is not None
        assert (came.refusal, forgot.answer) == (("code_unknown", 1) if is_gone else ("", 0))
        assert cast.account("visitor", "name") == ("" if is_gone else "洪七")
        assert cast.count(WalkIn, visitor_id=account_id) == int(not is_gone)
