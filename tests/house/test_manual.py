"""The list of the manual's items is whole, and only a passing test proves one."""

import pytest

from tests.support.manual import ManualRecorder, item_ids, unproved


def report(outcome: str, item: str) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="test_x",
        location=("x.py", 1, "test_x"),
        keywords={},
        outcome=outcome,  # type: ignore[arg-type]
        longrepr=None,
        when="call",
        user_properties=[("manual", item)],
    )


def test_manual_has_393_items_and_no_id_twice() -> None:
    assert len(item_ids()) == 393
    assert len(set(item_ids())) == 393


@pytest.mark.parametrize(
    ("outcomes", "is_proved"),
    [
        ([], False),
        (["passed"], True),
        (["passed", "failed"], False),
        (["failed", "passed"], False),
        (["skipped"], False),
    ],
)
def test_item_is_proved_if_every_case_that_cites_it_passed(outcomes: list[str], *, is_proved: bool) -> None:
    recorder = ManualRecorder()

    for outcome in outcomes:
        recorder.pytest_runtest_logreport(report(outcome, "1.1-1"))

    assert ("1.1-1" not in unproved(item_ids(), recorder.passed)) is is_proved
