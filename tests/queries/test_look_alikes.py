"""Look-alikes: who is like whom, that each is found by its index, and that strangers are not."""

from typing import Any

import pytest
from sqlalchemy import insert, text

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Account, Lead, LeadKey
from lead_system.queries.look_alikes import MOST_SHOWN, look_alikes_of
from lead_system.queries.persons import next_person_number
from tests.admin.conftest import Desk
from tests.admin.reading import section, section_rows
from tests.queries.test_plans import goes_through_all, plan_of, statements
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.many import add_leads, draw_leads

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

ROWS = 20_000
OTHER_PHONE = "1394321"


def alike(cast: Cast, lead_id: int, who: str = "director") -> list[tuple[str, int]]:
    with cast.app.app_context():
        actor = db.session.get_one(Account, cast.ids[who])
        found = look_alikes_of(actor, db.session.get_one(Lead, lead_id))
        return [(row.likeness.value, row.lead.id) for row in found.rows]


@pytest.mark.parametrize(
    ("other", "second_phone", "likeness"),
    [
        (("欧阳", "克", "1385678"), "", "same_phone"),
        (("黄", "蓉", "1301111"), "1385678", "same_phone"),
        (("黄", "蓉", OTHER_PHONE), "", "same_phone"),
        (("欧阳", "锋", "1385679"), "", "one_digit_off"),
        (("欧", "阳锋", "1395678"), "", "one_digit_off"),
        (("欧阳", "锋", "1301111"), "1384678", "one_digit_off"),
        (("欧阳", "锋", "1394320"), "", "one_digit_off"),
        (("欧阳", "锋", "1385687"), "", ""),
        (("欧阳", "克", "1385679"), "", ""),
        (("欧阳", "锋", "1385679"), OTHER_PHONE, ""),
        (OUYANG, "", ""),
    ],
    ids=[
        "same phone, other name", "their second is my first", "their first is my second",
        "the last digit", "the third digit, surname ends elsewhere", "their second phone", "my second phone",
        "two digits swapped", "both differ", "the same customer, another phone one off", "the same customer",
    ],
)  # fmt: skip
def test_likeness_is_name_or_phone_and_never_the_same_customer(
    cast: Cast, other: tuple[str, str, str], second_phone: str, likeness: str
) -> None:
    mine = cast.enters("fang", OUYANG, OTHER_PHONE)
    theirs = cast.enters("qiang", other, second_phone)

    assert alike(cast, mine) == ([(likeness, theirs)] if likeness else [])
    assert alike(cast, theirs) == ([(likeness, mine)] if likeness else [])


def test_another_person_of_that_name_and_phone_is_shown_first(cast: Cast) -> None:
    mine, theirs = cast.enters("fang"), cast.enters("qiang")
    off = cast.enters("wei", ("欧阳", "锋", "1385679"))
    assert alike(cast, mine) == [("one_digit_off", off)]

    cast.tells_apart("director", theirs)

    assert alike(cast, mine) == [("another_person", theirs), ("one_digit_off", off)]
    assert alike(cast, theirs) == [("another_person", mine), ("one_digit_off", off)]


def test_who_left_the_lists_is_like_nobody(cast: Cast) -> None:
    mine = cast.enters("fang")
    for withdrawn in (
        cast.enters("qiang", ("欧阳", "锋", "1385679")),
        cast.enters("qiang", ("黄", "蓉", "1385678")),
    ):
        cast.withdraws("qiang", withdrawn)

    assert alike(cast, mine) == []


def test_only_what_somebody_may_see_is_shown(cast: Cast) -> None:
    mine = cast.enters("fang")
    own = cast.enters("fang", ("欧阳", "锋", "1385679"))
    theirs = cast.enters("qiang", ("欧阳", "克", "1385678"))

    assert alike(cast, mine, "fang") == [("one_digit_off", own)]
    assert alike(cast, mine, "feng") == []
    assert alike(cast, mine, "secretary") == [("one_digit_off", own), ("same_phone", theirs)]


