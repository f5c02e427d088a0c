"""R1 and R2: who is the same customer, and which texts are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import (
    clean_name,
    clean_phone,
    clean_second_phone,
    clean_text,
    fold_name,
    has_full_number,
    is_title,
    keys_of,
    visible_digits,
)

SAME_NAMES = [
    (("欧阳", "锋"), ("欧", "阳锋")),
    (("王", "芳"), (" 王", "芳 ")),
    (("王", "芳"), ("王", "　芳")),
    (("王", "芳"), ("王\u200b", "\ufeff芳")),
    (("王", "芳"), ("王", "\u00a0芳\u2060")),
    (("买买提", "·艾力"), ("买买提", "•艾力")),
    (("买买提", "・艾力"), ("买买提", "‧艾力")),
    (("买买提", "･艾力"), ("买买提", "艾力")),
    (("Smith", "John"), ("ＳＭＩＴＨ", "john")),
    (("Straße", "A"), ("STRASSE", "a")),
    (("王", "芳"), ("王", "芳\ufe00")),
]
OTHER_NAMES = [(("王", "芳"), ("王", "方")), (("王", "芳"), ("黄", "芳")), (("王", "芳"), ("王", "芳芳"))]


@pytest.mark.parametrize(("one", "other"), SAME_NAMES)
def test_names_that_differ_only_in_writing_are_the_same(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert fold_name(*one) == fold_name(*other)


@pytest.mark.parametrize(("one", "other"), OTHER_NAMES)
def test_names_that_differ_in_a_character_are_not_the_same(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert fold_name(*one) != fold_name(*other)


@given(st.text())
def test_folding_a_folded_name_changes_nothing(name: str) -> None:
    folded = fold_name(name)

    assert fold_name(folded) == folded


def test_keys_come_in_sorted_order_whichever_phone_is_first() -> None:
    assert keys_of("锋", ("1994321", "1385678"), 0) == keys_of("锋", ("1385678", "1994321"), 0)
    assert [key.phone for key in keys_of("锋", ("1994321", "1385678"), 0)] == ["1385678", "1994321"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "name_missing"),
        ("   ", "name_missing"),
        ("\u200b\ufeff", "name_missing"),
        ("·", "name_missing"),
        ("王" * 31, "name_too_long"),
        ("王" * 60, "name_too_long"),
        ("\ufdfa" * 30, "name_too_long"),
        ("<script>", "name_not_letters"),
        ("王13812345678", "name_not_letters"),
        ("王2", "name_not_letters"),
        ("王\x00芳", "ok"),
        ("一三八一二三四五六七八", "name_not_letters"),
        ("-", "name_not_letters"),
        ("''", "name_not_letters"),
        ("\u0301", "name_not_letters"),
        ("艾力·买买提", "ok"),
        ("O’Neil-Smith Jr.", "ok"),
        ("王" * 30, "ok"),
    ],
)
def test_name_has_letters_and_at_most_thirty_of_them(typed: str, code: str) -> None:
    try:
        clean_name(typed, field="surname")
        outcome = "ok"
    except Refused as refused:
        outcome = refused.code.value

    assert outcome == code


def test_name_is_stored_without_what_nobody_sees() -> None:
    assert clean_name("\u200b 锋\u3000 \ufeff", field="given_name") == "锋"


@pytest.mark.parametrize("given_name", ["先生", "女士", " 女 士 ", "小姐", "Mr.", "MRS"])
def test_title_instead_of_a_given_name_is_noticed(given_name: str) -> None:
    assert is_title(given_name)


@pytest.mark.parametrize("given_name", ["芳", "先", "女士们", "锋"])
def test_real_given_name_is_no_title(given_name: str) -> None:
    assert not is_title(given_name)


@pytest.mark.parametrize(
    ("head", "tail", "outcome"),
    [
        ("138", "5678", "1385678"),
        ("１３８", "５６７８", "1385678"),
        (" 138 ", " 5678", "1385678"),
        ("138", "", "phone_incomplete"),
        ("", "5678", "phone_incomplete"),
        ("138", "567", "phone_incomplete"),
        ("13", "5678", "phone_incomplete"),
        ("128", "5678", "phone_incomplete"),
        ("238", "5678", "phone_incomplete"),
        ("13a", "5678", "phone_incomplete"),
        ("138", "56789", "phone_incomplete"),
        ("13812345678", "", "phone_full_number"),
        ("138", "13812345678", "phone_full_number"),
        ("138 1234 5678", "5678", "phone_full_number"),
    ],
)
def test_customer_phone_is_three_and_four_digits_of_a_mobile(head: str, tail: str, outcome: str) -> None:
    try:
        result = clean_phone(head, tail, field="phone1")
    except Refused as refused:
        result = refused.code.value

    assert result == outcome


@pytest.mark.parametrize(
    ("head", "tail", "outcome"),
    [
        ("", "", None),
        (" ", "", None),
        ("139", "4321", "1394321"),
        ("139", "", "phone_incomplete"),
        ("", "4321", "phone_incomplete"),
        ("138", "5678", "phones_equal"),
    ],
)
def test_second_phone_is_absent_or_whole_and_another_one(head: str, tail: str, outcome: str | None) -> None:
    result: str | None
    try:
        result = clean_second_phone(head, tail, first="1385678", field="phone2")
    except Refused as refused:
        result = refused.code.value

    assert result == outcome


@pytest.mark.parametrize(
    "text",
    [
        "13812345678",
        "电话13812345678，请联系",
        "+8613812345678",
        "0086 138 1234 5678",
        "138-1234-5678",
        "138.1234.5678",
        "138（1234）5678",
        "1 3 8 1 2 3 4 5 6 7 8",
        "１３８１２３４５６７８",
        "一三八一二三四五六七八",
        "幺三八幺二三四五六七八",
        "١٣٨١٢٣٤٥٦٧٨",
        "138\u200b1234\u200b5678",
        "客户138 1234 5678，备用139 8765 4321",
        "身份证110101199003071234",
        "138:1234:5678",
        "138年1234月5678",
        "138x1234x5678",
        "138    1234    5678",
        "(138) - (1234) - (5678)",
        "138abc12345678",
        "1381234转5678",
    ],
)
def test_whole_number_is_found_however_it_is_written(text: str) -> None:
    assert has_full_number(text)
    with pytest.raises(Refused) as refused:
        clean_text(text, field="needs")
    assert refused.value.code is RefusalCode.TEXT_HAS_FULL_NUMBER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "138****5678",
        "预算1500000-2000000元",
        "2026-11-15 13:00-14:00",
        "2026年11月15日13点",
        "要 3 房 2 厅，120 平",
        "12812345678",
        "1381234567",
        "房号 8-1301",
    ],
)
def test_text_without_a_whole_number_passes(text: str) -> None:
    assert clean_text(text, field="needs") == text


@pytest.mark.parametrize(
    ("text", "code"),
    [("字" * 501, "text_too_long"), ("a\x00b", "text_not_readable"), ("\x1b[31m", "text_not_readable")],
)
def test_text_that_cannot_be_kept_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        clean_text(text, field="note")

    assert refused.value.code.value == code


def test_text_keeps_markup_as_it_is_because_pages_escape_it() -> None:
    assert clean_text(" <script>alert(1)</script>\r\nok ", field="note") == "<script>alert(1)</script>\nok"


def test_broker_shows_the_first_three_and_last_four_digits() -> None:
    assert visible_digits("13812345678") == "1385678"
