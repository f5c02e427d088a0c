"""R3: every status × every verb, written out."""

from datetime import UTC, datetime, timedelta

import pytest

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb, is_allowed, real_status, status_after

NO = None

#                 entered      reported    bound      expired     dealt     withdrawn
TABLE = {
    "correct": ("entered", NO, NO, NO, NO, NO),
    "withdraw": ("withdrawn", NO, NO, NO, NO, NO),
    "report": ("reported", "reported", "bound", "reported", "dealt", NO),
    "scan": (NO, "bound", "bound", NO, "dealt", NO),
    "rebind_away": (NO, NO, "expired", NO, NO, NO),
    "rebind_here": ("bound", "bound", NO, "bound", NO, NO),
    "deal": (NO, NO, "dealt", NO, NO, NO),
    "late_deal": (NO, "dealt", NO, "dealt", NO, NO),
    "undo_deal": (NO, NO, NO, NO, "bound", NO),
    "undo_late_deal": (NO, NO, NO, NO, "expired", NO),
    "extend": (NO, NO, "bound", NO, NO, NO),
    "show": (NO, NO, "bound", NO, "dealt", NO),
    "tell_apart": ("entered", "reported", NO, "expired", NO, NO),
}
STATUSES = ("entered", "reported", "bound", "expired", "dealt", "withdrawn")
CELLS = [
    (verb, before, after) for verb, row in TABLE.items() for before, after in zip(STATUSES, row, strict=True)
]


@pytest.mark.parametrize(("verb", "before", "after"), CELLS)
def test_verb_moves_a_lead_only_along_an_arrow_of_the_table(
    verb: str, before: str, after: str | None
) -> None:
    if after is None:
        with pytest.raises(Refused) as refused:
            status_after(Verb(verb), LeadStatus(before))
        assert refused.value.code is RefusalCode.STATUS_FORBIDS
        assert not is_allowed(Verb(verb), LeadStatus(before))
    else:
        assert status_after(Verb(verb), LeadStatus(before)).value == after


def test_table_speaks_of_every_verb_and_every_status() -> None:
    assert {verb.value for verb in Verb} == set(TABLE)
    assert {status.value for status in LeadStatus} == set(STATUSES)


END = datetime(2026, 4, 1, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "seen"), [(-86400, "bound"), (-1, "bound"), (0, "expired"), (1, "expired")]
)
def test_bound_lead_is_expired_from_the_very_second_of_its_end(seconds: int, seen: str) -> None:
    now = END + timedelta(seconds=seconds)

    assert real_status(LeadStatus.BOUND, END, now).value == seen


@pytest.mark.parametrize("stored", ["entered", "reported", "expired", "dealt", "withdrawn"])
def test_only_a_bound_lead_runs_out(stored: str) -> None:
    assert real_status(LeadStatus(stored), END, END + timedelta(days=1)).value == stored
