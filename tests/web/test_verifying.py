"""The public page that checks evidence: open to everybody, in both languages, and nothing stays of a file."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from lead_system.domain.evidence_file import LARGEST_FILE
from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.evidence import RIVALS_SECRET, changed, dispute, secret_of, small_file, take_evidence
from tests.support.refusals import nothing_written

pytestmark = pytest.mark.usefixtures("clock")

NewClient = Callable[[], PageClient]


def upload(client: PageClient, file: bytes, language: str = "en") -> PageResponse:
    """Send a file to the page, as somebody who was never here."""
    with client.session_transaction() as session:
        session["language"] = language
    return client.submit("/verify", {"file": (io.BytesIO(file), "evidence.zip")})


def changes(page: PageResponse) -> list[str]:
    return [
        one.text for one in page.page.find("section", **{"aria-labelledby": "changes-title"}).find_all("li")
    ]


def damage_first_scan(said: dict[str, Any]) -> None:
    said["chains"][0]["records"][2]["said"]["actor"] = 1


def test_a_stranger_is_told_that_a_file_is_genuine_and_nothing_is_written(
    cast: Cast, new_client: NewClient
) -> None:
    fangs, _qiangs = dispute(cast)
    file = take_evidence(cast, fangs)

    with nothing_written(cast.app):
        answer = upload(new_client(), file)

    assert answer.status_code == 200
    said = answer.page.find("main").text
    assert "Genuine: nothing in this file was changed since it was made." in said
    assert "2026-03-02 10:00:00, Shanghai time" in said
    assert "秦越 · Director" in said
    assert f"No. {fangs}" in said


def test_the_changed_record_is_named_in_either_language(cast: Cast, new_client: NewClient) -> None:
    fangs, _qiangs = dispute(cast)
    file = changed(take_evidence(cast, fangs), damage_first_scan)

    english, chinese = upload(new_client(), file), upload(new_client(), file, "zh-CN")

    assert (english.status_code, chinese.status_code) == (422, 422)
    assert f"Record 3 (lead:{fangs}, number 3) was changed." in changes(english)
    assert f"记录 3（lead:{fangs}，第 3 条）被改动。" in changes(chinese)
    assert "not genuine" in english.page.find("section", id="verdict").text.lower()


def test_a_file_that_somebody_else_signed_is_not_ours(cast: Cast, new_client: NewClient) -> None:
    answer = upload(new_client(), small_file(secret=RIVALS_SECRET))

    assert answer.status_code == 422
    assert changes(answer) == ["The signature fits, but it was not made by this installation."]
    assert "nobody vouches for" in answer.page.find("main").text


@pytest.mark.parametrize("file", [b"no ZIP", b"PK\x05\x06" + bytes(18), b"[" * 100_000])
def test_anything_else_is_no_evidence_file(cast: Cast, new_client: NewClient, file: bytes) -> None:
    answer = upload(new_client(), file)

    assert answer.status_code == 422
    assert "This is not an evidence file." in answer.page.find("section", id="verdict").text


def test_what_a_file_claims_is_shown_as_text(cast: Cast, new_client: NewClient) -> None:
    file = changed(
        small_file(secret=secret_of(cast)), lambda said: said["made_by"].update(name="<script>1</script>")
    )

    answer = upload(new_client(), file)

    assert "<script>1</script>" in answer.page.find("main").text
    assert b"<script>1" not in answer.data


def test_without_a_file_the_page_asks_for_one(cast: Cast, new_client: NewClient) -> None:
    answer = new_client().submit("/verify", {}, button="核验")

    assert answer.status_code == 422
    assert "请先选择 ZIP 文件" in answer.page.find("main").text


@pytest.mark.parametrize(("size", "status"), [(LARGEST_FILE - 1, 422), (LARGEST_FILE + 1024 * 1024, 413)])
def test_as_much_is_read_as_an_evidence_file_may_have(
    cast: Cast, new_client: NewClient, size: int, status: int
) -> None:
    client = new_client()
    form = next(one for one in client.get("/verify").page.forms if "file" in one.names)
    parts = [
        f'name="{name}"\r\n\r\n{value}'.encode()
        for name, (value, *_) in form.defaults().items()
        if name != "file"
    ]
    parts.append(b'name="file"; filename="e.zip"\r\n\r\n' + bytes(size))
    body = b"".join(b"--cut\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)

    answer = client.post(
        "/verify", data=body + b"--cut--\r\n", content_type="multipart/form-data; boundary=cut"
    )

    assert answer.status_code == status
