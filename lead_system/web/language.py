"""Which language a page speaks: the one that was chosen in this browser, or Chinese."""

from datetime import timedelta

from flask import Blueprint, Flask, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import LazyString

from lead_system.extensions import babel
from lead_system.web.access import is_safe_next, public
from lead_system.web.catalogue import init_catalogue, spoken_in
from lead_system.web.cookies import keep_cookie, read_cookie

LANGUAGES = {"zh-CN": "zh_Hans_CN", "en": "en"}
"""What a page calls its language, and what Babel calls its catalogue."""

DEFAULT_LANGUAGE = "zh-CN"
_CHOSEN = "language"
_REMEMBERED = timedelta(days=365)

blueprint = Blueprint("language", __name__)


@blueprint.post("/language")
@public("whoever cannot read the sign-in page must be able to change its language")
def choose_language() -> ResponseReturnValue:
    """Remember a language in this browser, for longer than anybody is signed in, and go back to the page."""
    target = request.form.get("next")
    answer = redirect(target if target and is_safe_next(target) else "/")
    chosen = request.form.get("language")
    if chosen in LANGUAGES:
        session[_CHOSEN] = chosen
        keep_cookie(answer, _CHOSEN, chosen, lasts=_REMEMBERED)
    return answer


def language() -> str:
    """Return the language of this session or, in a new one, of this browser, as HTML names it."""
    chosen = session.get(_CHOSEN) or read_cookie(_CHOSEN)
    return chosen if chosen in LANGUAGES else DEFAULT_LANGUAGE


def locale() -> str:
    """Return what Babel calls the language of this session or browser."""
    return LANGUAGES[language()]


def in_each_language(text: LazyString) -> tuple[str, ...]:
    """Return a text in every language, the page's own first: files come back in whichever they were made."""
    words = [str(text)]
    for each in LANGUAGES.values():
        with spoken_in(each):
            words.append(str(text))
    return tuple(dict.fromkeys(words))


def init_language(app: Flask) -> None:
    """Bind the catalogues; all times on pages are Shanghai's (R11)."""
    babel.init_app(
        app,
        default_locale=LANGUAGES[DEFAULT_LANGUAGE],
        default_timezone="Asia/Shanghai",
        default_translation_directories="translations",
        locale_selector=locale,
    )
    init_catalogue(app, locale)
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(page_language=language)
