"""The container of an evidence file: one spelling, read by every program, and safe to read."""

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from lead_system.domain.evidence_file import CONTENTS, LARGEST_FILE, NotEvidenceError, pack, unpack

PARTS = {name: f"what {name} says, 说明".encode() for name in CONTENTS}


def zipped(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return what another program packs."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as opened:
        for name, content in parts.items():
            opened.writestr(name, content)
    return file.getvalue()


def test_any_program_opens_it_and_finds_it_sound() -> None:
    with zipfile.ZipFile(io.BytesIO(pack(PARTS))) as opened:
        assert opened.testzip() is None
        assert {one.filename: opened.read(one) for one in opened.infolist()} == PARTS
        assert [one.date_time for one in opened.infolist()] == [(1980, 1, 1, 0, 0, 0)] * 4


def test_the_same_contents_give_the_same_bytes_in_whatever_order_they_come() -> None:
    assert pack(dict(reversed(PARTS.items()))) == pack(PARTS)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_another_program_packed_anew_can_be_read(method: int) -> None:
    again = zipped(PARTS, method)

    assert unpack(again) == PARTS
    assert again != pack(PARTS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x05\x06",
        b"no ZIP at all" * 100,
        zipped({}),
        zipped(PARTS | {"more.txt": b""}),
        zipped({name: PARTS[name] for name in CONTENTS[:3]}),
        zipped({"../README.txt": b"", **dict.fromkeys(CONTENTS[1:], b"")}),
        zipped(PARTS, zipfile.ZIP_BZIP2),
        zipped({f"{number}.txt": b"" for number in range(1000)}),
        pack(PARTS)[:-1],
        pack(PARTS)[100:],
        bytes(LARGEST_FILE + 1),
    ],
)
def test_anything_else_is_no_evidence_file(data: bytes) -> None:
    with pytest.raises(NotEvidenceError):
        unpack(data)


def test_a_bomb_is_refused_by_the_size_that_it_declares() -> None:
    bomb = zipped(PARTS | {"evidence.json": bytes(LARGEST_FILE + 1)})

    assert len(bomb) < 100_000
    with pytest.raises(NotEvidenceError, match="too large"):
        unpack(bomb)


def test_a_bomb_that_declares_little_is_inflated_no_further_than_that() -> None:
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeezed.compress(bytes(LARGEST_FILE * 5)) + squeezed.flush()
    bomb = bytearray(zipped(PARTS | {"evidence.json": bytes(LARGEST_FILE * 5)}))
    place = bomb.rfind(b"evidence.json") - 46
    assert struct.unpack_from("<I", bomb, place + 20)[0] == len(packed)
    struct.pack_into("<I", bomb, place + 24, 1000)

    tracemalloc.start()
    with pytest.raises(NotEvidenceError, match="another size"):
        unpack(bytes(bomb))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1024 * 1024
