"""Addresses and forms that no page makes: a sentence and a 4xx, never a 500, nothing written."""

import pytest

from tests.admin.conftest import Desk, Room
from tests.admin.reading import numbers
from tests.support.cast import Cast

LISTS = ("/admin/leads/", "/admin/collisions/")


@pytest.mark.parametrize("page", ["-1", "0", "abc", "1.5", "9" * 30, "1' OR 1=1", "１"])
def test_a_page_that_cannot_be_is_answered_404_in_words(desk: Desk, cast: Cast, page: str) -> None:
    client = desk("director")

    for path in LISTS:
        answer = client.get(f"{path}?page={page}")
        assert answer.status_code == 404
        assert "There is nothing here" in answer.page.text


def test_a_page_beyond_the_last_is_the_last(desk: Desk, room: Room) -> None:
    page = desk("director").get("/admin/leads/?page=999999").page

    assert len(numbers(page)) == 5


ARGUMENTS = [
    "sort=-1", "sort=99", "sort=abc", "sort=3&desc=-1", "desc=7", "page_size=0", "page_size=-5",
    "page_size=1000000", "page_size=abc", "flt0_0=1", "flt99_x=%27", "search=%25", "unknown=1",
    "number=abc", "number=-1", "number=99999999999999", "phone=abc", "id=abc", "name=%ff%fe",
]  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_arguments_that_mean_nothing_do_no_harm(desk: Desk, room: Room, path: str) -> None:
    client = desk("director")

    for arguments in ARGUMENTS:
        answer = client.get(f"{path}?{arguments}")
        assert (arguments, answer.status_code) == (arguments, 200)
        assert "unknown=1" not in answer.text


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("argument", ["number", "name", "phone"])
def test_a_search_of_thousands_of_characters_is_refused(
    desk: Desk, cast: Cast, path: str, argument: str
) -> None:
    answer = desk("director").get(path, query_string={argument: "9" * 5000})

    assert answer.status_code == 422
    assert "9" * 50 not in answer.text


@pytest.mark.parametrize("address", ["/admin/leads/?status=sold", "/admin/collisions/?state=lost"])
def test_a_tab_that_does_not_exist_is_answered_404(desk: Desk, cast: Cast, address: str) -> None:
    assert desk("director").get(address).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/admin/leads/new/", "/admin/leads/edit/?id=1", "/admin/leads/delete/", "/admin/leads/export/csv/",
        "/admin/leads/ajax/lookup/", "/admin/leads/ajax/update/", "/admin/scans/details/?id=1",
        "/admin/static/admin/js/helpers.js",
    ],
)  # fmt: skip
def test_what_flask_admin_would_write_or_show_past_the_scope_does_not_exist(
    desk: Desk, cast: Cast, path: str
) -> None:
    client = desk("admin")

    assert client.get(path).status_code == 404
    assert client.post(path).status_code in (400, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/admin/leads/mark-dealt/?id={bound}", "/admin/leads/rebind/?id={bound}&to=1",
        "/admin/leads/action/", "/admin/collisions/handle/", "/admin/sign-out",
    ],
)  # fmt: skip
def test_without_the_token_of_the_session_nothing_happens(desk: Desk, room: Room, path: str) -> None:
    client = desk("director")

    answer = client.post(path.format(bound=room.bound), data={"request_id": "by-another-site"})

    assert answer.status_code == 400
    assert "This page was open for too long." in answer.page.text
    assert room.cast.status(room.bound) == "bound"
    assert client.get("/admin/leads/").status_code == 200


@pytest.mark.parametrize("request_id", ["", "x", "y" * 100, "<script>"])
def test_without_a_request_id_nothing_happens(desk: Desk, room: Room, request_id: str) -> None:
    answer = desk("director").forge(
        f"/admin/leads/mark-dealt/?id={room.bound}",
        {"request_id": request_id},
        action="/admin/leads/mark-dealt/",
    )

    assert answer.status_code == 422
    assert "This form is incomplete." in answer.page.text
    assert room.cast.status(room.bound) == "bound"


@pytest.mark.parametrize("version", ["", "abc", "-1", "0", "9" * 30])
def test_a_version_that_never_was_is_stale(desk: Desk, room: Room, version: str) -> None:
    answer = desk("director").forge(f"/admin/leads/mark-dealt/?id={room.bound}", {"version": version})

    assert answer.status_code == 409
    assert "Somebody else has changed this meanwhile." in answer.page.text
    assert room.cast.status(room.bound) == "bound"


@pytest.mark.parametrize("rowid", ["abc", "999999", "-1", "9" * 40])
def test_an_action_on_rows_that_are_nobodys_is_answered_404(desk: Desk, room: Room, rowid: str) -> None:
    forged = {"rowid": rowid, "action": "mark_dealt"}

    answer = desk("director").forge("/admin/leads/", forged, action="/admin/leads/action/")

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("who", "action"), [("director", "delete"), ("director", "nothing"), ("secretary", "mark_dealt")]
)
def test_an_action_that_is_not_offered_is_refused(desk: Desk, room: Room, who: str, action: str) -> None:
    client = desk(who)
    token = client.get("/admin/leads/").page.csrf_token
    sent = {"csrf_token": token, "rowid": str(room.bound), "action": action, "request_id": "made-by-hand-1"}

    answer = client.post("/admin/leads/action/", data=sent)

    assert answer.status_code == 403
    assert len(numbers(client.get("/admin/leads/").page)) == 5
