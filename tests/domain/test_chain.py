"""B2: how a record is spelled, digested and linked. What is expected was worked out with other tools."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from lead_system.domain.chain import Heads, bucket_of, canonical, digest_of, linked, moment_text, payload_hash

BEIJING = timezone(timedelta(hours=8))
AT = datetime(2026, 3, 2, 14, 5, tzinfo=BEIJING)


def digest(**other: object) -> str:
    said: dict[str, object] = {
        "chain": "lead:12", "lead": 12, "actor": 5, "role": "gate", "action": "bind_by_scan", "at": AT,
        "changes": {"status": ["reported", "bound"], "scan": 7}, "payload": None,
    }  # fmt: skip
    return digest_of(**(said | other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"name": "欧阳锋"}, '{"name":"欧阳锋"}'),
        ('a/"b"\n', '"a/\\"b\\"\\n"'),
        ({}, "{}"),
    ],
)
def test_value_has_one_spelling(value: object, spelled: str) -> None:
    assert canonical(value) == spelled.encode()


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"amount": float("nan")})


def test_moment_is_spelled_in_utc_whatever_its_zone() -> None:
    assert moment_text(AT) == "2026-03-02T06:05:00.000000Z"
    assert moment_text(AT.astimezone(UTC) + timedelta(microseconds=7)) == "2026-03-02T06:05:00.000007Z"
    with pytest.raises(ValueError, match="zone"):
        moment_text(datetime(2026, 3, 2))  # noqa: DTZ001 - the point of the test


def test_digest_is_the_hash_of_all_that_a_record_says() -> None:
    assert digest() == "dd2d0bc2f6a407edc54087a51bc73193b875a5c1cbf49c7e4e0d8f2f335d84b5"


@pytest.mark.parametrize(
    "other",
    [
        {"chain": "lead:13"}, {"lead": 13}, {"lead": None}, {"actor": 6}, {"actor": None},
        {"role": "director"},
        {"action": "visit_again"}, {"at": AT + timedelta(microseconds=1)}, {"changes": {}},
        {"changes": {"status": ["reported", "bound"], "scan": 8}}, {"payload": "0" * 64},
    ],
)  # fmt: skip
def test_digest_covers_each_part(other: dict[str, object]) -> None:
    assert digest(**other) != digest()


def test_link_covers_what_was_before() -> None:
    first = linked("", "1" * 64)

    assert first == "3138bb9bc78df27c473ecfd1410f7bd45ebac1f59cf3ff9cfe4db77aab7aedd3"
    assert linked(first, "2" * 64) == "b2136ccf516531f61018f4c2fdde03ce47c36eb8ae4064f669afe48ccc773bd2"
    assert linked("", "2" * 64) != linked(first, "2" * 64)


def test_payload_is_vouched_for_with_its_salt() -> None:
    assert (
        payload_hash("ab", {"b": "锋", "a": 1})
        == "f6c447fcc1ccb07c2455adacde6d6ddadd920e6b7a4fdfda65f140494595d529"
    )
    assert payload_hash("ac", {"b": "锋", "a": 1}) != payload_hash("ab", {"b": "锋", "a": 1})


@pytest.mark.parametrize(
    ("chain", "bucket"),
    [
        ("lead:1", "lead:0"), ("lead:999", "lead:0"), ("lead:1000", "lead:1"), ("lead:12345", "lead:12"),
        ("account:3", "account:0"), ("settings", "settings"), ("reveals", "reveals"), ("odd:name", "odd"),
    ],
)  # fmt: skip
def test_bucket_is_the_kind_and_the_thousand(chain: str, bucket: str) -> None:
    assert bucket_of(chain) == bucket


def test_ends_are_the_same_only_if_every_end_is() -> None:
    def digests(*ends: tuple[str, int, str]) -> dict[str, str]:
        heads = Heads()
        for end in ends:
            heads.add(*end)
        return heads.digests()

    one, two, other = ("lead:1", 3, "a" * 64), ("lead:2", 1, "b" * 64), ("settings", 1, "c" * 64)
    whole = digests(one, two, other)

    assert set(whole) == {"lead:0", "settings"}
    assert digests(one, two, other) == whole
    for ends in ((one, other), (one, ("lead:2", 2, "b" * 64), other), (one, ("lead:2", 1, "d" * 64), other)):
        assert digests(*ends)["lead:0"] != whole["lead:0"]
        assert digests(*ends)["settings"] == whole["settings"]
