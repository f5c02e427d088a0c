"""Who asks for which record that is not theirs, written by hand: a case for every route that names one.

The names of records are those that the story of `test_indistinguishable.py` gives them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

GET, POST = "GET", "POST"
CORRECTION = {
    "surname": "司马",
    "given_name": "青",
    "phone1_head": "138",
    "phone1_tail": "4321",
    "version": "1",
}
ENTRY = {"surname": "司马", "given_name": "青", "phone1_head": "138", "phone1_tail": "4321"}


@dataclass(frozen=True)
class Case:
    """Who asks for which record that is not theirs; `{}` is where the address or a field names it."""

    who: str
    verb: str
    address: str
    anothers: str
    """The name that the story gives to the record."""

    form: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.who} {self.verb} {self.address} {self.anothers}"


def _lead_pages(who: str, anothers: str) -> list[Case]:
    """Every page of a broker's customer, as somebody who is not the owner asks for it."""
    base = "/m/customers/{}"
    pages = [Case(who, GET, base + page, anothers) for page in PAGES_OF_A_LEAD]
    return [
        *pages,
        Case(who, POST, f"{base}/report", anothers, {"needs": "南向"}),
        Case(who, POST, f"{base}/correct", anothers, CORRECTION),
        Case(who, POST, f"{base}/withdraw", anothers, {"version": "1"}),
    ]


PAGES_OF_A_LEAD = ("", "/code", "/code.png", "/report", "/correct", "/withdraw")

LEADS = [
    case
    for who, anothers in (
        ("qiang", "bound"),
        ("qiang", "dealt"),
        ("qiang", "weis"),
        ("fang", "qiangs"),
        ("fang", "meis"),
        ("wei", "bound"),
        ("mei", "qiangs"),
        ("fang", "withdrawn"),
    )
    for case in _lead_pages(who, anothers)
]

AT_THE_CENTRE = [
    Case("ming", GET, "/m/consultant/viewings/customers/{}", "bound"),
    Case("ming", POST, "/m/consultant/viewings/customers/{}", "bound", {"note": "周末再来"}),
    Case("xin", GET, "/m/consultant/viewings/customers/{}", "qiangs"),
    Case("lu", POST, "/m/gate/kept", "feng", {"account_id": "{}", "code": "x" * 22}),
    Case("feng", POST, "/m/gate/kept", "fang", {"account_id": "{}", "code": "x" * 22}),
]

PROJECT = [
    Case("fang", GET, "/m/project/plots/{}", "archived_plot"),
    Case("hong", GET, "/m/project/plots/{}", "archived_plot"),
    Case("admin", GET, "/admin/plots/change/?id={}", "archived_plot"),
    Case("admin", POST, "/admin/plots/change/?id={}", "archived_plot", {"number": "B-9", "version": "1"}),
    Case("admin", POST, "/admin/plots/preview/?id={}", "archived_plot", {"number": "B-9"}),
    Case("admin", GET, "/admin/plots/archive/?id={}", "archived_plot"),
    Case("admin", GET, "/admin/plots/bring-back/?id={}", "plot"),
]

IMPORTS = [
    case
    for who, kind, anothers in (
        ("admin", "brokerages", "directors_import"),
        ("director", "brokerages", "admins_import"),
        ("admin", "staff", "admins_import"),
        ("admin", "consultants", "staff_import"),
    )
    for case in (
        Case(who, GET, f"/admin/{kind}/import/check/?id={{}}", anothers),
        Case(who, POST, f"/admin/{kind}/import/check/?id={{}}", anothers, {"good_only": "yes"}),
        Case(who, GET, f"/admin/{kind}/import/progress/?id={{}}", anothers),
        Case(who, GET, f"/admin/{kind}/?import_id={{}}", anothers),
    )
]
PASSWORDS = [
    Case("admin", POST, "/admin/staff/import/passwords/?id={}", "admins_import", {"sealed": "x"}),
    Case("admin", POST, "/admin/consultants/import/passwords/?id={}", "staff_import", {"sealed": "x"}),
]
EXPORTS = [
    Case(who, GET, "/admin/exports/progress/?request_id={}", "secretarys_request")
    for who in ("director", "admin")
]

