"""Phones of offices and the link to customer service: what is taken, and what is refused."""

import pytest

from lead_system.domain.contact import clean_office_phone, clean_service_link
from lead_system.domain.errors import RefusalCode, Refused


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""), ("  ", ""), ("400-820-8820", "400-820-8820"), (" 021 5000 0001 ", "021 5000 0001"),
        ("+86 (21) 50000001", "+86 (21) 50000001"), ("４００８２０８８２０", "4008208820"),
        ("13800138000", "13800138000"), ("95588", "95588"),
    ],
)  # fmt: skip
def test_phone_is_kept_as_typed(typed: str, kept: str) -> None:
    code = RefusalCode.SERVICE_PHONE_WRONG

    assert clean_office_phone(typed, field="service_phone", refusal=code) == kept


@pytest.mark.parametrize(
    "typed", ["9558", "客服", "400-CALL-US", "1" * 21, "----------", "tel:95588", "95588\n95599", "400；820"]
)
def test_what_is_no_phone_is_refused_beside_its_field(typed: str) -> None:
    with pytest.raises(Refused) as raised:
        clean_office_phone(typed, field="service_phone", refusal=RefusalCode.SERVICE_PHONE_WRONG)

    assert raised.value.code.value == "service_phone_wrong"
    assert raised.value.facts == {"field": "service_phone"}


@pytest.mark.parametrize(
    "link",
    [
        "", "https://work.weixin.qq.com/kfid/kfc4e1d", "https://example.com", "https://a.example.com:8443/x?y=1&z=2#k",
        "https://xn--fiqs8s.example.cn/%E5%AE%A2",
    ],
)  # fmt: skip
def test_whole_https_address_is_kept(link: str) -> None:
    assert clean_service_link(f" {link} ", field="service_link") == link


@pytest.mark.parametrize(
    "link",
    [
        "http://example.com", "HTTPS://example.com", "weixin://dl/business/?t=x", "javascript:alert(1)",
        "data:text/html,x", "//example.com", "example.com", "https://", "https:///path", "https://localhost",
        "https://127.0.0.1/x", "https://[::1]/x", "https://user@example.com", "https://u:p@example.com",
        "https://example.com/a b", "https://example.com/\"onclick", "https://example.com/<b>",
        "https://example.com\\@evil.example", "https://example.com:port/", "https://客服.example.com",
        "https://example.com/\nx", "https://-a.example.com", "https://example..com", "https://[a.example.com",
    ],
)  # fmt: skip
def test_any_other_link_is_refused(link: str) -> None:
    with pytest.raises(Refused) as raised:
        clean_service_link(link, field="service_link")

    assert raised.value.code.value == "service_link_wrong"
    assert raised.value.facts == {"field": "service_link"}


@pytest.mark.parametrize(("length", "allowed"), [(300, True), (301, False)])
def test_link_has_three_hundred_characters_at_most(length: int, *, allowed: bool) -> None:
    link = "https://example.com/".ljust(length, "x")

    if allowed:
        assert clean_service_link(link, field="service_link") == link
    else:
        with pytest.raises(Refused) as raised:
            clean_service_link(link, field="service_link")
        assert (raised.value.code.value, raised.value.facts["limit"]) == ("text_too_long", 300)
