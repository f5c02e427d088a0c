"""Some kills on each database, and that the trial notices what it is there to notice."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.support.databases import write_over
from tests.support.tampering import GUARDS
from tests.trials.centre import Centre, opened
from tests.trials.crash.__main__ import is_kept
from tests.trials.crash.journal import Action, Journal
from tests.trials.crash.load import Load
from tests.trials.crash.proof import half_written
from tests.trials.crash.trial import Outcome, compare, crash, judge
from tests.trials.people import Answer

KILLS = {"sqlite": 2, "postgresql": 3}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_what_was_acknowledged_before_a_kill_is_there_once(kind: str) -> None:
    outcome = crash(kind, kills=KILLS[kind], seed="short", say=lambda _line: None, threads=4)

    assert (outcome.lost, outcome.doubled, outcome.broken) == ([], [], [])
    assert outcome.kills == KILLS[kind]
    assert outcome.inflight >= 1
    assert outcome.acknowledged >= 5


@pytest.fixture(scope="module")
def lived() -> Iterator[tuple[Centre, Journal, Load]]:
    """Give a centre in which one customer was entered, scanned and paid for."""
    with opened("sqlite", workers=1) as centre:
        journal = Journal()
        load = Load(centre, journal, threads=0, seed="fed")
        named: dict[str, object] = {
            "surname": "试",
            "given_name": "安",
            "phone1_head": "139",
            "phone1_tail": "0001",
        }
        entered = Action("enter", "fang", "/m/customers/enter", 0, named | {"then_report": "1"})
        lead_id = load.act(entered).number
        code = load.eye.lead(lead_id, "code_token")
        chosen = {"code": code, "consultant_id": centre.cast.ids["xin"], "another_visit": ""}
        load.act(Action("scan", "feng", "/m/gate/confirm", lead_id, chosen))
        yield centre, journal, load


@contextmanager
def tampered(centre: Centre, statement: str) -> Iterator[None]:
    """Change the database behind everybody's back, and put it back as it was."""
    file, before = centre.database.folder / "leads.sqlite3", centre.database.folder / "before.sqlite3"
    before.unlink(missing_ok=True)
    write_over(before, file)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for guard, _sql in connection.execute(GUARDS).fetchall():
            connection.execute(f"DROP TRIGGER {guard}")
        connection.executescript(statement)
    yield
    write_over(file, before)


def test_untouched_story_is_found_whole(lived: tuple[Centre, Journal, Load]) -> None:
    outcome = judge(*lived, lambda _line: None)

    assert str(outcome) == "crash: kills=0 inflight=0 acknowledged=2 lost=0 doubled=0"
    assert outcome.broken == []


@pytest.mark.parametrize(
    "lost",
    [
        "DELETE FROM history WHERE action = 'report_lead'",
        "DELETE FROM gate_scans",
        "DELETE FROM reports",
        "UPDATE leads SET broker_id = broker_id + 1",
        "DELETE FROM handled_requests WHERE action = 'confirm_scan'",
    ],
)
def test_lost_action_is_noticed(lived: tuple[Centre, Journal, Load], lost: str) -> None:
    centre, journal, _ = lived

    with tampered(centre, lost):
        missing, _surplus = compare(centre, journal.acknowledged)

    assert missing.total() == 1


DOUBLED_REPORT = """
    INSERT INTO reports (lead_id, account_id, reported_at, on_behalf)
    SELECT lead_id, account_id, reported_at, on_behalf FROM reports"""
DOUBLED_RECORD = """
    INSERT INTO history (chain, position, lead_id, actor_role, action, at, changes, hash)
    SELECT chain, position + 1, lead_id, actor_role, action, at, changes, hash
    FROM history WHERE action = 'bind_by_scan'"""


@pytest.mark.parametrize(
    ("doubled", "fact"),
    [(DOUBLED_REPORT, ("report", "1")), (DOUBLED_RECORD, ("record", "lead:1", "bind_by_scan"))],
)
def test_doubled_action_is_noticed(
    lived: tuple[Centre, Journal, Load], doubled: str, fact: tuple[str, ...]
) -> None:
    centre, journal, _ = lived

    with tampered(centre, doubled):
        missing, surplus = compare(centre, journal.acknowledged)

    assert (dict(missing), dict(surplus)) == ({}, {fact: 1})


@pytest.mark.parametrize(
    ("half", "noticed"),
    [
        (
            "DELETE FROM holds",
            "Every customer that is bound or dealt holds all of its keys, until its own end.",
        ),
        (
            "UPDATE holds SET ends_at = NULL",
            "Nobody holds a key but customers that are bound or dealt, and they no other than their own.",
        ),
        (
            "UPDATE bindings SET ended_at = bound_at",
            "A bound customer has an open binding that began and ends",
        ),
        (
            "DELETE FROM binding_keys",
            "Every binding says which keys it held, until the customer is anonymised.",
        ),
        ("DELETE FROM lead_keys", "A listed customer has exactly the keys of its name and phones"),
        (
            "UPDATE bindings SET scan_id = scan_id + 1",
            "The first confirmed scan of a reported customer binds it",
        ),
        ("DELETE FROM history_payloads", "A record that vouches for personal values has them"),
        (
            "UPDATE handled_requests SET answer = NULL",
            "Every request that was acknowledged has its answer kept.",
        ),
        ("UPDATE gate_scans SET gate_id = 999", "foreign_key_check fails"),
    ],
)
def test_half_written_row_is_noticed(lived: tuple[Centre, Journal, Load], half: str, noticed: str) -> None:
    centre, _, _ = lived

    with tampered(centre, half):
        found = half_written(centre)

    assert any(noticed in finding for finding in found), found
    assert half_written(centre) == []


def test_repeat_that_is_answered_otherwise_is_noticed(lived: tuple[Centre, Journal, Load]) -> None:
    centre, journal, load = lived
    (entered, _) = journal.acknowledged
    true = entered.answer
    entered.answer = Answer(302, "/m/customers/77", "", 0, 0)

    outcome = judge(centre, journal, load, lambda _line: None)
    entered.answer = true

    assert any("when repeated" in finding for finding in outcome.broken)
    assert outcome.lost


@pytest.mark.parametrize(
    ("outcome", "is_good"),
    [
        (Outcome(kills=100, inflight=50, acknowledged=1), True),
        (Outcome(kills=99, inflight=99, acknowledged=1), False),
        (Outcome(kills=100, inflight=49, acknowledged=1), False),
        (Outcome(kills=100, inflight=50), False),
        (Outcome(kills=100, inflight=50, acknowledged=1, lost=[("pay", "1")]), False),
        (Outcome(kills=100, inflight=50, acknowledged=1, doubled=[("pay", "1")]), False),
        (Outcome(kills=100, inflight=50, acknowledged=1, broken=["500 for …"]), False),
    ],
)
def test_command_succeeds_only_with_its_numbers(outcome: Outcome, is_good: bool) -> None:  # noqa: FBT001
    assert is_kept(outcome, 110) is is_good
