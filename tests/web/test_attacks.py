"""What a reviewer tries for a day: each attack on the whole application, and that it comes to nothing."""

import hashlib
import random
import re
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.sessions import session_json_serializer
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from msgspec.structs import replace
from sqlalchemy import Enum, String, Table, update
from sqlalchemy import cast as as_type
from sqlalchemy.exc import SQLAlchemyError

from lead_system.application import create_app
from lead_system.config import SmsProvider, settings_from_environment
from lead_system.extensions import Base, db
from lead_system.models import Account, Fee, Lead
from lead_system.outside.sms import code_sender
from lead_system.outside.wechat import find_wechat
from tests.house.access_table import BACK_OFFICE, GET, LET_IN, POST, TABLE, Row
from tests.house.test_access import Asker, tell_story
from tests.support.cast import OUYANG, PASSWORD, SCREENSHOT, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.costs import cost_of
from tests.support.databases import SECRET_KEY, Database
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written
from tests.support.seats import token_of
from tests.support.stories import told_once

SignedIn = Callable[[str], PageClient]


@told_once
def story(cast: Cast, clock: StoppedClock) -> dict[str, object]:
    """Gives the records that the addresses of the table name."""
    return tell_story(cast)


def somebody(row: Row) -> str:
    """Return who is let in; of several always the same."""
    return min(row.people - {"stranger"})


# Requests from elsewhere.

BODIES: dict[str, dict[str, Any]] = {
    "fields": {"data": {"name": "x"}},
    "fields with a wrong token": {"data": {"csrf_token": "x", "request_id": "0123456789"}},
    "data": {"json": {"name": "x", "request_id": "0123456789"}},
    "text": {"data": '{"name":"x"}', "content_type": "text/plain"},
    "parts": {"data": {"name": "x"}, "content_type": "multipart/form-data"},
    "no kind at all": {"data": b"name=x"},
}
"""What a page of somebody else's can have a browser send here, with the cookies of whoever looks at it."""


def test_no_form_of_anybody_acts_without_the_token_of_the_session(
    story: dict[str, object], signed_in: SignedIn, cast: Cast
) -> None:
    posts = [row for row in TABLE if row.verb == POST and row.people - {"stranger"}]
    assert len(posts) > 60

    with nothing_written(cast.app):
        for row in posts:
            client = signed_in(somebody(row))
            for what, body in BODIES.items():
                answer = client.post(row.address.format(**story), **body)
                assert (what, str(row), answer.status_code) == (what, str(row), 400)


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_or_field_turns_a_link_into_a_form(cast: Cast, signed_in: SignedIn, header: str) -> None:
    client = signed_in("fang")

    answer = client.get("/m/sign-out?_method=POST", headers={header: "POST"})

    assert answer.status_code == 405
    assert client.get("/m/customers").status_code == 200


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "FOO"])
def test_no_other_verb_is_understood(cast: Cast, signed_in: SignedIn, verb: str) -> None:
    client = signed_in("admin")

    for address in ("/", "/admin/", "/admin/leads/", "/admin/leads/export/", "/m/sign-in", "/healthz"):
        answer = client.open(address, method=verb, data={"csrf_token": "x"})
        assert (address, answer.status_code) == (address, 405)


def test_no_page_may_be_read_from_another_origin(cast: Cast) -> None:
    client = FlaskClient(cast.app)

    for address in ("/m/customers", "/m/sw.js", "/m/manifest.webmanifest", "/healthz", "/admin/sign-in"):
        for verb in ("GET", "OPTIONS"):
            asked = client.open(address, method=verb, headers={"Origin": "https://evil.example"})
            assert [name for name, _ in asked.headers if name.startswith("Access-Control")] == []
            assert asked.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_worker_sees_the_phone_pages_alone(client: PageClient) -> None:
    answer = client.get("/m/sw.js")

    assert answer.mimetype == "text/javascript"
    assert "Service-Worker-Allowed" not in answer.headers
    assert "no-store" in answer.headers["Cache-Control"]


# Where people are led.

