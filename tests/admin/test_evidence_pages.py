"""Taking evidence from the time line: who may, what comes, and that the page and the paper say the same."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lead_system.domain.evidence_file import EVIDENCE, PAPER, unpack
from lead_system.web import evidence_paper
from tests.admin.conftest import Desk, Room
from tests.support.client import PageResponse
from tests.support.evidence import checked_here

BUTTON = "Evidence file"


def time_line(number: int) -> str:
    return f"/admin/leads/time-line/?id={number}"


def has_button(answer: PageResponse) -> bool:
    return any(form.action.startswith("/admin/leads/evidence/") for form in answer.page.forms)


@pytest.mark.parametrize("who", ["director", "admin"])
def test_one_press_gives_the_file_named_after_lead_and_day(desk: Desk, room: Room, who: str) -> None:
    answer = desk(who).submit(time_line(room.bound), {}, button=BUTTON)

    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    name = f"evidence-{room.bound}-2026-04-02.zip"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert checked_here(room.cast, answer.data).is_genuine


def test_the_secretary_reads_the_time_line_and_takes_no_evidence(desk: Desk, room: Room) -> None:
    secretary = desk("secretary")

    assert not has_button(secretary.get(time_line(room.bound)))
    assert has_button(desk("director").get(time_line(room.bound)))


def test_evidence_speaks_the_language_of_who_takes_it(desk: Desk, room: Room) -> None:
    answer = desk("director").submit(time_line(room.bound), {}, button=BUTTON)

    assert json.loads(unpack(answer.data)[EVIDENCE])["language"] == "en"


def test_a_second_press_of_the_same_form_gets_the_same_file(desk: Desk, room: Room) -> None:
    director = desk("director")
    page = director.get(time_line(room.bound))

    first = director.submit(page, {}, button=BUTTON)
    second = director.submit(page, {}, button=BUTTON)

    assert first.data == second.data
    assert [one for one, *_ in room.cast.history(f"lead:{room.bound}")].count("make_evidence") == 1


def test_the_time_line_shows_that_evidence_was_taken(desk: Desk, room: Room) -> None:
    director = desk("director")
    director.submit(time_line(room.bound), {}, button=BUTTON)

    assert "Evidence file made" in director.get(time_line(room.bound)).page.find("section", id="steps").text
    details = director.get(f"/admin/leads/details/?id={room.bound}").page
    assert "Evidence file made" in details.find("section", id="history").text


def test_evidence_of_today_is_genuine_on_the_public_page(desk: Desk, room: Room) -> None:
    director = desk("director")
    file = director.submit(time_line(room.dealt), {}, button=BUTTON).data

    answer = director.submit("/verify", {"file": (io.BytesIO(file), "evidence.zip")})

    assert "Genuine: nothing in this file was changed since it was made." in answer.page.find("main").text


def test_more_steps_than_a_paper_takes_are_refused_in_words(
    desk: Desk, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lead_system.services.evidence.MOST_STEPS", 2)

    answer = desk("director").submit(time_line(room.bound), {}, button=BUTTON)

    assert answer.status_code == 409
    assert "more about this customer than one evidence file can hold" in answer.page.find("body").text
    assert "make_evidence" not in [one for one, *_ in room.cast.history(f"lead:{room.bound}")]


@pytest.fixture
def no_font(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let the font not be there, as where the browser assets could not be fetched."""
    evidence_paper._font.cache_clear()  # noqa: SLF001 - it is read once in the life of a process
    monkeypatch.setattr(evidence_paper, "FONT_FILE", tmp_path / "not-there.ttf")
    yield
    evidence_paper._font.cache_clear()  # noqa: SLF001


def test_without_its_font_the_paper_names_one_that_readers_have(
    desk: Desk, room: Room, no_font: None
) -> None:
    answer = desk("director").submit(time_line(room.bound), {}, button=BUTTON)

    assert answer.status_code == 200
    assert b"STSong-Light" in unpack(answer.data)[PAPER]
    assert checked_here(room.cast, answer.data).is_genuine
