"""The scanner in the page: it goes on after a bad code, and there are two ways around the camera."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Request, expect

from lead_system.web.qr import draw_code
from tests.browser.test_bad_line import wait_for_the_shell
from tests.browser.test_story import sign_in_as_staff
from tests.support.browser import LiveServer
from tests.support.cast import Cast
from tests.support.film import film_of

Shot = Callable[[Page, str], Path]


def link_of(cast: Cast, live_server: LiveServer, lead_id: int) -> str:
    return f"{live_server.url}/m/v/{cast.code_of(lead_id)}"


def test_camera_goes_on_reading_after_a_bad_code(
    cast: Cast,
    camera_phone: Callable[[Path], Page],
    live_server: LiveServer,
    shot: Shot,
    tmp_path: Path,
) -> None:
    lead_id = cast.enters("fang", reports=True)
    good = link_of(cast, live_server, lead_id)
    # Long enough that a slow machine does not begin to read when the good code is already there.
    film = film_of([*["https://elsewhere.example/menu"] * 4, good], tmp_path / "film.mjpeg")
    page = camera_phone(film)
    page.add_init_script("delete Crypto.prototype.randomUUID")  # As on old phones.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(_code_in(request)) if request.method == "POST" else None)

    sign_in_as_staff(page, "gate-feng")
    expect(page.locator("[data-line].is-bad")).to_be_visible(timeout=30_000)
    shot(page, "bad-code")
    page.wait_for_url(f"**/m/v/{cast.code_of(lead_id)}", timeout=30_000)

    shot(page, "good-code")
    assert asked.count("elsewhere") == 1, "the same bad code is not sent again and again"


def _code_in(request: Request) -> str:
    return "elsewhere" if "elsewhere.example" in (request.post_data_buffer or b"").decode() else ""


def test_held_customer_keeps_the_camera_on_and_names_the_holder(
    cast: Cast,
    camera_phone: Callable[[Path], Page],
    live_server: LiveServer,
    shot: Shot,
    tmp_path: Path,
) -> None:
    cast.scans("feng", cast.enters("fang", reports=True))
    rival = cast.enters("qiang", reports=True)
    page = camera_phone(film_of([link_of(cast, live_server, rival)], tmp_path / "film.mjpeg"))

    sign_in_as_staff(page, "gate-lu")

    line = page.locator("[data-line].is-bad")
    expect(line).to_contain_text("王芳", timeout=30_000)
    expect(page.locator("[data-finder].is-on")).to_be_visible()
    shot(page, "held")


def test_photo_is_sent_as_soon_as_it_is_chosen(
    cast: Cast, phone_page: Page, live_server: LiveServer, tmp_path: Path
) -> None:
    lead_id = cast.enters("fang", reports=True)
    photo = tmp_path / "photo.png"
    photo.write_bytes(draw_code(link_of(cast, live_server, lead_id)))

    sign_in_as_staff(phone_page, "gate-feng")
    phone_page.locator("#photo").set_input_files(photo)

    phone_page.wait_for_url(f"**/m/v/{cast.code_of(lead_id)}")


def test_without_a_camera_the_page_says_what_else_to_do(cast: Cast, phone_page: Page, shot: Shot) -> None:
    lead_id = cast.enters("fang", reports=True)

    sign_in_as_staff(phone_page, "gate-feng")
    expect(phone_page.locator("[data-start]")).to_be_visible()
    shot(phone_page, "no-camera")
    phone_page.locator("#code").fill(cast.read(lead_id, "short_code"))
    phone_page.locator("[data-read-form] button").click()

    phone_page.wait_for_url(f"**/m/v/{cast.code_of(lead_id)}")


def test_camera_without_a_line_asks_who_takes_over_and_the_scan_is_kept(
    cast: Cast,
    camera_phone: Callable[[Path], Page],
    live_server: LiveServer,
    shot: Shot,
    tmp_path: Path,
) -> None:
    lead_id = cast.enters("fang", reports=True)
    page = camera_phone(film_of([link_of(cast, live_server, lead_id)], tmp_path / "film.mjpeg"))
    page.route("**/m/gate/read", lambda route: route.abort())
    sign_in_as_staff(page, "gate-feng")

    dialog = page.locator("[data-choose]")
    expect(dialog.locator("[data-code]")).to_have_text(f"…{cast.code_of(lead_id)[-4:]}", timeout=30_000)
    expect(page.locator("[data-finder].is-on")).to_have_count(0)
    dialog.locator("[data-back]").click()
    expect(page.locator("[data-finder].is-on")).to_be_visible()
    expect(dialog).to_be_hidden()

    # The shell has the reader with it, so its camera reads without a line.
    wait_for_the_shell(page)
    page.context.set_offline(True)
    page.goto("/m/gate")
    expect(dialog).to_be_visible(timeout=30_000)
    dialog.locator("input").first.check()
    dialog.locator(".weui-btn_primary").click()
    expect(page.locator("[data-kept-now]")).to_be_visible()
    shot(page, "kept")
