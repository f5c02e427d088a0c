"""docs/evidence.md and README.txt tell others how to check: what they say is recomputed here."""

import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from lead_system.domain.chain import canonical, linked, payload_hash
from lead_system.services.evidence import README_TEXT
from tests.support.evidence import changed, small_file

ROOT = Path(__file__).resolve().parents[2]


def example() -> list[tuple[str, str]]:
    """Return the lines of the worked example, each a name and its value."""
    block = re.search(r"```text\n(.*?)```", (ROOT / "docs" / "evidence.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    lines = (line.partition("=") for line in block[1].splitlines())
    return [(name.strip(), value.strip()) for name, _is, value in lines]


def values_of(name: str) -> list[str]:
    return [value for one, value in example() if one == name]


def test_the_payload_of_the_example_is_vouched_for() -> None:
    (salt,), (values,), (payload,) = (values_of(name) for name in ("salt", "values", "payload"))

    assert payload_hash(salt, json.loads(values)) == payload
    assert json.loads(values_of("said")[0])["payload"] == payload


def test_the_records_of_the_example_have_these_digests_and_links() -> None:
    said, digests, previous, hashes = (values_of(name) for name in ("said", "digest", "previous", "hash"))

    assert [canonical(json.loads(one)).decode() for one in said] == said
    assert [hashlib.sha256(one.encode()).hexdigest() for one in said] == digests
    assert [linked(*one) for one in zip(previous, digests, strict=True)] == hashes
    assert previous[0] == ""
    assert [before for before, _ in pairwise(hashes)] == previous[1:]


def python_of_readme() -> str:
    """Return the lines of Python that README.txt gives to whoever does not have this system."""
    text = README_TEXT.decode()
    lines = [line.strip() for line in text.splitlines() if re.match(r" {4}\S", line)]
    return "\n".join(line for line in lines if not line.startswith(("(printf", "grep", "openssl")))


def test_the_few_lines_of_readme_check_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evidence.zip").write_bytes(small_file())

    exec(python_of_readme(), {})  # noqa: S102 - what we tell others to run


def test_the_few_lines_of_readme_notice_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evidence.zip").write_bytes(changed(small_file(), lambda said: said.update(lead=13)))

    with pytest.raises(InvalidSignature):
        exec(python_of_readme(), {})  # noqa: S102 - what we tell others to run
