"""Races of settings: changed protection meets what runs, and two admins meet each other (R6, R13)."""

from datetime import timedelta

from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Binding, CustomerType, Hold, Lead, Plot
from tests.trials.races.newcomers import hire
from tests.trials.races.shots import change_protection, confirm, deal, extend, rebind, settings
from tests.trials.races.stage import Shot, Stage, in_any_order


def _other_days(stage: Stage) -> tuple[int, int]:
    """Return the days that count now, and others to change them to."""
    now = settings(stage).protection_days
    return now, 20 if now != 20 else 30


def _ends(stage: Stage, lead_id: int, days: int, *, kept: int = 0) -> None:
    """Expect that lead, binding and holds end so many days after the binding, and `kept` more."""
    with stage.centre.app.app_context():
        lead = db.session.get_one(Lead, lead_id)
        binding = db.session.query(Binding).filter_by(lead_id=lead_id, ended_at=None).one()
        end = binding.bound_at + timedelta(days=days + kept)
        holds = {hold.ends_at for hold in db.session.query(Hold).filter_by(lead_id=lead_id)}
        found = (lead.protect_until, binding.ends_at, holds)
    stage.stands("the ends of lead, binding and holds", (end, end, {end}), found)


def change_against_scan(stage: Stage) -> None:
    """The protection changes for running bindings while one is made: it gets the new days in any case."""
    _, days = _other_days(stage)
    lead_id = stage.cast.enters("fang", stage.customer(), stage.customer("139")[2], reports=True)
    stage.fire(change_protection(stage, "admin", days, also_running=True), confirm(stage, "lu", lead_id))
    if stage.explained(("done", "bound")):
        _ends(stage, lead_id, days)


def change_against_extension(stage: Stage) -> None:
    """The protection changes for running bindings while one is extended: extended ends are left alone."""
    before, days = _other_days(stage)
    lead_id = stage.held("fang", stage.customer())
    change = change_protection(stage, "admin", days, also_running=True)
    _, extended = stage.fire(change, extend(stage, "director", lead_id))
    if stage.explained(("done", "done"), ("done", "stale")):
        _ends(stage, lead_id, before if extended.is_done else days, kept=7 if extended.is_done else 0)


def change_against_deal(stage: Stage) -> None:
    """The protection changes for running bindings while one is dealt: the end under a deal is not moved."""
    before, days = _other_days(stage)
    lead_id = stage.held("fang", stage.customer())
    change = change_protection(stage, "admin", days, also_running=True)
    _, dealt = stage.fire(change, deal(stage, "director", lead_id))
    if stage.explained(("done", "done"), ("done", "stale")):
        kept = before if dealt.is_done else days
        lasts = stage.cast.read(lead_id, "protect_until") - stage.cast.read(lead_id, "bound_at")
        stage.stands("the protection", timedelta(days=kept), lasts)
        without_end = stage.rows(Hold, lead_id=lead_id, ends_at=None)
        stage.times("a hold without end", int(dealt.is_done), without_end)


def change_against_rebind(stage: Stage) -> None:
    """The protection changes for running bindings while one is moved: whoever holds gets the new days."""
    _, days = _other_days(stage)
    lead_id = stage.held("fang", stage.customer())
    change = change_protection(stage, "admin", days, also_running=True)
    stage.fire(change, rebind(stage, "director", lead_id, "qiang"))
    if stage.explained(("done", "done"), ("done", "stale")):
        holders = stage.holders(lead_id)
        stage.times("a holder", 1, len(holders))
        for holder in holders:
            _ends(stage, holder, days)


def two_changes_from_one_form(stage: Stage) -> None:
    """Two admins change the protection from the same form: the second is told that it is stale."""
    hire(stage, "zhao", Role.ADMIN)
    days = (40 + stage.number % 20, 70 + stage.number % 20)
    changes = zip(("admin", "zhao"), days, strict=True)
    mine, _ = stage.fire(
        *(change_protection(stage, who, wanted, also_running=False) for who, wanted in changes)
    )
    if stage.explained(*in_any_order("done", "stale")):
        stage.stands("the days", days[not mine.is_done], settings(stage).protection_days)


def two_contacts_from_one_form(stage: Stage) -> None:
    """Two admins change the contact from the same form."""
    hire(stage, "zhao", Role.ADMIN)
    phones = [f"400-{n}-{stage.number:05d}" for n in (1, 2)]
    seen = {"version": settings(stage).version, "service_link": ""}
    mine, _ = stage.fire(*(
        Shot(who, "/admin/settings/contact/", seen | {"service_phone": phone})
        for who, phone in zip(("admin", "zhao"), phones, strict=True)
    ))  # fmt: skip
    if stage.explained(*in_any_order("done", "stale")):
        stage.stands("the phone", phones[not mine.is_done], settings(stage).service_phone)


def two_types_of_one_name(stage: Stage) -> None:
    """Two admins add a customer type of one name, spelled in two ways."""
    hire(stage, "zhao", Role.ADMIN)
    names = (f"Shop {stage.number}", f" SHOP{stage.number}")
    stage.fire(*(
        Shot(who, "/admin/customer_types/add/", {"name": name})
        for who, name in zip(("admin", "zhao"), names, strict=True)
    ))  # fmt: skip
    stage.explained(*in_any_order("done", "customer_type_name_taken"))
    stage.times("a type", 1, stage.rows(CustomerType, name_key=f"shop{stage.number}"))


def two_plots_of_one_number(stage: Stage) -> None:
    """Two admins add a plot of one number, spelled in two ways."""
    hire(stage, "zhao", Role.ADMIN)
    numbers = (f"A-{stage.number}", f"a-{stage.number}")
    stage.fire(*(
        Shot(who, "/admin/plots/add/", {"number": number, "place": 1, "tags": "", "text": ""})
        for who, number in zip(("admin", "zhao"), numbers, strict=True)
    ))  # fmt: skip
    stage.explained(*in_any_order("done", "plot_number_taken"))
    stage.times("a plot", 1, stage.rows(Plot, number_key=f"a-{stage.number}"))


KINDS = (
    change_against_scan,
    change_against_extension,
    change_against_deal,
    change_against_rebind,
    two_changes_from_one_form,
    two_contacts_from_one_form,
    two_types_of_one_name,
    two_plots_of_one_number,
)
