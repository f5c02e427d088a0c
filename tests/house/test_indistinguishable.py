"""R12: another's record is not told apart from one that does not exist: by status, text, headers or time.

Each case asks twice: for a record that belongs to somebody else, and for a number that no record has. Taken
out of both answers is only what is drawn by chance and the address that was asked for, which comes back in
forms that lead on. For time stands what a request asks of the database: the same statements in one order.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from urllib.parse import quote

import pytest

from lead_system.clock import now
from lead_system.domain.protection import shanghai_day
from lead_system.extensions import db
from lead_system.models import Brokerage, CustomerType, SignIn
from tests.house.access_table import ALL, GET, POST, TABLE, Row
from tests.house.anothers_records import CASES, SEEN_BY_ALL_OF_THE_ROLE, Case
from tests.house.test_access import story  # noqa: F401 - the fixture
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written
from tests.support.sheets import BROKERAGE_HEADINGS, STAFF_HEADINGS, upload, workbook

SignedIn = Callable[[str], PageClient]
MISSING = "987654"


@pytest.fixture
def records(cast: Cast, story: dict[str, object]) -> dict[str, str]:  # noqa: F811
    """The records of the story, and more that are somebody else's or are over."""
    cast.arrives("newcomer", "13900000031")
    more = _people_who_left(cast) | _things_that_are_over(cast)
    more["withdrawn"] = cast.enters("fang", ("司空", "摘星", "1590101"))
    cast.withdraws("fang", int(str(more["withdrawn"])))
    more["secretarys_request"] = "made-by-the-secretary"
    for who in ("qiang", "director"):
        more[f"{who}s_sign_in"] = _sign_in_of(cast, who)
    return {name: str(value) for name, value in (cast.ids | story | more).items()}


def _sign_in_of(cast: Cast, who: str) -> int | None:
    with cast.app.app_context():
        found: int | None = db.session.scalar(db.select(SignIn.id).filter_by(account_id=cast.ids[who]))
        return found


def _people_who_left(cast: Cast) -> dict[str, object]:
    """Make accounts that are archived: one as Qiang's, one as Ming's, one as Lu's."""
    likes = {"gone_broker": "qiang", "gone_consultant": "ming", "gone_gate": "lu"}
    for number, (who, like) in enumerate(likes.items()):
        cast.arrives(who, f"1390000004{number}")
        named = {name: cast.account(like, name) for name in ("role", "brokerage_id", "password_hash")}
        login = who if cast.account(like, "login") else None
        cast.change(
            who,
            name="旧人",
            login=login,
            employee_number=f"X{number}",
            profile_completed_at=now(),
            archived_at=now(),
            **named,
        )
    return {who: cast.ids[who] for who in likes}


def _things_that_are_over(cast: Cast) -> dict[str, object]:
    with cast.app.app_context():
        brokerage, kind = (
            Brokerage(name="已关公司", archived_at=now()),
            CustomerType(name="旧分类", retired_at=now()),
        )
        db.session.add_all([brokerage, kind])
        db.session.commit()
        return {"gone_brokerage": brokerage.id, "gone_type": kind.id}


def _imports(signed_in: SignedIn) -> dict[str, str]:
    """Upload a workbook as the director and as the admin, and staff as the admin; none is carried out."""
    made = {
        "directors_import": ("director", "brokerages", (BROKERAGE_HEADINGS, ("导入甲", "", "", ""))),
        "admins_import": ("admin", "brokerages", (BROKERAGE_HEADINGS, ("导入乙", "", "", ""))),
        "staff_import": (
            "admin",
            "staff",
            (STAFF_HEADINGS, ("S77", "导入丙", "13700007777", "Gate staff", "gate-c")),
        ),
    }
    found: dict[str, str] = {}
    for name, (who, kind, rows) in made.items():
        answer = signed_in(who).submit(f"/admin/{kind}/import/", upload(workbook(*rows)), follow=False)
        found[name] = answer.location.partition("id=")[2]
    return found


@dataclass(frozen=True)
class Seen:
    """All that somebody who asks gets to know, and how long it took as far as the database is concerned."""

    status: int
    headers: list[tuple[str, str]]
    body: str
    statements: list[str]


DRAWN = re.compile(r'((?:name="(?:csrf_token|request_id)"|nonce)[^>]*?value=")[^"]*')


