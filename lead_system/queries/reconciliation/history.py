"""What must hold for records: no acknowledged change without one (R10)."""

from lead_system.queries.reconciliation.check import N_, Check, Harm


def _recorded(name: str, must: str, table: str, key: str, *actions: str, where: str = "TRUE") -> Check:
    """Return the check that each row of a table is named by a record of its customer.

    Records of one kind are gathered once and joined, instead of being looked up for each row.
    """
    named = ", ".join(f"'{action}'" for action in actions)
    return Check(
        name, "R10", Harm.LOST, must,
        f"SELECT t.lead_id, t.id AS {key}_id FROM {table} t"
        f" LEFT JOIN (SELECT lead_id, CAST(changes ->> '{key}' AS integer) AS named FROM history"
        f" WHERE action IN ({named})) AS h ON h.lead_id = t.lead_id AND h.named = t.id"
        f" WHERE h.named IS NULL AND {where}",
    )  # fmt: skip


RECORDS = (
    Check(
        "entries_on_record", "R10", Harm.LOST,
        N_("Every customer has its first record."),
        "SELECT l.id AS lead_id FROM leads l WHERE NOT EXISTS (SELECT 1 FROM history h"
        " WHERE h.lead_id = l.id AND h.action = 'enter_lead')",
    ),
    Check(
        "withdrawals_on_record", "R10", Harm.LOST,
        N_("Every withdrawn entry has its record."),
        "SELECT l.id AS lead_id FROM leads l WHERE l.status = 'withdrawn' AND NOT EXISTS"
        " (SELECT 1 FROM history h WHERE h.lead_id = l.id AND h.action = 'withdraw_entry')",
    ),
    Check(
        "reports_on_record", "R10", Harm.LOST,
        N_("A customer has as many records of reports as reports, its own and those on its broker's behalf."),
        "SELECT lead_id, sum(made) AS reports, sum(records) AS records FROM ("
        "SELECT lead_id, on_behalf, count(*) AS made, 0 AS records FROM reports GROUP BY lead_id, on_behalf"
        " UNION ALL SELECT lead_id, action = 'report_on_behalf', 0, count(*) FROM history"
        " WHERE action IN ('report_lead', 'report_on_behalf') GROUP BY lead_id, action) AS counted"
        " GROUP BY lead_id, on_behalf HAVING sum(made) <> sum(records)",
    ),
    _recorded("scans_on_record", N_("Every gate scan has its record."),
              "gate_scans", "scan", "bind_by_scan", "visit_again"),
    _recorded("bindings_on_record", N_("Every binding by scan has its record."),
              "bindings", "binding", "bind_by_scan", where="t.scan_id IS NOT NULL"),
    _recorded("viewings_on_record", N_("Every viewing has its record."),
              "viewings", "viewing", "record_viewing"),
    _recorded("follow_ups_on_record", N_("Every follow-up has its record."),
              "follow_ups", "follow_up", "add_follow_up"),
    _recorded("fees_on_record", N_("Every viewing fee has its record."), "fees", "fee", "pay_fee"),
    _recorded("void_fees_on_record", N_("Every void fee has the record of its voiding."),
              "fees", "fee", "void_fee", where="t.voided_at IS NOT NULL"),
    _recorded("deals_on_record", N_("Every deal has its record."), "deals", "deal", "mark_dealt"),
    _recorded("undone_deals_on_record", N_("Every undone deal has the record of its undoing."),
              "deals", "deal", "undo_deal", where="t.undone_at IS NOT NULL"),
    Check(
        "rebinds_on_record", "R10", Harm.LOST,
        N_("Every rebind has a record on both customers."),
        "SELECT r.from_lead_id AS lead_id, r.to_lead_id AS other_lead_id, r.id AS rebind_id FROM rebinds r"
        " LEFT JOIN history a ON a.lead_id = r.from_lead_id AND a.action = 'rebind_away'"
        " AND CAST(a.changes ->> 'rebind' AS integer) = r.id"
        " LEFT JOIN history h ON h.lead_id = r.to_lead_id AND h.action = 'rebind_here'"
        " AND CAST(h.changes ->> 'rebind' AS integer) = r.id WHERE a.id IS NULL OR h.id IS NULL",
    ),
)  # fmt: skip

PAYLOADS = (
    Check(
        "records_follow_each_other", "B2", Harm.LOST,
        N_("The records of each chain are counted from one, and none is left out; whether one was changed,"
           " flask verify-history tells."),
        "SELECT max(id) AS record_id, max(lead_id) AS lead_id, chain FROM history GROUP BY chain"
        " HAVING min(position) <> 1 OR max(position) <> count(*)",
    ),
    Check(
        "payloads_are_kept", "R10", Harm.LOST,
        N_("A record that vouches for personal values has them, until whoever they name is anonymised."),
        "SELECT h.id AS record_id, h.lead_id FROM history h"
        " LEFT JOIN history_payloads p ON p.record_id = h.id"
        " WHERE h.payload_hash IS NOT NULL AND p.record_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM history a WHERE a.chain = h.chain AND a.position > h.position"
        " AND a.action = 'anonymise')",
    ),
    Check(
        "payloads_are_vouched_for", "R10", Harm.WRONG,
        N_("No personal values lie beside a record that does not vouch for them."),
        "SELECT p.record_id FROM history_payloads p LEFT JOIN history h ON h.id = p.record_id"
        " WHERE h.id IS NULL OR h.payload_hash IS NULL",
    ),
    Check(
        "nothing_is_left_of_the_anonymised", "R10", Harm.WRONG,
        N_("Of an anonymised customer no name, digits, words or keys are left, and no dispute."),
        "SELECT l.id AS lead_id, l.status FROM leads l WHERE l.anonymised_at IS NOT NULL"
        " AND (l.status = 'dealt' OR l.surname <> '' OR l.given_name <> '' OR l.needs <> ''"
        " OR trim(l.phone1) <> '' OR l.phone2 IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM holds h WHERE h.lead_id = l.id)"
        " OR EXISTS (SELECT 1 FROM binding_keys k JOIN bindings b ON b.id = k.binding_id"
        " WHERE b.lead_id = l.id)"
        " OR EXISTS (SELECT 1 FROM follow_ups f WHERE f.lead_id = l.id AND f.note <> '')"
        " OR EXISTS (SELECT 1 FROM history h JOIN history_payloads p ON p.record_id = h.id"
        " WHERE h.lead_id = l.id AND h.action NOT IN ('anonymise', 'void_fee'))"
        " OR EXISTS (SELECT 1 FROM collisions c WHERE c.state = 'open' AND c.challenging_lead_id = l.id)"
        " OR EXISTS (SELECT 1 FROM collisions c WHERE c.state = 'open' AND c.holding_lead_id = l.id))",
    ),
)  # fmt: skip
