"""The only place that commits and rolls back, and the one that makes a request act once (R13).

Every writing use case runs inside `use_case`, in this order: end the reading transaction, begin a writing
one, ask who calls and in which role, claim the request id, run the work, keep its answer beside the id,
commit. A refusal rolls all of that back, and is then kept as the id's answer by itself, so that a repeat over
a bad line is refused in the same words. Lost races end as deadlocks, lock time-outs, violated uniqueness or
`LostRace`; all of them run the whole work again, which sees the winner and refuses in words.

Scans and reports of an opening day come through here, so statements that each of them sends go past the unit
of work, which costs more than they do (decisions 29 and 33).
"""

import hashlib
import hmac
import json
import logging
import random
import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial, wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from sqlalchemy import BigInteger, Connection, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from lead_system.domain.errors import QUESTIONS, TYPED_WRONG, RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.extensions import PATIENCE, SQLITE_BUSY_MILLISECONDS, WRITES, Model, db
from lead_system.models import Account, Brokerage, HandledRequest
from lead_system.statements import Statement, as_read, sent_through

ATTEMPTS = 8
KEPT_FOR = timedelta(days=90)
"""How long a request id is remembered."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_LOST_RACE_STATES = frozenset({"40001", "40P01", "55P03", "23505"})
"""What PostgreSQL calls a failed serialisation, a deadlock, a lock time-out and a violated uniqueness."""

_SQLITE_LOST_RACE = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_BUSY_RECOVERY,
        sqlite3.SQLITE_BUSY_SNAPSHOT,
        sqlite3.SQLITE_LOCKED,
    }
)
"""The same for SQLite, which calls itself plainly busy only after half a minute: that is an outage."""

_PASSWORDS = frozenset({"password", "current_password", "new_password"})
"""Of a password only counts whether one was given: not even a hash of the request may tell what it was."""

_NOT_CONTENT = _PASSWORDS | {"address", "drawn", "now", "request_id", "rows_found", "secret", "sender"}
"""What may differ when a request is sent again: it comes from the server, or the id itself is meant."""

_log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Caller:
    """Who asks, and under which request id; before sign-in, `session_key` stands for the account.

    With the server's `secret` is hashed what was typed: only who has it could try what that was.
    """

    account_id: int | None
    request_id: str
    session_key: str = ""
    secret: str = field(default="", repr=False)

    @property
    def asker(self) -> str:
        """The one whom the request id belongs to."""
        return f"account:{self.account_id}" if self.account_id is not None else f"session:{self.session_key}"


class LostRace(Exception):
    """Somebody was faster, and what was read before is no longer so: run the whole work again."""


class _Claim(NamedTuple):
    """A request id that this transaction has taken, or the answer that it already had."""

    row_id: int
    kept_answer: dict[str, Any] | None = None


class _RefusedInside(Exception):
    """The work itself refused, after the request id was claimed: nothing of it stays but the refusal."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused)
        self.refused = refused


def _is_lost_race(error: DBAPIError) -> bool:
    """Say whether running the transaction again may help: somebody else was faster, or stood in the way.

    Any other violated constraint is a defect of ours, and is not hidden behind repetition.
    """
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", None) in _SQLITE_LOST_RACE
    return getattr(error.orig, "sqlstate", None) in _LOST_RACE_STATES


def _may_run_again(error: DBAPIError, *, may_break: bool) -> bool:
    return _is_lost_race(error) or (may_break and error.connection_invalidated)


def atomic(work: Callable[[], T]) -> T:
    """Run `work` in one writing transaction and commit it, again after a lost race.

    `work` must do all its reading inside, since it may run several times. A connection that breaks before
    the commit took nothing with it: the work runs once more, on another one. What became of a commit that
    broke, only the database knows; a repeat of the request finds out (R13).

    Raises:
        Refused: what `work` refused, nothing written; or BUSY when the race was lost too often.
    """
    for round_number in range(ATTEMPTS):
        db.session.rollback()  # Ends the page's reading transaction: what it saw may be stale by now.
        may_break = round_number == 0
        try:
            connection = db.session.connection(execution_options={WRITES: True})
            with sent_through(db.session(), connection):
                result = work()
            may_break = False
            db.session.commit()
        except (DBAPIError, LostRace) as error:
            db.session.rollback()
            if isinstance(error, DBAPIError) and not _may_run_again(error, may_break=may_break):
                raise
            _log.info("Lost a race or the connection, round %s: %s", round_number + 1, type(error).__name__)
            time.sleep(random.uniform(0, 0.01 * 2**round_number))  # noqa: S311 - jitter
        except BaseException:
            db.session.rollback()
            raise
        else:
            return result
    _log.error("Gave up after %s lost races.", ATTEMPTS)
    raise Refused(RefusalCode.BUSY)