def seen(client: PageClient, answer: PageResponse, address: str) -> Seen:
    """Read an answer without what is drawn by chance, and without the address asked for."""
    body = _without(DRAWN.sub(r"\1", answer.text if answer.is_page else repr(answer.data)), address)
    headers = [
        (name, _without(value, address))
        for name, value in answer.headers.items()
        if name not in ("Set-Cookie", "Content-Length", "X-Request-Id")
    ]
    assert answer.headers.get("Content-Length", str(len(answer.data))) == str(len(answer.data))
    kept = ["Set-Cookie"] * len(answer.headers.getlist("Set-Cookie"))
    return Seen(answer.status_code, headers + [(name, "") for name in kept], body, client.statements)


def _without(said: str, address: str) -> str:
    for spelling in {address, html.escape(address), quote(address), quote(address, safe="")}:
        said = said.replace(spelling, "ADDRESS")
    return said


@dataclass
class Asker:
    """Somebody's browser, with which forms are sent that stand on none of their pages."""

    client: PageClient
    token: str
    sent: int = 0

    def asks(self, case: Case, number: str, records: Mapping[str, str]) -> Seen:
        """Ask for a record by its number."""
        address = _filled(case.address, number, records)
        if case.verb == GET:
            return seen(self.client, self.client.get(address), address)
        self.sent += 1
        form = {name: _filled(value, number, records) for name, value in case.form.items()}
        form |= {"csrf_token": self.token, "request_id": f"sent-by-hand-{self.sent:04d}"}
        return seen(self.client, self.client.post(address, data=form), address)


def _filled(text: str, number: str, records: Mapping[str, str]) -> str:
    return text.replace("{}", number).format(**records) if "{" in text else text


def told_apart(asker: Asker, case: Case, records: Mapping[str, str]) -> list[str]:
    """Return by what another's record differs from one that does not exist, and whether it is shown."""
    missing = "q" * len(records[case.anothers]) if "code" in case.anothers else MISSING
    asker.asks(case, missing, records)  # What a session remembers from its first request on does not count.
    anothers = asker.asks(case, records[case.anothers], records)
    nothings = asker.asks(case, missing, records)
    differences = [
        f"{case}: {name}: {line}"
        for name in ("status", "headers", "body", "statements")
        for line in _lines_apart(getattr(anothers, name), getattr(nothings, name))
    ]
    return differences + ([] if is_refusal(case, anothers.status) else [f"{case}: {anothers.status}"])


def _lines_apart(one: object, other: object) -> list[str]:
    """Return the first lines by which two values differ."""
    apart = unified_diff(_as_lines(one), _as_lines(other), n=0, lineterm="")
    return [line[:300] for line in apart if line[:3] not in ("---", "+++")][:6]


def _as_lines(value: object) -> list[str]:
    if isinstance(value, str):
        return value.splitlines()
    return [" ".join(str(each).split()) for each in value] if isinstance(value, list) else [str(value)]


@pytest.mark.parametrize("who", sorted({case.who for case in CASES}))
def test_anothers_record_is_as_one_that_does_not_exist(
    cast: Cast, records: dict[str, str], signed_in: SignedIn, client: PageClient, who: str
) -> None:
    cases = [case for case in CASES if case.who == who]
    browser = client if who == "stranger" else signed_in(who)
    if any("import" in case.anothers for case in cases):
        records |= _imports(signed_in)
    if who in cast.ids:
        records["version"] = str(cast.account(who, "version"))

    asker = Asker(browser, browser.get("/", follow_redirects=True).page.csrf_token)

    with nothing_written(cast.app):
        found = [difference for case in cases for difference in told_apart(asker, case, records)]

    assert not found, "\n".join(found)


def is_refusal(case: Case, status: int) -> bool:
    """Say whether an answer tells nothing: progress of nothing is none, and a code is for the gate."""
    if "progress/?request_id" in case.address or "/m/v/" in case.address:
        return status == (302 if case.who == "newcomer" else 200)
    return status in (404, 409, 422)


def _names_a_record(row: Row) -> bool:
    sent = (row.at, *row.form.values())
    return "<" in row.rule or any("{" in text for text in sent) or "?id=" in row.at


def test_every_route_that_names_a_record_is_asked_for_anothers() -> None:
    asked = {rule_of(case) for case in CASES}
    named = {row.rule for row in TABLE if _names_a_record(row)}

    forgotten = named - asked - set(SEEN_BY_ALL_OF_THE_ROLE)
    assert not forgotten, f"{sorted(forgotten)}: write in CASES who asks there for what is another's"
    assert not asked & set(SEEN_BY_ALL_OF_THE_ROLE)


