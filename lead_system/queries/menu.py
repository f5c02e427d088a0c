"""The numbers beside the entries of the menu, and whether its first one is needed: one question a page."""

from typing import NamedTuple

from sqlalchemy import false, select

from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account
from lead_system.queries import collisions, people
from lead_system.queries.first_steps import something_is_left


class InMenu(NamedTuple):
    """What waits in the back office, and whether an admin has something left of the first steps."""

    open_collisions: int
    waiting_residents: int
    has_first_steps: bool


def in_menu(actor: Account) -> InMenu:
    """Return what the menu shows to somebody, as true as the lists behind it."""
    has_first_steps = something_is_left() if actor.role is Role.ADMIN else false()
    row = db.session.execute(
        select(
            collisions.counted_open(actor).scalar_subquery(),
            people.counted_waiting(actor).scalar_subquery(),
            has_first_steps,
        )
    ).one()
    return InMenu(row[0], row[1], bool(row[2]))
