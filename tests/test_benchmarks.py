"""The parts of `make bench` that decide: what a goal means, which answer is wrong, which rows are unfit."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from flask import Flask

from benchmarks import __main__ as command
from benchmarks import crowd, fill
from benchmarks.bench import show_last_words
from benchmarks.lines import STATED, Goal, Line, Measured, Result, at_least, at_most
from benchmarks.load import (
    Page,
    WrongAnswer,
    is_enough,
    medians_in_turn,
    require_right,
    require_right_at_some_time,
)
from benchmarks.machine import Watch, busy_seconds, own_seconds, quietness
from benchmarks.names import SURNAMES, given_characters, surname_slots
from benchmarks.report import NotDrawn, Plot, Run, plots_of, require_drawn, text
from benchmarks.surroundings import surroundings
from lead_system.domain.codes import read_code
from lead_system.services.history_check import verify_history
from tests.support.databases import SECRET_KEY, Database

PAGE = Page("ours", 1, "/", row=r'name="rowid" value="(\d+)"', numbers=(8, 7))
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
        (at_most(0.25), "bench: list-first ratio=0.125 goal=<=0.25 ok  (ours 3.0 ms; took 0 s)"),
        (at_least(0.6), "bench: list-first ratio=0.125 goal=>=0.6 short  (ours 3.0 ms; took 0 s)"),
        (STATED, "bench: list-first ratio=0.125 goal=stated ok  (ours 3.0 ms; took 0 s)"),
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


@pytest.mark.parametrize(
    ("shown", "is_right"),
    [((8, 7), True), ((7,), True), ((8,), False), ((7, 8), False), ((), False)],
)
def test_page_whose_rows_end_by_themselves_is_right_as_before_or_as_after(
    shown: tuple[int, ...], *, is_right: bool
) -> None:
    text = "".join(f'<input name="rowid" value="{number}">' for number in shown)

    with nullcontext() if is_right else pytest.raises(WrongAnswer):
        require_right_at_some_time(PAGE, 200, text, before=(8, 7), after=(7,))


@pytest.mark.parametrize(("rows", "is_right"), [(2, True), (1, False), (3, False)])
def test_list_that_others_change_is_judged_by_its_number_of_rows(rows: int, *, is_right: bool) -> None:
    with nullcontext() if is_right else pytest.raises(WrongAnswer):
        require_right(replace(PAGE, numbers=(), rows=rows), 200, TWO_ROWS)


@pytest.mark.parametrize(
    ("times", "enough"),
    [([], False), ([9.0], False), ([9.0, 9.0, 9.0], False), ([9.0] * 4, True), ([0.1] * 15, False)],
)
def test_page_that_takes_seconds_is_fetched_three_times_after_the_first(
    times: list[float], *, enough: bool
) -> None:
    assert is_enough(times) is enough


class Wrong(BaseHTTPRequestHandler):
    """A peer whose list lacks a row, and who fails at everything else."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, TWO_ROWS) if self.path == "/list" else self._answer(500, "broken")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(500, "broken")

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def wrong_peer() -> Iterator[int]:
    """The port of a peer that answers wrongly."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Wrong) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_wrong_answer_of_a_peer_ends_the_run(wrong_peer: int) -> None:
    right = Page("right", wrong_peer, "/list", row=PAGE.row, numbers=(8, 7))
    lacking = replace(right, name="lacking", numbers=(8, 7, 6))

    assert medians_in_turn([right], runs=1)["right"] > 0
    with pytest.raises(WrongAnswer, match="lacking"):
        medians_in_turn([right, lacking], runs=1)


def test_logs_of_servers_are_shown_by_their_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "server.log").write_text("\n".join(f"line {number}" for number in range(1, 41)))
    (tmp_path / "thin.log").write_text("")

    show_last_words(tmp_path)

    shown = capsys.readouterr().err.splitlines()
    assert (shown[0], shown[1], shown[-1]) == ("bench: ours/server.log ends with", "  line 26", "  line 40")
    assert len(shown) == 16


def test_opening_day_counts_every_answer_that_is_wrong_and_goes_on(
    wrong_peer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "THINK_SECONDS", dict.fromkeys(("broker", "gate", "office"), (0.05, 0.1)))
    listed = Page("list", wrong_peer, "/list", row=PAGE.row, numbers=(8, 7))
    people = [
        crowd.Someone("broker", wrong_peer, 1, "", leads=[1]),
        crowd.Someone("gate", wrong_peer, 2, "", codes=["a", "b", "c", "d", "e"] * 20),
        crowd.Someone("office", wrong_peer, 3, "", pages=[asdict(listed)]),
    ]

    found = crowd.work_here({"people": [vars(one) for one in people], "seconds": 1})

    assert list(found["times"]) == ["list"]
    failed = {error.partition(":")[0] for error in found["errors"]}
    assert failed == {"form", "entry with report", "own list", "code"}
    assert len(found["errors"]) > 4


def test_gate_without_another_visitor_is_an_error(wrong_peer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "THINK_SECONDS", {"gate": (0, 0.01)})
    gate = crowd.Someone("gate", wrong_peer, 2, "", codes=["a"])

    found = crowd.work_here({"people": [vars(gate)], "seconds": 0.5})

    assert [error for error in found["errors"] if "gate 2 went home" in error]


def test_line_with_an_error_is_short_however_good_its_ratio() -> None:
    line = Line("opening-day", at_most(5), lambda _bench: Measured(0))

    assert Result(line, Measured(1.0)).verdict == "ok"
    assert Result(line, Measured(1.0, errors=1)).verdict == "short"


def test_what_is_measured_has_nothing_of_the_shell_that_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONOPTIMIZE", "LEAD_DEMO", "PGHOST", "WEB_CONCURRENCY"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("LANG", "C.UTF-8")

    found = surroundings(LEAD_PROXIES="1")

    assert found["LANG"] == "C.UTF-8"
    assert found["LEAD_PROXIES"] == "1"
    assert not [name for name in found if name.startswith(("PYTHON", "PG", "WEB_")) or name == "LEAD_DEMO"]


@pytest.mark.parametrize(
    ("others", "words"),
    [(0.0, "the machine was quiet"), (0.03, "the machine was quiet"), (0.031, "the machine was NOT quiet")],
)
def test_run_says_whether_others_were_at_work(others: float, words: str) -> None:
    assert words in quietness(others, 0.2)


def test_work_of_others_is_what_the_run_did_not_do_itself() -> None:
    busy, own = busy_seconds() - 500, own_seconds() - 400

    watch = Watch(load=0, begun=time.monotonic() - 1000, busy=busy, own=own)

    assert watch.others() == pytest.approx(0.1 / (os.cpu_count() or 1), rel=0.05)


RUN = Run(
    sizes=(10_000, 100_000, 1_000_000),
    runs=15,
    postgresql="15.9",
    peers={"Django": "5.2.19"},
    fill_seconds={10_000: 3.2, 1_000_000: 240.4},
    minutes=19.6,
    quietness="others took 0.6% of the cores, load average at the start 0.1: the machine was quiet",
)


def grown() -> Result:
    curve = {10_000: 20.0, 100_000: 22.0, 1_000_000: 25.0}
    line = Line("growth-scan", at_most(1.5), lambda _bench: Measured(0))
    return Result(line, Measured(1.25, {"10,000": "50/s", "1,000,000": "40/s"}, curve=curve), seconds=31.4)


def test_results_say_lines_figures_goals_machine_and_time() -> None:
    failed = Measured(7.0, {"errors": "1: HTTP 500 | broken\nat once"}, errors=1)
    day = Result(Line("opening-day", at_most(5), lambda _bench: failed), failed, seconds=119.6)

    said = text(RUN, [result(0.2, at_most(1.5, ms=200), ms=100), grown(), day], plots_of([grown()]))

    assert "3 lines in 20 minutes" in said
    assert "1 fall short of their goals: opening-day." in said
    assert "the machine was quiet" in said
    assert "PostgreSQL 15.9" in said
    assert "Django 5.2.19" in said
    assert "10,000 leads 3 s, 1,000,000 leads 240 s" in said
    assert "| list-first | 0.200 | ≤ 1.5, ≤ 200ms | ok | ours 3.0 ms | 0 |" in said
    assert "| growth-scan | 1.250 | ≤ 1.5 | ok | 10,000 50/s; 1,000,000 40/s | 31 |" in said
    assert "| opening-day | 7.000 | ≤ 5 | short | errors 1: HTTP 500 / broken at once | 120 |" in said
    assert "![Writes by 16 at once](plots/writes.svg)" in said
    assert "plots/lists.svg" not in said


def test_plot_has_a_curve_for_each_line_that_grows_and_the_sizes_below() -> None:
    (writes,) = plots_of([grown(), result(0.2, at_most(1))])

    assert writes == Plot(
        "writes",
        "Writes by 16 at once",
        "ms each",
        {"scan": [(10_000, 20.0), (100_000, 22.0), (1_000_000, 25.0)]},
    )
    assert writes.sizes == [10_000, 100_000, 1_000_000]


@pytest.mark.parametrize(
    ("slowest", "top"), [(0.4, 10), (9.99, 10), (10.0, 20), (18.9, 20), (19.0, 20), (19.1, 30), (412.0, 500)]
)
def test_plot_reaches_from_zero_to_a_round_number_above_its_points(slowest: float, top: int) -> None:
    plot = Plot("lists", "", "", {"first": [(10_000, 0.2), (100_000, slowest)], "last": [(10_000, 0.3)]})

    assert plot.top == top


@pytest.mark.parametrize("lacking", ["Writes by 16 at once", "ms each", "scan", "10,000", "1,000,000"])
def test_drawing_without_a_word_of_its_plot_ends_the_run(lacking: str) -> None:
    (plot,) = plots_of([grown()])
    words = [f"<text>{words}</text>" for words in plot.words]
    require_drawn(plot, "".join(words))

    with pytest.raises(NotDrawn, match=lacking):
        require_drawn(plot, "".join(word for word in words if word != f"<text>{lacking}</text>"))


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
    "a record is gone": "DELETE FROM history WHERE chain = 'lead:1' AND position = 1",
    "a gram is gone": "DELETE FROM lead_name_grams WHERE lead_id = 1",
    "a gram has another status": "UPDATE lead_name_grams SET status = 'dealt' WHERE lead_id = 1",
    "a tally counts one more": "UPDATE broker_tallies SET bound = bound + 1 WHERE broker_id = 101",
    "a scan is nobody's": "UPDATE gate_scans SET gate_id = 999999 WHERE id = 1",
}


@pytest.mark.postgresql
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_filled_rows_keep_every_promise_and_spoilt_ones_are_noticed(
    app: Flask, database: Database, connected: Callable[[], psycopg.Connection]
) -> None:
    with connected() as connection:
        fill.fill(connection, 3000, datetime.now(UTC))

        fill.check(connection)
        with app.app_context():
            history = verify_history(SECRET_KEY)
        assert (history.findings, history.records > 6000) == ([], True)
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
