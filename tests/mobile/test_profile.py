"""The first sign-in completes the profile; a resident then waits for the back office."""

from collections.abc import Callable

import pytest

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Account, Brokerage
from lead_system.services import brokers
from tests.mobile.test_sign_in import NEW_PHONE, sign_in
from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.refusals import nothing_written

pytestmark = pytest.mark.usefixtures("clock")


def brokerage_id(cast: Cast, name: str) -> int:
    with cast.app.app_context():
        return int(db.session.execute(db.select(Brokerage.id).filter_by(name=name)).scalar_one())


def complete(client: PageClient, cast: Cast, role: str = "broker", name: str = "钱多多") -> PageResponse:
    fields = {"name": name, "brokerage_id": brokerage_id(cast, "百川地产"), "role": role}
    return client.submit("/m/profile", fields)


def rows_of(page: PageResponse) -> dict[str, str]:
    return {row.find("dt").text: row.find("dd").text for row in page.page.find("dl").find_all("div")}


def decide(cast: Cast, *, rejects_because: str = "") -> None:
    """Let the director decide about the only account with the new phone."""
    with cast.app.app_context():
        account = db.session.execute(db.select(Account).filter_by(phone=NEW_PHONE)).scalar_one()
        seen = {"account_id": account.id, "version": account.version}
        if rejects_because:
            brokers.reject_resident(cast.as_("director"), **seen, reason=rejects_because, now=now())
        else:
            brokers.approve_resident(cast.as_("director"), **seen, now=now())


@pytest.mark.parametrize(
    ("what", "value"),
    [
        pytest.param("Name", "钱多多", marks=pytest.mark.manual("1.2-4")),
        pytest.param("Brokerage", "百川地产", marks=pytest.mark.manual("1.2-5")),
        pytest.param("Phone number", "13712349876", id="phone"),
    ],
)
def test_profile_of_a_new_broker_is_kept(cast: Cast, stranger: PageClient, what: str, value: str) -> None:
    sign_in(stranger, NEW_PHONE)

    done = complete(stranger, cast)

    assert done.request.path == "/m/home"
    assert rows_of(stranger.get("/m/me"))[what] == value


@pytest.mark.manual("1.2-6")
@pytest.mark.parametrize(("role", "lands_on"), [("broker", "/m/home"), ("resident", "/m/profile/standing")])
def test_new_agent_is_a_broker_or_a_resident(
    cast: Cast, stranger: PageClient, role: str, lands_on: str
) -> None:
    sign_in(stranger, NEW_PHONE)

    done = complete(stranger, cast, role)

    assert done.request.path == lands_on
    assert cast.count(Account, phone=NEW_PHONE, role=role) == 1


@pytest.mark.manual("1.2-7")
@pytest.mark.parametrize(
    "page", ["/m/home", "/m/customers", "/m/customers/enter", "/m/me", "/m/v/abc", "/m/"]
)
def test_nothing_else_opens_before_the_profile(cast: Cast, stranger: PageClient, page: str) -> None:
    sign_in(stranger, NEW_PHONE)

    answer = stranger.get(page, follow_redirects=True)

    assert answer.request.path == "/m/profile"
    assert "bottom-bar" not in answer.text
    complete(stranger, cast)
    assert stranger.get(page, follow_redirects=True).request.path != "/m/profile"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": " "}, "Enter the name."),
        ({"name": "<script>"}, "A name has only letters"),
        ({"name": "长" * 60}, "at most 30 characters"),
        ({"brokerage_id": ""}, "Choose a brokerage from the list."),
        ({"brokerage_id": "999"}, "Choose a brokerage from the list."),
        ({"brokerage_id": "abc"}, "Choose a brokerage from the list."),
        ({"role": "admin"}, "Choose one of the roles in the list."),
    ],
)
def test_wrong_profile_is_refused_beside_its_field(
    cast: Cast, stranger: PageClient, wrong: dict[str, str], sentence: str
) -> None:
    sign_in(stranger, NEW_PHONE)
    fields = {"name": "钱多多", "brokerage_id": brokerage_id(cast, "百川地产"), "role": "broker"} | wrong

    with nothing_written(cast.app):
        answer = stranger.forge("/m/profile", fields)

    assert answer.status_code == 422
    assert sentence in answer.page.find(class_="complaint").text


@pytest.mark.manual("5.1-4")
def test_resident_works_only_once_approved_and_without_signing_in_again(
    cast: Cast, stranger: PageClient
) -> None:
    sign_in(stranger, NEW_PHONE)
    complete(stranger, cast, "resident")

    waiting = stranger.get("/m/customers/enter", follow_redirects=True)
    decide(cast)

    assert waiting.request.path == "/m/profile/standing"
    assert "Waiting for approval" in waiting.page.text
    assert stranger.get("/m/customers/enter").page.h1 == "Enter a customer"


@pytest.mark.manual("5.1-4")
def test_rejected_resident_reads_why_and_sends_the_profile_again(cast: Cast, stranger: PageClient) -> None:
    sign_in(stranger, NEW_PHONE)
    complete(stranger, cast, "resident", name="钱多")
    decide(cast, rejects_because="姓名与工牌不符")

    rejected = stranger.get("/m/home", follow_redirects=True)
    again = complete(stranger, cast, "resident", name="钱多多")

    assert "姓名与工牌不符" in rejected.page.text
    assert "Waiting for approval" in again.page.text
    assert cast.count(Account, phone=NEW_PHONE, name="钱多多") == 1


@pytest.mark.parametrize(
    ("what", "value"),
    [
        pytest.param("Name", "王芳", marks=pytest.mark.manual("1.6-3")),
        pytest.param("Phone number", "13500010001", marks=pytest.mark.manual("1.6-4")),
        pytest.param("Brokerage", "安家置业", marks=pytest.mark.manual("1.6-5")),
        pytest.param("Role", "Broker", id="role"),
    ],
)
def test_me_shows_the_own_data(cast: Cast, phone: Callable[[str], PageClient], what: str, value: str) -> None:
    assert rows_of(phone("fang").get("/m/me"))[what] == value
