"""What the server does for a bad line (SPEC B3): shell, worker, and visits whose scans a phone has kept."""

import re
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from lead_system.models import Collision, GateScan, WalkIn
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.refusals import nothing_written

Phone = Callable[[str], PageClient]
pytestmark = pytest.mark.usefixtures("clock")
JSON = {"Accept": "application/json"}


def said(answer: PageResponse) -> dict[str, Any]:
    assert answer.json is not None
    return dict(answer.json)


def file(client: PageClient, address: str) -> tuple[int, str]:
    """Fetch a file and close it: its status, and its text where it is one."""
    with closing(client.get(address)) as answer:
        is_text = "text" in (answer.mimetype or "")
        return answer.status_code, answer.text if is_text else ""


def modules_of(client: PageClient, page: Page) -> list[str]:
    """Return the addresses of a page's modules, and of what these import."""
    found = [script["src"] for script in page.find_all("script")]
    for source in found:
        folder = source.rpartition("/")[0]
        imported = re.findall(r'from "\./(\w+\.js)"', file(client, source)[1])
        found += [f"{folder}/{name}" for name in imported]
    return found


def sends(client: PageClient, code: str, consultant_id: object, **more: object) -> PageResponse:
    """Send a kept scan as the page and the worker do: with the token that the line hands out."""
    line = said(client.get("/m/gate/line", headers=JSON))
    kept = {"code": code, "consultant_id": consultant_id, "request_id": "kept-0000001", "another_visit": ""}
    return client.post("/m/gate/kept", data=line | kept | more, headers=JSON)


