"""How far a new installation has come on the way to its first scan; read from what there is, no flag."""

from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select

from lead_system.domain.roles import AGENTS, Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, GateScan, HistoryRecord, Lead, Project, Setting

_CHAIN_OF_SETTINGS, _CHANGES_PROTECTION = "settings", "change_protection"
"""The chain on which changes of settings are recorded, and the action among them."""

_DAYS_OF_A_NEW_SYSTEM = 30


class FirstStep(StrEnum):
    """What a sales centre needs before the gate can bind the first customer, in a good order."""

    ADMIN = "admin"
    PROJECT = "project"
    PROTECTION = "protection"
    BROKERAGE = "brokerage"
    CONSULTANT = "consultant"
    GATE = "gate"
    BROKER = "broker"
    CUSTOMER = "customer"
    SCAN = "scan"


class Progress(NamedTuple):
    """One of the first steps: whether it is done, and whether the way goes on without it."""

    step: FirstStep
    is_done: bool
    is_optional: bool


_OPTIONAL = frozenset({FirstStep.PROTECTION})
"""Thirty days are a good answer, so nobody can be made to change them."""


def first_steps() -> list[Progress]:
    """Return all first steps with what is done, asked in one query."""
    row = db.session.execute(select(*_CONDITIONS.values())).one()
    return [Progress(s, bool(done), s in _OPTIONAL) for s, done in zip(_CONDITIONS, row, strict=True)]


def is_finished(steps: list[Progress]) -> bool:
    """Whether everything is done that has to be."""
    return all(progress.is_done for progress in steps if not progress.is_optional)


def something_is_left() -> ColumnElement[bool]:
    """Return the condition that something is open that has to be done, for a question that asks more."""
    return _SOMETHING_IS_LEFT


def was_ever_scanned() -> bool:
    """Whether the gate has ever confirmed a visit: from then on the system is in use."""
    return bool(db.session.scalar(select(_CONDITIONS[FirstStep.SCAN])))


def _conditions() -> dict[FirstStep, ColumnElement[bool]]:
    """Return what must be there for each step to count as done; who is archived does not count."""
    return {
        FirstStep.ADMIN: _there_is(_has_role(Role.ADMIN), ~Account.must_change_password),
        FirstStep.PROJECT: _there_is(Project.name != ""),
        FirstStep.PROTECTION: or_(_there_is(Setting.protection_days != _DAYS_OF_A_NEW_SYSTEM), _was_saved()),
        FirstStep.BROKERAGE: _there_is(Brokerage.archived_at.is_(None)),
        FirstStep.CONSULTANT: _there_is(_has_role(Role.CONSULTANT)),
        FirstStep.GATE: _there_is(_has_role(Role.GATE)),
        FirstStep.BROKER: _there_is(_has_role(*AGENTS), Account.profile_completed_at.is_not(None)),
        FirstStep.CUSTOMER: _there_is(Lead.first_reported_at.is_not(None)),
        FirstStep.SCAN: _there_is(GateScan.id.is_not(None)),
    }


def _was_saved() -> ColumnElement[bool]:
    """Return the condition that somebody saved the days of protection, changed or not."""
    return _there_is(HistoryRecord.chain == _CHAIN_OF_SETTINGS, HistoryRecord.action == _CHANGES_PROTECTION)


def _has_role(*roles: Role) -> ColumnElement[bool]:
    return Account.role.in_(roles) & Account.archived_at.is_(None)


def _there_is(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that some row fits all conditions."""
    return exists().where(*conditions)


_CONDITIONS = _conditions()
_SOMETHING_IS_LEFT = not_(and_(*(done for step, done in _CONDITIONS.items() if step not in _OPTIONAL)))
"""Made once: they are the same for everybody, and every page of an admin asks."""
