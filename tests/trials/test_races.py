"""The races over HTTP in short, and that their judge sees what is wrong."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from lead_system.clock import now
from tests.support.cast import Cast
from tests.support.databases import Database
from tests.support.frozen import StoppedClock
from tests.support.tampering import GUARDS
from tests.trials.centre import KINDS as DATABASES
from tests.trials.centre import opened
from tests.trials.findings import Broken, Finding
from tests.trials.invariants import broken_invariants
from tests.trials.races.acknowledged import broken_books
from tests.trials.races.run import KINDS, Races
from tests.trials.races.shots import enter
from tests.trials.races.stage import Stage
from tests.trials.races.tally import Tally

A_HANDFUL = (
    "change_against_scan",
    "crosswise_phones",
    "scan_sent_five_times",
    "ten_identical_entries",
    "withdrawal_against_report",
    "scan_against_the_brokers_archiving",
    "approval_against_rejection",
    "rebind_against_deal",
    "rebind_to_the_broker_who_is_scanned",
    "two_secretaries_pay_under_one_id",
    "handling_against_a_new_event",
    "report_and_two_scans_at_the_end",
    "walk_in_against_entry",
)


@pytest.mark.races
@pytest.mark.parametrize("kind", DATABASES)
def test_a_handful_of_races_loses_nothing_and_doubles_nothing(kind: str) -> None:
    tally = Tally()
    with opened(kind) as centre:
        races = Races(centre, seed=6)
        for name in A_HANDFUL:
            tally.add(races.round_of(name))
        tally.findings += races.broken_by_now()
        unkept = acknowledged_but_not_kept(races.stage())
        races.close()

    assert [str(finding) for finding in tally.findings] == []
    assert (tally.rounds, tally.overlap >= 50) == (len(A_HANDFUL), True)
    assert [finding.broken for finding in unkept] == [Broken.LOST]


def acknowledged_but_not_kept(stage: Stage) -> list[Finding]:
    """Let somebody be told that an entry is done, and take away what the server keeps of it."""
    [reply] = stage.fire(enter("fang", stage.customer()))
    assert (reply.word, stage.findings) == ("done", [])

    stage.replies = [replace(reply, kept=None)]
    stage.judge_answers()

    return stage.findings


def test_last_line_counts_what_was_broken_and_only_clean_runs_hold() -> None:
    clean = Tally(rounds=2000, together=1000)
    broken = Tally(rounds=2000, together=1000, findings=[Finding(Broken.LOST, "a fee is gone")])

    assert clean.last_line() == "races: rounds=2000 overlap=50% double=0 lost=0 errors=0"
    assert broken.last_line() == "races: rounds=2000 overlap=50% double=0 lost=1 errors=0"
    assert clean.holds(rounds_wanted=2000)
    assert not broken.holds(rounds_wanted=2000)
    assert not clean.holds(rounds_wanted=2001)
    assert not Tally(rounds=2000, together=999).holds(rounds_wanted=2000)


def test_every_kind_says_in_a_sentence_what_races() -> None:
    assert len(KINDS) > 70
    assert [name for name, kind in KINDS.items() if not (kind.__doc__ or "").endswith(".")] == []


@pytest.fixture
def told(cast: Cast, clock: StoppedClock) -> None:
    """Lead 1 is bound by a scan and paid for, lead 2 a rival's entry; lead 3 was moved to the rival's lead 4.

    It is told by the real clock, by which the judge looks at it.
    """
    clock.release()
    held = cast.enters("fang", reports=True)
    cast.scans("feng", held)
    cast.pays("secretary", held, "200.00")
    cast.enters("qiang", reports=True)
    moved = cast.enters("fang", ("黄", "蓉", "1391234"), reports=True)
    cast.scans("feng", moved)
    assert (held, cast.rebinds("director", moved, "qiang")) == (1, 4)


def found(cast: Cast) -> list[tuple[str, str]]:
    """Return what the judge finds of the whole database: which promise was broken, and in what."""
    broken = [*broken_invariants(cast.app, now()), *broken_books(cast.app)]
    return [(finding.broken.value, finding.what) for finding in broken]


def break_database(database: Database, table: str, statement: str) -> None:
    """Change a database behind the application's back, where asked without a table's constraints."""
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as connection, connection:
        if table:
            connection.execute(f"CREATE TABLE bare AS SELECT * FROM {table}")
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"ALTER TABLE bare RENAME TO {table}")
        for guard, _sql in connection.execute(GUARDS).fetchall():
            connection.execute(f"DROP TRIGGER {guard}")
        assert connection.execute(statement).rowcount > 0


BROKEN: dict[str, tuple[str, str, tuple[str, str]]] = {
    "two holders": (
        "holds",
        "INSERT INTO holds SELECT 9, 2, name_key, phone, person_number, ends_at FROM holds LIMIT 1",
        ("double", "No two customers hold one key."),
    ),
    "a hold is gone": (
        "",
        "DELETE FROM holds WHERE lead_id = 1",
        ("lost", "Every customer that is bound or dealt holds all of its keys, until its own end."),
    ),
    "a hold of nobody's": (
        "",
        "UPDATE leads SET status = 'expired' WHERE id = 1",
        (
            "errors",
            "Nobody holds a key but customers that are bound or dealt, and they no other than their own.",
        ),
    ),
    "two open bindings of a lead": (
        "bindings",
        "UPDATE bindings SET lead_id = 1, ended_at = NULL WHERE lead_id = 4",
        ("double", "No customer has two open bindings."),
    ),
    "a binding without a cause": (
        "bindings",
        "UPDATE bindings SET scan_id = NULL WHERE lead_id = 1",
        ("errors", "Every binding has exactly one cause, a scan or a rebind."),
    ),
    "two bindings at one instant": (
        "",
        """UPDATE binding_keys SET name_key = (SELECT name_key FROM leads WHERE id = 1),
           phone = (SELECT phone1 FROM leads WHERE id = 1)""",
        ("double", "At no instant of the past did two bindings hold one key."),
    ),
    "one customer twice": (
        "leads",
        "UPDATE leads SET broker_id = 1 WHERE id = 2",
        (
            "double",
            "No broker has one customer twice: no two of a broker share name, phone and person number.",
        ),
    ),
    "two open collisions": (
        "collisions",
        """INSERT INTO collisions (id, kind, holding_lead_id, challenging_lead_id, state, opened_at)
           SELECT 9, kind, holding_lead_id, challenging_lead_id, state, opened_at FROM collisions LIMIT 1""",
        ("double", "Of one kind and two sides, at most one collision is open."),
    ),
    "a report without a code": (
        "leads",
        "UPDATE leads SET code_token = NULL WHERE id = 2",
        ("errors", "A customer has a visit code exactly if it was ever reported."),
    ),
    "a binding without its record": (
        "",
        "DELETE FROM history WHERE action = 'bind_by_scan' AND lead_id = 1",
        ("lost", "acknowledged without its history record"),
    ),
    "half a rebind without its record": (
        "",
        "DELETE FROM history WHERE action = 'rebind_here'",
        ("lost", "a rebind here without its history record"),
    ),
    "an event without its record": (
        "",
        "DELETE FROM history WHERE action = 'collision_reported'",
        ("lost", "an event of a collision without its history record"),
    ),
    "an acknowledged fee is gone": (
        "",
        "DELETE FROM fees",
        ("lost", "a fee is gone from its table"),
    ),
    "a report twice": (
        "",
        """INSERT INTO reports (lead_id, account_id, reported_at, on_behalf)
           SELECT lead_id, account_id, reported_at, 0 FROM reports WHERE lead_id = 1""",
        ("double", "a report without its history record"),
    ),
    "done twice under one id": (
        "",
        "UPDATE history SET action = 'report_lead' WHERE action = 'report_on_behalf'",
        ("double", "a history record that nobody was answered for"),
    ),
    "an answer that was not kept": (
        "",
        "UPDATE handled_requests SET answer = NULL WHERE action = 'pay_fee'",
        ("lost", "Every request that was acknowledged has its answer kept."),
    ),
}
"""What is broken → the table whose constraints go first, how it is broken, and what must be found."""


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("name", BROKEN)
def test_judge_of_the_whole_database_sees(cast: Cast, database: Database, name: str) -> None:
    table, statement, wanted = BROKEN[name]
    assert found(cast) == []

    break_database(database, table, statement)

    assert wanted in found(cast)
