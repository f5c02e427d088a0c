"""What our entry, report and scan read and write, from a bare driver, one small statement after the other.

Ours put some of them together (decision 33); here they stay as a thin view would send them. No rule is asked:
what our services look at before they go on is read here too, and the next statement sent.
`benchmarks.writes` compares that both leave as many rows behind. `Database` is PostgreSQL by psycopg or
SQLite by sqlite3, told by its address; the texts are the same but for locks, which SQLite has none of.
"""

import hashlib
import json
import re
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import psycopg

SIGNED_IN = """SELECT accounts.*, sign_ins.* FROM sign_ins JOIN accounts ON accounts.id = sign_ins.account_id
    WHERE sign_ins.token_hash = %(token_hash)s"""
ACTING = """SELECT accounts.*, brokerages.* FROM accounts
    LEFT JOIN brokerages ON brokerages.id = accounts.brokerage_id WHERE accounts.id = %(actor_id)s"""
CLAIM = """INSERT INTO handled_requests (asker, action, request_id, salt, content_hash, handled_at)
    VALUES (%(asker)s, %(action)s, %(request_id)s, %(salt)s, %(hash)s, %(now)s) ON CONFLICT DO NOTHING
    RETURNING id"""
ANSWER = "UPDATE handled_requests SET answer = %(answer)s WHERE id = %(claim)s"
LAST_RECORD = "SELECT position, hash FROM history WHERE chain = %(chain)s ORDER BY position DESC LIMIT 1"
RECORD = """INSERT INTO history (chain, position, lead_id, actor_id, actor_role, action, at, changes,
    payload_hash, hash)
    VALUES (%(chain)s, %(position)s, %(lead_id)s, %(actor_id)s, %(role)s, %(action)s, %(now)s, %(changes)s,
    %(payload_hash)s, %(hash)s)
    RETURNING id"""
PAYLOAD = """INSERT INTO history_payloads (record_id, salt, "values")
    VALUES (%(record_id)s, %(salt)s, %(payload)s) RETURNING record_id"""
TWIN = """SELECT lead_id FROM lead_keys WHERE broker_id = %(actor_id)s AND name_key = %(name_key)s
    AND phone IN (%(phone)s, %(phone)s) AND lead_id <> 0"""
LEAD = """INSERT INTO leads (broker_id, entered_by_id, surname, given_name, name_key, phone1, phone2,
    person_number, status, expected_visit_at, customer_type_id, needs, wished_consultant_id, entered_at,
    version)
    VALUES (%(actor_id)s, %(actor_id)s, %(surname)s, %(given_name)s, %(name_key)s, %(phone)s, NULL, 0,
    'entered', NULL, NULL, %(needs)s, NULL, %(now)s, 1) RETURNING id"""
KEY = """INSERT INTO lead_keys (lead_id, broker_id, name_key, phone, person_number)
    VALUES (%(lead_id)s, %(actor_id)s, %(name_key)s, %(phone)s, 0) ON CONFLICT DO NOTHING
    RETURNING id"""
WALK_INS = "SELECT visitor_id FROM walk_ins WHERE name_key = %(name_key)s AND phone IN (%(phone)s, %(phone)s)"
HOLDERS = """SELECT id, lead_id FROM holds WHERE name_key = %(name_key)s AND phone IN (%(phone)s, %(phone)s)
    AND person_number = 0 AND (ends_at IS NULL OR ends_at > %(now)s) AND lead_id <> %(lead_id)s"""
OWN_LEAD = """SELECT * FROM leads WHERE id = %(lead_id)s AND broker_id = %(actor_id)s
    AND status <> 'withdrawn' AND merged_into_id IS NULL FOR NO KEY UPDATE"""
TODAY = """SELECT count(*) FROM reports WHERE lead_id = %(lead_id)s AND reported_at >= %(today)s
    AND on_behalf IS FALSE"""
REPORT = """INSERT INTO reports (lead_id, account_id, reported_at, on_behalf)
    VALUES (%(lead_id)s, %(actor_id)s, %(now)s, FALSE) RETURNING id"""
CODE_TAKEN = """SELECT EXISTS (SELECT id FROM leads WHERE short_code = %(short_code)s)
    OR EXISTS (SELECT id FROM accounts WHERE short_code = %(short_code)s)"""
REPORTED = """UPDATE leads SET status = 'reported', first_reported_at = %(now)s, reported_at = %(now)s,
    code_token = %(token)s, short_code = %(short_code)s, version = version + 1
    WHERE id = %(lead_id)s AND status = 'entered' AND version = %(version)s"""
