"""Whether the back office is light or dark: as the computer is, or as somebody chose on it."""

from datetime import timedelta

from flask import Blueprint, Flask, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from lead_system.web.access import is_safe_next, public
from lead_system.web.cookies import keep_cookie, read_cookie

THEMES = {"system": _l("Like the computer"), "light": _l("Light"), "dark": _l("Dark")}
"""What can be chosen, in the order of the switch; the first is what nobody has to choose."""

_COOKIE = "theme"
_REMEMBERED = timedelta(days=365)

blueprint = Blueprint("theme", __name__)


@blueprint.post("/theme")
@public("eyes differ before signing in, too")
def choose_theme() -> ResponseReturnValue:
    """Remember on this computer how pages look, and go back to the page."""
    target = request.form.get("next")
    answer = redirect(target if target and is_safe_next(target) else "/")
    chosen = request.form.get("theme", "")
    if chosen in THEMES:
        keep_cookie(answer, _COOKIE, chosen, lasts=_REMEMBERED)
    return answer


def theme() -> str:
    """Return what was chosen on this computer; "system" before anything was."""
    chosen = read_cookie(_COOKIE)
    return chosen if chosen in THEMES else "system"


def init_theme(app: Flask) -> None:
    """Tell the templates, so that a page is in its colours from its first line on."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(page_theme=theme, themes=THEMES)