def rule_of(case: Case) -> str:
    """Return the rule of the table that a case asks for."""
    path = case.address.partition("?")[0]
    kinds = ("<int:lead_id>", "<int:plot_id>", "<int:sign_in_id>", "<token>")
    rules = {row.rule for row in TABLE}
    return next(rule for rule in (path, *(path.replace("{}", kind) for kind in kinds)) if rule in rules)


@pytest.mark.parametrize("who", ["qiang", "hong", "lu", "ming", "secretary"])
def test_wrong_role_is_told_the_same_of_what_exists_and_what_does_not(
    cast: Cast, records: dict[str, str], signed_in: SignedIn, who: str
) -> None:
    browser = signed_in(who)
    asker = Asker(browser, browser.get("/", follow_redirects=True).page.csrf_token)
    rows = [row for row in TABLE if who in ALL - row.people and "{" in f"{row.at}{row.form}"]
    missing = dict.fromkeys(records, MISSING)

    apart = [
        f"{row} {row.form}: {line}"
        for row in rows
        for line in _lines_apart(_answer(asker, row, records), _answer(asker, row, missing))
    ]

    assert len(rows) > 20
    assert not apart, "\n".join(apart)


def _answer(asker: Asker, row: Row, records: Mapping[str, str]) -> list[object]:
    case = Case("", row.verb, row.address, "", row.form)
    got = asker.asks(case, "", records)
    return [got.status, got.body, *got.headers, *got.statements]


PAGES_OF_A_BROKER = (
    "/m/home",
    "/m/customers",
    "/m/customers?tab=entered",
    "/m/customers?tab=reported",
    "/m/customers?tab=bound",
    "/m/customers?tab=expired",
    "/m/customers?tab=dealt",
    "/m/customers?soon=7",
    "/m/customers?q=欧阳",
    "/m/customers/enter",
    "/m/customers/{own}",
    "/m/customers/{own}/code",
    "/m/customers/{own}/code.png",
    "/m/customers/{own}/report",
    "/m/me",
    "/m/me/changes",
    "/m/me/brokerage",
    "/m/profile/standing",
    "/m/project",
)


def test_nothing_on_a_brokers_pages_changes_because_of_a_rival(
    cast: Cast, clock: StoppedClock, signed_in: SignedIn
) -> None:
    own, browser = cast.enters("qiang", OUYANG, reports=True), signed_in("qiang")
    pages = [page.format(own=own) for page in PAGES_OF_A_BROKER]

    def look() -> list[tuple[str, Seen]]:
        return [(page, seen(browser, browser.get(page), page)) for page in (*pages, *pages)][len(pages) :]

    alone = look()
    rivals = cast.enters("fang", OUYANG)
    seen_after = {"enters": look()}
    cast.reports("fang", rivals)
    seen_after["reports"] = look()
    cast.scans("feng", rivals)
    seen_after["is bound"] = look()
    cast.deals("director", rivals, shanghai_day(now()))
    seen_after["is dealt"] = look()

    assert {step: what for step, what in seen_after.items() if what != alone} == {}


def _enter(cast: Cast, browser: PageClient) -> tuple[list[Seen], int]:
    """Enter and report the customer, report again; returns what was seen, and how many statements it took."""
    asker = Asker(browser, browser.get("/m/customers/enter").page.csrf_token)
    person = {"surname": "欧阳", "given_name": "锋", "phone1_head": "138", "phone1_tail": "5678"}
    entered = Case("", POST, "/m/customers/enter", "", person | {"then_report": "yes"})
    answers, statements = [], 0
    for _ in range(2):
        got = asker.asks(entered, "", {})
        statements += len(got.statements)
        location = dict(got.headers).get("Location", "")
        answers.append(Seen(got.status, [], re.sub(r"[0-9]+", "0", got.body), []))
        if location:
            page = browser.get(location)
            text = re.sub(r"[0-9]+|[A-Za-z0-9_-]{22}", "0", DRAWN.sub("", page.text))
            answers.append(Seen(page.status_code, [], text, []))
            entered = Case("", POST, f"{location}/report", "", {"needs": "南向"})
    return answers, statements


def test_entering_and_reporting_a_held_customer_is_answered_as_for_a_free_one(
    cast: Cast, clock: StoppedClock, signed_in: SignedIn
) -> None:
    """R7; keeping the collision takes a few statements more: thirteen in an entry and a report."""
    free, free_statements = _enter(cast, signed_in("qiang"))
    lead_id = cast.enters("fang", OUYANG, reports=True)
    cast.scans("feng", lead_id)

    held, held_statements = _enter(cast, signed_in("wei"))

    assert [answer.status for answer in free] == [302, 200, 302, 200]
    assert held == free
    assert held_statements - free_statements <= 13
