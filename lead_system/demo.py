"""A made-up sales centre for demonstrations: 90 days of customers, told through the real services.

Every customer's story is drawn first, as steps in time; then all steps are taken in the order of time, so
that collisions, lost races for a customer and expired protections come about as they do in life. What a
rule refuses on the way simply does not happen, as it would not have.
"""

import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, partial

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import delete, select, update

from lead_system.demo_project import NAME, make_project
from lead_system.demo_visitors import FIRST_VISITOR_PHONE, tell_of_visitors
from lead_system.domain.errors import Refused
from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.protection import SHANGHAI, shanghai_day, start_of_day
from lead_system.domain.roles import Approval, Role
from lead_system.extensions import Base, db
from lead_system.models import (
    Account,
    Binding,
    Brokerage,
    Collision,
    CollisionState,
    CustomerType,
    Fee,
    Lead,
    Project,
    Setting,
)
from lead_system.queries.settings import colleague_choices
from lead_system.services import bindings, collision_handling, deals, fees, gate, history, leads, viewings
from lead_system.services.leads import LeadEntry, Wishes
from lead_system.services.passwords import hash_password
from lead_system.services.transaction import Caller, atomic
from lead_system.web.pictures import draw_anew

DAYS = 90
LEADS = 2000
BROKERS = 80
PASSWORD = "demo-pass-2026"  # noqa: S105 - printed on purpose, and only ever set in a demonstration
BEING_FILLED = "（演示数据生成中）"
FIRST_BROKER_PHONE = 19900000001

BROKERAGES = ("安家置业", "百川地产", "春和房产", "鼎信不动产", "恒远置业", "佳友房产",
              "乐居经纪", "鸣山地产", "青禾置业", "万象不动产", "星桥房产", "银杏地产")  # fmt: skip
TYPES = ("临街商铺", "内街商铺", "住宅", "公寓", "写字楼")
SURNAMES = (
    *"王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧",
    *("欧阳", "司马", "诸葛"),
)
GIVEN = (
    *"芳伟娜敏静磊洋艳勇杰娟涛明超霞平刚",
    *("桂英", "建国", "志强", "秀兰", "晓东", "海燕", "文博", "雨欣", "子涵", "浩然", "思远", "嘉怡"),
    *("梓萱", "俊熙", "若曦", "国栋", "丽华", "春梅", "永康", "立新", "庆丰", "婉清", "一鸣"),
)
NEEDS = (
    "想要一楼临街，做餐饮。", "预算两百万左右。", "周末带家人一起来看。", "关注学区和交通。",
    "投资用，关心租金回报。", "要带电梯，老人同住。", "", "", "", "",
)  # fmt: skip
NOTES = ("已电话沟通，约周末再看。", "对价格有顾虑，等活动通知。", "家人还要商量。", "很满意朝向，准备下定。",
         "在对比隔壁项目。", "需要按揭方案。")  # fmt: skip
REASONS = ("客户书面确认由其服务", "原经纪人离职，客户同意更换", "双方协商一致")
VOID_REASONS = ("重复支付，已退回", "金额填错，另行支付", "付款未成功")
EXTENSION_REASONS = ("客户出差，下周回来签约", "等待银行审批贷款")

SIGN_SIZE = (48, 24)
SIGN = bytes.fromhex(
    "00000000000030060000000039fffc1ffff81dfffc0ffff009800c00000001bfec000000017fe4000000700600000000"
    "38fff03ffffc18fff83ffffc00c61800180000c61800180000fff802188008fff80318c00cc6180718e018c7180e1870"
    "18fff80c18381800001c181c3030e038180c30f0f870180c63c01c20f80021000c00f800000000000000000000000000"
)
"""The characters 演示 as black and white pixels: the font that Pillow ships has none of them."""


@dataclass(order=True)
class Step:
    """Something that somebody does at a time; `order` keeps equal times in the order of the story."""

    at: datetime
    order: int
    act: Callable[[datetime], object] = field(compare=False)


@dataclass
class People:
    """The ids of the made-up people, by what they are."""

    brokers: list[int]
    gates: list[int]
    consultants: list[int]
    secretary: int
    director: int
    admin: int
    types: list[int]


@dataclass
class Story:
    """One customer of one broker; `lead_id` is known once the broker has entered them."""

    broker_id: int
    entry: LeadEntry
    lead_id: int | None = None


