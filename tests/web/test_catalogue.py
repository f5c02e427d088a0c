"""Words of a page: in its language, with what people typed escaped, and asked for once, not once a word."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask, render_template_string
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup

from lead_system.web.language import in_each_language

SAID = [
    ("{{ _('Customers') }}", "Customers", "客户"),
    ("{{ gettext('Customers') }}", "Customers", "客户"),
    ("{{ _('No. %(number)s', number='<b>') }}", "No. &lt;b&gt;", "编号 &lt;b&gt;"),
    ("{{ _('No. %(number)s', number='100%') }}", "No. 100%", "编号 100%"),
    ("{{ _('100%% of <i>') }}", "100% of <i>", "100% of <i>"),
    ("{{ ngettext('%(num)s customer<', '%(num)s customers<', 2) }}", "2 customers<", "2 customers<"),
    ("{{ ngettext('one %(x)s', '%(num)s %(x)s', 1, x='&') }}", "one &amp;", "one &amp;"),
]


@contextmanager
def speaking(app: Flask, language: str) -> Iterator[None]:
    with app.test_request_context("/", headers={"Cookie": f"language={language}"}):
        app.preprocess_request()
        yield


@pytest.mark.parametrize(("template", "english", "chinese"), SAID)
def test_a_template_says_it_in_the_language_of_the_page(
    app: Flask, template: str, english: str, chinese: str
) -> None:
    for language, expected in [("zh-CN", chinese), ("en", english), ("zh-CN", chinese)]:
        with speaking(app, language):
            assert render_template_string(template) == expected


def test_what_code_says_follows_the_page_too(app: Flask) -> None:
    lazy = lazy_gettext("Customers")

    with speaking(app, "en"):
        assert (gettext("Customers"), str(lazy)) == ("Customers", "Customers")
    with speaking(app, "zh-CN"):
        assert (gettext("Customers"), str(lazy)) == ("客户", "客户")
        assert gettext("No. %(number)s", number="<b>") == "编号 <b>", "only a page is escaped"


def test_every_language_can_be_asked_for_in_the_midst_of_a_page(app: Flask) -> None:
    with speaking(app, "en"):
        assert set(in_each_language(lazy_gettext("Customers"))) == {"Customers", "客户"}
        assert gettext("Customers") == "Customers"


def test_nothing_of_a_page_is_left_for_the_next(app: Flask) -> None:
    with speaking(app, "en"):
        assert gettext("Customers") == "Customers"

    with app.test_request_context("/"):
        assert gettext("Customers") == "客户", "before anything was chosen for this one"


def test_words_are_marked_as_ours(app: Flask) -> None:
    with speaking(app, "en"):
        assert isinstance(app.jinja_env.globals["_"]("Customers"), Markup)  # type: ignore[operator]
