"""Evidence about a customer: complete, as the database has it, on record, and the same for a repeat (B1)."""

import hashlib
import json
from datetime import timedelta

import pytest

from lead_system.clock import now
from lead_system.domain.chain import canonical, linked
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.evidence_file import PAPER, unpack
from lead_system.extensions import db
from lead_system.models import HistoryRecord
from lead_system.services.anonymising import anonymise_lead
from lead_system.services.checkpoints import make_checkpoint
from lead_system.services.evidence import sealed
from lead_system.services.evidence_check import Change, Difference, check_evidence
from lead_system.services.signing import Signed, is_genuine, is_ours
from tests.support.cast import HONG, Cast
from tests.support.databases import both_databases
from tests.support.evidence import checked_here, dispute, said_in, secret_of, take_evidence
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written
from tests.support.tampering import rewrite

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]


def test_evidence_holds_every_chain_of_both_brokers_and_is_genuine(cast: Cast) -> None:
    fangs, qiangs = dispute(cast)
    collision = cast.collision_of(fangs, qiangs)

    file = take_evidence(cast, qiangs)

    check = checked_here(cast, file)
    assert check.is_genuine
    assert check.about is not None
    assert (check.about.lead, check.about.leads, check.about.made_by) == (qiangs, (fangs, qiangs), "秦越")
    chains = [f"lead:{fangs}", f"lead:{qiangs}", f"collision:{collision}"]
    assert [one["chain"] for one in said_in(file)["chains"]] == chains


def test_records_are_those_of_the_database_and_link_by_the_documented_arithmetic(cast: Cast) -> None:
    fangs, _qiangs = dispute(cast)

    records = said_in(take_evidence(cast, fangs))["chains"][0]["records"]

    with cast.app.app_context():
        kept = db.session.scalars(
            db.select(HistoryRecord).filter_by(chain=f"lead:{fangs}").order_by("position")
        )
        assert [(one["id"], one["hash"]) for one in records] == [(row.id, row.hash) for row in kept]
    before = ""
    for one in records:
        before = linked(before, hashlib.sha256(canonical(one["said"])).hexdigest())
        assert one["hash"] == before
    assert [one["said"]["action"] for one in records] == [
        "enter_lead", "report_lead", "bind_by_scan", "record_viewing", "make_evidence",
    ]  # fmt: skip


def test_who_took_evidence_is_on_record_on_the_lead_that_was_asked_about(cast: Cast) -> None:
    fangs, qiangs = dispute(cast)

    take_evidence(cast, qiangs, "admin")

    assert cast.history(f"lead:{qiangs}")[-1] == ("make_evidence", cast.ids["admin"], {}, None)
    assert "make_evidence" not in [action for action, *_ in cast.history(f"lead:{fangs}")]


def test_a_repeat_gets_the_same_file_whatever_happened_meanwhile(cast: Cast, clock: StoppedClock) -> None:
    fangs, _qiangs = dispute(cast)
    director = cast.as_("director")
    first = take_evidence(cast, fangs, caller=director)
    clock.forward(timedelta(days=3))
    cast.extends("director", fangs, 7)

    again = take_evidence(cast, fangs, caller=director)

    assert again == first
    assert [action for action, *_ in cast.history(f"lead:{fangs}")].count("make_evidence") == 1
    assert take_evidence(cast, fangs) != first


def test_evidence_says_who_held_when_and_every_step(cast: Cast, clock: StoppedClock) -> None:
    fangs, qiangs = dispute(cast)
    clock.forward(timedelta(days=31))

    said = said_in(take_evidence(cast, fangs))

    (period,) = said["periods"]
    assert (period["lead"], period["begins"], period["ends"], period["ended_by"]) == (
        fangs, "2026-03-02T02:00:00.000000Z", "2026-04-01T02:00:00.000000Z", "expiry",
    )  # fmt: skip
    steps = [(one["kind"], one["lead"]) for one in said["steps"]]
    assert ("bound", fangs) in steps
    assert ("turned_away", qiangs) in steps
    assert ("expired", fangs) in steps
    assert said["names"]["people"][str(cast.ids["qiang"])] == "李强"


