"""All checks there are, in the order of the rules: the only list of them, for page, command and trials."""

from lead_system.queries.reconciliation.check import Check, Checked
from lead_system.queries.reconciliation.collisions import COLLISIONS
from lead_system.queries.reconciliation.figures import FIGURES
from lead_system.queries.reconciliation.history import PAYLOADS, RECORDS
from lead_system.queries.reconciliation.holding import BINDINGS, HOLDS, REBINDS
from lead_system.queries.reconciliation.kept_figures import KEPT_FIGURES
from lead_system.queries.reconciliation.leads import LEADS
from lead_system.queries.reconciliation.money import DEALS, FEES
from lead_system.queries.reconciliation.people import PEOPLE, REQUESTS

INVARIANTS: tuple[Check, ...] = (
    *LEADS, *HOLDS, *BINDINGS, *COLLISIONS, *REBINDS, *DEALS, *FEES, *RECORDS, *PAYLOADS, *PEOPLE, *REQUESTS,
    *KEPT_FIGURES,
)  # fmt: skip
"""Those of the rules and of what is kept."""

CHECKS: tuple[Checked, ...] = (*INVARIANTS, *FIGURES)
"""Those, and the figures of pages beside the rows that they open."""


def find_check(name: str) -> Checked | None:
    """Return the check of a name; None for one that an earlier release had."""
    return next((check for check in CHECKS if check.name == name), None)
