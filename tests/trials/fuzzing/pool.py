"""What the fuzz has found so far in a batch: links, forms, codes; from these it goes on."""

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar
from urllib.parse import parse_qsl, urljoin, urlsplit

from tests.support.html import Element, Form, Page
from tests.trials.fuzzing.drafts import Draft, Upload

KEPT_OF_A_KIND = 3
"""So many forms and links of one address are kept for each person; the newest stay."""

Thing = TypeVar("Thing")

NOT_FOLLOWED = ("tel:", "mailto:", "javascript:", "weixin:", "data:", "#")


@dataclass(frozen=True)
class Found:
    """A form, and the page on which it stands."""

    at: str
    page: Page
    form: Form

    @property
    def action(self) -> str:
        """The path to which it is sent."""
        return urlsplit(urljoin(self.at, self.form.action or self.at)).path


@dataclass
class Pool:
    """The finds of one batch."""

    codes: list[str]
    phones: list[str]
    ids: list[str]
    photos: list[bytes] = field(default_factory=list)
    """Pictures of visit codes."""

    forms: dict[str, dict[str, list[Found]]] = field(default_factory=lambda: defaultdict(dict))
    links: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    sent: list[Draft] = field(default_factory=list)
    """Honest requests, to be spoilt or sent again."""

    tokens: dict[str, str] = field(default_factory=dict)
    """The CSRF token of each person's last form."""

    def photo_of_a_code(self, dice: Random) -> Upload:
        """Return somebody's photo of a visit code."""
        data = dice.choice(self.photos) if self.photos else b""
        return Upload("photo.png", data, "image/png")

    def read(self, who: str, at: str, page: Page) -> None:
        """Remember what a page offers to somebody."""
        for form in page.forms:
            found = Found(at, page, form)
            _keep(self.forms[who], f"{form.method} {found.action} {sorted(form.names)[:3]}", found)
            token = form.defaults().get("csrf_token")
            if token:
                self.tokens[who] = str(token[0])
        for element in page.walk():
            for address in _addresses(element):
                if not address.startswith(NOT_FOLLOWED):
                    self._link(who, urljoin(at, address))

    def remember(self, draft: Draft) -> None:
        """Keep an honest request; the oldest is forgotten."""
        self.sent.append(draft)
        if len(self.sent) > 400:
            del self.sent[0]

    def _link(self, who: str, address: str) -> None:
        split = urlsplit(address)
        if split.netloc or split.path.startswith("/static"):
            return
        names = sorted(name for name, _ in parse_qsl(split.query))
        target = split.path + (f"?{split.query}" if split.query else "")
        _keep(self.links[who], f"{_shape(split.path)} {names}", target)


def _addresses(element: Element) -> list[str]:
    """Return where an element leads: a link, a picture, or what a module of the page will ask for."""
    for_modules = [
        text for name, text in element.attributes.items() if name.startswith("data-") and text[:1] == "/"
    ]
    if element.tag == "a" and element.get("href"):
        return [element["href"], *for_modules]
    return [element["src"], *for_modules] if element.tag == "img" and element.get("src") else for_modules


def _shape(path: str) -> str:
    """Return an address without the numbers in it."""
    return "/".join("0" if part.isdigit() else part[:20] for part in path.split("/"))


def _keep(kept: dict[str, list[Thing]], kind: str, found: Thing) -> None:
    rows = kept.setdefault(kind, [])
    if found not in rows:
        rows.append(found)
    del rows[:-KEPT_OF_A_KIND]
