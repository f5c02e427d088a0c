"""Every route says who may use it: deny by default, and never by accident."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_admin import Admin, BaseView

FORGOTTEN = "forgotten"


def routes_without_roles(app: Flask) -> Iterator[str]:
    """Endpoints that neither name their roles nor say that they are public."""
    office = _back_office_views(app)
    for endpoint, view in app.view_functions.items():
        blueprint = endpoint.rpartition(".")[0]
        is_a_file = endpoint.endswith("static")
        if is_a_file or hasattr(view, "__access__"):
            continue
        if not getattr(office.get(blueprint), "roles", None):
            yield endpoint


def _back_office_views(app: Flask) -> dict[str, BaseView]:
    """The views of the back office by the name of their blueprint."""
    admins: list[Admin] = app.extensions.get("admin", [])
    return {view.endpoint: view for admin in admins for view in admin._views}  # noqa: SLF001 - no public way


def test_every_route_names_its_roles(app: Flask) -> None:
    forgotten = list(routes_without_roles(app))

    assert not forgotten, (
        f"{forgotten}: put @allow(Role.…) or @public('why') on the view, or roles = {{…}} on the class"
    )


@pytest.mark.alters_the_app
def test_forgotten_route_is_noticed(app: Flask) -> None:
    app.view_functions[FORGOTTEN] = lambda: "open to everybody"

    assert list(routes_without_roles(app)) == [FORGOTTEN]


@pytest.mark.alters_the_app
def test_back_office_view_without_roles_is_noticed(app: Flask) -> None:
    app.extensions["admin"][0]._views.append(SimpleNamespace(endpoint="attic"))  # noqa: SLF001 - no public way
    app.view_functions["attic.index"] = lambda: "open to everybody"

    assert list(routes_without_roles(app)) == ["attic.index"]
