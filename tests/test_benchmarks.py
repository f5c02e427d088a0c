"""The parts of `make bench` that decide: what a goal means, which answer is wrong, which rows are unfit."""

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest

from benchmarks import __main__ as command
from benchmarks import fill
from benchmarks.lines import STATED, Goal, Line, Measured, Result, at_least, at_most
from benchmarks.load import Page, WrongAnswer, require_right
from benchmarks.names import SURNAMES, given_characters, surname_slots
from lead_system.domain.codes import read_code
from tests.support.databases import Database

TWO_ROWS = '<tr><input name="rowid" value="8"></tr><tr><input name="rowid" value="7"></tr>'


def result(ratio: float, goal: Goal, *, ms: float | None = None) -> Result:
    return Result(
        Line("list-first", goal, lambda _bench: Measured(0)), Measured(ratio, {"ours": "3.0 ms"}, ms=ms)
    )


@pytest.mark.parametrize(
    ("ratio", "goal", "ms", "verdict"),
    [
        (0.25, at_most(0.25), None, "ok"),
        (0.2504, at_most(0.25), None, "ok"),
        (0.251, at_most(0.25), None, "short"),
        (0.6, at_least(0.6), None, "ok"),
        (0.599, at_least(0.6), None, "short"),
        (1.5, at_most(1.5, ms=200), 200.0, "ok"),
        (0.1, at_most(1.5, ms=200), 200.1, "short"),
        (0.1, at_most(1.5, ms=200), None, "short"),
        (99.0, STATED, None, "ok"),
    ],
)
def test_verdict_is_about_the_ratio_as_it_is_printed(
    ratio: float, goal: Goal, ms: float | None, verdict: str
) -> None:
    assert result(ratio, goal, ms=ms).verdict == verdict


@pytest.mark.parametrize(
    ("goal", "line"),
    [
        (at_most(0.25), "bench: list-first ratio=0.125 goal=<=0.25 ok  (ours 3.0 ms)"),
        (at_least(0.6), "bench: list-first ratio=0.125 goal=>=0.6 short  (ours 3.0 ms)"),
        (STATED, "bench: list-first ratio=0.125 goal=stated ok  (ours 3.0 ms)"),
    ],
)
def test_line_is_printed_with_goal_verdict_and_raw_figures(goal: Goal, line: str) -> None:
    assert str(result(0.125, goal)) == line


@pytest.mark.parametrize(
    ("status", "text", "numbers", "says"),
    [
        (500, TWO_ROWS, (8, 7), ()),
        (302, "", (), ()),
        (200, "<p>nothing</p>", (8, 7), ()),
        (200, TWO_ROWS, (8,), ()),
        (200, TWO_ROWS, (7, 8), ()),
        (200, TWO_ROWS, (8, 7), ("2 rows",)),
    ],
)
def test_answer_that_is_no_page_or_has_other_rows_is_wrong(
    status: int, text: str, numbers: tuple[int, ...], says: tuple[str, ...]
) -> None:
    page = Page("ours", 1, "/", row=r'name="rowid" value="(\d+)"', numbers=numbers, says=says)

    with pytest.raises(WrongAnswer):
        require_right(page, status, text)


def test_page_with_its_rows_in_their_order_is_right() -> None:
    page = Page("ours", 1, "/", row=r'name="rowid" value="(\d+)"', numbers=(8, 7), says=("rowid",))

    require_right(page, 200, TWO_ROWS)


@pytest.mark.parametrize(("fails", "code"), [("", 0), ("short", 1), ("wrong", 2)])
def test_exit_code_tells_a_goal_that_is_missed_from_an_answer_that_is_wrong(
    fails: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_lines: object, *, quick: bool, reports: bool) -> int:
        if fails == "wrong":
            raise WrongAnswer("HTTP 500")
        return command.exit_code([result(2 if fails else 1, at_most(1))])

    monkeypatch.setattr(command, "run", run)

    assert command.main(["list-first"]) == code


def test_names_are_drawn_as_people_bear_them() -> None:
    slots = surname_slots()

    assert len(SURNAMES) == len({surname for surname, _weight in SURNAMES}) == 100
    assert 0.07 <= slots.count("王") / len(slots) <= 0.09
    assert len(given_characters()) == len(set(given_characters())) >= 200


SPOILT = {
    "a hold is gone": "DELETE FROM holds WHERE lead_id = (SELECT min(id) FROM leads WHERE status = 'dealt')",
    "a key is gone": "DELETE FROM lead_keys WHERE id = (SELECT min(id) FROM lead_keys)",
    "a binding has no keys": "DELETE FROM binding_keys WHERE binding_id = 1",
    "a payload was changed": "UPDATE history_payloads SET salt = 'x' WHERE record_id = 1",
    "a gram is gone": "DELETE FROM lead_name_grams WHERE lead_id = 1",
    "a tally counts one more": "UPDATE broker_tallies SET bound = bound + 1 WHERE broker_id = 101",
    "a scan is nobody's": "UPDATE gate_scans SET gate_id = 999999 WHERE id = 1",
}


@pytest.mark.postgresql
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_filled_rows_keep_every_promise_and_spoilt_ones_are_noticed(
    database: Database, connected: Callable[[], psycopg.Connection]
) -> None:
    with connected() as connection:
        fill.fill(connection, 3000, datetime.now(UTC))

        fill.check(connection)
        codes = connection.execute(
            "SELECT code_token, short_code FROM leads WHERE status = 'reported'"
        ).fetchall()
        assert len(codes) > 1000
        assert all(read_code(code) == code for both in codes for code in both)
        for spoils in SPOILT.values():
            connection.execute("BEGIN")
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(spoils.encode())
            with pytest.raises(fill.UnfitRows):
                fill.check(connection)
            connection.execute("ROLLBACK")


@pytest.fixture
def connected(database: Database) -> Callable[[], psycopg.Connection]:
    """Connects to the test's database as its owner, every statement by itself."""
    return lambda: psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True)
