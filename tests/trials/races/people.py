"""Races about people: archiving against a scan, approvals, phones, passwords and sign-in codes (R5, R10)."""

from datetime import UTC, datetime

from lead_system.domain.roles import Role
from lead_system.models import Account, Brokerage, GateScan, HistoryRecord, ProfileChange
from lead_system.services import sign_in_codes
from lead_system.services.transaction import Caller
from tests.support.cast import PASSWORD
from tests.support.databases import SECRET_KEY
from tests.support.html import Page
from tests.trials.people import Person, new_id
from tests.trials.races.newcomers import (
    by_password,
    hire,
    new_broker,
    new_brokerage,
    new_consultant,
    new_phone,
    new_resident,
)
from tests.trials.races.shots import archive, change_phone, confirm, decide
from tests.trials.races.stage import Shot, Stage, in_any_order

OTHER_PASSWORD = "another one for the gate"


def _bound_before_or_refused_after(stage: Stage, lead_id: int, refusal: str) -> None:
    """Expect that a scan came wholly before an archiving, or wholly after it."""
    scanned = stage.replies[0]
    if not stage.explained(("bound", "done"), (refusal, "done")):
        return
    status = "bound" if scanned.is_done else "reported"
    stage.stands("the status", status, stage.cast.status(lead_id))
    stage.times("a scan", int(scanned.is_done), stage.rows(GateScan, lead_id=lead_id))
    stage.stands("who holds", {lead_id} if scanned.is_done else set(), stage.holders(lead_id))


def scan_against_the_brokers_archiving(stage: Stage) -> None:
    """A broker is archived while the gate confirms the reported customer."""
    new_broker(stage, "sun")
    lead_id = stage.cast.enters("sun", stage.customer(), reports=True)
    stage.fire(confirm(stage, "feng", lead_id), archive(stage, "director", "sun"))
    _bound_before_or_refused_after(stage, lead_id, "broker_not_active")


def scan_against_the_brokerages_archiving(stage: Stage) -> None:
    """A brokerage is archived while the gate confirms a customer of its broker."""
    brokerage_id = new_brokerage(stage)
    new_broker(stage, "sun", brokerage_id=brokerage_id)
    lead_id = stage.cast.enters("sun", stage.customer(), reports=True)
    close = Shot("director", f"/admin/brokerages/archive/?id={brokerage_id}", {"version": 1})
    stage.fire(confirm(stage, "feng", lead_id), close)
    _bound_before_or_refused_after(stage, lead_id, "brokerage_not_active")
    stage.times("an open brokerage", 0, stage.rows(Brokerage, id=brokerage_id, archived_at=None))


def scan_against_the_consultants_archiving(stage: Stage) -> None:
    """A consultant is archived while the gate chooses them."""
    new_consultant(stage, "qu")
    lead_id = stage.cast.enters("fang", stage.customer(), reports=True)
    stage.fire(confirm(stage, "feng", lead_id, consultant="qu"), archive(stage, "admin", "qu", "consultants"))
    _bound_before_or_refused_after(stage, lead_id, "consultant_not_offered")


def approval_against_rejection(stage: Stage) -> None:
    """Two directors decide on one resident, one yes and one no: the first decision stands."""
    new_resident(stage, "feng-mo")
    approved, rejected = stage.fire(
        decide(stage, "director", "feng-mo", "approve"), decide(stage, "admin", "feng-mo", "reject")
    )
    stage.explained(("done", "not_waiting"), ("stale", "done"))
    if approved.is_done != rejected.is_done:
        wanted = "approved" if approved.is_done else "rejected"
        stage.stands("the approval", wanted, stage.cast.account("feng-mo", "approval").value)
    chain = f"account:{stage.cast.ids['feng-mo']}"
    stage.times("a decision", 1, stage.rows(HistoryRecord, chain=chain, action="decide_resident"))


def one_phone_for_two_brokers(stage: Stage) -> None:
    """Two directors give two brokers the same phone: one gets it."""
    for of, who in enumerate(("sun", "zhou")):
        new_broker(stage, who, of=of)
    phone = new_phone(stage, of=9)
    stage.fire(
        change_phone(stage, "director", "sun", phone), change_phone(stage, "admin", "zhou", phone)
    )  # fmt: skip
    stage.explained(*in_any_order("done", "phone_taken"))
    stage.times("an account with that phone", 1, stage.rows(Account, phone=phone))
    stage.times("a change of profile", 1, stage.rows(ProfileChange, new_phone=phone))


