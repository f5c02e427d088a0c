"""The day's work in the back office without a mouse: what has the focus is seen, and keys lead everywhere."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from lead_system.models import Collision, CollisionState, Export, Fee
from tests.house.test_access import tell_story
from tests.support.cast import OUYANG, PASSWORD, Cast

MOST_STOPS = 120
HAS_FOCUS = "element => element === document.activeElement"
FOCUS_IS_SEEN = """() => {
    const at = document.activeElement;
    return at === document.body || getComputedStyle(at).outlineStyle !== 'none';
}"""


class Hands:
    """Two hands on a keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.insert_text(text)

    def tab_to(self, wanted: Locator) -> None:
        """Press Tab until something has the focus, which must be seen at every stop."""
        for _ in range(MOST_STOPS):
            self.press("Tab")
            assert self.page.evaluate(FOCUS_IS_SEEN), self.page.evaluate("document.activeElement.outerHTML")
            if wanted.evaluate(HAS_FOCUS):
                return
        raise AssertionError(f"{MOST_STOPS} stops do not lead to {wanted}")

    def follow(self, wanted: Locator) -> None:
        """Go to a link or a button and press it; the next page stands afterwards."""
        self.tab_to(wanted)
        with self.page.expect_navigation():
            self.press("Enter")

    def follow_back(self, wanted: Locator) -> None:
        """As `follow`, for what stands before the focus: through the top of the page again."""
        self.press("Escape")
        self.follow(wanted)

    def sign_in(self, login: str) -> None:
        self.page.goto("/admin/sign-in?next=/admin/leads/")
        self.type(login)
        self.press("Tab")
        self.type(PASSWORD)
        with self.page.expect_navigation():
            self.press("Enter")
        expect(self.page.locator("[data-keys-open]")).to_be_visible()

    def search(self, name: str) -> None:
        self.press("/")
        self.tab_to(self.page.locator("#name"))
        self.type(name)
        with self.page.expect_navigation():
            self.press("Enter")
        expect(self.page.locator("[data-keys-open]")).to_be_visible()

    def open_row_of(self, number: object) -> None:
        """Go down to the row of a customer and open it."""
        row = self.page.locator(f"tbody tr:has(.cell-end [href$='/?id={number}']) :focus")
        while not row.count():
            self.press("ArrowDown")
        with self.page.expect_navigation():
            self.press("Enter")


@pytest.fixture
def hands(open_desk: Callable[[], Page]) -> Callable[[], Hands]:
    """Gives one pair of hands after the other, each at a computer of their own."""
    return lambda: Hands(open_desk())


def test_a_day_of_director_and_secretary_without_a_mouse(
    cast: Cast, hands: Callable[[], Hands], tmp_path: Path, shot: Callable[[Page, str], Path]
) -> None:
    story = tell_story(cast)
    slip = tmp_path / "slip.png"
    Image.new("RGB", (90, 160), "seagreen").save(slip)

    secretary_pays(hands(), story["bound"], slip, shot)
    director = hands()
    director.sign_in("director")
    director_handles_a_collision(director, str(story["collision"]), shot)
    director_approves(director, str(story["jun"]))
    director_finds_exports_and_deals(director, story["bound"], shot)

    assert cast.status(int(str(story["bound"]))) == "dealt"
    assert cast.account("jun", "approval") == "approved"
    assert (cast.count(Fee), cast.count(Export)) == (2, 2)
    assert cast.count(Collision, state=CollisionState.OPEN) == 0


def secretary_pays(secretary: Hands, lead: object, slip: Path, shot: Callable[[Page, str], Path]) -> None:
    page = secretary.page
    secretary.sign_in("secretary")
    secretary.search(OUYANG[0] + OUYANG[1])
    secretary.open_row_of(lead)
    secretary.follow(page.locator("a[href*='/fees/pay/']"))
    secretary.tab_to(page.locator("#amount"))
    secretary.type("150")
    secretary.tab_to(page.locator("#picture"))
    with page.expect_file_chooser() as chooser:
        secretary.press("Space")
    chooser.value.set_files(slip)
    secretary.follow(page.locator("main form button.button-first"))
    expect(page.locator("[data-passing] .note-success")).to_be_visible()
    shot(page, "paid")


def director_handles_a_collision(director: Hands, collision: str, shot: Callable[[Page, str], Path]) -> None:
    page = director.page
    director.follow(page.locator("nav a[href='/admin/collisions/']"))
    director.press("ArrowDown")
    expect(page.locator("tbody tr:first-child :focus")).to_have_count(1)
    director.press("x")
    expect(page.locator(f"[name=rowid][value='{collision}']")).to_be_checked()
    shot(page, "at-a-row")
    director.press("Space")
    expect(page.locator("[name=rowid]:checked")).to_have_count(0)
    director.follow_back(page.locator(f"tr:has([value='{collision}']) .cell-end button"))
    expect(page.locator("[data-passing] .note-success")).to_be_visible()


def director_approves(director: Hands, resident: str) -> None:
    page = director.page
    director.follow(page.locator("nav a[href='/admin/brokers/']"))
    director.follow(page.locator(f"tbody a[href$='/decide/?id={resident}']"))
    director.follow(page.locator("main button[value=approve]"))
    expect(page.locator("[data-passing] .note-success")).to_be_visible()


def director_finds_exports_and_deals(
    director: Hands, lead: object, shot: Callable[[Page, str], Path]
) -> None:
    page = director.page
    director.follow(page.locator("nav a[href='/admin/leads/']"))
    director.search(OUYANG[0] + OUYANG[1])
    director.tab_to(page.locator("[data-export] button"))
    with page.expect_download() as download:
        director.press("Enter")
    assert download.value.suggested_filename.endswith(".xlsx")

    director.press("Escape")
    director.open_row_of(lead)
    director.follow(page.locator("a[href*='/mark-dealt/']"))
    director.follow(page.locator("main form button.button-first"))
    expect(page.locator("[data-passing] .note-success")).to_be_visible()
    expect(page.locator(".head-line .badge-dealt")).to_be_visible()
    shot(page, "dealt")


def test_keys_are_of_use_and_in_nobodys_way(cast: Cast, hands: Callable[[], Hands]) -> None:
    tell_story(cast)
    director = hands()
    page, number, help_page = director.page, director.page.locator("#number"), director.page.locator("dialog")
    director.sign_in("director")

    director.press("Tab")
    expect(page.locator(".skip-link")).to_be_in_viewport()
    director.press("Enter", "Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null"), "the first stop skips the menu"

    director.press("?")
    expect(help_page).to_be_visible()
    director.press("ArrowDown", "/", "Escape")
    expect(help_page).to_be_hidden()
    expect(page.locator("tbody :focus")).to_have_count(0)

    director.press("/")
    expect(number).to_be_focused()
    for key in ("j", "?", "/", "x", "n"):
        page.keyboard.press(key)
    expect(number).to_have_value("j?/xn")
    expect(help_page).to_be_hidden()
    director.press("Escape", "g")
    expect(page.locator("#find")).to_be_focused()
    director.press("Escape", "j", "j", "k")
    expect(page.locator("tbody tr:nth-child(1) :focus")).to_have_count(1)
    director.press("Escape")
    expect(page.locator("#work")).to_be_focused()

    director.press("?", "Tab", "Space", "Escape", "/")
    expect(number).not_to_be_focused()
    page.reload()
    director.press("j")
    expect(page.locator("tbody :focus")).to_have_count(0)
    director.press("ArrowDown")
    expect(page.locator("tbody tr:first-child :focus")).to_have_count(1)
