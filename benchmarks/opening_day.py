"""The line about an opening day: how long a scan waits while hundreds report and the back office looks on.

300 brokers, 6 gates and 20 people of the back office work at once at the pace of people (`crowd.py`), among
the most leads; then only the gates do, at the same pace. Every answer is looked at, and an error is a miss.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from benchmarks import peers_running
from benchmarks.bench import Bench
from benchmarks.crowd import BROKER, GATE, OFFICE, ROWS_ON_A_PHONE, SCAN, THINK_SECONDS, Someone, work
from benchmarks.figures import dashboard, endings, referrals
from benchmarks.lines import Line, Measured, at_most
from benchmarks.load import Page
from benchmarks.people import OFFICE as LOGINS
from benchmarks.people import Person, sign_in_broker, sign_in_office
from benchmarks.questions import LISTED, PAGE, questions, unscanned_codes
from benchmarks.writes import OWNER, stage

FIRST_BROKER, STEP = 107, 6
"""Every sixth account, so that brokers with many customers come as well as those with few; nobody who was
signed in for another line a moment ago, since a second code is sent to a phone a minute later only."""

CHANGING = ("list-first", "list-deep")
"""Lists on which other rows stand from second to second, while brokers enter customers."""

NUMBER_LINK = r'/admin/leads/details/\?id=(\d+)"[^>]*>\s*(?:<[^<>]*>\s*)*\1\s*<'
"""How a row of the list is told for everybody; not everybody may select rows."""

AT_ONCE = 8
SCANS_A_SECOND = 0.7
"""No gate confirms more at its pace."""


@dataclass(frozen=True)
class Size:
    """How many people there are, and for how many seconds they work, together and the gates alone."""

    brokers: int = 300
    office: int = 20
    seconds: float = 60
    seconds_alone: float = 40


QUICK = Size(brokers=30, office=5, seconds=10, seconds_alone=6)


def opening_day(bench: Bench) -> Measured:
    """Compare within how many seconds 99 of 100 scans are answered, among all and alone."""
    size = QUICK if bench.quick else Size()
    brokers, gates, office = _brokers(bench, size), _gates(bench, size), _office(bench, size)
    shows = [replace(gate, codes=gate.codes[::2]) for gate in gates]
    later = [replace(gate, codes=gate.codes[1::2]) for gate in gates]
    alone = work(later, seconds=size.seconds_alone)
    among = work([*brokers, *shows, *office], seconds=size.seconds)
    errors = [*alone.errors, *among.errors]
    pace = ", ".join(f"{kind} {least}-{most} s" for kind, (least, most) in THINK_SECONDS.items())
    figures = {
        "people": f"{len(brokers)} brokers, {len(gates)} at gates, {len(office)} in the office",
        "pause after each answer": pace,
        "alone, median/p99": str(alone),
        f"in {size.seconds:.0f} s, median/p99": str(among),
        "errors": f"{len(errors)}{': ' + errors[0] if errors else ''}",
        "asking took": f"{among.cpu_seconds:.1f} s of CPU",
    }
    return Measured(among.p99(SCAN) / alone.p99(SCAN), figures, errors=len(errors))


def _brokers(bench: Bench, size: Size) -> list[Someone]:
    port = bench.ours(bench.largest, OWNER).port
    numbers = [FIRST_BROKER + STEP * place for place in range(size.brokers)]
    newest = _newest_leads(bench, numbers)
    people = _signed_in(lambda number: sign_in_broker(port, number, bench.provider), numbers)
    return [
        _someone(BROKER, number, person, leads=newest.get(number, []))
        for number, person in zip(numbers, people, strict=True)
    ]


def _newest_leads(bench: Bench, brokers: Sequence[int]) -> dict[int, list[int]]:
    """Return with which leads the lists of brokers begin."""
    found = bench.ask(
        bench.largest, OWNER,
        "SELECT broker, lead.id FROM unnest(%(brokers)s) AS broker CROSS JOIN LATERAL ("
        f" SELECT id, entered_at FROM leads WHERE broker_id = broker AND {LISTED}"
        " ORDER BY entered_at DESC, id DESC LIMIT %(most)s) AS lead ORDER BY entered_at DESC, id DESC",
        brokers=list(brokers), most=ROWS_ON_A_PHONE,
    )  # fmt: skip
    newest: dict[int, list[int]] = {}
    for broker, lead in found:
        newest.setdefault(broker, []).append(lead)
    return newest


def _gates(bench: Bench, size: Size) -> list[Someone]:
    gates = stage(bench, bench.largest).gates
    each = int((size.seconds + size.seconds_alone) * SCANS_A_SECOND)
    codes = unscanned_codes(bench, bench.largest, OWNER, many=each * len(gates))
    return [_someone(GATE, place, gate, codes=codes[place :: len(gates)]) for place, gate in enumerate(gates)]


def _office(bench: Bench, size: Size) -> list[Someone]:
    port = bench.ours(bench.largest, OWNER).port
    logins = LOGINS[: size.office]
    people = _signed_in(partial(sign_in_office, port), logins)
    return [
        _someone(OFFICE, place, person, pages=[asdict(page) for page in _pages(bench, person, login)])
        for place, (login, person) in enumerate(zip(logins, people, strict=True))
    ]


def _pages(bench: Bench, person: Person, login: str) -> list[Page]:
    """Return what somebody of the back office looks at: lists, searches, and the pages full of figures.

    Which rows a search finds is known, since nobody enters such a name on that day; of the lists it changes
    by the second, so only their number is looked at. Secretaries have no referral table, and see no endings.
    """
    rows = bench.largest
    site = replace(peers_running.ours(bench, rows), row=NUMBER_LINK)
    asked = [
        replace(site.page(bench, rows, question), name=question.name)
        for question in questions(bench, rows)
        if not question.is_last
    ]
    lists = [replace(page, rows=PAGE) if page.name in CHANGING else page for page in asked]
    if login.startswith("secretary"):
        figures = [Page("dashboard", person.port, "/admin/", says=['href="/admin/leads/?'])]
    else:
        ends = endings(bench, rows, OWNER)
        figures = [
            replace(dashboard(bench, rows), name="dashboard", truth=ends),
            replace(referrals(bench, rows), name="referrals", rows=PAGE),
        ]
    return [replace(page, port=person.port, cookie=person.cookie) for page in (*lists, *figures)]


def _signed_in(sign_in: Callable[[Any], Person], whom: Sequence[Any]) -> list[Person]:
    """Sign people in, some at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(sign_in, whom))


def _someone(kind: str, number: int, person: Person, **more: Any) -> Someone:
    address = person.headers["X-Forwarded-For"]
    return Someone(kind, person.port, number, person.cookie, person.token, address, **more)


LINES = (Line("opening-day", at_most(5), opening_day),)
