"""Illustrated text: what is kept of it, what never is, and how a page shows its pictures."""

import pytest

from lead_system.services.rich_text import clean_html, pictures_in, plain_text, safe_html
from lead_system.web.rich_text import first_pictures, said, shown
from tests.support.cast import Cast
from tests.support.project import keep_picture
from tests.support.refusals import refused

DIGEST = "0123456789abcdef0123456789abcdef"
OWN = f"/pictures/{DIGEST}/960.jpg"
SAFE_LINK = 'target="_blank" rel="noopener noreferrer nofollow"'

NASTY = [
    ("<p>a<script>alert(1)</script>b</p>", "<p>ab</p>"),
    ("<SCRIPT SRC=//evil.example/x.js></SCRIPT><p>b</p>", "<p>b</p>"),
    ("<p>a<scr<script>x</script>ipt>alert(1)</script></p>", "<p>axipt&gt;alert(1)</p>"),
    ("<p>a<style>p{background:url(//evil.example)}</style>b</p>", "<p>ab</p>"),
    ('<p style="position:fixed" class="hero" id="work" onclick="x()">a</p>', "<p>a</p>"),
    (f'<img src="{OWN}" onerror="x()" alt="a">', f'<img src="{OWN}" alt="a">'),
    ('<p>a<img src=x onerror="alert(1)"></p>', "<p>a</p>"),
    ('<p>a<img src="https://evil.example/x.jpg"></p>', "<p>a</p>"),
    ('<p>a<img src="//evil.example/pictures/x.jpg"></p>', "<p>a</p>"),
    ('<p>a<img src="data:image/png;base64,AAAA"></p>', "<p>a</p>"),
    (f'<p>a<img src="{OWN}/../../../admin/leads/"></p>', "<p>a</p>"),
    (f'<p>a<img src="{OWN}?next=//evil.example"></p>', "<p>a</p>"),
    (f'<p>a<img srcset="https://evil.example/x 1x" src="{OWN}"></p>', f'<p>a<img src="{OWN}"></p>'),
    (f'<img alt=\'"><script>x</script>\' src="{OWN}">', None),
    ("<p>a<svg><script>x</script><a href='javascript:x'>b</a></svg></p>", None),
    ("<p>a<math><mtext></form><form><mglyph><style></math><img src onerror=x></p>", None),
    ('<p>a<iframe src="https://evil.example"></iframe>b</p>', "<p>ab</p>"),
    ('<p>a<iframe srcdoc="<script>x</script>"></iframe></p>', "<p>a</p>"),
    ('<p>a<object data="x.swf"></object><embed src="x.swf"></p>', "<p>a</p>"),
    ('<form action="//evil.example"><input name="password"><button>a</button></form>', "a"),
    ('<p>a<meta http-equiv="refresh" content="0;url=//evil.example"><base href="//evil.example"></p>', None),
    ('<p><link rel="stylesheet" href="//evil.example/x.css">a</p>', "<p>a</p>"),
    ("<p>a<!-- <script>x</script> -->b</p>", "<p>ab</p>"),
    ("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ("<h1>a</h1>", "a"),
    ("<table><tr><td>a</td></tr></table>", "a"),
    ("<video src=x></video><audio src=x></audio><p>a</p>", "<p>a</p>"),
    ('<a href="javascript:alert(1)">a</a>', f"<a {SAFE_LINK}>a</a>"),
    ('<a href="JaVaScRiPt:alert(1)">a</a>', f"<a {SAFE_LINK}>a</a>"),
    ('<a href="java&#x09;script:alert(1)">a</a>', f"<a {SAFE_LINK}>a</a>"),
    ('<a href=" &#14; javascript:alert(1)">a</a>', f"<a {SAFE_LINK}>a</a>"),
    ('<a href="data:text/html,<script>x</script>">a</a>', f"<a {SAFE_LINK}>a</a>"),
    ('<a href="vbscript:x">a</a>', f"<a {SAFE_LINK}>a</a>"),
    ('<a href="http://evil.example">a</a>', f"<a {SAFE_LINK}>a</a>"),
    ('<a href="//evil.example">a</a>', f"<a {SAFE_LINK}>a</a>"),
    ('<a href="/m/sign-out">a</a>', f"<a {SAFE_LINK}>a</a>"),
]
"""What is sent, and exactly what is left; None where only the dangerous must be gone."""

KEPT = [
    "<p>湖景商铺</p>",
    "<p>一楼<strong>临街</strong>与<em>内街</em></p>",
    "<h2>亮点</h2><h3>交通</h3>",
    "<ul><li>双地铁</li><li>学校</li></ul>",
    "<ol><li>看房</li><li>认购</li></ol>",
    "<blockquote>先到先得</blockquote>",
    "<p>一行<br>又一行</p>",
    "<p>1 &lt; 2 &amp; 3</p>",
    f'<p><img src="{OWN}" alt="鸟瞰图 &lt;1&gt;"></p>',
    f'<p><a href="https://example.com/a?b=1&amp;c=2" {SAFE_LINK}>官网</a></p>',
    f'<p><a href="tel:400-800-1234" {SAFE_LINK}>电话</a></p>',
    f'<p><a href="mailto:a@example.com" {SAFE_LINK}>邮件</a></p>',
]
DANGEROUS = (
    "<script",
    "javascript:",
    "onerror",
    "<svg",
    "<math",
    "<style",
    "<meta",
    "<base",
    "<form",
    "style=",
)


def sorted_attributes(text: str) -> str:
    """Write the safe attributes of links in one order; the cleaner writes them in either."""
    return text.replace('rel="noopener noreferrer nofollow" target="_blank"', SAFE_LINK)


@pytest.mark.parametrize(("sent", "left"), NASTY)
def test_what_is_not_kept_is_gone_and_stays_gone(sent: str, left: str | None) -> None:
    cleaned = clean_html(sent, field="text")

    if left is not None:
        assert sorted_attributes(cleaned) == left
    marks = cleaned.replace("&lt;", "").lower()
    assert [word for word in DANGEROUS if word in marks and "alt=" not in marks] == []
    assert sorted_attributes(safe_html(cleaned)) == sorted_attributes(cleaned)


@pytest.mark.parametrize("text", KEPT)
def test_what_the_editor_makes_is_kept_as_it_is(text: str) -> None:
    assert sorted_attributes(clean_html(text, field="text")) == text


def test_quoted_mark_in_a_description_stays_a_description() -> None:
    cleaned = clean_html(f'<img alt=\'"><script>x</script>\' src="{OWN}">', field="text")

    assert cleaned.count("<") == 1
    assert cleaned.endswith(">")
    assert pictures_in(cleaned) == (DIGEST,)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("第一段\r\n\r\n第二段", "<p>第一段</p><p>第二段</p>"),
        ("第一行\n第二行", "<p>第一行<br>第二行</p>"),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>"),
        ("   \n ", ""),
        ("", ""),
    ],
)
def test_plain_text_becomes_paragraphs(sent: str, kept: str) -> None:
    assert clean_html(sent, field="text") == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("<p>a&nbsp;b\u00a0c</p>", "<p>a b c</p>"),
        ("<p></p><p><br></p>", ""),
        ("<p>a</p><p></p><p><br></p>", "<p>a</p>"),
        ("<p></p><p>a</p>", "<p>a</p>"),
        (f'<p><img src="{OWN}" alt="" class="is-chosen"></p>', f'<p><img src="{OWN}" alt=""></p>'),
    ],
)
def test_what_the_editor_leaves_behind_is_tidied(sent: str, kept: str) -> None:
    assert clean_html(sent, field="text") == kept


