"""The whole story in a browser: enter, report, scan, bind, view, follow up, deal; a picture of every step."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.support.cast import PASSWORD, Cast
from tests.support.film import film_of

Shot = Callable[[Page, str], Path]


def sign_in_by_phone(page: Page, phone: str, home: str = "/m/home") -> None:
    page.goto("/m/")
    page.locator("#phone").fill(phone)
    page.locator("main form button").click()
    page.locator("#code").fill(page.locator("[data-shown-code]").inner_text())
    page.locator("main form button").click()
    expect(page).to_have_url(home)


def sign_in_as_staff(page: Page, login: str) -> None:
    page.goto("/m/staff/sign-in")
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()


def enter_and_report(page: Page) -> None:
    """Enter a customer; the broker pastes the whole number, and the phone cuts it."""
    page.goto("/m/home")
    page.locator(".hero a", has_text="立即报备").click()
    page.locator("#surname").fill("欧阳")
    page.locator("#given_name").fill("锋")
    page.locator("#phone1_head").fill("+86 138 1234 5678")
    expect(page.locator("#phone1_head")).to_have_value("138")
    expect(page.locator("#phone1_tail")).to_have_value("5678")
    page.locator("#wished_consultant_id").select_option(label="江心怡")
    page.locator("#needs").fill("想要一楼的转角铺")


def code_on(page: Page) -> str:
    """Read the QR picture on the broker's screen, as any reader would, and the one that is saved."""
    expect(page.locator(".visit-code.is-written img")).to_be_visible()
    with page.expect_download() as saved:
        page.locator("[data-card-save]").click()
    assert saved.value.suggested_filename == "visit-code.png"
    card = Image.open(saved.value.path()).convert("L")
    head = card.crop((0, 0, card.width, card.width // 8))
    assert head.getextrema() == (17, 255), "the words are written above the code, dark on white"
    screen = Image.open(BytesIO(page.locator(".visit-code img").screenshot()))
    shown, kept = (zxingcpp.read_barcodes(picture)[0].text for picture in (screen, card))
    assert shown == kept
    return shown


def broker_reports(page: Page, shot: Shot) -> str:
    """Let Fang enter and report a customer; returns what her visit code says."""
    sign_in_by_phone(page, "13500010001")
    shot(page, "broker-home")
    enter_and_report(page)
    shot(page, "broker-enters")
    page.locator("button[name=then_report]").click()
    expect(page.locator(".status_reported")).to_be_visible()
    shot(page, "broker-reported")
    page.locator("a[href$='/code']").click()
    expect(page.locator("[data-short-code]")).to_be_visible()
    shot(page, "broker-shows-the-code")
    return code_on(page)


def gate_confirms(page: Page, shot: Shot, consultant_id: int) -> None:
    """Let the gate's camera find the code by itself, and confirm the visit."""
    sign_in_as_staff(page, "gate-feng")
    page.wait_for_url("**/m/v/*", timeout=30_000)
    expect(page.locator(f"input[name=consultant_id][value='{consultant_id}']")).to_be_checked()
    shot(page, "gate-asks-who-takes-over")
    page.locator("main form button").click()
    expect(page.locator("[data-result=bound]")).to_be_visible()
    shot(page, "gate-bound")


def consultant_views(page: Page, shot: Shot) -> None:
    """Let the consultant's camera find the code too, grade the intent and follow up."""
    sign_in_as_staff(page, "consultant-xin")
    page.wait_for_url("**/m/v/*", timeout=30_000)
    page.locator("input[name=intent][value=A]").check()
    shot(page, "consultant-grades")
    page.locator("main form button").click()
    page.locator("#note").fill("对转角铺很满意，周末带家人再看")
    page.locator("main form button").click()
    expect(page.locator(".notes .text").first).to_have_text("对转角铺很满意，周末带家人再看")
    shot(page, "consultant-followed-up")
    page.goto("/m/consultant/viewings")
    expect(page.locator(".records tbody tr")).to_have_count(1)
    shot(page, "consultant-viewings")


def director_marks_the_deal(page: Page, shot: Shot) -> None:
    page.goto("/admin/")
    page.locator("#login").fill("director")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    page.goto("/admin/leads/")
    expect(page.locator("tbody tr", has_text="欧阳锋")).to_be_visible()
    shot(page, "office-customers")
    page.locator("tbody tr", has_text="欧阳锋").locator("a.button").click()
    shot(page, "office-customer")
    page.locator("a.button-first").click()
    shot(page, "office-marks-the-deal")
    page.locator("main button.button-first").click()
    expect(page.locator(".badge-dealt").first).to_be_visible()
    shot(page, "office-dealt")


@pytest.fixture
def camera_before(camera_phone: Callable[[Path], Page], tmp_path: Path) -> Callable[[str], Page]:
    """Gives phones whose camera sees a code, moving and a little out of focus."""
    return lambda code: camera_phone(film_of([code], tmp_path / "code.mjpeg"))


def test_customer_is_entered_reported_scanned_viewed_and_dealt(
    cast: Cast, phone_page: Page, desk_page: Page, camera_before: Callable[[str], Page], shot: Shot
) -> None:
    code = broker_reports(phone_page, shot)

    gate_confirms(camera_before(code), shot, cast.ids["xin"])
    consultant_views(camera_before(code), shot)
    director_marks_the_deal(desk_page, shot)

    phone_page.goto("/m/customers?tab=dealt")
    expect(phone_page.locator(".lead-card .status_dealt")).to_have_count(1)
    shot(phone_page, "broker-sees-the-deal")
    assert code.endswith(f"/m/v/{cast.code_of(1)}")
    assert cast.status(1) == "dealt"


@pytest.mark.usefixtures("cast")
def test_new_resident_signs_up_and_waits(phone_page: Page, shot: Shot) -> None:
    phone_page.goto("/m/customers")
    phone_page.locator("#phone").fill("13712349876")
    phone_page.locator("main form button").click()
    phone_page.locator("#code").fill(phone_page.locator("[data-shown-code]").inner_text())
    phone_page.locator("main form button").click()
    shot(phone_page, "profile")

    phone_page.locator("#name").fill("钱多多")
    phone_page.locator("#brokerage_id").select_option(label="百川地产")
    phone_page.locator("input[name=role][value=resident]").check()
    phone_page.locator("main form button").first.click()

    expect(phone_page.locator(".result_amber")).to_be_visible()
    shot(phone_page, "waiting")
