"""A new installation: from an empty database, with nothing but `flask create-admin`, to the first scan."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lead_system.extensions import db
from lead_system.models import Lead
from tests.support.browser import LiveServer
from tests.support.databases import ROOT, SECRET_KEY, Database

Shot = Callable[[Page, str], Path]

PASSWORD, TEMPORARY, OWN = "first words of the admin", "words for the first day", "words of my very own"


@pytest.fixture
def admin_made(database: Database) -> None:
    """Make the first administrator as people do: on the server's command line."""
    environment = os.environ | {
        "LEAD_DATABASE_URL": database.url,
        "LEAD_DATA_DIR": str(database.folder),
        "LEAD_DEMO": "1",
        "LEAD_SECRET_KEY": SECRET_KEY,
    }
    options = ["--login", "boss", "--name", "穆青", "--phone", "13400030003", "--password", PASSWORD]
    command = [sys.executable, "-m", "flask", "--app", "app", "create-admin", *options]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)  # noqa: S603 - ours


def sign_in(page: Page, address: str, login: str, password: str) -> None:
    page.goto(address)
    page.locator("#login").fill(login)
    page.locator("#password").fill(password)
    page.locator("main form button").last.click()


def open_step(page: Page, step: str) -> None:
    """Go from the list of first steps to the page that does one; the step must be open until then."""
    page.goto("/admin/first-steps/")
    row = page.locator(f"[data-step={step}]")
    expect(row.locator("[data-state]")).not_to_have_text("已完成")
    row.locator("a.button").click()


def expect_done(page: Page, step: str) -> None:
    page.goto("/admin/first-steps/")
    expect(page.locator(f"[data-step={step}] [data-state]")).to_have_text("已完成")


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"#{name}").fill(value)


def add_person(page: Page, step: str, number: str, **person: str) -> None:
    open_step(page, step)
    fill(page, employee_number=number, password=TEMPORARY, **person)
    if step == "gate":
        page.locator("#role").select_option("gate")
    page.locator("main form button.button-first").click()
    expect_done(page, step)


def project_is_named(page: Page) -> None:
    """Name the project on its page."""
    page.goto("/admin/first-steps/")
    page.locator("[data-step=project] a.button").click()
    page.locator("[name=name]").fill("江畔里")
    page.locator("main form button.button-first").first.click()
    expect_done(page, "project")


def broker_reports(page: Page, address: str) -> str:
    """Sign in at the address of the poster, make a profile, enter and report; returns the short code."""
    page.goto(address)
    fill(page, phone="13712349876")
    page.locator("main form button").click()
    fill(page, code=page.locator("[data-shown-code]").inner_text())
    page.locator("main form button").click()
    fill(page, name="钱多多")
    page.locator("#brokerage_id").select_option(label="安家置业")
    page.locator("input[name=role][value=broker]").check()
    page.locator("main form button").first.click()
    page.goto("/m/customers/enter")
    fill(page, surname="欧阳", given_name="锋", phone1_head="138", phone1_tail="5678")
    page.locator("button[name=then_report]").click()
    page.locator("a[href$='/code']").click()
    return page.locator("[data-short-code]").inner_text()


def gate_scans(page: Page, code: str) -> None:
    """Sign in with the temporary password, choose an own one, type the code, confirm."""
    sign_in(page, "/m/staff/sign-in", "gate-first", TEMPORARY)
    fill(page, current_password=TEMPORARY, new_password=OWN, repeated=OWN)
    page.locator("main form button").first.click()
    page.goto("/m/gate")
    page.locator("input[name=code]").first.fill(code)
    page.locator("form:has(input[name=code]) button").first.click()
    page.locator("input[name=consultant_id]").first.check()
    page.locator("main form button").first.click()
    expect(page.locator("[data-result=bound]")).to_be_visible()


@pytest.mark.usefixtures("admin_made")
def test_new_installation_is_led_to_its_first_scan(
    live_server: LiveServer, open_desk: Callable[[], Page], open_phone: Callable[[], Page], shot: Shot
) -> None:
    desk = open_desk()
    sign_in(desk, "/admin/", "boss", PASSWORD)
    expect(desk).to_have_url("/admin/first-steps/")
    expect(desk.locator("[data-step=admin] [data-state]")).to_have_text("已完成")
    shot(desk, "first-steps-begin")

    project_is_named(desk)
    open_step(desk, "brokerage")
    fill(desk, name="安家置业")
    desk.locator("main form button.button-first").click()
    expect_done(desk, "brokerage")
    add_person(desk, "consultant", "C0001", name="江心怡", phone="13700010001", login="consultant-first")
    add_person(desk, "gate", "G0001", name="岳峰", phone="13600010001", login="gate-first")

    open_step(desk, "broker")
    address = desk.locator("[data-phone-address]").inner_text()
    shot(desk, "first-steps-poster")
    code = broker_reports(open_phone(), address)
    expect_done(desk, "broker")
    expect_done(desk, "customer")
    expect(desk.locator("nav.menu a[href='/admin/first-steps/']")).to_have_count(1)
    gate_scans(open_phone(), code)

    expect_done(desk, "scan")
    expect(desk.locator(".page-lead")).to_contain_text("全部完成")
    expect(desk.locator("nav.menu a[href='/admin/first-steps/']")).to_have_count(0)
    shot(desk, "first-steps-finished")
    with live_server.app.app_context():
        assert db.session.scalars(db.select(Lead.status)).all() == ["bound"]
