"""How somebody fills a form in so that it succeeds: each field by its name, choices as they are offered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from urllib.parse import parse_qsl, urljoin, urlsplit

from tests.support.cast import PASSWORD, STAFF
from tests.support.html import Element, Form, Page
from tests.trials.fuzzing.drafts import Body, Draft, Upload
from tests.trials.fuzzing.files import honest_picture, honest_workbook
from tests.trials.fuzzing.pool import Found, Pool

SURNAMES = ("赵", "钱", "孙", "周", "吴", "郑", "王", "冯", "陈", "褚", "卫", "蒋")
GIVEN = "明华建国文军志小红秀英丽娟敏静磊洋艳勇杰娜涛超"
"""None of them makes, behind a surname, the name of somebody in the story: that would look like a leak."""

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
    "phone2_head": lambda _dice: "",
    "phone2_tail": lambda _dice: "",
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
    "contact": lambda _dice: "联络人",
    "contact_name": lambda _dice: "售楼处",
    "address": lambda dice: f"苏州街 {dice.randrange(1, 999)} 号",
    "name": lambda dice: "名" + "".join(dice.choices(GIVEN, k=6)),
    "nickname": lambda dice: "".join(dice.choices(GIVEN, k=3)),
    "number": lambda dice: f"C-{dice.randrange(10**5)}",
    "place": lambda dice: str(dice.randrange(1, 50)),
    "tags": lambda _dice: "临街，转角",
    "text": lambda _dice: "<p>第一层 <b>带院</b></p>",
    "introduction": lambda _dice: "<h2>湖景</h2><p>两站地铁</p>",
    "latitude": lambda _dice: "31.233800",
    "longitude": lambda _dice: "120.796500",
    "pasted": lambda _dice: "",
    "employee_number": lambda dice: f"E{dice.randrange(10**6)}",
    "login": lambda dice: f"login-{dice.randrange(10**6)}",
    "password": lambda _dice: PASSWORD,
    "current_password": lambda _dice: PASSWORD,
    "new_password": lambda _dice: NEW_PASSWORD,
    "repeated": lambda _dice: NEW_PASSWORD,
    "was_warned": lambda _dice: "y",
    "q": lambda dice: dice.choice(GIVEN),
}
"""What is typed into a field; where a page means something else by a name, `BY_PAGE` knows it."""

BY_PAGE: Mapping[tuple[str, str], Callable[[Random], str]] = {
    ("/admin/sign-in", "login"): lambda dice: dice.choice(OFFICE_LOGINS),
    ("/m/staff/sign-in", "login"): lambda dice: dice.choice(PHONE_LOGINS),
    ("/admin/leads/mark-dealt/", "amount"): lambda dice: f"{dice.randrange(10**6, 10**7)}",
}
FILES: Mapping[str, Callable[[Random, str, Pool], Upload]] = {
    "picture": lambda dice, _address, _pool: honest_picture(dice),
    "photo": lambda dice, _address, pool: pool.photo_of_a_code(dice),
    "file": lambda dice, address, _pool: honest_workbook(dice, address),
}


@dataclass(frozen=True)
class Filler:
    """Somebody who fills in the forms of a page."""

    dice: Random
    who: str
    pool: Pool

    def fill(self, found: Found) -> Draft:
        """Fill a form in, press one of its buttons, and return what the browser sends."""
        form, button = found.form, self.dice.choice(found.form.buttons) if found.form.buttons else None
        action = (button.get("formaction") if button is not None else "") or form.action or found.at
        split = urlsplit(urljoin(found.at, action))
        sent = [(name, value) for name in _names(form) for value in self._values(name, split.path, found)]
        if button is not None and button.has("name"):
            sent.append((button["name"], button.get("value")))
        if form.method == "get":
            texts = tuple((name, value) for name, value in sent if isinstance(value, str))
            return Draft(self.who, "GET", split.path, texts)
        if self.dice.random() < 0.9:  # A page is filled in several times here, but each is meant as another.
            sent = [(n, f"again-{self.dice.randrange(10**15)}" if n == "request_id" else v) for n, v in sent]
        has_file = any(isinstance(value, Upload) for _, value in sent)
        body = Body.PARTS if has_file else Body.FIELDS
        query = tuple(parse_qsl(split.query, keep_blank_values=True))
        return Draft(self.who, "POST", split.path, query, tuple(sent), body=body)

    def _values(self, name: str, address: str, found: Found) -> list[str | Upload]:
        """Return what is sent under one name."""
        controls = [control for control in found.form.fields if control["name"] == name]
        kind = controls[0].get("type")
        if kind == "file":
            return [FILES[name](self.dice, address, self.pool)]
        if kind == "hidden":
            return [control.get("value") for control in controls]
        if controls[0].tag == "select" or kind in ("radio", "checkbox"):
            return self._choices(controls)
        return [self._typed(name, address, found.page, shown=_shown(controls[0]))]

    def _typed(self, name: str, address: str, page: Page, *, shown: str) -> str:
        if name == "code":
            return self._code(address, page)
        if name == "phone" and address == "/m/sign-in":
            return self.dice.choice((*self.pool.phones, _account_phone(self.dice)))
        write = BY_PAGE.get((address, name)) or WRITERS.get(name)
        if write is None or (shown and self.dice.random() < 0.5):
            return shown
        return write(self.dice)

    def _choices(self, controls: list[Element]) -> list[str | Upload]:
        """Choose among what is offered: of ticks one or two, else one, and seldom none."""
        is_list = controls[0].tag == "select"
        if is_list:
            options = [option for option in controls[0].find_all("option") if not option.has("disabled")]
            offered = [option.get("value", option.text) for option in options]
        else:
            offered = [control.get("value", "on") for control in controls]
        real = [value for value in offered if value]
        if not real or (len(offered) > len(real) and self.dice.random() < 0.3):
            return [""] if is_list else []
        may_be_two = controls[0].get("type") == "checkbox" and len(real) > 1
        return list(self.dice.sample(real, 2 if may_be_two and self.dice.random() < 0.3 else 1))

    def _code(self, address: str, page: Page) -> str:
        """Return the code that is asked for: a sign-in's stands on the page, others are visit codes."""
        shown = [element.text for element in page.walk() if element.has("data-shown-code")]
        if shown:
            return shown[0]
        if "sign-in" in address or "phone" in address:
            return f"{self.dice.randrange(10**6):06d}"
        return self.dice.choice(self.pool.codes)


def _names(form: Form) -> list[str]:
    return list(dict.fromkeys(control["name"] for control in form.fields))


def _shown(control: Element) -> str:
    """Return what stands in a field already."""
    if control.tag == "textarea":
        return "".join(child for child in control.children if isinstance(child, str)).removeprefix("\n")
    return control.get("value")
