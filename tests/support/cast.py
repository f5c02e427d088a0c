"""The cast of every test: named people with the rival always in the room, and what they can do.

Fang (王芳) brings the customer; Qiang (李强) of another brokerage is after the same one. Wei (赵伟) is a
resident of Fang's brokerage. Hong (洪七) comes to look at the property himself. Feng (岳峰) and Lu (尹露)
stand at the gate, Xin (江心怡) and Ming (陆明哲) are consultants; a secretary, a director and an admin sit in
the back office.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from lead_system.clock import now
from lead_system.domain.roles import Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, Collision, CustomerType, HistoryRecord, Lead
from lead_system.services import (
    bindings,
    collision_handling,
    deals,
    entries,
    fees,
    gate,
    leads,
    persons,
    viewings,
    visitors,
    walk_ins,
)
from lead_system.services.leads import LeadEntry, Wishes
from lead_system.services.passwords import hash_password
from lead_system.services.transaction import Caller
from lead_system.web.pictures import draw_anew
from tests.support.client import PageClient
from tests.support.databases import Database
from tests.support.seats import take_seat, token_of
from tests.support.stories import Stories

PASSWORD = "a password of the cast"
BORN = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
_password_hash = hash_password(PASSWORD)

OUYANG = ("欧阳", "锋", "1385678")
"""The customer whom everybody wants; the whole number is in tests/support/full_numbers.py."""

SCREENSHOT = draw_anew(Image.new("RGB", (90, 160), "seagreen"))
"""The screenshot with which the secretary pays where the picture itself does not matter."""

AGENTS = (
    ("fang", Role.BROKER, "王芳", "13500010001", "安家置业"),
    ("qiang", Role.BROKER, "李强", "13500020002", "百川地产"),
    ("wei", Role.RESIDENT, "赵伟", "13500030003", "安家置业"),
)
VISITOR = {
    "name": "洪七",
    "phone": "13911112222",
    "code_token": "hongs-own-code-is-this-1",
    "short_code": "1111111116",
}
HONG = ("洪", "七", "1392222")
"""Hong as a broker would enter him."""

STAFF = (
    ("feng", Role.GATE, "岳峰", "13600010001", "gate-feng"),
    ("lu", Role.GATE, "尹露", "13600020002", "gate-lu"),
    ("xin", Role.CONSULTANT, "江心怡", "13700010001", "consultant-xin"),
    ("ming", Role.CONSULTANT, "陆明哲", "13700020002", "consultant-ming"),
    ("secretary", Role.SECRETARY, "苏文", "13400010001", "secretary"),
    ("director", Role.DIRECTOR, "秦越", "13400020002", "director"),
    ("admin", Role.ADMIN, "穆青", "13400030003", "admin"),
)


@dataclass
class Cast:
    """The people of a test by their short names, and the steps of the story as one call each.

    Each step runs in an application context of its own, at the time of the test's clock.
    """

    app: Flask
    ids: dict[str, int]
    types: dict[str, int]

    def as_(self, who: str, request_id: str | None = None) -> Caller:
        return Caller(self.ids[who], request_id or secrets.token_urlsafe(16))

    def enters(
        self,
        who: str,
        customer: tuple[str, str, str] = OUYANG,
        second_phone: str = "",
        *,
        reports: bool = False,
        colleague: str = "",
        **wishes: Any,
    ) -> int:
        """Let a broker enter a customer given as surname, given name and seven digits; returns the number.

        A resident may enter one for a colleague.
        """
        surname, given_name, phone = customer
        entry = LeadEntry(
            surname, given_name, phone[:3], phone[3:], second_phone[:3], second_phone[3:], Wishes(**wishes)
        )
        with self.app.app_context():
            colleague_id = self.ids[colleague] if colleague else None
            return leads.enter_lead(
                self.as_(who), entry=entry, then_report=reports, colleague_id=colleague_id, now=now()
            ).lead_id

    def corrects(
        self, who: str, lead_id: int, customer: tuple[str, str, str], second_phone: str = "", **wishes: Any
    ) -> None:
        """Let a broker correct an entry to a customer given as `enters` takes one."""
        surname, given_name, phone = customer
        entry = LeadEntry(
            surname, given_name, phone[:3], phone[3:], second_phone[:3], second_phone[3:], Wishes(**wishes)
        )
        version = self.read(lead_id, "version")
        with self.app.app_context():
            entries.correct_entry(self.as_(who), lead_id=lead_id, version=version, entry=entry, now=now())

    def withdraws(self, who: str, lead_id: int) -> None:
        version = self.read(lead_id, "version")
        with self.app.app_context():
            entries.withdraw_entry(self.as_(who), lead_id=lead_id, version=version, now=now())

    def reports(self, who: str, lead_id: int, **wishes: Any) -> None:
        with self.app.app_context():
            leads.report_lead(self.as_(who), lead_id=lead_id, wishes=Wishes(**wishes), now=now())

    def code_of(self, lead_id: int) -> str:
        return str(self.read(lead_id, "code_token"))

    def scans(self, who: str, lead_id: int, consultant: str = "xin") -> gate.ScanAnswer:
        """Let gate staff confirm the visit; a second visit within the minute is confirmed as one."""
        code = self.code_of(lead_id)
        with self.app.app_context():
            return gate.confirm_scan(
                self.as_(who), code=code, consultant_id=self.ids[consultant], another_visit=True, now=now()
            )

    def walks_in(self, who: str, consultant: str = "xin", *, at: str = "feng") -> int:
        """Let gate staff log a visitor who comes alone; a second time within the minute counts too."""
        code = self.account(who, "code_token")
        with self.app.app_context():
            return walk_ins.log_walk_in(
                self.as_(at), code=code, consultant_id=self.ids[consultant], another_visit=True, now=now()
            ).walk_in_id

    def objects(self, who: str, words: str = "我没有委托任何经纪人") -> int:
        """Let a visitor object to the brokers' reports; returns how many it is about."""
        with self.app.app_context():
            return visitors.object_to_reports(self.as_(who), words=words, now=now()).reports

    def views(self, who: str, lead_id: int, intent: str = "B", *, standing_in: bool = True) -> int:
        code = self.code_of(lead_id)
        with self.app.app_context():
            return viewings.record_viewing(
                self.as_(who), code=code, intent=intent, standing_in=standing_in, now=now()
            ).viewing_id

    def follows_up(self, who: str, lead_id: int, note: str, next_on: date | None = None) -> None:
        with self.app.app_context():
            viewings.add_follow_up(self.as_(who), lead_id=lead_id, note=note, next_on=next_on, now=now())

    def deals(
        self, who: str, lead_id: int, dealt_on: date, unit: str = "", amount: str | None = None
    ) -> None:
        terms = deals.DealTerms(dealt_on, unit, Decimal(amount) if amount else None, reason="补记")
        version = self.read(lead_id, "version")
        with self.app.app_context():
            deals.mark_dealt(self.as_(who), lead_id=lead_id, version=version, terms=terms, now=now())

    def undoes_deal(self, who: str, lead_id: int) -> None:
        version = self.read(lead_id, "version")
        with self.app.app_context():
            deals.undo_deal(self.as_(who), lead_id=lead_id, version=version, reason="录错", now=now())

    def rebinds(self, who: str, lead_id: int, to: str, *, keep_end: bool = False) -> int:
        """Move a binding to another broker; returns the number of the lead that is bound now."""
        version = self.read(lead_id, "version")
        with self.app.app_context():
            return bindings.rebind_lead(
                self.as_(who),
                lead_id=lead_id,
                version=version,
                to_broker_id=self.ids[to],
                reason="协商一致",
                keep_end=keep_end,
                now=now(),
            ).to_lead_id

    def extends(self, who: str, lead_id: int, days: int) -> None:
        version = self.read(lead_id, "version")
        with self.app.app_context():
            bindings.extend_binding(
                self.as_(who), lead_id=lead_id, version=version, days=days, reason="客户出差", now=now()
            )

    def pays(self, who: str, lead_id: int, amount: str) -> int:
        """Pay a viewing fee with the screenshot of the cast; returns the fee's id."""
        with self.app.app_context():
            return fees.pay_fee(
                self.as_(who), lead_id=lead_id, amount=Decimal(amount), picture=SCREENSHOT, now=now()
            ).fee_id

    def voids(self, who: str, fee_id: int, reason: str = "付错了") -> None:
        with self.app.app_context():
            fees.void_fee(self.as_(who), fee_id=fee_id, reason=reason, now=now())

    def handles(self, who: str, *collision_ids: int, note: str = "") -> None:
        with self.app.app_context():
            collision_handling.handle_collisions(
                self.as_(who), collision_ids=collision_ids, outcome=None, note=note, now=now()
            )

    def reopens(self, who: str, collision_id: int, reason: str = "处理有误") -> None:
        """Let somebody open a collision again who has seen how it was handled."""
        seen = self.handled_at(collision_id)
        with self.app.app_context():
            collision_handling.reopen_collision(
                self.as_(who), collision_id=collision_id, seen=seen, reason=reason, now=now()
            )

    def handled_at(self, collision_id: int) -> str:
        """Return when a collision was handled, in ISO form; blank where it is open or does not exist."""
        with self.app.app_context():
            row = db.session.get(Collision, collision_id)
            return row.handled_at.isoformat() if row and row.handled_at else ""

    def collision_of(self, holding: int, challenging: int) -> int:
        """Return the id of the newest collision between two leads, 0 where there is none."""
        with self.app.app_context():
            found = db.select(Collision.id).filter_by(
                holding_lead_id=holding, challenging_lead_id=challenging
            )
            return db.session.scalars(found.order_by(Collision.id.desc())).first() or 0

    def tells_apart(self, who: str, lead_id: int, reason: str = "身份证不同") -> int:
        """Let somebody declare a lead another person; returns the person number that it got."""
        version = self.read(lead_id, "version")
        with self.app.app_context():
            return persons.declare_another_person(
                self.as_(who), lead_id=lead_id, version=version, reason=reason, now=now()
            ).person_number

    def takes_back(self, who: str, lead_id: int, reason: str = "看错了") -> None:
        """Let somebody declare a lead the same person after all."""
        version = self.read(lead_id, "version")
        with self.app.app_context():
            persons.declare_same_person(
                self.as_(who), lead_id=lead_id, version=version, reason=reason, now=now()
            )

    def archives(self, who: str, at: datetime | None = None) -> None:
        """Archive an account behind the application's back, as another process does."""
        self.change(who, archived_at=at or now())

    def change(self, who: str, **values: Any) -> None:
        with self.app.app_context():
            account = db.session.get_one(Account, self.ids[who])
            for name, value in values.items():
                setattr(account, name, value)
            db.session.commit()

    def change_brokerage_of(self, who: str, **values: Any) -> None:
        with self.app.app_context():
            brokerage = db.session.get_one(Account, self.ids[who]).brokerage
            assert brokerage is not None
            for name, value in values.items():
                setattr(brokerage, name, value)
            db.session.commit()

    def read(self, lead_id: int, column: str) -> Any:
        """Read one value of a lead from the database."""
        with self.app.app_context():
            return getattr(db.session.get_one(Lead, lead_id), column)

    def status(self, lead_id: int) -> str:
        """Return the status that every reader sees now."""
        with self.app.app_context():
            return str(db.session.get_one(Lead, lead_id).status_at(now()).value)

    def count(self, model: Any, **values: Any) -> int:
        with self.app.app_context():
            return len(db.session.scalars(db.select(model).filter_by(**values)).all())

    def account(self, who: str, column: str) -> Any:
        """Read one value of somebody's account from the database."""
        with self.app.app_context():
            return getattr(db.session.get_one(Account, self.ids[who]), column)

    def arrives(self, who: str, phone: str = "13900008888") -> int:
        """Give somebody new the account without a profile that a first sign-in makes; returns its id."""
        with self.app.app_context():
            account = Account(role=Role.BROKER, phone=phone, approval=Approval.NOT_NEEDED, created_at=now())
            db.session.add(account)
            db.session.commit()
            self.ids[who] = account.id
            return account.id

    def history(self, chain: str) -> list[tuple[str, int | None, Any, Any]]:
        """Return what is written on a chain: action, who did it, changes, and the personal values."""
        with self.app.app_context():
            rows = db.session.scalars(
                db.select(HistoryRecord).filter_by(chain=chain).order_by(HistoryRecord.id)
            )
            return [
                (row.action, row.actor_id, row.changes, row.payload.values if row.payload else None)
                for row in rows
            ]


