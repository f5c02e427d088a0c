"""自然用户: their code, walk-ins at the gate, "walk-in first" (R7), and what they may object to."""

from datetime import timedelta

import pytest

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Account, Collision, WalkIn
from lead_system.services import visitors, walk_ins
from lead_system.services.transaction import Caller
from tests.support.cast import HONG, OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]


def collisions_of_kind(cast: Cast, kind: str) -> list[tuple[int | None, int, str, list[str]]]:
    """Return the collisions of a kind: visitor, challenging lead, state, and what happened."""
    with cast.app.app_context():
        rows = db.session.scalars(db.select(Collision).filter_by(kind=kind).order_by(Collision.id))
        return [
            (row.visitor_id, row.challenging_lead_id, row.state.value, [e.kind.value for e in row.events])
            for row in rows
        ]


def walk_in_first(cast: Cast) -> list[tuple[int, str, list[str]]]:
    return [found[1:] for found in collisions_of_kind(cast, "walk_in_first")]


def handle_all(cast: Cast) -> None:
    with cast.app.app_context():
        ids = list(db.session.scalars(db.select(Collision.id).filter_by(state="open")))
    cast.handles("director", *ids)


def log(cast: Cast, code: str, consultant: int | None, *, another: bool = False) -> int:
    with cast.app.app_context():
        return walk_ins.log_walk_in(
            cast.as_("feng"), code=code, consultant_id=consultant, another_visit=another, now=now()
        ).walk_in_id


def become_visitor(cast: Cast, who: str, name: str) -> None:
    with cast.app.app_context():
        visitors.become_visitor(cast.as_(who), name=name, now=now())


def test_somebody_new_becomes_a_visitor_with_a_code(cast: Cast) -> None:
    account_id = cast.arrives("new")

    become_visitor(cast, "new", " 黄 药师 ")

    assert (cast.account("new", "role").value, cast.account("new", "name")) == ("visitor", "黄 药师")
    assert len(cast.account("new", "code_token")) == 24
    assert len(cast.account("new", "short_code")) == 10
    changes = {"role": ["broker", "visitor"]}
    assert cast.history(f"account:{account_id}") == [
        ("become_visitor", account_id, changes, {"name": ["", "黄 药师"]})
    ]


@pytest.mark.parametrize("who", ["fang", "wei", "hong"])
def test_whoever_has_a_profile_becomes_no_visitor(cast: Cast, who: str) -> None:
    with nothing_written(cast.app), refused("profile_already_complete"):
        become_visitor(cast, who, "王芳")


@pytest.mark.parametrize(("name", "code"), [(" ", "name_missing"), ("黄药师1", "name_not_letters")])
def test_a_visitors_name_is_checked_like_any(cast: Cast, name: str, code: str) -> None:
    cast.arrives("new")

    with nothing_written(cast.app), refused(code, field="name"):
        become_visitor(cast, "new", name)


def test_the_gate_logs_a_walk_in_with_name_and_digits_as_they_are(cast: Cast) -> None:
    walk_in_id = cast.walks_in("hong", "ming", at="lu")

    with cast.app.app_context():
        row = db.session.get_one(WalkIn, walk_in_id)
        assert (row.visitor_id, row.gate_id, row.consultant_id) == (
            cast.ids["hong"], cast.ids["lu"], cast.ids["ming"],
        )  # fmt: skip
        assert (row.name, row.name_key, row.phone, row.came_at) == ("洪七", "洪七", "1392222", now())
    assert cast.history(f"account:{cast.ids['hong']}") == [
        (
            "log_walk_in",
            cast.ids["lu"],
            {"walk_in": walk_in_id, "consultant": cast.ids["ming"]},
            {"name": "洪七", "phone": "1392222"},
        )
    ]


def test_a_visitors_code_is_read_however_it_is_given(cast: Cast) -> None:
    token, short = cast.account("hong", "code_token"), cast.account("hong", "short_code")

    for code in (token, f"https://leads.example/m/v/{token}", "111 111 1116"):
        log(cast, code, cast.ids["xin"], another=True)

    assert short == "1111111116"
    assert cast.count(WalkIn, visitor_id=cast.ids["hong"]) == 3


