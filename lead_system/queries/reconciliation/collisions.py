"""What must hold for collisions (R7)."""

from lead_system.queries.reconciliation.check import N_, Check, Harm

COLLISIONS = (
    Check(
        "one_open_collision", "R7", Harm.DOUBLE,
        N_("Of one kind and two sides, at most one collision is open."),
        "SELECT min(id) AS collision_id, max(id) AS other_collision_id, count(*) AS rows_open FROM collisions"
        " WHERE state = 'open' GROUP BY kind, holding_lead_id, visitor_id, challenging_lead_id"
        " HAVING count(*) > 1",
    ),
    Check(
        "walk_in_first_once", "R7", Harm.DOUBLE,
        N_("Whether a walk-in came first is asked once of a visitor and a customer, for good."),
        "SELECT min(id) AS collision_id, max(id) AS other_collision_id, count(*) AS asked FROM collisions"
        " WHERE kind = 'walk_in_first' GROUP BY visitor_id, challenging_lead_id HAVING count(*) > 1",
    ),
    Check(
        "handled_by_somebody_at_a_time", "R7", Harm.LOST,
        N_("A handled collision says when, with which outcome and by whom, or that a rule closed it;"
           " an open one says nothing of that."),
        "SELECT c.id AS collision_id, c.state FROM collisions c WHERE CASE WHEN c.state = 'open'"
        " THEN c.handled_at IS NULL AND c.handled_by_id IS NULL AND c.outcome IS NULL"
        " ELSE c.handled_at IS NOT NULL AND c.outcome IS NOT NULL AND (c.handled_by_id IS NOT NULL)"
        " <> (c.outcome = 'rebound') END IS NOT TRUE",
    ),
    Check(
        "holder_and_challenger_are_two", "R7", Harm.WRONG,
        N_("A collision stands between two customers of two brokers, or between a visitor and a customer."),
        "SELECT c.id AS collision_id FROM collisions c JOIN leads w ON w.id = c.challenging_lead_id"
        " LEFT JOIN leads h ON h.id = c.holding_lead_id LEFT JOIN accounts v ON v.id = c.visitor_id"
        " WHERE CASE WHEN c.kind = 'held' THEN h.broker_id <> w.broker_id AND v.id IS NULL"
        " ELSE h.id IS NULL AND v.id IS NOT NULL END IS NOT TRUE",
    ),
    Check(
        "collision_events_on_record", "R10", Harm.LOST,
        N_("A collision has at least one event, and as many records as events."),
        "SELECT c.id AS collision_id, c.kind FROM collisions c WHERE"
        " (SELECT count(*) FROM collision_events e WHERE e.collision_id = c.id) NOT IN (SELECT count(*)"
        " FROM history h WHERE h.chain = 'collision:' || c.id AND h.action <> 'anonymise'"
        " HAVING count(*) > 0)",
    ),
)  # fmt: skip
