"""What must hold for figures that are kept beside the rows they count (decisions 31 and 32)."""

from lead_system.queries.reconciliation.check import N_, Check, Harm

_IS_IN = "status <> 'withdrawn' AND merged_into_id IS NULL"

KEPT_FIGURES = (
    Check(
        "tallies_are_what_counting_says", "B10", Harm.LOST,
        N_("The kept figures of every broker are those that counting the customers gives."),
        "SELECT broker_id, count(*) AS answers FROM ("
        "SELECT broker_id, entered, reported, bound, expired, dealt, ever_reported, ever_bound"
        " FROM broker_tallies UNION SELECT broker_id,"
        f" count(CASE WHEN {_IS_IN} AND status = 'entered' THEN 1 END),"
        f" count(CASE WHEN {_IS_IN} AND status = 'reported' THEN 1 END),"
        f" count(CASE WHEN {_IS_IN} AND status = 'bound' THEN 1 END),"
        f" count(CASE WHEN {_IS_IN} AND status = 'expired' THEN 1 END),"
        f" count(CASE WHEN {_IS_IN} AND status = 'dealt' THEN 1 END),"
        f" count(CASE WHEN {_IS_IN} AND first_reported_at IS NOT NULL THEN 1 END),"
        f" count(CASE WHEN {_IS_IN} AND bound_at IS NOT NULL THEN 1 END)"
        " FROM leads GROUP BY broker_id) AS answers GROUP BY broker_id HAVING count(*) > 1",
    ),
    Check(
        "names_are_found_by_their_parts", "B10", Harm.LOST,
        N_("A customer is found by every part of its name, by nothing that is none, and as what it is."),
        "WITH RECURSIVE places (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM places WHERE n <"
        " (SELECT max(length(name_key)) FROM leads WHERE anonymised_at IS NULL)),"
        " parts (gram, lead_id, status, protect_until) AS (SELECT DISTINCT substr(name_key, n, size), id,"
        f" CASE WHEN {_IS_IN} THEN status END, protect_until FROM leads, places,"
        " (SELECT 1 AS size UNION ALL SELECT 2) AS sizes"
        " WHERE n + size - 1 <= length(name_key) AND anonymised_at IS NULL)"
        " SELECT lead_id, count(*) AS parts FROM (SELECT gram, lead_id FROM (SELECT * FROM parts"
        " UNION ALL SELECT gram, lead_id, status, protect_until FROM lead_name_grams) AS twice"
        " GROUP BY lead_id, gram, status, protect_until HAVING count(*) <> 2) AS odd GROUP BY lead_id",
    ),
)  # fmt: skip
