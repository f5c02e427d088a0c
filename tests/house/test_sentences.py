"""R14: every refusal has a sentence, in both languages, and a status that says refusal."""

import re

import pytest
from flask import Flask, session

from lead_system.domain.errors import Fact, RefusalCode, Refused, http_status_of
from lead_system.web.sentences import sentence

FACTS: dict[str, Fact] = {
    "limit": 30,
    "lead_id": 17,
    "holders": "12, 13",
    "consultant": "Xin",
    "seconds": 42,
    "until": "2026-03-02T02:41:00+00:00",
    "name": "Xin",
    "rows": 100_001,
    "unpacked": 16,
    "headings": "Xin",
    "cells": "A1:B2",
    "line": 4,
    "status": "expired",
    "field": "name",
}
HAN = re.compile("[\u4e00-\u9fff]")
STATUS_OF_ITS_OWN = {"not_found": 404, "forbidden": 403, "too_many_tries": 429, "too_many_requests": 429}


@pytest.mark.parametrize("code", list(RefusalCode))
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_refusal_says_in_the_pages_language_what_to_do(
    app: Flask, code: RefusalCode, language: str
) -> None:
    with app.test_request_context():
        session["language"] = language
        said = sentence(Refused(code, **FACTS))

    assert bool(HAN.search(said)) is (language == "zh-CN"), said
    assert "%(" not in said
    assert said[-1] in ".?。？"


@pytest.mark.parametrize("code", list(RefusalCode))
def test_no_refusal_looks_like_success(code: RefusalCode) -> None:
    status = http_status_of(code)

    assert status == STATUS_OF_ITS_OWN.get(code.value, status)
    assert status in {403, 404, 409, 422, 429}


@pytest.mark.parametrize("status", ["entered", "reported", "bound", "expired", "dealt", "withdrawn"])
def test_forbidden_verb_says_where_the_customer_stands(app: Flask, status: str) -> None:
    with app.test_request_context():
        session["language"] = "en"
        said = sentence(Refused(RefusalCode.STATUS_FORBIDS, verb="deal", status=status, lead_id=17))

    assert said.startswith("Customer number 17: ")


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (1, "Too many tries. Try again in 1 second.", "尝试次数过多，请在 1 秒后再试。"),
        (40, "Too many tries. Try again in 40 seconds.", "尝试次数过多，请在 40 秒后再试。"),
        (120, "Too many tries. Try again in 120 seconds.", "尝试次数过多，请在 120 秒后再试。"),
        (121, "Too many tries. Try again in 3 minutes.", "尝试次数过多，请在 3 分钟后再试。"),
        (900, "Too many tries. Try again in 15 minutes.", "尝试次数过多，请在 15 分钟后再试。"),
    ],
)
def test_who_has_to_wait_is_told_how_long(app: Flask, seconds: int, english: str, chinese: str) -> None:
    refused = Refused(RefusalCode.TOO_MANY_TRIES, seconds=seconds)

    for language, expected in (("en", english), ("zh-CN", chinese)):
        with app.test_request_context():
            session["language"] = language
            assert sentence(refused) == expected
