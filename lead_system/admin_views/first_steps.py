"""First steps: from an empty database to the first scan, with the button that leads to each step."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from lead_system.admin_views.base import Answer, BackOfficeView, menu_now
from lead_system.domain.roles import Role
from lead_system.queries.first_steps import FirstStep, Progress, first_steps, is_finished
from lead_system.queries.settings import get_settings


class _Words(NamedTuple):
    """What a step says: its title, why it is needed, its button, and the pages of which one does it."""

    title: Any
    why: Any
    button: Any
    endpoint: str


_WORDS: dict[FirstStep, _Words] = {
    FirstStep.ADMIN: _Words(
        _l("An administrator with an own password"),
        _l("Only you know it, so what is done under your name was done by you."),
        _l("Change your password"),
        "back_office_door.change_password",
    ),
    FirstStep.PROJECT: _Words(
        _l("The project has a name"),
        _l("Brokers see it at the top of their home page, and know that they are in the right place."),
        _l("Name the project"),
        "project.index_view",
    ),
    FirstStep.PROTECTION: _Words(
        _l("The days of protection are decided"),
        _l("So long does a customer belong to the broker after the scan. %(days)s days now."),
        _l("Look at the protection"),
        "settings.protection_view",
    ),
    FirstStep.BROKERAGE: _Words(
        _l("The first brokerage"),
        _l("Brokers choose their company at the first sign-in; without one they cannot go on."),
        _l("Add a brokerage"),
        "brokerages.add_view",
    ),
    FirstStep.CONSULTANT: _Words(
        _l("The first consultant"),
        _l("The gate hands every visitor over to a consultant, and cannot confirm a visit without one."),
        _l("Add a consultant"),
        "consultants.add_view",
    ),
    FirstStep.GATE: _Words(
        _l("The first gate account"),
        _l("Only gate staff can scan a visit code, and only the scan binds a customer."),
        _l("Add a gate account"),
        "staff.add_view",
    ),
    FirstStep.BROKER: _Words(
        _l("The first broker has signed in"),
        _l(
            "Brokers make their accounts themselves, on the phone."
            " Hang up the phone address, or send it to them."
        ),
        _l("Show the phone address"),
        "help.poster_view",
    ),
    FirstStep.CUSTOMER: _Words(
        _l("The first customer is reported"),
        _l("The broker enters the customer on the phone and reports the visit; that makes the visit code."),
        _l("Look at the customers"),
        "leads.index_view",
    ),
    FirstStep.SCAN: _Words(
        _l("The first scan at the gate"),
        _l("Gate staff sign in on the phone, scan the broker's code and confirm: the customer is bound."),
        _l("Look at the gate scans"),
        "scans.index_view",
    ),
}


@dataclass(frozen=True)
class ShownStep:
    """One step as the page shows it."""

    progress: Progress
    title: str
    why: str
    button: str
    url: str


class FirstStepsView(BackOfficeView):
    """The way of a new installation; out of the menu as soon as it has been walked."""

    roles = frozenset({Role.ADMIN})

    @expose("/")
    def index(self) -> Answer:
        """Show every step with what is done."""
        progress, days = first_steps(), get_settings().protection_days
        return self.render(
            "admin/first_steps.html",
            steps=[_shown(one, days) for one in progress],
            done=sum(1 for one in progress if one.is_done),
            is_finished=is_finished(progress),
        )

    def is_visible(self) -> bool:
        """Whether the menu shows it: as long as something is left to do."""
        return self.is_accessible() and menu_now().has_first_steps


def _shown(progress: Progress, days: int) -> ShownStep:
    words = _WORDS[progress.step]
    why = str(words.why) % {"days": days}
    return ShownStep(progress, str(words.title), why, str(words.button), url_for(words.endpoint))