BY_CODE = "SELECT * FROM leads WHERE code_token = %(code)s OR short_code = %(code)s FOR NO KEY UPDATE"
GROUND = """SELECT accounts.*, brokerages.*, consultants.*, settings.*, brokerages.id AS its_id FROM accounts
    JOIN brokerages ON brokerages.id = accounts.brokerage_id
    JOIN accounts AS consultants ON consultants.id = %(consultant_id)s AND consultants.role = 'consultant'
    AND consultants.archived_at IS NULL JOIN settings ON TRUE WHERE accounts.id = %(broker_id)s FOR SHARE"""
LAST_VISIT = "SELECT max(scanned_at) FROM gate_scans WHERE lead_id = %(lead_id)s"
SCAN = """INSERT INTO gate_scans (lead_id, gate_id, consultant_id, broker_id, brokerage_id, scanned_at)
    VALUES (%(lead_id)s, %(actor_id)s, %(consultant_id)s, %(broker_id)s, %(brokerage_id)s, %(now)s)
    RETURNING id"""
BOUND = """UPDATE leads SET status = 'bound', consultant_id = %(consultant_id)s, bound_at = %(now)s,
    protect_until = %(ends_at)s, rebound_at = NULL, version = version + 1
    WHERE id = %(lead_id)s AND status = 'reported' AND version = %(version)s"""
CUSTOMER = "SELECT pg_advisory_xact_lock(hashtextextended(%(name_key)s, 0))"
"""Nothing on SQLite, which lets one transaction write at a time."""

HOLD = """INSERT INTO holds (lead_id, name_key, phone, person_number, ends_at)
    VALUES (%(lead_id)s, %(name_key)s, %(phone)s, 0, %(ends_at)s) ON CONFLICT DO NOTHING
    RETURNING id"""
BINDING = """INSERT INTO bindings (lead_id, broker_id, brokerage_id, scan_id, rebind_id, days, bound_at,
    ends_at, kept_end, extended_at)
    VALUES (%(lead_id)s, %(broker_id)s, %(brokerage_id)s, %(scan_id)s, NULL, 60,
    %(now)s, %(ends_at)s, FALSE, NULL) RETURNING id"""
BINDING_KEY = """INSERT INTO binding_keys (binding_id, name_key, phone, person_number)
    VALUES (%(binding_id)s, %(name_key)s, %(phone)s, 0) RETURNING id"""
COLLISIONS = """SELECT * FROM collisions WHERE state = 'open' AND id IN (
    SELECT collisions.id FROM collisions JOIN lead_keys ON lead_keys.lead_id = collisions.holding_lead_id
    WHERE name_key = %(name_key)s AND phone IN (%(phone)s, %(phone)s) AND person_number = 0 AND state = 'open'
    UNION
    SELECT collisions.id FROM collisions JOIN lead_keys ON lead_keys.lead_id = collisions.challenging_lead_id
    WHERE name_key = %(name_key)s AND phone IN (%(phone)s, %(phone)s) AND person_number = 0 AND state = 'open'
    ) ORDER BY id FOR UPDATE"""