PEOPLE = [
    case
    for path, strangers in (
        ("/admin/consultants/change/", ("lu", "fang", "admin", "hong", "gone_consultant")),
        ("/admin/consultants/archive/", ("lu", "fang", "admin", "hong", "gone_consultant")),
        ("/admin/staff/change/", ("ming", "fang", "admin", "hong", "gone_gate")),
        ("/admin/staff/archive/", ("ming", "fang", "admin", "hong", "gone_gate")),
        ("/admin/brokers/change/", ("hong", "lu", "ming", "admin", "gone_broker", "newcomer")),
        ("/admin/brokers/archive/", ("hong", "lu", "ming", "admin", "gone_broker", "newcomer")),
        ("/admin/brokers/decide/", ("hong", "lu", "gone_broker", "newcomer")),
        ("/admin/consultants/sign-out/", ("lu", "fang", "admin", "hong", "gone_consultant")),
        ("/admin/staff/sign-out/", ("ming", "fang", "admin", "hong", "gone_gate")),
        ("/admin/staff/second-factor/", ("ming", "fang", "admin", "hong", "gone_gate")),
        ("/admin/brokers/sign-out/", ("hong", "lu", "ming", "admin", "gone_broker")),
        ("/admin/visitors/archive/", ("fang", "lu", "ming", "admin", "newcomer")),
        ("/admin/visitors/reveal/", ("fang", "lu", "ming", "admin", "newcomer")),
        ("/admin/visitors/anonymise/", ("fang", "lu", "ming", "admin", "newcomer")),
        ("/admin/brokerages/change/", ("gone_brokerage",)),
        ("/admin/brokerages/archive/", ("gone_brokerage",)),
    )
    for anothers in strangers
    for case in (
        Case("admin", GET, f"{path}?id={{}}", anothers),
        Case(
            "admin",
            POST,
            f"{path}?id={{}}",
            anothers,
            {
                "version": "1", "phone": "13700009999", "name": "某某", "decision": "approve",
                "reason": "本人来电",
            },
        ),
    )
]  # fmt: skip
VISITORS = [
    Case(who, GET, "/admin/visitors/details/?id={}", anothers)
    for who in ("director", "admin")
    for anothers in ("fang", "lu", "admin", "newcomer")
]
SIGN_INS = [
    Case(who, verb, address, anothers)
    for who, address, anothers in (
        ("director", "/admin/sessions/end/?id={}", "qiangs_sign_in"),
        ("admin", "/admin/sessions/end/?id={}", "directors_sign_in"),
        ("fang", "/m/sessions/{}/end", "qiangs_sign_in"),
        ("feng", "/m/sessions/{}/end", "directors_sign_in"),
    )
    for verb in (GET, POST)
]

REBIND = "/admin/leads/rebind/?id={bound}&to={}"

