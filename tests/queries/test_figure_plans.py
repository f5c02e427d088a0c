"""The dashboard and the referral table go through no customers: what both databases would do, among many."""

from datetime import timedelta

import pytest

from lead_system.clock import now
from tests.admin.conftest import Desk
from tests.queries.test_plans import goes_through_all, plan_of, statements
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.many import add_leads, draw_leads

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

ROWS = 8_000
PAGES = {
    "/admin/?period=7": {"ix_leads_listed_entered_at", "ix_leads_bound_protect_until"},
    "/admin/?period=30": {"ix_leads_listed_entered_at", "ix_leads_bound_protect_until"},
    "/admin/referrals/": {"broker_tallies"},
}
"""Pages of figures, and what they are read from."""


@pytest.fixture
def desk(signed_in: Desk) -> Desk:
    """Gives the browser of somebody in the back office."""
    return signed_in


def test_pages_of_figures_go_through_no_customers(cast: Cast, desk: Desk) -> None:
    rows = draw_leads(cast, ROWS, now())
    for number, row in enumerate(rows):
        row["entered_at"] = now() - timedelta(hours=number)
        if row["first_reported_at"] is not None:
            row["first_reported_at"] = now() - timedelta(hours=number)
    add_leads(cast, rows)
    client = desk("director")
    client.get("/admin/")

    for address, used in PAGES.items():
        with statements() as asked:
            client.get(address)
        with cast.app.app_context():
            plans = [plan_of(*one) for one in asked if one[0].startswith(("SELECT", "WITH"))]
        said = f"{address}\n" + "\n\n".join(plans)
        assert {name for name in used if any(name in plan for plan in plans)} == used, said
        assert not [step for plan in plans for step in goes_through_all(plan)], said
