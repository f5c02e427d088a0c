"""The container of an evidence file (B1): a ZIP that any program opens and that can be packed in one way.

Whoever has the contents can pack them again and must get the same bytes, so no byte of it can be changed
unseen, not even one that no program looks at. Reading is lenient, so that a file that was unpacked and packed
again still says which of its contents were changed; it is safe for whatever somebody sends.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

README, EVIDENCE, PAPER, SIGNATURE = "README.txt", "evidence.json", "evidence.pdf", "signature.json"
CONTENTS = (README, EVIDENCE, PAPER, SIGNATURE)
"""What an evidence file contains, in this order."""

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes of the largest evidence file that is looked at, packed and unpacked."""

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION = 20
_MADE_BY_UNIX = 3 << 8 | _VERSION
_THE_FIRST_DAY = 1 << 5 | 1
"""1 January 1980, the earliest day of a ZIP: when a file was made stands in its content."""
_READABLE_FILE = 0o100644 << 16
_STORED, _DEFLATED = 0, 8
_LONGEST_COMMENT = 0xFFFF


class NotEvidenceError(ValueError):
    """Bytes are no evidence file, or one that nobody can read any more."""


class _Entry(NamedTuple):
    """Where a file stands in a ZIP, as its directory says."""

    name: bytes
    method: int
    packed: int
    size: int
    offset: int


def pack(contents: Mapping[str, bytes]) -> bytes:
    """Return the one ZIP of some contents: nothing compressed, no moments, in the order of `CONTENTS`."""
    body, directory = bytearray(), bytearray()
    for name in CONTENTS:
        data, spelled, offset = contents[name], name.encode(), len(body)
        sizes = (zlib.crc32(data), len(data), len(data), len(spelled))
        common = (_VERSION, 0, _STORED, 0, _THE_FIRST_DAY, *sizes, 0)
        body += _LOCAL.pack(_LOCAL_SIGN, *common) + spelled + data
        directory += _CENTRAL.pack(_CENTRAL_SIGN, _MADE_BY_UNIX, *common, 0, 0, 0, _READABLE_FILE, offset)
        directory += spelled
    many = len(CONTENTS)
    end = _END.pack(_END_SIGN, 0, 0, many, many, len(directory), len(body), 0)
    return bytes(body + directory + end)


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the contents of an evidence file, whoever packed it; what they say is not looked at.

    Raises:
        NotEvidenceError: it is too large, no ZIP, or contains anything else than the four files.
    """
    if len(data) > LARGEST_FILE:
        raise NotEvidenceError("too large")
    try:
        entries = list(_entries(data))
    except struct.error as error:
        raise NotEvidenceError("no ZIP") from error
    if sorted(entry.name for entry in entries) != sorted(name.encode() for name in CONTENTS):
        raise NotEvidenceError("other contents")
    if sum(entry.size for entry in entries) > LARGEST_FILE:
        raise NotEvidenceError("too large")
    return {entry.name.decode(): _content(data, entry) for entry in entries}


def _entries(data: bytes) -> Iterator[_Entry]:
    """Yield what the directory of a ZIP names; of one with more than our files, only that it is another."""
    end = data.rfind(_END_SIGN, max(0, len(data) - _LONGEST_COMMENT - _END.size))
    if end < 0:
        raise NotEvidenceError("no ZIP")
    many, _size, place = _END.unpack_from(data, end)[4:7]
    if many != len(CONTENTS):
        raise NotEvidenceError("other contents")
    for _each in range(many):
        sign, *said = _CENTRAL.unpack_from(data, place)
        method, packed, size, (name, extra, comment), offset = said[3], said[7], said[8], said[9:12], said[15]
        if sign != _CENTRAL_SIGN:
            raise NotEvidenceError("no ZIP")
        place += _CENTRAL.size
        yield _Entry(data[place : place + name], method, packed, size, offset)
        place += name + extra + comment


def _content(data: bytes, entry: _Entry) -> bytes:
    """Return a file's content, never more of it than the directory says."""
    try:
        sign, *_said, name, extra = _LOCAL.unpack_from(data, entry.offset)
    except struct.error as error:
        raise NotEvidenceError("no ZIP") from error
    begins = entry.offset + _LOCAL.size + name + extra
    packed = data[begins : begins + entry.packed]
    if sign != _LOCAL_SIGN or len(packed) != entry.packed:
        raise NotEvidenceError("no ZIP")
    if entry.method == _STORED and entry.packed == entry.size:
        return packed
    return _inflated(packed, entry)


def _inflated(packed: bytes, entry: _Entry) -> bytes:
    if entry.method != _DEFLATED:
        raise NotEvidenceError("packed in a way that we cannot read")
    try:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, entry.size + 1)
    except zlib.error as error:
        raise NotEvidenceError("no ZIP") from error
    if len(content) != entry.size:
        raise NotEvidenceError("another size than it says")
    return content
