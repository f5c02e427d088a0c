"""What holds for every test; the fixtures come from tests/support."""

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = [
    "tests.support.databases",
    "tests.support.frozen",
    "tests.support.manual",
    "tests.support.client",
    "tests.support.stories",
    "tests.support.cast",
    "tests.support.outside",
    "tests.races.arena",
    "tests.support.browser",
]

# What the developer's own shell says about the server must not reach the tests.
for _name in [name for name in os.environ if name.startswith("LEAD_")]:
    del os.environ[_name]

LONG_FOLDERS = ("tests/browser/", "tests/model/", "tests/operations/", "tests/races/", "tests/trials/")
BROWSER_FIXTURES = {"live_server", "chromium", "camera_phone"}


class _OneBrowserAtATime(LoadScopeScheduling):  # type: ignore[misc]
    """Gives the long tests to one worker, first of all, and the others one by one to whoever is free.

    Two browsers, races or trials at once would slow each other down until they time out. The marks that xdist
    has for this come to nothing: it writes them into ids that pytest does not read any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        is_long = file.startswith(LONG_FOLDERS) or file.endswith("_browser.py")
        return "one at a time" if is_long else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _OneBrowserAtATime(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark browser tests by the fixtures they use."""
    for item in items:
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
            assert item.path.name.endswith("_browser.py") or item.path.parent.name == "browser", (
                f"{item.nodeid} drives a browser: move it to tests/browser/ or a file named *_browser.py"
            )
