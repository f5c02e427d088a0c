"""What every page of the back office has in common: closed by default, scoped, read-only, in words.

Flask-Admin opens a page unless told otherwise and writes forms straight into rows. Here it is the other way
round: a view opens for the roles that it names, shows the rows of `queries.scope`, and changes something
only by calling a service.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, cast

from flask import Response, abort, g
from flask_admin import BaseView
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from lead_system import clock
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.queries.matching import find_row_number
from lead_system.queries.menu import InMenu, in_menu
from lead_system.web.addresses import shown_address
from lead_system.web.caller import signed_in
from lead_system.web.forms import RequestForm
from lead_system.web.sentences import sentence_for_page

Answer = str | tuple[str, int] | Response | BaseResponse

_STOCK_PAGES = frozenset(
    {"create_view", "edit_view", "delete_view", "details_view", "export", "ajax_lookup", "ajax_update"}
)
"""Pages of Flask-Admin that write rows or read them past the scope; their routes are never made."""

_WHO_ASKS = frozenset({RefusalCode.NOT_FOUND, RefusalCode.FORBIDDEN, RefusalCode.ACCOUNT_CLOSED})
"""Refusals that are about the caller, not about what the form says; they have a page of their own."""


MOST_CHOSEN = 1000
"""The most rows that are acted on at once."""


@dataclass(frozen=True)
class Question:
    """A page that asks before something happens: what it is about, what will follow, what the button says."""

    heading: str
    button: str
    subject: str | Markup = ""
    foresight: tuple[str | Markup, ...] = ()
    is_danger: bool = False


def present() -> datetime:
    """Return the moment of this request: one for all of its page."""
    if "present" not in g:
        g.present = clock.now()
    return cast(datetime, g.present)


def number_in(text: str | None) -> int:
    """Return an id from an address or a form.

    Raises:
        Refused: NOT_FOUND for anything that cannot be an id, as for one that does not exist.
    """
    number = find_row_number(text or "")
    if number is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return number


def numbers_in(texts: Sequence[str]) -> tuple[int, ...]:
    """Return the ids of a selection, each once, in order.

    Raises:
        BadRequest: more than any page of a list could have sent.
    """
    if len(texts) > MOST_CHOSEN:
        abort(HTTPStatus.BAD_REQUEST)
    return tuple(sorted({number_in(text) for text in texts}))


def menu_now() -> InMenu:
    """Return what the menu shows to whoever asks, asked once for each page."""
    if "in_menu" not in g:
        g.in_menu = in_menu(signed_in())
    return cast(InMenu, g.in_menu)


class BackOfficeView(BaseView):  # type: ignore[misc]
    """A page that is closed unless its class names the roles for which it is open."""

    roles: ClassVar[frozenset[Role]] = frozenset()
    pages_not_served: ClassVar[frozenset[str]] = _STOCK_PAGES

    _urls: Any
    count_endpoint: ClassVar[str] = ""
    """Where the menu asks for the number beside this entry; blank where there is none."""

    def create_blueprint(self, admin: Any) -> Any:
        """Register the pages of this view without those of Flask-Admin that we never serve."""
        pages: list[tuple[str, str, Any]] = self._urls
        self._urls = [page for page in pages if page[1] not in self.pages_not_served]
        return super().create_blueprint(admin)

    def is_accessible(self) -> bool:
        """Whether the account that asks may see this entry of the menu at all."""
        account = signed_in()
        return bool(account.is_authenticated) and account.role in self.roles

    def _handle_view(self, name: str, **_kwargs: Any) -> None:
        """Refuse whoever may not open this view; `web.access` has asked before, for each page by itself."""
        del name
        if not self.is_accessible():
            abort(HTTPStatus.FORBIDDEN)

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a page; Flask-Admin's own version runs it again after a TypeError and so hides the cause."""
        return fn(self, *args, **kwargs)

    def menu_count(self) -> int | None:
        """Return the number beside this view in the menu."""
        return None

    def render(self, template: str, **kwargs: Any) -> str:
        """Render a page with what the frame needs."""
        kwargs.setdefault("here_url", shown_address())
        page: str = super().render(template, now=present(), current_user=signed_in(), **kwargs)
        return page

    def asking_page(
        self, template: str, form: RequestForm, refused: Refused | None, *, back_url: str, **more: Any
    ) -> Answer:
        """Show the page that asks before something happens; after a refusal again, with reason and status."""
        more.setdefault("action_url", shown_address())
        if refused is None:
            return self.render(template, form=form, refusal="", back_url=back_url, **more)
        if refused.code in _WHO_ASKS:
            raise refused
        said = sentence_for_page(refused)
        is_at_field = form.show_refusal(cast(str | None, refused.facts.get("field")), said)
        page = self.render(
            template, form=form, refusal="" if is_at_field else said, back_url=back_url, **more
        )
        return page, refused.http_status

    def question_page(
        self, question: Question, form: RequestForm, refused: Refused | None, *, back_url: str
    ) -> Answer:
        """Show a page that asks with all fields of a form, one under the other."""
        return self.asking_page("admin/question.html", form, refused, back_url=back_url, question=question)