class Database:
    """One connection, which is one client's; `run` sends a statement, and returns its first row."""

    def __init__(self, address: str) -> None:
        self._sqlite = address.endswith(".sqlite3")
        if self._sqlite:
            self._connection: Any = sqlite3.connect(
                address, isolation_level=None, timeout=30, check_same_thread=False
            )
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.row_factory = sqlite3.Row
        else:
            self._connection = psycopg.connect(address)
            self._connection.execute("SET TIME ZONE 'UTC'")
            self._connection.commit()

    def run(self, statement: str, values: Mapping[str, Any]) -> Any:
        """Send a statement; the first row of its answer, None where it has none."""
        if self._sqlite:
            return self._connection.execute(_for_sqlite(statement), values).fetchone()
        cursor = self._connection.execute(statement, values)
        return cursor.fetchone() if cursor.description else None

    def lock(self, statement: str, values: Mapping[str, Any]) -> None:
        """Send a statement that only PostgreSQL needs."""
        if not self._sqlite:
            self.run(statement, values)

    def columns(self, statement: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Send a statement; the first row of its answer by column."""
        if self._sqlite:
            return dict(self.run(statement, values))
        cursor = self._connection.execute(statement, values)
        return dict(zip([one.name for one in cursor.description], cursor.fetchone(), strict=True))

    def once(self, work: Callable[["Database", dict[str, Any]], Any], values: dict[str, Any]) -> Any:
        """Say who is signed in, as a page does, and do the work in one writing transaction."""
        values = {"now": _moment(), **values}
        if self._sqlite:
            self.run("BEGIN", {})
        values["actor_id"] = self.run(SIGNED_IN, values)[0]
        self._connection.rollback()
        try:
            if self._sqlite:
                self.run("BEGIN IMMEDIATE", {})
            self.run(ACTING, values)
            done = work(self, values)
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        return done


@cache
def _for_sqlite(statement: str) -> str:
    return re.sub(r" FOR (NO KEY UPDATE|SHARE|UPDATE)$", "", re.sub(r"%\((\w+)\)s", r":\1", statement))


def _moment(after: timedelta = timedelta()) -> str:
    return f"{datetime.now(UTC) + after:%Y-%m-%d %H:%M:%S.%f}"


def _claim(database: Database, values: dict[str, Any], action: str) -> None:
    salt = secrets.token_hex(16)
    values |= {
        "asker": f"account:{values['actor_id']}",
        "action": action,
        "salt": salt,
        "hash": secrets.token_hex(32),
    }
    values["claim"] = database.run(CLAIM, values)[0]


def _record(database: Database, values: dict[str, Any], changes: object, payload: object = None) -> None:
    salt = secrets.token_hex(32)
    record = values | {
        "chain": f"lead:{values['lead_id']}",
        "changes": json.dumps(changes),
        "payload_hash": secrets.token_hex(32) if payload else None,
    }
    position, before = database.run(LAST_RECORD, record) or (0, "")
    said = [str(record[name]) for name in ("action", "actor_id", "role", "now", "changes", "payload_hash")]
    digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    record["position"], record["hash"] = position + 1, hashlib.sha256((before + digest).encode()).hexdigest()
    record["record_id"] = database.run(RECORD, record)[0]
    if payload:
        database.run(PAYLOAD, record | {"salt": salt, "payload": json.dumps(payload)})


def _answer(database: Database, values: dict[str, Any]) -> None:
    database.run(ANSWER, values | {"answer": json.dumps({"answer": {"lead_id": values["lead_id"]}})})


def enter(database: Database, values: dict[str, Any]) -> int:
    """Enter a customer given by `surname`, `given_name`, `name_key` and `phone`; returns the lead."""
    values["role"] = "broker"
    _claim(database, values, "enter_lead")
    database.run(TWIN, values)
    values["lead_id"] = database.run(LEAD, values)[0]
    database.run(KEY, values)
    payload = {name: values[name] for name in ("surname", "given_name", "phone", "needs")}
    _record(database, values, {"status": [None, "entered"], "broker": values["actor_id"]}, payload)
    database.run(WALK_INS, values)
    database.run(HOLDERS, values)
    _answer(database, values)
    return int(values["lead_id"])


def _short_code() -> str:
    return str(secrets.randbelow(10**10)).zfill(10)


def report(database: Database, values: dict[str, Any]) -> int:
    """Report the lead `lead_id`; returns it."""
    values["role"] = "broker"
    _claim(database, values, "report_lead")
    lead = database.columns(OWN_LEAD, values)
    values |= {"name_key": lead["name_key"], "phone": lead["phone1"], "version": lead["version"]}
    database.run(TODAY, values | {"today": values["now"][:10]})
    database.run(REPORT, values)
    values |= {"token": secrets.token_urlsafe(18), "short_code": _short_code()}
    while database.run(CODE_TAKEN, values)[0]:
        values["short_code"] = _short_code()
    database.run(REPORTED, values)
    _record(database, values, {"status": ["entered", "reported"]})
    database.run(WALK_INS, values)
    database.run(HOLDERS, values)
    _answer(database, values)
    return int(values["lead_id"])


def scan(database: Database, values: dict[str, Any]) -> int:
    """Confirm the visit of the lead with the code `code`, taken over by `consultant_id`; returns the scan."""
    values["role"] = "gate"
    _claim(database, values, "confirm_scan")
    lead = database.columns(BY_CODE, values)
    values |= {"lead_id": lead["id"], "name_key": lead["name_key"], "phone": lead["phone1"]}
    values |= {
        "broker_id": lead["broker_id"],
        "version": lead["version"],
        "ends_at": _moment(timedelta(days=60)),
    }
    database.run(HOLDERS, values)
    values["brokerage_id"] = database.columns(GROUND, values)["its_id"]
    database.run(LAST_VISIT, values)
    values["scan_id"] = database.run(SCAN, values)[0]
    database.lock(CUSTOMER, values)
    database.run(BOUND, values)
    database.run(HOLD, values)
    values["binding_id"] = database.run(BINDING, values)[0]
    database.run(BINDING_KEY, values)
    database.run(COLLISIONS, values)
    _record(database, values, {"status": ["reported", "bound"], "scan": values["scan_id"]})
    _answer(database, values)
    return int(values["scan_id"])


WORKS: dict[str, Callable[[Database, dict[str, Any]], int]] = {"enter": enter, "report": report, "scan": scan}
