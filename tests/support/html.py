"""Reads a page the way a browser does: elements, visible text, and forms with what they would send."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from lxml.html import HtmlElement, document_fromstring

FIELDS = {"input", "select", "textarea"}
UNREAD = {"script", "style", "template", "head"}
Sent = dict[str, list[object]]
"""Fields of a form as they travel: each name with its values."""


@dataclass(eq=False, slots=True, repr=False)
class Element:
    tag: str
    attributes: dict[str, str]
    all_of_page: list[Element]
    """Every element of the page in its order, shared by all of them: tests walk it all the time."""
    begins: int
    """The place of this element there; all that is in it follows at once."""
    ends: int = 0
    """The place behind the last element in it, as soon as it has been read."""
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def has(self, name: str) -> bool:
        return name in self.attributes

    def walk(self) -> Iterator[Element]:
        """This element and everything in it, in the order of the page."""
        return iter(self.all_of_page[self.begins : self.ends])

    def walk_around(self, skip: Callable[[Element], bool]) -> Iterator[Element]:
        """The same without the skipped elements and all that is in them."""
        place = self.begins
        while place < self.ends:
            element = self.all_of_page[place]
            if skip(element):
                place = element.ends
            else:
                yield element
                place += 1

    def ancestors(self) -> Iterator[Element]:
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def texts(self, skip: Callable[[Element], bool] = lambda _: False) -> Iterator[str]:
        """Every piece of text, with its white space collapsed, outside the skipped elements."""
        read: list[str] = []
        _read_aloud(self, skip, read)
        return iter(read)

    @property
    def text(self) -> str:
        return " ".join(self.texts())

    def find_all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Elements with this tag and these attributes; `class_` asks for one class, `data_x` for data-x."""
        found = [element for element in self.walk() if not tag or element.tag == tag]
        return [element for element in found if element.matches(tag, attributes)] if attributes else found

    def find(self, tag: str = "", **attributes: str) -> Element:
        found = self.find_all(tag, **attributes)
        assert len(found) == 1, (
            f"{len(found)} elements <{tag} {attributes}> instead of one: {self.text[:2000]}"
        )
        return found[0]

    def matches(self, tag: str, attributes: dict[str, str]) -> bool:
        return (not tag or self.tag == tag) and all(
            value in self.get("class").split()
            if name == "class_"
            else self.attributes.get(name.rstrip("_").replace("_", "-")) == value
            for name, value in attributes.items()
        )


def _read_aloud(element: Element, skip: Callable[[Element], bool], read: list[str]) -> None:
    if element.tag in UNREAD or skip(element):
        return
    for child in element.children:
        if isinstance(child, Element):
            _read_aloud(child, skip, read)
        elif words := child.split():
            read.append(" ".join(words))


class Page(Element):
    """A whole page."""

    def __init__(self, html: str) -> None:
        super().__init__("#page", {}, [self], 0)
        self.html = html
        _build(self, html)

    @property
    def h1(self) -> str:
        return self.find("h1").text

    @property
    def language(self) -> str:
        return self.find("html").get("lang")

    @property
    def forms(self) -> list[Form]:
        return [Form(self, element) for element in self.find_all("form")]

    @property
    def csrf_token(self) -> str:
        """The token of any form of the page that writes."""
        (token,) = next(form for form in self.forms if form.method == "post").defaults()["csrf_token"]
        return str(token)

    def table_rows(self) -> list[dict[str, str]]:
        """Rows of the page's only table with a heading, each as {heading: text of the cell}."""
        table = next(table for table in self.find_all("table") if table.find_all("thead"))
        headings = [cell.text for cell in table.find("thead").walk() if cell.tag in ("th", "td")]
        body = table.find("tbody")
        rows = ([cell.text for cell in row.walk() if cell.tag in ("th", "td")] for row in body.find_all("tr"))
        return [dict(zip(headings, cells, strict=False)) for cells in rows]


