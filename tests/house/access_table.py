"""Who may do what, written by hand: a row for every address and verb of the application.

A row says who is let in and what a let-in person is answered. Where the address or the form names a record
that belongs to somebody, `owner` says to whom, and everybody else of the same role gets 404, as if it did
not exist (R12). Whoever is not named gets 403, a stranger the door of those who are.
"""

from dataclasses import dataclass, field

BROKERS = frozenset({"fang", "qiang"})
RESIDENTS = frozenset({"wei", "mei"})
AGENTS = BROKERS | RESIDENTS
GATE = frozenset({"feng", "lu"})
CONSULTANTS = frozenset({"xin", "ming"})
PHONE_STAFF = GATE | CONSULTANTS
VISITORS = frozenset({"hong"})
OUTSIDERS = AGENTS | VISITORS
PHONES = OUTSIDERS | PHONE_STAFF
SECRETARY = frozenset({"secretary"})
ADMIN = frozenset({"admin"})
DECIDERS = ADMIN | {"director"}
BACK_OFFICE = DECIDERS | SECRETARY
ALL = PHONES | BACK_OFFICE
PUBLIC = ALL | {"stranger"}
NOBODY: frozenset[str] = frozenset()

LET_IN = 0
"""An answer that depends on who asks, but is neither a refusal nor a failure."""

GET, POST = "GET", "POST"
OFFICE_DOOR, PHONE_DOOR, STAFF_DOOR = "/admin/sign-in", "/m/sign-in", "/m/staff/sign-in"


@dataclass(frozen=True)
class Row:
    """One address with one verb: who is let in, and with which answer."""

    verb: str
    rule: str
    people: frozenset[str]
    answer: int
    at: str = ""
    """The address with the records of the story filled in; the rule itself where it names none."""

    form: dict[str, str] = field(default_factory=dict)
    owner: str = ""

    @property
    def address(self) -> str:
        return self.at or self.rule

    @property
    def door(self) -> str:
        if self.people <= BACK_OFFICE:
            return OFFICE_DOOR
        return STAFF_DOOR if self.people <= PHONE_STAFF else PHONE_DOOR

    def answer_for(self, who: str) -> int:
        """Return what somebody must be answered."""
        if who not in self.people:
            return 302 if who == "stranger" else 403
        return 404 if self.owner not in ("", who) else self.answer

    def __str__(self) -> str:
        return f"{self.verb} {self.address}"


def _list(endpoint: str, people: frozenset[str], *, acts: str = "", rowid: str = "") -> list[Row]:
    """Return what every list of the back office has; `acts` is what a selection of its rows is for.

    Nobody deletes rows: the stock action of Flask-Admin is refused to everybody.
    """
    base = f"/admin/{endpoint}/"
    rows = [
        Row(GET, base, people, 200),
        Row(POST, f"{base}export/", people, 200),
        Row(POST, f"{base}export/", people, 422, f"{base}export/?name={'x' * 50}&account={'x' * 50}"),
        Row(POST, f"{base}action/", NOBODY, 403, form={"action": "delete", "rowid": "1"}),
    ]
    if acts:
        rows.append(Row(POST, f"{base}action/", DECIDERS, 200, form={"action": acts, "rowid": rowid}))
    return rows


def _asking(rule: str, people: frozenset[str], at: str, *, got: int = 200, posted: int = 422) -> list[Row]:
    """Return a page that asks, and its form sent with nothing filled in."""
    return [
        Row(GET, rule, people, got, f"{rule}?{at}" if at else ""),
        Row(POST, rule, people, posted, f"{rule}?{at}" if at else ""),
    ]


LISTS = [
    *_list("leads", BACK_OFFICE, acts="mark_dealt", rowid="{bound}"),
    *_list("collisions", DECIDERS, acts="handle", rowid="{collision}"),
    *_list("fees", BACK_OFFICE),
    *_list("referrals", DECIDERS),
    *_list("scans", BACK_OFFICE),
    *_list("walk_ins", BACK_OFFICE),
    *_list("visitors", DECIDERS),
    *_list("viewings", BACK_OFFICE),
    *_list("rebinds", DECIDERS),
    *_list("flags", DECIDERS),
    *_list("profile_changes", DECIDERS),
    *_list("exports", BACK_OFFICE),
    *_list("reveals", ADMIN),
    *_list("brokers", DECIDERS),
    *_list("brokerages", DECIDERS),
    *_list("consultants", ADMIN),
    *_list("staff", ADMIN),
    *_list("customer_types", ADMIN),
    *_list("plots", ADMIN),
]

