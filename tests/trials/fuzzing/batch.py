"""One batch of requests: honest ones that find their way through the pages, and spoilt ones between them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import TypeVar
from urllib.parse import parse_qsl, unquote_plus, urljoin, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.house.access_table import GET, OFFICE_DOOR, PHONE_DOOR, STAFF_DOOR, TABLE, Row
from tests.support.html import Page
from tests.trials.fuzzing.browsers import Answer
from tests.trials.fuzzing.drafts import Asked, Body, Draft
from tests.trials.fuzzing.honest import Filler
from tests.trials.fuzzing.leaks import Reader, foreign_tokens
from tests.trials.fuzzing.mutants import Spoiler
from tests.trials.fuzzing.pool import Found, Pool
from tests.trials.fuzzing.scripts import sent_by_scripts
from tests.trials.fuzzing.world import EXTRAS, PEOPLE, ROLES, STRANGER, World

DOORS = (OFFICE_DOOR, PHONE_DOOR, STAFF_DOOR)
SIGN_IN = (*DOORS, "/m/sign-in/code", "/m/wechat/back")
HONEST_SHARE = 0.5
REVIVE_EVERY = 120
LEAD_TO_A_DOOR = ("/m/sign-out", "/admin/sign-out", "/m/wechat/forget", "/m/wechat/back", "/m/")
"""What is answered successfully by being led to a door."""

PAGES_OF_NEWCOMERS = ("/m/", "/m/profile", "/m/visitor/begin", "/m/profile/standing", "/m/me", "/m/me/name")
LATER = timedelta(seconds=23)
WEIGHTS = tuple({"admin": 5, "director": 4, "secretary": 2}.get(who, 1) for who in PEOPLE)
"""Who asks honestly how often: the back office has by far the most pages."""

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Fault:
    """Something that must not be: which request made it, and what it was."""

    kind: str
    """`error` or `leak`."""

    number: int
    asked: str
    what: str


@dataclass
class Tally:
    """What came of some requests."""

    requests: int = 0
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often a family of routes answered with a class of statuses."""

    reached: set[tuple[str, str, str]] = field(default_factory=set)
    """Verb, rule and person of each honest or spoilt request that succeeded."""

    faults: list[Fault] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)

    def add(self, other: "Tally") -> None:
        """Add what came of others."""
        self.requests += other.requests
        self.statuses.update(other.statuses)
        self.reached |= other.reached
        self.faults += other.faults