def is_filled() -> bool:
    """Say whether there is somebody in the database, other than from a filling that was interrupted."""
    has_people = db.session.scalar(select(Account.id).limit(1)) is not None
    return has_people and not _was_interrupted()


def _was_interrupted() -> bool:
    return db.session.scalar(select(Project.name)) == BEING_FILLED


def accounts_text() -> str:
    """Return who can sign in to the demonstration, and how."""
    return "\n".join(
        (
            "",
            "This is a demonstration: all people and numbers are made up.",
            f"    Back office    secretary · director · admin               password {PASSWORD}",
            f"    Phone, staff   gate1 … gate3 · consultant1 … consultant6   password {PASSWORD}",
            f"    Phone, broker  {FIRST_BROKER_PHONE} (or any other mobile number); the page shows the code",
            f"    Phone, visitor {FIRST_VISITOR_PHONE}, in the same way",
            f"    Phone, resident of a brokerage   {FIRST_BROKER_PHONE + 9}",
        )
    )


def fill_demo(now: datetime, say: Callable[[str], object]) -> None:
    """Fill an empty database, or one whose filling was interrupted, with 90 days that end now."""
    say(f"Filling the demonstration: {LEADS} customers over {DAYS} days. This takes a few minutes, once.")
    dice = random.Random(20261123)
    if _was_interrupted():
        atomic(_empty_all_tables)
    people = atomic(lambda: _make_people(now - timedelta(days=DAYS + 10)))
    steps = sorted(_draw_steps(dice, people, now))
    for done, step in enumerate(steps):
        if done % max(1, len(steps) // 10) == 0:
            say(f"  {100 * done // len(steps):3d} %")
        with suppress(Refused):
            step.act(step.at)
    _handle_most_collisions(people, now)
    _void_a_few_fees(people, now)
    _extend_two_bindings(people, now)
    tell_of_visitors(people.brokers, people.gates, people.consultants, now)
    _enter_for_colleagues(dice, people, now)
    make_project(people.admin, now)
    atomic(lambda: db.session.execute(update(Project).values(name=NAME)))
    say("  100 %")


def _empty_all_tables() -> None:
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in (Setting.__tablename__, Project.__tablename__):
            db.session.execute(delete(table))


def _make_people(at: datetime) -> People:
    """Make brokerages, agents and staff; the demonstration's people come with known passwords."""
    db.session.execute(update(Project).values(name=BEING_FILLED))
    db.session.execute(update(Setting).values(service_phone="400-000-0000"))
    brokerages = [
        Brokerage(
            name=name, contact=f"{SURNAMES[i]}经理", phone=f"021-5000{i:04d}", address=f"澄湖路 {i + 1} 号"
        )
        for i, name in enumerate(BROKERAGES)
    ]
    types = [CustomerType(name=name) for name in TYPES]
    db.session.add_all([*brokerages, *types])
    db.session.flush()
    password_hash = hash_password(PASSWORD)
    agents = [_make_agent(i, brokerages[i % len(brokerages)], at) for i in range(BROKERS)]
    working = [agent.id for agent in agents if agent.is_approved]

    def staff(role: Role, login: str, name: str, number: str) -> int:
        account = Account(
            role=role, name=name, login=login, phone=f"1980000{number[-4:]}", password_hash=password_hash,
            employee_number=number, approval=Approval.NOT_NEEDED, created_at=at, profile_completed_at=at,
        )  # fmt: skip
        db.session.add(account)
        return _recorded(account, at)

    admin = staff(Role.ADMIN, "admin", "管理员", "A0001")
    gates = ("岳峰", "尹露", "鲍山")
    consultants = ("方晓晨", "顾一帆", "江心怡", "陆明哲", "沈佳宁", "叶知秋")
    return People(
        brokers=working,
        gates=[staff(Role.GATE, f"gate{i}", name, f"G{i:04d}") for i, name in enumerate(gates, 1)],
        consultants=[
            staff(Role.CONSULTANT, f"consultant{i}", name, f"C{i:04d}")
            for i, name in enumerate(consultants, 1)
        ],
        secretary=staff(Role.SECRETARY, "secretary", "苏文", "S0001"),
        director=staff(Role.DIRECTOR, "director", "秦越", "D0001"),
        admin=admin,
        types=[kind.id for kind in types],
    )


def _make_agent(i: int, brokerage: Brokerage, at: datetime) -> Account:
    """Make the agent of a number: every tenth is a resident, of whom one waits and one was rejected."""
    is_resident = i % 10 == 9
    approval = Approval.APPROVED if is_resident else Approval.NOT_NEEDED
    if i == BROKERS - 1:
        approval = Approval.PENDING
    if i == BROKERS - 11:
        approval = Approval.REJECTED
    agent = Account(
        role=Role.RESIDENT if is_resident else Role.BROKER,
        name=SURNAMES[i % 29] + GIVEN[(i * 7 + i // 29) % len(GIVEN)],
        phone=str(FIRST_BROKER_PHONE + i),
        employee_number=f"B{i + 1:05d}",
        brokerage_id=brokerage.id,
        approval=approval,
        rejection_reason="请补充驻场授权书后再提交" if approval is Approval.REJECTED else "",
        created_at=at,
        profile_completed_at=at,
    )
    db.session.add(agent)
    _recorded(agent, at)
    return agent


def _recorded(account: Account, at: datetime) -> int:
    """Write the account's first history record, as every account has one (R10); returns its id."""
    db.session.flush()
    changes = {"role": [None, account.role.value], "demo": True}
    personal = {"name": account.name, "phone": account.phone}
    history.record(
        None, "open_account", chain=f"account:{account.id}", changes=changes, personal=personal, now=at
    )
    return account.id


def _draw_steps(dice: random.Random, people: People, now: datetime) -> Iterator[Step]:
    """Draw every customer's story; about one in nine is somebody whom another broker went for before."""
    stories: list[Story] = []
    order = 0
    for _number in range(LEADS):
        at = _working_moment(dice, now)
        rival = dice.choice(stories) if stories and dice.random() < 0.11 else None
        entry = rival.entry if rival else _draw_entry(dice, people, at)
        story = Story(dice.choice(people.brokers), entry)
        stories.append(story)
        for moment, act in _tell(dice, people, story, at):
            if moment < now:
                order += 1
                yield Step(moment, order, act)


def _working_moment(dice: random.Random, now: datetime) -> datetime:
    """Draw a moment of the last 90 days between nine and seven in Shanghai, later days a little busier."""
    days_ago = int(DAYS * (1 - dice.random() ** 0.8))
    morning = start_of_day(shanghai_day(now) - timedelta(days=days_ago)) + timedelta(hours=9)
    at = morning + timedelta(seconds=dice.randrange(10 * 3600))
    return at if at < now else at - timedelta(days=1)


def _in_opening_hours(dice: random.Random, at: datetime) -> datetime:
    """Move a moment at which the sales centre is closed to the next morning or afternoon."""
    hour = at.astimezone(SHANGHAI).hour
    if 9 <= hour < 19:
        return at
    day = shanghai_day(at) + timedelta(days=1 if hour >= 19 else 0)
    return start_of_day(day) + timedelta(hours=9, minutes=dice.randrange(9 * 60))


def _draw_entry(dice: random.Random, people: People, at: datetime) -> LeadEntry:
    def digits(count: int) -> str:
        return "".join(dice.choice("0123456789") for _ in range(count))

    head = dice.choice(("135", "136", "137", "138", "139", "150", "158", "177", "186", "189"))
    has_second = dice.random() < 0.15
    day = shanghai_day(at) + timedelta(days=dice.randrange(1, 6))
    visit = start_of_day(day) + timedelta(hours=dice.randrange(9, 18)) if dice.random() < 0.7 else None
    wishes = Wishes(
        expected_visit_at=visit,
        customer_type_id=dice.choice(people.types),
        needs=dice.choice(NEEDS),
        wished_consultant_id=dice.choice(people.consultants) if dice.random() < 0.5 else None,
    )
    second = ("199", digits(4)) if has_second else ("", "")
    return LeadEntry(dice.choice(SURNAMES), dice.choice(GIVEN), head, digits(4), *second, wishes)


Act = Callable[[datetime], object]


def _tell(dice: random.Random, people: People, story: Story, at: datetime) -> Iterator[tuple[datetime, Act]]:
    """Tell one story: entered, mostly reported, often scanned and shown, sometimes dealt or come back for."""
    at_once = dice.random() < 0.45
    yield at, lambda now: _enter(story, then_report=at_once, now=now)
    if not at_once:
        if dice.random() < 0.22:
            return
        at = _in_opening_hours(dice, at + timedelta(hours=dice.randrange(2, 60)))
        yield at, lambda now: _report(story, now)
    if dice.random() < 0.24:
        return
    at = _in_opening_hours(dice, at + timedelta(minutes=dice.randrange(40, 3 * 24 * 60)))
    gate_id, consultant_id = dice.choice(people.gates), dice.choice(people.consultants)
    yield at, lambda now: _scan(story, gate_id, consultant_id, now)
    yield from _show(dice, people, story, at)
    if dice.random() < 0.2:
        yield (
            at + timedelta(days=dice.randrange(3, 20)),
            lambda now: _scan(story, gate_id, consultant_id, now),
        )
    fate = dice.random()
    if fate < 0.13:
        late = at + timedelta(days=dice.randrange(4, 26))
        yield late, lambda now: _deal(dice, people, story, now)
    elif fate < 0.145:
        receiver = dice.choice(people.brokers)
        yield (
            at + timedelta(days=dice.randrange(2, 20)),
            lambda now: _rebind(dice, people, story, receiver, now),
        )
    elif fate < 0.32:
        back = at + timedelta(days=dice.randrange(31, 45))
        yield back, lambda now: _report(story, now)
        yield back + timedelta(days=1), lambda now: _scan(story, gate_id, consultant_id, now)


def _show(dice: random.Random, people: People, story: Story, at: datetime) -> Iterator[tuple[datetime, Act]]:
    """After a scan: the viewing within the hour, follow-ups in the days after, and the broker's fee."""
    intent = dice.choices("ABCD", weights=(2, 4, 3, 1))[0]
    yield at + timedelta(minutes=dice.randrange(5, 50)), lambda now: _view(story, intent, now)
    for _number in range(dice.choice((0, 1, 1, 2))):
        called = at + timedelta(days=dice.randrange(1, 9), minutes=7)
        yield called, partial(_follow_up, story, dice.choice(NOTES))
    if dice.random() < 0.5:
        amount = Decimal(dice.choice((100, 150, 200, 300)))
        paid = at + timedelta(days=dice.randrange(1, 5), minutes=dice.randrange(60))
        yield (
            paid,
            lambda now: _pay(people, story, amount, now),
        )


def _by(account_id: int) -> Caller:
    return Caller(account_id, secrets.token_urlsafe(16))


def _known(story: Story) -> int:
    return story.lead_id or 0


def _lead(story: Story) -> Lead:
    return db.session.get_one(Lead, _known(story)) if story.lead_id else Lead(code_token="", version=0)


def _enter(story: Story, *, then_report: bool, now: datetime) -> None:
    entered = leads.enter_lead(_by(story.broker_id), entry=story.entry, then_report=then_report, now=now)
    story.lead_id = entered.lead_id


def _report(story: Story, now: datetime) -> None:
    leads.report_lead(_by(story.broker_id), lead_id=_known(story), wishes=story.entry.wishes, now=now)


def _scan(story: Story, gate_id: int, consultant_id: int, now: datetime) -> None:
    chosen = story.entry.wishes.wished_consultant_id or consultant_id
    gate.confirm_scan(
        _by(gate_id), code=_lead(story).code_token or "", consultant_id=chosen, another_visit=True, now=now
    )


def _view(story: Story, intent: str, now: datetime) -> None:
    lead = _lead(story)
    if lead.consultant_id:
        viewings.record_viewing(
            _by(lead.consultant_id), code=lead.code_token or "", intent=intent, standing_in=False, now=now
        )


def _follow_up(story: Story, note: str, now: datetime) -> None:
    lead = _lead(story)
    if lead.consultant_id:
        # Every twenty-fifth customer is to be called again; some of these days have come by now.
        next_on = shanghai_day(now) + timedelta(days=3) if lead.id % 25 == 0 else None
        viewings.add_follow_up(_by(lead.consultant_id), lead_id=lead.id, note=note, next_on=next_on, now=now)


def _pay(people: People, story: Story, amount: Decimal, now: datetime) -> None:
    fees.pay_fee(_by(people.secretary), lead_id=_known(story), amount=amount, picture=_slip(amount), now=now)


@cache
def _slip(amount: Decimal) -> fees.NewPicture:
    """Draw the screenshot of a payment that never was, and that says so."""
    slip = Image.new("RGB", (240, 426), "white")
    pen = ImageDraw.Draw(slip)
    pen.rectangle((0, 0, 240, 86), fill="#07c160")
    sign = Image.frombytes("1", SIGN_SIZE, SIGN).resize((SIGN_SIZE[0] * 2, SIGN_SIZE[1] * 2))
    slip.paste("white", (72, 19), sign)
    pen.text((120, 130), f"-{amount:.2f}", "black", ImageFont.load_default(36), anchor="mm")
    for top, text in ((180, "Status: paid"), (216, "Method: WeChat Pay"), (252, "No. 0000 0000 0000")):
        pen.line((16, top, 224, top), "#e5e5e5")
        pen.text((16, top + 18), text, "#888888", ImageFont.load_default(15), anchor="lm")
    return draw_anew(slip)


def _deal(dice: random.Random, people: People, story: Story, now: datetime) -> None:
    terms = deals.DealTerms(
        shanghai_day(now),
        unit=f"{dice.randrange(1, 9)}-{dice.randrange(101, 132)}",
        amount=Decimal(dice.randrange(80, 600)) * 10_000,
    )
    deals.mark_dealt(
        _by(people.director), lead_id=_known(story), version=_lead(story).version, terms=terms, now=now
    )


def _rebind(dice: random.Random, people: People, story: Story, receiver: int, now: datetime) -> None:
    bindings.rebind_lead(
        _by(people.director),
        lead_id=_known(story),
        version=_lead(story).version,
        to_broker_id=receiver,
        reason=dice.choice(REASONS),
        keep_end=dice.random() < 0.5,
        now=now,
    )


def _handle_most_collisions(people: People, now: datetime) -> None:
    """Let the director handle what is older than four days; the rest waits, and shows in the menu."""
    old = select(Collision.id).where(
        Collision.state == CollisionState.OPEN, Collision.last_event_at < now - timedelta(days=4)
    )
    for collision_id in list(db.session.scalars(old)):
        collision_handling.handle_collisions(
            _by(people.director),
            collision_ids=(collision_id,),
            outcome="holder_keeps",
            note="以先绑定为准",
            now=now - timedelta(days=3),
        )


def _void_a_few_fees(people: People, now: datetime) -> None:
    """Let the secretary find a few mistakes among the fees, two days ago."""
    at = now - timedelta(days=2)
    paid = select(Fee.id).where(Fee.created_at < at - timedelta(days=1)).order_by(Fee.id.desc())
    some = list(db.session.scalars(paid))[::15][: 2 * len(VOID_REASONS)]
    for number, fee_id in enumerate(some):
        reason = VOID_REASONS[number % len(VOID_REASONS)]
        fees.void_fee(_by(people.secretary), fee_id=fee_id, reason=reason, now=at)


def _enter_for_colleagues(dice: random.Random, people: People, now: datetime) -> None:
    """Let each resident enter a customer for the first two colleagues, three hours ago."""
    at = now - timedelta(hours=3)
    residents = select(Account).where(Account.id.in_(people.brokers), Account.role == Role.RESIDENT)
    wanted = [(one.id, [c.id for c in colleague_choices(one)[:2]]) for one in db.session.scalars(residents)]
    for resident_id, colleague_ids in wanted:
        for colleague_id in colleague_ids:
            entry = _draw_entry(dice, people, at)
            with suppress(Refused):
                leads.enter_lead(
                    _by(resident_id), entry=entry, then_report=False, colleague_id=colleague_id, now=at
                )


def _extend_two_bindings(people: People, now: datetime) -> None:
    """Let the director extend, an hour ago, the two running bindings that end next."""
    soon = (
        select(Lead)
        .join(Binding, Binding.lead_id == Lead.id)
        .where(Binding.ended_at.is_(None), Binding.ends_at > now, Lead.status == LeadStatus.BOUND)
        .order_by(Binding.ends_at)
        .limit(len(EXTENSION_REASONS))
    )
    wanted = [(lead.id, lead.version) for lead in db.session.scalars(soon)]
    for (lead_id, version), reason in zip(wanted, EXTENSION_REASONS, strict=False):
        bindings.extend_binding(
            _by(people.director),
            lead_id=lead_id,
            version=version,
            days=7,
            reason=reason,
            now=now - timedelta(hours=1),
        )