CUSTOMERS = [
    Row(GET, "/admin/leads/details/", BACK_OFFICE, 200, "/admin/leads/details/?id={bound}"),
    Row(GET, "/admin/leads/details/", BACK_OFFICE, 404, "/admin/leads/details/?id=999999"),
    Row(GET, "/admin/leads/time-line/", BACK_OFFICE, 200, "/admin/leads/time-line/?id={bound}"),
    Row(GET, "/admin/leads/time-line/", BACK_OFFICE, 404, "/admin/leads/time-line/?id=999999"),
    Row(POST, "/admin/leads/evidence/", DECIDERS, 200, "/admin/leads/evidence/?id={bound}"),
    Row(POST, "/admin/leads/evidence/", DECIDERS, 404, "/admin/leads/evidence/?id=999999"),
    *_asking("/admin/leads/anonymise/", ADMIN, "id={bound}"),
    *_asking("/admin/leads/mark-dealt/", DECIDERS, "id={bound}"),
    *_asking("/admin/leads/undo-deal/", DECIDERS, "id={dealt}"),
    *_asking("/admin/leads/extend/", DECIDERS, "id={bound}"),
    *_asking("/admin/leads/person/", DECIDERS, "id={qiangs}"),
    *_asking("/admin/leads/person/", DECIDERS, "id={qiangs}&say=same", got=409),
    *_asking("/admin/leads/person/", DECIDERS, "id={bound}", got=409),
    *_asking("/admin/leads/rebind/", DECIDERS, "id={bound}&to={qiang}"),
    Row(GET, "/admin/leads/rebind/", DECIDERS, 200, "/admin/leads/rebind/?id={bound}&broker=李"),
    Row(POST, "/admin/leads/mark-dealt-in-bulk/", DECIDERS, 422),
    Row(
        POST,
        "/admin/leads/mark-dealt-in-bulk/",
        DECIDERS,
        422,
        form={"lead_ids": "{bound}", "dealt_on": "2020-01-01"},
    ),
    Row(POST, "/admin/leads/mark-dealt-in-bulk/", DECIDERS, 404, form={"lead_ids": "999999"}),
]

VISIT_SLIPS = [
    Row(GET, rule, BACK_OFFICE, answer, f"{rule}?id={number}")
    for rule in ("/admin/scans/slip/", "/admin/scans/slip/address.png")
    for number, answer in (("1", 200), ("999999", 404))
]

VISITORS_IN_THE_OFFICE = [
    Row(GET, "/admin/visitors/details/", DECIDERS, 200, "/admin/visitors/details/?id={hong}"),
    Row(GET, "/admin/visitors/details/", DECIDERS, 404, "/admin/visitors/details/?id={fang}"),
    *_asking("/admin/visitors/reveal/", DECIDERS, "id={hong}"),
    *_asking("/admin/visitors/archive/", DECIDERS, "id={hong}", posted=409),
    *_asking("/admin/visitors/anonymise/", ADMIN, "id={hong}"),
    *_asking("/admin/visitors/anonymise/", ADMIN, "id={fang}", got=404, posted=404),
]

COLLISIONS = [
    Row(GET, "/admin/collisions/open-count/", DECIDERS, 200),
    Row(GET, "/admin/collisions/details/", DECIDERS, 200, "/admin/collisions/details/?id={collision}"),
    *_asking("/admin/collisions/reopen/", DECIDERS, "id={handled}"),
    Row(POST, "/admin/collisions/handle/", DECIDERS, 422),
    Row(POST, "/admin/collisions/handle/", DECIDERS, 302, form={"collision_ids": "{collision}"}),
    Row(POST, "/admin/collisions/handle/", DECIDERS, 404, form={"collision_ids": "999999"}),
]

MONEY = [
    Row(GET, "/admin/fees/details/", BACK_OFFICE, 200, "/admin/fees/details/?id={fee}"),
    Row(GET, "/admin/fees/picture/", BACK_OFFICE, 200, "/admin/fees/picture/?id={fee}"),
    Row(GET, "/admin/fees/picture/", BACK_OFFICE, 404, "/admin/fees/picture/?id=999999&size=small"),
    *_asking("/admin/fees/pay/", SECRETARY, "lead={bound}"),
    *_asking("/admin/fees/void/", SECRETARY, "id={fee}"),
]