CHOICES = [
    *(
        Case("wei", POST, "/m/customers/enter", whom, ENTRY | {"colleague_id": "{}"})
        for whom in ("qiang", "mei", "jun", "hong", "feng", "gone_broker", "newcomer")
    ),
    *(
        Case("fang", POST, "/m/customers/enter", whom, ENTRY | {"colleague_id": "{}"})
        for whom in ("wei", "qiang")
    ),
    *(
        Case("fang", POST, "/m/customers/enter", whom, ENTRY | {"wished_consultant_id": "{}"})
        for whom in ("feng", "qiang", "admin", "gone_consultant")
    ),
    Case("fang", POST, "/m/customers/enter", "gone_type", ENTRY | {"customer_type_id": "{}"}),
    Case("mei", POST, "/m/me/brokerage", "gone_brokerage", {"brokerage_id": "{}", "version": "{version}"}),
    Case(
        "newcomer",
        POST,
        "/m/profile",
        "gone_brokerage",
        {"name": "新来", "role": "broker", "brokerage_id": "{}"},
    ),
    *(
        Case("feng", POST, "/m/gate/confirm", whom, {"code": "{code}", "consultant_id": "{}"})
        for whom in ("qiang", "lu", "gone_consultant")
    ),
    *(
        Case("director", verb, REBIND, whom, {"reason": "协商一致", "version": "1"})
        for whom in ("hong", "feng", "ming", "newcomer")
        for verb in (GET, POST)
    ),
    Case("admin", POST, "/admin/brokers/change/?id={qiang}", "gone_brokerage",
         {"brokerage_id": "{}", "phone": "13500020002", "version": "{version}"}),
]  # fmt: skip

CODES = [
    Case(who, GET, "/m/v/{}", code)
    for who in ("stranger", "qiang", "hong", "secretary", "newcomer")
    for code in ("code", "visitors_code")
]

CASES = [
    *LEADS,
    *AT_THE_CENTRE,
    *PROJECT,
    *IMPORTS,
    *PASSWORDS,
    *EXPORTS,
    *PEOPLE,
    *VISITORS,
    *SIGN_INS,
    *CHOICES,
    *CODES,
]

SEEN_BY_ALL_OF_THE_ROLE = {
    "/admin/leads/details/": "the back office sees every customer",
    "/admin/leads/time-line/": "the back office sees every customer",
    "/admin/leads/evidence/": "directors and admins decide about every customer",
    "/admin/leads/mark-dealt/": "directors and admins decide about every customer",
    "/admin/leads/mark-dealt-in-bulk/": "directors and admins decide about every customer",
    "/admin/leads/undo-deal/": "directors and admins decide about every customer",
    "/admin/leads/anonymise/": "admins decide about every customer",
    "/admin/leads/extend/": "directors and admins decide about every customer",
    "/admin/leads/person/": "directors and admins decide about every customer",
    "/admin/leads/action/": "directors and admins decide about every customer",
    "/admin/handing_over/consultant/": "directors and admins decide about every customer",
    "/admin/handing_over/brokers/": "directors and admins decide about every customer",
    "/admin/collisions/details/": "directors and admins see every collision",
    "/admin/collisions/reopen/": "directors and admins see every collision",
    "/admin/collisions/handle/": "directors and admins see every collision",
    "/admin/collisions/action/": "directors and admins see every collision",
    "/admin/fees/details/": "the back office sees every fee",
    "/admin/fees/picture/": "the back office sees every fee",
    "/admin/fees/pay/": "the secretary sees every customer",
    "/admin/fees/void/": "the secretary sees every fee",
    "/admin/find/": "the back office sees every customer",
    "/admin/customer_types/rename/": "an admin sees every type, retired or not",
    "/admin/customer_types/retire/": "an admin sees every type, retired or not",
    "/admin/customer_types/bring-back/": "an admin sees every type, retired or not",
    "/admin/customer_types/move/": "an admin sees every type, retired or not",
    "/admin/scans/slip/": "the back office sees every scan",
    "/admin/scans/slip/address.png": "the back office sees every scan",
    "/m/gate/read": "whoever stands at the gate may read every code",
    "/m/consultant/read": "consultants may read every code",
    "/m/consultant/viewing": "consultants may read every code",
    "/m/gate/walk-ins/log": "whoever stands at the gate may read every code",
    "/m/gate/scans/<int:scan_id>": "the gate sees every scan",
    "/m/gate/scans/walk-ins/<int:walk_in_id>": "the gate sees every walk-in",
    "/pictures/<digest>/<int:width>.jpg": "pictures of the project page are for everybody who signs in",
}
"""Routes that name records which are nobody's own within the roles that are let in."""