def test_an_anonymised_customer_has_evidence_without_the_person(cast: Cast) -> None:
    fangs = cast.enters("fang", needs="一楼临街")
    with cast.app.app_context():
        anonymise_lead(cast.as_("admin"), lead_id=fangs, version=1, reason="本人要求", now=now())

    file = take_evidence(cast, fangs)

    check = checked_here(cast, file)
    assert check.is_genuine
    assert check.anonymised == 1
    assert "欧阳" not in json.dumps(said_in(file), ensure_ascii=False)
    assert said_in(file)["leads"][0]["phones"] == []


def test_a_walk_in_stands_alone_without_the_visitors_chain_or_number(cast: Cast) -> None:
    cast.walks_in("hong")
    lead_id = cast.enters("fang", HONG)

    file = take_evidence(cast, lead_id)

    check = checked_here(cast, file)
    said = said_in(file)
    (single,) = said["single_records"]
    assert check.is_genuine
    assert single["said"]["action"] == "log_walk_in"
    assert "payload" not in single
    assert "13911112222" not in json.dumps(said)


def test_a_single_record_that_was_changed_is_named(cast: Cast) -> None:
    cast.walks_in("hong")
    file = take_evidence(cast, cast.enters("fang", HONG))
    said = said_in(file)
    single = said["single_records"][0]
    single["said"]["actor"] = cast.ids["lu"]

    again = sealed(said, b"", secret_of(cast))

    assert (
        Difference(Change.RECORD_CHANGED, f"account:{cast.ids['hong']}", single["position"], single["id"])
        in checked_here(cast, again).differences
    )


def test_evidence_of_records_that_were_changed_in_the_database_names_them(cast: Cast) -> None:
    fangs, _qiangs = dispute(cast)
    rewrite(cast.app, "UPDATE history SET actor_role = 'admin' WHERE action = 'bind_by_scan'")

    check = checked_here(cast, take_evidence(cast, fangs))

    assert check.was_damaged_before
    assert [(one.change, one.where, one.position) for one in check.differences] == [
        (Change.RECORD_CHANGED, f"lead:{fangs}", 3)
    ]


def test_the_newest_checkpoint_comes_along_with_its_own_signature(cast: Cast) -> None:
    fangs, _qiangs = dispute(cast)
    with cast.app.app_context():
        make_checkpoint(secret_of(cast), now=now())

    file = take_evidence(cast, fangs)

    kept = said_in(file)["checkpoint"]
    assert kept["number"] == 1
    assert is_genuine(Signed(kept["statement"], kept["signature"], kept["public_key"]))
    assert checked_here(cast, file).is_genuine


def test_evidence_stays_ours_when_the_secret_is_changed(cast: Cast) -> None:
    fangs, _qiangs = dispute(cast)
    file = take_evidence(cast, fangs)

    with cast.app.app_context():
        check = check_evidence(file, lambda key: is_ours(key, "another secret key, 32 characters long"))

    assert check.is_genuine


@pytest.mark.parametrize("who", ["fang", "feng", "xin", "secretary"])
def test_nobody_but_directors_and_admins_takes_evidence(cast: Cast, who: str) -> None:
    fangs = cast.enters("fang")

    with nothing_written(cast.app), pytest.raises(Refused) as refused:
        take_evidence(cast, fangs, who)

    assert refused.value.code is RefusalCode.FORBIDDEN


def test_evidence_about_a_lead_that_does_not_exist_is_refused(cast: Cast) -> None:
    with nothing_written(cast.app), pytest.raises(Refused) as refused:
        take_evidence(cast, 999_999)

    assert refused.value.code is RefusalCode.NOT_FOUND


def test_the_paper_brings_its_font_and_is_the_same_for_the_same_evidence(cast: Cast) -> None:
    fangs, _qiangs = dispute(cast)

    paper = unpack(take_evidence(cast, fangs))[PAPER]

    assert paper.startswith(b"%PDF-")
    assert b"NotoSansSC" in paper
    assert len(paper) < 200_000
