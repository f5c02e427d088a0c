"""What must hold for who holds whom, and for how long (R4–R6, R8)."""

from lead_system.queries.reconciliation.check import N_, Check, Harm

END = "CASE WHEN b.ended_at < b.ends_at THEN b.ended_at ELSE b.ends_at END"
"""Until when a binding really held."""

_MOVED = (
    "EXISTS (SELECT 1 FROM history h WHERE h.lead_id = b.lead_id"
    " AND h.action IN ('extend_binding', 'reset_protection')"
    " AND CAST(h.changes ->> 'binding' AS integer) = b.id)"
)
"""Whether a record says that the end of a binding was moved."""

HOLDS = (
    Check(
        "one_holder", "R4", Harm.DOUBLE,
        N_("No two customers hold one key."),
        "SELECT min(lead_id) AS lead_id, max(lead_id) AS other_lead_id FROM holds"
        " GROUP BY name_key, phone, person_number HAVING count(*) > 1",
    ),
    Check(
        "holders_hold_all_their_keys", "R4", Harm.LOST,
        N_("Every customer that is bound or dealt holds all of its keys, until its own end."),
        "SELECT l.id AS lead_id, l.status, count(h.id) AS holds FROM leads l"
        " LEFT JOIN holds h ON h.lead_id = l.id AND h.name_key = l.name_key"
        " AND h.person_number = l.person_number AND h.phone IN (l.phone1, l.phone2)"
        " AND ((l.status = 'dealt' AND h.ends_at IS NULL)"
        " OR (l.status = 'bound' AND h.ends_at = l.protect_until))"
        " WHERE l.status = 'dealt' OR (l.status = 'bound' AND l.protect_until > :now)"
        " GROUP BY l.id, l.status, l.phone2"
        " HAVING count(h.id) <> CASE WHEN l.phone2 IS NULL THEN 1 ELSE 2 END",
    ),
    Check(
        "nobody_else_holds", "R4", Harm.WRONG,
        N_("Nobody holds a key but customers that are bound or dealt, and they no other than their own."),
        "SELECT h.lead_id, h.id AS hold_id, l.status FROM holds h JOIN leads l ON l.id = h.lead_id"
        " WHERE (h.ends_at IS NULL AND l.status <> 'dealt')"
        " OR (h.ends_at > :now AND (l.status <> 'bound' OR l.protect_until <= :now))"
        " OR ((h.ends_at IS NULL OR h.ends_at > :now) AND (h.name_key <> l.name_key"
        " OR h.person_number <> l.person_number OR h.phone NOT IN (l.phone1, coalesce(l.phone2, ''))))",
    ),
    Check(
        "one_holder_at_each_instant", "R4", Harm.DOUBLE,
        N_("At no instant of the past did two bindings hold one key."),
        "SELECT lead_id, binding_id FROM (SELECT b.lead_id, b.id AS binding_id, b.bound_at,"
        f" max({END}) OVER (PARTITION BY k.name_key, k.phone, k.person_number ORDER BY b.bound_at, b.id"
        " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS held_until"
        " FROM binding_keys k JOIN bindings b ON b.id = k.binding_id) AS held WHERE bound_at < held_until",
    ),
)  # fmt: skip

