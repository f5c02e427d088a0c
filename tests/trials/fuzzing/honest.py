"""How somebody fills a form in so that it succeeds: each field by its name, choices as they are offered."""

import re
from collections.abc import Callable, Mapping
from random import Random
from urllib.parse import parse_qsl, urljoin, urlsplit

from tests.support.cast import PASSWORD, STAFF
from tests.support.html import Element, Form, Page
from tests.trials.fuzzing.drafts import Body, Draft, Upload
from tests.trials.fuzzing.files import honest_picture, honest_workbook
from tests.trials.fuzzing.pool import Pool

SURNAMES = ("赵", "钱", "孙", "周", "吴", "郑", "王", "冯", "陈", "褚", "卫", "蒋")
GIVEN = "明华建国文军志强小红秀英丽娟伟芳敏静磊洋艳勇杰娜涛超"
NEW_PASSWORD = "a new password of the fuzz"
OFFICE_LOGINS = ("secretary", "director", "admin")
PHONE_LOGINS = tuple(login for who, *_, login in STAFF if who not in OFFICE_LOGINS)


def _account_phone(dice: Random) -> str:
    return f"137{dice.randrange(10**8):08d}"


WRITERS: Mapping[str, Callable[[Random], str]] = {
    "surname": lambda dice: dice.choice(SURNAMES),
    "given_name": lambda dice: "".join(dice.choices(GIVEN, k=2)),
    "phone1_head": lambda dice: f"13{dice.randrange(10)}",
    "phone1_tail": lambda dice: f"{dice.randrange(10**4):04d}",
    "phone2_head": lambda dice: "",
    "phone2_tail": lambda dice: "",
    "expected_visit_at": lambda dice: f"2026-03-{dice.randrange(10, 28)}T10:30",
    "needs": lambda dice: f"三房两卫，南向 {dice.randrange(99)}",
    "note": lambda dice: f"电话里说周末再来 {dice.randrange(99)}",
    "next_on": lambda dice: f"2026-04-{dice.randrange(10, 28)}",
    "reason": lambda dice: f"双方协商一致 {dice.randrange(99)}",
    "words": lambda dice: f"我没有委托过任何人 {dice.randrange(99)}",
    "days": lambda dice: str(dice.randrange(1, 30)),
    "unit": lambda dice: f"{dice.randrange(1, 20)}-{dice.randrange(100, 999)}",
    "amount": lambda dice: f"{dice.randrange(1, 900)}.{dice.randrange(100):02d}",
    "phone": _account_phone,
    "contact_phone": lambda dice: f"0512-6{dice.randrange(10**6):06d}",
    "service_phone": lambda dice: f"0512-6{dice.randrange(10**6):06d}",
    "service_link": lambda dice: f"https://work.weixin.qq.com/kfid/k{dice.randrange(10**6)}",
    "contact": lambda dice: "联络人",
    "contact_name": lambda dice: "售楼处",
    "address": lambda dice: f"苏州街 {dice.randrange(1, 999)} 号",
    "name": lambda dice: "名" + "".join(dice.choices(GIVEN, k=6)),
    "nickname": lambda dice: "".join(dice.choices(GIVEN, k=3)),
    "number": lambda dice: f"C-{dice.randrange(10**5)}",
    "place": lambda dice: "北区",
    "tags": lambda dice: "临街，转角",
    "text": lambda dice: "<p>第一层 <b>带院</b></p>",
    "introduction": lambda dice: "<h2>湖景</h2><p>两站地铁</p>",
    "latitude": lambda dice: "31.233800",
    "longitude": lambda dice: "120.796500",
    "pasted": lambda dice: "",
    "employee_number": lambda dice: f"E{dice.randrange(10**6)}",
    "login": lambda dice: f"login-{dice.randrange(10**6)}",
    "password": lambda dice: PASSWORD,
    "current_password": lambda dice: PASSWORD,
    "new_password": lambda dice: NEW_PASSWORD,
    "repeated": lambda dice: NEW_PASSWORD,
    "was_warned": lambda dice: "y",
    "q": lambda dice: dice.choice(GIVEN),
}
"""What is typed into a field; where a page has another meaning for a name, `_by_page` knows it."""

