"""The forms that people send in the races, each in the words of its page."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from lead_system.domain.protection import shanghai_day
from lead_system.extensions import db
from lead_system.models import Setting
from tests.support.cast import SCREENSHOT
from tests.trials.races.stage import Shot, Stage

Customer = tuple[str, str, str]


def confirm(stage: Stage, gate: str, lead_id: int, *, consultant: str = "xin", again: bool = False) -> Shot:
    """Gate staff confirm the visit of a lead; `again` says yes to another visit within the minute."""
    return Shot(gate, "/m/gate/confirm", {
        "code": stage.cast.code_of(lead_id),
        "consultant_id": stage.cast.ids[consultant],
        "another_visit": "1" if again else "",
    })  # fmt: skip


def _person(customer: Customer, second_phone: str = "") -> dict[str, object]:
    surname, given_name, phone = customer
    return {
        "surname": surname, "given_name": given_name,
        "phone1_head": phone[:3], "phone1_tail": phone[3:],
        "phone2_head": second_phone[:3], "phone2_tail": second_phone[3:],
    }  # fmt: skip


def enter(who: str, customer: Customer, *, reports: bool = False, colleague_id: int | None = None) -> Shot:
    """A broker enters a customer, with the one button or the other; a resident may for a colleague."""
    fields = _person(customer) | {"colleague_id": colleague_id or ""}
    return Shot(who, "/m/customers/enter", fields | ({"then_report": "1"} if reports else {}))


def report(who: str, lead_id: int) -> Shot:
    """A broker reports a visit."""
    return Shot(who, f"/m/customers/{lead_id}/report", {"needs": ""})


def correct(stage: Stage, who: str, lead_id: int, customer: Customer) -> Shot:
    """A broker corrects an entry to another customer."""
    fields = _person(customer) | {"version": stage.cast.read(lead_id, "version")}
    return Shot(who, f"/m/customers/{lead_id}/correct", fields)


def withdraw(stage: Stage, who: str, lead_id: int) -> Shot:
    """A broker takes an entry back."""
    return Shot(who, f"/m/customers/{lead_id}/withdraw", {"version": stage.cast.read(lead_id, "version")})


def _about(stage: Stage, who: str, page: str, lead_id: int, **fields: Any) -> Shot:
    """Someone of the back office acts on a lead as the page showed it to them."""
    version = stage.cast.read(lead_id, "version")
    return Shot(who, f"/admin/leads/{page}/?id={lead_id}", {"version": version, **fields})


def rebind(stage: Stage, who: str, lead_id: int, to: str, *, keep_end: bool = False) -> Shot:
    """A director moves a customer to another broker."""
    shot = _about(stage, who, "rebind", lead_id, reason="协商一致", keep_end="yes" if keep_end else "no")
    return Shot(shot.who, f"{shot.address}&to={stage.cast.ids[to]}", shot.fields)


def deal(stage: Stage, who: str, lead_id: int) -> Shot:
    """A director marks a lead dealt today, with a reason that would do for a late deal too."""
    today = shanghai_day(datetime.now(UTC)).isoformat()
    return _about(stage, who, "mark-dealt", lead_id, dealt_on=today, unit="3-1201", amount="", reason="签约")


def bulk_deal(who: str, *lead_ids: int) -> Shot:
    """A director marks a selection dealt today."""
    today = shanghai_day(datetime.now(UTC)).isoformat()
    return Shot(who, "/admin/leads/mark-dealt-in-bulk/", {"lead_ids": list(lead_ids), "dealt_on": today})


def undo_deal(stage: Stage, who: str, lead_id: int) -> Shot:
    """A director undoes a deal."""
    return _about(stage, who, "undo-deal", lead_id, reason="录错")


def extend(stage: Stage, who: str, lead_id: int, days: int = 7) -> Shot:
    """A director extends a running binding."""
    return _about(stage, who, "extend", lead_id, days=days, reason="客户出差")


def handle(who: str, *collision_ids: int, note: str = "") -> Shot:
    """A director handles collisions, one with a click or several with a note."""
    return Shot(who, "/admin/collisions/handle/", {"collision_ids": list(collision_ids), "note": note})


def reopen(stage: Stage, who: str, collision_id: int) -> Shot:
    """A director opens a collision again."""
    fields: dict[str, object] = {"seen": stage.cast.handled_at(collision_id), "reason": "处理有误"}
    return Shot(who, f"/admin/collisions/reopen/?id={collision_id}", fields)


def pay(who: str, lead_id: int, amount: str, request_id: str) -> Shot:
    """A secretary pays a viewing fee, with the screenshot of the cast."""
    picture = {"picture": ("paid.jpg", SCREENSHOT.jpeg, "image/jpeg")}
    return Shot(who, f"/admin/fees/pay/?lead={lead_id}", {"amount": amount}, request_id, picture)


def void(who: str, fee_id: int, reason: str) -> Shot:
    """A secretary voids a fee."""
    return Shot(who, f"/admin/fees/void/?id={fee_id}", {"reason": reason})


def decide(stage: Stage, who: str, account: str, decision: str) -> Shot:
    """A director lets a resident in or turns them away."""
    version = stage.cast.account(account, "version")
    fields = {"version": version, "decision": decision, "reason": "材料不全"}
    return Shot(who, f"/admin/brokers/decide/?id={stage.cast.ids[account]}", fields)


def archive(stage: Stage, who: str, account: str, page: str = "brokers") -> Shot:
    """The back office archives a broker or somebody of the staff."""
    version = stage.cast.account(account, "version")
    return Shot(who, f"/admin/{page}/archive/?id={stage.cast.ids[account]}", {"version": version})


def change_phone(stage: Stage, who: str, account: str, phone: str) -> Shot:
    """A director gives a broker another phone."""
    shown: dict[str, object] = {n: stage.cast.account(account, n) for n in ("version", "brokerage_id")}
    return Shot(who, f"/admin/brokers/change/?id={stage.cast.ids[account]}", {**shown, "phone": phone})


def change_protection(stage: Stage, who: str, days: int, *, also_running: bool) -> Shot:
    """An admin changes how long bindings last."""
    reach = "running" if also_running else "new"
    fields: dict[str, object] = {"version": settings(stage).version, "days": days, "reach": reach}
    return Shot(who, "/admin/settings/protection/", fields)


def settings(stage: Stage) -> Setting:
    """Return the settings as they are now."""
    with stage.centre.app.app_context():
        return db.session.execute(select(Setting)).scalar_one()


def walk_in(stage: Stage, gate: str, visitor: str, *, again: bool = False) -> Shot:
    """Gate staff log a visitor who came alone."""
    return Shot(gate, "/m/gate/walk-ins/log", {
        "code": stage.cast.account(visitor, "code_token"),
        "consultant_id": stage.cast.ids["xin"],
        "another_visit": "1" if again else "",
    })  # fmt: skip
