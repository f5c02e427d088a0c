"""The load: people who live through stories of customers over HTTP, and repeat what was not answered.

Each thread has customers of its own and takes one step after the other, each by whoever's step it is. A form
that gets no answer, or one that says "not now", is sent again under the same request id until it is answered.
"""

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import httpx

from lead_system.clock import now
from lead_system.domain.protection import shanghai_day
from tests.support.cast import SCREENSHOT
from tests.trials.centre import Centre
from tests.trials.crash.journal import Action, Journal
from tests.trials.crash.looking import Eye
from tests.trials.people import Answer, Person

BROKERS = ("fang", "wei", "qiang")
STAFF = ("feng", "lu", "xin", "ming", "secretary", "director", "admin")
THINKS_SECONDS = 0.15
AGAIN_SECONDS = 0.15
GIVES_UP_SECONDS = 90
HAN = "安邦昌德恩丰广和嘉康隆明宁平庆荣瑞泰祥兴"


class Stopped(Exception):
    """The load is over, and nothing more is begun."""


class Load:
    """Threads of people at a sales centre; they go on until they are told to stop."""

    def __init__(self, centre: Centre, journal: Journal, *, threads: int, seed: str) -> None:
        self.centre = centre
        self.journal = journal
        self.eye = Eye(centre.database)
        self._numbers = count(1)
        self._end = threading.Event()
        for who in (*BROKERS, *STAFF):
            centre.person(who)
        self._threads = [
            threading.Thread(target=self._live, args=(random.Random(f"{seed} {n}"),)) for n in range(threads)
        ]

    def start(self) -> None:
        """Let everybody begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish the step that they are at, and wait for them."""
        self._end.set()
        for thread in self._threads:
            thread.join()

    def send(self, action: Action) -> Answer:
        """Send a form until it is answered, and open the page that the answer names, as a browser does."""
        person = self.centre.person(action.who)
        deadline = time.monotonic() + GIVES_UP_SECONDS
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                with self.journal.flight(action):
                    sent: dict[str, Any] = {"files": action.files, **action.fields}
                    answer = person.post(action.address, action.request_id, **sent)
                if answer.status < 500:
                    self._look_at(person, answer)
                    return answer
                if answer.status != 503:
                    self.journal.complain(f"{answer.status} after {action.tries} tries for {action}")
                    raise Stopped
            time.sleep(AGAIN_SECONDS)
        self.journal.complain(f"no answer within {GIVES_UP_SECONDS} s for {action}")
        raise Stopped

    def _look_at(self, person: Person, answer: Answer) -> None:
        """Open the page that an answer leads to: it shows the messages, which else pile up in the cookie."""
        if answer.is_done:
            with suppress(httpx.TransportError):
                person.get(answer.location)

    def act(self, action: Action) -> Answer:
        """Write an action down, send it, and write down that it was acknowledged; anything else is a fault.

        Raises:
            Stopped: the load is over, or this story cannot go on.
        """
        if self._end.is_set():
            raise Stopped
        self.journal.write(action)
        answer = self.send(action)
        if not answer.is_done:
            self.journal.complain(f"{answer.status} after {action.tries} tries for {action}")
            raise Stopped
        action.answer = answer
        return answer

    def think(self, dice: random.Random) -> None:
        """Wait for as long as somebody takes for the next step."""
        self._end.wait(dice.uniform(0, THINKS_SECONDS))

    def _live(self, dice: random.Random) -> None:
        while not self._end.is_set():
            try:
                Story(self, dice, next(self._numbers)).live()
            except Stopped:
                continue
            except Exception as error:  # noqa: BLE001 - a fault of the trial must not look like success
                self.journal.complain(f"the trial itself failed: {error!r}")