ELSEWHERE = (
    "//evil.example", "///evil.example", "////evil.example", "https://evil.example", "https:evil.example",
    "http:/\\evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "\t//evil.example",
    "/\n/evil.example", "/\r\nLocation: https://evil.example", "/ /evil.example", " //evil.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "/\0/evil.example", "evil.example",
    "/m/\r\nSet-Cookie: a=b", "@evil.example", "/\u2028/evil.example", "/%2f/evil.example",
    "/%5cevil.example", "/.//evil.example", "/m/..//evil.example", "/m//evil.example", "/\uff0fevil.example",
    "/\uff0f\uff0fevil.example",
    "/m/@evil.example", "/;@evil.example", "?//evil.example", "#//evil.example", "", "/" * 5000,
)  # fmt: skip


def stays_here(answer: PageResponse) -> bool:
    """Say whether a browser that follows the answer stays on this server."""
    location = answer.headers.get("Location", "/")
    address = urlsplit(urljoin("http://localhost/m/sign-in", location))
    bent = location.replace("\\", "/").lstrip()
    return address.netloc == "localhost" and address.scheme == "http" and not bent.startswith("//")


@pytest.mark.parametrize(
    "path",
    ["//evil.example/m/", "//evil.example", "///m//", "///m", "/m//sign-in", "//evil.example/..//admin"],
)
def test_an_address_with_slashes_in_a_row_leads_to_this_server(client: PageClient, path: str) -> None:
    answer = client.open("/", environ_overrides={"PATH_INFO": path})

    assert stays_here(answer)


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_nobody_is_led_elsewhere_by_any_door(cast: Cast, client: PageClient, wanted: str) -> None:
    signs_in = {"login": "gate-feng", "password": PASSWORD}
    for address, fields in (("/language", {"language": "en"}), ("/theme", {"theme": "dark"})):
        sent = Asker(client, {})
        form = {"csrf_token": sent.token, "request_id": sent.request_id, "next": wanted, **fields}
        answer = client.post(address, data=form, headers={"Referer": "https://evil.example/"})
        assert stays_here(answer) or answer.status_code == 400
    door = client.get("/m/staff/sign-in", query_string={"next": wanted})
    if door.status_code == 200:
        answer = client.submit(door, signs_in, follow=False)
        assert stays_here(answer)
        assert "Set-Cookie: a=b" not in str(answer.headers)
        assert [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("a=")] == []


# Texts that are more than texts.

PROBE = (
    """'"></title></textarea></script><x-probe onx=1 data-x='1'>{{7777*7777}}${7777*7777}%(x)s%s{0}\u202e"""
)
COMPUTED = "60481729"
NOT_TYPED = {
    "history_records",
    "sign_ins",
    "handled_requests",
    "sign_in_codes",
    "texts",
    "kept",
    "alembic_version",
}
NOT_TYPED_COLUMNS = (
    "token",
    "hash",
    "digest",
    "salt",
    "code",
    "key",
    "chain",
    "action",
    "version",
    "request_id",
)


def typed_columns(table: Table) -> list[Any]:
    """Return the columns whose texts people type: neither choices nor what the server draws or reckons."""
    return [
        column
        for column in table.columns
        if isinstance(column.type, String)
        and not isinstance(column.type, Enum)
        and not column.primary_key
        and not any(part in column.name for part in NOT_TYPED_COLUMNS)
        and "phone" not in column.name
    ]


def write_everywhere(app: Flask, text: str) -> list[str]:
    """Write a text into every column that people fill in, behind the services' backs; returns which."""
    written = []
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            for column in typed_columns(table) if table.name not in NOT_TYPED else ():
                ids = list(table.primary_key.columns)
                hostile = text + as_type(ids[0], String)
                try:
                    with db.session.begin_nested():
                        db.session.execute(update(table).where(column.is_not(None)).values({column: hostile}))
                except SQLAlchemyError:
                    continue  # The database itself keeps such a text out.
                written.append(f"{table.name}.{column.name}")
        db.session.commit()
    return written


def test_no_text_becomes_a_mark_a_script_or_a_template_on_any_page(
    story: dict[str, object], signed_in: SignedIn, cast: Cast
) -> None:
    """Every page of everybody, with a hostile text in whatever people can fill in."""
    written = write_everywhere(cast.app, PROBE)
    assert {"accounts.name", "accounts.nickname", "leads.surname", "leads.needs", "plots.text"} <= set(
        written
    )
    assert {"brokerages.name", "projects.introduction", "viewings.note", "deals.unit"} & set(written)
    shown = 0

    for row in (row for row in TABLE if row.verb == GET and row.answer in (200, LET_IN)):
        for who in sorted(row.people):
            client = signed_in(who) if who != "stranger" else cast.app.test_client()
            answer = client.get(row.address.format(**story))
            assert answer.status_code < 500, row
            if answer.mimetype != "text/html" or not isinstance(answer, PageResponse):
                continue
            assert answer.page.find_all("x-probe") == [], row
            assert [e for e in answer.page.walk() if e.has("onx") or e.has("data-x")] == [], row
            assert COMPUTED not in answer.text, row
            shown += "x-probe" in answer.text
    assert shown > 60


