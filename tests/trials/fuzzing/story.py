"""The story that the fuzz begins with: the access table's, and texts of which each is somebody's own."""

from typing import Any

from lead_system.clock import now
from lead_system.domain.protection import shanghai_day
from lead_system.domain.roles import Approval, Role
from lead_system.services import bindings, deals, visitors
from tests.house.access_table import BACK_OFFICE, CONSULTANTS, DECIDERS, GATE
from tests.house.test_access import tell_story
from tests.support.cast import AGENTS, STAFF, VISITOR, Cast
from tests.trials.fuzzing.leaks import OF_BROKER, OF_COLLEAGUE, OF_LEAD, OF_NOTE, REVEALED, Canary

NEWCOMERS = {"new": "13900000011", "rejected": "13900000012", "guest": "13900000013"}
"""A phone that has only just signed in, a resident who was not let in, a visitor who never came."""

CUSTOMERS = {
    "fang": ("独孤", "鸿影", "1580613"),
    "qiang": ("百里", "孤城", "1580614"),
    "wei": ("东郭", "雪崖", "1580615"),
    "mei": ("钟离", "秋池", "1580616"),
}
ASSIGNED = ("端木", "残阳", "1580617")
ONLY_ENTERED = ("澹台", "夜雨", "1580618")
WISHES = {who: f"{who}的客户要看得见塔楼的房间" for who in CUSTOMERS}
NOTES = {
    "follow-up": "跟进暗语：周三带母亲来量尺寸",
    "handled": "处理暗语：已与双方经纪公司通话",
    "deal": "成交暗语：合同编号在保险柜",
    "rebind": "改绑暗语：原经纪人已离职",
    "extend": "延期暗语：客户出国一个月",
    "void": "作废暗语：付给了错的账户",
    "objection": "异议暗语：我从没见过这个经纪人",
    "rejection": "驳回暗语：照片看不清请重拍",
}


def tell(cast: Cast) -> dict[str, object]:
    """Live through the story of the access table and what is told by unique texts; returns its records."""
    records = tell_story(cast)
    for who, phone in NEWCOMERS.items():
        cast.arrives(who, phone)
    leads = {f"own_{who}": _brings(cast, who) for who in CUSTOMERS}
    leads["assigned"] = cast.enters("wei", ASSIGNED, colleague="fang")
    leads["only_entered"] = cast.enters("fang", ONLY_ENTERED)
    _tell_notes(cast, leads)
    codes = {"fangs_code": cast.code_of(leads["own_fang"])}
    return records | leads | codes | cast.ids


def _brings(cast: Cast, who: str) -> int:
    lead_id = cast.enters(who, CUSTOMERS[who], reports=True, needs=WISHES[who])
    cast.scans("feng", lead_id, "ming")
    return lead_id


def _tell_notes(cast: Cast, leads: dict[str, int]) -> None:
    cast.views("ming", leads["own_fang"])
    cast.follows_up("ming", leads["own_fang"], NOTES["follow-up"])
    rival = cast.enters("qiang", CUSTOMERS["mei"], reports=True)
    cast.handles("director", cast.collision_of(leads["own_mei"], rival), note=NOTES["handled"])
    _extend_and_rebind(cast)
    cast.voids("secretary", cast.pays("secretary", leads["own_qiang"], "66.00"), NOTES["void"])
    cast.walks_in("hong")
    cast.enters("qiang", ("洪", "七", "1392222"), reports=True)
    cast.objects("hong", NOTES["objection"])
    _reject(cast)
    _let_guest_look(cast)


def _extend_and_rebind(cast: Cast) -> None:
    """Let an extension, a rebind and a deal happen, each with a reason that is not for brokers."""
    lead_id = cast.enters("mei", ("公孙", "大娘", "1580619"), reports=True)
    cast.scans("lu", lead_id, "xin")
    with cast.app.app_context():
        by = cast.as_("director")
        seen: dict[str, Any] = {"lead_id": lead_id, "version": cast.read(lead_id, "version"), "now": now()}
        bindings.extend_binding(by, days=3, reason=NOTES["extend"], **seen)
        seen["version"] = cast.read(lead_id, "version")
        moved = bindings.rebind_lead(
            cast.as_("director"),
            to_broker_id=cast.ids["qiang"],
            keep_end=False,
            reason=NOTES["rebind"],
            **seen,
        ).to_lead_id
        terms = deals.DealTerms(shanghai_day(now()), "", None, reason=NOTES["deal"])
        seen |= {"lead_id": moved, "version": cast.read(moved, "version")}
        deals.mark_dealt(cast.as_("director"), terms=terms, **seen)


def _let_guest_look(cast: Cast) -> None:
    """Let a visitor sign in, who has not been here yet."""
    with cast.app.app_context():
        visitors.become_visitor(cast.as_("guest"), name="古月", now=now())


def _reject(cast: Cast) -> None:
    """Let a resident be rejected, and read why on the phone."""
    cast.change(
        "rejected",
        name="何足",
        role=Role.RESIDENT,
        approval=Approval.REJECTED,
        rejection_reason=NOTES["rejection"],
        profile_completed_at=now(),
        brokerage_id=cast.account("qiang", "brokerage_id"),
    )


def canaries() -> list[Canary]:
    """Return who may see what of the story."""
    office, deciders = frozenset(BACK_OFFICE), frozenset(DECIDERS)
    gate, consultants = frozenset(GATE), frozenset(CONSULTANTS)
    found = [
        Canary("".join(CUSTOMERS[who][:2]), f"{who}'s customer", office | {who}, OF_LEAD) for who in CUSTOMERS
    ]
    found += [
        Canary(WISHES[who], f"the needs of {who}'s customer", office | {who}, OF_LEAD) for who in WISHES
    ]
    found.append(
        Canary("".join(ASSIGNED[:2]), "a customer entered for Fang", office | {"fang", "wei"}, OF_LEAD)
    )
    found.append(Canary("".join(ONLY_ENTERED[:2]), "Fang's entered customer", office | {"fang"}, OF_LEAD))
    inside = office | gate | consultants
    for who, _, name, phone, _ in AGENTS:
        found.append(Canary(name, f"{who}'s name", inside | {who}, OF_COLLEAGUE))
        found.append(Canary(phone, f"{who}'s phone", inside | {who}))
    for who, _, _, phone, login in STAFF:
        at_the_gate = gate if who in CONSULTANTS else frozenset()
        found.append(Canary(phone, f"{who}'s phone", office | {who} | at_the_gate))
        if "-" in login:
            found.append(Canary(login, f"{who}'s account name", frozenset({"admin", who})))
    found.append(
        Canary(
            VISITOR["phone"], "the visitor's phone", frozenset({"hong"}), f"{OF_BROKER} UNION ALL {REVEALED}"
        )
    )
    found.append(Canary(VISITOR["code_token"], "the visitor's code", gate | {"hong"}))
    return [
        *found,
        Canary(NOTES["follow-up"], "a consultant's note", office | {"ming"}, OF_NOTE),
        Canary(NOTES["handled"], "a note on a collision", deciders),
        Canary(NOTES["deal"], "the reason of a deal", office),
        Canary(NOTES["rebind"], "the reason of a rebind", deciders),
        Canary(NOTES["extend"], "the reason of an extension", office),
        Canary(NOTES["void"], "the reason of a void", office),
        Canary(NOTES["objection"], "a visitor's objection", deciders | {"hong"}),
        Canary(NOTES["rejection"], "the reason of a rejection", deciders | {"rejected"}),
    ]
