"""The database is full, read-only, gone, or hangs: pages say so with 503, and work again by themselves."""

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask

from lead_system.application import create_app
from lead_system.extensions import db
from lead_system.models import Lead
from tests.support.cast import Cast, move_in
from tests.support.client import PageClient, PageResponse
from tests.support.databases import Cluster, Database, DatabaseFactory, migrate
from tests.support.html import Sent
from tests.support.refusals import everything
from tests.support.seats import token_of
from tests.trials import outages

CUSTOMERS = (("欧阳", "锋", "1385678"), ("林", "晓", "1591122"), ("周", "全", "1770002"))
SOON_SECONDS, AT_ONCE_SECONDS = 6, 3
NOT_CERTAIN = {
    "en": "Whether this was saved is not certain, so send it again in a minute: "
    "what was already saved will not count twice.",
    "zh-CN": "无法确定刚才的内容是否已保存。请一分钟后重新提交：已保存的内容不会重复计入。",
}
CANNOT_READ = {
    "en": "The data cannot be reached at the moment, so this page cannot be shown. Try again in a minute.",
    "zh-CN": "暂时无法读取数据，本页无法显示，请一分钟后再试。",
}


@dataclass
class Office:
    """A sales centre on a database of its own, and its people; the application lives through the outage."""

    app: Flask
    cast: Cast
    customers: Iterator[tuple[str, str, str]] = field(default_factory=lambda: iter(CUSTOMERS))

    def browser(self, who: str, language: str = "en") -> PageClient:
        client = self.app.test_client()
        assert isinstance(client, PageClient)
        with client.session_transaction() as session:
            session["_user_id"] = token_of(who)
            session["language"] = language
        return client

    def require_readiness(self, status: int, word: str) -> None:
        """Ask /readyz until it says so, which takes a second or two, and each time get an answer at once."""
        deadline = time.monotonic() + SOON_SECONDS
        while (said := self._readiness()) != (status, word):
            assert time.monotonic() < deadline, said
            time.sleep(0.1)

    def _readiness(self) -> tuple[int, str]:
        began = time.monotonic()
        answer = self.app.test_client().get("/readyz")
        assert time.monotonic() - began < AT_ONCE_SECONDS
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status_code, answer.text.removesuffix("\n")


def moved_in(database: Database) -> Office:
    app = create_app(database.settings())
    app.testing = True
    app.test_client_class = PageClient
    return Office(app, Cast(app, *move_in(app)))


@contextmanager
def office_on_sqlite(folder: Path, factory: DatabaseFactory) -> Iterator[Office]:
    with factory.migrated("sqlite", folder) as database:
        office = moved_in(database)
        yield office
        with office.app.app_context():
            db.engine.dispose()


@contextmanager
def office_on_postgresql(cluster: Cluster, folder: Path) -> Iterator[Office]:
    database = Database("postgresql", cluster.url(cluster.create()), folder)
    migrate(database)
    office = moved_in(database)
    yield office
    with office.app.app_context():
        db.engine.dispose()


@dataclass
class Entry:
    """A broker's form with a new customer, as it is sent before, during and after an outage."""

    client: PageClient
    sent: Sent

    def send(self, **headers: str) -> PageResponse:
        return self.client.post("/m/customers/enter", data=self.sent, headers=headers)


def fill_in(office: Office, client: PageClient) -> Entry:
    surname, given_name, phone = next(office.customers)
    page = client.get("/m/customers/enter").page
    form = next(form for form in page.forms if "surname" in form.names)
    typed = {"surname": surname, "given_name": given_name, "phone1_head": phone[:3], "phone1_tail": phone[3:]}
    return Entry(client, form.filled(typed))


def require_clear_answer(answer: PageResponse, sentence: str) -> None:
    """A page in its language that gives nothing away: 503, when to ask again, and the sentence."""
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert sentence in " ".join(answer.text.split())
    for internal in ("sqlite", "psycopg", "Traceback", "INSERT", "UPDATE", "leads.sqlite3", "Operational"):
        assert internal not in answer.text


def require_whole_outage(office: Office, outage: AbstractContextManager[None], word: str) -> None:
    """Nobody can read, and everybody is told; afterwards the very next request works."""
    broker, director = office.browser("fang"), office.browser("director", "zh-CN")
    entry = fill_in(office, broker)
    office.require_readiness(200, "ready")

    with outage:
        require_clear_answer(director.get("/admin/leads/"), CANNOT_READ["zh-CN"])
        require_clear_answer(broker.get("/m/customers"), CANNOT_READ["en"])
        require_clear_answer(entry.send(), NOT_CERTAIN["en"])
        told = entry.send(Accept="application/json")
        assert (told.status_code, set(told.json or ())) == (503, {"sentence"})
        assert director.get("/healthz").text == "alive\n"
        office.require_readiness(503, word)

    assert broker.get("/m/customers").status_code == 200
    assert director.get("/admin/leads/").status_code == 200
    require_one_entry(office, entry)


