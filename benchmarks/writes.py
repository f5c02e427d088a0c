"""Lines about entering, reporting and scanning over HTTP, against the same statements bare."""

import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from statistics import median
from typing import Any

from benchmarks.bench import Bench
from benchmarks.fill import PASSWORD, migrate
from benchmarks.lines import Line, Measured, at_least, at_most
from benchmarks.load import WrongAnswer
from benchmarks.people import CONSULTANT_IDS, GATES, Person, sign_in_broker, sign_in_phone_staff
from benchmarks.senders import Sent, form, send_bare, send_forms
from benchmarks.servers import Server, gunicorn, our_server
from lead_system.services.passwords import hash_password

OWNER = "writes"
BROKER_IDS = tuple(range(101, 107))
WORKS = ("enter", "report", "scan")
MANY, QUICK_MANY = 320, 60
"""So many customers a contender enters, reports and scans in one round."""
ROUNDS, ROUNDS_ON_SQLITE = 5, 9
"""How often each contender comes; how long who waits for SQLite sleeps is luck, so there it takes more."""
LEFT_BEHIND = {
    "leads": "id", "lead_keys": "lead_id", "holds": "lead_id", "history": "lead_id", "reports": "lead_id",
    "gate_scans": "lead_id", "bindings": "lead_id",
}  # fmt: skip
"""Tables in which a customer who was entered, reported and scanned leaves rows."""

_numbers = count()


@dataclass
class Stage:
    """Our server on one database, and the people who write there."""

    port: int
    ask: Callable[[str], Sequence[Any]]
    brokers: Mapping[int, Person]
    gates: Sequence[Person]

    def codes(self, leads: Sequence[int]) -> list[str]:
        """Return the visit codes of leads, in their order."""
        rows = self.ask(f"SELECT id, code_token FROM leads WHERE id IN ({', '.join(map(str, leads))})")
        by_lead = dict(rows)
        return [by_lead[lead] for lead in leads]


@dataclass
class Contest:
    """A stage of ours, and the thin server on the same database; bare clients have its address."""

    ours: Stage
    thin: Server
    address: str

    def token_hash(self, account_id: int) -> str:
        """Return by what the database knows somebody's browser."""
        asked = f"SELECT token_hash FROM sign_ins WHERE account_id = {account_id} ORDER BY id DESC LIMIT 1"
        return str(self.ours.ask(asked)[0][0])


@dataclass
class Rates:
    """How many a second each contender did of each work, one figure a round."""

    taken: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add(self, work: str, who: str, sent: Sent) -> None:
        """Take down a round."""
        self.taken.setdefault((work, who), []).append(sent.rate)

    def compared(self, work: str, peer: str) -> Measured:
        """Return ours against a peer's, medians of the rounds."""
        ours, theirs = (median(self.taken[work, who]) for who in ("ours", peer))
        return Measured(ours / theirs, {"ours": f"{ours:.0f}/s", peer: f"{theirs:.0f}/s"})


def on_postgresql(bench: Bench) -> Rates:
    """Let all write in turn on the largest database."""
    database = bench.database(bench.largest, OWNER)
    address = f"host={bench.cluster.folder} dbname={database} user=postgres"
    return _rates(bench, Contest(stage(bench, bench.largest), _thin(bench, address), address))


def on_sqlite(bench: Bench) -> Rates:
    """Let all write in turn on a small SQLite database."""
    folder = bench.folder / "sqlite"
    folder.mkdir()
    file = sqlite_file(folder / "leads.sqlite3")
    server = our_server(f"sqlite:///{file}", folder=folder, sms=bench.provider.settings)
    bench.ends.callback(server.stop)
    ours = _peopled(bench, server.port, partial(_ask_file, file))
    return _rates(bench, Contest(ours, _thin(bench, file), file), rounds=ROUNDS_ON_SQLITE)


def growth(bench: Bench) -> dict[int, Rates]:
    """Let people write at our servers on every number of leads, in turn; the first round warms up."""
    stages = {rows: stage(bench, rows) for rows in bench.sizes}
    many = _many(bench) // 2
    for at in stages.values():
        _our_round(at, Rates(), many)
    rates = {rows: Rates() for rows in stages}
    for _ in range(2 if bench.quick else 4):
        for rows, at in stages.items():
            _our_round(at, rates[rows], many)
    return rates


def _many(bench: Bench) -> int:
    return QUICK_MANY if bench.quick else MANY


def stage(bench: Bench, rows: int) -> Stage:
    """Return our server on a database of its own in which everybody may write, and the people."""

    def peopled() -> Stage:
        return _peopled(bench, bench.ours(rows, OWNER).port, partial(bench.ask, rows, OWNER))

    return bench.kept(("stage", rows), peopled)


