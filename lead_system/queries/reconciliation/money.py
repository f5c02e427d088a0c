"""What must hold for deals and viewing fees (R9, SPEC 4)."""

from lead_system.queries.reconciliation.check import N_, Check, Harm
from lead_system.queries.reconciliation.holding import END

DEALS = (
    Check(
        "one_standing_deal", "R9", Harm.DOUBLE,
        N_("No two deals stand on one customer."),
        "SELECT lead_id, count(*) AS deals FROM deals WHERE undone_at IS NULL"
        " GROUP BY lead_id HAVING count(*) > 1",
    ),
    Check(
        "dealt_exactly_while_a_deal_stands", "R9", Harm.WRONG,
        N_("A customer is dealt exactly while a deal stands."),
        "SELECT l.id AS lead_id, l.status FROM leads l WHERE (l.status = 'dealt') <>"
        " EXISTS (SELECT 1 FROM deals d WHERE d.lead_id = l.id AND d.undone_at IS NULL)",
    ),
    Check(
        "deal_on_a_day_of_its_binding", "R9", Harm.WRONG,
        N_("The day of a deal is not after it was marked, nor before the customer was bound;"
           " of a late deal it is a day on which the customer was really held."),
        "SELECT d.lead_id, d.id AS deal_id FROM deals d WHERE d.dealt_on > DAY(d.marked_at)"
        " OR NOT EXISTS (SELECT 1 FROM (SELECT b.lead_id, b.bound_at, "
        f"{END} AS held_until FROM bindings b) AS b"
        " WHERE b.lead_id = d.lead_id AND DAY(b.bound_at) <= d.dealt_on"
        " AND (NOT d.late OR LAST_DAY(b.held_until) >= d.dealt_on))",
    ),
)  # fmt: skip

FEES = (
    Check(
        "fees_only_for_scanned_customers", "SPEC 4", Harm.WRONG,
        N_("A viewing fee is paid only for a customer whom the gate scanned."),
        "SELECT f.lead_id, f.id AS fee_id FROM fees f"
        " WHERE NOT EXISTS (SELECT 1 FROM gate_scans s WHERE s.lead_id = f.lead_id)",
    ),
    Check(
        "fees_go_to_the_customers_broker", "SPEC 4", Harm.WRONG,
        N_("A viewing fee goes to the customer's broker."),
        "SELECT f.lead_id, f.id AS fee_id, f.broker_id FROM fees f JOIN leads l ON l.id = f.lead_id"
        " WHERE f.broker_id <> l.broker_id",
    ),
    Check(
        "void_fees_say_who_and_why", "SPEC 4", Harm.LOST,
        N_("A void fee says by whom and why; one that counts has neither."),
        "SELECT lead_id, id AS fee_id FROM fees WHERE (voided_at IS NULL) <> (voided_by_id IS NULL)"
        " OR (voided_at IS NULL) <> (trim(void_reason) = '')",
    ),
    Check(
        "screenshots_belong_to_fees", "SPEC 4", Harm.LOST,
        N_("Every payment screenshot belongs to a fee."),
        "SELECT p.id AS picture_id FROM pictures p"
        " WHERE NOT EXISTS (SELECT 1 FROM fees f WHERE f.picture_id = p.id)",
    ),
)  # fmt: skip