def test_no_code_but_a_visitors_is_logged(cast: Cast) -> None:
    lead_id = cast.enters("fang", reports=True)
    token = cast.account("hong", "code_token")

    for code in (cast.code_of(lead_id), "111 111 1117", "", "x" * 24):
        with nothing_written(cast.app), refused("code_unknown"):
            log(cast, code, cast.ids["xin"])
    cast.archives("hong")
    with nothing_written(cast.app), refused("code_unknown"):
        log(cast, token, cast.ids["xin"])


def test_a_walk_in_needs_a_consultant_who_can_be_chosen(cast: Cast) -> None:
    token = cast.account("hong", "code_token")
    cast.archives("ming")

    with nothing_written(cast.app), refused("consultant_missing", field="consultant_id"):
        log(cast, token, None)
    for nobody in (cast.ids["ming"], cast.ids["fang"], 999_999):
        with nothing_written(cast.app), refused("consultant_not_offered", field="consultant_id"):
            log(cast, token, nobody)


@pytest.mark.parametrize(
    ("seconds", "question"),
    [(0, "another_visit_unconfirmed"), (59, "another_visit_unconfirmed"), (60, "")],
)
def test_a_second_walk_in_within_the_minute_is_asked_about(
    cast: Cast, clock: StoppedClock, seconds: int, question: str
) -> None:
    token, xin = cast.account("hong", "code_token"), cast.ids["xin"]
    log(cast, token, xin)
    clock.forward(timedelta(seconds=seconds))

    if question:
        with nothing_written(cast.app), refused(question):
            log(cast, token, xin)
        log(cast, token, xin, another=True)
    else:
        log(cast, token, xin)

    assert cast.count(WalkIn) == 2


def test_the_same_request_logs_once(cast: Cast) -> None:
    arguments = {"code": cast.account("hong", "code_token"), "consultant_id": cast.ids["xin"]}
    with cast.app.app_context():
        caller = cast.as_("feng", "the-same-request")
        first = walk_ins.log_walk_in(caller, **arguments, another_visit=False, now=now())
        again = walk_ins.log_walk_in(caller, **arguments, another_visit=False, now=now())

    assert first == again
    assert cast.count(WalkIn) == 1


@pytest.mark.parametrize("who", ["fang", "xin", "director", "hong"])
def test_only_gate_staff_log_walk_ins(cast: Cast, who: str) -> None:
    code = cast.account("hong", "code_token")

    with cast.app.app_context(), nothing_written(cast.app), refused("forbidden"):
        walk_ins.log_walk_in(
            cast.as_(who), code=code, consultant_id=cast.ids["xin"], another_visit=False, now=now()
        )


@pytest.mark.parametrize(
    ("customer", "second_phone", "rows"),
    [
        pytest.param(HONG, "", 1, id="named as he is"),
        pytest.param(("洪 ", "七", "1392222"), "", 1, id="spaces do not count"),
        pytest.param(("洪七", "先生", "1392222"), "", 0, id="another name"),
        pytest.param(("洪", "七", "1392223"), "", 0, id="other digits"),
        pytest.param(("洪", "七", "1381111"), "1392222", 1, id="his digits as the second phone"),
        pytest.param(("洪", "七", "1381111"), "1393333", 0, id="neither phone"),
        pytest.param(OUYANG, "1392222", 0, id="his digits under another name"),
    ],
)
def test_a_lead_that_names_a_walk_in_collides(
    cast: Cast, customer: tuple[str, str, str], second_phone: str, rows: int
) -> None:
    cast.walks_in("hong")

    lead_id = cast.enters("fang", customer, second_phone)

    hong = cast.ids["hong"]
    expected = [(hong, lead_id, "open", ["entered"])] * rows
    assert collisions_of_kind(cast, "walk_in_first") == expected
    assert cast.count(Collision) == rows


def test_a_lead_from_before_the_walk_in_does_not_collide(cast: Cast) -> None:
    lead_id = cast.enters("fang", HONG)

    cast.walks_in("hong")
    cast.reports("fang", lead_id)
    cast.scans("feng", lead_id)

    assert cast.count(Collision) == 0


