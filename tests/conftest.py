"""What holds for every test; the fixtures come from tests/support."""

import os

import pytest

pytest_plugins = [
    "tests.support.databases",
    "tests.support.frozen",
    "tests.support.manual",
    "tests.support.client",
    "tests.support.stories",
    "tests.support.cast",
    "tests.races.arena",
    "tests.support.browser",
]

# What the developer's own shell says about the server must not reach the tests.
for _name in [name for name in os.environ if name.startswith("LEAD_")]:
    del os.environ[_name]

ONE_AT_A_TIME = ("browser", "races")
BROWSER_FIXTURES = {"live_server", "chromium", "camera_phone"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark browser tests by the fixtures they use, and start the long tests first, on a worker of their own.

    Two browsers or two races at once would slow each other down until they time out.
    """
    for item in items:
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
        if _is_long(item):
            item.add_marker(pytest.mark.xdist_group("one at a time"))
    items.sort(key=lambda item: not _is_long(item))


def _is_long(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ONE_AT_A_TIME)