BINDINGS = (
    Check(
        "one_cause_of_a_binding", "R5", Harm.WRONG,
        N_("Every binding has exactly one cause, a scan or a rebind."),
        "SELECT lead_id, id AS binding_id, scan_id, rebind_id FROM bindings"
        " WHERE (scan_id IS NULL) = (rebind_id IS NULL)",
    ),
    Check(
        "one_binding_of_a_cause", "R5", Harm.DOUBLE,
        N_("No scan and no rebind made two bindings."),
        "SELECT min(lead_id) AS lead_id, scan_id, rebind_id, count(*) AS bindings FROM bindings"
        " GROUP BY scan_id, rebind_id HAVING count(*) > 1",
    ),
    Check(
        "one_open_binding", "R4", Harm.DOUBLE,
        N_("No customer has two open bindings."),
        "SELECT lead_id, count(*) AS open_bindings FROM bindings WHERE ended_at IS NULL"
        " GROUP BY lead_id HAVING count(*) > 1",
    ),
    Check(
        "first_scan_binds", "R5", Harm.LOST,
        N_("The first confirmed scan of a reported customer binds it, unless a rebind had brought it"
           " before."),
        "SELECT s.lead_id, s.id AS scan_id FROM gate_scans s"
        " JOIN (SELECT lead_id, min(id) AS first_id FROM gate_scans GROUP BY lead_id) AS f ON"
        " f.first_id = s.id"
        " WHERE NOT EXISTS (SELECT 1 FROM bindings b WHERE b.scan_id = s.id)"
        " AND NOT EXISTS (SELECT 1 FROM rebinds r WHERE r.to_lead_id = s.lead_id)",
    ),
    Check(
        "binding_is_of_its_scan", "R5", Harm.WRONG,
        N_("A binding by scan is of the scanned customer and its broker, and begins at the scan."),
        "SELECT b.lead_id, b.id AS binding_id, b.scan_id FROM bindings b JOIN gate_scans s ON s.id ="
        " b.scan_id"
        " WHERE b.lead_id <> s.lead_id OR b.broker_id <> s.broker_id OR b.bound_at <> s.scanned_at"
        " OR coalesce(b.brokerage_id, 0) <> coalesce(s.brokerage_id, 0)",
    ),
    Check(
        "end_of_the_customer_is_that_of_its_binding", "R6", Harm.WRONG,
        N_("A bound customer has an open binding that began and ends when the customer's own"
           " protection does."),
        "SELECT l.id AS lead_id, b.id AS binding_id FROM leads l"
        " LEFT JOIN bindings b ON b.lead_id = l.id AND b.ended_at IS NULL WHERE l.status = 'bound'"
        " AND (b.id IS NULL OR b.ends_at <> l.protect_until OR b.bound_at <> l.bound_at)",
    ),
    Check(
        "protection_is_days_from_the_binding", "R6", Harm.WRONG,
        N_("A binding ends its days of 24 hours after it began, or when the rebind says that kept"
           " the old end,"
           " or a record says that the end was moved."),
        "SELECT b.lead_id, b.id AS binding_id, b.days FROM bindings b LEFT JOIN rebinds r ON r.id ="
        " b.rebind_id"
        " WHERE ((NOT b.kept_end AND SECONDS(b.ends_at) - SECONDS(b.bound_at) <> b.days * 86400)"
        f" OR (b.kept_end AND b.ends_at <> r.new_end)) AND NOT {_MOVED}",
    ),
    Check(
        "extended_once_on_record", "R6", Harm.LOST,
        N_("A binding was extended at most once, and a record says so."),
        "SELECT b.lead_id, b.id AS binding_id, count(h.id) AS records FROM bindings b"
        " LEFT JOIN history h ON h.lead_id = b.lead_id AND h.action = 'extend_binding'"
        " AND CAST(h.changes ->> 'binding' AS integer) = b.id"
        " WHERE b.extended_at IS NOT NULL AND NOT b.kept_end GROUP BY b.lead_id, b.id HAVING"
        " count(h.id) <> 1",
    ),
    Check(
        "bindings_keep_their_keys", "R10", Harm.LOST,
        N_("Every binding says which keys it held, until the customer is anonymised."),
        "SELECT b.lead_id, b.id AS binding_id FROM bindings b JOIN leads l ON l.id = b.lead_id"
        " WHERE l.anonymised_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM binding_keys k WHERE k.binding_id = b.id)",
    ),
)  # fmt: skip

REBINDS = (
    Check(
        "rebind_moved_one_binding", "R8", Harm.LOST,
        N_("A rebind closed one binding of the old customer, and made one of the new that began at"
           " that moment."),
        "SELECT r.from_lead_id AS lead_id, r.to_lead_id AS other_lead_id, r.id AS rebind_id FROM rebinds r"
        " WHERE (SELECT count(*) FROM bindings o WHERE o.lead_id = r.from_lead_id AND o.ended_at = r.at) <> 1"
        " OR NOT EXISTS (SELECT 1 FROM bindings n WHERE n.rebind_id = r.id AND n.lead_id = r.to_lead_id"
        " AND n.broker_id = r.to_broker_id AND n.bound_at = r.at)",
    ),
    Check(
        "rebind_between_two_brokers", "R8", Harm.WRONG,
        N_("A rebind leads from one broker's customer to another broker's."),
        "SELECT r.from_lead_id AS lead_id, r.to_lead_id AS other_lead_id, r.id AS rebind_id FROM rebinds r"
        " JOIN leads f ON f.id = r.from_lead_id JOIN leads t ON t.id = r.to_lead_id"
        " WHERE f.broker_id <> r.from_broker_id OR t.broker_id <> r.to_broker_id"
        " OR r.from_broker_id = r.to_broker_id",
    ),
    Check(
        "rebind_has_a_reason", "R8", Harm.LOST,
        N_("Every rebind says why, until one of its customers is anonymised."),
        "SELECT r.from_lead_id AS lead_id, r.id AS rebind_id FROM rebinds r"
        " JOIN leads f ON f.id = r.from_lead_id JOIN leads t ON t.id = r.to_lead_id"
        " WHERE trim(r.reason) = '' AND f.anonymised_at IS NULL AND t.anonymised_at IS NULL",
    ),
)  # fmt: skip
