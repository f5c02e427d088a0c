"""Statements of hot paths keep what SQLAlchemy promises, though they are sent past it."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, event, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Lead
from lead_system.statements import Statement, as_read
from tests.support.cast import Cast
from tests.support.databases import END_THE_OTHERS, both_databases, on_postgresql
from tests.support.frozen import MONDAY_TEN

BY_NAME = Statement(
    select(Account.id, Account.role, Account.created_at).where(Account.name == bindparam("of"))
)
RENAME = Statement(update(Account).where(Account.id == bindparam("of")).values(name=bindparam("called")))


@both_databases
def test_values_are_converted_both_ways(app: Flask, cast: Cast) -> None:
    found = Statement(
        select(Account.name, Account.role, Account.created_at).where(
            Account.role == bindparam("as_what"), Account.created_at <= bindparam("until")
        )
    )

    with app.app_context():
        rows = found.rows({"as_what": Role.DIRECTOR, "until": MONDAY_TEN.replace(year=2999)})
        assert [(type(role), moment.utcoffset() is None) for _name, role, moment in rows] == [(Role, False)]

        with pytest.raises(ValueError, match="without a time zone"):
            found.rows({"as_what": Role.DIRECTOR, "until": datetime(2026, 1, 1)})  # noqa: DTZ001 - that is it


@both_databases
def test_what_the_session_had_to_write_goes_first_and_all_of_it_is_undone_together(
    app: Flask, cast: Cast
) -> None:
    with app.app_context():
        account = db.session.get_one(Account, cast.ids["fang"])
        name = account.name
        account.name = "欧阳"

        assert [row[0] for row in BY_NAME.rows({"of": "欧阳"})] == [cast.ids["fang"]]
        assert RENAME.changed({"of": cast.ids["fang"], "called": "慕容"}) == 1
        db.session.rollback()

        assert BY_NAME.rows({"of": "欧阳"}) == BY_NAME.rows({"of": "慕容"}) == []
        assert BY_NAME.value({"of": name}) == cast.ids["fang"]


@both_databases
def test_a_broken_constraint_is_sqlalchemys_error(app: Flask, cast: Cast) -> None:
    names = ("broker_id", "entered_by_id", "surname")
    incomplete = Statement(insert(Lead).values({name: bindparam(name) for name in names}))

    with app.app_context(), pytest.raises(IntegrityError) as broken:
        incomplete.changed({"broker_id": 1, "entered_by_id": 1, "surname": "欧阳"})

    assert "欧阳" not in str(broken.value.params)
    assert not broken.value.connection_invalidated


@on_postgresql
def test_a_connection_that_the_server_ended_is_given_up(app: Flask, cast: Cast) -> None:
    with app.app_context():
        assert BY_NAME.rows({"of": "nobody"}) == []
        with db.engine.connect() as other:
            other.execute(text(END_THE_OTHERS))

        with pytest.raises(DBAPIError) as broken:
            BY_NAME.rows({"of": "nobody"})
        assert broken.value.connection_invalidated
        db.session.rollback()

        assert BY_NAME.rows({"of": "nobody"}) == []


@on_postgresql
def test_a_connection_that_broke_between_two_statements_is_given_up(app: Flask, cast: Cast) -> None:
    """The driver says so when it is asked for a cursor, before anything is sent."""
    with app.app_context():
        db.session.connection().connection.driver_connection.close()  # type: ignore[union-attr]

        with pytest.raises(DBAPIError) as broken:
            BY_NAME.rows({"of": "nobody"})
        assert broken.value.connection_invalidated
        db.session.rollback()

        assert BY_NAME.rows({"of": "nobody"}) == []


@on_postgresql
def test_plans_outlive_the_rollback_that_ends_a_page(app: Flask, cast: Cast) -> None:
    with app.app_context():
        for _page in range(3):
            BY_NAME.rows({"of": "nobody"})
            db.session.rollback()

        planned = db.session.execute(text("SELECT statement, custom_plans FROM pg_prepared_statements")).all()

    assert [count for statement, count in planned if statement.startswith("SELECT accounts.id")] == [3]


@on_postgresql
def test_only_hot_statements_are_prepared(app: Flask, cast: Cast) -> None:
    with app.app_context():
        for _page in range(20):
            db.session.scalars(select(Account.nickname)).all()

        planned = db.session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()

    assert not [one for one in planned if "nickname" in one and "token_hash" not in one]


@both_databases
def test_object_of_a_row_looks_up_what_was_not_read(app: Flask, cast: Cast) -> None:
    with app.app_context():
        fang = as_read(Account, {"id": cast.ids["fang"], "name": "as read"})

        assert fang.name == "as read"
        assert fang.role is Role.BROKER
        assert fang in db.session
        assert not db.session.dirty
        assert db.session.get(Account, cast.ids["fang"]) is fang


@both_databases
def test_object_that_the_session_knows_learns_what_was_read(app: Flask, cast: Cast) -> None:
    with app.app_context():
        fang = db.session.get_one(Account, cast.ids["fang"])
        RENAME.changed({"of": fang.id, "called": "慕容"})
        phone = fang.phone

        assert as_read(Account, {"id": fang.id, "phone": "13000000000"}) is fang

        assert (fang.phone, fang.name) == ("13000000000", "慕容")
        db.session.rollback()
        assert (fang.phone, fang.name != "慕容") == (phone, True)


@both_databases
def test_whoever_listens_hears_the_beginning_and_the_end_of_a_statement(app: Flask, cast: Cast) -> None:
    heard: list[str] = []

    def begin(_connection: Any, _cursor: Any, _text: str, _values: Any, context: Any, _many: Any) -> None:
        context.begun = "begun"

    def end(_connection: Any, cursor: Any, sent: str, _values: Any, context: Any, _many: Any) -> None:
        heard.append(f"{context.begun} {sent.partition(' ')[0]} {cursor.rowcount}")

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", begin)
        event.listen(db.engine, "after_cursor_execute", end)
        assert RENAME.changed({"of": cast.ids["fang"], "called": "方方"}) == 1
        event.remove(db.engine, "before_cursor_execute", begin)
        event.remove(db.engine, "after_cursor_execute", end)

    assert heard[-1] == "begun UPDATE 1"