def test_statements_are_never_put_together_from_texts(story: dict[str, object], signed_in: SignedIn) -> None:
    """What is typed reaches the database as a value: no statement of any list holds it."""
    typed = "x' OR '1'='1'; DROP TABLE leads; --"
    lists = [row for row in TABLE if row.verb == GET and row.rule.count("/") == 3 and row.answer == 200]
    assert len(lists) > 10

    for row in lists:
        client = signed_in(somebody(row))
        for argument in (
            "name",
            "number",
            "phone",
            "broker",
            "search",
            "sort",
            "order",
            "desc",
            "page_size",
            "tab",
        ):
            answer = client.get(row.rule, query_string={argument: typed})
            assert answer.status_code in (200, 302, 404, 422), (row, argument)
            assert [statement for statement in client.statements if "DROP" in statement] == []


# Fields that no form has.


def test_no_field_of_an_account_can_be_sent_along(cast: Cast, signed_in: SignedIn) -> None:
    """Somebody changes the own nickname and sends everything else that an account has with it."""
    client = signed_in("fang")
    before = account_row(cast, "fang")
    sneaked = dict.fromkeys(before, "1") | {
        "role": "admin", "approval": "approved", "is_active": "1", "archived_at": "", "login": "fang",
        "password_hash": "x", "session_generation": "99", "name": "王老板", "brokerage_id": "2",
    }  # fmt: skip
    del sneaked["nickname"]

    client.forge("/m/me/face", sneaked | {"nickname": "芳芳"})

    after = account_row(cast, "fang")
    assert {name for name in after if after[name] != before[name]} <= {"nickname", "version"}
    assert after["nickname"] == "芳芳"


def account_row(cast: Cast, who: str) -> dict[str, Any]:
    with cast.app.app_context():
        account = db.session.get_one(Account, cast.ids[who])
        return {column.name: getattr(account, column.key) for column in Account.__table__.columns}


def test_no_field_of_a_customer_can_be_sent_along(cast: Cast, signed_in: SignedIn) -> None:
    surname, given_name, digits = OUYANG
    fields = {"surname": surname, "given_name": given_name}
    fields |= {"phone1_head": digits[:3], "phone1_tail": digits[3:]}
    sneaked = {
        "broker_id": str(cast.ids["qiang"]), "entered_by_id": str(cast.ids["wei"]), "id": "4711",
        "status": "bound", "person_number": "7", "consultant_id": str(cast.ids["xin"]),
        "protect_until": "2099-01-01T00:00", "bound_at": "2026-01-01T00:00", "number": "4711",
        "code_token": "x" * 24, "short_code": "1111111116",
    }  # fmt: skip

    signed_in("fang").forge("/m/customers/enter", fields | sneaked, action="")

    with cast.app.app_context():
        lead = db.session.scalars(db.select(Lead)).one()
        assert (lead.broker_id, lead.status.value, lead.person_number) == (cast.ids["fang"], "entered", 0)
        assert (lead.code_token, lead.consultant_id, lead.id == 4711) == (None, None, False)


def test_of_two_values_in_an_address_one_counts_for_the_page_and_its_form(
    story: dict[str, object], signed_in: SignedIn, cast: Cast
) -> None:
    """No part of a request is looked at for one record and acted upon for the other."""
    client = signed_in("secretary")
    one, other = story["bound"], story["dealt"]
    page = client.get(f"/admin/fees/pay/?lead={one}&lead={other}")
    assert page.page.text == client.get(f"/admin/fees/pay/?lead={one}").page.text

    sent = {"amount": "12.34", "picture": (BytesIO(SCREENSHOT.jpeg), "paid.jpg"), "lead": str(other)}
    client.forge(page, sent)

    with cast.app.app_context():
        paid = db.session.scalars(db.select(Fee).where(Fee.amount == Decimal("12.34"))).one()
        assert paid.lead_id == one


