"""Who held a customer at a moment, as a command of the server."""

from datetime import timedelta

import pytest

from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.test_commands import run

pytestmark = both_databases
WRITE_IT = 'Error: Write the moment like "2026-03-02 14:05:00"; without a zone it is Shanghai\'s.\n'
FANG = (
    "王芳 (安家置业) held, number 1, from 2026-03-02 10:00:00 (first confirmed scan of a reported lead) "
    "until 2026-03-03 10:00:00 (rebind to another broker).\n"
)
QIANG = (
    "李强 (百川地产) held, number 2, from 2026-03-03 10:00:00 (rebind to this broker) "
    "until 2026-04-02 10:00:00 (end of the protection).\n"
)


@pytest.fixture
def lead(cast: Cast, clock: StoppedClock) -> int:
    """Fang holds from 10:00 on 2 March, Qiang from the day after."""
    lead = cast.enters("fang", reports=True)
    cast.scans("feng", lead)
    clock.forward(timedelta(days=1))
    cast.rebinds("director", lead, "qiang")
    clock.forward(timedelta(days=40))
    return lead


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-03-02 09:59:59", "2026-03-02 09:59:59: nobody held this customer.\n"),
        ("2026-03-02 10:00", "2026-03-02 10:00:00: " + FANG),
        ("2026-03-03T01:59:59+00:00", "2026-03-03 09:59:59: " + FANG),
        ("2026-03-03 10:00:00", "2026-03-03 10:00:00: " + QIANG),
        ("2026-04-02 10:00:00", "2026-04-02 10:00:00: nobody held this customer.\n"),
    ],
)
def test_the_command_says_who_held(cast: Cast, lead: int, moment: str, said: str) -> None:
    assert run(cast.app, "who-held", str(lead), moment) == (0, said)


@pytest.mark.parametrize(
    ("number", "moment", "said"),
    [
        ("1", "yesterday", WRITE_IT),
        ("1", "1999-12-31 10:00:00", WRITE_IT),
        ("1", "2027-01-01 00:00:00", "Error: That moment has not come yet.\n"),
        ("99", "2026-03-02 10:00:00", "Error: There is no customer number 99.\n"),
    ],
)
@pytest.mark.usefixtures("lead")
def test_the_command_says_why_it_cannot_answer(cast: Cast, number: str, moment: str, said: str) -> None:
    assert run(cast.app, "who-held", number, moment) == (1, said)