class Versioned(Protocol):
    """A row that counts how often it was changed."""

    version: int


def require_version(row: Versioned, version: int) -> None:
    """Refuse a form that was filled in before somebody else changed the row (R13).

    Raises:
        Refused: STALE.
    """
    if row.version != version:
        raise Refused(RefusalCode.STALE)


@contextmanager
def attempt() -> Iterator[None]:
    """Run a block inside a savepoint: whatever leaves it as an exception leaves nothing written."""
    with db.session.begin_nested():
        yield
        db.session.flush()


def insert_unless_taken(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Insert rows in the given order, up to the first that a unique constraint forbids.

    Returns whether all of them were inserted. The constraint is the judge, and a transaction in flight that
    holds the same value is waited for. The caller undoes the rest when the answer is False.
    """
    return all(_insert_unless_taken(model, row) is not None for row in rows)


def _insert_unless_taken(model: type[Model], row: Mapping[str, Any]) -> int | None:
    """Insert a row unless a unique constraint forbids it; returns its id."""
    row_id: int | None = _insertion_unless_taken(model, tuple(row), dialect_name()).value(dict(row))
    return row_id


@cache
def _insertion_unless_taken(model: type[Model], names: tuple[str, ...], dialect_name: str) -> Statement:
    dialect = postgresql if dialect_name == "postgresql" else sqlite
    return _insertion(model, names, lambda table: dialect.insert(table).on_conflict_do_nothing())


def insert_row(model: type[Model], **row: Any) -> int:
    """Insert a row past the ORM, defaults included, and return its id."""
    row_id: int = _plain_insertion(model, tuple(row)).value(row)
    return row_id


@cache
def _plain_insertion(model: type[Model], names: tuple[str, ...]) -> Statement:
    return _insertion(model, names, insert)


def _insertion(model: type[Model], names: tuple[str, ...], into: Callable[[Table], Any]) -> Statement:
    """Return an INSERT of some columns that returns the id; others get the defaults of the model."""
    table: Table = model.__table__  # type: ignore[assignment]
    defaults: dict[str, Any] = {
        column.name: column.default.arg
        for column in table.c
        if isinstance(column.default, ScalarElementColumnDefault)
    }
    given: dict[str, Any] = {name: bindparam(name) for name in names}
    return Statement(into(table).values(defaults | given).returning(*table.primary_key))


def dialect_name() -> str:
    """Return which database this is: "postgresql" or "sqlite"."""
    return db.session.get_bind().dialect.name


def insert_or_lock(model: type[Model], row: Mapping[str, Any], *, key: str) -> None:
    """Insert a row, or lock the one that has the same value in the unique column `key`.

    Afterwards the row is there and this transaction's own, even where another one deleted it meanwhile.
    """
    dialect = postgresql if dialect_name() == "postgresql" else sqlite
    statement = dialect.insert(model).values(**row)
    lock = {key: statement.excluded[key]}
    db.session.execute(statement.on_conflict_do_update(index_elements=[key], set_=lock))


_LOCK_NUMBER = Statement(select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger))))


def lock_name(name: str) -> None:
    """Let transactions that lock the same name come one after the other, where there is no row to lock.

    SQLite lets only one of them write anyway.
    """
    if dialect_name() == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        _LOCK_NUMBER.rows({"number": number})


def use_case(
    action: str, *, roles: frozenset[Role], answer: type[T]
) -> Callable[[Callable[Concatenate[Account, P], T]], Callable[Concatenate[Caller, P], T]]:
    """Make a function a use case of signed-in people: `f(actor, …)` becomes `f(caller, …)`.

    `answer` is the dataclass that the function returns; its fields are plain values, so that a repeat of
    the request id gets an equal one.

    Raises:
        Refused: FORBIDDEN for a wrong role, ACCOUNT_CLOSED for an archived account, REQUEST_REUSED when the
            id was already used with other content, or what the function itself refuses.
    """

    def decorate(work: Callable[Concatenate[Account, P], T]) -> Callable[Concatenate[Caller, P], T]:
        @wraps(work)
        def run(caller: Caller, /, *args: P.args, **kwargs: P.kwargs) -> T:
            def begin() -> Callable[[], T]:
                return partial(work, _acting_account(caller, roles), *args, **kwargs)

            return _run_once(action, caller, content=kwargs, answer=answer, begin=begin)

        return run

    return decorate


def open_use_case(
    action: str, *, answer: type[T]
) -> Callable[[Callable[P, T]], Callable[Concatenate[Caller, P], T]]:
    """Make a function a use case of people who have not signed in: `f(…)` becomes `f(caller, …)`."""

    def decorate(work: Callable[P, T]) -> Callable[Concatenate[Caller, P], T]:
        @wraps(work)
        def run(caller: Caller, /, *args: P.args, **kwargs: P.kwargs) -> T:
            def begin() -> Callable[[], T]:
                return partial(work, *args, **kwargs)

            return _run_once(action, caller, content=kwargs, answer=answer, begin=begin)

        return run

    return decorate


_ACTING = Statement(
    select(
        Account.id, Account.archived_at, Account.role, Account.name, Account.phone, Account.brokerage_id,
        Account.approval, Account.profile_completed_at,
        Brokerage.archived_at,
    )
    .join(Brokerage, Brokerage.id == Account.brokerage_id, isouter=True)
    .where(Account.id == bindparam("account_id"))
)  # fmt: skip
"""Who acts, and for which brokerage, as far as rules ask; the rest of the row is read where it is wanted."""


def _acting_account(caller: Caller, roles: frozenset[Role]) -> Account:
    """Return who acts, as the database knows them now."""
    row = _ACTING.first({"account_id": caller.account_id})
    if row is None:
        raise Refused(RefusalCode.ACCOUNT_CLOSED)
    account = as_read(Account, dict(zip(_ACTING_COLUMNS, row, strict=False)))
    if not account.is_active:
        raise Refused(RefusalCode.ACCOUNT_CLOSED)
    if account.role not in roles:
        raise Refused(RefusalCode.FORBIDDEN)
    know_brokerage(account, archived_at=row[-1])
    return account


def know_brokerage(account: Account, *, archived_at: datetime | None) -> None:
    """Let an account know of its brokerage, where it has one, what was read with it."""
    if account.brokerage_id is not None:
        brokerage = as_read(Brokerage, {"id": account.brokerage_id, "archived_at": archived_at})
        set_committed_value(account, "brokerage", brokerage)


_ACTING_COLUMNS = (
    "id", "archived_at", "role", "name", "phone", "brokerage_id", "approval", "profile_completed_at",
)  # fmt: skip


def _run_once(
    action: str,
    caller: Caller,
    *,
    content: Mapping[str, Any],
    answer: type[T],
    begin: Callable[[], Callable[[], T]],
) -> T:
    """Claim the request id, run the work and keep its answer; or give the answer that was kept.

    `begin` asks who calls, and returns the work.
    """
    if not _REQUEST_ID.fullmatch(caller.request_id):
        raise Refused(RefusalCode.REQUEST_ID_WRONG)

    def once(run: Callable[[], T | Refused]) -> T | Refused:
        claim = _claim(action, caller, content=content)
        if claim.kept_answer is not None:
            return _from_json(claim.kept_answer, answer)
        outcome = run()
        _keep_answer(claim, outcome)
        return outcome

    try:
        outcome = atomic(lambda: once(partial(_refusing_inside, begin())))
    except _RefusedInside as inside:
        # Unless a repeat has been answered since: then that is the answer to both.
        refused = inside.refused
        outcome = atomic(lambda: once(lambda: refused))
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def _refusing_inside(run: Callable[[], T]) -> T:
    """Run the work, and mark what it refuses as an answer to be kept; a question asked back is none."""
    try:
        return run()
    except Refused as refused:
        if refused.code in QUESTIONS | TYPED_WRONG:
            raise
        raise _RefusedInside(refused) from None


def _claim(action: str, caller: Caller, *, content: Mapping[str, Any]) -> _Claim:
    """Take the request id for this transaction, or return the answer that it already has.

    On PostgreSQL the insert waits while another transaction holds the same id, so of five simultaneous
    repeats four wait for the first and then read its answer.
    """
    salt = secrets.token_hex(16)
    row = {
        "asker": caller.asker,
        "action": action,
        "request_id": caller.request_id,
        "salt": salt,
        "content_hash": _content_hash(content, salt, caller.secret),
        "handled_at": content["now"],
    }
    row_id = _insert_unless_taken(HandledRequest, row)
    if row_id is not None:
        return _Claim(row_id)
    known = db.session.execute(_KNOWN, row).one()
    if known.content_hash != _content_hash(content, known.salt, caller.secret):
        raise Refused(RefusalCode.REQUEST_REUSED)
    return _Claim(known.id, known.answer)


_HANDLED: Any = HandledRequest.__table__
_KNOWN = select(_HANDLED).where(
    _HANDLED.c.asker == bindparam("asker"),
    _HANDLED.c.action == bindparam("action"),
    _HANDLED.c.request_id == bindparam("request_id"),
)
_KEEP_ANSWER = Statement(
    update(_HANDLED).where(_HANDLED.c.id == bindparam("row_id")).values(answer=bindparam("kept"))
)


def _keep_answer(claim: _Claim, outcome: Any) -> None:
    _KEEP_ANSWER.changed({"row_id": claim.row_id, "kept": _to_json(outcome)})


def _plain(value: Any) -> Any:
    """Spell a value so that equal contents are equal texts."""
    if is_dataclass(value) and not isinstance(value, type):
        return vars(value)  # What is inside comes here by itself.
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    raise TypeError(f"A request cannot contain {type(value).__name__}.")


def _content_hash(content: Mapping[str, Any], salt: str, secret: str) -> str:
    counted = {name: value for name, value in content.items() if name not in _NOT_CONTENT}
    counted |= {name: bool(content[name]) for name in _PASSWORDS if name in content}
    text = json.dumps(counted, default=_plain, sort_keys=True, ensure_ascii=False)
    return hmac.new(secret.encode(), (salt + text).encode(), hashlib.sha256).hexdigest()


def _to_json(outcome: Any) -> dict[str, Any]:
    if isinstance(outcome, Refused):
        return {"refused": outcome.code.value, "facts": outcome.facts}
    return {"answer": vars(outcome)}


def _from_json(kept: dict[str, Any], answer: type[T]) -> T | Refused:
    if "refused" in kept:
        return Refused(RefusalCode(kept["refused"]), **kept["facts"])
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in kept["answer"].items()}
    return answer(**values)


def forget_old_requests(now: datetime) -> None:
    """Delete the request ids that are older than 90 days, after which an id counts as new again."""
    atomic(
        lambda: db.session.execute(delete(HandledRequest).where(HandledRequest.handled_at < now - KEPT_FOR))
    )


def read_snapshot() -> None:
    """End the page's transaction and begin a reading one, in which all that is read is of one moment.

    The moment is that of the first read; what others commit afterwards is not seen, however long it takes.
    It lasts until `atomic` or the end of the page, and keeps nobody from writing. SQLite reads so anyway.
    """
    db.session.rollback()
    if dialect_name() == "postgresql":
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def aside(work: Callable[[Connection], object], *, patience_milliseconds: int | None = None) -> None:
    """Run a small write on a connection of its own and commit it at once, beside the session's transaction.

    Others see it while the session still reads, and it stays whatever becomes of the session. Never inside
    `atomic`: on SQLite it would wait there for a lock that its own thread holds. With `patience_milliseconds`
    it waits no longer than that for others.
    """
    patience = {} if patience_milliseconds is None else {PATIENCE: patience_milliseconds}
    with (
        db.engine.connect().execution_options(**{WRITES: True, **patience}) as connection,
        _patience(connection, patience_milliseconds),
        connection.begin(),
    ):
        if patience_milliseconds is not None and connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {patience_milliseconds}")
        work(connection)


@contextmanager
def _patience(connection: Connection, milliseconds: int | None) -> Iterator[None]:
    """Let a connection of SQLite wait less than others do; it waits when it begins, so before it begins."""
    if milliseconds is None or connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA busy_timeout={milliseconds}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MILLISECONDS}")
