"""The history vouches for itself: records are linked, and the database refuses to change or delete them.

The form in which a record is hashed stands here once more, as it was on this day: what is written by a
migration must not change when the code does. SQLite drops the triggers of a table that a later migration
makes anew, so whoever does so with one of these has to make them again.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

AT_ONCE = 5000
MOMENT = sa.DateTime(timezone=True)

RECORDS = sa.table(
    "history",
    sa.column("id", sa.Integer),
    sa.column("chain", sa.String),
    sa.column("position", sa.Integer),
    sa.column("lead_id", sa.Integer),
    sa.column("actor_id", sa.Integer),
    sa.column("actor_role", sa.String),
    sa.column("action", sa.String),
    sa.column("at", MOMENT),
    sa.column("changes", sa.JSON),
    sa.column("payload_hash", sa.String),
    sa.column("hash", sa.String),
)


def upgrade() -> None:
    op.add_column("history", sa.Column("position", sa.Integer(), nullable=True))
    op.add_column("history", sa.Column("hash", sa.String(length=64), nullable=True))
    _say_what_was_anonymised()
    _link_all()
    op.drop_index("ix_history_chain_id", "history")
    with op.batch_alter_table("history") as history:
        history.alter_column("position", existing_type=sa.Integer(), nullable=False)
        history.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
        history.create_unique_constraint(op.f("uq_history_chain_position"), ["chain", "position"])
        history.create_check_constraint(op.f("ck_history_position_counts_from_one"), "position >= 1")
        history.create_check_constraint(op.f("ck_history_hash_is_whole"), "length(hash) = 64")
    _make_tables()
    for statement in POSTGRESQL if _is_postgresql() else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    for statement in POSTGRESQL_UNDONE if _is_postgresql() else SQLITE_UNDONE:
        op.execute(statement)
    op.drop_table("checkpoints")
    op.drop_table("signing_keys")
    with op.batch_alter_table("history") as history:
        history.drop_constraint(op.f("ck_history_hash_is_whole"), type_="check")
        history.drop_constraint(op.f("ck_history_position_counts_from_one"), type_="check")
        history.drop_constraint(op.f("uq_history_chain_position"), type_="unique")
        history.drop_column("hash")
        history.drop_column("position")
    op.create_index("ix_history_chain_id", "history", ["chain", "id"])


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_tables() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.String(length=44), nullable=False),
        sa.Column("first_used_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
        sa.UniqueConstraint("public_key", name=op.f("uq_signing_keys_public_key")),
    )
    op.create_table(
        "checkpoints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("covers", sa.Integer(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=88), nullable=False),
        sa.Column("signing_key_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["signing_key_id"], ["signing_keys.id"], name=op.f("fk_checkpoints_signing_key_id_signing_keys")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoints")),
    )


# What stands already.


def _say_what_was_anonymised() -> None:
    """Write the record that lets a payload be gone, where an earlier release wrote it on the lead's chain alone."""
    op.execute(
        """
        INSERT INTO history (chain, lead_id, actor_role, action, at, changes)
        SELECT h.chain, max(h.lead_id), 'system', 'anonymise', max(h.at), '{}'
        FROM history h
        WHERE h.payload_hash IS NOT NULL
          AND (h.chain = 'reveals' OR h.chain LIKE 'collision:%')
          AND NOT EXISTS (SELECT 1 FROM history_payloads p WHERE p.record_id = h.id)
        GROUP BY h.chain
        """
    )


def _link_all() -> None:
    """Link every record to the one before it in its chain, a stretch at a time."""
    connection = op.get_bind()
    link = (
        sa.update(RECORDS)
        .where(RECORDS.c.id == sa.bindparam("record"))
        .values(position=sa.bindparam("place"), hash=sa.bindparam("link"))
    )
    for portion in _portions(connection):
        connection.execute(link, portion)


