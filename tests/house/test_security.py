"""docs/security.md is whole: each item of the standard stands in it once, and each cited test is there."""

import re
from pathlib import Path

from tests.house.rules import package_modules

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (met|n/a|open) \| (.+) \|$", re.MULTILINE)
CITED = re.compile(r"`((?:\w+/)*test_\w+\.py)::(test_\w+)`")

ITEMS = {
    "1.1": "1-2", "1.2": "1-9", "1.3": "1-11", "1.4": "1-3", "1.5": "1-2",
    "2.1": "1", "2.2": "1-2", "2.3": "1",
    "3.2": "1-2", "3.3": "1", "3.4": "1-2", "3.5": "1-3",
    "4.1": "1", "4.4": "1",
    "5.1": "1", "5.2": "1-3", "5.3": "1-2", "5.4": "1-3",
    "6.1": "1-3", "6.2": "1-11", "6.3": "1-3", "6.4": "1-4", "6.5": "1-5", "6.6": "1-3", "6.8": "1-3",
    "7.1": "1-3", "7.2": "1-4", "7.3": "1-2", "7.4": "1-5", "7.5": "1-2", "7.6": "1-2",
    "8.1": "1-2", "8.2": "1-3", "8.3": "1", "8.4": "1",
    "9.1": "1-3", "9.2": "1",
    "10.4": "1-5",
    "11.3": "1-2", "11.4": "1",
    "12.1": "1", "12.2": "1-2",
    "13.4": "1",
    "14.2": "1", "14.3": "1",
    "15.1": "1", "15.2": "1", "15.3": "1",
    "16.1": "1", "16.2": "1-5", "16.3": "1-4", "16.4": "1-3", "16.5": "1-3",
}  # fmt: skip
"""Of each section of ASVS 5.0 the items of level 1, and of V1, V5 to V8 and V16 those of level 2 too."""

WRITTEN_DOWN = {
    "One page for a reviewer", "Ways in", "Sessions", "Passwords", "What may be typed",
    "Files that people send", "What is logged", "Random values, keys, hashes", "Who it talks to",
    "Packages of others", "The last look at the packages",
}  # fmt: skip


def test_every_item_is_there_once_and_nothing_else() -> None:
    wanted = []
    for section, numbers in ITEMS.items():
        first, _, last = numbers.partition("-")
        wanted += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]

    assert sorted(number for number, _, _, _ in ROW.findall(DOCUMENT)) == sorted(wanted)
    assert len(re.findall(r"^\| \d+\.\d+\.\d+ \|", DOCUMENT, re.MULTILINE)) == len(wanted) == 144


def test_every_cited_test_is_there() -> None:
    cited = CITED.findall(DOCUMENT)

    assert DOCUMENT.count("::") == len(cited) > 150
    assert [f"{file}::{name}" for file, name in cited if not has_test(ROOT / "tests" / file, name)] == []


def has_test(file: Path, name: str) -> bool:
    source = file.read_text(encoding="utf-8") if file.exists() else ""
    return bool(re.search(rf"^def {name}\(", source, re.MULTILINE))


def test_what_is_met_is_proved_and_what_is_not_says_why() -> None:
    for number, _, state, why in ROW.findall(DOCUMENT):
        assert CITED.search(why) if state == "met" else len(why.split()) >= 2, number


def test_what_the_standard_wants_written_down_is_present() -> None:
    assert set(re.findall(r"^###? (.+)$", DOCUMENT, re.MULTILINE)) >= WRITTEN_DOWN


def test_every_event_of_the_log_stands_in_it() -> None:
    sources = "".join(module.source for module in package_modules())
    section = DOCUMENT.partition("### What is logged")[2].partition("\n###")[0]

    events = set(re.findall(r"note_event\(\s*\"(\w+)\"", sources))

    assert len(events) > 8
    assert events - set(re.findall(r"`(\w+)`", section)) == set()


def test_every_package_is_pinned() -> None:
    pinned = re.compile(r"[\w.-]+(\[[a-z]+\])?==[0-9][\w.]*")
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
        wanted = [line for line in lines if line and not line.startswith("-r ")]
        assert [line for line in wanted if not pinned.fullmatch(line)] == []


def test_nginx_speaks_modern_tls_alone() -> None:
    written = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    (ciphers,) = re.findall(r"ssl_ciphers ([^;]+);", written)
    (plain,) = [server for server in written.split("\nserver {")[1:] if "listen 80;" in server]

    assert re.findall(r"ssl_protocols ([^;]+);", written) == ["TLSv1.2 TLSv1.3"]
    forward_secret = re.compile(r"ECDHE-(ECDSA|RSA)-(AES(128|256)-GCM|CHACHA20)-\w+")
    assert [cipher for cipher in ciphers.split(":") if not forward_secret.fullmatch(cipher)] == []
    assert "return 301 https://" in plain
    assert "proxy_pass" not in plain


def test_unit_forbids_the_server_its_own_repository() -> None:
    unit = (ROOT / "deploy" / "lead-system@.service").read_text(encoding="utf-8")

    assert "\nInaccessiblePaths=-/opt/lead-system/.git\n" in unit
