"""The time line in a browser and on paper: readable, nothing sticks out, the answer without a script."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.support.cast import OUYANG, PASSWORD, Cast
from tests.support.frozen import StoppedClock


@pytest.fixture
def dispute(cast: Cast, clock: StoppedClock) -> int:
    """Fang holds; Qiang is turned away, and gets the customer by a rebind; Wei has taken an entry back."""
    fangs = cast.enters("fang", OUYANG, "1394321", reports=True)
    cast.withdraws("wei", cast.enters("wei"))
    qiangs = cast.enters("qiang", reports=True)
    clock.forward(timedelta(days=1, seconds=7))
    cast.scans("feng", fangs)
    cast.scans("lu", qiangs)
    cast.views("ming", fangs, "A")
    cast.follows_up("ming", fangs, "周末带家人再来看一次")
    cast.pays("secretary", fangs, "300")
    clock.forward(timedelta(days=3))
    cast.extends("director", fangs, 5)
    cast.rebinds("director", fangs, "qiang", keep_end=True)
    clock.release()
    return qiangs


@pytest.fixture
def director(desk_page: Page, dispute: int) -> Page:
    desk_page.goto("/admin/sign-in")
    desk_page.locator("#login").fill("director")
    desk_page.locator("#password").fill(PASSWORD)
    desk_page.locator("main form button").click()
    desk_page.goto(f"/admin/leads/time-line/?id={dispute}")
    return desk_page


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_time_line_fits_every_width(director: Page, width: int, shot: Callable[..., object]) -> None:
    director.set_viewport_size({"width": width, "height": 900})

    # On a phone the frame of every page of the back office is wider than the screen; what is in it is not.
    assert director.evaluate("document.documentElement.scrollWidth") <= width
    shot(director, f"time-line-{width}")


def test_the_form_answers_who_held(director: Page, dispute: int, shot: Callable[..., object]) -> None:
    director.locator("#at").fill("2026-03-04T12:00:00")
    director.locator(".ask-moment button").click()

    expect(director.locator(".answer")).to_contain_text("王芳")
    expect(director.locator(".answer")).to_contain_text("2026-03-03 10:00:07")
    shot(director, "time-line-answer")


def test_the_time_line_prints_on_paper(director: Page, shot: Callable[..., object]) -> None:
    director.emulate_media(media="print")

    expect(director.locator(".printed")).to_contain_text("秦越")
    expect(director.locator(".ask-moment")).to_be_hidden()
    shot(director, "time-line-paper")
    assert director.pdf(format="A4").startswith(b"%PDF")
