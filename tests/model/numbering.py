"""Everybody moves in, and rows of the product get the names that the model has for them."""

from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from lead_system.domain.roles import Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage
from tests.model.pool import BEGINNING, BROKERAGES, PEOPLE

LOGIN_ROLES = ("gate", "consultant", "secretary", "director", "admin")
Named = tuple[str, object, int]
"""Kind of row, which one, and its version in the model."""


@dataclass
class Numbering:
    """What the rows of the product are called in the model."""

    accounts: dict[str, int] = field(default_factory=dict)
    brokerages: dict[str, int] = field(default_factory=dict)
    leads: dict[int, int] = field(default_factory=dict)
    fees: dict[int, int] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)
    visitors: dict[str, str] = field(default_factory=dict)
    collisions: dict[tuple[Any, ...], int] = field(default_factory=dict)
    versions: dict[Named, int] = field(default_factory=dict)

    def clone(self) -> "Numbering":
        return Numbering(**{name: dict(value) for name, value in vars(self).items()})


def move_in(app: Flask) -> Numbering:
    """Make everybody's account; returns how the product numbered them."""
    numbering = Numbering()
    with app.app_context():
        rows = {name: Brokerage(name=name) for name in BROKERAGES}
        db.session.add_all(rows.values())
        db.session.flush()
        numbering.brokerages = {name: row.id for name, row in rows.items()}
        for number, who in enumerate(PEOPLE, 1):
            account = _account(who, number, numbering)
            db.session.add(account)
            db.session.flush()
            numbering.accounts[who] = account.id
            if account.code_token:
                numbering.visitors[who] = account.code_token
        db.session.commit()
    return numbering


def _account(who: str, number: int, numbering: Numbering) -> Account:
    role, name, phone, brokerage, approval = PEOPLE[who]
    signs_in = {"login": who, "password_hash": "nobody signs in here"} if role in LOGIN_ROLES else {}
    code = {"code_token": f"visitor-{number:016d}", "short_code": f"{number:010d}"}
    return Account(
        role=Role(role),
        name=name,
        phone=phone,
        brokerage_id=numbering.brokerages[brokerage] if brokerage else None,
        approval=Approval(approval),
        employee_number=f"M{number:05d}",
        created_at=BEGINNING,
        profile_completed_at=BEGINNING,
        **signs_in,
        **(code if role == "visitor" else {}),
    )