class Batch:
    """Sends one batch; all that it draws comes from one seed."""

    def __init__(self, world: World, seed: str) -> None:
        self.world = world
        self.dice = Random(seed)
        self.pool: Pool = world.begin()
        self.spoiler = Spoiler(self.dice, self.pool)
        self.tally = Tally(numbers=self.spoiler.numbers)
        self.done: Counter[tuple[str, str]] = Counter()
        """How often each form and link was followed by somebody."""

        self._next: list[Draft] = []
        self._adapter = world.app.url_map.bind("localhost")

    def run(self, requests: int) -> Tally:
        """Send so many requests."""
        while self.tally.requests < requests:
            if self.tally.requests % REVIVE_EVERY == 0:
                self.world.revive()
            draft, is_honest = self._draw()
            self.send(draft, is_honest=is_honest)
        return self.tally

    def _draw(self) -> tuple[Draft, bool]:
        if self._next:
            return self._next.pop(), True
        if self.dice.random() < HONEST_SHARE or not self.pool.sent:
            draft = self._honest()
            self.pool.remember(draft)
            return draft, True
        base = self.dice.choice(self.pool.sent)
        if self.dice.random() < 0.25:
            base = self._from_table(self.dice.choice(PEOPLE), self.dice.choice(TABLE))
        if self.dice.random() < 0.2:
            base = replace(base, who=self.dice.choice(PEOPLE))
            base = self._in_hand(base) if base.fields else base
        return self.spoiler.spoil(base), False

    # Honest requests.

    def _honest(self) -> Draft:
        (who,) = self.dice.choices(PEOPLE, WEIGHTS)
        if not self.world.is_seated(who):
            self.world.seat(who)
        drawn = self.dice.random()
        if drawn < 0.5 and self.pool.forms[who]:
            return self._fill_a_form(who)
        if drawn < 0.65 and self.pool.links[who]:
            return self._follow_a_link(who)
        if drawn < 0.75:
            by_script = list(sent_by_scripts(who, self.world.records, self.dice))
            if by_script:
                return self._in_hand(self.dice.choice(by_script))
        if who == STRANGER and drawn > 0.9:
            return self._come_from_wechat(who)
        if who in EXTRAS:
            return Draft(who, GET, self.dice.choice(PAGES_OF_NEWCOMERS))
        rows = [row for row in TABLE if who in row.people and row.owner in ("", who)]
        open_rows = [row for row in rows if not self._is_reached(who, row.verb, row.rule)]
        return self._from_table(who, self._least(who, open_rows or rows, _route_of_row))

    def _fill_a_form(self, who: str) -> Draft:
        """Fill a form in, first of all one that nobody in this role has got through yet."""
        kinds = self.pool.forms[who]
        open_kinds = [
            kind
            for kind, forms in kinds.items()
            if not self._is_reached(who, forms[-1].form.method.upper(), self._rule_of_form(forms[-1]))
        ]
        if open_kinds and self.dice.random() < 0.7:
            kind = self._least(who, open_kinds, str)
        else:
            kind = self._least(who, list(kinds), str)
        found = self.dice.choice(kinds[kind])
        return Filler(self.dice, who, self.pool).fill(found)

    def _is_reached(self, who: str, verb: str, rule: str) -> bool:
        """Say whether somebody in this role has got through here in this batch."""
        role = ROLES[who]
        return any((verb, rule, other) in self.tally.reached for other in PEOPLE if ROLES[other] == role)

    def _rule_of_form(self, found: Found) -> str:
        return self._rule(found.form.method.upper(), found.action)

    def _follow_a_link(self, who: str) -> Draft:
        kinds = self.pool.links[who]
        return _get(who, self.dice.choice(kinds[self._least(who, list(kinds), str)]))

    def _least(self, who: str, things: Sequence[Thing], name: Callable[[Thing], str]) -> Thing:
        """Choose among six of them what this person has done least."""
        some = self.dice.sample(things, min(6, len(things)))
        chosen = min(some, key=lambda thing: self.done[who, name(thing)])
        self.done[who, name(chosen)] += 1
        return chosen

    def _come_from_wechat(self, who: str) -> Draft:
        self.send(Draft(who, GET, "/m/wechat/start"), is_honest=True)
        begun = self.world.browsers[who].session().get("wechat_state") or {"state": ""}
        code = self.world.openid(self.dice)
        return Draft(who, GET, "/m/wechat/back", (("code", code), ("state", begun["state"])))

    def _from_table(self, who: str, row: Row) -> Draft:
        draft = _get(who, row.address.format(**self.world.records))
        if row.verb == GET:
            return draft
        fields = tuple((name, value.format(**self.world.records)) for name, value in row.form.items())
        return self._in_hand(replace(draft, method="POST", fields=fields, body=Body.FIELDS))

    def _in_hand(self, draft: Draft) -> Draft:
        """Give a form that stood on no page what every form carries."""
        token = self.world.browsers[draft.who].token()
        return draft.with_field("csrf_token", token).with_field(
            "request_id", f"drawn-{self.dice.randrange(10**15)}"
        )

    # What comes back.

    def send(self, draft: Draft, *, is_honest: bool) -> Answer:
        """Send one request and look at what comes back."""
        browser = self.world.browsers[draft.who]
        self.world.clock.forward(LATER)
        asked = draft.sealed()
        before = self.world.seated(draft.who) if asked.cookies is None else ""
        answer = browser.asks(asked)
        self.tally.requests += 1
        rule = self._rule(asked.method, asked.path)
        self.tally.statuses[_family(rule), answer.status // 100] += 1
        self._judge(asked, before, answer)
        if _is_success(asked.path, answer):
            self.tally.reached.add((draft.method, rule, draft.who))
        if is_honest:
            self._learn(draft, answer)
        elif not self.world.is_seated(draft.who):
            self.world.seat(draft.who)
        return answer

    def _rule(self, method: str, path: str) -> str:
        try:
            rule, _ = self._adapter.match(path, method=method, return_rule=True)
        except (HTTPException, RequestRedirect, ValueError):
            return "(no route)"
        return rule.rule

    def _judge(self, asked: Asked, before: str, answer: Answer) -> None:
        if answer.status >= 500 or answer.failed:
            self._fault("error", asked, f"{answer.status} {answer.failed[-3000:]}")
        for leak in self._leaks(asked, before, answer):
            self._fault("leak", asked, f"{answer.status} {leak}")

    def _leaks(self, asked: Asked, before: str, answer: Answer) -> Iterator[str]:
        """Find leaks; whoever signs in by a door becomes somebody else, and gets to read what they may."""
        browser = self.world.browsers[asked.who]
        now_is = self.world.seated(asked.who) if asked.cookies is None else before
        if now_is not in ("", STRANGER, before) and urlsplit(asked.path).path not in SIGN_IN:
            yield f"the session of {now_is}"
        reader = Reader(
            frozenset({before, now_is}) - {""},
            self.world.account_id(now_is),
            f"{self.world.remembered(asked.who)} {unquote_plus(asked.target)} {_read(asked.body)}",
            self._secrets_of_others(asked.who),
        )
        with self.world.app.app_context():
            yield from reader.leaks_in(answer, self.world.canaries, self.spoiler.numbers)
        if asked.cookies is None:
            yield from foreign_tokens(self.world.app, answer, browser.session(), sent=asked.body)

    def _secrets_of_others(self, who: str) -> list[str]:
        """Return the session cookies of others; two who signed out in one second have the same empty one."""
        others = [browser for other, browser in self.world.browsers.items() if other != who]
        return [browser.cookies["session"] for browser in others if "csrf_token" in browser.session()]

    def _fault(self, kind: str, asked: Asked, what: str) -> None:
        self.tally.faults.append(Fault(kind, self.tally.requests, str(asked), what))

    def _learn(self, draft: Draft, answer: Answer) -> None:
        """Read a page for what it offers, keep a picture of a code, and go where one is led."""
        at = draft.path + ("?" + "&".join(f"{n}={v}" for n, v in draft.query) if draft.query else "")
        if answer.kind == "text/html" and (answer.status < 300 or answer.status in (409, 422)):
            self.pool.read(draft.who, at, Page(answer.text))
        elif answer.kind == "image/png" and draft.path.endswith("code.png"):
            self.pool.photos.append(answer.body)
        elif answer.location and answer.status < 400:
            target = urlsplit(urljoin(f"http://localhost{draft.path}", answer.location))
            if target.netloc == "localhost" and draft.method == "POST":
                self._next.append(_get(draft.who, target.path + ("?" + target.query if target.query else "")))


def _read(body: bytes) -> str:
    """Return what was typed, however it travelled."""
    text = body[:100_000].decode("utf-8", "replace")
    return f"{text} {unquote_plus(text)}"


def _get(who: str, address: str) -> Draft:
    split = urlsplit(address)
    return Draft(who, GET, split.path, tuple(parse_qsl(split.query, keep_blank_values=True)))


def _is_success(path: str, answer: Answer) -> bool:
    if answer.status < 300 or path in LEAD_TO_A_DOOR:
        return answer.status < 400
    return answer.status < 400 and urlsplit(answer.location).path not in DOORS


def _family(rule: str) -> str:
    """Return the first two parts of a rule."""
    return "/".join(rule.split("/")[:3]) if rule.startswith("/") else rule


def _route_of_row(row: Row) -> str:
    return f"{row.verb} {row.rule}"