_BY_PAGE: tuple[tuple[str, str, Callable[[Random], str]], ...] = (
    ("/admin/sign-in", "login", lambda dice: dice.choice(OFFICE_LOGINS)),
    ("/m/staff/sign-in", "login", lambda dice: dice.choice(PHONE_LOGINS)),
    ("/admin/leads/mark-dealt/", "amount", lambda dice: f"{dice.randrange(10**6, 10**7)}"),
)
FILES: Mapping[str, Callable[[Random, str, Pool], Upload]] = {
    "picture": lambda dice, _address, _pool: honest_picture(dice),
    "photo": lambda dice, _address, pool: pool.photo_of_a_code(dice),
    "file": lambda dice, address, _pool: honest_workbook(dice, address),
}


def fill(dice: Random, who: str, at: str, page: Page, form: Form, pool: Pool) -> Draft:
    """Fill a form in, press one of its buttons, and return what the browser sends."""
    button = dice.choice(form.buttons) if form.buttons else None
    action = (button.get("formaction") if button is not None else "") or form.action or at
    split = urlsplit(urljoin(at, action))
    sent: list[tuple[str, str | Upload]] = []
    names = list(dict.fromkeys(control["name"] for control in form.fields))
    for name in names:
        controls = [control for control in form.fields if control["name"] == name]
        sent += [(name, value) for value in _values(dice, split.path, controls, page, pool)]
    if button is not None and button.has("name"):
        sent.append((button["name"], button.get("value")))
    query = tuple(parse_qsl(split.query, keep_blank_values=True))
    if form.method == "get":
        texts = tuple((name, value) for name, value in sent if isinstance(value, str))
        return Draft(who, "GET", split.path, texts)
    if dice.random() < 0.9:  # A page is filled in several times here, but each is meant as another.
        sent = [(n, f"again-{dice.randrange(10**15)}" if n == "request_id" else v) for n, v in sent]
    has_file = any(isinstance(value, Upload) for _, value in sent)
    return Draft(who, "POST", split.path, query, tuple(sent), body=Body.PARTS if has_file else Body.FIELDS)


def _values(
    dice: Random, address: str, controls: list[Element], page: Page, pool: Pool
) -> list[str | Upload]:
    """Return what is sent under one name."""
    first = controls[0]
    name, kind = first["name"], first.get("type")
    if kind == "file":
        return [FILES[name](dice, address, pool)]
    if kind == "hidden":
        return [control.get("value") for control in controls]
    if first.tag == "select" or kind in ("radio", "checkbox"):
        return _choices(dice, controls)
    if name == "code":
        return [_code(dice, address, page, pool)]
    for path, field, write in _BY_PAGE:
        if (path, field) == (address, name):
            return [write(dice)]
    if name == "phone" and address == "/m/sign-in":
        return [dice.choice((*pool.phones, _account_phone(dice)))]
    shown = _shown(first)
    if name not in WRITERS or (shown and dice.random() < 0.5):
        return [shown]
    return [WRITERS[name](dice)]


def _shown(control: Element) -> str:
    """Return what stands in a field already."""
    if control.tag == "textarea":
        return "".join(child for child in control.children if isinstance(child, str)).removeprefix("\n")
    return control.get("value")


def _choices(dice: Random, controls: list[Element]) -> list[str | Upload]:
    """Choose among what is offered: of ticks one or two, else one, and seldom none."""
    if controls[0].tag == "select":
        options = [option for option in controls[0].find_all("option") if not option.has("disabled")]
        offered = [option.get("value", option.text) for option in options]
    else:
        offered = [control.get("value", "on") for control in controls]
    real = [value for value in offered if value]
    if not real or (len(offered) > len(real) and dice.random() < 0.3):
        return [""] if controls[0].tag == "select" else []
    several = 2 if controls[0].get("type") == "checkbox" and len(real) > 1 and dice.random() < 0.3 else 1
    return list(dice.sample(real, several))


def _code(dice: Random, address: str, page: Page, pool: Pool) -> str:
    """Return the code that is asked for: the one of a sign-in stands on the page, others are visit codes."""
    shown = [element.text for element in page.walk() if element.has("data-shown-code")]
    if shown:
        return shown[0]
    if re.search("sign-in|phone", address):
        return f"{dice.randrange(10**6):06d}"
    return dice.choice(pool.codes)
