"""Asking again who it is, before something that matters (decision 24).

A view says that it matters, as it says who may use it; one hook asks before any view runs. Signing in counts
for half an hour, and so does an answer here. Whoever comes for a page is led to a page that asks, and back.
A form that was sent is not lost: the page that asks carries it along, and the answer sends it on to where it
was going, under its own request id. Scripts are told where that page is.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, StringField

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.domain.identity import has_full_number
from lead_system.domain.sessions import is_confirmed
from lead_system.services.sign_ins import confirm_sign_in
from lead_system.web.access import is_safe_next
from lead_system.web.addresses import shown_address
from lead_system.web.caller import current_sign_in, renew_session, signed_in
from lead_system.web.errors import fields_to_send_again, retry_after
from lead_system.web.forms import RequestForm
from lead_system.web.logs import note_event
from lead_system.web.secret import server_secret
from lead_system.web.sentences import sentence

View = TypeVar("View", bound=Callable[..., Any])
Condition = Callable[[Any], bool]

PAGE = "confirming.ask"
"""The page that asks whoever came for a page, and not with a form."""


class ConfirmingForm(RequestForm):
    """Password and code; named so that they stand beside the fields of whatever form is carried along."""

    confirm_password = PasswordField(
        _l("Your password"), render_kw={"autocomplete": "current-password", "required": True}
    )
    confirm_code = StringField(
        _l("Code of your app"),
        description=_l("Six digits, or one of your recovery codes."),
        render_kw={
            "autocomplete": "one-time-code", "autocapitalize": "none", "maxlength": 20,
            "required": True, "spellcheck": "false",
        },
    )  # fmt: skip


Fields = list[tuple[str, str]]
"""The fields of a form that goes on after the answer."""

_OUR_FIELDS = frozenset({"csrf_token", "request_id", "confirm_login", "confirm_password", "confirm_code"})


def confirm_first(view: View) -> View:
    """Ask again who it is before a view, unless that was asked lately."""
    return confirm_first_where(lambda _view: True)(view)


def confirm_first_where(condition: Condition) -> Callable[[View], View]:
    """Do so where a condition holds of the page of the back office that the view belongs to."""

    def mark(view: View) -> View:
        view.__confirm_first__ = condition  # type: ignore[attr-defined]
        return view

    return mark


def asks_to_confirm(endpoint: str) -> Condition | None:
    """Return under which condition a view asks first; None for one that never does."""
    condition: Condition | None = getattr(current_app.view_functions[endpoint], "__confirm_first__", None)
    return condition


def has_confirmed() -> bool:
    """Say whether whoever is signed in has said lately who they are; only for views that name their roles."""
    return is_confirmed(current_sign_in().confirmed_at, now())


def confirm(form: ConfirmingForm) -> None:
    """Look at what was given, and write down that it is right.

    Raises:
        Refused: as `confirm_sign_in` does.
    """
    account_id = signed_in().id
    try:
        confirm_sign_in(
            current_sign_in(),
            password=form.confirm_password.data or "",
            code=form.confirm_code.data or "",
            secret=server_secret(),
            now=now(),
        )
    except Refused as refused:
        note_event("confirming_failed", account=account_id, code=refused.code.value)
        raise
    renew_session()
    note_event("confirmed", account=account_id)


def confirming_page(
    form: ConfirmingForm, refused: Refused | None, *, carried: Fields | None, back_url: str
) -> str:
    """Show the page that asks, with a refusal beside its field.

    It is sent to its own address. With `carried` None it cannot take along what was sent, and says so.
    """
    is_at_field, said = False, ""
    if refused is not None:
        said, request_id = sentence(refused), form.request_id.data
        is_at_field = form.show_refusal(str(refused.facts.get("field")), said)
        form.request_id.data = request_id  # Nothing was done under it: it still is the carried form's.
    return render_template(
        "admin/confirming.html",
        form=form,
        carried=carried,
        back_url=back_url,
        here_url=shown_address(),
        refusal="" if is_at_field else said,
        confirm_url=url_for(PAGE, next=back_url),
    )


def _require_confirmation() -> ResponseReturnValue | None:
    """Answer for whoever has not said lately who they are, where a view wants that."""
    condition = asks_to_confirm(request.endpoint) if request.endpoint else None
    if condition is None or has_confirmed() or not condition(_view_asked()):
        return None
    if request.accept_mimetypes.best == "application/json":
        text = _("Confirm that it is you, then do this once more.")
        return jsonify(confirm=url_for(PAGE), sentence=text), 403
    if request.method != "POST":
        return redirect(url_for(PAGE, next=shown_address()))
    return _take_answer() if "confirm_password" in request.form else (_carrying_page(None), 403)


def _view_asked() -> Any:
    return getattr(current_app.view_functions[request.endpoint or ""], "__self__", None)


def _take_answer() -> ResponseReturnValue | None:
    """Let the carried form go on to its view if the answer to our page is right."""
    try:
        confirm(ConfirmingForm())
    except Refused as refused:
        return _carrying_page(refused), refused.http_status, retry_after(refused)
    return None


def _carrying_page(refused: Refused | None) -> str:
    carried = fields_to_send_again(leaving_out=_OUR_FIELDS)
    return confirming_page(ConfirmingForm(), refused, carried=carried, back_url=_came_from())


def _came_from() -> str:
    """Return the page on which the form stood, as far as the browser says; else the start page."""
    referrer = urlsplit(request.referrer or "")
    address = f"{referrer.path}?{referrer.query}".rstrip("?")
    is_ours = referrer.netloc == request.host and is_safe_next(address) and not has_full_number(address)
    return address if is_ours else url_for("start")


def init_confirming(app: Flask) -> None:
    """Ask after `web.access` has: only whoever may use a view is asked who they are."""
    app.before_request(_require_confirmation)