class Story:
    """One customer, the broker who brings them, and the rival who is after the same one."""

    def __init__(self, load: Load, dice: random.Random, number: int) -> None:
        self._load = load
        self._dice = dice
        self._cast = load.centre.cast
        self._name = "".join(HAN[number // 20**place % 20] for place in (2, 1, 0))
        self._phone = ("139", f"{number % 10000:04d}")
        self._broker, self._rival = dice.choice((("fang", "qiang"), ("wei", "qiang"), ("qiang", "fang")))

    def live(self) -> None:
        """Go from the entry to the deal, by one of many ways."""
        lead_id = self._enter(self._broker)
        if lead_id == 0:
            return
        rivals = self._enter(self._rival)
        self._scan(lead_id)
        if rivals:
            self._collide(lead_id, rivals)
        steps: list[Callable[[int], None]] = [self._pay, self._view, self._scan, self._extend]
        self._dice.shuffle(steps)
        for step in steps:
            step(lead_id)
        if rivals and self._dice.random() < 0.5:
            lead_id = self._rebind(lead_id, rivals)
        self._deal(lead_id)

    def _act(self, what: str, who: str, address: str, about: int = 0, **fields: object) -> Answer:
        self._load.think(self._dice)
        return self._load.act(Action(what, who, address, about, fields))

    def _enter(self, who: str) -> int:
        """Enter the customer, now and then one to be taken back; returns the number, 0 where it was."""
        named: dict[str, Any] = {"surname": "试", "given_name": self._name}
        named |= {"phone1_head": self._phone[0], "phone1_tail": self._phone[1]}
        reports: dict[str, Any] = {"then_report": "1"} if self._dice.random() < 0.6 else {}
        page = "/m/customers/enter"
        lead_id = self._act("enter", who, page, **named, **reports).number
        if reports:
            return lead_id
        if self._dice.random() < 0.2:
            version = self._load.eye.lead(lead_id, "version")
            self._act("withdraw", who, f"/m/customers/{lead_id}/withdraw", lead_id, version=version)
            return 0
        self._act("report", who, f"/m/customers/{lead_id}/report", lead_id)
        return lead_id

    def _scan(self, lead_id: int) -> None:
        code = self._load.eye.lead(lead_id, "code_token")
        consultant = self._cast.ids[self._dice.choice(("xin", "ming"))]
        chosen = {"code": code, "consultant_id": consultant, "another_visit": "1"}
        self._act("scan", self._dice.choice(("feng", "lu")), "/m/gate/confirm", lead_id, **chosen)

    def _collide(self, lead_id: int, rivals: int) -> None:
        self._act("report", self._rival, f"/m/customers/{rivals}/report", rivals)
        collision = self._load.eye.open_collision(lead_id, rivals)
        if not collision:
            self._load.journal.complain(f"report of lead {rivals} left no collision with lead {lead_id}")
            return
        self._act("handle", "director", "/admin/collisions/handle/", collision, collision_ids=collision)

    def _pay(self, lead_id: int) -> None:
        self._load.think(self._dice)
        picture = {"picture": ("paid.jpg", SCREENSHOT.jpeg, "image/jpeg")}
        amount: dict[str, object] = {"amount": f"{self._dice.randint(1, 900)}.50"}
        address = f"/admin/fees/pay/?lead={lead_id}"
        self._load.act(Action("pay", "secretary", address, lead_id, amount, picture))

    def _view(self, lead_id: int) -> None:
        code = self._load.eye.lead(lead_id, "code_token")
        self._act("view", "xin", "/m/consultant/viewing", lead_id, code=code, intent="B", standing_in="1")

    def _extend(self, lead_id: int) -> None:
        self._decide("extend", lead_id, "/admin/leads/extend/", days=3, reason="出差")

    def _rebind(self, lead_id: int, rivals: int) -> int:
        to = self._cast.ids[self._rival]
        self._decide("rebind", lead_id, "/admin/leads/rebind/", f"&to={to}", reason="协商", keep_end="no")
        return rivals

    def _deal(self, lead_id: int) -> None:
        self._decide("deal", lead_id, "/admin/leads/mark-dealt/", dealt_on=shanghai_day(now()), unit="1-101")
        if self._dice.random() < 0.4:
            self._decide("undo", lead_id, "/admin/leads/undo-deal/", reason="录错")

    def _decide(self, what: str, lead_id: int, page: str, more: str = "", **fields: object) -> None:
        """Let somebody of the back office send a form that knows the version of its customer."""
        who = self._dice.choice(("director", "admin"))
        version = self._load.eye.lead(lead_id, "version")
        self._act(what, who, f"{page}?id={lead_id}{more}", lead_id, version=version, **fields)
