"""The back office in Chinese, which is how it opens: the words of the manual, and no English left."""

from collections.abc import Callable

from tests.admin.conftest import Desk, Room
from tests.support.client import PageClient

SignedIn = Callable[[str], PageClient]


def headings(client: PageClient, path: str) -> list[str]:
    return [cell.text for cell in client.get(path).page.find("thead").find_all("th")]


def test_the_list_of_customers_uses_the_words_of_the_manual(signed_in: SignedIn, room: Room) -> None:
    client = signed_in("secretary")

    assert headings(client, "/admin/leads/") == [
        "客户编号", "客户姓名", "客户电话", "状态", "标记", "绑定经纪人", "经纪人电话", "所属经纪公司",
        "录入人", "预计到访时间", "置业顾问", "保护期至", "操作",
    ]  # fmt: skip
    tabs = client.get("/admin/leads/").page.find_all("a", class_="tab")
    assert [tab.text for tab in tabs] == [
        "全部 5",
        "已录入 1",
        "已报备 1",
        "已绑定 1",
        "已失效 1",
        "已成交 1",
    ]


def test_every_page_of_a_director_is_chinese(signed_in: SignedIn, room: Room) -> None:
    room.cast.enters("fang", reports=True)
    client = signed_in("director")

    titles = [
        client.get(path.format(room=room)).page.h1
        for path in (
            "/admin/leads/",
            "/admin/leads/?name=无人",
            "/admin/leads/details/?id={room.dealt}",
            "/admin/leads/mark-dealt/?id={room.expired}",
            "/admin/leads/undo-deal/?id={room.dealt}",
            "/admin/leads/rebind/?id={room.bound}",
            "/admin/leads/rebind/?id={room.bound}&to=1",
            "/admin/collisions/",
            "/admin/collisions/?state=handled",
            "/admin/leads/details/?id=999",
        )
    ]

    assert titles == [
        "客户", "客户", "林晓", "标记成交", "撤销成交", "修改绑定经纪人", "修改绑定经纪人",
        "撞单", "撞单", "没有内容",
    ]  # fmt: skip


def test_what_is_kept_for_the_next_page_is_of_no_other_language_and_of_nobody(
    signed_in: SignedIn, desk: Desk, room: Room
) -> None:
    """Menu and blank fields are made once; who looked before, and in which language, leaves no trace."""
    director, secretary = desk("director"), signed_in("secretary")
    director.get("/admin/leads/?name=欧阳&phone=138")
    director.get("/admin/leads/")

    page = secretary.get("/admin/leads/").page

    search = page.find("form", class_="search")
    assert [label.text for label in search.find_all("label")] == [
        "客户编号", "客户姓名", "客户电话", "绑定经纪人", "经纪人电话", "所属经纪公司", "置业顾问",
        "录入时间 起", "录入时间 止",
    ]  # fmt: skip
    assert [field["value"] for field in search.find_all("input") if field.has("value")] == [""] * 9
    menu = [link.text for link in page.find("nav", class_="menu").find_all("a")]
    assert ("客户" in menu, "撞单" in menu, "经纪人" in menu) == (True, False, False)
    english = director.get("/admin/leads/").page
    assert english.find("form", class_="search").find_all("label")[0].text == "Customer number"
    assert "Collisions" in english.find("nav", class_="menu").text
