"""R1, looked at after every test: the whole numbers of the cast's customers are kept and shown nowhere.

Searched are the test's database before it is put back or thrown away, every record of the log, the logs of
servers, and every answer, workbooks unpacked; pages are searched by the inspector. Account phones are stored
whole by design, so only customers' numbers are looked for.
"""

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from lead_system.web.logs import JsonLines
from tests.support.contents import tables_of
from tests.support.full_numbers import FULL_CUSTOMER_NUMBERS

ANY_NUMBER = re.compile("|".join(FULL_CUSTOMER_NUMBERS).encode())
ADVICE = "keep the first three and the last four digits only (R1)"


def require_none(where: str, found: list[str]) -> None:
    """Fail with what was found and where."""
    assert not found, f"{where} holds the whole customer number {', '.join(found)}: {ADVICE}"


def numbers_in(content: bytes) -> list[str]:
    """Return the customers' numbers in some bytes; those of a zip file, as a workbook is one, unpacked."""
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return sorted({number for name in parts.namelist() for number in _plain(parts.read(name))})
    return _plain(content)


def _plain(content: bytes) -> list[str]:
    return sorted({found.decode() for found in ANY_NUMBER.findall(content)})


def numbers_in_sqlite(file: Path) -> list[str]:
    """Return the customers' numbers in the files of a SQLite database."""
    files = (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-journal"))
    return sorted({number for one in files if one.exists() for number in _plain(one.read_bytes())})


def numbers_in_postgresql(connection: psycopg.Connection) -> list[str]:
    """Return the customers' numbers in the rows of every table, each with the table that has it."""
    look = "SELECT {name}, substring(t::text FROM {any}) FROM {table} t WHERE t::text ~ {any}"
    looks = [
        SQL(look).format(name=name, any="|".join(FULL_CUSTOMER_NUMBERS), table=Identifier(name))
        for name in tables_of(connection)
    ]
    found = connection.execute(SQL(" UNION ALL ").join(looks), prepare=True).fetchall() if looks else []
    return sorted({f"{number} in {table}" for table, number in found})


def require_clean_file(file: Path) -> None:
    """Fail where a file, such as a server's log, holds a customer's number."""
    if file.exists():
        require_none(file.name, _plain(file.read_bytes()))


class _LogWatch(logging.Handler):
    """Hears every record of every log of this process, as it is written and with what it was made of."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []
        self._lines = JsonLines()

    def emit(self, record: logging.LogRecord) -> None:
        self.found += _plain(f"{self._lines.format(record)} {record.args}".encode())


@pytest.fixture(scope="session")
def _log_watch() -> Iterator[_LogWatch]:
    watch = _LogWatch()
    logging.getLogger().addHandler(watch)
    yield watch
    logging.getLogger().removeHandler(watch)


@pytest.fixture(autouse=True)
def _no_whole_number_in_the_log(_log_watch: _LogWatch) -> Iterator[None]:
    _log_watch.found.clear()
    yield
    require_none("the log", _log_watch.found)
