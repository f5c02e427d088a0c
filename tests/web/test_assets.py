"""Files for the browser: addresses that change with the content, kept for a year, sent compressed."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from lead_system.web.assets import hash_of_files
from tests.support.client import PageClient, PageResponse
from tests.support.databases import ROOT

STATIC = ROOT / "lead_system" / "static"
LOADS = re.compile(r'(?:from|(?<!\.)import\() ?"([^"]+)"')


def files_of(answer: PageResponse) -> list[str]:
    page = answer.page
    links = [link["href"] for link in page.find_all("link") if link["rel"] != "manifest"]
    return links + [script["src"] for script in page.find_all("script")]


@pytest.mark.parametrize("address", ["/admin/sign-in", "/m/sign-in", "/no-such-page"])
def test_every_file_of_a_page_is_kept_for_a_year_under_its_hash(client: PageClient, address: str) -> None:
    files = files_of(client.get(address))

    assert files
    for file in files:
        assert re.match(r"/static/[0-9a-f]{16}/", file), file
        if "/vendor/" not in file:
            answer = client.get(file)
            assert (answer.status_code, answer.headers["Cache-Control"]) == (
                200,
                "public, max-age=31536000, immutable",
            )
            assert "Cookie" not in answer.headers.get("Vary", ""), "a kept file must not vary by cookie"
            answer.close()


def test_a_module_finds_what_it_imports_under_its_own_hash() -> None:
    modules = list((STATIC / "js").glob("*.js"))
    imports = [name for module in modules for name in LOADS.findall(module.read_text(encoding="utf-8"))]

    assert imports
    assert [name for name in imports if not name.startswith(("./", "../"))] == []


def test_another_hash_gets_the_file_and_may_not_keep_it(client: PageClient) -> None:
    answer = client.get("/static/0123456789abcdef/css/tokens.css", buffered=True)

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=60")
    assert "--accent" in answer.text


@pytest.mark.parametrize("address", ["/static/0123456789abcdef/css/none.css", "{hash}/css/none.css"])
def test_a_file_that_is_not_there_is_not_remembered_as_missing(client: PageClient, address: str) -> None:
    (first, *_) = files_of(client.get("/admin/sign-in"))
    folder = first.removesuffix("/icon.svg")

    answer = client.get(address.format(hash=folder))

    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


def test_the_hash_changes_with_a_letter_or_a_name(tmp_path: Path) -> None:
    hash_of = hash_of_files.__wrapped__
    (tmp_path / "js").mkdir()
    file = tmp_path / "js" / "a.js"
    seen = []
    for text in ("one", "two"):
        file.write_text(text)
        seen.append(hash_of(tmp_path))
    file.rename(tmp_path / "js" / "b.js")
    seen.append(hash_of(tmp_path))
    (tmp_path / "js" / "b.js").rename(file)

    assert len(set(seen)) == 3
    assert hash_of(tmp_path) == seen[1]


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser that says itself what it can read, and gets what was really sent."""
    return FlaskClient(app, app.response_class)


@pytest.mark.parametrize(("encoding", "read"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
@pytest.mark.parametrize(
    "address", ["/admin/sign-in", "/static/any/css/back_office.css", "/static/any/js/keys.js"]
)
def test_pages_and_files_are_compressed(
    browser: FlaskClient, encoding: str, read: Callable[[bytes], bytes], address: str
) -> None:
    plain = browser.get(address, buffered=True)
    packed = browser.get(address, headers={"Accept-Encoding": encoding}, buffered=True)

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == encoding
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.data) < len(plain.data) / 1.5
    assert read(packed.data)[:15] == plain.data[:15]
    assert packed.content_length in (None, len(packed.data))


def test_a_compressed_page_hides_its_length_and_is_never_kept(browser: FlaskClient) -> None:
    answers = [browser.get("/admin/sign-in", headers={"Accept-Encoding": "br"}) for _ in range(20)]

    assert len({len(answer.headers["X-Padding"]) for answer in answers}) > 1
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
