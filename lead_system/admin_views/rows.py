"""How the rows of a list are written: each as one string, since a template pays for every piece of a page.

What is the same in all rows, the words of the page's language and the look of an address, is worked out once
for a page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from lead_system.admin_views.base import present
from lead_system.admin_views.columns import Column, PageOf, Value
from lead_system.web.filters import day, exact, money

LONG_TEXT = 60
"""Characters from which the screen may cut a text; the pointer is told the whole of it."""

Written = Callable[[Any], str]
"""What writes one part of a row."""


@dataclass(frozen=True)
class RowLink:
    """A button at the end of each row, which leads to a page about it."""

    title: Any
    page: PageOf
    about: Any
    """Which row, for whoever hears the page: our words with a place for its number, or what names it."""

    is_offered: Callable[[Any], bool] | None = None
    look: str = ""


def rows_written(columns: Sequence[Column], links: Sequence[RowLink], *, can_be_ticked: bool) -> Written:
    """Return what writes the cells of a row and what stands around them."""
    parts = [_tick()] if can_be_ticked else []
    parts.append(cells_of(columns))
    if links:
        parts.append(_end_of(links))

    def row(one: Any) -> Markup:
        written = "".join([part(one) for part in parts])
        return Markup(written)  # noqa: S704 - each part has escaped what is not ours

    return row


def _tick() -> Written:
    """Return what writes the box with which a row is chosen."""
    box = Markup(
        '<td class="cell-check"><input type="checkbox" name="rowid" value="%(number)s" form="selection"'
        ' aria-label="{}"></td>'
    ).format(_("Select No. %(number)s"))
    return _numbered(box)


def cells_of(columns: Sequence[Column]) -> Written:
    """Return what writes a row's cells; the first one stays in sight while a wide table is moved."""
    tags = [
        f'<td class="{escape(column.look)}{"" if n else " pin-start"}">' for n, column in enumerate(columns)
    ]
    parts = [(tag, column.value, _content(column)) for tag, column in zip(tags, columns, strict=True)]

    def cells(row: Any) -> str:
        written = []
        for tag, value_of, content in parts:
            value = value_of(row)
            is_blank = value is None or value == ""
            written.append(f"{tag}{_BLANK if is_blank else content(value, row)}</td>")
        return "".join(written)

    return cells


_BLANK = '<span class="faint">–</span>'


def _content(column: Column) -> Callable[[Any, Any], str]:
    """Return what writes a value: marked where people typed it, a link where it leads somewhere."""
    now, hint = present(), column.hint
    if column.link is None:
        return lambda value, row: _as_html(value, hint(row) if hint else "", now)
    address = column.link.addresses()
    return lambda value, row: f'<a href="{address(row)}">{_as_html(value, "", now)}</a>'


def _as_html(value: Value, hint: str, now: datetime) -> str:
    """Return a value as HTML in which nothing of others is left unescaped."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        whole = f' title="{escape(value)}"' if len(value) > LONG_TEXT else ""
        return f"<span data-user{whole}>{_escaped(value)}</span>"
    if isinstance(value, datetime):
        return exact(value, now, hint)
    if isinstance(value, date):
        return f'<time datetime="{day(value)}">{day(value)}</time>'
    text = money(value) if isinstance(value, Decimal) else str(value)
    return f'<span class="figures">{text}</span>'


def _escaped(text: str) -> str:
    """Return a text as HTML; letters and digits alone, as most names and numbers are, stay what they are."""
    return text if text.isalnum() else escape(text)


def _end_of(links: Sequence[RowLink]) -> Written:
    """Return what writes the end of a row."""
    written = [_button(link) for link in links]
    if len(written) == 1:
        return lambda row: f'<td class="cell-end pin-end">{written[0](row)}</td>'

    def end(row: Any) -> str:
        buttons = "".join([write(row) for write in written])
        return f'<td class="cell-end pin-end"><div class="row-buttons">{buttons}</div></td>'

    return end


def _button(link: RowLink) -> Written:
    """Return what writes a button; blank for the rows that it is not offered for."""
    address, offered, about = link.page.addresses(), link.is_offered, _about(link.about)
    title = f"{escape(str(link.title))}"
    look = escape(f"button button-small {link.look}".strip())

    def button(row: Any) -> str:
        if offered is not None and not offered(row):
            return ""
        return f'<a class="{look}" href="{address(row)}">{title}{about(row)}</a>'

    return button


def _about(about: Any) -> Written:
    """Return what writes which row a button is about."""
    if callable(about):
        return lambda row: f'<span class="only-heard" data-user> {escape(about(row))}</span>'
    return _numbered(Markup('<span class="only-heard"> {}</span>').format(str(about)))


def _numbered(html: Markup) -> Written:
    """Return what writes something with the number of a row in its places."""
    pattern = str(html)
    return lambda row: pattern % {"number": row.id}
