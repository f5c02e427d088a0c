"""The short form of the fuzz; and that it sees a fault where there is one."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from flask import Response
from sqlalchemy import text

from lead_system.clock import now
from lead_system.extensions import db
from tests.house.access_table import TABLE
from tests.support.databases import DatabaseFactory
from tests.support.refusals import everything
from tests.support.tampering import rewrite
from tests.trials.fuzzing.aftermath import history_of, kept_numbers, rewritten
from tests.trials.fuzzing.batch import Batch, Fault, Tally
from tests.trials.fuzzing.coverage import missing
from tests.trials.fuzzing.drafts import Draft
from tests.trials.fuzzing.mutants import Spoiler
from tests.trials.fuzzing.pool import Pool
from tests.trials.fuzzing.world import World, opened
from tests.trials.invariants import broken_invariants

REQUESTS = 1000
SEED = "the short form"


@pytest.fixture(scope="module")
def world(database_factory: DatabaseFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("fuzz")
    with database_factory.migrated("sqlite", folder) as database, opened(database, folder) as world:
        yield world


@contextmanager
def altered(world: World, endpoint: str, answer: object) -> Iterator[None]:
    """Let one page of the application answer something else: a value, or an error to be raised."""
    views: dict[str, Any] = world.app.view_functions
    real = views[endpoint]

    def view(*args: object, **kwargs: object) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    view.__access__ = real.__access__  # type: ignore[attr-defined]
    views[endpoint] = view
    yield
    views[endpoint] = real


def faults_of(world: World, *drafts: Draft) -> list[Fault]:
    """Send requests as a batch would, and return what it has to say of them."""
    batch = Batch(world, SEED)
    for draft in drafts:
        batch.send(draft, is_honest=True)
    return batch.tally.faults


@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")  # Werkzeug's, of a form that breaks off.
def test_nonsense_breaks_nothing_and_nobody_reads_what_is_not_theirs(world: World) -> None:
    batch = Batch(world, SEED)
    history = history_of(world.app)

    tally = batch.run(REQUESTS)

    assert tally.faults == []
    assert list(broken_invariants(world.app, now())) == []
    assert list(rewritten(history, history_of(world.app))) == []
    assert list(kept_numbers(world.app, tally.numbers)) == []
    assert len(tally.numbers) > 10, "nobody typed a whole number"
    assert len(tally.reached) > 200, "hardly anything succeeded"


def test_same_seed_asks_the_same(world: World) -> None:
    first, second = Batch(world, SEED).run(60), Batch(world, SEED).run(60)

    assert first.statuses == second.statuses
    assert first.reached == second.reached


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("qiang", "东郭雪崖"),
        ("hong", "王芳"),
        ("qiang", "13500010001"),
        ("secretary", "13911112222"),
        ("fang", "跟进暗语：周三带母亲来量尺寸"),
        ("xin", "13812345678"),
        ("admin", 'File "/srv/lead_system/models.py"'),
        ("admin", "scrypt:32768:8:1$"),
        ("admin", "SELECT leads.id FROM leads"),
        ("admin", "a secret of more than 32 characters that only the tests know"),
    ],
)
def test_leak_is_found(world: World, who: str, said: str) -> None:
    endpoint, address = "mobile.bad_line.manifest", "/m/manifest.webmanifest"

    with altered(world, endpoint, said):
        found = faults_of(world, Draft(who, "GET", address))

    assert [fault.kind for fault in found] == ["leak"]


def test_leak_in_a_header_is_found(world: World) -> None:
    answer = Response("nothing", headers={"X-Owner": "13500010001"})

    with altered(world, "mobile.bad_line.manifest", answer):
        found = faults_of(world, Draft("qiang", "GET", "/m/manifest.webmanifest"))

    assert [fault.kind for fault in found] == ["leak"]


def test_owner_may_see_what_is_a_leak_to_others(world: World) -> None:
    with altered(world, "mobile.bad_line.manifest", "东郭雪崖 13500030003"):
        assert faults_of(world, Draft("wei", "GET", "/m/manifest.webmanifest")) == []


def test_whole_number_that_is_said_back_is_found(world: World) -> None:
    batch = Batch(world, SEED)
    spoiler: Spoiler = batch.spoiler
    spoiler.numbers.add("16612345678")

    with altered(world, "mobile.bad_line.manifest", "16612345678"):
        batch.send(Draft("wei", "GET", "/m/manifest.webmanifest"), is_honest=True)

    assert [fault.what for fault in batch.tally.faults] == ["200 a whole customer number: 16612345678"]


def test_session_of_another_is_found(world: World) -> None:
    batch = Batch(world, SEED)
    others = world.browsers["fang"].cookies["session"]

    with altered(world, "mobile.bad_line.manifest", others):
        batch.send(Draft("qiang", "GET", "/m/manifest.webmanifest"), is_honest=True)

    assert [fault.kind for fault in batch.tally.faults] == ["leak"]


def test_error_is_found(world: World) -> None:
    with altered(world, "mobile.bad_line.manifest", ValueError("a defect")):
        found = faults_of(world, Draft("qiang", "GET", "/m/manifest.webmanifest"))

    assert [fault.kind for fault in found] == ["error"]
    assert "a defect" in found[0].what


def test_error_that_is_only_logged_is_found(world: World) -> None:
    class Logging(Response):
        def get_app_iter(self, environ: dict[str, Any]) -> Iterable[bytes]:
            logging.getLogger("lead_system").error("gave up")
            return super().get_app_iter(environ)

    with altered(world, "mobile.bad_line.manifest", Logging("fine")):
        found = faults_of(world, Draft("qiang", "GET", "/m/manifest.webmanifest"))

    assert [(fault.kind, fault.what) for fault in found] == [("error", "200 gave up")]


def test_whole_number_in_a_table_is_found(world: World) -> None:
    Batch(world, SEED)
    with world.app.app_context():
        db.session.execute(text("UPDATE leads SET needs = 'call 138-1234-5678' WHERE id = 1"))
        db.session.commit()

    assert list(kept_numbers(world.app, {"13812345678"})) == ["leads keeps the whole number 13812345678"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE history SET at = '2020-01-01 00:00:00' WHERE id = 2",
        "UPDATE history_payloads SET salt = 'x' WHERE record_id = 1",
        "DELETE FROM history WHERE id = (SELECT max(id) FROM history)",
    ],
)
def test_changed_history_is_found(world: World, change: str) -> None:
    Batch(world, SEED)
    before = history_of(world.app)

    rewrite(world.app, change)

    assert len(list(rewritten(before, history_of(world.app)))) == 1


def test_bound_lead_without_a_hold_is_found(world: World) -> None:
    Batch(world, SEED)
    with world.app.app_context():
        db.session.execute(text("DELETE FROM holds WHERE lead_id = 1"))
        db.session.commit()

    (found,) = broken_invariants(world.app, now())
    assert found.what.startswith("Every customer that is bound or dealt holds all of its keys")


def test_next_batch_begins_as_the_first_did(world: World) -> None:
    Batch(world, SEED)
    before = everything(world.app)

    Batch(world, "another").run(40)
    Batch(world, SEED)

    assert everything(world.app) == before


def test_route_that_nobody_got_through_is_named() -> None:
    everybody = {(row.verb, row.rule, who) for row in TABLE for who in row.people}
    left_out = ("POST", "/m/customers/enter")
    reached = {each for each in everybody if each[:2] != left_out}

    assert missing(Tally(reached=everybody)) == []
    assert missing(replace(Tally(), reached=reached)) == [
        "POST /m/customers/enter as broker",
        "POST /m/customers/enter as resident",
    ]


def test_spoiled_request_is_another() -> None:
    honest = Draft("fang", "POST", "/m/customers/enter", fields=(("surname", "赵"), ("needs", "南向")))
    spoiler = Spoiler(Random(1), Pool(["code"], ["13500010001"], ["1", "2"]))

    spoilt = [spoiler.spoil(honest).sealed() for _ in range(200)]

    assert sum(asked != honest.sealed() for asked in spoilt) > 180
    assert len(set(spoilt)) > 150