EXPORTS = [
    Row(GET, "/admin/handing_over/", DECIDERS, 200),
    *_asking("/admin/handing_over/consultant/", DECIDERS, "id={xin}"),
    Row(GET, "/admin/handing_over/consultant/", DECIDERS, 404, "/admin/handing_over/consultant/?id={fang}"),
    *_asking("/admin/handing_over/brokers/", DECIDERS, "to={qiang}"),
    Row(GET, "/admin/handing_over/brokers/", DECIDERS, 200, "/admin/handing_over/brokers/?broker=李"),
    Row(GET, "/admin/reconciliation/", DECIDERS, 200),
    Row(POST, "/admin/reconciliation/", DECIDERS, 302),
    Row(
        GET,
        "/admin/exports/progress/",
        BACK_OFFICE,
        200,
        "/admin/exports/progress/?request_id=made-by-the-secretary",
    ),
]

IMPORTS = [
    row
    for people, kind in ((DECIDERS, "brokerages"), (ADMIN, "consultants"), (ADMIN, "staff"))
    for row in (
        *_asking(f"/admin/{kind}/import/", people, ""),
        Row(GET, f"/admin/{kind}/import/template/", people, 200),
        *_asking(f"/admin/{kind}/import/check/", people, "id=999999", got=404, posted=404),
        Row(GET, f"/admin/{kind}/import/progress/", people, 404, f"/admin/{kind}/import/progress/?id=999999"),
        Row(GET, f"/admin/{kind}/", people, 404, f"/admin/{kind}/?import_id=999999"),
    )
]

PASSWORDS = [
    Row(POST, f"/admin/{kind}/import/passwords/", ADMIN, 404, f"/admin/{kind}/import/passwords/?id=999999")
    for kind in ("consultants", "staff")
]

PEOPLE = [
    Row(GET, "/admin/brokers/waiting-count/", DECIDERS, 200),
    *_asking("/admin/brokers/decide/", DECIDERS, "id={jun}"),
    *_asking("/admin/brokers/change/", DECIDERS, "id={qiang}", posted=409),
    *_asking("/admin/brokers/archive/", DECIDERS, "id={qiang}", posted=409),
    *_asking("/admin/brokerages/add/", DECIDERS, ""),
    *_asking("/admin/brokerages/change/", DECIDERS, "id={brokerage}", posted=409),
    *_asking("/admin/brokerages/archive/", DECIDERS, "id={brokerage}", posted=409),
    *_asking("/admin/consultants/add/", ADMIN, ""),
    *_asking("/admin/consultants/change/", ADMIN, "id={ming}", posted=409),
    *_asking("/admin/consultants/change/", ADMIN, "id={lu}", got=404, posted=404),
    *_asking("/admin/consultants/archive/", ADMIN, "id={ming}", posted=409),
    *_asking("/admin/staff/add/", ADMIN, ""),
    *_asking("/admin/staff/change/", ADMIN, "id={lu}", posted=409),
    *_asking("/admin/staff/change/", ADMIN, "id={admin}", got=404, posted=404),
    *_asking("/admin/staff/change/", ADMIN, "id={fang}", got=404, posted=404),
    *_asking("/admin/staff/archive/", ADMIN, "id={lu}", posted=409),
    *_asking("/admin/staff/archive/", ADMIN, "id={admin}", got=404, posted=404),
]

SETTINGS = [
    Row(GET, "/admin/settings/", ADMIN, 200),
    *_asking("/admin/settings/protection/", ADMIN, "days=20"),
    Row(GET, "/admin/settings/protection/", ADMIN, 422, "/admin/settings/protection/?days=3651"),
    *_asking("/admin/settings/retention/", ADMIN, "months=24"),
    Row(GET, "/admin/settings/retention/", ADMIN, 422, "/admin/settings/retention/?months=5"),
    *_asking("/admin/settings/flags/", ADMIN, "", posted=422),
    Row(GET, "/admin/settings/what-if/", ADMIN, 200, "/admin/settings/what-if/?first=7&last=30"),
    Row(GET, "/admin/settings/what-if/", ADMIN, 200, "/admin/settings/what-if/?first=7&last=30&days=20"),
    Row(GET, "/admin/settings/what-if/", ADMIN, 422, "/admin/settings/what-if/?first=0&last=30"),
    Row(GET, "/admin/settings/what-if/", ADMIN, 404, "/admin/settings/what-if/?days=3651"),
    *_asking("/admin/settings/contact/", ADMIN, "", posted=409),
    *_asking("/admin/customer_types/add/", ADMIN, ""),
    *_asking("/admin/customer_types/rename/", ADMIN, "id={type}"),
    *_asking("/admin/customer_types/retire/", ADMIN, "id={type}", posted=409),
    *_asking("/admin/customer_types/bring-back/", ADMIN, "id={type}", posted=409),
    *_asking("/admin/customer_types/retire/", ADMIN, "id=999999", got=404, posted=404),
    Row(POST, "/admin/customer_types/move/", ADMIN, 409, "/admin/customer_types/move/?id={type}"),
]

