"""The back office: fees with pictures, exports, profile changes, versions, temporary passwords."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EVENT_KINDS = [
    "entered",
    "corrected",
    "reported",
    "scanned",
    "withdrawn",
    "hold_taken_by_scan",
    "hold_taken_by_rebind",
    "hold_taken_by_deal",
    "handled",
    "closed_as_rebound",
]

# SQLite can add a column with constraints of its own, but neither a constraint to a table nor, while other
# tables refer to it, make a table anew. So each new column brings the constraint that speaks of it.
NEW_COLUMNS = (
    (
        "accounts ADD COLUMN must_change_password BOOLEAN DEFAULT FALSE NOT NULL"
        " CONSTRAINT ck_accounts_only_passwords_can_be_temporary"
        " CHECK (login IS NOT NULL OR NOT must_change_password)"
    ),
    "accounts ADD COLUMN version INTEGER DEFAULT 1 NOT NULL",
    (
        "brokerages ADD COLUMN version INTEGER DEFAULT 1 NOT NULL"
        " CONSTRAINT ck_brokerages_name_is_not_blank CHECK (length(name) > 0)"
    ),
    "bindings ADD COLUMN extended_at {moment}",
    "fees ADD COLUMN picture_id INTEGER CONSTRAINT fk_fees_picture_id_pictures REFERENCES pictures (id)",
    "fees ADD COLUMN voided_at {moment}",
    "fees ADD COLUMN voided_by_id INTEGER CONSTRAINT fk_fees_voided_by_id_accounts REFERENCES accounts (id)",
    (
        "fees ADD COLUMN void_reason TEXT DEFAULT '' NOT NULL"
        " CONSTRAINT ck_fees_voided_by_somebody_for_a_reason"
        " CHECK ((voided_at IS NULL) = (voided_by_id IS NULL) AND (voided_at IS NULL) = (void_reason = ''))"
    ),
)
NEW_INDEXES = (
    ("uq_fees_picture_id", "fees", ["picture_id"], True),
    ("ix_fees_broker_id", "fees", ["broker_id"], False),
    ("ix_fees_created_at", "fees", ["created_at"], False),
    ("ix_rebinds_at", "rebinds", ["at"], False),
    ("ix_viewings_viewed_at", "viewings", ["viewed_at"], False),
)


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.Column("thumbnail", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("rows_found", sa.Integer(), nullable=False),
        sa.Column("rows_written", sa.Integer(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("rows_written >= 0 AND files >= 0", name=op.f("ck_exports_counts_up")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_exports_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("account_id", "request_id", name=op.f("uq_exports_account_id_request_id")),
    )
    op.create_index("ix_exports_started_at", "exports", ["started_at"])
    op.create_table(
        "profile_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("old_phone", sa.String(length=11), nullable=False),
        sa.Column("new_phone", sa.String(length=11), nullable=False),
        sa.Column("old_brokerage_id", sa.Integer(), nullable=True),
        sa.Column("new_brokerage_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "old_phone <> new_phone OR coalesce(old_brokerage_id, 0) <> coalesce(new_brokerage_id, 0)",
            name=op.f("ck_profile_changes_something_changed"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_profile_changes_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["accounts.id"], name=op.f("fk_profile_changes_changed_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["new_brokerage_id"],
            ["brokerages.id"],
            name=op.f("fk_profile_changes_new_brokerage_id_brokerages"),
        ),
        sa.ForeignKeyConstraint(
            ["old_brokerage_id"],
            ["brokerages.id"],
            name=op.f("fk_profile_changes_old_brokerage_id_brokerages"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_changes")),
    )
    op.create_index(
        "ix_profile_changes_account_id_changed_at", "profile_changes", ["account_id", "changed_at"]
    )
    op.create_index("ix_profile_changes_changed_at", "profile_changes", ["changed_at"])
    moment = "TIMESTAMP WITH TIME ZONE" if op.get_bind().dialect.name == "postgresql" else "DATETIME"
    for column in NEW_COLUMNS:
        op.execute(f"ALTER TABLE {column.format(moment=moment)}")
    for name, table, columns, is_unique in NEW_INDEXES:
        op.create_index(name, table, columns, unique=is_unique)
    _set_event_kinds([*EVENT_KINDS, "reopened"])


def _set_event_kinds(kinds: list[str]) -> None:
    """Change which kinds of events are admitted; no table refers to this one, so SQLite may make it anew."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("collision_events") as batch:
        batch.drop_constraint(op.f("ck_collision_events_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_collision_events_kind"), f"kind IN ({listed})")


def downgrade() -> None:
    op.execute("DELETE FROM collision_events WHERE kind = 'reopened'")
    _set_event_kinds(EVENT_KINDS)
    for name, table, _columns, _is_unique in reversed(NEW_INDEXES):
        op.drop_index(name, table_name=table)
    with op.batch_alter_table("fees") as batch:
        batch.drop_constraint(op.f("ck_fees_voided_by_somebody_for_a_reason"), type_="check")
        for column in ("void_reason", "voided_by_id", "voided_at", "picture_id"):
            batch.drop_column(column)
    op.execute("ALTER TABLE bindings DROP COLUMN extended_at")
    op.execute("ALTER TABLE brokerages DROP COLUMN version")
    with op.batch_alter_table("accounts") as batch:
        batch.drop_constraint(op.f("ck_accounts_only_passwords_can_be_temporary"), type_="check")
        for column in ("version", "must_change_password"):
            batch.drop_column(column)
    for table in ("profile_changes", "exports", "pictures"):
        op.drop_table(table)
