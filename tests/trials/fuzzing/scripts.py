"""What the pages' own modules send, and no form that stands on a page."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from tests.house.access_table import ADMIN, CONSULTANTS, DECIDERS, GATE, PHONE_STAFF
from tests.trials.fuzzing.drafts import Body, Draft, Upload
from tests.trials.fuzzing.files import honest_picture

Sent = tuple[tuple[str, str | Upload], ...]


def sent_by_scripts(who: str, records: Mapping[str, Any], dice: Random) -> Iterator[Draft]:
    """Give what the scripts of somebody's pages may send; token and request id are added later."""
    if who in PHONE_STAFF:
        yield _post(who, "/m/wechat/signature", (("url", "http://localhost/m/gate"),))
    if who in GATE:
        yield _post(who, "/m/gate/kept", _kept_scan(who, records, dice))
        yield _post(who, "/m/gate/confirm", _kept_scan(who, records, dice))
        yield _post(who, "/m/gate/walk-ins/log", _kept_walk_in(who, records, dice))
    if who in CONSULTANTS:
        yield _post(who, "/m/consultant/viewing", _viewing(records, dice))
    if who in DECIDERS:
        bulk = (("lead_ids", str(records["own_fang"])), ("dealt_on", "2026-03-02"))
        yield _post(who, "/admin/leads/mark-dealt-in-bulk/", bulk)
    if who in ADMIN:
        yield _post(who, "/admin/project/picture/", (("picture", honest_picture(dice)),))
        yield _post(who, "/admin/project/preview/", (("name", "澄湖"), ("introduction", "<p>湖景</p>")))
        yield _post(who, "/admin/plots/preview/", (("number", "A-9"), ("text", "<p>带院</p>")))


def _kept_scan(who: str, records: Mapping[str, Any], dice: Random) -> Sent:
    code = dice.choice((records["code"], records["fangs_code"]))
    return (
        ("account_id", str(records[who])),
        ("code", str(code)),
        ("consultant_id", str(records[dice.choice(("xin", "ming"))])),
        ("another_visit", "yes"),
    )


def _kept_walk_in(who: str, records: Mapping[str, Any], dice: Random) -> Sent:
    visit = dict(_kept_scan(who, records, dice)) | {"code": str(records["visitors_code"])}
    return tuple(visit.items())


def _viewing(records: Mapping[str, Any], dice: Random) -> Sent:
    return (("code", str(records["code"])), ("intent", dice.choice("ABCD")), ("standing_in", "yes"))


def _post(who: str, path: str, fields: Sent) -> Draft:
    has_file = any(isinstance(value, Upload) for _, value in fields)
    return Draft(who, "POST", path, fields=fields, body=Body.PARTS if has_file else Body.FIELDS)
