"""What must hold for people, for whose rows are whose, and for requests (R10, R12, R13)."""

from lead_system.queries.reconciliation.check import N_, Check, Harm

PEOPLE = (
    Check(
        "rows_belong_to_the_customers_broker", "R12", Harm.WRONG,
        N_("Scans, bindings, viewings and own reports belong to the broker of their customer."),
        "SELECT t.lead_id, t.what, t.id AS row_id FROM ("
        "SELECT 'scan' AS what, id, lead_id, broker_id FROM gate_scans UNION ALL"
        " SELECT 'binding', id, lead_id, broker_id FROM bindings UNION ALL"
        " SELECT 'viewing', id, lead_id, broker_id FROM viewings UNION ALL"
        " SELECT 'report', id, lead_id, account_id FROM reports WHERE NOT on_behalf) AS t"
        " JOIN leads l ON l.id = t.lead_id WHERE t.broker_id <> l.broker_id",
    ),
    Check(
        "archived_do_nothing_more", "R10", Harm.WRONG,
        N_("Nobody who is archived did anything afterwards that the gate, a consultant or a broker does."),
        "SELECT t.account_id, t.lead_id, t.what, t.id AS row_id FROM ("
        "SELECT 'scan' AS what, id, lead_id, gate_id AS account_id, scanned_at AS at"
        " FROM gate_scans UNION ALL SELECT 'viewing', id, lead_id, consultant_id, viewed_at FROM"
        " viewings UNION ALL"
        " SELECT 'report', id, lead_id, account_id, reported_at FROM reports WHERE NOT on_behalf) AS t"
        " JOIN accounts a ON a.id = t.account_id WHERE SECONDS(t.at) - SECONDS(a.archived_at) > 60",
    ),
    Check(
        "one_account_of_a_phone", "R10", Harm.DOUBLE,
        N_("No two accounts sign in with one phone."),
        "SELECT min(id) AS account_id, max(id) AS other_account_id FROM accounts"
        " WHERE role IN ('broker', 'resident', 'visitor') GROUP BY phone HAVING count(*) > 1",
    ),
    Check(
        "one_choice_of_a_name", "SPEC 4", Harm.DOUBLE,
        N_("No two customer types, and no two plots that are shown, have one name."),
        "SELECT 'customer_type' AS what, min(id) AS row_id, max(id) AS other_row_id FROM customer_types"
        " GROUP BY name_key HAVING count(*) > 1"
        " UNION ALL SELECT 'plot', min(id), max(id) FROM plots WHERE archived_at IS NULL"
        " GROUP BY number_key HAVING count(*) > 1",
    ),
)  # fmt: skip

REQUESTS = (
    Check(
        "request_handled_once", "R13", Harm.DOUBLE,
        N_("No request id was handled twice."),
        "SELECT min(id) AS request_row_id, max(id) AS other_request_row_id, count(*) AS kept"
        " FROM handled_requests GROUP BY asker, action, request_id HAVING count(*) > 1",
    ),
    Check(
        "requests_have_their_answer", "R13", Harm.LOST,
        N_("Every request that was acknowledged has its answer kept."),
        "SELECT id AS request_row_id, action FROM handled_requests"
        " WHERE answer IS NULL OR CAST(answer AS text) = 'null'",
    ),
)  # fmt: skip