def require_no_writing(office: Office, outage: AbstractContextManager[None], word: str) -> None:
    """Nobody can write and everybody is told, nothing is half-written; afterwards the same form works."""
    entry = fill_in(office, office.browser("fang", "zh-CN"))
    office.require_readiness(200, "ready")
    before = everything(office.app)

    with outage:
        answer = entry.send()
        require_clear_answer(answer, NOT_CERTAIN["zh-CN"])
        office.require_readiness(503, word)

    after = everything(office.app)
    assert {name for name, rows in after.items() if rows != before[name]} <= {"pulse"}
    assert entry.client.submit(answer, button="重新提交", follow=False).status_code == 302
    require_one_entry(office, entry)


def require_one_entry(office: Office, entry: Entry) -> None:
    """Send what the outage interrupted, twice: it counts once, and the server can serve again."""
    answers = [entry.send() for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].location == answers[1].location
    lead = str(answers[0].location).rpartition("/")[2]
    assert len(office.cast.history(f"lead:{lead}")) == 1
    assert office.cast.count(Lead, surname=entry.sent["surname"][0]) == 1
    office.require_readiness(200, "ready")


@pytest.fixture
def on_small_disk(tmp_path: Path, database_factory: DatabaseFactory) -> Iterator[tuple[Office, Path]]:
    with ExitStack() as ends:
        try:
            disk = ends.enter_context(outages.small_disk(tmp_path / "disk", megabytes=8))
        except outages.NoDisk:
            pytest.skip(outages.NO_DISK)
        yield ends.enter_context(office_on_sqlite(disk, database_factory)), disk


def test_full_disk_under_sqlite(on_small_disk: tuple[Office, Path]) -> None:
    office, disk = on_small_disk

    require_no_writing(office, outages.full(disk), "full")


def test_read_only_disk_under_sqlite(on_small_disk: tuple[Office, Path]) -> None:
    office, disk = on_small_disk

    @contextmanager
    def remounted() -> Iterator[None]:
        with office.app.app_context():
            db.engine.dispose()  # The kernel does it on its own account only when the disk fails.
        with outages.read_only_disk(disk):
            yield

    require_whole_outage(office, remounted(), "read-only")


def test_sqlite_file_that_is_gone_and_comes_back(tmp_path: Path, database_factory: DatabaseFactory) -> None:
    with office_on_sqlite(tmp_path, database_factory) as office:
        require_whole_outage(office, outages.moved_away(tmp_path / "leads.sqlite3"), "unreachable")

        assert not (tmp_path / "leads.away").exists()


def test_sqlite_file_that_is_replaced_is_noticed(tmp_path: Path, database_factory: DatabaseFactory) -> None:
    with office_on_sqlite(tmp_path, database_factory) as office:
        file, backup = tmp_path / "leads.sqlite3", tmp_path / "backup.sqlite3"
        office.cast.enters("fang")
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as target:
            source.backup(target)
        office.cast.enters("fang", ("林", "晓", "1591122"))

        for beside in tmp_path.glob("leads.sqlite3-*"):
            beside.unlink()
        backup.rename(file)
        office.cast.enters("qiang")

        with closing(sqlite3.connect(file)) as restored:
            assert restored.execute("SELECT broker_id FROM leads ORDER BY id").fetchall() == [
                (office.cast.ids["fang"],),
                (office.cast.ids["qiang"],),
            ]


def test_busy_sqlite_is_ready(tmp_path: Path, database_factory: DatabaseFactory) -> None:
    with (
        office_on_sqlite(tmp_path, database_factory) as office,
        closing(sqlite3.connect(tmp_path / "leads.sqlite3", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")

        office.require_readiness(200, "ready")


@pytest.fixture
def disk() -> Iterator[Path]:
    """Give PostgreSQL a small disk, or a folder where none may be mounted; its path is short.

    That of a socket may have 107 characters at most.
    """
    with tempfile.TemporaryDirectory(prefix="leads-pg-") as place, ExitStack() as ends:
        Path(place).chmod(0o755)  # PostgreSQL runs as somebody else.
        with suppress(outages.NoDisk):
            ends.enter_context(outages.small_disk(Path(place) / "d", megabytes=160))
        yield Path(place) / "d"


@pytest.fixture
def cluster(disk: Path) -> Iterator[Cluster]:
    cluster = Cluster(disk)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.mark.postgresql
def test_full_disk_under_postgresql(cluster: Cluster, disk: Path, tmp_path: Path) -> None:
    if not disk.is_mount():
        pytest.skip(outages.NO_DISK)
    with office_on_postgresql(cluster, tmp_path) as office:  # Its tables are empty, and first rows need room.
        require_no_writing(office, outages.full(disk), "full")


@pytest.mark.postgresql
def test_one_outage_of_postgresql_after_the_other(cluster: Cluster, tmp_path: Path) -> None:
    with office_on_postgresql(cluster, tmp_path) as office:
        require_whole_outage(office, outages.killed(cluster), "unreachable")
        require_no_writing(office, outages.read_only_postgresql(cluster), "read-only")
        with outages.hanging(cluster):
            office.require_readiness(503, "unreachable")
        office.require_readiness(200, "ready")
