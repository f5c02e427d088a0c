"""R10: every change leaves a record, with the personal values beside it."""

import hashlib
import json
from datetime import timedelta

import pytest

from lead_system.domain.roles import Approval
from lead_system.extensions import db
from lead_system.models import HistoryRecord
from lead_system.services.brokers import approve_resident, reject_resident
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.project import keep_picture

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]


def records(cast: Cast, chain: str) -> list[HistoryRecord]:
    with cast.app.app_context():
        found = db.session.query(HistoryRecord).filter_by(chain=chain).order_by(HistoryRecord.id)
        rows = list(found)
        for row in rows:
            _ = row.payload
        db.session.expunge_all()
        return rows


def test_whole_life_of_a_lead_can_be_read_in_order(cast: Cast, clock: StoppedClock) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    cast.views("xin", lead_id, "A")
    cast.follows_up("xin", lead_id, "再约")
    cast.pays("secretary", lead_id, "100.00")
    cast.deals("director", lead_id, MONDAY_TEN.date())
    cast.undoes_deal("director", lead_id)
    cast.rebinds("admin", lead_id, "qiang")

    assert [(row.action, row.actor_id) for row in records(cast, f"lead:{lead_id}")] == [
        ("enter_lead", cast.ids["fang"]),
        ("report_lead", cast.ids["fang"]),
        ("bind_by_scan", cast.ids["feng"]),
        ("record_viewing", cast.ids["xin"]),
        ("add_follow_up", cast.ids["xin"]),
        ("pay_fee", cast.ids["secretary"]),
        ("mark_dealt", cast.ids["director"]),
        ("undo_deal", cast.ids["director"]),
        ("rebind_away", cast.ids["admin"]),
    ]


def test_record_says_when_and_from_what_to_what(cast: Cast, clock: StoppedClock) -> None:
    lead_id = cast.enters("fang", reports=True)
    later = clock.forward(timedelta(hours=2))
    cast.scans("feng", lead_id)

    bound = records(cast, f"lead:{lead_id}")[-1]

    assert (bound.at, bound.actor_role) == (later, "gate")
    assert bound.changes["status"] == ["reported", "bound"]
    assert bound.changes["consultant"] == cast.ids["xin"]


def test_personal_values_are_in_the_payload_alone_and_the_record_vouches_for_them(cast: Cast) -> None:
    lead_id = cast.enters("fang", needs="一楼临街")

    entered = records(cast, f"lead:{lead_id}")[0]

    assert entered.payload is not None
    assert entered.payload.values["given_name"] == "锋"
    assert "锋" not in json.dumps(entered.changes, ensure_ascii=False)
    text = json.dumps(entered.payload.values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert entered.payload_hash == hashlib.sha256((entered.payload.salt + text).encode()).hexdigest()


def test_changed_wishes_are_recorded_with_the_needs_in_the_payload(cast: Cast) -> None:
    lead_id = cast.enters("fang", needs="一楼")

    cast.reports("fang", lead_id, needs="二楼", customer_type_id=cast.types["住宅"])

    changed = records(cast, f"lead:{lead_id}")[1]
    assert changed.action == "change_wishes"
    assert changed.changes == {"customer_type_id": [None, cast.types["住宅"]]}
    assert changed.payload is not None
    assert changed.payload.values == {"needs": ["一楼", "二楼"]}


def test_collision_has_a_chain_of_its_own(cast: Cast) -> None:
    held = cast.enters("qiang", reports=True)
    cast.scans("feng", held)
    row = cast.collision_of(held, cast.enters("fang"))

    cast.handles("director", row, note="以先绑定为准")

    actions = [(r.action, r.actor_id) for r in records(cast, f"collision:{row}")]
    assert actions == [
        ("collision_entered", cast.ids["fang"]),
        ("collision_handled", cast.ids["director"]),
    ]


def test_rebind_onto_two_matching_leads_records_the_merge_and_the_report_on_behalf(cast: Cast) -> None:
    other = cast.enters("qiang", ("欧阳", "锋", "1394321"))
    target = cast.enters("qiang")
    held = cast.enters("fang", ("欧阳", "锋", "1385678"), "1394321", reports=True)
    cast.scans("feng", held)

    cast.rebinds("director", held, "qiang")

    merged = records(cast, f"lead:{other}")[-1]
    assert (merged.action, merged.actor_id) == ("merge_lead", cast.ids["director"])
    assert merged.changes == {"merged_into": [None, target], "status": "entered"}
    reported = records(cast, f"lead:{target}")[-2]
    assert (reported.action, reported.actor_id) == ("report_on_behalf", cast.ids["director"])
    assert reported.changes["status"] == ["entered", "reported"]


def test_picture_that_was_kept_is_recorded_once(cast: Cast) -> None:
    digest = keep_picture(cast)
    keep_picture(cast)

    kept = records(cast, "illustration:1")

    assert [(row.action, row.actor_id, row.changes) for row in kept] == [
        ("keep_illustration", cast.ids["admin"], {"digest": [None, digest]})
    ]


@pytest.mark.parametrize(
    ("approves", "after", "payload"), [(True, "approved", None), (False, "rejected", {"reason": "资料不全"})]
)
def test_decision_about_a_resident_is_recorded(
    cast: Cast, *, approves: bool, after: str, payload: dict[str, str] | None
) -> None:
    cast.change("wei", approval=Approval.PENDING)
    known = {"account_id": cast.ids["wei"], "version": cast.account("wei", "version"), "now": MONDAY_TEN}

    with cast.app.app_context():
        if approves:
            approve_resident(cast.as_("director"), **known)
        else:
            reject_resident(cast.as_("director"), reason="资料不全", **known)

    [decided] = records(cast, f"account:{cast.ids['wei']}")
    assert (decided.action, decided.actor_id) == ("decide_resident", cast.ids["director"])
    assert decided.changes == {"approval": ["pending", after]}
    assert (decided.payload.values if decided.payload else None) == payload
