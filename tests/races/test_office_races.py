"""The back office under fire: two people at one fee, one binding, one collision, a dozen real races each."""

from datetime import timedelta
from typing import Any

import pytest

from lead_system.domain.imports import ImportKind, SheetRow
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Binding,
    Brokerage,
    Collision,
    CollisionEvent,
    Fee,
    HistoryRecord,
    Hold,
    Rebind,
)
from lead_system.services import bindings, collision_handling, fees, imports, leads
from lead_system.services.leads import Wishes
from tests.races.arena import Arena, Call, call
from tests.races.test_races import customer, holders, move, outcome_words, scan
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]
LAST_SECOND = timedelta(days=30, seconds=-1)


def extend(cast: Cast, who: str, lead_id: int, *, later: timedelta = timedelta(0)) -> Call:
    return call(
        bindings.extend_binding,
        cast.as_(who),
        lead_id=lead_id,
        version=cast.read(lead_id, "version"),
        days=7,
        reason="出差",
        now=NOW + later,
    )


def end_of(cast: Cast, lead_id: int) -> tuple[int, int]:
    """Return how many days after now a lead's binding ends, and how many of its holds end then."""
    end = cast.read(lead_id, "protect_until")
    with cast.app.app_context():
        binding = db.session.query(Binding).filter_by(lead_id=lead_id, ended_at=None).one()
        assert binding.ends_at == end
    return (end - NOW).days, cast.count(Hold, lead_id=lead_id, ends_at=end)


def test_two_secretaries_void_one_fee(cast: Cast, arena: Arena) -> None:
    cast.change("ming", role="secretary")
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    for _number in arena.goes_on():
        fee_id = cast.pays("secretary", lead_id, "200.00")
        void = {"fee_id": fee_id, "now": NOW}

        outcomes = arena.race(
            [
                call(fees.void_fee, cast.as_("secretary"), reason="重复支付", **void),
                call(fees.void_fee, cast.as_("ming"), reason="付错了", **void),
            ]
        )

        assert outcome_words(outcomes) == {"done": 1, "fee_already_voided": 1}
        is_first = outcomes[0].answer is not None
        assert {o.facts["name"] for o in outcomes if o.refusal} == {"苏文" if is_first else "陆明哲"}
        assert cast.count(Fee, id=fee_id, void_reason="重复支付" if is_first else "付错了") == 1
        assert cast.count(HistoryRecord, action="void_fee") == cast.count(Fee)


def test_two_directors_extend_one_binding(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), f"139{number:04d}", reports=True)
        cast.scans("feng", lead_id)

        outcomes = arena.race([extend(cast, who, lead_id) for who in ("director", "admin")])

        assert outcome_words(outcomes) == {"done": 1, "stale": 1}
        assert end_of(cast, lead_id) == (37, 2)
        assert cast.count(HistoryRecord, lead_id=lead_id, action="extend_binding") == 1


def test_extension_at_the_last_second_against_a_takeover_at_the_end(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        old, new = (cast.enters(who, customer(number), reports=True) for who in ("fang", "qiang"))
        cast.scans("feng", old)
        extension = extend(cast, "director", old, later=LAST_SECOND)

        outcomes = arena.race([extension, scan(cast, "feng", new, later=timedelta(days=30))])

        words = outcome_words(outcomes)
        assert words in ({"done": 1, "held": 1}, {"stale": 1, "bound": 1})
        assert holders(cast, number) == ({old} if words["done"] else {new})
        assert cast.count(Binding, lead_id=old, ends_at=NOW + timedelta(days=37)) == words["done"]


def test_extension_against_a_rebind(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        cast.scans("feng", lead_id)

        outcomes = arena.race([extend(cast, "director", lead_id), move(cast, lead_id, "qiang")])

        assert outcome_words(outcomes) == {"done": 1, "stale": 1}
        is_extended = outcomes[0].answer is not None
        assert cast.count(Rebind, from_lead_id=lead_id) == int(not is_extended)
        [holder] = holders(cast, number)
        assert (holder == lead_id) is is_extended
        assert end_of(cast, holder) == (37 if is_extended else 30, 1)


def test_reopening_against_the_challengers_next_report_leaves_one_open_row(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        held = cast.enters("qiang", customer(number), reports=True)
        cast.scans("feng", held)
        wanted = cast.enters("fang", customer(number))
        row = cast.collision_of(held, wanted)
        cast.handles("director", row)
        reopening = {"collision_id": row, "seen": cast.handled_at(row), "reason": "处理有误", "now": NOW}
        report = {"lead_id": wanted, "wishes": Wishes(), "now": NOW}

        reopened, reported = arena.race(
            [
                call(collision_handling.reopen_collision, cast.as_("director"), **reopening),
                call(leads.report_lead, cast.as_("fang"), **report),
            ]
        )

        assert (reopened.refusal, reported.refusal) in (("", ""), ("newer_collision_open", ""))
        newest = cast.collision_of(held, wanted)
        assert (newest == row) is (reopened.refusal == "")
        assert cast.count(Collision, holding_lead_id=held, state="open") == 1
        assert cast.count(CollisionEvent, collision_id=newest, kind="reported") == 1


def rows_of(number: int, kind: ImportKind) -> list[SheetRow]:
    """Return a file of three rows that no other round has."""
    names = [f"{number}-{row}" for row in range(3)]
    if kind is ImportKind.BROKERAGES:
        cells = [{"name": f"房产 {name}", "contact": "", "phone": "", "address": ""} for name in names]
    else:
        cells = [
            {"employee_number": f"C-{name}", "name": "林青", "phone": "13712340001", "login": f"lin-{name}"}
            for name in names
        ]
    return [SheetRow(line, row) for line, row in enumerate(cells, 2)]


@pytest.mark.parametrize(("kind", "model"), [("brokerages", Brokerage), ("consultants", Account)])
def test_one_file_imported_by_two_at_once_makes_one_set_of_rows(
    cast: Cast, arena: Arena, kind: str, model: Any
) -> None:
    cast.change("ming", role="admin")
    before = cast.count(model)
    for number in arena.goes_on():
        calls = []
        for who in ("admin", "ming"):
            with cast.app.app_context():
                read = imports.read_import(
                    cast.as_(who),
                    kind=ImportKind(kind),
                    file_name="people.xlsx",
                    rows=rows_of(number, ImportKind(kind)),
                    now=NOW,
                )
            wanted = {"import_id": read.import_id, "good_only": False, "now": NOW}
            calls.append(call(imports.carry_out_import, cast.as_(who), **wanted))

        outcomes = arena.race(calls)

        assert sorted(o.refusal for o in outcomes) == ["", "import_rows_bad"]
        assert [o.facts["rows"] for o in outcomes if o.refusal] == [3]
        assert cast.count(model) == before + 3 * (number + 1)
        assert cast.count(HistoryRecord, action="import_rows") == number + 1


def test_one_import_carried_out_twice_at_once_is_made_once(cast: Cast, arena: Arena) -> None:
    before = cast.count(Brokerage)
    for number in arena.goes_on():
        with cast.app.app_context():
            read = imports.read_import(
                cast.as_("admin"),
                kind=ImportKind.BROKERAGES,
                file_name="people.xlsx",
                rows=rows_of(number, ImportKind.BROKERAGES),
                now=NOW,
            )
        wanted = {"import_id": read.import_id, "good_only": True, "now": NOW}

        outcomes = arena.race([call(imports.carry_out_import, cast.as_("admin"), **wanted) for _ in "ab"])

        assert sorted(o.refusal for o in outcomes) == ["", "import_done_before"]
        assert cast.count(Brokerage) == before + 3 * (number + 1)
