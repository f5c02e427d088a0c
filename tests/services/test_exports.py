"""Exports are on record: before the first row is read, and for every file that leaves the house."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, func, insert, select

from lead_system.extensions import db
from lead_system.models import Account, Brokerage, Export, HistoryRecord, Lead
from lead_system.queries.exports import find_progress
from lead_system.services import exports
from lead_system.services.transaction import aside, forget_old_requests, read_snapshot
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
ID = "one-request-id"
FILTERS = {"name": "欧阳", "status": "bound"}
LATER = MONDAY_TEN + timedelta(minutes=1)


def begin(cast: Cast, who: str = "secretary", request_id: str = ID, **values: Any) -> int:
    content: dict[str, Any] = {"table_name": "leads", "filters": FILTERS, "rows_found": 7, "now": MONDAY_TEN}
    with cast.app.app_context():
        caller = cast.as_(who, request_id)
        return exports.begin_export(caller, request_id=request_id, **content | values).export_id


def finish(cast: Cast, export_id: int, rows: int = 7, who: str = "secretary") -> None:
    with cast.app.app_context():
        exports.finish_export(cast.ids[who], export_id=export_id, rows_written=rows, now=LATER)


def row(cast: Cast, export_id: int) -> Export:
    with cast.app.app_context():
        return db.session.get_one(Export, export_id)


def records(cast: Cast, export_id: int) -> list[tuple[str, int | None, dict[str, Any], Any]]:
    with cast.app.app_context():
        found = db.session.scalars(
            select(HistoryRecord).filter_by(chain=f"export:{export_id}").order_by(HistoryRecord.id)
        )
        return [(r.action, r.actor_id, r.changes, r.payload and r.payload.values) for r in found]


def test_export_is_on_record_before_its_first_row_is_read(cast: Cast) -> None:
    export_id = begin(cast)

    export = row(cast, export_id)
    assert (export.account_id, export.request_id) == (cast.ids["secretary"], ID)
    assert (export.table_name, export.filters) == ("leads", FILTERS)
    assert (export.rows_found, export.rows_written, export.files) == (7, 0, 0)
    assert (export.started_at, export.finished_at) == (MONDAY_TEN, None)
    assert records(cast, export_id) == [
        ("begin_export", cast.ids["secretary"], {"table": "leads", "rows": 7}, {"filters": FILTERS})
    ]


def test_what_was_searched_for_is_not_in_the_part_of_history_that_stays(cast: Cast) -> None:
    export_id = begin(cast)

    assert "欧阳" not in str(records(cast, export_id)[0][2])


def test_repeat_gets_the_same_export_though_the_list_has_grown(cast: Cast) -> None:
    first = begin(cast)

    with nothing_written(cast.app):
        assert begin(cast, rows_found=8, now=LATER) == first


@pytest.mark.parametrize("other", [{"table_name": "fees"}, {"filters": {}}, {"filters": {"name": "欧"}}])
def test_id_with_another_list_or_filter_is_refused(cast: Cast, other: dict[str, Any]) -> None:
    begin(cast)

    with nothing_written(cast.app), refused("request_reused"):
        begin(cast, **other)


def test_id_of_an_export_is_still_its_own_after_its_answer_was_forgotten(cast: Cast) -> None:
    begin(cast)
    long_after = MONDAY_TEN + timedelta(days=91)
    with cast.app.app_context():
        forget_old_requests(long_after)

    with nothing_written(cast.app), refused("request_reused"):
        begin(cast, now=long_after)


def test_same_id_of_another_account_is_another_export(cast: Cast) -> None:
    one, other = begin(cast, "secretary"), begin(cast, "director")

    assert one != other
    assert row(cast, other).account_id == cast.ids["director"]


@pytest.mark.parametrize(("rows", "allowed"), [(0, True), (100_000, True), (100_001, False)])
def test_hundred_thousand_rows_are_the_most(cast: Cast, rows: int, *, allowed: bool) -> None:
    if allowed:
        assert row(cast, begin(cast, rows_found=rows)).rows_found == rows
    else:
        with nothing_written(cast.app), refused("export_too_large", rows=100_001, limit=100_000):
            begin(cast, rows_found=rows)


@pytest.mark.parametrize("who", ["fang", "qiang", "wei", "feng", "xin"])
def test_only_the_back_office_exports(cast: Cast, who: str) -> None:
    with nothing_written(cast.app), refused("forbidden"):
        begin(cast, who)


def test_every_file_of_an_export_is_on_record(cast: Cast) -> None:
    export_id, rival = begin(cast), begin(cast, "director")

    finish(cast, export_id, 7)
    finish(cast, export_id, 8)

    export = row(cast, export_id)
    assert (export.rows_found, export.rows_written, export.files) == (7, 8, 2)
    assert export.finished_at == LATER
    assert records(cast, export_id)[1:] == [
        ("finish_export", cast.ids["secretary"], {"table": "leads", "rows": 7, "file": 1}, None),
        ("finish_export", cast.ids["secretary"], {"table": "leads", "rows": 8, "file": 2}, None),
    ]
    assert (row(cast, rival).files, len(records(cast, rival))) == (0, 1)


def test_nobody_finishes_the_export_of_another(cast: Cast) -> None:
    export_id = begin(cast, "director")

    for who in ("secretary", "admin"):
        with nothing_written(cast.app), refused("not_found"):
            finish(cast, export_id, who=who)
    with nothing_written(cast.app), refused("not_found"):
        finish(cast, export_id + 1, who="director")


@contextmanager
def history_out_of_order() -> Iterator[None]:
    """Let every insert into the history fail at the last moment."""

    def fail(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "INSERT INTO history " in statement:
            raise ZeroDivisionError

    event.listen(Engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", fail)


def test_export_without_its_record_is_not_written(cast: Cast) -> None:
    export_id = begin(cast)

    with nothing_written(cast.app), history_out_of_order():
        with pytest.raises(ZeroDivisionError):
            begin(cast, request_id="another-request")
        with pytest.raises(ZeroDivisionError):
            finish(cast, export_id)


def test_only_the_one_who_waits_sees_the_progress(cast: Cast) -> None:
    export_id = begin(cast)

    with cast.app.app_context():
        found = {
            (who, request_id): find_progress(db.session.get_one(Account, cast.ids[who]), request_id)
            for who in ("secretary", "director")
            for request_id in (ID, "unknown-request")
        }
        assert {who: export.id for who, export in found.items() if export} == {("secretary", ID): export_id}


def elsewhere(cast: Cast, question: Callable[[], Any]) -> Any:
    """Ask in another session, which has a connection of its own."""
    with cast.app.app_context():
        return question()


def test_progress_is_seen_by_others_while_the_list_is_still_read(cast: Cast) -> None:
    export_id, rival = begin(cast), begin(cast, "director")

    with cast.app.app_context():
        read_snapshot()
        mine = db.session.get_one(Export, export_id)
        with_history = db.session.scalar(select(func.count(HistoryRecord.id)))
        exports.note_progress(export_id, 5)

        assert elsewhere(cast, lambda: db.session.get_one(Export, export_id).rows_written) == 5
        assert elsewhere(cast, lambda: db.session.get_one(Export, rival).rows_written) == 0
        db.session.refresh(mine)
        assert mine.rows_written == 0
    assert cast.count(HistoryRecord) == with_history


def leads_seen() -> int:
    return db.session.scalar(select(func.count(Lead.id))) or 0


def test_snapshot_does_not_see_what_came_after_it_began(cast: Cast) -> None:
    cast.enters("fang")

    with cast.app.app_context():
        read_snapshot()
        before = leads_seen()
        cast.enters("qiang")
        assert elsewhere(cast, leads_seen) == 2
        assert (before, leads_seen()) == (1, 1)
        read_snapshot()
        assert leads_seen() == 2


def test_snapshot_ends_what_the_page_had_read_before(cast: Cast) -> None:
    lead_id = cast.enters("fang")

    with cast.app.app_context():
        lead = db.session.get_one(Lead, lead_id)
        assert lead.status == "entered"
        cast.reports("fang", lead_id)
        read_snapshot()
        assert lead.status == "reported"


def test_snapshot_keeps_nobody_from_writing_and_is_over_with_the_next_write(cast: Cast) -> None:
    export_id = begin(cast)

    with cast.app.app_context():
        read_snapshot()
        assert leads_seen() == 0
        cast.enters("qiang")
        exports.finish_export(cast.ids["secretary"], export_id=export_id, rows_written=0, now=LATER)
        assert leads_seen() == 1
        cast.enters("fang")
        if db.engine.dialect.name == "postgresql":
            assert db.session.scalar(db.text("SHOW transaction_isolation")) == "read committed"
            assert leads_seen() == 2


def add(name: str) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(
        insert(Brokerage).values(name=name, contact="", phone="", address="", version=1)
    )


def test_write_aside_stays_though_the_session_is_rolled_back(cast: Cast) -> None:
    with cast.app.app_context():
        assert leads_seen() == 0
        aside(add("旁边"))
        db.session.rollback()

    assert cast.count(Brokerage, name="旁边") == 1


def test_mistake_aside_leaves_nothing_and_is_not_hidden(cast: Cast) -> None:
    def work(connection: Connection) -> None:
        add("旁边")(connection)
        raise ZeroDivisionError

    with nothing_written(cast.app), cast.app.app_context(), pytest.raises(ZeroDivisionError):
        aside(work)


def test_write_aside_takes_the_lock_before_it_reads(cast: Cast) -> None:
    with cast.app.app_context():
        if db.engine.dialect.name != "sqlite":
            return
        path = cast.app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:

            def work(_connection: Connection) -> None:
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("BEGIN IMMEDIATE")

            aside(work)
            other.execute("BEGIN IMMEDIATE")
