"""One customer: the leads that shared keys connect, and none that only look alike."""

import pytest

from lead_system.extensions import db
from lead_system.models import Lead
from lead_system.queries import customers
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.statements import queries, watched_statements

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

SECOND, THIRD = "1390002", "1390003"


def of(cast: Cast, lead: int) -> list[int]:
    with cast.app.app_context():
        return [one.id for one in customers.customer_of(db.session.get_one(Lead, lead)).leads]


def named(phone: str) -> tuple[str, str, str]:
    return OUYANG[0], OUYANG[1], phone


def test_leads_are_one_customer_through_others_whichever_is_asked(cast: Cast) -> None:
    a = cast.enters("fang", OUYANG)
    b = cast.enters("qiang", named(SECOND), OUYANG[2])
    c = cast.enters("wei", named(THIRD), SECOND)
    cast.enters("wei", named("1390004"))
    cast.enters("wei", ("欧阳", "克", OUYANG[2]))

    assert of(cast, a) == of(cast, b) == of(cast, c) == [a, b, c]


def test_withdrawn_and_merged_leads_belong_by_their_own_phones(cast: Cast) -> None:
    held = cast.enters("fang", OUYANG, SECOND, reports=True)
    cast.scans("feng", held)
    withdrawn = cast.enters("wei", named(SECOND))
    cast.withdraws("wei", withdrawn)
    first, merged = cast.enters("qiang", OUYANG), cast.enters("qiang", named(SECOND))
    cast.rebinds("director", held, "qiang")

    assert cast.read(merged, "merged_into_id") == first
    assert of(cast, held) == of(cast, merged) == of(cast, withdrawn) == [held, withdrawn, first, merged]


def test_another_person_of_the_same_name_and_digits_is_another_customer(cast: Cast) -> None:
    one, other = cast.enters("fang"), cast.enters("qiang")
    cast.tells_apart("director", other)

    assert (of(cast, one), of(cast, other)) == ([one], [other])


def test_no_more_than_the_bound_are_looked_at_and_the_asked_one_always(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers, "MOST_LEADS", 2)
    leads = [cast.enters(who) for who in ("fang", "qiang", "wei")]

    with cast.app.app_context():
        found = customers.customer_of(db.session.get_one(Lead, leads[2]))
    assert ([lead.id for lead in found.leads], found.is_cut) == ([leads[0], leads[2]], True)


def test_one_question_finds_them_however_far_they_are_apart(cast: Cast, clock: StoppedClock) -> None:
    phones = [f"139{number:04}" for number in range(9)]
    chain = [cast.enters("fang", named(a), b) for a, b in zip(phones[::2], phones[1::2], strict=False)]
    chain += [cast.enters("qiang", named(a), b) for a, b in zip(phones[1::2], phones[2::2], strict=True)]

    with cast.app.app_context():
        lead = db.session.get_one(Lead, chain[0])
        with watched_statements() as statements:
            found = customers.customer_of(lead)
    assert (sorted(one.id for one in found.leads), len(queries(statements))) == (sorted(chain), 1)
