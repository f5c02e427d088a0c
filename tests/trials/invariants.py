"""What must be true of the whole database whatever was tried, asked of it in SQL (R2–R5, R7–R10, R13).

The races, the crashes and the fuzz ask it; the model asks the same through the queries of the screens.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from flask import Flask
from sqlalchemy import RowMapping, bindparam, select, text

from lead_system.extensions import db
from lead_system.models import Binding, BindingKey, UtcDateTime
from tests.trials.findings import Broken, Finding


class Invariant(NamedTuple):
    """Rows that must not exist, and which promise is broken where they do."""

    broken: Broken
    what: str
    rows: str


NEVER = (
    Invariant(
        Broken.DOUBLE, "two leads hold one key",
        "SELECT name_key, phone, person_number, min(lead_id) AS one, max(lead_id) AS other FROM holds"
        " GROUP BY name_key, phone, person_number HAVING count(*) > 1",
    ),
    Invariant(
        Broken.DOUBLE, "one lead has two open bindings",
        "SELECT lead_id, count(*) AS open_bindings FROM bindings WHERE ended_at IS NULL"
        " GROUP BY lead_id HAVING count(*) > 1",
    ),
    Invariant(
        Broken.ERROR, "a binding has no cause, or two",
        "SELECT id, scan_id, rebind_id FROM bindings WHERE (scan_id IS NULL) = (rebind_id IS NULL)",
    ),
    Invariant(
        Broken.DOUBLE, "one scan or rebind made two bindings",
        "SELECT scan_id, rebind_id, count(*) AS bindings FROM bindings"
        " GROUP BY scan_id, rebind_id HAVING count(*) > 1",
    ),
    Invariant(
        Broken.DOUBLE, "one broker has one customer twice",
        "SELECT a.id AS one, b.id AS other, a.broker_id FROM leads a JOIN leads b"
        " ON a.broker_id = b.broker_id AND a.name_key = b.name_key AND a.id < b.id"
        " AND a.person_number = b.person_number"
        " AND (a.phone1 IN (b.phone1, coalesce(b.phone2, ''))"
        " OR a.phone2 IN (b.phone1, coalesce(b.phone2, '')))"
        " WHERE a.status <> 'withdrawn' AND b.status <> 'withdrawn'"
        " AND a.merged_into_id IS NULL AND b.merged_into_id IS NULL",
    ),
    Invariant(
        Broken.LOST, "a listed lead has lost one of its keys, or a lead that left the lists keeps one",
        "SELECT l.id, l.status, count(k.id) AS keys FROM leads l LEFT JOIN lead_keys k ON k.lead_id = l.id"
        " GROUP BY l.id, l.status, l.phone2, l.merged_into_id, l.anonymised_at HAVING count(k.id) <>"
        " CASE WHEN l.status = 'withdrawn' OR l.merged_into_id IS NOT NULL OR l.anonymised_at IS NOT NULL"
        " THEN 0"
        " WHEN l.phone2 IS NULL THEN 1 ELSE 2 END",
    ),
    Invariant(
        Broken.LOST, "a lead and one of its keys are of different persons",
        "SELECT l.id, l.person_number, k.person_number AS of_key FROM leads l"
        " JOIN lead_keys k ON k.lead_id = l.id"
        " WHERE k.person_number <> l.person_number OR k.name_key <> l.name_key"
        " OR k.phone NOT IN (l.phone1, coalesce(l.phone2, ''))",
    ),
    Invariant(
        Broken.LOST, "a lead is another person though nobody declared it, or a rebind brought it",
        "SELECT l.id, l.person_number FROM leads l WHERE l.person_number <> 0"
        " AND NOT EXISTS (SELECT 1 FROM history h WHERE h.lead_id = l.id"
        " AND h.action = 'declare_another_person')"
        " AND NOT EXISTS (SELECT 1 FROM rebinds r WHERE r.to_lead_id = l.id)",
    ),
    Invariant(
        Broken.DOUBLE, "two open collisions of one kind and pair",
        "SELECT kind, holding_lead_id, visitor_id, challenging_lead_id, count(*) AS rows_open FROM collisions"
        " WHERE state = 'open' GROUP BY kind, holding_lead_id, visitor_id, challenging_lead_id"
        " HAVING count(*) > 1",
    ),
    Invariant(
        Broken.DOUBLE, "a walk-in came first twice",
        "SELECT visitor_id, challenging_lead_id, count(*) AS asked FROM collisions"
        " WHERE kind = 'walk_in_first' GROUP BY visitor_id, challenging_lead_id HAVING count(*) > 1",
    ),
    Invariant(
        Broken.ERROR, "a code without a report, or a report without a code",
        "SELECT l.id, l.status, l.short_code FROM leads l WHERE (l.code_token IS NULL) <>"
        " (NOT EXISTS (SELECT 1 FROM reports r WHERE r.lead_id = l.id))",
    ),
    Invariant(
        Broken.DOUBLE, "two deals stand on one lead",
        "SELECT lead_id, count(*) AS deals FROM deals WHERE undone_at IS NULL"
        " GROUP BY lead_id HAVING count(*) > 1",
    ),
    Invariant(
        Broken.ERROR, "a deal stands on a lead that is not dealt, or none on one that is",
        "SELECT l.id, l.status FROM leads l WHERE (l.status = 'dealt') <>"
        " EXISTS (SELECT 1 FROM deals d WHERE d.lead_id = l.id AND d.undone_at IS NULL)",
    ),
    Invariant(
        Broken.LOST, "a lead that holds its customer lacks one of its holds",
        "SELECT l.id, l.status, l.protect_until, count(h.id) AS holds FROM leads l"
        " LEFT JOIN holds h ON h.lead_id = l.id"
        " AND h.name_key = l.name_key AND h.phone IN (l.phone1, l.phone2)"
        " AND h.person_number = l.person_number"
        " AND ((l.status = 'dealt' AND h.ends_at IS NULL)"
        " OR (l.status = 'bound' AND h.ends_at = l.protect_until))"
        " WHERE l.status = 'dealt' OR (l.status = 'bound' AND l.protect_until > :now)"
        " GROUP BY l.id, l.status, l.protect_until, l.phone2"
        " HAVING count(h.id) <> CASE WHEN l.phone2 IS NULL THEN 1 ELSE 2 END",
    ),
    Invariant(
        Broken.ERROR, "somebody holds a customer who is neither bound nor dealt",
        "SELECT h.lead_id, l.status, h.ends_at FROM holds h JOIN leads l ON l.id = h.lead_id"
        " WHERE (h.ends_at IS NULL AND l.status <> 'dealt')"
        " OR (h.ends_at > :now AND (l.status <> 'bound' OR l.protect_until <= :now))",
    ),
    Invariant(
        Broken.LOST, "a running lead has no open binding with its end",
        "SELECT l.id, l.protect_until FROM leads l WHERE l.status = 'bound' AND l.protect_until > :now"
        " AND NOT EXISTS (SELECT 1 FROM bindings b WHERE b.lead_id = l.id AND b.ended_at IS NULL"
        " AND b.ends_at = l.protect_until)",
    ),
    Invariant(
        Broken.LOST, "a binding does not say which keys it held",
        "SELECT b.id, b.lead_id FROM bindings b JOIN leads l ON l.id = b.lead_id"
        " WHERE l.anonymised_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM binding_keys k WHERE k.binding_id = b.id)",
    ),
    Invariant(
        Broken.ERROR, "somebody anonymised is dealt, holds, is disputed about, or is known still",
        "SELECT l.id, l.status FROM leads l WHERE l.anonymised_at IS NOT NULL AND (l.status = 'dealt'"
        " OR l.surname <> '' OR l.given_name <> '' OR l.needs <> '' OR trim(l.phone1) <> ''"
        " OR l.phone2 IS NOT NULL OR EXISTS (SELECT 1 FROM holds h WHERE h.lead_id = l.id)"
        " OR EXISTS (SELECT 1 FROM binding_keys k JOIN bindings b ON b.id = k.binding_id"
        " WHERE b.lead_id = l.id)"
        " OR EXISTS (SELECT 1 FROM collisions c WHERE c.state = 'open'"
        " AND l.id IN (c.challenging_lead_id, c.holding_lead_id)))",
    ),
    Invariant(
        Broken.LOST, "a first scan has no binding, though no rebind had brought the lead before",
        "SELECT s.id, s.lead_id FROM gate_scans s"
        " WHERE NOT EXISTS (SELECT 1 FROM gate_scans e WHERE e.lead_id = s.lead_id AND e.id < s.id)"
        " AND NOT EXISTS (SELECT 1 FROM rebinds r WHERE r.to_lead_id = s.lead_id)"
        " AND NOT EXISTS (SELECT 1 FROM bindings b WHERE b.scan_id = s.id)",
    ),
    Invariant(
        Broken.LOST, "a rebind has no binding",
        "SELECT r.id, r.to_lead_id FROM rebinds r"
        " WHERE NOT EXISTS (SELECT 1 FROM bindings b WHERE b.rebind_id = r.id)",
    ),
    Invariant(
        Broken.LOST, "a collision has other events than records, or none",
        "SELECT c.id, c.kind FROM collisions c WHERE"
        " (SELECT count(*) FROM collision_events e WHERE e.collision_id = c.id) NOT IN (SELECT count(*)"
        " FROM history h WHERE h.chain = 'collision:' || c.id AND h.action <> 'anonymise'"
        " HAVING count(*) > 0)",
    ),
    Invariant(
        Broken.LOST, "a payment screenshot belongs to no fee",
        "SELECT p.id FROM pictures p WHERE NOT EXISTS (SELECT 1 FROM fees f WHERE f.picture_id = p.id)",
    ),
    Invariant(
        Broken.LOST, "a record has lost its payload",
        "SELECT h.id, h.chain, h.action FROM history h WHERE h.payload_hash IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM history_payloads p WHERE p.record_id = h.id)"
        " AND NOT EXISTS (SELECT 1 FROM history a WHERE a.chain = h.chain AND a.position > h.position"
        " AND a.action = 'anonymise')",
    ),
    Invariant(
        Broken.DOUBLE, "one request id was handled twice",
        "SELECT asker, action, request_id, count(*) AS kept FROM handled_requests"
        " GROUP BY asker, action, request_id HAVING count(*) > 1",
    ),
    Invariant(
        Broken.LOST, "a request was acknowledged without an answer kept",
        "SELECT asker, action, request_id FROM handled_requests"
        " WHERE answer IS NULL OR CAST(answer AS TEXT) = 'null'",
    ),
    Invariant(
        Broken.DOUBLE, "two accounts sign in with one phone",
        "SELECT phone, count(*) AS accounts FROM accounts WHERE role IN ('broker', 'resident', 'visitor')"
        " GROUP BY phone HAVING count(*) > 1",
    ),
    Invariant(
        Broken.DOUBLE, "two customer types or two plots of one name",
        "SELECT name_key AS named, count(*) AS rows_found FROM customer_types"
        " GROUP BY name_key HAVING count(*) > 1"
        " UNION ALL SELECT number_key, count(*) FROM plots WHERE archived_at IS NULL"
        " GROUP BY number_key HAVING count(*) > 1",
    ),
    Invariant(
        Broken.LOST, "the kept figures of a broker are not those of the customers",
        "SELECT broker_id, min(entered) AS entered, min(reported) AS reported, min(bound) AS bound,"
        " min(expired) AS expired, min(dealt) AS dealt, count(*) AS answers FROM ("
        "SELECT broker_id, entered, reported, bound, expired, dealt, ever_reported, ever_bound"
        " FROM broker_tallies UNION"
        " SELECT l.broker_id, count(CASE WHEN is_in AND status = 'entered' THEN 1 END),"
        " count(CASE WHEN is_in AND status = 'reported' THEN 1 END),"
        " count(CASE WHEN is_in AND status = 'bound' THEN 1 END),"
        " count(CASE WHEN is_in AND status = 'expired' THEN 1 END),"
        " count(CASE WHEN is_in AND status = 'dealt' THEN 1 END),"
        " count(CASE WHEN is_in AND first_reported_at IS NOT NULL THEN 1 END),"
        " count(CASE WHEN is_in AND bound_at IS NOT NULL THEN 1 END)"
        " FROM (SELECT leads.*, status <> 'withdrawn' AND merged_into_id IS NULL AS is_in FROM leads) AS l"
        " GROUP BY l.broker_id) AS answers GROUP BY broker_id HAVING count(*) > 1",
    ),
    Invariant(
        Broken.LOST, "a name is not found by one of its parts, or by what is none of them",
        "WITH RECURSIVE places (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM places WHERE n < 240),"
        " parts (gram, lead_id) AS (SELECT DISTINCT substr(name_key, n, size), id FROM leads, places,"
        " (SELECT 1 AS size UNION ALL SELECT 2) AS sizes"
        " WHERE n + size - 1 <= length(name_key) AND anonymised_at IS NULL)"
        " SELECT lead_id, gram FROM (SELECT gram, lead_id FROM parts UNION ALL"
        " SELECT gram, lead_id FROM lead_name_grams) AS twice GROUP BY lead_id, gram HAVING count(*) <> 2",
    ),
)  # fmt: skip
"""Each select finds what no order of requests explains; written from the rules, not from the schema."""

_SHOWN = 3
"""How many rows of a broken invariant are reported."""


def broken_invariants(app: Flask, now: datetime) -> Iterator[Finding]:
    """Yield what is not true of the database at this moment; nobody may be writing meanwhile."""
    with app.app_context():
        for broken, what, rows in NEVER:
            statement = text(rows)
            if ":now" in rows:
                statement = statement.bindparams(bindparam("now", now, UtcDateTime()))
            for row in db.session.execute(statement).mappings().fetchmany(_SHOWN):
                yield Finding(broken, what, f"  {_spelled(row)}")
        yield from _held_by_two_at_once()


def _held_by_two_at_once() -> Iterator[Finding]:
    """Find two bindings of one key whose times overlap: at each instant at most one broker holds (R4)."""
    held: dict[tuple[Any, ...], list[Binding]] = {}
    joined = select(BindingKey, Binding).join(Binding, Binding.id == BindingKey.binding_id)
    for key, binding in db.session.execute(joined.order_by(Binding.bound_at, Binding.id)):
        held.setdefault((key.name_key, key.phone, key.person_number), []).append(binding)
    for name, bindings in held.items():
        for earlier, later in pairwise(bindings):
            if later.bound_at < _end_of(earlier):
                where = f"  {name}: {_times(earlier)} and {_times(later)}"
                yield Finding(Broken.DOUBLE, "two bindings of one key at one instant", where)


def _end_of(binding: Binding) -> datetime:
    return min(binding.ends_at, binding.ended_at) if binding.ended_at else binding.ends_at


def _times(binding: Binding) -> str:
    return f"lead {binding.lead_id} from {binding.bound_at} to {_end_of(binding)}"


def _spelled(row: RowMapping) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items())
