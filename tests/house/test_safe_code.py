"""What no code of ours does, read off its source: run texts, trust made-up objects, open named files."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from wtforms import PasswordField

from lead_system.web.forms import RequestForm
from tests.house.rules import Module, package_modules

SCRIPTS = Path(__file__).parents[2] / "lead_system" / "static" / "js"

RUNS_TEXTS = re.compile(
    r"(eval|exec|compile|__import__|os\.(system|popen|exec\w*|spawn\w*)|(.*\.)?(render_template_string|from_string)"
    r"|import (pickle|marshal|shelve|yaml|ctypes|code))"
)
DRAWS_BADLY = {"lead_system.demo", "lead_system.services.transaction"}
"""A demonstration that is always the same, and how long a transaction waits before it is tried again."""

RUNS_PROGRAMS = "lead_system.backups"
"""What backs up and restores, by commands that an operator types."""

SPEAKS_SQL = {
    "lead_system.backups",
    "lead_system.extensions",
    "lead_system.queries.reconciliation.check",
    "lead_system.services.transaction",
}
"""Who puts a statement together: of constants, and of names of our own tables."""

OPENS_FILES = {
    "lead_system.admin_views.workbook",
    "lead_system.services.evidence",
    "lead_system.web.assets",
    "lead_system.web.pictures",
}
"""What of that which a request reaches opens anything: our own files, a picture's bytes, a new workbook."""

BY_REQUESTS = (
    "lead_system.web",
    "lead_system.mobile",
    "lead_system.admin_views",
    "lead_system.queries",
    "lead_system.services",
)
WRITES_MARKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    r"|set(Timeout|Interval)\(\s*[\"'`]"
)
READS_PATTERNS = re.compile(r"re\.(compile|search|match|fullmatch|sub|split|findall|finditer)")
OUR_OWN_MARKS = {"preview.js"}
"""Its marks are those of our own templates, in which what people typed is escaped."""


def calls_in(source: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(source) if isinstance(node, ast.Call))


def used_in(module: Module) -> Iterator[str]:
    """Give what a module calls, as it is written, and what it imports."""
    yield from (ast.unparse(call.func) for call in calls_in(module.tree))
    yield from (f"import {found.name.partition('.')[0]}" for found in module.imports)


@cache
def all_used() -> frozenset[tuple[str, str]]:
    return frozenset((module.name, name) for module in package_modules() for name in used_in(module))


def users(pattern: str | re.Pattern[str]) -> set[str]:
    return {module for module, name in all_used() if re.fullmatch(pattern, name)}


def test_nothing_that_was_typed_is_run() -> None:
    """Neither code nor templates nor objects are made of texts; only the server's commands run programs."""
    assert users(RUNS_TEXTS) == set()
    assert {name for name in users("import subprocess") if not name.startswith(RUNS_PROGRAMS)} == set()
    assert [module.name for module in package_modules() if "shell=True" in module.source] == []


def test_what_nobody_may_guess_is_not_drawn_by_a_predictable_generator() -> None:
    assert users("import random") <= DRAWS_BADLY


def test_no_statement_is_put_together_of_texts() -> None:
    found = {
        module.name
        for module in package_modules()
        for call in calls_in(module.tree)
        if re.search(r"(^|\.)(text|exec_driver_sql|literal_column|execute)$", ast.unparse(call.func))
        and any(isinstance(argument, ast.JoinedStr | ast.BinOp) for argument in call.args[:1])
    }

    assert {name for name in found if not name.startswith(tuple(SPEAKS_SQL))} == set()


def test_patterns_are_written_in_the_code() -> None:
    """No regular expression is made of what somebody typed: each is a text, or put together of constants."""
    made = [
        f"{module.name}:{call.lineno}"
        for module in package_modules()
        for call in calls_in(module.tree)
        if READS_PATTERNS.fullmatch(ast.unparse(call.func)) and not is_constant(call.args[0])
    ]

    assert made == []


def is_constant(pattern: ast.expr) -> bool:
    names = [node.id for node in ast.walk(pattern) if isinstance(node, ast.Name)]
    return all(name.lstrip("_").isupper() for name in names)


def test_weak_hashes_are_where_others_chose_them() -> None:
    assert users(r"(hashlib\.)?(md5|sha1)") == {"lead_system.outside.wechat"}


def test_nothing_that_a_request_reaches_opens_a_file_by_its_name() -> None:
    found = users(r"open|.*\.(open|read_bytes|read_text|write_bytes|write_text)")

    assert {name for name in found if name.startswith(BY_REQUESTS)} <= OPENS_FILES


def test_scripts_write_texts_and_no_marks() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in SCRIPTS.glob("*.js")}

    assert {name for name, script in written.items() if WRITES_MARKS.search(script)} <= OUR_OWN_MARKS


def all_forms(kind: type[RequestForm] = RequestForm) -> Iterator[type[RequestForm]]:
    for form in kind.__subclasses__():
        yield form
        yield from all_forms(form)


def test_every_field_for_a_password_hides_what_is_typed() -> None:
    fields = {
        f"{form.__name__}.{name}": field.field_class
        for form in all_forms()
        for name, field in vars(form).items()
        if "password" in name and hasattr(field, "field_class")
    }

    assert len(fields) >= 5
    assert [name for name, kind in fields.items() if not issubclass(kind, PasswordField)] == []


@pytest.mark.parametrize(
    "source",
    [
        "eval(x)",
        "os.system(x)",
        "env.from_string(x)",
        "import pickle",
        "from yaml import load",
        "hashlib.md5(x)",
    ],
)
def test_what_is_looked_for_is_found(source: str) -> None:
    pattern = rf"{RUNS_TEXTS.pattern}|(hashlib\.)?(md5|sha1)"

    assert [name for name in used_in(Module("lead_system.x", source)) if re.fullmatch(pattern, name)]