# Files of the server.

CLIMBING = (
    "../../app.py", "..%2f..%2fapp.py", "%2e%2e/%2e%2e/app.py", "..\\..\\app.py", "..%5c..%5capp.py",
    "....//....//app.py", "%252e%252e/app.py", "//etc/passwd", "/etc/passwd", "x/../../../../etc/passwd",
    "..;/app.py", ".git/config", "../.git/config", "../config.py", "%00", "css/../../config.py", "~root",
    "vendor/../../../requirements.txt", "CON", "css/", "js", ".", "..",
)  # fmt: skip


@pytest.mark.parametrize("path", CLIMBING)
def test_no_file_but_our_own_is_served(client: PageClient, path: str) -> None:
    for base in (client.application.static_url_path, "/static", "/static/another-release"):
        answer = client.open("/", environ_overrides={"PATH_INFO": f"{base}/{path}", "REQUEST_METHOD": "GET"})
        if answer.status_code == 308:  # Slashes in a row are one.
            answer = client.get(urlsplit(answer.headers["Location"]).path)
        assert answer.status_code in (400, 404), (base, path)
        assert "root:" not in answer.text
        assert "create_app" not in answer.text


@pytest.mark.parametrize(
    "address", ["/.git/config", "/.env", "/app.py", "/console", "/debug", "/metrics", "/admin/rpc",
                "/server-status", "/instance/leads.sqlite3", "/docs/",
                "/openapi.json", "/phpinfo.php", "/WEB-INF/web.xml"]
)  # fmt: skip
def test_nothing_is_where_scanners_look(client: PageClient, address: str) -> None:
    answer = client.get(address)

    assert (answer.status_code, address in answer.text) == (404, False)


def test_nothing_says_what_runs_here(cast: Cast, client: PageClient) -> None:
    answer = client.get("/m/sign-in")

    assert not client.application.debug
    assert {"Server", "X-Powered-By"} & {name for name, _ in answer.headers} == set()
    assert "Werkzeug" not in str(answer.headers) + answer.text


# Texts without an end.

ENDLESS = {
    "groups of digits": "1_" * 500_000,
    "digits and brackets": "(86)" * 250_000,
    "marks on one letter": "a" + "\u0301\u0323" * 200_000,
    "signs that stand for many": "\ufdfa" * 330_000,
    "half a mark": "<mergeCell " * 90_000,
    "spaces": "a" + " " * 1_000_000 + "a",
}
"""Nearly as much as a form may bring."""

FORMS_OF_STRANGERS = (("/m/sign-in", "phone"), ("/m/staff/sign-in", "login"), ("/admin/sign-in", "login"))


@pytest.mark.parametrize("what", ENDLESS)
def test_a_form_of_a_stranger_keeps_the_server_no_longer_than_a_moment(
    cast: Cast, client: PageClient, what: str
) -> None:
    asker, text = Asker(client, {}), ENDLESS[what]
    form = {"csrf_token": asker.token, "request_id": asker.request_id}

    def send() -> str:
        answers = [
            client.post(path, data=form | {field: text}, content_type="multipart/form-data")
            for path, field in FORMS_OF_STRANGERS
        ]
        return str({answer.status_code for answer in answers})

    cost = cost_of(send)

    assert cost.outcome == ("{400}" if what == "marks on one letter" else "{422}")
    assert cost.seconds < 8


@pytest.mark.parametrize(("marks", "status"), [(30, 422), (31, 400)])
def test_more_marks_on_a_letter_than_any_writing_has_are_not_understood(
    cast: Cast, client: PageClient, marks: int, status: int
) -> None:
    asker = Asker(client, {})
    sent = {"csrf_token": asker.token, "request_id": asker.request_id, "phone": "a" + "\u0301" * marks}

    assert client.post("/m/sign-in", data=sent).status_code == status
    assert client.get("/m/sign-in", query_string={"x": "\uff9e\u0301" * 16}).status_code == 400


# Secrets.