PROJECT = [
    *_asking("/admin/project/", ADMIN, "", posted=409),
    Row(POST, "/admin/project/preview/", ADMIN, 200),
    Row(POST, "/admin/project/picture/", ADMIN, 422),
    *_asking("/admin/plots/add/", ADMIN, ""),
    *_asking("/admin/plots/change/", ADMIN, "id={plot}", posted=409),
    *_asking("/admin/plots/change/", ADMIN, "id={archived_plot}", got=404, posted=404),
    Row(POST, "/admin/plots/preview/", ADMIN, 200),
    Row(POST, "/admin/plots/preview/", ADMIN, 404, "/admin/plots/preview/?id={archived_plot}"),
    *_asking("/admin/plots/archive/", ADMIN, "id={plot}", posted=409),
    *_asking("/admin/plots/bring-back/", ADMIN, "id={archived_plot}", posted=409),
    *_asking("/admin/plots/bring-back/", ADMIN, "id={plot}", got=404, posted=404),
    Row(GET, "/m/project", OUTSIDERS, 200),
    Row(GET, "/m/project/maps", OUTSIDERS, 200),
    Row(GET, "/m/project/plots/<int:plot_id>", OUTSIDERS, 200, "/m/project/plots/{plot}"),
    Row(GET, "/m/project/plots/<int:plot_id>", OUTSIDERS, 404, "/m/project/plots/{archived_plot}"),
    Row(GET, "/pictures/<digest>/<int:width>.jpg", ALL, 200, "/pictures/{picture}/480.jpg"),
    Row(GET, "/pictures/<digest>/<int:width>.jpg", ALL, 404, "/pictures/{picture}/481.jpg"),
]

ACCOUNT_PAGES = [
    Row(GET, "/admin/sessions/", BACK_OFFICE, 200),
    Row(GET, "/admin/sessions/end/", BACK_OFFICE, 404, "/admin/sessions/end/?id=999999"),
    Row(POST, "/admin/sessions/end/", BACK_OFFICE, 404, "/admin/sessions/end/?id=999999"),
    *_asking("/admin/sessions/end-others/", BACK_OFFICE, "", posted=302),
    Row(GET, "/admin/second-factor/", BACK_OFFICE, 200),
    *_asking("/admin/second-factor/set-up/", BACK_OFFICE, ""),
    Row(POST, "/admin/second-factor/recovery-codes/", BACK_OFFICE, 409),
    *_asking("/admin/second-factor/turn-off/", BACK_OFFICE, "", posted=409),
    *_asking("/admin/confirm", BACK_OFFICE, "", posted=200),
    *_asking("/admin/sign-in/code", PUBLIC, "", got=302, posted=302),
    *_asking("/admin/staff/sign-out/", ADMIN, "id={lu}", posted=302),
    *_asking("/admin/staff/sign-out/", ADMIN, "id={admin}", got=404, posted=404),
    *_asking("/admin/staff/second-factor/", ADMIN, "id={lu}", posted=404),
    *_asking("/admin/staff/second-factor/", ADMIN, "id={fang}", got=404, posted=404),
    *_asking("/admin/consultants/sign-out/", ADMIN, "id={ming}", posted=302),
    *_asking("/admin/consultants/sign-out/", ADMIN, "id={lu}", got=404, posted=404),
    *_asking("/admin/brokers/sign-out/", DECIDERS, "id={jun}", posted=302),
    *_asking("/admin/brokers/sign-out/", DECIDERS, "id={lu}", got=404, posted=404),
    Row(GET, "/m/sessions", PHONES, 200),
    *_asking("/m/sessions/end-others", PHONES, "", posted=302),
    Row(GET, "/m/sessions/<int:sign_in_id>/end", PHONES, 404, "/m/sessions/999999/end"),
    Row(POST, "/m/sessions/<int:sign_in_id>/end", PHONES, 404, "/m/sessions/999999/end"),
]

