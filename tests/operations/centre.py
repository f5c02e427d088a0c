"""A sales centre in production: PostgreSQL, two instances, nginx before them, and people at its door."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
from flask import Flask

from lead_system.application import create_app
from lead_system.extensions import db
from tests.operations.production import Instance, Nginx, free_port
from tests.support.cast import Cast, move_in
from tests.support.databases import SECRET_KEY, DatabaseFactory
from tests.support.outside import SETTINGS_OF_SMS, OutsideWorld, running_world
from tests.trials.people import Answer, Person, new_id, sign_in

HAN = "安邦昌德恩丰广和嘉康隆明宁平庆荣瑞泰祥兴"
PAUSE_SECONDS = 0.1
"""How long somebody waits after an answer: all together stay below what nginx lets through."""


def production_settings(world: OutsideWorld, **more: str) -> dict[str, str]:
    """Return an environment without the demonstration, whose SMS provider is the outside world."""
    sms = {f"LEAD_{name.upper()}": value for name, value in SETTINGS_OF_SMS.items()}
    own = {
        "LEAD_SECRET_KEY": SECRET_KEY,
        "LEAD_PROXIES": "1",
        "LEAD_SMS_PROVIDER": "aliyun",
        "LEAD_SMS_ENDPOINT": world.url,
        "WEB_CONCURRENCY": "2",
        "WEB_THREADS": "4",
    }
    return sms | own | more


@dataclass
class ProductionCentre:
    """What the tests of a running production work with; `app` is for arranging and looking."""

    app: Flask
    cast: Cast
    instances: tuple[Instance, Instance]
    nginx: Nginx
    world: OutsideWorld
    people: dict[str, Person] = field(default_factory=dict)
    made: int = 0

    def person(self, who: str) -> Person:
        """Return somebody of the cast, signed in through nginx."""
        if who not in self.people:
            self.people[who] = sign_in(self.nginx.url, self.cast, who, trusts=self.nginx.trusting())
        return self.people[who]

    def reported(self, number: int) -> dict[int, str]:
        """Let brokers report so many customers; returns the code of each."""
        codes = {}
        for _ in range(number):
            self.made += 1
            name = "".join(HAN[self.made // 20**place % 20] for place in (1, 0))
            lead = self.cast.enters("fang", ("试", name, f"138{self.made:04d}"), reports=True)
            codes[lead] = self.cast.code_of(lead)
        return codes

    def client(self) -> httpx.Client:
        """Return a browser that nobody is signed in with."""
        trusted = self.nginx.trusting()
        return httpx.Client(base_url=self.nginx.url, verify=trusted, trust_env=False, timeout=60)


@contextmanager
def opened(database_factory: DatabaseFactory, folder: Path) -> Iterator[ProductionCentre]:
    """Open the sales centre; nothing of it runs when the block ends."""
    with ExitStack() as ends:
        database = ends.enter_context(database_factory.alone("postgresql", folder))
        world = ends.enter_context(running_world())
        app = create_app(database.settings())
        ends.callback(_disconnect, app)
        cast = Cast(app, *move_in(app))
        ports = (free_port(), free_port())
        nginx = Nginx(folder / "nginx", ports)
        environment = production_settings(
            world,
            LEAD_DATABASE_URL=database.url,
            LEAD_DATA_DIR=str(folder),
            LEAD_PUBLIC_URL=nginx.url,
        )
        one, other = (Instance(port, environment, folder / f"{port}.log") for port in ports)
        for instance in (one, other):
            ends.callback(instance.kill)
            instance.start()
        ends.callback(nginx.stop)
        nginx.start()
        centre = ProductionCentre(app, cast, (one, other), nginx, world)
        yield centre
        for person in centre.people.values():
            person.leave()


def _disconnect(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class GateStaff:
    """People at gates who scan one code after the other until none is left, and read a list in between.

    With `tries`, an answer that breaks off is asked for again under the same id, as phones do (R13).
    """

    def __init__(self, centre: ProductionCentre, codes: dict[int, str], *, tries: int = 1) -> None:
        self.answers: dict[int, Answer] = {}
        self.pages: list[Answer] = []
        self.broken: list[str] = []
        self._centre = centre
        self._left = list(codes.items())
        self._tries = tries
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(centre.person(who),))
            for who in ("feng", "lu", "feng", "lu")
        ]

    def start(self) -> None:
        """Let everybody begin."""
        for thread in self._threads:
            thread.start()

    def wait_until_answered(self, number: int) -> None:
        """Wait until so many scans were answered."""
        deadline = time.monotonic() + 60
        while len(self.answers) < number and time.monotonic() < deadline:
            time.sleep(0.01)

    def finish(self) -> None:
        """Wait until no code is left."""
        for thread in self._threads:
            thread.join()

    def _work(self, person: Person) -> None:
        consultant = self._centre.cast.ids["xin"]
        while True:
            with self._lock:
                if not self._left:
                    return
                lead, code = self._left.pop()
            scan = partial(person.post, "/m/gate/confirm", new_id(), code=code, consultant_id=consultant)
            try:
                answer = self._answer_to(scan)
                page = self._answer_to(partial(person.get, "/m/gate/scans"))
            except httpx.TransportError as error:
                self.broken.append(f"lead {lead}: {error!r}")
                continue
            with self._lock:
                self.answers[lead] = answer
                self.pages.append(page)
            time.sleep(PAUSE_SECONDS)

    def _answer_to(self, ask: Callable[[], Answer]) -> Answer:
        for _ in range(self._tries - 1):
            with suppress(httpx.TransportError):
                return ask()
            time.sleep(PAUSE_SECONDS)
        return ask()
