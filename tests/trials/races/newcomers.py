"""People whom the cast does not have: a second of a role, or somebody new for one round alone."""

from datetime import UTC, datetime
from typing import Any

from lead_system.domain.roles import Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage
from lead_system.services.passwords import hash_password
from tests.support.cast import PASSWORD
from tests.support.html import Page
from tests.trials.people import OFFICE, Person
from tests.trials.races.stage import Crowd, Stage

NEW_PHONES = 15_000_000_000
"""Where the phones of newcomers begin; the cast has none of them."""

_password_hash = hash_password(PASSWORD)


def _account(stage: Stage, who: str, **values: Any) -> None:
    now = datetime.now(UTC)
    with stage.centre.app.app_context():
        account = Account(created_at=now, profile_completed_at=now, **values)
        db.session.add(account)
        db.session.commit()
        stage.cast.ids[who] = account.id


def new_phone(stage: Stage, of: int = 0) -> str:
    """Return a phone of this round alone; `of` tells several apart."""
    return str(NEW_PHONES + stage.number * 10 + of)


def hire(stage: Stage, who: str, role: Role) -> None:
    """Give the centre another member of staff, once, and let them sign in by the door of their role."""
    if who in stage.cast.ids:
        return
    values = {"role": role, "name": "林青", "phone": "13600099999", "login": f"new-{who}"}
    number = {"employee_number": f"N-{who}", "password_hash": _password_hash}
    _account(stage, who, approval=Approval.NOT_NEEDED, **values, **number)
    stage.crowd.welcome(who, by_password(stage.crowd, f"new-{who}", role, PASSWORD))


def by_password(crowd: Crowd, login: str, role: Role, password: str) -> Person:
    """Return a browser in which somebody has just signed in with account name and password."""
    person = Person(crowd.centre.server.url)
    is_office = role.value in OFFICE
    door, home = ("/admin/sign-in", "/admin/password") if is_office else ("/m/staff/sign-in", "/m/me")
    person.token = Page(person.get(door).text).csrf_token
    person.post(door, login=login, password=password)
    page = person.get(home)
    assert page.status == 200, f"{login} was not let in: {page}"
    person.token = Page(page.text).csrf_token
    return person


def new_broker(stage: Stage, who: str, *, brokerage_id: int | None = None, of: int = 0) -> None:
    """Make a broker for this round, of the brokerage of the cast's Fang unless another is given."""
    brokerage_id = brokerage_id or stage.cast.account("fang", "brokerage_id")
    _account(
        stage, who, role=Role.BROKER, name="孙洋", phone=new_phone(stage, of), brokerage_id=brokerage_id,
        approval=Approval.NOT_NEEDED, employee_number=f"NB{stage.number}-{of}",
    )  # fmt: skip


def new_resident(stage: Stage, who: str) -> None:
    """Make a resident for this round who waits for an approval."""
    _account(
        stage, who, role=Role.RESIDENT, name="冯默", phone=new_phone(stage),
        brokerage_id=stage.cast.account("fang", "brokerage_id"), approval=Approval.PENDING,
        employee_number=f"NR{stage.number}",
    )  # fmt: skip


def new_consultant(stage: Stage, who: str) -> None:
    """Make a consultant for this round."""
    _account(
        stage, who, role=Role.CONSULTANT, name="曲灵", phone=new_phone(stage), login=f"c-{stage.number}",
        password_hash=_password_hash, approval=Approval.NOT_NEEDED, employee_number=f"NC{stage.number}",
    )  # fmt: skip


def new_visitor(stage: Stage, who: str, name: str) -> None:
    """Make a visitor for this round, with a code."""
    _account(
        stage, who, role=Role.VISITOR, name=name, phone=new_phone(stage), approval=Approval.NOT_NEEDED,
        code_token=f"visitor-{stage.number:016d}", short_code=f"{7_000_000_000 + stage.number}",
    )  # fmt: skip


def new_brokerage(stage: Stage) -> int:
    """Make a brokerage for this round; returns its id."""
    with stage.centre.app.app_context():
        brokerage = Brokerage(name=f"新开地产 {stage.number}")
        db.session.add(brokerage)
        db.session.commit()
        return brokerage.id
