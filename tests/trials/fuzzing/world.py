"""A world for the fuzz: an application with WeChat beside it, the story, and everybody's browser."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from logging import INFO, WARNING, getLogger
from pathlib import Path
from random import Random
from typing import Any

from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from lead_system.application import create_app
from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Brokerage,
    Collision,
    CustomerType,
    Fee,
    GateScan,
    Lead,
    Plot,
    SignInFailure,
)
from lead_system.services.sign_in_codes import find_phone_of_code
from lead_system.services.sign_ins import find_signed_in
from tests.house.access_table import ALL
from tests.support.cast import AGENTS, STAFF, Cast, move_in
from tests.support.databases import Database
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.outside import OutsideWorld, connect, running_world
from tests.support.seats import take_seat
from tests.support.stories import Stories
from tests.trials.fuzzing.browsers import Browser, Complaints
from tests.trials.fuzzing.leaks import Canary
from tests.trials.fuzzing.pool import Pool
from tests.trials.fuzzing.story import canaries, tell

STRANGER = "stranger"
EXTRAS = ("jun", "new", "rejected", "guest")
ROLES: Mapping[str, str] = {
    **{who: role.value for who, role, *_ in (*AGENTS, *STAFF)},
    "hong": "visitor",
    "mei": "resident",
    "jun": "resident",
    "rejected": "resident",
    "new": "broker",
    "guest": "visitor",
    STRANGER: STRANGER,
}
PEOPLE = (*sorted(ALL), *EXTRAS, STRANGER)
ENGLISH = frozenset({"fang", "wei", "feng", "xin", "hong", "admin", "secretary", "new", STRANGER})


@dataclass
class World:
    """Where one batch after the other happens."""

    app: Flask
    database: Database
    cast: Cast
    clock: StoppedClock
    complaints: Complaints
    outside: OutsideWorld
    stories: Stories
    canaries: list[Canary]
    records: Mapping[str, Any] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)
    kept_rows: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    """Accounts and brokerages as they were when the story had been told."""
    seats_taken: int = 0
    """How many seats this batch has taken: each has a token of its own, the same ones in every batch."""

    def begin(self) -> Pool:
        """Put everything back to the end of the story, and give everybody a new browser."""
        self.clock.at(MONDAY_TEN)
        self.seats_taken = 0
        self.records = self.stories.told(
            "fuzz", self.app, self.database, lambda: tell(self.cast), clock=self.clock, cast=self.cast
        )
        with self.app.app_context():
            self.kept_rows = [
                (kind, dict(row))
                for kind in (Brokerage, Account)
                for row in db.session.execute(kind.__table__.select()).mappings()
            ]
        self.browsers = {who: Browser(self.app, who, self.complaints) for who in PEOPLE}
        for who in PEOPLE:
            self.seat(who)
        return self._pool()

    def seat(self, who: str) -> None:
        """Give somebody a new session; a stranger an empty one."""
        account_id, remembered = self.cast.ids.get(who), ""
        if account_id is not None:
            self.seats_taken += 1
            remembered = f"seat {self.seats_taken} of {who}"
            with self.app.app_context():
                take_seat(db.session.get_one(Account, account_id), remembered)
        self.browsers[who].begin(remembered, "en" if who in ENGLISH else "zh-CN")

    def is_seated(self, who: str) -> bool:
        """Say whether somebody is still signed in as who they are; a stranger, as nobody."""
        return self.seated(who) == who

    def seated(self, who: str) -> str:
        """Say as whom somebody's browser is signed in; blank for an account that the story does not know."""
        remembered = str(self.browsers[who].session().get("_user_id", ""))
        if not remembered:
            return STRANGER
        with self.app.app_context():
            found = find_signed_in(remembered, now=now())
            account_id = found.account.id if found else 0
        return next((name for name, number in self.cast.ids.items() if number == account_id), "")

    def revive(self) -> None:
        """Put accounts and brokerages back, whatever became of them, and let everybody sign in again."""
        with self.app.app_context():
            db.session.execute(db.delete(SignInFailure))
            db.session.commit()
            for kind, row in self.kept_rows:
                values = {name: value for name, value in row.items() if name not in ("id", "version")}
                try:
                    db.session.execute(db.update(kind).where(kind.id == row["id"]).values(values))
                    db.session.commit()
                except IntegrityError:
                    db.session.rollback()  # Somebody new has the phone: then the old account keeps another.
        for who in PEOPLE:
            self.seat(who)

    def account_id(self, who: str) -> int | None:
        """Return the account of somebody, None for a stranger."""
        return self.cast.ids.get(who)

    def remembered(self, who: str) -> str:
        """Return what somebody's session remembers, with the phones of the codes that it only names."""
        session = self.browsers[who].session()
        named = [session.get(key) for key in ("sign_in_phone", "new_own_phone")]
        with self.app.app_context():
            phones = [find_phone_of_code(code_id) for code_id in named if isinstance(code_id, int)]
        return f"{session} {phones}"

    def _pool(self) -> Pool:
        with self.app.app_context():
            codes = [code for pair in db.session.execute(text(CODES)) for code in pair if code]
            highest = [db.session.scalar(db.select(db.func.max(kind.id))) or 0 for kind in NUMBERED]
        phones = ["13500010001", "13500020002", "13500030003", "13911112222"]
        return Pool(codes, phones, sorted({str(n) for top in highest for n in range(1, top + 1)}, key=int))

    def openid(self, dice: Random) -> str:
        """Let somebody press "allow" in WeChat; returns the code with which they come back."""
        return self.outside.allows(f"openid-{dice.randrange(4)}", "昵称", self.outside.shows())


CODES = """
    SELECT code_token, short_code FROM (
        SELECT id, code_token, short_code FROM leads UNION ALL SELECT 0, code_token, short_code FROM accounts
    ) AS codes ORDER BY id, code_token"""
NUMBERED: tuple[Any, ...] = (Account, Brokerage, Collision, CustomerType, Fee, GateScan, Lead, Plot)


@contextmanager
def opened(database: Database, folder: Path) -> Iterator[World]:
    """Open a world on a database; its server of WeChat stops when the block ends."""
    complaints, clock = Complaints(), StoppedClock()
    root = getLogger()
    level = root.level
    root.addHandler(complaints)
    root.setLevel(INFO)
    getLogger("sqlalchemy").setLevel(WARNING)  # It would write down every statement.
    app = create_app(database.settings())
    clock.at(MONDAY_TEN)
    (folder / "stories").mkdir(exist_ok=True)
    try:
        with running_world() as outside:
            connect(app, outside)
            cast = Cast(app, *move_in(app))
            yield World(
                app, database, cast, clock, complaints, outside, Stories(folder / "stories"), canaries()
            )
    finally:
        root.removeHandler(complaints)
        root.setLevel(level)
        clock.release()