OFFICE = [
    Row(GET, "/admin/first-steps/", ADMIN, 200),
    Row(GET, "/admin/find/", BACK_OFFICE, 302, "/admin/find/?q={bound}"),
    Row(GET, "/admin/help/", BACK_OFFICE, 200),
    Row(GET, "/admin/help/poster/", BACK_OFFICE, 200),
    Row(GET, "/admin/help/poster/phone-address.png", BACK_OFFICE, 200),
    Row(GET, "/admin/", BACK_OFFICE, 200),
    *_asking("/admin/password", BACK_OFFICE, ""),
    *_asking("/admin/sign-in", PUBLIC, "", got=LET_IN, posted=LET_IN),
    Row(POST, "/admin/sign-out", PUBLIC, 302),
]

BROKER_PAGES = [
    Row(GET, "/m/home", AGENTS, 200),
    Row(GET, "/m/customers", AGENTS, 200),
    *_asking("/m/customers/enter", AGENTS, ""),
    *[
        row
        for owner, lead in (("fang", "{bound}"), ("wei", "{weis}"))
        for row in (
            Row(GET, "/m/customers/<int:lead_id>", AGENTS, 200, f"/m/customers/{lead}", owner=owner),
            Row(
                GET, "/m/customers/<int:lead_id>/code", AGENTS, 200, f"/m/customers/{lead}/code", owner=owner
            ),
            Row(
                GET,
                "/m/customers/<int:lead_id>/code.png",
                AGENTS,
                200,
                f"/m/customers/{lead}/code.png",
                owner=owner,
            ),
            Row(
                GET,
                "/m/customers/<int:lead_id>/report",
                AGENTS,
                200,
                f"/m/customers/{lead}/report",
                owner=owner,
            ),
            Row(
                POST,
                "/m/customers/<int:lead_id>/report",
                AGENTS,
                302,
                f"/m/customers/{lead}/report",
                owner=owner,
            ),
        )
    ],
    *[
        Row(
            verb,
            f"/m/customers/<int:lead_id>/{page}",
            AGENTS,
            answer,
            f"/m/customers/{lead}/{page}",
            owner=who,
        )
        for who, lead, shown in (("qiang", "{qiangs}", 200), ("mei", "{meis}", 200), ("fang", "{bound}", 409))
        for page in ("correct", "withdraw")
        for verb, answer in ((GET, shown), (POST, 409))
    ],
    *_asking("/m/profile", AGENTS, "", got=302, posted=302),
    Row(GET, "/m/profile/standing", AGENTS, 302),
]

GATE_PAGES = [
    Row(GET, "/m/gate", GATE, 200),
    Row(POST, "/m/gate/read", GATE, 409),
    Row(POST, "/m/gate/read", GATE, 302, form={"code": "{code}"}),
    Row(POST, "/m/gate/photo", GATE, 422),
    Row(POST, "/m/gate/confirm", GATE, 409),
    Row(POST, "/m/gate/confirm", GATE, 422, form={"code": "{code}"}),
    Row(GET, "/m/gate/scans", GATE, 200),
    Row(GET, "/m/gate/scans/<int:scan_id>", GATE, 200, "/m/gate/scans/1"),
    Row(GET, "/m/gate/shell", GATE, 200),
    Row(GET, "/m/gate/line", GATE, 200),
    Row(POST, "/m/gate/kept", GATE, 404),
    Row(POST, "/m/gate/kept", GATE, 422, form={"account_id": "{feng}", "code": "{code}"}, owner="feng"),
]

WALK_INS = [
    Row(POST, "/m/gate/walk-ins/log", GATE, 409),
    Row(POST, "/m/gate/walk-ins/log", GATE, 422, form={"code": "{visitors_code}"}),
    Row(POST, "/m/gate/walk-ins/log", GATE, 409, form={"code": "{code}"}),
    Row(GET, "/m/gate/scans/walk-ins", GATE, 200),
    Row(GET, "/m/gate/scans/walk-ins/<int:walk_in_id>", GATE, 200, "/m/gate/scans/walk-ins/1"),
    Row(GET, "/m/gate/scans/walk-ins/<int:walk_in_id>", GATE, 404, "/m/gate/scans/walk-ins/999999"),
    Row(POST, "/m/gate/read", GATE, 302, form={"code": "{visitors_code}"}),
    Row(POST, "/m/consultant/read", CONSULTANTS, 409, form={"code": "{visitors_code}"}),
]

