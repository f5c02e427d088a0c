"""An evidence file is genuine to the last byte, or what was changed is named; anything sent is answered."""

import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_system.domain.chain import canonical
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.evidence_file import CONTENTS, EVIDENCE, SIGNATURE, pack, unpack
from lead_system.services.evidence import sealed
from lead_system.services.evidence_check import Change, Difference, part_digest
from tests.support.evidence import (
    LIFE,
    PAPER,
    RIVALS_SECRET,
    SECRET,
    changed,
    checked,
    small_content,
    small_file,
)

LEAD, COLLISION = 0, 1
"""Where the two chains of the small file stand in it."""

PLACES = [(LEAD, place) for place in range(len(LIFE))] + [(COLLISION, 0), (COLLISION, 1)]
places = st.sampled_from(PLACES)


def id_at(place: tuple[int, int]) -> int:
    chain, position = place
    return (101, 201)[chain] + position


def where(place: tuple[int, int]) -> str:
    return ("lead:12", "collision:3")[place[0]]


def record_in(said: Any, place: tuple[int, int]) -> dict[str, Any]:
    found: dict[str, Any] = said["chains"][place[0]]["records"][place[1]]
    return found


def changes_of(file: bytes) -> list[Change]:
    return [one.change for one in checked(file).differences]


def test_a_file_as_it_was_made_is_genuine_and_says_what_it_is() -> None:
    check = checked(small_file())

    assert check.is_genuine
    assert check.is_signed
    assert (check.chains, check.records, check.anonymised) == (2, 6, 0)
    assert check.about is not None
    assert (check.about.lead, check.about.leads, check.about.made_by) == (12, (12,), "秦越")


def test_the_same_content_makes_the_same_file() -> None:
    assert small_file() == small_file()


