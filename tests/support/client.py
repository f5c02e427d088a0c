"""A person's browser without a screen: fetches pages, fills forms, and has every page inspected."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import urljoin

import pytest
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import Engine, make_url
from werkzeug.test import TestResponse

from lead_system.application import create_app
from lead_system.extensions import db, engine_options
from tests.support.databases import Database
from tests.support.html import Form, Page, Sent, as_values
from tests.support.inspector import findings
from tests.support.statements import queries, watched_statements, writes
from tests.support.whole_numbers import numbers_in, require_none

MAY_WRITE = frozenset({"/readyz", "/m/wechat/back"})
"""The only GETs that change data: readiness learns only by a write that one is possible (decision 21), and
WeChat leads people back with one, which signs them in."""


class PageResponse(TestResponse):
    """An answer with the page read out of it."""

    @cached_property
    def page(self) -> Page:
        return Page(self.text)

    @property
    def is_page(self) -> bool:
        return self.mimetype == "text/html" and not 300 <= self.status_code < 400


class PageClient(FlaskClient):
    """The test client of every page test.

    It refuses to run inside a pushed application context: Flask would reuse that context, and with it the
    session and the person who was signed in there.
    """

    queries: list[str]
    """What the last request asked the database."""

    statements: list[str]
    """Every statement of the last request in its order, with those that begin and end transactions."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.response_wrapper = type("Answer", (PageResponse, self.application.response_class), {})
        self.queries, self.statements = [], []

    def open(self, *args: Any, **kwargs: Any) -> PageResponse:
        assert not has_app_context(), "close the application context before you fetch a page"
        response = super().open(*args, **kwargs)
        assert isinstance(response, PageResponse)
        if response.is_page:
            found = findings(response.page)
            assert not found, "\n".join(f"{response.request.path} {finding}" for finding in found)
            self._require_room_for_files(response)
        elif "/static/" not in response.request.path:
            require_none(response.request.path, numbers_in(response.get_data()))
        require_none(f"a header of {response.request.path}", numbers_in(str(response.headers).encode()))
        return response

    def _require_room_for_files(self, response: PageResponse) -> None:
        """Files of a usual size would be refused unread where the view does not say that it takes some."""
        routes = self.application.url_map.bind("localhost")
        for form in response.page.find_all("form"):
            if form.has("enctype"):
                action = urljoin(response.request.path, form.get("action"))
                endpoint, _ = routes.match(action.split("?")[0], "POST")
                view = self.application.view_functions[endpoint]
                assert getattr(view, "__takes_files__", False), f"{endpoint} needs @takes_files"

    def get(self, *args: Any, **kwargs: Any) -> PageResponse:
        return self.open(*args, method="GET", **kwargs)

    def post(self, *args: Any, **kwargs: Any) -> PageResponse:
        return self.open(*args, method="POST", **kwargs)

    def run_wsgi_app(self, environ: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        with watched_statements() as statements:
            answer = super().run_wsgi_app(environ, *args, **kwargs)
        self.statements, self.queries = statements, queries(statements)
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") and environ["PATH_INFO"] not in MAY_WRITE:
            written = _but_last_seen(writes(statements))
            assert not written, f"GET {environ['PATH_INFO']} writes, so it must be a POST: {written}"
        return answer

    def submit(
        self,
        page: str | PageResponse,
        fields: Mapping[str, object] | None = None,
        *,
        button: str | None = None,
        action: str | None = None,
        follow: bool = True,
    ) -> PageResponse:
        """Fill and send a form as a person can: only fields, choices and buttons that the page shows.

        Without `action` it is the only form on the page that has all of these fields and this button.
        """
        response = self._fetched(page)
        form = _form_for(response.page, set(fields or ()), button, action)
        return self._send(response, form, form.filled(fields or {}), button, follow=follow)

    def forge(
        self,
        page: str | PageResponse,
        fields: Mapping[str, object],
        *,
        action: str | None = None,
        without: Iterable[str] = (),
        follow: bool = True,
    ) -> PageResponse:
        """Send what no honest page offers, beside the form's own defaults and `without` some of those."""
        response = self._fetched(page)
        known = set(fields) & {name for form in response.page.forms for name in form.names}
        form = _form_for(response.page, known, None, action)
        sent = form.defaults() | {name: as_values(value) for name, value in fields.items()}
        for name in without:
            del sent[name]
        return self._send(response, form, sent, None, follow=follow)

    def _fetched(self, page: str | PageResponse) -> PageResponse:
        response = self.open(page, follow_redirects=True) if isinstance(page, str) else page
        assert response.is_page, f"{response.request.path} answered {response.status}, not a page"
        return response

    def _send(
        self, response: PageResponse, form: Form, sent: Sent, button: str | None, *, follow: bool
    ) -> PageResponse:
        action, pressed = form.action, form.button(button) if button else None
        if pressed is not None:
            action = pressed.get("formaction", action)
            sent = sent | ({pressed["name"]: [pressed.get("value")]} if pressed.has("name") else {})
        target = urljoin(response.request.url, action)
        if form.method == "get":
            return self.open(target, method="GET", query_string=sent, follow_redirects=follow)
        return self.open(target, method="POST", data=sent, follow_redirects=follow)


def _but_last_seen(written: list[str]) -> list[str]:
    """Leave out that somebody was seen, which any request may note, alone in a transaction of its own."""
    noted = [one for one in written if one.startswith("UPDATE sign_ins SET seen_at=") and "," not in one]
    others = [one for one in written if one not in noted]
    return [] if noted and others in ([], ["BEGIN IMMEDIATE"]) else written


def _form_for(page: Page, names: set[str], button: str | None, action: str | None) -> Form:
    fitting = [
        form
        for form in page.forms
        if names <= form.names
        and (action is None or form.action.split("?")[0] == action)
        and (button is None or form.button(button))
    ]
    if len(fitting) > 1:
        fitting = [form for form in fitting if form.method == "post"]
    shown = [(form.method, form.action, sorted(form.names)) for form in page.forms]
    assert len(fitting) == 1, f"{len(fitting)} forms fit {sorted(names)}, {button=}, {action=}, among {shown}"
    return fitting[0]


_first_engines: dict[str, Engine] = {}


def _share_compiled_statements(engine: Engine) -> None:
    """Let a test's engine use what earlier ones compiled; the cache asks for the very same dialect.

    The first one is connected here: only then does its dialect know the database, and its test may never ask.
    """
    if engine.dialect.name not in _first_engines:
        engine.connect().close()
    first = _first_engines.setdefault(engine.dialect.name, engine)
    engine.dialect = engine.pool._dialect = first.dialect  # noqa: SLF001 - there is no public door
    engine._compiled_cache = first._compiled_cache  # noqa: SLF001 - there is no public door


@contextmanager
def on_database(app: Flask, database: Database) -> Iterator[Flask]:
    """Move an application to a test's own database, and undo what the test changed in its configuration."""
    config = dict(app.config)
    app.config["SQLALCHEMY_DATABASE_URI"] = database.url
    app.extensions["settings"] = database.settings()
    options = {"url": make_url(database.url), **engine_options(database.url)}
    db._apply_driver_defaults(options, app)  # noqa: SLF001 - there is no public door
    engine = db._make_engine(None, options, app)  # noqa: SLF001 - there is no public door
    _share_compiled_statements(engine)
    db._app_engines[app][None] = engine  # noqa: SLF001 - there is no public door
    yield app
    engine.dispose()
    app.config.clear()
    app.config.update(config)


def _built(database: Database) -> Flask:
    app = create_app(database.settings())
    app.testing = True
    app.test_client_class = PageClient
    return app


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application of this worker: building one costs as much as many a test."""
    folder = tmp_path_factory.mktemp("shared_app")
    return _built(Database("sqlite", f"sqlite:///{folder / 'never_used.sqlite3'}", folder))


@pytest.fixture
def app(request: pytest.FixtureRequest, database: Database) -> Iterator[Flask]:
    """The whole application on the test's own database, in demo mode, with CSRF protection on.

    A test that adds routes or views says so by the mark `alters_the_app`, and gets one of its own.
    """
    is_altered = request.node.get_closest_marker("alters_the_app") is not None
    app = _built(database) if is_altered else request.getfixturevalue("shared_app")
    with on_database(app, database):
        yield app


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    """For tests that call services and queries themselves instead of fetching pages."""
    with app.app_context():
        yield


@pytest.fixture
def new_client(app: Flask) -> Callable[[], PageClient]:
    """Makes one person's browser after the other."""

    def make() -> PageClient:
        client = app.test_client()
        assert isinstance(client, PageClient)
        return client

    return make


@pytest.fixture
def client(new_client: Callable[[], PageClient]) -> PageClient:
    return new_client()
