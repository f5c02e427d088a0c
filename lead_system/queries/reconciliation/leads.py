"""What must hold for customers themselves (R1–R3, R8)."""

from lead_system.queries.reconciliation.check import N_, Check, Harm

_KEYS_DUE = (
    "CASE WHEN l.status = 'withdrawn' OR l.merged_into_id IS NOT NULL OR l.anonymised_at IS NOT NULL THEN 0"
    " WHEN l.phone2 IS NULL THEN 1 ELSE 2 END"
)

LEADS = (
    Check(
        "phones_are_seven_digits", "R1", Harm.WRONG,
        N_("A customer's phones are three and four digits, and begin as mobile numbers do."),
        "SELECT l.id AS lead_id FROM leads l WHERE l.anonymised_at IS NULL AND ("
        "length(l.phone1) <> 7 OR ltrim(l.phone1, '0123456789') <> ''"
        " OR substr(l.phone1, 1, 1) <> '1' OR substr(l.phone1, 2, 1) < '3'"
        " OR l.phone1 = l.phone2 OR length(l.phone2) <> 7 OR ltrim(l.phone2, '0123456789') <> ''"
        " OR substr(l.phone2, 1, 1) <> '1' OR substr(l.phone2, 2, 1) < '3')",
    ),
    Check(
        "customer_once_per_broker", "R2", Harm.DOUBLE,
        N_("No broker has one customer twice: no two of a broker share name, phone and person number."),
        "SELECT min(k.lead_id) AS lead_id, max(k.lead_id) AS other_lead_id FROM ("
        "SELECT id AS lead_id, broker_id, name_key, phone1 AS phone, person_number FROM leads"
        " WHERE status <> 'withdrawn' AND merged_into_id IS NULL AND anonymised_at IS NULL UNION ALL"
        " SELECT id, broker_id, name_key, phone2, person_number FROM leads WHERE phone2 IS NOT NULL"
        " AND status <> 'withdrawn' AND merged_into_id IS NULL AND anonymised_at IS NULL) AS k"
        " GROUP BY k.broker_id, k.name_key, k.phone, k.person_number HAVING count(*) > 1",
    ),
    Check(
        "another_person_was_declared", "R4", Harm.WRONG,
        N_("A customer is another person only because somebody declared it, or a rebind brought it."),
        "SELECT l.id AS lead_id, l.person_number FROM leads l WHERE l.person_number <> 0"
        " AND NOT EXISTS (SELECT 1 FROM history h WHERE h.lead_id = l.id"
        " AND h.action = 'declare_another_person')"
        " AND NOT EXISTS (SELECT 1 FROM rebinds r WHERE r.to_lead_id = l.id)",
    ),
    Check(
        "keys_of_listed_customers", "R2", Harm.LOST,
        N_("A listed customer has exactly the keys of its name and phones; one that left the lists"
           " has none."),
        "SELECT l.id AS lead_id, l.status, count(k.id) AS keys_found FROM leads l"
        " LEFT JOIN lead_keys k ON k.lead_id = l.id"
        " GROUP BY l.id, l.status, l.phone2, l.merged_into_id, l.anonymised_at"
        f" HAVING count(k.id) <> {_KEYS_DUE}"
        " OR count(CASE WHEN k.broker_id = l.broker_id AND k.name_key = l.name_key"
        " AND k.person_number = l.person_number AND k.phone IN (l.phone1, l.phone2) THEN 1 END)"
        f" <> {_KEYS_DUE}",
    ),
    Check(
        "code_exactly_when_reported", "R3", Harm.WRONG,
        N_("A customer has a visit code exactly if it was ever reported."),
        "SELECT l.id AS lead_id, l.status FROM leads l WHERE (l.code_token IS NULL) <>"
        " (NOT EXISTS (SELECT 1 FROM reports r WHERE r.lead_id = l.id))"
        " OR (l.code_token IS NULL) <> (l.short_code IS NULL)"
        " OR (l.code_token IS NULL) <> (l.first_reported_at IS NULL)",
    ),
    Check(
        "status_has_its_past", "R3", Harm.WRONG,
        N_("Every status could be reached: what is bound, expired or dealt was bound, by a binding"
           " that stands;"
           " what is reported was reported; what is withdrawn never was."),
        "SELECT l.id AS lead_id, l.status FROM leads l WHERE CASE l.status"
        " WHEN 'entered' THEN l.first_reported_at IS NULL AND l.bound_at IS NULL"
        " WHEN 'withdrawn' THEN l.first_reported_at IS NULL AND l.withdrawn_at IS NOT NULL"
        " WHEN 'reported' THEN l.first_reported_at IS NOT NULL AND l.reported_at IS NOT NULL"
        " ELSE l.first_reported_at IS NOT NULL AND l.bound_at IS NOT NULL AND l.protect_until IS NOT NULL"
        " AND EXISTS (SELECT 1 FROM bindings b WHERE b.lead_id = l.id) END IS NOT TRUE",
    ),
    Check(
        "bound_customers_have_a_consultant", "R5", Harm.LOST,
        N_("Every bound or dealt customer has a consultant, and that is one."),
        "SELECT l.id AS lead_id, l.status, l.consultant_id FROM leads l"
        " LEFT JOIN accounts a ON a.id = l.consultant_id"
        " WHERE (l.status IN ('bound', 'dealt') AND a.id IS NULL) OR a.role <> 'consultant'",
    ),
    Check(
        "merged_into_the_same_broker", "R8", Harm.WRONG,
        N_("A merged customer went into another of the same broker."),
        "SELECT l.id AS lead_id, l.merged_into_id AS other_lead_id FROM leads l"
        " LEFT JOIN leads t ON t.id = l.merged_into_id WHERE l.merged_into_id IS NOT NULL"
        " AND (t.id IS NULL OR t.id = l.id OR t.broker_id <> l.broker_id)",
    ),
)  # fmt: skip