@pytest.fixture
def cast(app: Flask, database: Database, stories: Stories) -> Cast:
    """Let the cast move into the test's database."""
    ids, types = stories.told("cast", app, database, lambda: move_in(app), clock=None, cast=None)
    return Cast(app, ids, types)


def move_in(app: Flask) -> tuple[dict[str, int], dict[str, int]]:
    """Make everybody's account, and the brokerages and customer types; returns accounts and types by name."""
    with app.app_context():
        brokerages = {name: Brokerage(name=name) for name in ("安家置业", "百川地产")}
        types = {name: CustomerType(name=name) for name in ("临街商铺", "住宅")}
        db.session.add_all([*brokerages.values(), *types.values()])
        db.session.flush()
        ids = {}
        for number, (who, role, name, phone, brokerage) in enumerate(AGENTS, 1):
            approval = Approval.APPROVED if role is Role.RESIDENT else Approval.NOT_NEEDED
            ids[who] = _account(
                role=role, name=name, phone=phone, employee_number=f"B{number:05d}",
                brokerage_id=brokerages[brokerage].id, approval=approval,
            )  # fmt: skip
        ids["hong"] = _account(role=Role.VISITOR, approval=Approval.NOT_NEEDED, **VISITOR)
        for number, (who, role, name, phone, login) in enumerate(STAFF, 1):
            ids[who] = _account(
                role=role, name=name, phone=phone, login=login, password_hash=_password_hash,
                employee_number=f"S{number:04d}", approval=Approval.NOT_NEEDED,
            )  # fmt: skip
        type_ids = {name: kind.id for name, kind in types.items()}
        db.session.commit()
        for who, account_id in ids.items():
            take_seat(db.session.get_one(Account, account_id), token_of(who))
    return ids, type_ids


def _account(**values: Any) -> int:
    account = Account(created_at=BORN, profile_completed_at=BORN, **values)
    db.session.add(account)
    db.session.flush()
    return account.id


@pytest.fixture
def signed_in(cast: Cast, new_client: Callable[[], PageClient]) -> Callable[[str], PageClient]:
    """Gives the browser of somebody who has signed in."""

    def sign_in(who: str) -> PageClient:
        client = new_client()
        with cast.app.app_context():
            take_seat(db.session.get_one(Account, cast.ids[who]), token_of(who))
        with client.session_transaction() as session:
            session["_user_id"] = token_of(who)
        return client

    return sign_in
