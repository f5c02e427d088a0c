"""`flask verify-evidence`: what it says of a genuine file, a changed one, and one of somebody else."""

from pathlib import Path

import pytest

from lead_system.services.signing import public_key_of
from tests.support.cast import Cast
from tests.support.evidence import RIVALS_SECRET, changed, dispute, secret_of, small_file, take_evidence

pytestmark = pytest.mark.usefixtures("clock")


def verify(cast: Cast, file: Path, *options: str) -> tuple[int, list[str]]:
    """Run the command; returns its exit code and the lines that it says."""
    result = cast.app.test_cli_runner().invoke(args=["verify-evidence", str(file), *options])
    return result.exit_code, result.output.splitlines()


@pytest.fixture
def file(cast: Cast, tmp_path: Path) -> Path:
    """Gives evidence about a dispute."""
    fangs, _qiangs = dispute(cast)
    path = tmp_path / "evidence.zip"
    path.write_bytes(take_evidence(cast, fangs))
    return path


def test_a_genuine_file_is_called_so_with_what_it_is(cast: Cast, file: Path) -> None:
    key = public_key_of(secret_of(cast))

    assert verify(cast, file) == (
        0,
        [
            "Evidence about customer number 1, made at 2026-03-02 10:00:00 Shanghai time.",
            "Made by 秦越 (director) with https://sales.example.com.",
            f"Signed with the key {key}.",
            "11 records in 3 chains, 0 anonymised.",
            "Genuine: nothing in this file was changed since it was made.",
        ],
    )


def test_a_changed_file_fails_and_the_record_is_named(cast: Cast, file: Path) -> None:
    def damage(said: dict[str, list[dict[str, list[dict[str, int]]]]]) -> None:
        said["chains"][0]["records"][1]["position"] = 7

    file.write_bytes(changed(file.read_bytes(), damage))

    code, lines = verify(cast, file)

    assert code == 1
    assert "Error: Not genuine: this file is not as it was made." in lines
    assert "Before record 2 (lead:1, number 7) a record is missing, or the order was changed." in lines


def test_a_key_that_is_given_decides_whose_file_it_is(cast: Cast, file: Path) -> None:
    assert verify(cast, file, "--public-key", public_key_of(secret_of(cast)))[0] == 0
    assert verify(cast, file, "--public-key", public_key_of(RIVALS_SECRET))[0] == 1


def test_a_given_key_needs_no_database(cast: Cast, tmp_path: Path) -> None:
    elsewhere = tmp_path / "evidence.zip"
    elsewhere.write_bytes(small_file(secret=RIVALS_SECRET))

    assert verify(cast, elsewhere)[0] == 1
    assert verify(cast, elsewhere, "--public-key", public_key_of(RIVALS_SECRET))[0] == 0


def test_another_file_is_no_evidence(cast: Cast, tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    other.write_bytes(b"no ZIP")

    code, lines = verify(cast, other)

    assert (code, lines[0]) == (1, "Error: This is not an evidence file.")