def test_each_new_lead_collides_by_itself_and_twice_walked_in_is_once(
    cast: Cast, clock: StoppedClock
) -> None:
    cast.walks_in("hong")
    clock.forward(timedelta(days=1))
    cast.walks_in("hong")

    fangs, qiangs = cast.enters("fang", HONG), cast.enters("qiang", HONG, reports=True)

    assert walk_in_first(cast) == [
        (fangs, "open", ["entered"]), (qiangs, "open", ["entered", "reported"]),
    ]  # fmt: skip


def test_later_steps_join_the_open_row_and_a_scan_binds_all_the_same(cast: Cast) -> None:
    cast.walks_in("hong")
    lead_id = cast.enters("fang", HONG)

    cast.reports("fang", lead_id)
    cast.scans("feng", lead_id)

    assert walk_in_first(cast) == [(lead_id, "open", ["entered", "reported", "hold_taken_by_scan"])]
    assert cast.status(lead_id) == "bound"


def test_a_handled_walk_in_first_stays_handled(cast: Cast) -> None:
    cast.walks_in("hong")
    lead_id = cast.enters("fang", HONG)
    handle_all(cast)

    cast.reports("fang", lead_id)
    cast.scans("feng", lead_id)
    cast.reports("fang", lead_id)

    assert walk_in_first(cast) == [(lead_id, "handled", ["entered", "handled"])]


def test_an_entry_corrected_to_a_walk_in_collides_and_is_told_of_each_correction_once(cast: Cast) -> None:
    cast.walks_in("hong")
    lead_id = cast.enters("fang", ("洪", "八", "1392222"))
    assert walk_in_first(cast) == []

    cast.corrects("fang", lead_id, HONG)
    assert walk_in_first(cast) == [(lead_id, "open", ["corrected"])]
    cast.corrects("fang", lead_id, ("洪", "九", "1392222"))
    assert walk_in_first(cast) == [(lead_id, "open", ["corrected", "corrected"])]
    cast.corrects("fang", lead_id, HONG, "1393333")
    cast.withdraws("fang", lead_id)

    assert walk_in_first(cast) == [
        (lead_id, "open", ["corrected", "corrected", "corrected", "withdrawn"])
    ]  # fmt: skip


def test_an_entry_that_named_him_before_the_walk_in_is_corrected_without_a_collision(cast: Cast) -> None:
    lead_id = cast.enters("fang", HONG)
    cast.walks_in("hong")

    cast.corrects("fang", lead_id, HONG, "1393333")
    assert walk_in_first(cast) == []
    cast.corrects("fang", lead_id, ("洪", "八", "1392222"))
    cast.corrects("fang", lead_id, HONG)

    assert walk_in_first(cast) == [(lead_id, "open", ["corrected"])]


def test_a_walk_in_counts_by_the_name_of_that_day(cast: Cast) -> None:
    cast.walks_in("hong")
    cast.change("hong", name="洪安通")

    cast.enters("fang", ("洪", "安通", "1392222"))
    named_then = cast.enters("qiang", HONG)

    assert [row[0] for row in walk_in_first(cast)] == [named_then]


def test_a_name_can_be_corrected_until_the_gate_has_logged_it(cast: Cast) -> None:
    def rename(name: str) -> None:
        with cast.app.app_context():
            visitors.rename_visitor(cast.as_("hong"), name=name, now=now())

    rename("洪七公")
    assert cast.account("hong", "name") == "洪七公"
    cast.walks_in("hong")

    with nothing_written(cast.app), refused("visitor_name_fixed", field="name"):
        rename("洪安通")


def test_a_visitor_who_is_a_broker_after_all_loses_the_code(cast: Cast) -> None:
    token = cast.account("hong", "code_token")

    with cast.app.app_context():
        visitors.become_broker(cast.as_("hong"), now=now())

    assert cast.account("hong", "role").value == "broker"
    assert not cast.account("hong", "profile_completed_at")
    with refused("code_unknown"):
        log(cast, token, cast.ids["xin"])
    assert [entry[0] for entry in cast.history(f"account:{cast.ids['hong']}")] == ["become_broker"]


