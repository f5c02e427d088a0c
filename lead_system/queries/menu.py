"""The numbers beside the entries of the menu, and whether its first one is needed: one question a page."""

from functools import cache
from typing import NamedTuple

from sqlalchemy import Select, false, select

from lead_system.domain.roles import Role
from lead_system.models import Account
from lead_system.queries import collisions, people
from lead_system.queries.first_steps import something_is_left
from lead_system.queries.paging import read


class InMenu(NamedTuple):
    """What waits in the back office, and whether an admin has something left of the first steps."""

    open_collisions: int
    waiting_residents: int
    has_first_steps: bool


def in_menu(actor: Account) -> InMenu:
    """Return what the menu shows to somebody, as true as the lists behind it."""
    (row,) = read(_question(actor.role))
    return InMenu(row[0], row[1], bool(row[2]))


@cache
def _question(role: Role) -> Select[int, int, bool]:
    """Return what is asked for a role of the back office, where nothing hangs on who somebody is besides."""
    anybody = Account(role=role)
    return select(
        collisions.counted_open(anybody).scalar_subquery(),
        people.counted_waiting(anybody).scalar_subquery(),
        something_is_left() if role is Role.ADMIN else false(),
    )