def test_kept_scan_binds_and_is_answered_the_same_when_it_comes_again(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone("feng")

    first = sends(client, cast.code_of(lead_id), cast.ids["xin"])
    clock.forward(timedelta(hours=3))
    again = sends(client, cast.code_of(lead_id), cast.ids["xin"])

    assert (first.status_code, first.json) == (200, {"outcome": "bound", "url": "/m/gate/scans/1"})
    assert (again.status_code, again.json) == (200, first.json)
    assert cast.count(GateScan) == 1
    assert cast.status(lead_id) == "bound"


def test_confirmed_on_the_page_and_sent_again_by_the_phone_is_one_visit(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone("feng")
    asked = client.get(f"/m/v/{cast.code_of(lead_id)}")
    form = next(form for form in asked.page.forms if form.action == "/m/gate/confirm")
    (request_id,) = form.defaults()["request_id"]
    client.submit(asked, {"consultant_id": cast.ids["xin"]})

    again = sends(client, cast.code_of(lead_id), cast.ids["xin"], request_id=request_id)

    assert again.json == {"outcome": "bound", "url": "/m/gate/scans/1"}
    assert cast.count(GateScan) == 1


def test_order_of_arrival_decides_and_the_later_one_is_told_without_names(cast: Cast, phone: Phone) -> None:
    rival, lead_id = cast.enters("qiang", OUYANG, reports=True), cast.enters("fang", OUYANG, reports=True)
    sends(phone("lu"), cast.code_of(lead_id), cast.ids["xin"])

    late = sends(phone("feng"), cast.read(rival, "short_code"), cast.ids["ming"])

    assert late.status_code == 409
    assert late.json == {
        "outcome": "refused",
        "sentence": f"Another broker holds this customer (number {lead_id})."
        " Ask the director, who settles it.",
    }
    assert cast.count(Collision, holding_lead_id=lead_id, challenging_lead_id=rival, state="open") == 1
    assert cast.count(GateScan) == 1
    assert not any(name in late.text for name in ("欧阳", "5678", "王芳", "13500010001")), "it will be stored"


@pytest.mark.parametrize(
    ("what", "answered"),
    [
        ("unknown", (409, "refused", "This is no visit code of ours.")),
        ("expired", (409, "refused", "Ask the broker to report this customer again")),
        ("archived consultant", (422, "asks", "That consultant cannot be chosen any more.")),
        ("no consultant", (422, "asks", "Choose the consultant")),
        ("just scanned", (409, "asks", "Count it as another visit?")),
    ],
)
def test_kept_scan_that_does_not_count_is_answered_in_words(
    cast: Cast, clock: StoppedClock, phone: Phone, what: str, answered: tuple[int, str, str]
) -> None:
    lead_id = cast.enters("fang", reports=True)
    code = "A" * 24 if what == "unknown" else cast.code_of(lead_id)
    if what in ("expired", "just scanned"):
        cast.scans("lu", lead_id)
        clock.forward(timedelta(days=30) if what == "expired" else timedelta(seconds=59))
    if what == "archived consultant":
        cast.archives("ming")
    scans = cast.count(GateScan)

    answer = sends(phone("feng"), code, "" if what == "no consultant" else cast.ids["ming"])

    status, outcome, says = answered
    assert (answer.status_code, said(answer)["outcome"]) == (status, outcome)
    assert says in said(answer)["sentence"]
    assert cast.count(GateScan) == scans


def test_yes_to_another_visit_counts(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("lu", lead_id)

    answer = sends(phone("feng"), cast.code_of(lead_id), cast.ids["ming"], another_visit="1")

    assert answer.json == {"outcome": "visit", "url": "/m/gate/scans/2"}


def test_kept_scan_of_a_visitors_own_code_logs_a_walk_in_once(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    client = phone("feng")

    first = sends(client, "hongs-own-code-is-this-1", cast.ids["ming"])
    again = sends(client, "hongs-own-code-is-this-1", cast.ids["ming"])
    clock.forward(timedelta(seconds=59))
    soon = sends(phone("lu"), "1111111116", cast.ids["ming"], request_id="kept-0000002")

    assert (first.status_code, first.json) == (
        200,
        {"outcome": "walk_in", "url": "/m/gate/scans/walk-ins/1"},
    )
    assert again.json == first.json
    assert (soon.status_code, said(soon)["outcome"]) == (409, "asks")
    assert (cast.count(WalkIn), cast.count(GateScan)) == (1, 0)


def test_every_answer_has_its_row_on_the_phone(cast: Cast, phone: Phone) -> None:
    page = phone("feng").get("/m/gate/shell").page

    rows = [
        template["data-kept-row"] for template in page.find_all("template") if template.has("data-kept-row")
    ]

    assert rows == ["kept", "bound", "visit", "walk_in", "refused", "asks"]


def test_scan_of_a_colleague_is_not_confirmed_under_another_name(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)

    with nothing_written(cast.app):
        answer = sends(phone("lu"), cast.code_of(lead_id), cast.ids["xin"], account_id=cast.ids["feng"])

    assert answer.status_code == 404
    assert "outcome" not in said(answer)


def test_no_token_of_the_session_no_visit(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)

    with nothing_written(cast.app):
        answer = sends(phone("feng"), cast.code_of(lead_id), cast.ids["xin"], csrf_token="stale")

    assert answer.status_code == 400
    assert "outcome" not in said(answer)


def test_who_is_signed_out_is_told_so_and_not_answered(cast: Cast, phone: Phone) -> None:
    client = phone("feng")
    cast.archives("feng")

    assert client.get("/m/gate/line", headers=JSON).json == {"sign_in": "/m/staff/sign-in"}


def test_shell_has_the_consultants_and_nothing_of_customers_or_of_the_session(
    cast: Cast, phone: Phone
) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    cast.archives("ming")
    client = phone("feng")
    with client.session_transaction() as session:
        session["_flashes"] = [("success", "欧阳锋 is bound")]

    shell = client.get("/m/gate/shell")

    radios = shell.page.find_all("input", name="consultant_id")
    assert [(radio["value"], radio.has("checked")) for radio in radios] == [(str(cast.ids["xin"]), False)]
    assert shell.page.find("div", class_="keeper")["data-account"] == str(cast.ids["feng"])
    assert "csrf_token" not in shell.text
    assert not any(word in shell.text for word in ("欧阳", "5678", "王芳", cast.code_of(lead_id)))
    with client.session_transaction() as session:
        assert session["_flashes"], "the message waits for the page that it belongs to"


def test_worker_keeps_files_of_this_release_and_the_shell_and_no_other_page(client: PageClient) -> None:
    worker = client.get("/m/sw.js")

    assert worker.mimetype == "text/javascript"
    assert worker.headers["Cache-Control"] == "no-store", "a new release is seen at once"
    release = re.search(r'release: "(/static/[0-9a-f]{16})"', worker.text)
    assert release
    addresses = re.findall(r'"(/[^"]+)"', worker.text)
    pages = {address for address in addresses if not address.startswith(release[1])}
    assert pages == {"/m/gate/shell", "/m/sign-out", "/m/gate/line", "/m/gate/kept"}
    kept = [address for address in addresses if address.startswith(f"{release[1]}/")]
    assert len(kept) == 17
    assert {file(client, address)[0] for address in kept} == {200}


def test_all_that_the_shell_loads_is_kept(cast: Cast, phone: Phone) -> None:
    client = phone("feng")
    worker = client.get("/m/sw.js").text
    shell = client.get("/m/gate/shell").page
    asked = [link["href"] for link in shell.find_all("link") if link["rel"] == "stylesheet"]
    asked += [shell.find("section", class_="scanner")["data-wasm"]]
    asked += modules_of(client, shell)

    assert len(set(asked)) >= 9
    assert [address for address in asked if f'"{address}"' not in worker] == []


def test_pages_can_be_put_on_the_first_screen(client: PageClient) -> None:
    page = client.get("/m/sign-in").page
    (link,) = [link for link in page.find_all("link") if link["rel"] == "manifest"]

    manifest = client.get(link["href"])

    assert manifest.mimetype == "application/manifest+json"
    facts = said(manifest)
    assert (facts["start_url"], facts["scope"], facts["display"]) == ("/m/", "/m/", "standalone")
    assert {icon["sizes"] for icon in facts["icons"]} == {"any", "192x192", "512x512"}
    assert [icon.get("purpose") for icon in facts["icons"]][-1] == "maskable"
    assert {file(client, icon["src"])[0] for icon in facts["icons"]} == {200}


@pytest.mark.parametrize(("who", "keeps"), [("feng", True), ("xin", False)])
def test_only_the_gate_keeps_scans(cast: Cast, phone: Phone, who: str, keeps: bool) -> None:  # noqa: FBT001
    page = phone(who).get("/m/gate" if who == "feng" else "/m/consultant").page

    assert bool(page.find_all("form", data_choose="")) is keeps
    assert any("bad_line_scan" in script.get("src") for script in page.find_all("script")) is keeps


def test_camera_is_loaded_on_the_scan_page_only(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone("feng")

    def has_camera(address: str) -> bool:
        modules = modules_of(client, client.get(address).page)
        return any(module.endswith("/camera.js") for module in modules)

    pages = ("/m/gate", "/m/gate/scans", "/m/me", f"/m/v/{cast.code_of(lead_id)}")

    assert [page for page in pages if has_camera(page)] == ["/m/gate"]
