"""What is left when a batch is over: no whole customer number anywhere, and the history as it was before."""

import re
from collections.abc import Collection, Iterator, Mapping

from flask import Flask

from lead_system.extensions import Base, db
from tests.support.full_numbers import FULL_CUSTOMER_NUMBERS

History = Mapping[tuple[str, int], str]
LONG_DIGITS = re.compile(r"1[3-9]\d{9}")


def kept_numbers(app: Flask, typed: Collection[str]) -> Iterator[str]:
    """Name the tables in which a whole customer number is that somebody typed."""
    wanted = {re.sub(r"\D", "", number)[-11:] for number in typed} | set(FULL_CUSTOMER_NUMBERS)
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            for row in db.session.execute(table.select()):
                found = numbers_in(" ".join(str(value) for value in row), wanted)
                if found:
                    yield f"{table.name} keeps the whole number {found}"


def history_of(app: Flask) -> History:
    """Return every record and payload as it stands, by its table and number."""
    with app.app_context():
        return {
            (name, row[0]): str(row)
            for name in ("history", "history_payloads")
            for row in db.session.execute(Base.metadata.tables[name].select())
        }


def rewritten(before: History, after: History) -> Iterator[str]:
    """Name what was changed or taken away, which nobody may (R10).

    Anonymising deletes payloads. That it alone does is asked of all records (`payloads_are_kept`).
    """
    for key, row in before.items():
        is_deleted_payload = key[0] == "history_payloads" and key not in after
        if after.get(key) != row and not is_deleted_payload:
            yield f"history was changed: {key[0]} {row}"


def numbers_in(written: str, wanted: Collection[str]) -> str:
    """Return the first wanted number in a text, however it is grouped there; blank where there is none."""
    plain = re.sub(r"(?<=\d)[\s-]+(?=\d)", "", written)
    return next((number for number in LONG_DIGITS.findall(plain) if number in wanted), "")
