"""The demonstration's visitors: some come alone, one is entered by brokers later, and one objects."""

import secrets
from datetime import datetime, timedelta

from lead_system.domain.identity import visible_digits
from lead_system.domain.roles import Approval, Role
from lead_system.extensions import db
from lead_system.models import Account
from lead_system.services import history, leads, visitors, walk_ins
from lead_system.services.leads import LeadEntry
from lead_system.services.transaction import Caller, atomic

FIRST_VISITOR_PHONE = 19700000001
NAMES = (("贺", "知秋"), ("柳", "如烟"), ("秦", "明远"), ("白", "芷若"), ("高", "景行"))
WALKED_IN = (0, 1, 2, 0)
"""Who came alone, one visit every other day; the first came twice."""


def tell_of_visitors(brokers: list[int], gates: list[int], consultants: list[int], now: datetime) -> None:
    """Make a few visitors and let them live through what visitors may."""
    at = now - timedelta(days=9)
    people = [_become_visitor(number, at) for number in range(len(NAMES))]
    for visit, who in enumerate(WALKED_IN):
        code = db.session.get_one(Account, people[who]).code_token or ""
        walk_ins.log_walk_in(
            _by(gates[visit % len(gates)]),
            code=code,
            consultant_id=consultants[visit % len(consultants)],
            another_visit=True,
            now=at + timedelta(days=2 * visit, hours=2),
        )
    for broker, who in zip(brokers[:3], (0, 0, 3), strict=True):
        _enter(broker, who, now - timedelta(hours=5))
    visitors.object_to_reports(
        _by(people[3]), words="我没有委托过经纪人，请核实。", now=now - timedelta(hours=1)
    )


def _become_visitor(number: int, at: datetime) -> int:
    account_id = atomic(lambda: _open_account(str(FIRST_VISITOR_PHONE + number), at))
    visitors.become_visitor(_by(account_id), name="".join(NAMES[number]), now=at)
    return account_id


def _open_account(phone: str, at: datetime) -> int:
    """Open the account that a first sign-in opens."""
    account = Account(role=Role.BROKER, phone=phone, approval=Approval.NOT_NEEDED, created_at=at)
    db.session.add(account)
    db.session.flush()
    changes = {"role": [None, "broker"], "demo": True}
    history.record(
        None,
        "open_account",
        chain=f"account:{account.id}",
        changes=changes,
        personal={"phone": phone},
        now=at,
    )
    return account.id


def _enter(broker: int, who: int, now: datetime) -> None:
    digits = visible_digits(str(FIRST_VISITOR_PHONE + who))
    entry = LeadEntry(*NAMES[who], phone1_head=digits[:3], phone1_tail=digits[3:])
    leads.enter_lead(_by(broker), entry=entry, then_report=True, now=now)


def _by(account_id: int) -> Caller:
    return Caller(account_id, secrets.token_urlsafe(16))
