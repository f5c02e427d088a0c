"""Settings: versions and a service link, customer types in order and folded, sessions that end."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# As in 0002: on SQLite each new column brings the constraint that speaks of it.
NEW_COLUMNS = (
    "accounts ADD COLUMN session_generation INTEGER DEFAULT 1 NOT NULL",
    "settings ADD COLUMN version INTEGER DEFAULT 1 NOT NULL",
    (
        "settings ADD COLUMN service_link VARCHAR(300) DEFAULT '' NOT NULL"
        " CONSTRAINT ck_settings_service_link_is_https"
        " CHECK (substr(service_link, 1, 8) IN ('', 'https://'))"
    ),
    "customer_types ADD COLUMN name_key VARCHAR(240) DEFAULT '' NOT NULL",
    "customer_types ADD COLUMN position INTEGER DEFAULT 0 NOT NULL",
    "customer_types ADD COLUMN version INTEGER DEFAULT 1 NOT NULL",
)


def upgrade() -> None:
    for column in NEW_COLUMNS:
        op.execute(f"ALTER TABLE {column}")
    _fold_names()
    op.execute("UPDATE customer_types SET position = id")
    op.create_index("uq_customer_types_name_key", "customer_types", ["name_key"], unique=True)


def _fold_names() -> None:
    """Give every type its folded name; where two were told apart by width or case only, the later keeps its own.

    No screen made customer types before, so there is hardly such a pair; but a migration must not stop at one.
    """
    types = sa.table("customer_types", sa.column("id"), sa.column("name"), sa.column("name_key"))
    taken: set[str] = set()
    for number, name in op.get_bind().execute(sa.select(types.c.id, types.c.name).order_by(types.c.id)).all():
        folded = _folded(name)
        key = f"{folded}#{number}" if folded in taken else folded
        taken.add(key)
        op.execute(types.update().where(types.c.id == number).values(name_key=key))


def _folded(name: str) -> str:
    """Fold a name as the application did when this migration was written."""
    text = unicodedata.normalize("NFKC", name)
    kept = "".join(
        c
        for c in text
        if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc") and c not in "·•・‧"
    )
    return unicodedata.normalize("NFKC", kept.casefold())


def downgrade() -> None:
    op.drop_index("uq_customer_types_name_key", table_name="customer_types")
    for column in ("version", "position", "name_key"):
        op.execute(f"ALTER TABLE customer_types DROP COLUMN {column}")
    # No table refers to the settings, so SQLite may make this one anew without the constraint.
    with op.batch_alter_table("settings") as batch:
        batch.drop_constraint(op.f("ck_settings_service_link_is_https"), type_="check")
        batch.drop_column("service_link")
        batch.drop_column("version")
    op.execute("ALTER TABLE accounts DROP COLUMN session_generation")
