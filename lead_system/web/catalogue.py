"""How pages find their words: a language's catalogue is looked for once, and then read like a dictionary.

A list of fifty rows says some four hundred words. Flask-Babel asks for each of them which language the page
speaks, and Jinja copies the variables of a loop for each; both together were a third of such a page.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from babel import Locale
from flask import Flask
from flask_babel import Domain, force_locale, get_locale
from markupsafe import Markup

from lead_system.extensions import babel


class Catalogue:
    """The words of one language, as text and as templates get them; what was found is kept."""

    def __init__(self, translations: Any) -> None:
        self._translations = translations
        self._texts: dict[str, str] = {}
        self._marked: dict[str, Markup] = {}
        self._finished: dict[str, Markup] = {}

    def text(self, english: str) -> str:
        """Return a text in this language, its placeholders still in it."""
        try:
            return self._texts[english]
        except KeyError:
            return self._texts.setdefault(english, self._translations.ugettext(english))

    def finished(self, english: str) -> Markup:
        """Return a text without placeholders, as a template shows it."""
        try:
            return self._finished[english]
        except KeyError:
            return self._finished.setdefault(english, self.marked(english) % {})

    def marked(self, english: str) -> Markup:
        """Return a text of ours, into which what comes from others is filled in escaped."""
        try:
            return self._marked[english]
        except KeyError:
            # Each text comes from our code or from the catalogue, neither of which anybody types into.
            return self._marked.setdefault(english, Markup(self.text(english)))  # noqa: S704

    def plural(self, one: str, many: str, number: int) -> str:
        """Return the text for so many."""
        return str(self._translations.ungettext(one, many, number))


class KeptDomain(Domain):  # type: ignore[misc]
    """What `gettext` and every lazy text ask, wherever in the code they stand."""

    def __init__(self) -> None:
        super().__init__()
        self._catalogues: dict[Locale, Catalogue] = {}
        self._by_name: dict[str, Catalogue] = {}

    def catalogue(self) -> Catalogue:
        """Return the words of the page's language; outside a request, of whatever Flask-Babel says."""
        return _spoken.get() or self._catalogue_of(get_locale())

    def begin(self, locale: str) -> None:
        """Choose the words of this request, whose language is known: Flask-Babel reads its name each time."""
        try:
            _spoken.set(self._by_name[locale])
        except KeyError:
            _spoken.set(self._by_name.setdefault(locale, self._catalogue_of(get_locale())))

    def _catalogue_of(self, locale: Locale) -> Catalogue:
        try:
            return self._catalogues[locale]
        except KeyError:
            return self._catalogues.setdefault(locale, Catalogue(self.get_translations()))

    def gettext(self, string: str, **variables: Any) -> str:
        """Return a text in the page's language, as Flask-Babel does."""
        text = self.catalogue().text(string)
        return text % variables if variables else text

    def ngettext(self, singular: str, plural: str, num: int, **variables: Any) -> str:
        """Return the text for so many in the page's language, as Flask-Babel does."""
        return self.catalogue().plural(singular, plural, num) % {"num": num, **variables}


_domain = KeptDomain()
_spoken: ContextVar[Catalogue | None] = ContextVar("spoken", default=None)
"""The words of the page that is being made: asking a variable costs a hundredth of asking Flask-Babel."""


def spoken() -> Catalogue:
    """Return the words of the page's language, by which whatever is kept tells one language from another."""
    return _domain.catalogue()


def _end(_error: BaseException | None) -> None:
    _spoken.set(None)


@contextmanager
def spoken_in(locale: str) -> Iterator[None]:
    """Say everything in another language for as long as the block runs."""
    with force_locale(locale):
        before = _spoken.set(None)
        try:
            yield
        finally:
            _spoken.reset(before)


def _gettext(english: str, /, **variables: Any) -> Markup:
    """Say something on a page; what is filled in is escaped, and a per cent sign is written twice."""
    catalogue = _domain.catalogue()
    return catalogue.marked(english) % variables if variables else catalogue.finished(english)


def _ngettext(one: str, many: str, number: int, /, **variables: Any) -> Markup:
    """Say something of so many on a page; the number is `num` unless it is filled in otherwise."""
    text = _domain.catalogue().plural(one, many, number)
    return Markup(text) % {"num": number, **variables}  # noqa: S704 - ours, as above


def init_catalogue(app: Flask, locale: Callable[[], str]) -> None:
    """Let the code and the templates of an application find their words here; after Flask-Babel is bound.

    `locale` says which language a request is answered in; what is said before falls back on Flask-Babel.
    """
    babel.domain_instance = _domain
    app.before_request(lambda: _domain.begin(locale()))
    app.teardown_request(_end)
    app.jinja_env.globals.update(_=_gettext, gettext=_gettext, ngettext=_ngettext)