def _portions(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    chain, number, before, place = "", 0, "", 0
    while True:
        later = sa.tuple_(RECORDS.c.chain, RECORDS.c.id) > sa.tuple_(sa.literal(chain), sa.literal(number))
        found = sa.select(RECORDS).where(later).order_by(RECORDS.c.chain, RECORDS.c.id).limit(AT_ONCE)
        rows = connection.execute(found).all()
        if not rows:
            return
        portion = []
        for name, records in groupby(rows, key=lambda row: row.chain):
            if name != chain:
                chain, before, place = name, "", 0
            for row in records:
                before, place, number = _link(before, row), place + 1, row.id
                portion.append({"record": row.id, "place": place, "link": before})
        yield portion


def _link(before: str, row: Any) -> str:
    at: datetime = row.at
    utc = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    said = {
        "action": row.action,
        "actor": row.actor_id,
        "at": utc.isoformat(timespec="microseconds") + "Z",
        "chain": row.chain,
        "changes": row.changes,
        "lead": row.lead_id,
        "payload": row.payload_hash,
        "role": row.actor_role,
    }
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return hashlib.sha256((before + digest).encode("ascii")).hexdigest()


# What the database refuses from now on.

KEPT = ("history", "history_payloads", "signing_keys", "checkpoints")
FOR_EVER = ("history", "signing_keys", "checkpoints")
KEYS = (("history", "id"), ("history_payloads", "record_id"), ("signing_keys", "id"), ("checkpoints", "id"))
ANONYMISED = """EXISTS (
    SELECT 1 FROM history AS record JOIN history AS taken
      ON taken.chain = record.chain AND taken.position > record.position AND taken.action = 'anonymise'
    WHERE record.id = OLD.record_id)"""

POSTGRESQL = (
    """
    CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is only added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
    """,
    f"""
    CREATE FUNCTION refuse_lost_payload() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT {ANONYMISED} THEN
            RAISE EXCEPTION 'a payload goes only when its chain says anonymise' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER refuse_rewriting BEFORE UPDATE{" OR DELETE" if name in FOR_EVER else ""} ON {name}
        FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
        """
        for name in KEPT
    ),
    *(
        f"""
        CREATE TRIGGER refuse_emptying BEFORE TRUNCATE ON {name}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()
        """
        for name in KEPT
    ),
    """
    CREATE TRIGGER refuse_lost_payload BEFORE DELETE ON history_payloads
    FOR EACH ROW EXECUTE FUNCTION refuse_lost_payload()
    """,
)
POSTGRESQL_UNDONE = (
    "DROP TRIGGER refuse_lost_payload ON history_payloads",
    *(f"DROP TRIGGER refuse_emptying ON {name}" for name in KEPT),
    *(f"DROP TRIGGER refuse_rewriting ON {name}" for name in KEPT),
    "DROP FUNCTION refuse_lost_payload()",
    "DROP FUNCTION refuse_rewriting()",
)

SQLITE = (
    *(
        f"""
        CREATE TRIGGER refuse_changes_of_{name} BEFORE UPDATE ON {name}
        BEGIN SELECT RAISE(ABORT, '{name} is only added to'); END
        """
        for name in KEPT
    ),
    *(
        f"""
        CREATE TRIGGER refuse_deletions_of_{name} BEFORE DELETE ON {name}
        BEGIN SELECT RAISE(ABORT, '{name} is only added to'); END
        """
        for name in FOR_EVER
    ),
    # INSERT OR REPLACE takes a row away without asking the triggers of a deletion.
    *(
        f"""
        CREATE TRIGGER refuse_replacements_in_{name} BEFORE INSERT ON {name}
        WHEN EXISTS (SELECT 1 FROM {name} WHERE {key} = NEW.{key})
        BEGIN SELECT RAISE(ABORT, '{name} is only added to'); END
        """
        for name, key in KEYS
    ),
    """
    CREATE TRIGGER refuse_replaced_positions BEFORE INSERT ON history
    WHEN EXISTS (SELECT 1 FROM history WHERE chain = NEW.chain AND position = NEW.position)
    BEGIN SELECT RAISE(ABORT, 'history is only added to'); END
    """,
    f"""
    CREATE TRIGGER refuse_lost_payload BEFORE DELETE ON history_payloads WHEN NOT {ANONYMISED}
    BEGIN SELECT RAISE(ABORT, 'a payload goes only when its chain says anonymise'); END
    """,
)
SQLITE_UNDONE = (
    "DROP TRIGGER refuse_lost_payload",
    "DROP TRIGGER refuse_replaced_positions",
    *(f"DROP TRIGGER refuse_replacements_in_{name}" for name, _key in KEYS),
    *(f"DROP TRIGGER refuse_deletions_of_{name}" for name in FOR_EVER),
    *(f"DROP TRIGGER refuse_changes_of_{name}" for name in KEPT),
)
