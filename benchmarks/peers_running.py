"""The peers as they run: each on a database of its own, by the same server with the same settings."""

import re
import subprocess
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import httpx

from benchmarks import questions
from benchmarks.bench import Bench
from benchmarks.fill import PASSWORD
from benchmarks.load import Page
from benchmarks.people import DIRECTOR
from benchmarks.questions import Question
from benchmarks.servers import PEER_PYTHON, Server, gunicorn
from benchmarks.surroundings import surroundings
from lead_system.config import PROJECT_FOLDER

DJANGO, DJANGO_LEAN, STOCK, OURS = "Django admin", "Django admin, no full count", "stock Flask-Admin", "ours"


@dataclass(frozen=True)
class Site:
    """A site with a list of customers: where it is, how it is asked, and how its rows are told."""

    name: str
    port: int
    cookie: str
    path: str
    row: str
    first_page: int
    page_argument: str
    word_argument: str
    broker_argument: str
    holds: str
    """Which leads its list has, in SQL."""

    def page(self, bench: Bench, rows: int, question: Question) -> Page:
        """Return the page that answers a question here, with the rows that it must have."""
        has_one_box = self.word_argument == self.broker_argument
        wanted = questions.expected(bench, rows, question, among=self.holds, has_one_box=has_one_box)
        arguments: dict[str, object] = {}
        if question.word:
            arguments[self.broker_argument if question.is_broker_phone else self.word_argument] = (
                question.word
            )
        if wanted.page > 1:
            arguments[self.page_argument] = wanted.page - 1 + self.first_page
        address = f"{self.path}?{urlencode(arguments)}"
        return Page(self.name, self.port, address, self.cookie, self.row, wanted.numbers)


def ours(bench: Bench, rows: int) -> Site:
    """Return our list of customers, all tabs and counts with it."""
    person = bench.office(rows, DIRECTOR)
    return Site(
        OURS, person.port, person.cookie, "/admin/leads/", r'name="rowid" value="(\d+)"',
        1, "page", "name", "broker_phone", questions.LISTED,
    )  # fmt: skip


def sites(bench: Bench) -> list[Site]:
    """Return all sites on the largest number of leads, ours first."""
    rows = bench.largest
    django, flask = bench.once(django_server), bench.once(stock_server)
    cookie = bench.once(_django_cookie)
    mark = r'name="_selected_action" value="(\d+)"'
    django_list = Site(
        DJANGO, django.port, cookie, "/admin/auth/lead/", mark, 1, "p", "q", "q", questions.ALL
    )
    return [
        ours(bench, rows),
        django_list,
        replace(django_list, name=DJANGO_LEAN, path="/admin/auth/leadwithoutfullcount/"),
        Site(
            STOCK, flask.port, "", "/admin/lead/", r'name="rowid" class="action-checkbox" value="(\d+)"',
            0, "page", "search", "search", questions.ALL,
        ),
    ]  # fmt: skip


def django_server(bench: Bench) -> Server:
    """Start Django admin on a copy of the largest database."""
    environment = _peer_environment(bench, "django")
    prepare = [str(PEER_PYTHON), "-m", "benchmarks.peers.prepare_django"]
    subprocess.run(prepare, check=True, cwd=PROJECT_FOLDER, env=surroundings(**environment))
    return _started(bench, "django", "benchmarks.peers.django_site:application", "/admin/login/", environment)


def stock_server(bench: Bench) -> Server:
    """Start stock Flask-Admin on a copy of the largest database."""
    environment = _peer_environment(bench, "stock")
    return _started(bench, "stock", "benchmarks.peers.stock_site:application", "/admin/", environment)


def _peer_environment(bench: Bench, name: str) -> dict[str, str]:
    return {"PEER_HOST": str(bench.cluster.folder), "PEER_DATABASE": bench.database(bench.largest, name)}


def _started(bench: Bench, name: str, application: str, path: str, environment: dict[str, str]) -> Server:
    log = bench.folder / f"{name}.log"
    server = Server(gunicorn(PEER_PYTHON, application), log=log, **environment).start(path)
    bench.ends.callback(server.stop)
    return server


def _django_cookie(bench: Bench) -> str:
    """Sign in at Django admin by its own page, and return the cookie of that session."""
    port = bench.once(django_server).port
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        page = client.get("/admin/login/").text
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        token = found.group(1) if found else ""
        fields = {"csrfmiddlewaretoken": token, "username": "director", "password": PASSWORD}
        client.post("/admin/login/?next=/admin/", data=fields)
        return f"sessionid={client.cookies['sessionid']}"
