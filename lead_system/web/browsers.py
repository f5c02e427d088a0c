"""What a browser calls itself, in the few words by which people know theirs in a list."""

from flask_babel import gettext as _

_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
"""Marks and names, in the order in which they are looked for: each claims to be those after it as well."""

_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """Return browser and system, such as "WeChat · Android"; blank where neither is known.

    Nothing else of what a browser says is kept: it would tell people apart.
    """
    found = (_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent))
    return " · ".join(name for name in found if name)


def shown_browser(name: str) -> str:
    """Return a kept name in the words of the page."""
    return name.replace("WeChat", _("WeChat")) if name else str(_("Unknown browser"))


def _first(marks: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for mark, name in marks if mark in user_agent), "")
