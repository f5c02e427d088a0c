"""The made-up project of the demonstration: its page, its plots, and pictures drawn for them."""

import secrets
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from PIL import Image, ImageDraw
from sqlalchemy import select

from lead_system.domain.places import Position
from lead_system.extensions import db
from lead_system.models import Plot, Project
from lead_system.services.illustrations import keep_illustration
from lead_system.services.plots import PlotFacts, open_plot
from lead_system.services.project import ProjectFacts, change_project
from lead_system.services.transaction import Caller
from lead_system.web.pictures import draw_widths

NAME = "澄湖天街（演示）"
SIZE = (1200, 750)

_DUSK = ((38, 59, 96), (233, 178, 138))
_DAY = ((150, 197, 224), (240, 246, 244))
_LAKE = (69, 112, 138)
_WALLS = ((51, 66, 96), (67, 84, 116), (88, 106, 138))
_WINDOW = (250, 214, 150)

INTRODUCTION = """\
<p>澄湖天街位于澄湖新城核心，临湖而建，集<strong>商业街区、公寓与写字楼</strong>于一体。本页内容均为演示虚构。</p>
{skyline}
<h2>三大亮点</h2>
<ul><li>一线湖景：商业主街距湖岸一百二十米</li><li>双轨交汇：步行六分钟到达地铁站</li>\
<li>成熟配套：学校、医院、公园均在一公里内</li></ul>
<h2>规划一览</h2>
<p>全区分为三个地块，先期开放 A、B 两个地块，预计明年第三季度交付。</p>
{plan}
<p>现场看房请提前报备，到访后由置业顾问陪同讲解。</p>
"""


class DrawnPlot(NamedTuple):
    """A plot of the demonstration, and how its picture is drawn."""

    number: str
    tags: tuple[str, ...]
    alt: str
    draw: Callable[[], Image.Image]
    words: str


def make_project(admin_id: int, now: datetime) -> None:
    """Let the admin write the project page and open its plots."""
    skyline = _picture(admin_id, draw_skyline(), "暮色中的湖岸天际线", now)
    plan = _picture(admin_id, draw_plan(), "三个地块的总平面示意图", now)
    project = db.session.execute(select(Project)).scalar_one()
    facts = ProjectFacts(
        name=project.name,
        address="澄湖新城临湖大道 88 号（虚构）",
        introduction=INTRODUCTION.format(skyline=skyline, plan=plan),
        tags=("一线湖景", "双地铁", "现铺发售", "品牌商管"),
        contact_name="澄湖天街营销中心",
        contact_phone="400-000-0000",
        position=Position(Decimal("31.233800"), Decimal("120.796500")),
    )
    change_project(_by(admin_id), version=project.version, facts=facts, now=now)
    known = set(db.session.scalars(select(Plot.number)))
    for place, plot in enumerate((p for p in PLOTS if p.number not in known), start=1):
        text = f"{_picture(admin_id, plot.draw(), plot.alt, now)}{plot.words}"
        open_plot(_by(admin_id), facts=PlotFacts(plot.number, plot.tags, text, place), now=now)


def _by(admin_id: int) -> Caller:
    return Caller(admin_id, secrets.token_urlsafe(16))


def _picture(admin_id: int, drawn: Image.Image, alt: str, now: datetime) -> str:
    kept = keep_illustration(_by(admin_id), picture=draw_widths(drawn), now=now)
    return f'<p><img src="/pictures/{kept.digest}/{kept.width}.jpg" alt="{alt}"></p>'