def test_of_many_the_first_are_shown_and_the_page_says_that_there_are_more(
    cast: Cast, signed_in: Desk
) -> None:
    mine = cast.enters("fang")
    for number in range(MOST_SHOWN + 2):
        cast.enters("qiang", ("孙", chr(0x4E00 + number), "1385678"))

    assert len(alike(cast, mine)) == MOST_SHOWN
    client = signed_in("director")
    part = section(client.get(f"/admin/leads/details/?id={mine}").page, "look-alikes")
    assert "还有更多" in part.text


def test_each_row_of_the_page_leads_to_that_customer(cast: Cast, signed_in: Desk) -> None:
    mine = cast.enters("fang")
    theirs = cast.enters("qiang", ("欧阳", "锋", "1385679"))
    client = signed_in("secretary")

    page = client.get(f"/admin/leads/details/?id={mine}").page

    assert [row["客户编号"] for row in section_rows(page, "look-alikes")] == [str(theirs)]
    assert (
        section(page, "look-alikes").find("tbody").find("a")["href"] == f"/admin/leads/details/?id={theirs}"
    )


def test_anonymised_customers_are_like_nobody(cast: Cast) -> None:
    ids = [cast.enters("fang"), cast.enters("qiang", ("黄", "蓉", OTHER_PHONE))]
    with cast.app.app_context():
        for number in ids:
            lead = db.session.get_one(Lead, number)
            lead.phone1, lead.name_key, lead.anonymised_at = " " * 7, f"anonymised:{number}", now()
        db.session.commit()

    assert [alike(cast, number) for number in ids] == [[], []]


# Plans.


def fill(cast: Cast) -> int:
    """Write many customers with their keys; returns the number of one with a name and phone of its own."""
    rows = draw_leads(cast, ROWS, now())
    add_leads(cast, rows)
    keys = [
        {"lead_id": row["id"], "broker_id": row["broker_id"], "name_key": row["name_key"],
         "phone": row["phone1"], "person_number": row["id"]}
        for row in rows if row["status"] != "withdrawn"
    ]  # fmt: skip
    with cast.app.app_context():
        db.session.execute(insert(LeadKey), keys)
        db.session.commit()
        db.session.execute(text("ANALYZE"))
        db.session.commit()
    return next(int(row["id"]) for row in rows if row["status"] == "entered")


def plans_of(cast: Cast, ask: Any) -> list[str]:
    """What both databases would do for each statement of a question."""
    with cast.app.app_context():
        with statements() as asked:
            ask()
        return [plan_of(*one) for one in asked if one[0].lstrip().startswith("SELECT")]


def test_look_alikes_are_one_question_that_is_read_by_indexes(cast: Cast) -> None:
    number = fill(cast)
    with cast.app.app_context():
        actor = db.session.get_one(Account, cast.ids["director"])
        lead = db.session.get_one(Lead, number)

        (plan,) = plans_of(cast, lambda: look_alikes_of(actor, lead))

    assert not goes_through_all(plan), plan
    assert "Seq Scan on lead_keys" not in plan, plan
    assert not [step for step in plan.splitlines() if step.strip() == "SCAN lead_keys"], plan
    for index in ("ix_lead_keys_name_key_phone", "ix_leads_phone1_id", "ix_leads_phone2_id"):
        assert index in plan, plan


def test_the_next_number_of_a_name_is_read_by_indexes(cast: Cast) -> None:
    fill(cast)

    plans = plans_of(cast, lambda: next_person_number("欧阳锋"))

    assert len(plans) == 2
    assert not [step for plan in plans for step in goes_through_all(plan)], plans
    assert all("ix_leads_name_key_id" in plan for plan in plans), plans


def test_the_preview_is_read_by_indexes(cast: Cast, signed_in: Desk) -> None:
    number = fill(cast)
    client = signed_in("director")
    client.get("/admin/leads/")

    with statements() as asked:
        assert client.get(f"/admin/leads/person/?id={number}").status_code == 200

    with cast.app.app_context():
        about = [one for one in asked if "lead_keys" in one[0] and one[0].lstrip().startswith("SELECT")]
        plans = [plan_of(*one) for one in about]
    assert len(plans) == 1
    assert "ix_lead_keys_name_key_phone" in plans[0], plans
    assert not goes_through_all(plans[0]), plans