def _build(page: Page, html: str) -> None:
    """Give a page its elements, in their order."""
    if html.strip():
        _take_in(page, document_fromstring(html))
        page.ends = len(page.all_of_page)


def _take_in(within: Element, read: HtmlElement) -> None:
    """Give an element what was read of a child: the child with all that is in it, and the text behind it."""
    if isinstance(read.tag, str):  # Else it is a comment.
        pages, place = within.all_of_page, len(within.all_of_page)
        element = Element(read.tag, dict(read.attrib), pages, place, parent=within)
        pages.append(element)
        within.children.append(element)
        if read.text:
            element.children.append(read.text)
        for child in read:
            _take_in(element, child)
        element.ends = len(pages)
    if read.tail:
        within.children.append(read.tail)


class Form:
    """A form on a page: what a browser would send, and what a person may change."""

    def __init__(self, page: Page, element: Element) -> None:
        self.action = element.get("action")
        self.method = element.get("method", "get").lower()
        own = [control for control in element.walk() if not control.has("form")]
        linked = page.find_all(form=element["id"]) if element.has("id") else []
        usable = [control for control in own + linked if not control.has("disabled")]
        self.buttons = [control for control in usable if _is_button(control)]
        self.fields = [
            control
            for control in usable
            if control.tag in FIELDS and control.has("name") and not _is_button(control)
        ]

    @property
    def names(self) -> set[str]:
        return {control["name"] for control in self.fields}

    def hidden(self) -> set[str]:
        return {control["name"] for control in self.fields if control.get("type") == "hidden"}

    def defaults(self) -> Sent:
        """What is sent if nobody touches the form, without any button."""
        sent: Sent = {}
        for control in self.fields:
            for value in _default_values(control):
                sent.setdefault(control["name"], []).append(value)
        return sent

    def filled(self, fields: Mapping[str, object]) -> Sent:
        """What a person sends who fills these fields; fails for a field or choice that is not shown."""
        return self.defaults() | {
            name: self._chosen(name, as_values(value)) for name, value in fields.items()
        }

    def button(self, label: str) -> Element | None:
        """The button with this text, name or value."""
        for button in self.buttons:
            if label in (button.text, button.get("name"), button.get("value")):
                return button
        return None

    def _chosen(self, name: str, values: list[object]) -> list[object]:
        controls = [c for c in self.fields if c["name"] == name and c.get("type") != "hidden"]
        assert controls, f"the form has no field {name!r} to fill, only {sorted(self.names)}"
        offered = {value for control in controls for value in _offered(control)}
        strangers = [value for value in values if offered and value not in offered]
        assert not strangers, f"{name!r} offers {sorted(offered)}, not {strangers}; forge() sends anything"
        return values


def _is_button(control: Element) -> bool:
    return control.tag == "button" or control.get("type") in ("submit", "image", "button", "reset")


def _offered(control: Element) -> list[str]:
    """The only values that a person can choose here; empty for a free field."""
    if control.tag == "select":
        return [_option_value(option) for option in control.find_all("option") if not option.has("disabled")]
    if control.get("type") in ("radio", "checkbox"):
        return [control.get("value", "on")]
    return []


def _default_values(control: Element) -> list[object]:
    if control.get("type") == "file":
        return []
    if control.tag == "textarea":
        return ["".join(child for child in control.children if isinstance(child, str)).removeprefix("\n")]
    if control.tag == "select":
        options = control.find_all("option")
        selected = [option for option in options if option.has("selected")]
        if not selected and not control.has("multiple"):
            selected = options[:1]
        return [_option_value(option) for option in selected]
    if control.get("type") in ("radio", "checkbox"):
        return [control.get("value", "on")] if control.has("checked") else []
    return [control.get("value")]


def _option_value(option: Element) -> str:
    return option["value"] if option.has("value") else option.text


def as_values(value: object) -> list[object]:
    """One value or several; a tuple is a file, as Werkzeug's client takes it."""
    if isinstance(value, list):
        return value
    return [value if isinstance(value, tuple) else str(value)]
