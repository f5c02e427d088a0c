"""What must hold in the database and in the log when a batch is over."""

import re
from collections.abc import Collection, Iterator
from datetime import datetime

from flask import Flask
from sqlalchemy import text

from lead_system.extensions import Base, db
from tests.support.full_numbers import FULL_CUSTOMER_NUMBERS

BROKEN_IF_ANY = {
    "two leads hold one customer": """
        SELECT phone FROM holds GROUP BY name_key, phone, person_number HAVING count(*) > 1""",
    "a running binding without a hold": """
        SELECT l.id FROM leads l WHERE (l.status = 'dealt' OR l.status = 'bound' AND l.protect_until > :now)
        AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.lead_id = l.id)""",
    "a hold of a lead that is neither bound nor dealt": """
        SELECT h.lead_id FROM holds h JOIN leads l ON l.id = h.lead_id
        WHERE l.status NOT IN ('bound', 'dealt')
        AND (h.ends_at IS NULL OR h.ends_at > :now)""",
    "one broker has a customer twice": """
        SELECT k.broker_id FROM lead_keys k
        GROUP BY k.broker_id, k.name_key, k.phone, k.person_number HAVING count(*) > 1""",
    "a code without a report, or a report without a code": """
        SELECT l.id FROM leads l WHERE (l.code_token IS NOT NULL)
        <> EXISTS (SELECT 1 FROM reports r WHERE r.lead_id = l.id)""",
    "two standing deals of one lead": """
        SELECT d.lead_id FROM deals d WHERE d.undone_at IS NULL GROUP BY d.lead_id HAVING count(*) > 1""",
}
"""Each is a sentence about rows that must not be there."""

LONG_DIGITS = re.compile(r"1[3-9]\d{9}")


def broken_invariants(app: Flask, now: datetime) -> Iterator[str]:
    """Name what does not hold in the database, with the first rows that show it."""
    with app.app_context():
        for sentence, query in BROKEN_IF_ANY.items():
            rows = db.session.execute(text(query).bindparams(**_moment(query, now))).fetchmany(3)
            if rows:
                yield f"{sentence}: {[tuple(row) for row in rows]}"


def _moment(query: str, now: datetime) -> dict[str, datetime | str]:
    """Return what a query needs to know of the time, as the database of this session writes it."""
    if ":now" not in query:
        return {}
    is_sqlite = db.session.get_bind().dialect.name == "sqlite"
    return {"now": now.strftime("%Y-%m-%d %H:%M:%S.%f") if is_sqlite else now}


def kept_numbers(app: Flask, typed: Collection[str]) -> Iterator[str]:
    """Name the tables in which a whole customer number is that somebody typed."""
    wanted = {re.sub(r"\D", "", number)[-11:] for number in typed} | set(FULL_CUSTOMER_NUMBERS)
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            for row in db.session.execute(table.select()):
                found = numbers_in(" ".join(str(value) for value in row), wanted)
                if found:
                    yield f"{table.name} keeps the whole number {found}"


def numbers_in(written: str, wanted: Collection[str]) -> str:
    """Return the first wanted number in a text, however it is grouped there; blank where there is none."""
    plain = re.sub(r"(?<=\d)[\s-]+(?=\d)", "", written)
    return next((number for number in LONG_DIGITS.findall(plain) if number in wanted), "")
