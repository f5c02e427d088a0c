"""What is asked of a list of customers on every site, and which rows must stand on the page then."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.people import broker_phone

PAGE = 50
DEEP = 1000
SEARCHED_BROKER = 601
"""An account with as many leads as most."""

LISTED = "status <> 'withdrawn' AND merged_into_id IS NULL"
ALL = "true"


@dataclass(frozen=True)
class Question:
    """One state of a list: a page of all rows, or the first page of a search."""

    name: str
    page: int = 1
    is_last: bool = False
    word: str = ""
    is_broker_phone: bool = False

    def condition(self, *, has_one_box: bool) -> str:
        """Which rows are found, in SQL, with `word` as parameter; one box searches names of brokers too."""
        if not self.word:
            return "true"
        name = "name_key LIKE '%%' || %(word)s || '%%'"
        agents = "broker_id IN (SELECT id FROM accounts WHERE {} LIKE '%%' || %(word)s || '%%')"
        if has_one_box:
            return f"({name} OR {agents.format('name || phone')})"
        return agents.format("phone") if self.is_broker_phone else name


@dataclass(frozen=True)
class Expected:
    """The page that a site must show: its number, counted from 1, and the numbers of its rows."""

    page: int
    numbers: Sequence[int]


def questions(bench: Bench, rows: int) -> list[Question]:
    """Return what is asked of a list of so many leads; in a small one page 1 000 is the middle."""
    return [
        Question("list-first"),
        Question("list-deep", page=min(DEEP, rows // PAGE // 2)),
        Question("list-last", is_last=True),
        Question("search-1", word="王"),
        Question("search-2", word="王伟"),
        Question("search-3", word=_name_of_three(bench, rows)),
        Question("search-none", word="诸葛龘"),
        Question("search-broker", word=broker_phone(SEARCHED_BROKER), is_broker_phone=True),
    ]


def expected(bench: Bench, rows: int, question: Question, *, among: str, has_one_box: bool) -> Expected:
    """Ask the database itself what a site must show, whose list holds the rows `among` which are meant."""
    found = f"FROM leads WHERE {among} AND {question.condition(has_one_box=has_one_box)}"
    page = question.page
    if question.is_last:
        ((count,),) = bench.ask(rows, "ours", f"SELECT count(*) {found}", word=question.word)
        page = max(1, -(-count // PAGE))
    order = f"ORDER BY id DESC LIMIT {PAGE} OFFSET {(page - 1) * PAGE}"
    numbers = [
        number for (number,) in bench.ask(rows, "ours", f"SELECT id {found} {order}", word=question.word)
    ]
    return Expected(page, numbers)


def unscanned_codes(bench: Bench, rows: int, owner: str, *, many: int) -> list[str]:
    """Return visit codes that gates may confirm, those of the newest customers whom nobody holds."""
    found = bench.ask(
        rows, owner,
        f"SELECT name_key, phone1, code_token FROM leads WHERE {LISTED} AND status = 'reported'"
        " AND phone2 IS NULL AND NOT EXISTS (SELECT 1 FROM holds"
        " WHERE holds.name_key = leads.name_key AND holds.phone = phone1) ORDER BY id DESC LIMIT %(most)s",
        most=2 * many,
    )  # fmt: skip
    return list({(name, phone): code for name, phone, code in found}.values())[:many]


def _name_of_three(bench: Bench, rows: int) -> str:
    """Return a name of three characters that somebody in the middle of the list has."""
    ((name,),) = bench.ask(
        rows, "ours",
        f"SELECT name_key FROM leads WHERE {LISTED} AND id >= %(middle)s AND length(name_key) = 3"
        " ORDER BY id LIMIT 1",
        middle=rows // 2,
    )  # fmt: skip
    return str(name)
