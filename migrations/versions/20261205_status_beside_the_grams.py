"""Beside each part of a name: as what its customer is listed, and until when the protection runs.

How many customers of a name there are of each status is then one stretch of an index, where each of them was
looked up before. As in 0009, whoever makes `leads` anew on SQLite has to make its triggers again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATUSES = ("entered", "reported", "bound", "expired", "dealt", "withdrawn")
KEY = "pk_lead_name_grams"
BESIDE = ("status", "protect_until")
"""What stands beside a gram from now on."""


def upgrade() -> None:
    _make_grams_anew(BESIDE)
    if _is_postgresql():
        for statement in (*_postgresql_keeps(BESIDE), *POSTGRESQL_FOLLOWS):
            op.execute(statement)
        return
    for statement in (*_sqlite_keeps(BESIDE), SQLITE_FOLLOWS):
        op.execute(statement)


def downgrade() -> None:
    if _is_postgresql():
        op.execute("DROP TRIGGER keep_gram_status ON leads")
        op.execute("DROP FUNCTION keep_gram_status()")
    else:
        op.execute("DROP TRIGGER keep_gram_status_of_changed")
    _make_grams_anew(())
    for statement in _postgresql_keeps(()) if _is_postgresql() else _sqlite_keeps(()):
        op.execute(statement)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_grams_anew(beside: tuple[str, ...]) -> None:
    """Make the table with these columns beside gram and lead, from the customers that there are."""
    op.drop_table("lead_name_grams")
    gram = sa.String(length=2).with_variant(sa.String(length=2, collation="C"), "postgresql")
    of_beside: dict[str, sa.Column[Any]] = {
        "status": sa.Column("status", sa.String(length=32), nullable=True),
        "protect_until": sa.Column("protect_until", sa.DateTime(timezone=True), nullable=True),
    }
    listed = ", ".join(f"'{status}'" for status in STATUSES)
    checks = [sa.CheckConstraint(f"status IN ({listed})", name=op.f("ck_lead_name_grams_status"))]
    op.create_table(
        "lead_name_grams",
        sa.Column("gram", gram, nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        *(of_beside[name] for name in beside),
        *(checks if beside else ()),
        # PostgreSQL reads them off the index; on SQLite the table is the index.
        sa.PrimaryKeyConstraint("gram", "lead_id", name=op.f(KEY), postgresql_include=list(beside)),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"""
        WITH RECURSIVE places (n) AS (
            SELECT 1 UNION ALL SELECT n + 1 FROM places WHERE n < (SELECT max(length(name_key)) FROM leads)
        )
        INSERT INTO lead_name_grams ({", ".join(("gram", "lead_id", *beside))})
        SELECT DISTINCT substr(name_key, places.n, sizes.n), {", ".join(("id", *_values("leads.", beside)))}
        FROM leads, places, (SELECT 1 AS n UNION ALL SELECT 2) AS sizes
        WHERE places.n + sizes.n - 1 <= length(name_key) AND anonymised_at IS NULL
        ORDER BY id
        """
    )


def _values(row: str, beside: tuple[str, ...]) -> list[str]:
    """Return what stands beside the grams of a row of `leads`, in SQL: no status where it is in no list."""
    values = {
        "status": f"CASE WHEN {row}status <> 'withdrawn' AND {row}merged_into_id IS NULL THEN {row}status END",
        "protect_until": f"{row}protect_until",
    }
    return [values[name] for name in beside]


def _set(beside: tuple[str, ...]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in zip(beside, _values("NEW.", beside), strict=True))


def _is_another(beside: tuple[str, ...], differs: str) -> str:
    """Return the condition that a change of a customer changes what stands beside its grams."""
    pairs = zip(_values("OLD.", beside), _values("NEW.", beside), strict=True)
    return " OR ".join(f"{old} {differs} {new}" for old, new in pairs)


def _postgresql_keeps(beside: tuple[str, ...]) -> list[str]:
    columns = ", ".join(("gram", "lead_id", *beside))
    values = ", ".join(("gram", "NEW.id", *_values("NEW.", beside)))
    return [
        f"""
        CREATE OR REPLACE FUNCTION keep_name_grams() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' AND OLD.anonymised_at IS NULL THEN
                DELETE FROM lead_name_grams
                WHERE lead_id = OLD.id AND gram = ANY (ARRAY(SELECT grams_of(OLD.name_key)));
            END IF;
            IF TG_OP <> 'DELETE' AND NEW.anonymised_at IS NULL THEN
                INSERT INTO lead_name_grams ({columns}) SELECT {values} FROM grams_of(NEW.name_key) AS gram;
            END IF;
            RETURN NULL;
        END $$
        """
    ]


# Before `keep_name_grams`, by its name: where one change gives another name too, that writes all of them anew.
POSTGRESQL_FOLLOWS = (
    f"""
    CREATE FUNCTION keep_gram_status() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE lead_name_grams SET {_set(BESIDE)}
        WHERE lead_id = NEW.id AND gram = ANY (ARRAY(SELECT grams_of(NEW.name_key)));
        RETURN NULL;
    END $$
    """,
    f"""
    CREATE TRIGGER keep_gram_status AFTER UPDATE OF status, merged_into_id, protect_until ON leads
    FOR EACH ROW WHEN ({_is_another(BESIDE, "IS DISTINCT FROM")}) EXECUTE FUNCTION keep_gram_status()
    """,
)


def _sqlite_grams_of(row: str) -> str:
    return f"""
        SELECT DISTINCT substr({row}.name_key, places.n, sizes.n) AS gram
        FROM (
            WITH RECURSIVE p (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM p WHERE n < length({row}.name_key))
            SELECT n FROM p
        ) AS places, (SELECT 1 AS n UNION ALL SELECT 2) AS sizes
        WHERE places.n + sizes.n - 1 <= length({row}.name_key) AND {row}.anonymised_at IS NULL
    """


def _sqlite_keeps(beside: tuple[str, ...]) -> list[str]:
    columns = ", ".join(("gram", "lead_id", *beside))
    values = ", ".join(("gram", "NEW.id", *_values("NEW.", beside)))
    keep = f"INSERT INTO lead_name_grams ({columns}) SELECT {values} FROM ({_sqlite_grams_of('NEW')});"
    forget = f"DELETE FROM lead_name_grams WHERE lead_id = OLD.id AND gram IN ({_sqlite_grams_of('OLD')});"
    return [
        "DROP TRIGGER keep_name_grams_of_new",
        "DROP TRIGGER keep_name_grams_of_changed",
        f"CREATE TRIGGER keep_name_grams_of_new AFTER INSERT ON leads BEGIN {keep} END",
        f"""
        CREATE TRIGGER keep_name_grams_of_changed AFTER UPDATE OF name_key, anonymised_at ON leads
        BEGIN {forget} {keep} END
        """,
    ]


SQLITE_FOLLOWS = f"""
    CREATE TRIGGER keep_gram_status_of_changed AFTER UPDATE OF status, merged_into_id, protect_until ON leads
    WHEN {_is_another(BESIDE, "IS NOT")}
    BEGIN
        UPDATE lead_name_grams SET {_set(BESIDE)}
        WHERE lead_id = NEW.id AND gram IN ({_sqlite_grams_of("NEW")});
    END
"""