def test_an_objection_collides_with_every_report_and_with_nothing_else(cast: Cast) -> None:
    cast.enters("wei", HONG)
    fangs, qiangs = cast.enters("fang", HONG, reports=True), cast.enters("qiang", HONG, reports=True)
    cast.enters("qiang", ("洪", "七", "1392223"), reports=True)

    assert cast.objects("hong", "我不认识他们") == 2

    hong = cast.ids["hong"]
    assert collisions_of_kind(cast, "objection") == [
        (hong, fangs, "open", ["objected"]), (hong, qiangs, "open", ["objected"]),
    ]  # fmt: skip
    with cast.app.app_context():
        assert {e.words for row in db.session.scalars(db.select(Collision)) for e in row.events} == {
            "我不认识他们"
        }


def test_a_further_objection_joins_and_one_after_the_handling_opens_anew(
    cast: Cast, clock: StoppedClock
) -> None:
    lead_id = cast.enters("fang", HONG, reports=True)
    cast.objects("hong")
    clock.forward(timedelta(minutes=1))
    cast.objects("hong", "请尽快核实")
    handle_all(cast)
    clock.forward(timedelta(minutes=1))

    cast.objects("hong", "仍然不同意")

    assert [row[1:] for row in collisions_of_kind(cast, "objection")] == [
        (lead_id, "handled", ["objected", "objected", "handled"]),
        (lead_id, "open", ["objected"]),
    ]


def test_objections_are_counted_by_the_day(cast: Cast, clock: StoppedClock) -> None:
    cast.enters("fang", HONG, reports=True)
    cast.enters("qiang", HONG, reports=True)
    for _ in range(3):
        cast.objects("hong")
        clock.forward(timedelta(minutes=1))

    with nothing_written(cast.app), refused("objected_enough_today"):
        cast.objects("hong")
    clock.forward(timedelta(days=1))

    assert cast.objects("hong") == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [("", "reason_missing"), ("打给我 13911112222", "text_has_full_number"), ("长" * 2001, "text_too_long")],
)
def test_an_objection_says_something_without_a_whole_number(cast: Cast, words: str, code: str) -> None:
    cast.enters("fang", HONG, reports=True)

    with nothing_written(cast.app), refused(code, field="words"):
        cast.objects("hong", words)


def test_without_a_report_there_is_nothing_to_object_to(cast: Cast) -> None:
    cast.enters("fang", HONG)
    cast.enters("fang", OUYANG, reports=True)

    with nothing_written(cast.app), refused("no_broker_reported"):
        cast.objects("hong")


def test_a_short_code_is_drawn_that_neither_a_customer_nor_a_visitor_has(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = cast.read(cast.enters("fang", reports=True), "short_code")
    drawn = iter([taken, "1111111116", "2222222222"])
    monkeypatch.setattr("lead_system.domain.codes.new_short_code", lambda: next(drawn))

    lead_id = cast.enters("qiang", reports=True)

    assert cast.read(lead_id, "short_code") == "2222222222"


def test_the_database_gives_codes_to_visitors_alone(cast: Cast) -> None:
    for who, values in (
        ("fang", {"code_token": "x" * 24, "short_code": "2222222222"}),
        ("hong", {"code_token": None, "short_code": None}),
        ("hong", {"short_code": None}),
    ):
        with pytest.raises(db.exc.IntegrityError, match="visitors_and_only_they_have_a_code"):
            cast.change(who, **values)


def test_one_phone_signs_in_one_account_only(cast: Cast) -> None:
    with cast.app.app_context():
        db.session.add(Account(role="broker", phone="13911112222", approval="not_needed", created_at=now()))
        with pytest.raises(db.exc.IntegrityError):
            db.session.commit()


def test_a_stranger_is_no_visitor(cast: Cast) -> None:
    with cast.app.app_context(), refused("account_closed"):
        visitors.object_to_reports(Caller(None, "a-strangers-id", "session"), words="x", now=now())
