"""The project page and its plots: the admin writes them, the database decides, the history remembers."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from lead_system.domain.places import Position, find_position, read_position
from lead_system.extensions import db
from lead_system.models import Illustration, IllustrationSize, Plot
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.project import (
    add_plot,
    keep_picture,
    plot_row,
    project_row,
    put_away,
    rewrite_plot,
    take_out,
    write_project,
)
from tests.support.refusals import nothing_written, refused

pytestmark = pytest.mark.usefixtures("clock")
LAKE = Position(Decimal("31.233800"), Decimal("120.796500"))
NOT_ADMINS = ("fang", "wei", "feng", "xin", "secretary", "director")
UNKNOWN = f"<img src='/pictures/{'0' * 32}/480.jpg'>"


@both_databases
def test_written_project_is_kept_and_written_down(cast: Cast) -> None:
    version = write_project(
        cast,
        name=" 澄湖天街\u200b ",
        address="湖滨路 1 号",
        introduction="<p onclick=x>湖景</p>",
        tags=("湖景", " 双地铁 ", "湖景", ""),
        contact_name="林青",
        contact_phone="400-800 1234",
        position=LAKE,
    )

    assert project_row(cast, "name", "address", "introduction", "tags") == [
        "澄湖天街", "湖滨路 1 号", "<p>湖景</p>", ["湖景", "双地铁"],
    ]  # fmt: skip
    assert project_row(cast, "contact_name", "contact_phone", "position", "version") == [
        "林青", "400-800 1234", LAKE, version,
    ]  # fmt: skip
    ((action, actor, changes, personal),) = cast.history("project")
    assert (action, actor) == ("change_project", cast.ids["admin"])
    assert changes == {"latitude": [None, "31.233800"], "longitude": [None, "120.796500"]}
    assert personal["introduction"] == ["", "<p>湖景</p>"]
    assert set(personal) == {"name", "address", "introduction", "tags", "contact_name", "contact_phone"}


def test_only_what_changed_is_written_down(cast: Cast) -> None:
    write_project(cast, address="湖滨路 1 号", position=LAKE)

    write_project(cast, address="湖滨路 2 号", position=LAKE)

    *_, (_, _, changes, personal) = cast.history("project")
    assert (changes, personal) == ({}, {"address": ["湖滨路 1 号", "湖滨路 2 号"]})


def test_same_facts_and_a_repeat_write_nothing(cast: Cast) -> None:
    facts = {"tags": ("湖景",), "introduction": "<p>湖</p>", "position": LAKE}
    write_project(cast, request_id="one-and-the-same", version=1, **facts)

    with nothing_written(cast.app):
        assert write_project(cast, **facts) == 2
        assert write_project(cast, request_id="one-and-the-same", version=1, **facts) == 2


def test_form_that_was_filled_in_before_a_change_is_refused(cast: Cast) -> None:
    write_project(cast, address="湖滨路 1 号")

    with nothing_written(cast.app), refused("stale"):
        write_project(cast, version=1, address="湖滨路 2 号")


@pytest.mark.parametrize("who", NOT_ADMINS)
def test_nobody_but_the_admin_writes(cast: Cast, who: str) -> None:
    plot = add_plot(cast)

    with nothing_written(cast.app):
        with refused("forbidden"):
            write_project(cast, by=who)
        with refused("forbidden"):
            add_plot(cast, "B-02", by=who)
        with refused("forbidden"):
            rewrite_plot(cast, plot, "B-02", by=who)
        with refused("forbidden"):
            put_away(cast, plot, by=who)
        with refused("forbidden"):
            take_out(cast, plot, by=who)


@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        ({"name": " \u200b"}, "name_missing", "name"),
        ({"name": "湖" * 61}, "text_too_long", "name"),
        ({"name": "a\x1bb"}, "text_not_readable", "name"),
        ({"address": "湖" * 121}, "text_too_long", "address"),
        ({"contact_name": "林" * 31}, "text_too_long", "contact_name"),
        ({"contact_phone": "1234"}, "brokerage_phone_wrong", "contact_phone"),
        ({"contact_phone": "please ask"}, "brokerage_phone_wrong", "contact_phone"),
        ({"introduction": f"<p>{'湖' * 30_000}</p>"}, "text_too_long", "introduction"),
        ({"introduction": UNKNOWN}, "illustration_not_kept", "introduction"),
        ({"tags": ("湖" * 13,)}, "tag_too_long", "tags"),
        ({"tags": tuple("一二三四五六七八九")}, "too_many_tags", "tags"),
    ],
)
def test_wrong_fact_is_refused_at_its_field(cast: Cast, facts: dict[str, Any], code: str, field: str) -> None:
    with nothing_written(cast.app), refused(code, field=field):
        write_project(cast, **facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "湖" * 60},
        {"address": "湖" * 120},
        {"tags": tuple("一二三四五六七八")},
        {"tags": ("湖" * 12,)},
        {"contact_phone": "13500010001"},
        {"contact_name": ""},
    ],
)
def test_facts_at_their_limits_are_kept(cast: Cast, facts: dict[str, Any]) -> None:
    write_project(cast, **facts)

    (name,) = facts
    assert project_row(cast, name) == [list(facts[name]) if name == "tags" else facts[name]]


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        ("39.908722", "116.397499", ("39.908722", "116.397499")),
        (" 39.9087224999° ", "116", ("39.908722", "116.000000")),
        ("-90", "-180", ("-90.000000", "-180.000000")),
        ("90", "180", ("90.000000", "180.000000")),
    ],
)
def test_position_is_read_from_two_fields(latitude: str, longitude: str, expected: tuple[str, str]) -> None:
    position = read_position(latitude, longitude)

    assert position == Position(Decimal(expected[0]), Decimal(expected[1]))


@pytest.mark.parametrize(
    ("latitude", "longitude", "field"),
    [
        ("90.000001", "116", "latitude"),
        ("-91", "116", "latitude"),
        ("39.9", "180.1", "longitude"),
        ("39.9", "", "longitude"),
        ("", "116.3", "latitude"),
        ("39,9", "116.3", "latitude"),
        ("nan", "116.3", "latitude"),
        ("1e1", "116.3", "latitude"),
        ("39.9", "116°23′", "longitude"),
        ("三十九", "116.3", "latitude"),
    ],
)
def test_wrong_position_is_refused_at_its_field(latitude: str, longitude: str, field: str) -> None:
    with refused("position_wrong", field=field):
        read_position(latitude, longitude)


def test_blank_position_is_none() -> None:
    assert read_position("", "  ") is None


@pytest.mark.parametrize(
    "pasted",
    [
        "39.908722,116.397499",
        "116.397499, 39.908722",
        "39.908722，116.397499",
        "坐标：39.908722  116.397499（天安门）",
        "https://uri.amap.com/marker?position=116.397499,39.908722&name=x",
        "https://api.map.baidu.com/marker?location=39.908722%2C116.397499&title=x",
        "https://apis.map.qq.com/uri/v1/marker?marker=coord:39.908722,116.397499;title:x",
        "https://maps.apple.com/?ll=39.908722,116.397499",
    ],
)
def test_position_is_found_in_what_people_paste(pasted: str) -> None:
    assert find_position(pasted) == Position(Decimal("39.908722"), Decimal("116.397499"))


@pytest.mark.parametrize("pasted", ["湖滨路 1 号", "39.908722", "https://surl.amap.com/abc123", "12,34", ""])
def test_paste_without_coordinates_is_refused(pasted: str) -> None:
    with refused("position_not_found", field="pasted"):
        find_position(pasted)


@both_databases
def test_opened_plot_is_kept_and_written_down(cast: Cast) -> None:
    digest = keep_picture(cast)
    text = f'<p><img src="/pictures/{digest}/480.jpg" alt="街景"></p>'

    plot = add_plot(cast, " A-01 ", tags=("临街",), text=text, place=3)

    assert plot_row(cast, plot, "number", "tags", "text", "place") == ["A-01", ["临街"], text, 3]
    assert cast.history(f"plot:{plot}") == [
        (
            "open_plot",
            cast.ids["admin"],
            {"place": [None, 3]},
            {"number": [None, "A-01"], "tags": [None, ["临街"]], "text": [None, text]},
        )
    ]


def test_repeated_opening_opens_one_plot(cast: Cast) -> None:
    first = add_plot(cast, request_id="one-and-the-same")

    assert add_plot(cast, request_id="one-and-the-same") == first
    assert cast.count(Plot) == 1


@both_databases
def test_number_of_a_shown_plot_is_taken_however_it_is_written(cast: Cast) -> None:
    add_plot(cast, "A-01")
    other = add_plot(cast, "B-02")

    with nothing_written(cast.app):
        for number in ("A-01", "a-01", "Ａ－０１", "A - 01"):
            with refused("plot_number_taken", field="number"):
                add_plot(cast, number)
        with refused("plot_number_taken", field="number"):
            rewrite_plot(cast, other, "a-01")


@both_databases
def test_the_database_itself_refuses_a_second_shown_plot(cast: Cast) -> None:
    add_plot(cast, "A-01")

    with cast.app.app_context():
        db.session.add(Plot(number="A 01", number_key="a-01", place=9))
        with pytest.raises(IntegrityError):
            db.session.commit()


@both_databases
def test_archived_number_can_be_given_again_and_then_bars_the_way_back(cast: Cast) -> None:
    old = add_plot(cast, "A-01")
    put_away(cast, old)
    new = add_plot(cast, "A-01")

    with nothing_written(cast.app), refused("plot_number_taken"):
        take_out(cast, old)
    put_away(cast, new)
    take_out(cast, old)

    assert plot_row(cast, old, "archived_at") == [None]
    assert plot_row(cast, new, "archived_at") != [None]
    assert [action for action, *_ in cast.history(f"plot:{old}")] == [
        "open_plot", "archive_plot", "bring_back_plot",
    ]  # fmt: skip


def test_change_of_a_plot_writes_down_what_changed_and_nothing_else(cast: Cast) -> None:
    plot = add_plot(cast, "A-01", tags=("临街",), text="<p>a</p>", place=3)

    rewrite_plot(cast, plot, "A-02", tags=("临街",), text="<p>a</p>", place=4)

    assert plot_row(cast, plot, "number", "tags", "text", "place", "version") == [
        "A-02", ["临街"], "<p>a</p>", 4, 2,
    ]  # fmt: skip
    *_, (action, _, changes, personal) = cast.history(f"plot:{plot}")
    assert (action, changes, personal) == (
        "change_plot", {"place": [3, 4]}, {"number": ["A-01", "A-02"]}
    )  # fmt: skip
    with nothing_written(cast.app):
        rewrite_plot(cast, plot, "A-02", tags=("临街",), text="<p>a</p>", place=4)


def test_stale_and_vanished_plots_are_refused(cast: Cast) -> None:
    plot = add_plot(cast)
    rewrite_plot(cast, plot, place=2)

    with nothing_written(cast.app):
        with refused("stale"):
            rewrite_plot(cast, plot, place=3, version=1)
        with refused("stale"):
            put_away(cast, plot, version=1)
        with refused("not_found"):
            take_out(cast, plot)
        with refused("not_found"):
            put_away(cast, 999, version=1)
    put_away(cast, plot)
    with nothing_written(cast.app):
        with refused("not_found"):
            rewrite_plot(cast, plot)
        with refused("not_found"):
            put_away(cast, plot)
        with refused("stale"):
            take_out(cast, plot, version=2)


@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        ({"number": " \u200b"}, "plot_number_missing", "number"),
        ({"number": "A" * 31}, "text_too_long", "number"),
        ({"place": 0}, "plot_place_wrong", "place"),
        ({"place": 10_000}, "plot_place_wrong", "place"),
        ({"tags": ("街" * 13,)}, "tag_too_long", "tags"),
        ({"text": UNKNOWN}, "illustration_not_kept", "text"),
    ],
)
def test_wrong_plot_is_refused_at_its_field(cast: Cast, facts: dict[str, Any], code: str, field: str) -> None:
    with nothing_written(cast.app), refused(code, field=field):
        add_plot(cast, **facts)


@both_databases
def test_same_picture_is_kept_once_in_its_widths(cast: Cast) -> None:
    digest = keep_picture(cast, size=(2000, 1000))

    assert keep_picture(cast, size=(2000, 1000)) == digest
    assert cast.count(Illustration, width=1600, height=800) == 1
    with cast.app.app_context():
        widths = db.session.scalars(db.select(IllustrationSize.width).order_by(IllustrationSize.width))
        assert list(widths) == [240, 480, 960, 1600]