@pytest.mark.parametrize("part", range(8))
def test_every_byte_changed_in_turn_is_noticed(part: int) -> None:
    file = small_file()

    for place in range(part, len(file), 8):
        damaged = bytearray(file)
        damaged[place] ^= 1 << (place // 8 % 8)
        assert not checked(bytes(damaged)).is_genuine, f"byte {place}"


@pytest.mark.parametrize("length", [0, 1, 21, 22, 100, 1000, -100, -22, -1])
def test_a_file_that_was_cut_off_is_not_genuine(length: int) -> None:
    assert not checked(small_file()[:length]).is_genuine


@pytest.mark.parametrize("more", [b"\x00", b"garbage", small_file()])
def test_bytes_before_or_behind_are_noticed(more: bytes) -> None:
    file = small_file()

    assert not checked(file + more).is_genuine
    assert not checked(more + file).is_genuine


def test_a_file_that_was_packed_anew_says_that_its_contents_are_as_made() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in unpack(small_file()).items():
            opened.writestr(name, content)

    assert changes_of(file.getvalue()) == [Change.PACKED_ANEW]


@given(places, st.sampled_from(["action", "actor", "at", "changes", "lead", "role"]))
def test_a_changed_record_is_named(place: tuple[int, int], name: str) -> None:
    other = {"at": "2026-03-02T06:04:59.000000Z", "changes": {"place": 99}}.get(name, 99)
    file = changed(small_file(), lambda said: record_in(said, place)["said"].update({name: other}))

    named = Difference(Change.RECORD_CHANGED, where(place), place[1] + 1, id_at(place))
    assert checked(file).differences == [Difference(Change.TEXT_CHANGED), named]


@given(places)
def test_a_removed_record_is_named_by_the_one_behind_it_or_as_cut_off(place: tuple[int, int]) -> None:
    file = changed(small_file(), lambda said: said["chains"][place[0]]["records"].pop(place[1]))

    is_last = place in ((LEAD, len(LIFE) - 1), (COLLISION, 1))
    named = (
        Difference(Change.CUT_OFF, where(place), place[1], id_at(place) - 1)
        if is_last
        else Difference(Change.RECORD_MISSING, where(place), place[1] + 2, id_at(place) + 1)
    )
    assert checked(file).differences[:2] == [Difference(Change.TEXT_CHANGED), named]


@given(places, places)
def test_two_records_in_each_others_place_are_named(a: tuple[int, int], b: tuple[int, int]) -> None:
    def swap(said: Any) -> None:
        first, second = (said["chains"][one[0]]["records"] for one in (a, b))
        first[a[1]], second[b[1]] = second[b[1]], first[a[1]]

    check = checked(changed(small_file(), swap))

    assert check.is_genuine == (a == b)
    assert a == b or any(one.record_id in (id_at(a), id_at(b)) for one in check.differences)


@given(st.sampled_from([(LEAD, 0), (LEAD, 1), (COLLISION, 1)]), st.sampled_from(["salt", "values"]))
def test_a_changed_payload_is_named(place: tuple[int, int], name: str) -> None:
    other = {"salt": "another", "values": {"note": "别的"}}[name]
    file = changed(small_file(), lambda said: record_in(said, place)["payload"].update({name: other}))

    named = Difference(Change.PAYLOAD_CHANGED, where(place), place[1] + 1, id_at(place))
    assert checked(file).differences == [Difference(Change.TEXT_CHANGED), named]


def test_a_payload_that_was_taken_out_is_named() -> None:
    file = changed(small_file(), lambda said: record_in(said, (LEAD, 0)).update(payload=None))

    named = Difference(Change.PAYLOAD_GONE, "lead:12", 1, 101)
    assert checked(file).differences == [Difference(Change.TEXT_CHANGED), named]


def test_a_chain_that_was_taken_out_is_named() -> None:
    file = changed(small_file(), lambda said: said["chains"].pop(COLLISION))

    assert checked(file).differences == [
        Difference(Change.TEXT_CHANGED),
        Difference(Change.CHAIN_MISSING, "collision:3"),
    ]


@pytest.mark.parametrize("part", ["names", "leads", "periods", "steps", "made_by", "made_at", "site"])
def test_a_change_beside_the_records_is_named_by_its_part(part: str) -> None:
    file = changed(small_file(), lambda said: said.update({part: "别的"}))

    assert Difference(Change.PART_CHANGED, part) in checked(file).differences


@pytest.mark.parametrize(
    ("name", "change"), [("evidence.pdf", Change.PAPER_CHANGED), ("README.txt", Change.README_CHANGED)]
)
def test_another_paper_or_readme_is_named(name: str, change: Change) -> None:
    contents = unpack(small_file())

    assert changes_of(pack({**contents, name: b"%PDF another"})) == [change]


def test_whoever_recomputes_everything_still_fails_at_the_signature() -> None:
    content = small_content()
    content["names"]["people"]["7"] = "别人"
    signed_before = unpack(small_file())[SIGNATURE]

    forged = unpack(small_file(content))
    assert changes_of(pack({**forged, SIGNATURE: signed_before})) == [Change.TEXT_CHANGED]


def test_a_file_that_another_key_signed_is_not_ours() -> None:
    assert changes_of(small_file(secret=RIVALS_SECRET)) == [Change.NOT_OURS]


def test_a_file_of_damaged_records_says_that_they_were_damaged_before() -> None:
    content = small_content()
    content["chains"][LEAD]["records"][1]["said"]["actor"] = 8

    check = checked(small_file(content))

    assert check.is_signed
    assert check.was_damaged_before
    assert check.differences == [Difference(Change.RECORD_CHANGED, "lead:12", 2, 102)]


def test_more_damage_than_can_be_named_is_counted() -> None:
    content = small_content() | {f"part {number}": number for number in range(30)}
    check = checked(changed(small_file(content), lambda said: said.update(digests={})))

    assert check.count == 1 + 14 + 30
    assert len(check.differences) == 20


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


@given(st.data())
def test_wrong_types_anywhere_are_answered(data: st.DataObject) -> None:
    said = json.loads(unpack(small_file())[EVIDENCE])
    spot: Any = said
    while isinstance(spot, dict | list) and spot:
        parent = spot
        key = data.draw(st.sampled_from(sorted(spot) if isinstance(spot, dict) else range(len(spot))))
        spot = parent[key]
        if data.draw(st.booleans()):
            break
    parent[key] = data.draw(anything)
    text = json.dumps(said).encode()

    check = checked(pack({**unpack(small_file()), EVIDENCE: text}))

    assert not check.is_genuine


@pytest.mark.parametrize(
    "text",
    [
        b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"[[]," * 300_000,
        b"9" * 10_000, b'{"format":"lead-evidence/2"}', b'{"format":"lead-evidence/1","x":NaN}',
        b'{"format":"lead-evidence/1","x":"\\ud800"}', b" " * (8 * 1024 * 1024 + 1),
    ],
)  # fmt: skip
def test_no_or_endless_json_is_no_evidence_file(text: bytes) -> None:
    file = pack({**unpack(small_file()), EVIDENCE: text})

    assert changes_of(file) == [Change.NOT_EVIDENCE]


@pytest.mark.parametrize("more", [[0] * 400_000, "x" * 8 * 1024 * 1024])
def test_a_text_that_would_fill_the_memory_is_no_evidence_file(more: object) -> None:
    text = canonical(small_content() | {"more": more})

    assert changes_of(pack({**unpack(small_file()), EVIDENCE: text})) == [Change.NOT_EVIDENCE]


def test_another_spelling_of_the_same_signature_is_noticed() -> None:
    contents = unpack(small_file())
    spelled = json.dumps(json.loads(contents[SIGNATURE]), indent=1).encode()

    assert changes_of(pack({**contents, SIGNATURE: spelled})) == [Change.TEXT_CHANGED]


def test_another_spelling_of_the_same_json_is_noticed() -> None:
    contents = unpack(small_file())
    spelled = json.dumps(json.loads(contents[EVIDENCE])).encode()

    assert changes_of(pack({**contents, EVIDENCE: spelled})) == [Change.TEXT_CHANGED]


@pytest.mark.parametrize("signature", [b"", b"{}", b"[]", b"[" * 499, b"x" * 10_000, b'{"signature":1}'])
def test_a_broken_signature_is_no_signature(signature: bytes) -> None:
    contents = unpack(small_file())

    assert changes_of(pack({**contents, SIGNATURE: signature})) == [Change.TEXT_CHANGED]


def test_content_that_nobody_would_check_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        sealed(small_content() | {"more": "很长" * 3_000_000}, PAPER, SECRET)

    assert refused.value.code is RefusalCode.EVIDENCE_TOO_LARGE


def test_a_part_has_the_digest_of_its_one_spelling() -> None:
    assert part_digest({"b": 1, "a": "说"}) == part_digest(json.loads(canonical({"a": "说", "b": 1})))
    assert set(unpack(small_file())) == set(CONTENTS)
