"""Counts and names that are looked up instead of gone through, so that a million leads are no slower.

The triggers stand here in words, because SQLite drops those of a table that a migration makes anew: whoever
does so with `leads` has to make them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LISTED = sa.text("status <> 'withdrawn' AND merged_into_id IS NULL")
BOUND = sa.text("status = 'bound'")
MERGED = sa.text("merged_into_id IS NOT NULL")
STANDING = sa.text("undone_at IS NULL")
HAS_PHONE2 = sa.text("phone2 IS NOT NULL")
COUNTS = ("entered", "reported", "bound", "expired", "dealt", "ever_reported", "ever_bound")

INDEXES = (
    # All that a count by status reads, and what SQLite wants to see again of its own condition.
    ("ix_leads_listed", "leads", ["id", "status", "protect_until", "merged_into_id"], LISTED),
    ("ix_leads_status_id", "leads", ["status", "id", "protect_until"], LISTED),
    ("ix_leads_bound_protect_until", "leads", ["protect_until", "id"], BOUND),
    ("ix_leads_broker_id_id", "leads", ["broker_id", "id"], None),
    ("ix_leads_consultant_id_id", "leads", ["consultant_id", "id"], None),
    ("ix_leads_bound_broker_id", "leads", ["broker_id", "protect_until"], BOUND),
    ("ix_leads_name_key_id", "leads", ["name_key", "id"], None),
    ("ix_leads_phone1_id", "leads", ["phone1", "id"], None),
    ("ix_leads_phone2_id", "leads", ["phone2", "id"], HAS_PHONE2),
    ("ix_leads_expected_visit_at_id", "leads", ["expected_visit_at", "id"], None),
    ("ix_accounts_name", "accounts", ["name"], None),
    ("ix_accounts_phone", "accounts", ["phone"], None),
    ("ix_leads_listed_entered_at", "leads", ["entered_at", "broker_id"], LISTED),
    ("ix_leads_listed_first_reported_at", "leads", ["first_reported_at"], LISTED),
    ("ix_leads_merged", "leads", ["id"], MERGED),
    ("ix_bindings_bound_at", "bindings", ["bound_at", "lead_id", "broker_id"], None),
    ("ix_deals_standing_dealt_on", "deals", ["dealt_on", "lead_id"], STANDING),
)
REPLACED = (
    ("ix_leads_broker_id_status", ["broker_id", "status"]),
    ("ix_leads_consultant_id", ["consultant_id"]),
    ("ix_leads_name_key", ["name_key"]),
    ("ix_leads_entered_at", ["entered_at"]),
)


def upgrade() -> None:
    for name, _columns in REPLACED:
        op.drop_index(name, "leads")
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, postgresql_where=where, sqlite_where=where)
    _make_name_grams()
    _make_tallies()
    _fill()
    for statement in POSTGRESQL if _is_postgresql() else SQLITE:
        op.execute(statement)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_name_grams() -> None:
    gram = sa.String(length=2).with_variant(sa.String(length=2, collation="C"), "postgresql")
    op.create_table(
        "lead_name_grams",
        sa.Column("gram", gram, nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("gram", "lead_id", name=op.f("pk_lead_name_grams")),
        sqlite_with_rowid=False,
    )


def _make_tallies() -> None:
    op.create_table(
        "broker_tallies",
        sa.Column("broker_id", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.CheckConstraint(
            " AND ".join(f"{name} >= 0" for name in COUNTS), name=op.f("ck_broker_tallies_counts_up")
        ),
        sa.ForeignKeyConstraint(
            ["broker_id"], ["accounts.id"], name=op.f("fk_broker_tallies_broker_id_accounts")
        ),
        sa.PrimaryKeyConstraint("broker_id", name=op.f("pk_broker_tallies")),
    )


def _one(row: str, name: str) -> str:
    """Return 1 or 0, in SQL: whether a row of `leads` belongs to a count."""
    conditions = {
        "ever_reported": f"{row}first_reported_at IS NOT NULL",
        "ever_bound": f"{row}bound_at IS NOT NULL",
    }
    condition = conditions.get(name, f"{row}status = '{name}'")
    listed = f"{row}status <> 'withdrawn' AND {row}merged_into_id IS NULL"
    return f"CASE WHEN {listed} AND {condition} THEN 1 ELSE 0 END"


def _fill() -> None:
    """Count what stands already, and take its names apart."""
    sums = ", ".join(f"sum({_one('', name)})" for name in COUNTS)
    op.execute(
        f"INSERT INTO broker_tallies (broker_id, {', '.join(COUNTS)})"
        f" SELECT broker_id, {sums} FROM leads GROUP BY broker_id"
    )
    op.execute(
        """
        WITH RECURSIVE places (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM places WHERE n < 240)
        INSERT INTO lead_name_grams (gram, lead_id)
        SELECT DISTINCT substr(name_key, places.n, sizes.n), id
        FROM leads, places, (SELECT 1 AS n UNION ALL SELECT 2) AS sizes
        WHERE places.n + sizes.n - 1 <= length(name_key) AND anonymised_at IS NULL
        """
    )


_NAMES = ", ".join(COUNTS)

POSTGRESQL = (
    """
    CREATE FUNCTION refuse_another_broker() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a lead stays with the broker who has it' USING ERRCODE = 'check_violation';
    END $$
    """,
    """
    CREATE TRIGGER refuse_another_broker BEFORE UPDATE OF broker_id ON leads
    FOR EACH ROW WHEN (OLD.broker_id <> NEW.broker_id) EXECUTE FUNCTION refuse_another_broker()
    """,
    """
    CREATE FUNCTION grams_of(name text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
        SELECT DISTINCT substr(name, place, size)
        FROM generate_series(1, length(name)) AS place, generate_series(1, 2) AS size
        WHERE place + size - 1 <= length(name)
    $$
    """,
    """
    CREATE FUNCTION keep_name_grams() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' AND OLD.anonymised_at IS NULL THEN
            DELETE FROM lead_name_grams
            WHERE lead_id = OLD.id AND gram IN (SELECT * FROM grams_of(OLD.name_key));
        END IF;
        IF TG_OP <> 'DELETE' AND NEW.anonymised_at IS NULL THEN
            INSERT INTO lead_name_grams (gram, lead_id) SELECT gram, NEW.id FROM grams_of(NEW.name_key) AS gram;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER keep_name_grams AFTER INSERT OR DELETE OR UPDATE OF name_key, anonymised_at ON leads
    FOR EACH ROW EXECUTE FUNCTION keep_name_grams()
    """,
    f"""
    CREATE FUNCTION tally_of(lead leads) RETURNS broker_tallies LANGUAGE sql IMMUTABLE AS $$
        SELECT lead.broker_id, {", ".join(_one("lead.", name) for name in COUNTS)}
    $$
    """,
    f"""
    CREATE FUNCTION keep_tally() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        was broker_tallies := ROW(OLD.broker_id, {", ".join("0" for _ in COUNTS)});
        now_is broker_tallies := was;
    BEGIN
        IF TG_OP <> 'INSERT' THEN was := tally_of(OLD); END IF;
        IF TG_OP <> 'DELETE' THEN now_is := tally_of(NEW); END IF;
        IF was = now_is THEN RETURN NULL; END IF;
        UPDATE broker_tallies
        SET {", ".join(f"{name} = broker_tallies.{name} + now_is.{name} - was.{name}" for name in COUNTS)}
        WHERE broker_id = coalesce(now_is.broker_id, was.broker_id);
        IF NOT FOUND AND TG_OP = 'INSERT' THEN
            INSERT INTO broker_tallies SELECT now_is.*
            ON CONFLICT (broker_id) DO UPDATE
            SET {", ".join(f"{name} = broker_tallies.{name} + excluded.{name}" for name in COUNTS)};
        END IF;
        RETURN NULL;
    END $$
    """,
    # Deferred: a broker's row is locked at the very end of a transaction only, when it waits for nothing else.
    """
    CREATE CONSTRAINT TRIGGER keep_tally
    AFTER INSERT OR DELETE OR UPDATE OF status, merged_into_id, first_reported_at, bound_at ON leads
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_tally()
    """,
)

_NEW_GRAMS, _OLD_GRAMS = (
    f"""
    SELECT DISTINCT substr({row}.name_key, places.n, sizes.n) AS gram
    FROM (
        WITH RECURSIVE p (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM p WHERE n < length({row}.name_key))
        SELECT n FROM p
    ) AS places, (SELECT 1 AS n UNION ALL SELECT 2) AS sizes
    WHERE places.n + sizes.n - 1 <= length({row}.name_key) AND {row}.anonymised_at IS NULL
    """
    for row in ("NEW", "OLD")
)
_KEEP_GRAMS = f"INSERT INTO lead_name_grams (gram, lead_id) SELECT gram, NEW.id FROM ({_NEW_GRAMS});"
_FORGET_GRAMS = f"DELETE FROM lead_name_grams WHERE lead_id = OLD.id AND gram IN ({_OLD_GRAMS});"

SQLITE = (
    """
    CREATE TRIGGER refuse_another_broker BEFORE UPDATE OF broker_id ON leads
    WHEN OLD.broker_id <> NEW.broker_id
    BEGIN
        SELECT RAISE(ABORT, 'a lead stays with the broker who has it');
    END
    """,
    f"CREATE TRIGGER keep_name_grams_of_new AFTER INSERT ON leads BEGIN {_KEEP_GRAMS} END",
    f"""
    CREATE TRIGGER keep_name_grams_of_changed AFTER UPDATE OF name_key, anonymised_at ON leads
    BEGIN {_FORGET_GRAMS} {_KEEP_GRAMS} END
    """,
    f"CREATE TRIGGER keep_name_grams_of_deleted AFTER DELETE ON leads BEGIN {_FORGET_GRAMS} END",
    f"""
    CREATE TRIGGER keep_tally_of_new AFTER INSERT ON leads
    BEGIN
        INSERT INTO broker_tallies (broker_id, {_NAMES}) SELECT NEW.broker_id, {", ".join("0" for _ in COUNTS)}
        WHERE NOT EXISTS (SELECT 1 FROM broker_tallies WHERE broker_id = NEW.broker_id);
        UPDATE broker_tallies SET {", ".join(f"{name} = {name} + {_one('NEW.', name)}" for name in COUNTS)}
        WHERE broker_id = NEW.broker_id;
    END
    """,
    f"""
    CREATE TRIGGER keep_tally_of_changed
    AFTER UPDATE OF status, merged_into_id, first_reported_at, bound_at ON leads
    BEGIN
        UPDATE broker_tallies
        SET {", ".join(f"{n} = {n} + {_one('NEW.', n)} - {_one('OLD.', n)}" for n in COUNTS)}
        WHERE broker_id = NEW.broker_id;
    END
    """,
    f"""
    CREATE TRIGGER keep_tally_of_deleted AFTER DELETE ON leads
    BEGIN
        UPDATE broker_tallies SET {", ".join(f"{name} = {name} - {_one('OLD.', name)}" for name in COUNTS)}
        WHERE broker_id = OLD.broker_id;
    END
    """,
)


def downgrade() -> None:
    _drop_triggers()
    op.drop_table("broker_tallies")
    op.drop_table("lead_name_grams")
    for name, table, _columns, _where in INDEXES:
        op.drop_index(name, table)
    for name, columns in REPLACED:
        op.create_index(name, "leads", columns)


def _drop_triggers() -> None:
    if _is_postgresql():
        for name in ("refuse_another_broker", "keep_name_grams", "keep_tally"):
            op.execute(f"DROP TRIGGER {name} ON leads")
        for function in (
            "refuse_another_broker()",
            "keep_name_grams()",
            "keep_tally()",
            "grams_of(text)",
            "tally_of(leads)",
        ):
            op.execute(f"DROP FUNCTION {function}")
        return
    for subject in ("keep_name_grams", "keep_tally"):
        for row in ("new", "changed", "deleted"):
            op.execute(f"DROP TRIGGER {subject}_of_{row}")
    op.execute("DROP TRIGGER refuse_another_broker")
