"""Links that open a place in the map that somebody has: plain addresses, which on a phone open the app.

All four read GCJ-02: Amap calls it its own (`gaode`), Baidu is told so, Tencent and Apple use it in China.
Three start the way from wherever the phone is. Baidu's way wants a starting point and a city in the address,
and we know neither, so Baidu is asked to mark the place, which its app offers the way to. Apple is not given
the name: beside a destination its `q` means a search.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask
from flask_babel import lazy_gettext as _l

from lead_system.domain.places import Position

_WHO_LINKS = "lead_system"
"""What the maps are told about who sends people to them; they ask for some name."""


@dataclass(frozen=True)
class MapLink:
    """One map, and where it shows the way to the place."""

    name: Any
    url: str


def map_links(position: Position, name: str, address: str) -> tuple[MapLink, ...]:
    """Return the way to a place in each of the maps that people here use."""
    latitude, longitude = f"{position.latitude:f}", f"{position.longitude:f}"
    title = name or address or f"{latitude},{longitude}"
    return (
        MapLink(
            _l("Amap"),
            _address(
                "https://uri.amap.com/navigation",
                to=f"{longitude},{latitude},{title.replace(',', ' ')}",
                mode="car",
                coordinate="gaode",
                src=_WHO_LINKS,
                callnative="1",
            ),
        ),
        MapLink(
            _l("Baidu Maps"),
            _address(
                "https://api.map.baidu.com/marker",
                location=f"{latitude},{longitude}",
                title=title,
                content=address or title,
                coord_type="gcj02",
                output="html",
                src=f"webapp.developer.{_WHO_LINKS}",
            ),
        ),
        MapLink(
            _l("Tencent Maps"),
            _address(
                "https://apis.map.qq.com/uri/v1/routeplan",
                type="drive",
                to=title,
                tocoord=f"{latitude},{longitude}",
                referer=_WHO_LINKS,
            ),
        ),
        MapLink(
            _l("Apple Maps"),
            _address("https://maps.apple.com/", daddr=f"{latitude},{longitude}", dirflg="d"),
        ),
    )


def _address(page: str, **arguments: str) -> str:
    return f"{page}?{urlencode(arguments, safe=',:', quote_via=quote)}"


def init_maps(app: Flask) -> None:
    """Hand the links to the templates."""
    app.jinja_env.globals.update(map_links=map_links)