def one_broker_changed_by_two(stage: Stage) -> None:
    """Two directors change one broker from the same form: the second is told that it is stale."""
    new_broker(stage, "sun")
    phones = [new_phone(stage, of) for of in (5, 6)]
    first, _ = stage.fire(
        *(change_phone(stage, w, "sun", p) for w, p in zip(("director", "admin"), phones, strict=True))
    )
    if stage.explained(*in_any_order("done", "stale")):
        stage.stands("the phone", phones[not first.is_done], stage.cast.account("sun", "phone"))


class _Nobody:
    """Takes codes and sends them nowhere."""

    def send(self, phone: str, code: str, *, now: datetime) -> None:
        del phone, code, now


def _code_sent(stage: Stage, phone: str) -> str:
    """Send a sign-in code to a phone, as if from an address of this round's own; returns it."""
    now = datetime.now(UTC)
    caller = Caller(None, new_id(), session_key=new_id())
    with stage.centre.app.app_context():
        sign_in_codes.send_sign_in_code(
            caller, phone=phone, address=f"round-{stage.number}", secret=SECRET_KEY, sender=_Nobody(), now=now
        )
        return sign_in_codes.shown_code(phone, secret=SECRET_KEY, now=now) or ""


def sign_in_code_typed_twice(stage: Stage) -> None:
    """One sign-in code is typed in two browsers: it opens one door, and makes one account."""
    phone = new_phone(stage)
    code = _code_sent(stage, phone)
    browsers = [f"browser-{n}" for n in (1, 2)]
    for browser in browsers:
        stage.crowd.welcome(browser, _at_the_code(stage, phone))
    stage.fire(*(Shot(browser, "/m/sign-in/code", {"code": code}) for browser in browsers))
    stage.explained(*in_any_order("done", "code_wrong"))
    stage.times("an account", 1, stage.rows(Account, phone=phone))


def own_phone_against_the_directors(stage: Stage) -> None:
    """A broker changes to a new phone by its code while a director gives that phone to another broker."""
    new_broker(stage, "zhou")
    phone = new_phone(stage, of=8)
    code = _code_sent(stage, phone)
    stage.crowd.person("qiang").post("/m/me/phone", phone=phone)
    mine = Shot("qiang", "/m/me/phone/code", {"code": code})
    stage.fire(mine, change_phone(stage, "director", "zhou", phone))
    stage.explained(*in_any_order("done", "phone_taken"))
    stage.times("an account with that phone", 1, stage.rows(Account, phone=phone))
    stage.times("a change of profile", 1, stage.rows(ProfileChange, new_phone=phone))


def _at_the_code(stage: Stage, phone: str) -> Person:
    """Return a browser that waits for the code; it was sent already, so no second one is."""
    person = Person(stage.centre.server.url)
    person.token = Page(person.get("/m/sign-in").text).csrf_token
    person.post("/m/sign-in", phone=phone)
    return person


def password_change_while_scans_run(stage: Stage) -> None:
    """Somebody's password changes in one browser while another of theirs scans: signed out, or served."""
    hire(stage, "ding", Role.GATE)
    odd = stage.rows(HistoryRecord, chain=f"account:{stage.cast.ids['ding']}") % 2
    old, new = (OTHER_PASSWORD, PASSWORD) if odd else (PASSWORD, OTHER_PASSWORD)
    login = "new-ding"
    stage.crowd.welcome("ding", by_password(stage.crowd, login, Role.GATE, old))
    stage.cast.ids["ding-2"] = stage.cast.ids["ding"]
    stage.crowd.welcome("ding-2", by_password(stage.crowd, login, Role.GATE, old))
    lead_id = stage.cast.enters("fang", stage.customer(), reports=True)
    typed = {"current_password": old, "new_password": new, "repeated": new}
    _, scanned = stage.fire(Shot("ding", "/m/password", dict(typed)), confirm(stage, "ding-2", lead_id))
    stage.explained(("done", "bound"), ("done", "signed_out"))
    stage.times("a scan", int(scanned.is_done), stage.rows(GateScan, lead_id=lead_id))
    after = stage.crowd.person("ding-2").get("/m/me")
    stage.never("the other browser is still signed in", is_so=after.status == 200)
    stage.stands("the first browser", 200, stage.crowd.person("ding").get("/m/me").status)


KINDS = (
    scan_against_the_brokers_archiving,
    scan_against_the_brokerages_archiving,
    scan_against_the_consultants_archiving,
    approval_against_rejection,
    one_phone_for_two_brokers,
    one_broker_changed_by_two,
    sign_in_code_typed_twice,
    own_phone_against_the_directors,
    password_change_while_scans_run,
)