def _thin(bench: Bench, address: str) -> Server:
    log = bench.folder / "thin.log"
    server = Server(gunicorn(sys.executable, "benchmarks.peers.thin:app"), log=log, THIN_DATABASE=address)
    bench.ends.callback(server.stop)
    return server.start("/")


def _peopled(bench: Bench, port: int, ask: Callable[[str], Sequence[Any]]) -> Stage:
    brokers = {number: sign_in_broker(port, number, bench.provider) for number in BROKER_IDS}
    gates = [sign_in_phone_staff(port, login) for login in GATES]
    for broker in brokers.values():
        broker.get("/m/customers/enter")
    for gate in gates:
        gate.get("/m/gate")
    return Stage(port, ask, brokers, gates)


def _ask_file(file: str, question: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(question).fetchall()


def _rates(bench: Bench, contest: Contest, *, rounds: int = ROUNDS) -> Rates:
    """Run rounds, of which the first warms up and does not count."""
    _round(contest, Rates(), _many(bench) // 4)
    rates = Rates()
    for _ in range(2 if bench.quick else rounds):
        _round(contest, rates, _many(bench))
    return rates


def _round(contest: Contest, rates: Rates, many: int) -> None:
    """Let each contender enter, then report, then scan customers of its own.

    Raises:
        WrongAnswer: they did not leave as many rows behind.
    """
    ours = _our_round(contest.ours, rates, many)
    thin = _thin_round(contest, rates, many, scans_bare=False)
    _thin_round(contest, rates, many, scans_bare=True)
    _require_same_rows(contest.ours, ours, thin)


def _our_round(at: Stage, rates: Rates, many: int) -> int:
    """Enter, report and scan customers by our pages; returns one of them."""
    entered = send_forms(at.port, [_our_entry(at, n, _entry()) for n in range(many)])
    leads = [int(address.rpartition("/")[2]) for address in entered["answers"]]
    reported = send_forms(at.port, [_our_report(at, n, lead) for n, lead in enumerate(leads)])
    scanned = send_forms(at.port, [_our_scan(at, n, code) for n, code in enumerate(at.codes(leads))])
    for work, sent in zip(WORKS, (entered, reported, scanned), strict=True):
        rates.add(work, "ours", sent)
    return leads[0]


def _thin_round(contest: Contest, rates: Rates, many: int, *, scans_bare: bool) -> int:
    """Do the same by the thin server, or scan without one; returns one of the customers."""
    hashes = {number: contest.token_hash(number) for number in BROKER_IDS}
    entries = [_entry() | {"token_hash": hashes[_broker(n)]} for n in range(many)]
    entered = _sent_thin(contest, "enter", entries)
    leads = [int(address.rpartition("/")[2]) for address in entered["answers"]]
    reports = [{"lead_id": lead, "token_hash": hashes[_broker(n)]} for n, lead in enumerate(leads)]
    reported = _sent_thin(contest, "report", reports)
    gate = contest.token_hash(int(GATES[0].partition("-")[2]))
    scans = [
        {"code": code, "token_hash": gate, "consultant_id": _consultant(n)}
        for n, code in enumerate(contest.ours.codes(leads))
    ]
    if scans_bare:
        rates.add("scan", "bare", send_bare(contest.address, "scan", _asked_once(scans)))
    else:
        rates.add("scan", "thin", _sent_thin(contest, "scan", scans))
    rates.add("enter", "thin", entered)
    rates.add("report", "thin", reported)
    return leads[0]


def _sent_thin(contest: Contest, work: str, fields: Sequence[dict[str, Any]]) -> Sent:
    return send_forms(contest.thin.port, [form(f"/{work}", one, {}) for one in _asked_once(fields)])


def _asked_once(fields: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each form a request id of its own."""
    return [one | {"request_id": f"thin-{next(_numbers):012}"} for one in fields]


def _entry() -> dict[str, Any]:
    """Return a customer whom nobody has entered."""
    number = next(_numbers)
    given_name = chr(0x4E00 + number % 5000) + chr(0x4E00 + number // 5000)
    surname, phone = "鑫", f"199{number % 10_000:04}"
    return {
        "surname": surname, "given_name": given_name, "name_key": surname + given_name, "phone": phone,
        "needs": "看房",
    }  # fmt: skip


def _broker(number: int) -> int:
    return BROKER_IDS[number % len(BROKER_IDS)]


def _consultant(number: int) -> int:
    return CONSULTANT_IDS[number % len(CONSULTANT_IDS)]


def _our_form(person: Person, path: str, fields: Mapping[str, object]) -> str:
    own = {"csrf_token": person.token, "request_id": f"ours-{next(_numbers):012}"}
    return form(path, own | dict(fields), person.headers | {"Cookie": person.cookie})


_WISHES = {"expected_visit_at": "", "customer_type_id": "", "wished_consultant_id": "", "needs": "看房"}


def _our_entry(at: Stage, number: int, entry: Mapping[str, Any]) -> str:
    phone = {
        "phone1_head": entry["phone"][:3],
        "phone1_tail": entry["phone"][3:],
        "phone2_head": "",
        "phone2_tail": "",
    }
    names = {name: entry[name] for name in ("surname", "given_name")}
    return _our_form(at.brokers[_broker(number)], "/m/customers/enter", _WISHES | names | phone)


def _our_report(at: Stage, number: int, lead: int) -> str:
    return _our_form(at.brokers[_broker(number)], f"/m/customers/{lead}/report", _WISHES)


def _our_scan(at: Stage, number: int, code: str) -> str:
    fields = {"code": code, "consultant_id": _consultant(number), "another_visit": ""}
    return _our_form(at.gates[number % len(at.gates)], "/m/gate/confirm", fields)


def _require_same_rows(at: Stage, ours: int, thin: int) -> None:
    """Refuse to compare what did not leave as many rows behind.

    Raises:
        WrongAnswer: it did not.
    """
    left = [_left_behind(at, lead) for lead in (ours, thin)]
    if left[0] != left[1]:
        raise WrongAnswer(f"our writes left {left[0]}, the thin ones {left[1]}")


def _left_behind(at: Stage, lead: int) -> dict[str, int]:
    found = {
        table: at.ask(f"SELECT count(*) FROM {table} WHERE {column} = {lead}")[0][0]
        for table, column in LEFT_BEHIND.items()
    }
    kept = (
        f"SELECT count(*) FROM history_payloads JOIN history ON history.id = record_id WHERE lead_id = {lead}"
    )
    keys = (
        f"SELECT count(*) FROM binding_keys JOIN bindings ON bindings.id = binding_id WHERE lead_id = {lead}"
    )
    return found | {"history_payloads": at.ask(kept)[0][0], "binding_keys": at.ask(keys)[0][0]}


def sqlite_file(path: Any) -> str:
    """Make a SQLite database with the people who write, and return its file."""
    migrate(f"sqlite:///{path}")
    born = "2026-01-01 00:00:00.000000"
    staff = [(number, "gate", f"gate-{number}") for number in range(21, 27)]
    staff += [(number, "consultant", f"consultant-{number}") for number in CONSULTANT_IDS]
    secret = hash_password(PASSWORD)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO brokerages (id, name, contact, phone, address, version)"
            " VALUES (1, '安家置业', '', '', '', 1)"
        )
        columns = (
            "id, role, name, nickname, phone, login, password_hash, must_change_password, session_generation,"
            " totp_step, employee_number, brokerage_id, approval, rejection_reason, profile_completed_at,"
            " created_at, version"
        )
        people: list[tuple[object, ...]] = [
            (number, role, "岳峰", "", f"136{number:08}", login, secret, 0, 1, 0, f"S{number}", None,
             "not_needed", "", born, born, 1)
            for number, role, login in staff
        ]  # fmt: skip
        people += [
            (number, "broker", "王芳", "", f"135{number - 100:08}", None, None, 0, 1, 0, f"B{number}", 1,
             "not_needed", "", born, born, 1)
            for number in BROKER_IDS
        ]  # fmt: skip
        marks = ", ".join("?" * len(people[0]))
        connection.executemany(f"INSERT INTO accounts ({columns}) VALUES ({marks})", people)
    return str(path)


def _against(study: Callable[[Bench], Rates], work: str, peer: str, bench: Bench) -> Measured:
    return bench.once(study).compared(work, peer)


def _growth(work: str, bench: Bench) -> Measured:
    """Compare the time of a write among the most leads with that among the fewest."""
    rates = bench.once(growth)
    per_second = {rows: median(one.taken[work, "ours"]) for rows, one in rates.items()}
    figures = {f"{rows:,}": f"{rate:.0f}/s" for rows, rate in per_second.items()}
    curve = {rows: 1000 / rate for rows, rate in per_second.items()}
    return Measured(curve[bench.largest] / curve[bench.smallest], figures, curve=curve)


LINES = (
    Line("scan-thin", at_least(0.60), partial(_against, on_postgresql, "scan", "thin")),
    Line("scan-bare", at_least(0.30), partial(_against, on_postgresql, "scan", "bare")),
    Line("enter-thin", at_least(0.60), partial(_against, on_postgresql, "enter", "thin")),
    Line("report-thin", at_least(0.60), partial(_against, on_postgresql, "report", "thin")),
    Line("scan-sqlite", at_least(0.60), partial(_against, on_sqlite, "scan", "thin")),
    *(Line(f"growth-{work}", at_most(1.5), partial(_growth, work)) for work in WORKS),
)
