"""Visit codes: what is read, and what is no code."""

import pytest

from lead_system.domain.codes import grouped, new_short_code, new_token, read_code

TOKEN = "abcdefghijklmnopqrstuvwx"


@pytest.mark.parametrize(
    ("scanned", "code"),
    [
        (TOKEN, TOKEN),
        (f"https://example.test/m/v/{TOKEN}", TOKEN),
        (f"http://127.0.0.1:8000/m/v/{TOKEN}?from=wechat", TOKEN),
        (f"  {TOKEN}\n", TOKEN),
        ("0123456782", "0123456782"),
        ("012 345 6782", "0123456782"),
        ("012-345-6782", "0123456782"),
        ("０１２３４５６７８２", "0123456782"),
        ("0123456785", None),
        ("0123456728", None),
        ("123456782", None),
        ("", None),
        ("https://example.test/", None),
        (f"https://example.test/m/v/{TOKEN}x", None),
        ("x" * 5000, None),
    ],
)
def test_code_is_read_from_a_link_a_token_or_typed_digits(scanned: str, code: str | None) -> None:
    assert read_code(scanned) == code


def test_any_single_wrong_digit_of_a_short_code_is_noticed() -> None:
    good = "0123456782"
    slips = [good[:i] + d + good[i + 1 :] for i in range(10) for d in "0123456789" if d != good[i]]

    assert [slip for slip in slips if read_code(slip)] == []


def test_new_codes_can_be_read_and_do_not_repeat() -> None:
    tokens = {new_token() for _ in range(500)}
    short_codes = {new_short_code() for _ in range(500)}

    assert len(tokens) == 500
    assert all(read_code(code) == code for code in tokens | short_codes)


def test_short_code_is_printed_in_groups() -> None:
    assert grouped("0123456782") == "012 345 6782"
