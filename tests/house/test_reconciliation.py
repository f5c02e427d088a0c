"""Every check of the reconciliation is proved, and found again by its name."""

from lead_system.queries.reconciliation.checks import CHECKS, INVARIANTS, find_check
from tests.queries.reconciliation_cases import CASES


def test_every_invariant_has_a_case_that_breaks_it() -> None:
    assert {check.name for check in INVARIANTS} - {case.check for case in CASES} == set(), (
        "write a case in tests/queries/reconciliation_cases.py"
    )


def test_names_are_unique_and_lead_back_to_their_check() -> None:
    names = [check.name for check in CHECKS]

    assert len(set(names)) == len(names)
    assert [find_check(name) for name in names] == list(CHECKS)
    assert find_check("of_an_earlier_release") is None