def test_no_secret_stands_in_what_an_object_calls_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is logged or shown by mistake is mostly an object's own description."""
    secret = "".join(random.Random(5).choices("abcdefgh", k=40))  # noqa: S311
    for name, value in {
        "SECRET_KEY": secret, "SMS_PROVIDER": "aliyun", "SMS_KEY_ID": "id", "SMS_KEY_SECRET": secret,
        "SMS_SIGN_NAME": "确客", "SMS_TEMPLATE": "t", "WECHAT_APP_ID": "wx", "WECHAT_APP_SECRET": secret,
        "PUBLIC_URL": "https://sales.example.com", "SMS_APP_ID": "1400",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"LEAD_{name}", value)
    settings = settings_from_environment()
    tencent = replace(settings, sms_provider=SmsProvider.TENCENT)

    for thing in (settings, find_wechat(settings), code_sender(settings), code_sender(tencent)):
        assert secret not in repr(thing)
        assert secret not in str(thing)


# What an answer says of itself.

FILES = (
    "/admin/fees/picture/?id={fee}",
    "/pictures/{picture}/240.jpg",
    "/admin/help/poster/phone-address.png",
)


def test_what_is_no_page_may_do_nothing_when_it_is_opened_by_itself(
    story: dict[str, object], signed_in: SignedIn
) -> None:
    """Pictures, workbooks and data, whatever a browser might take them for."""
    client, broker = signed_in("admin"), signed_in("fang")
    answers = [client.get(address.format(**story)) for address in FILES]
    answers += [export_of(client, "/admin/leads/"), broker.get("/m/manifest.webmanifest")]
    answers += [broker.get(f"/m/customers/{story['bound']}/code.png"), client.get("/static/x/icon.svg")]

    for answer in answers:
        answer.close()
        policy = set(answer.headers["Content-Security-Policy"].split("; "))
        assert answer.status_code == 200, answer.request.path
        assert {"default-src 'none'", "sandbox", "frame-ancestors 'none'", "object-src 'none'"} <= policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.mimetype not in ("text/html", "text/xml", "application/xml")
    assert "sandbox" not in broker.get("/m/sw.js").headers["Content-Security-Policy"]


def export_of(client: PageClient, address: str, *, more: str = "") -> PageResponse:
    """Send the form with which a list is exported, with more in its address."""
    (form,) = [form for form in client.get(address).page.forms if "export/" in form.action]
    action = urljoin(f"http://localhost{address}", form.action)
    answer = client.post(f"{action}{'&' if '?' in action else '?'}{more}", data=form.defaults())
    answer.get_data()
    answer.close()
    return answer


def test_answers_that_no_view_made_have_the_headers_too(database: Database, cast: Cast) -> None:
    """Unknown addresses, wrong verbs, other hosts, long forms."""
    app = create_app(database.settings(public_url="https://sales.example.com"))
    client, here = app.test_client(), "https://sales.example.com"
    answers = [
        client.get("/nothing/here", base_url=here),
        client.put("/m/sign-in", base_url=here),
        client.post("/m/sign-in", base_url=here, data={"a": "x" * 2_000_000}),
        client.post("/m/sign-in", base_url=here),
        client.get("/m/sign-in", base_url="https://evil.example"),
        client.get("/static/nothing.css", base_url=here),
        client.get("/m/sign-in?x=%00", base_url=here),
        client.get("/admin/leads", base_url=here),
    ]

    assert {answer.status_code for answer in answers} == {404, 405, 413, 400, 308}
    for answer in answers:
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
        assert "object-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_answer_says_its_kind_and_encoding(
    story: dict[str, object], signed_in: SignedIn, client: PageClient
) -> None:
    kinds = set()
    for row in (row for row in TABLE if row.verb == GET):
        browser = signed_in(somebody(row)) if row.people - {"stranger"} else client
        answer = browser.get(row.address.format(**story))
        kind, _, more = answer.headers.get("Content-Type", "").partition("; ")
        kinds.add(kind)
        assert kind or not answer.data, row
        if kind.startswith("text/") or kind.endswith(("+xml", "/xml")):
            assert more.lower() == "charset=utf-8", row
    assert {"text/html", "image/jpeg", "image/png", "application/json", "text/javascript"} <= kinds


def test_a_download_is_named_by_us_in_an_encoded_header(cast: Cast, signed_in: SignedIn) -> None:
    """Chinese names in the form of RFC 6266, and nothing of what the address says."""
    more = "x=a%0d%0aX-Evil:1&filename=../../evil.html&download_name=evil"

    answer = export_of(signed_in("admin"), "/admin/brokers/", more=more)

    said = answer.headers["Content-Disposition"]
    assert re.fullmatch(r"attachment; filename=[\w.%-]*; filename\*=UTF-8''[A-Za-z0-9%._-]+\.xlsx", said)
    assert (said.isascii(), "evil" in said.lower(), "X-Evil" in answer.headers) == (True, False, False)