VISITOR_PAGES = [
    *_asking("/m/visitor/begin", OUTSIDERS, "", got=302, posted=302),
    Row(GET, "/m/visitor", VISITORS, 200),
    Row(GET, "/m/visitor/code", VISITORS, 200),
    Row(GET, "/m/visitor/code.png", VISITORS, 200),
    *_asking("/m/me/reports", VISITORS, ""),
    *_asking("/m/me/name", VISITORS, "", posted=409),
    Row(GET, "/m/me/broker", VISITORS, 200),
    Row(POST, "/m/me/broker", VISITORS, 302),
]

CONSULTANT_PAGES = [
    Row(GET, "/m/consultant", CONSULTANTS, 200),
    Row(POST, "/m/consultant/read", CONSULTANTS, 409),
    Row(POST, "/m/consultant/read", CONSULTANTS, 302, form={"code": "{code}"}),
    Row(POST, "/m/consultant/photo", CONSULTANTS, 422),
    Row(POST, "/m/consultant/viewing", CONSULTANTS, 422, form={"code": "{code}"}),
    Row(GET, "/m/consultant/viewings", CONSULTANTS, 200),
    Row(GET, "/m/consultant/viewings/due", CONSULTANTS, 200),
    *[
        Row(
            verb,
            "/m/consultant/viewings/customers/<int:lead_id>",
            CONSULTANTS,
            answer,
            "/m/consultant/viewings/customers/{bound}",
            owner="xin",
        )
        for verb, answer in ((GET, 200), (POST, 422))
    ],
]

PHONE_PAGES = [
    *_asking("/m/password", PHONE_STAFF, ""),
    Row(GET, "/m/me", PHONES, 200),
    Row(GET, "/m/me/avatar", OUTSIDERS, 404),
    *_asking("/m/me/face", OUTSIDERS, "", posted=302),
    *_asking("/m/me/phone", AGENTS, ""),
    *_asking("/m/me/phone/code", AGENTS, "", got=302, posted=302),
    *_asking("/m/me/brokerage", AGENTS, "", posted=409),
    Row(GET, "/m/me/changes", AGENTS, 200),
    # The demonstration has no official account, and these pages do not exist without one.
    Row(GET, "/m/wechat/start", PUBLIC, 404),
    Row(GET, "/m/wechat/back", PUBLIC, 404),
    Row(POST, "/m/wechat/signature", PHONE_STAFF, 404),
    Row(POST, "/m/wechat/forget", PUBLIC, 302),
    Row(POST, "/m/sign-out", ALL, 302),
    Row(GET, "/m/", PUBLIC, 302),
    Row(GET, "/m/privacy", PUBLIC, 200),
    Row(GET, "/m/sw.js", PUBLIC, 200),
    Row(GET, "/m/manifest.webmanifest", PUBLIC, 200),
    *_asking("/m/sign-in", PUBLIC, "", got=LET_IN, posted=LET_IN),
    *_asking("/m/sign-in/code", PUBLIC, "", got=302, posted=302),
    *_asking("/m/staff/sign-in", PUBLIC, "", got=LET_IN, posted=LET_IN),
    Row(GET, "/m/v/<token>", PUBLIC, 200, "/m/v/{code}"),
    Row(GET, "/m/v/<token>", PUBLIC, LET_IN, "/m/v/no-such-code"),
]

EVERYWHERE = [
    Row(GET, "/", PUBLIC, 302),
    Row(GET, "/healthz", PUBLIC, 200),
    Row(GET, "/readyz", PUBLIC, 200),
    Row(POST, "/language", PUBLIC, 302),
    Row(POST, "/theme", PUBLIC, 302),
    Row(GET, "/verify", PUBLIC, 200),
    Row(POST, "/verify", PUBLIC, 422),
    Row(GET, "/verify/slip", PUBLIC, 200),
    Row(POST, "/verify/slip", PUBLIC, 422),
    Row(POST, "/verify/slip", PUBLIC, 422, form={"number": "1", "code": "aaaaa-aaaaa-aaaaa"}),
]

TABLE = [
    *LISTS,
    *CUSTOMERS,
    *COLLISIONS,
    *MONEY,
    *EXPORTS,
    *IMPORTS,
    *PASSWORDS,
    *PEOPLE,
    *VISIT_SLIPS,
    *VISITORS_IN_THE_OFFICE,
    *SETTINGS,
    *PROJECT,
    *ACCOUNT_PAGES,
    *OFFICE,
    *BROKER_PAGES,
    *VISITOR_PAGES,
    *GATE_PAGES,
    *WALK_INS,
    *CONSULTANT_PAGES,
    *PHONE_PAGES,
    *EVERYWHERE,
]
