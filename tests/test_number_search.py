"""The search for whole numbers finds what it looks for: every planted leak fails its test, and says where."""

import os
import re
import subprocess
import sys

import pytest

from tests.support.databases import ROOT

LEAKS = {
    "test_database[sqlite]": "the database holds",
    "test_database[postgresql]": "the database holds the whole customer number 13812345678 in accounts",
    "test_log": "the log holds",
    "test_fact_of_an_event": "the log holds",
    "test_server_log": "server.log holds",
    "test_page": "/leak shows the full customer number 13812345678",
    "test_json": "/leak holds",
    "test_header": "a header of /leak holds",
    "test_workbook": "/leak holds",
}


@pytest.fixture(scope="module")
def said() -> str:
    """What pytest says of the planted leaks, run in a process of their own."""
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider", "--tb=line"]
    run = subprocess.run(  # noqa: S603 - our own tests
        [*command, "tests/support/planted_leaks.py"],
        cwd=ROOT, env=os.environ | {"COLUMNS": "300"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return run.stdout


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_found(said: str, leak: str) -> None:
    (line,) = [
        line for line in said.splitlines() if re.match(rf"(FAILED|ERROR) \S+::{re.escape(leak)} - ", line)
    ]

    assert LEAKS[leak] in line


def test_no_planted_leak_passes_unseen(said: str) -> None:
    assert len(re.findall(r"^(?:FAILED|ERROR) ", said, re.MULTILINE)) == len(LEAKS)