def test_answers_to_scripts_have_few_fields(story: dict[str, object], signed_in: SignedIn) -> None:
    """What is answered in JSON by GET is a handful of values, never a row."""
    seen = set()
    for row in (row for row in TABLE if row.verb == GET and row.people - {"stranger"}):
        client = signed_in(row.owner or somebody(row))
        answer = client.get(row.address.format(**story), headers={"Accept": "application/json"})
        if answer.mimetype == "application/json" and answer.status_code == 200:
            seen |= set(answer.get_json())
    of_progress = {"done", "of", "found", "written", "is_finished"}
    assert seen <= {"account_id", "csrf_token", "count"} | of_progress


# Sessions, and what is written down.


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "eyJfdXNlcl9pZCI6IjEifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "eyJhbGciOiJub25lIn0.eyJfdXNlcl9pZCI6IjEifQ.",
        ".eJyrVop3",
        "x" * 4_000,
        "{'_user_id': 1}",
    ],
)
def test_a_cookie_that_we_did_not_sign_is_nobodys(cast: Cast, client: PageClient, forged: str) -> None:
    client.set_cookie("session", forged)

    assert client.get("/admin/leads/").status_code == 302


@pytest.mark.parametrize(
    ("key", "digest", "status"),
    [(SECRET_KEY, "sha256", 200), (SECRET_KEY, "sha1", 302), ("x" * 40, "sha256", 302)],
)
def test_only_our_key_and_our_algorithm_sign_a_cookie(
    signed_in: SignedIn, client: PageClient, key: str, digest: str, status: int
) -> None:
    """The same content signed as we do it, by the algorithm that Flask would take, and by somebody else."""
    signed_in("admin")
    signer = URLSafeTimedSerializer(
        key,
        salt="cookie-session",
        serializer=session_json_serializer,
        signer_kwargs={"key_derivation": "hmac", "digest_method": getattr(hashlib, digest)},
    )
    client.set_cookie("session", signer.dumps({"_user_id": token_of("admin")}))

    assert client.get("/admin/leads/").status_code == status


def test_signing_out_takes_everything_out_of_the_cookie(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in("fang")

    client.submit("/m/me", {}, action="/m/sign-out")

    with client.session_transaction() as session:
        assert set(session) <= {"csrf_token", "language", "session_key"}


def test_refused_attempts_leave_a_line_with_account_route_and_status(
    cast: Cast, signed_in: SignedIn, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong role, another's record, a forged form, an impossible text: who, where, and the answer."""
    caplog.set_level("INFO")
    qiangs, fang = cast.enters("qiang", OUYANG), cast.ids["fang"]
    client = signed_in("fang")

    client.get("/admin/leads/")
    client.get(f"/m/customers/{qiangs}")
    client.post("/m/customers/enter", data={"surname": "x"})
    client.get("/m/customers?q=%00")

    lines = [entry.facts for entry in caplog.records if hasattr(entry, "facts")]
    told = {(line.get("route"), line.get("status")): line.get("account") for line in lines}
    assert told[("/admin/leads/", 403)] == told[("/m/customers/<int:lead_id>", 404)] == fang
    assert {("/m/customers/enter", 400), ("/m/customers", 400)} <= set(told)


WITHOUT_A_MENU = {"/admin/confirm", "/admin/help/poster/", "/admin/password", "/admin/second-factor/set-up/"}
"""What is printed, and questions on the way to a page, which lead back to where they were asked."""


def test_every_page_of_the_office_has_a_way_out(story: dict[str, object], signed_in: SignedIn) -> None:
    seen = 0
    for row in (row for row in TABLE if row.verb == GET and row.answer == 200 and row.people <= BACK_OFFICE):
        answer = signed_in(somebody(row)).get(row.address.format(**story))
        if answer.mimetype == "text/html" and row.rule not in WITHOUT_A_MENU:
            seen += 1
            assert "/admin/sign-out" in [form.action.partition("?")[0] for form in answer.page.forms], row
    assert seen > 30