def _sky(top: tuple[int, ...], foot: tuple[int, ...]) -> Image.Image:
    """Return a canvas whose colour changes from the top to the foot."""
    column = Image.new("RGB", (1, 256))
    for y in range(256):
        column.putpixel((0, y), tuple(a + (b - a) * y // 255 for a, b in zip(top, foot, strict=True)))
    return column.resize(SIZE)


def draw_skyline() -> Image.Image:
    """Draw towers by a lake at dusk, with their lights in the water."""
    picture = _sky(*_DUSK)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((880, 300, 1040, 460), fill=(248, 214, 176))
    shore, left = 560, 0
    for number in range(18):
        width, height = 52 + number * 29 % 47, 110 + (number * 97) % 260
        _tower(pen, (left, shore - height, left + width, shore), number)
        left += width + 14
    pen.rectangle((0, shore, *SIZE), fill=_LAKE)
    for number in range(26):
        x, y = number * 151 % 1200, shore + 14 + number * 43 % 170
        pen.line((x, y, x + 70, y), fill=(118, 152, 168), width=3)
    return picture


def _tower(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], number: int) -> None:
    left, top, right, foot = box
    pen.rectangle(box, fill=_WALLS[number % len(_WALLS)])
    for row, y in enumerate(range(top + 12, foot - 16, 20)):
        for column, x in enumerate(range(left + 9, right - 12, 15)):
            if (row * 7 + column * 5 + number) % 4 == 0:
                pen.rectangle((x, y, x + 7, y + 10), fill=_WINDOW)


def draw_plan() -> Image.Image:
    """Draw the plan of the quarter: a lake, streets, trees and three plots."""
    picture = Image.new("RGB", SIZE, (236, 240, 230))
    pen = ImageDraw.Draw(picture)
    pen.polygon([(0, 0), (1200, 0), (1200, 120), (760, 190), (380, 150), (0, 210)], fill=(164, 203, 219))
    for street in ((0, 440, 1200, 482), (392, 170, 434, 750), (800, 176, 842, 750)):
        pen.rectangle(street, fill=(255, 255, 255))
    blocks = (
        (40, 250, 352, 410, "#e7b98c"),
        (474, 250, 760, 410, "#9fb8d8"),
        (882, 240, 1160, 410, "#c6d8a8"),
    )
    for left, top, right, foot, colour in blocks:
        pen.rounded_rectangle((left, top, right, foot), 14, fill=colour)
        for x in range(left + 24, right - 60, 74):
            pen.rectangle((x, top + 26, x + 46, foot - 26), fill="#ffffff", outline="#7c8796", width=2)
    for left in (40, 474, 882):
        pen.rounded_rectangle((left, 520, left + 278, 710), 14, fill="#d9e4cc")
    for number in range(60):
        x, y = 20 + number * 137 % 1160, 500 + number * 71 % 230
        pen.ellipse((x, y, x + 18, y + 18), fill="#8fb27e")
    return picture


def draw_street() -> Image.Image:
    """Draw a street of shops by day, with awnings and trees."""
    picture = _sky(*_DAY)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 600, *SIZE), fill=(206, 203, 196))
    awnings = ("#c8553d", "#2f7f79", "#d8973c", "#44638f", "#7a9b57")
    for number in range(5):
        left = 20 + number * 236
        pen.rectangle((left, 180 + number % 2 * 50, left + 220, 600), fill=("#f0e4d4", "#e2d3c0")[number % 2])
        for x in (left + 24, left + 92, left + 160):
            pen.rectangle((x, 270, x + 38, 350), fill="#8fb0bf", outline="#ffffff", width=3)
        pen.rectangle((left + 14, 440, left + 206, 600), fill="#5d7a87")
        pen.polygon(
            [(left, 440), (left + 220, 440), (left + 206, 396), (left + 14, 396)], fill=awnings[number]
        )
    for x in (120, 480, 840, 1120):
        pen.rectangle((x + 26, 520, x + 36, 640), fill="#79614a")
        pen.ellipse((x, 420, x + 64, 540), fill="#7fa869")
    return picture


def draw_flats() -> Image.Image:
    """Draw two blocks of flats by day, with balconies."""
    picture = _sky(*_DAY)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 640, *SIZE), fill=(176, 200, 154))
    for left, top, colour in ((170, 110, "#f3ece1"), (660, 190, "#e6ddcf")):
        pen.rectangle((left, top, left + 370, 640), fill=colour)
        for y in range(top + 36, 590, 76):
            for x in range(left + 30, left + 340, 84):
                pen.rectangle((x, y, x + 54, y + 38), fill="#86a5b6")
                pen.rectangle((x - 5, y + 38, x + 59, y + 50), fill="#b9a78e")
    for number in range(14):
        x = 20 + number * 89
        pen.ellipse((x, 590 + number % 3 * 12, x + 74, 668 + number % 3 * 12), fill="#88ae72")
    return picture


PLOTS = (
    DrawnPlot(
        "A-01",
        ("临街商铺", "现铺发售", "挑高五米四"),
        "A-01 地块商业街效果示意",
        draw_street,
        "<h2>临湖商业主街</h2><p>三十八席临街商铺，面积四十至一百六十平方米，<strong>开间方正，挑高五米四</strong>，"
        "上下水与排烟预留到户。</p><ul><li>适合餐饮、零售与生活服务</li><li>统一招商与运营管理</li></ul>",
    ),
    DrawnPlot(
        "B-03",
        ("公寓", "精装交付", "近地铁"),
        "B-03 地块公寓效果示意",
        draw_flats,
        "<h2>湖景精装公寓</h2><p>两栋二十六层公寓，建筑面积四十五至八十九平方米，精装交付，步行六分钟到达地铁站。</p>",
    ),
    DrawnPlot(
        "C-02",
        ("写字楼", "预约看房"),
        "C-02 地块写字楼群天际线示意",
        draw_skyline,
        "<h2>滨湖写字楼</h2><p>标准层一千二百平方米，可自由分割；预计明年第三季度交付，现接受预约看房。</p>",
    ),
)
