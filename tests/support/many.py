"""Many customers at once, written as rows and drawn from a seed, for lists of more than a few."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, text

from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Lead
from tests.support.cast import Cast

SURNAMES = ("王", "李", "欧阳", "诸葛")
GIVEN = "伟芳娜敏静丽强磊"
STATUSES = ("entered", "reported", "bound", "expired", "dealt", "withdrawn")
ENDS = (timedelta(seconds=-1), timedelta(0), timedelta(seconds=1), timedelta(days=9), timedelta(days=-9))
"""When protections end, seen from the test's clock: around its very instant, and far from it."""

Row = dict[str, Any]


def draw_leads(cast: Cast, count: int, moment: datetime, *, seed: int = 1) -> list[Row]:
    """Return rows of customers as they may stand: of all brokers, in every status, merged, anonymised."""
    chance = random.Random(seed)  # noqa: S311 - names and days, no secrets
    return [_draw(cast, n, moment, chance) for n in range(1, count + 1)]


def _draw(cast: Cast, n: int, moment: datetime, chance: random.Random) -> Row:
    surname = chance.choice(SURNAMES)
    given = "".join(chance.choices(GIVEN, k=chance.choice((1, 2))))
    row = plain_lead(cast, n, moment, surname=surname, given_name=given, status=chance.choice(STATUSES))
    row["broker_id"] = row["entered_by_id"] = cast.ids[chance.choice(("fang", "qiang", "wei"))]
    row["phone1"] = f"13{chance.randrange(10)}{chance.randrange(10_000):04}"
    row["expected_visit_at"] = moment + chance.choice(ENDS) if chance.random() < 0.5 else None
    row["consultant_id"] = cast.ids[chance.choice(("xin", "ming"))] if chance.random() < 0.5 else None
    if row["protect_until"]:
        row["protect_until"] = moment + chance.choice(ENDS)
    if n > 1 and row["status"] in {"reported", "expired"} and chance.random() < 0.2:
        row["merged_into_id"] = n - 1
    if row["status"] == "expired" and chance.random() < 0.3:
        row |= {"surname": "", "given_name": "", "name_key": f"anonymised:{n}", "phone1": " " * 7}
        row["anonymised_at"] = moment
    return row


def plain_lead(
    cast: Cast,
    n: int,
    moment: datetime,
    *,
    surname: str = "孙",
    given_name: str = "伟",
    status: str = "entered",
    who: str = "fang",
) -> Row:
    """Return the row of one customer, of whom nothing is remarkable."""
    was_bound = status in {"bound", "expired", "dealt"}
    is_reported = was_bound or status == "reported"
    return {
        "id": n,
        "broker_id": cast.ids[who],
        "entered_by_id": cast.ids[who],
        "surname": surname,
        "given_name": given_name,
        "name_key": surname + given_name,
        "phone1": "1385678",
        "status": status,
        "entered_at": moment,
        "first_reported_at": moment if is_reported else None,
        "bound_at": moment - timedelta(days=30) if was_bound else None,
        "protect_until": moment if was_bound else None,
        "code_token": f"{n:024}" if is_reported else None,
        "short_code": f"{n:010}" if is_reported else None,
        "expected_visit_at": None,
        "consultant_id": None,
        "merged_into_id": None,
        "anonymised_at": None,
    }


def add_brokers(cast: Cast, count: int, moment: datetime) -> None:
    """Write so many brokers of the first broker's brokerage, of whom nothing is remarkable."""
    with cast.app.app_context():
        brokerage_id = db.session.get_one(Account, cast.ids["fang"]).brokerage_id
        rows = [
            {"role": Role.BROKER, "phone": f"137{n:08}", "brokerage_id": brokerage_id, "created_at": moment}
            for n in range(count)
        ]
        db.session.execute(insert(Account), rows)
        db.session.commit()
        _let_it_count()


def add_leads(cast: Cast, rows: Sequence[Row]) -> None:
    """Write the rows, and let the database count what it plans by."""
    with cast.app.app_context():
        db.session.execute(insert(Lead), list(rows))
        db.session.commit()
        _let_it_count()


def _let_it_count() -> None:
    """Let the database count what it plans by; PostgreSQL reads an index alone where it has tidied up."""
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM leads, lead_name_grams"))
