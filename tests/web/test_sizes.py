"""How much a request may bring: a form little, a page that asks for a file as much as a file has."""

from collections.abc import Callable

import pytest

from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.refusals import nothing_written

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    "address", ["/admin/sign-in", "/admin/brokerages/add/", "/admin/leads/deal/", "/nothing"]
)
def test_long_form_is_refused_unread(
    cast: Cast, signed_in: Callable[[str], PageClient], address: str
) -> None:
    with nothing_written(cast.app):
        answer = signed_in("admin").post(address, data={"name": "x" * (MEGABYTE + 1)})

    assert answer.status_code == 413


def test_form_with_very_many_fields_is_refused(cast: Cast, signed_in: Callable[[str], PageClient]) -> None:
    parts = {f"field{number}": "x" for number in range(1_100)}

    answer = signed_in("feng").post("/m/gate/photo", data=parts, content_type="multipart/form-data")

    assert answer.status_code == 413


def sends_photo(browser: PageClient, address: str, megabytes: int, **fields: str) -> PageResponse:
    """Send a photo, written out here: the client of the tests would leave its files open."""
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    parts.append(b'name="photo"; filename="code.jpg"\r\n\r\n' + b"\xff" * megabytes * MEGABYTE)
    body = b"".join(b"--cut\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
    return browser.post(address, data=body + b"--cut--\r\n", content_type="multipart/form-data; boundary=cut")


@pytest.mark.parametrize(
    ("address", "megabytes", "status"),
    [("/m/gate/photo", 3, 422), ("/m/gate/photo", 17, 413), ("/m/gate/read", 3, 413)],
)
def test_file_is_taken_where_a_page_asks_for_one_and_nowhere_else(
    cast: Cast, signed_in: Callable[[str], PageClient], address: str, megabytes: int, status: int
) -> None:
    """Read, the photo is no photo (422); refused unread, it is too large (413)."""
    gate = signed_in("feng")
    fields = {
        name: str(value)
        for form in gate.get("/m/gate").page.forms
        if "photo" in form.names
        for name, (value, *_) in form.defaults().items()
        if name != "photo"
    }

    assert sends_photo(gate, address, megabytes, **fields).status_code == status


def test_page_with_an_upload_that_could_not_be_taken_is_noticed(
    cast: Cast, signed_in: Callable[[str], PageClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever adds an upload and forgets to say so finds out, and not from people with good cameras."""
    gate = signed_in("feng")
    gate.get("/m/gate")

    monkeypatch.delattr(cast.app.view_functions["mobile.gate.photo"], "__takes_files__")

    with pytest.raises(AssertionError, match="takes_files"):
        gate.get("/m/gate")
