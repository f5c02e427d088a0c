"""Flags: which are raised and from which figure on, and the indexes by which they are found."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

WITHDRAWN = sa.text("status = 'withdrawn'")
CORRECTIONS = sa.text("action = 'correct_entry'")
INDEXES = (
    ("ix_leads_withdrawn_entered_at", "leads", ["entered_at"], WITHDRAWN),
    ("ix_history_corrections_at", "history", ["at", "lead_id"], CORRECTIONS),
)


def upgrade() -> None:
    _make_settings()
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, postgresql_where=where, sqlite_where=where)


def _make_settings() -> None:
    settings = op.create_table(
        "flag_settings",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("walk_in_earlier_on", sa.Boolean(), nullable=False),
        sa.Column("many_numbers_on", sa.Boolean(), nullable=False),
        sa.Column("many_numbers_limit", sa.Integer(), nullable=False),
        sa.Column("name_corrected_on", sa.Boolean(), nullable=False),
        sa.Column("late_report_on", sa.Boolean(), nullable=False),
        sa.Column("late_report_limit", sa.Integer(), nullable=False),
        sa.Column("quick_deal_on", sa.Boolean(), nullable=False),
        sa.Column("quick_deal_limit", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_flag_settings_is_the_only_row")),
        sa.CheckConstraint(
            "many_numbers_limit BETWEEN 2 AND 20", name=op.f("ck_flag_settings_many_numbers_limit_in_range")
        ),
        sa.CheckConstraint(
            "late_report_limit BETWEEN 1 AND 1440", name=op.f("ck_flag_settings_late_report_limit_in_range")
        ),
        sa.CheckConstraint(
            "quick_deal_limit BETWEEN 0 AND 30", name=op.f("ck_flag_settings_quick_deal_limit_in_range")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_settings")),
    )
    switches = (
        "walk_in_earlier_on",
        "many_numbers_on",
        "name_corrected_on",
        "late_report_on",
        "quick_deal_on",
    )
    limits = {"many_numbers_limit": 3, "late_report_limit": 30, "quick_deal_limit": 1}
    op.bulk_insert(settings, [{"id": 1, "version": 1, **dict.fromkeys(switches, True), **limits}])


def downgrade() -> None:
    for name, table, _columns, _where in reversed(INDEXES):
        op.drop_index(name, table_name=table)
    op.drop_table("flag_settings")
