"""docs/settings.md names every setting with its default, and nothing that the server does not read."""

import re
from pathlib import Path
from typing import Any

import msgspec

from lead_system.config import Secret, Settings
from tests.operations.production import unit_lines
from tests.support.databases import ROOT

ROW = re.compile(r"^\| `(LEAD_[A-Z_]+)` \| .+ \| ([^|]+) \|$", flags=re.MULTILINE)
NAMED = re.compile(r"\bLEAD_[A-Z_]+[A-Z]\b")
GONE = {"LEAD_SECURE_COOKIES"}
"""What docs/upgrading.md names because it was taken away."""


def written(default: Any, *, is_required: bool) -> str:
    """Return how a default begins in the table."""
    if is_required:
        return "required"
    value = default.get_secret_value() if isinstance(default, Secret) else default
    if isinstance(value, Path):
        value = value.relative_to(ROOT)
    if isinstance(value, bool | float):
        value = int(value)
    return f"`{value}`" if str(value) else "—"


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    table = dict(ROW.findall((ROOT / "docs" / "settings.md").read_text()))

    expected = {
        f"LEAD_{field.name.upper()}": written(field.default, is_required=field.required)
        for field in msgspec.structs.fields(Settings)
    }
    assert set(table) == set(expected)
    wrong = {
        name: cell
        for name, cell in table.items()
        if not re.match(re.escape(expected[name]) + r"($|[: ])", cell)
    }
    assert not wrong


def test_no_document_and_no_file_of_a_server_names_a_setting_that_is_not_read() -> None:
    files = [
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
        *(file for file in (ROOT / "deploy").iterdir() if file.is_file()),
    ]
    read = {f"LEAD_{name.upper()}" for name in Settings.__struct_fields__}

    for file in files:
        named = set(NAMED.findall(file.read_text())) - GONE
        assert named <= read, f"{file.name} names {named - read}"


def test_commands_of_the_units_are_commands_of_the_server() -> None:
    """A unit that calls a command which was renamed would fail at night, where nobody looks."""
    lines = [line for unit in (ROOT / "deploy").glob("*.service") for line in unit_lines(unit, "ExecStart")]
    called = {match[1] for line in lines if (match := re.search(r"/flask ([a-z-]+)", line))}

    assert called == {"anonymise", "checkpoint", "forget-requests", "reconcile"}