def test_link_without_a_scheme_becomes_a_safe_one() -> None:
    cleaned = clean_html('<a href="www.example.com/a">a</a>', field="text")

    assert 'href="https://www.example.com/a"' in cleaned


@pytest.mark.parametrize("length", [29_993, 29_994])
def test_text_ends_at_its_limit(length: int) -> None:
    text = f"<p>{'字' * length}</p>"

    if len(text) <= 30_000:
        assert clean_html(text, field="text") == text
        return
    with refused("text_too_long", field="text", limit=30_000):
        clean_html(text, field="text")


def test_endless_marks_are_refused_before_they_are_read() -> None:
    with refused("text_too_long", field="text"):
        clean_html("<b>" * 100_001, field="text")


def test_plain_words_of_a_text_keep_their_distance() -> None:
    assert plain_text("<h2>亮点</h2><ul><li>双地铁</li><li>1 &lt; 2</li></ul>") == "亮点 双地铁 1 < 2"
    assert said("<p>a<script>x</script></p><p>b</p>") == "a b"


def test_shown_picture_offers_its_widths_and_only_the_first_does_not_load_late(cast: Cast) -> None:
    digest = keep_picture(cast, size=(1200, 700))

    with cast.app.test_request_context():
        html = str(shown(f'<p><img src="/pictures/{digest}/960.jpg" alt="鸟瞰"></p>' * 3))

    pictures = [
        f'<p><img src="/pictures/{digest}/1200.jpg" srcset="/pictures/{digest}/240.jpg 240w, '
        f"/pictures/{digest}/480.jpg 480w, /pictures/{digest}/960.jpg 960w, "
        f'/pictures/{digest}/1200.jpg 1200w" '
        'sizes="(min-width: 40rem) 36.5rem, calc(100vw - 3.5rem)" width="1200" height="700" '
        f'{when} decoding="async" alt="鸟瞰"></p>'
        for when in ('fetchpriority="high"', 'loading="lazy"', 'loading="lazy"')
    ]
    assert html == "".join(pictures)


def test_picture_that_is_not_kept_is_left_out(cast: Cast) -> None:
    with cast.app.test_request_context():
        assert str(shown(f'<p>a<img src="{OWN}"></p>')) == "<p>a</p>"
        assert first_pictures([f'<img src="{OWN}">', "<p>b</p>"]) == ["", ""]


def test_row_that_was_written_past_the_service_is_shown_without_its_script(cast: Cast) -> None:
    with cast.app.test_request_context():
        assert str(shown('<p onclick="x()">a<script>alert(1)</script></p>')) == "<p>a</p>"


def test_first_picture_of_each_text_stands_for_it(cast: Cast) -> None:
    red, blue = keep_picture(cast, "red"), keep_picture(cast, "blue")
    images = [f'<p>x<img src="/pictures/{digest}/480.jpg"></p>' for digest in (red, blue)]

    with cast.app.test_request_context():
        first, none, second = first_pictures([images[0] + images[1], "<p>a</p>", images[1]])

    assert (red in first, blue in first) == (True, False)
    assert ['loading="lazy"' in picture for picture in (first, second)] == [True, True]
    assert none == ""
    assert blue in second
