"""Where a place is: a position as people copy it out of a map.

Chinese maps shift what a satellite receiver says (WGS-84) by some hundred metres; their coordinates are
called GCJ-02. Positions here are always GCJ-02, as Amap, Tencent and Apple show them in China.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import unquote

from lead_system.domain.errors import RefusalCode, Refused

MOST_LATITUDE, MOST_LONGITUDE = 90, 180
DECIMALS = 6
"""Decimals that are kept: the sixth is a tenth of a metre."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{1,15})?")
_PAIR = re.compile(r"(-?[0-9]{1,3}\.[0-9]{1,15})(?:\s*[,，、;；]\s*|\s+)(-?[0-9]{1,3}\.[0-9]{1,15})")
_WESTERNMOST = 73
"""China begins at this longitude and ends far south of this latitude, so that a pair tells which is which."""


@dataclass(frozen=True)
class Position:
    """A place in degrees, north and east being positive, in GCJ-02."""

    latitude: Decimal
    longitude: Decimal


def read_position(latitude: str, longitude: str) -> Position | None:
    """Return the position that two fields say; None where both are blank.

    Raises:
        Refused: POSITION_WRONG where one is missing, no number, or beyond the poles or the date line. The
            fact `field` names which.
    """
    if not latitude.strip() and not longitude.strip():
        return None
    return Position(
        _degrees(latitude, MOST_LATITUDE, field="latitude"),
        _degrees(longitude, MOST_LONGITUDE, field="longitude"),
    )


def find_position(text: str) -> Position:
    """Return the position in pasted text: two coordinates in either order, or a map's link with them.

    Raises:
        Refused: POSITION_NOT_FOUND where no two coordinates stand beside each other.
    """
    found = _PAIR.search(unquote(text))
    if found is None:
        raise Refused(RefusalCode.POSITION_NOT_FOUND, field="pasted")
    first, second = found.groups()
    is_swapped = abs(Decimal(first)) >= _WESTERNMOST > abs(Decimal(second))
    latitude, longitude = (second, first) if is_swapped else (first, second)
    position = read_position(latitude, longitude)
    if position is None:
        raise Refused(RefusalCode.POSITION_NOT_FOUND, field="pasted")
    return position


def _degrees(text: str, most: int, *, field: str) -> Decimal:
    text = text.strip().removesuffix("°").rstrip()
    if not _NUMBER.fullmatch(text) or abs(Decimal(text)) > most:
        raise Refused(RefusalCode.POSITION_WRONG, field=field)
    return round(Decimal(text), DECIMALS)
