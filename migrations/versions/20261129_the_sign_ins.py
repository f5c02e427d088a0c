"""Sign-ins that can be ended, failures that slow the next try, second factors, and how long people are kept."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _make_sign_ins()
    _make_failures()
    _make_recovery_codes()
    op.add_column("accounts", sa.Column("temporary_until", MOMENT, nullable=True))
    _end_temporary_passwords()
    with op.batch_alter_table("accounts") as batch:
        batch.create_check_constraint(
            op.f("ck_accounts_only_temporary_passwords_end"),
            "temporary_until IS NULL OR must_change_password",
        )
        batch.add_column(sa.Column("totp_salt", sa.String(length=32), nullable=True))
        batch.add_column(sa.Column("totp_since", MOMENT, nullable=True))
        batch.add_column(sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False))
        batch.add_column(sa.Column("anonymised_at", MOMENT, nullable=True))
        batch.create_check_constraint(
            op.f("ck_accounts_second_factor_stands_beside_a_password"),
            "totp_since IS NULL OR (totp_salt IS NOT NULL AND login IS NOT NULL)",
        )
    with op.batch_alter_table("settings") as batch:
        batch.add_column(sa.Column("retention_months", sa.Integer(), server_default="36", nullable=False))
        batch.create_check_constraint(
            op.f("ck_settings_retention_months_in_range"), "retention_months BETWEEN 6 AND 120"
        )
    op.add_column("leads", sa.Column("anonymised_at", MOMENT, nullable=True))


def _end_temporary_passwords() -> None:
    """Let temporary passwords from before last as long as one that is set now."""
    accounts = sa.table(
        "accounts", sa.column("must_change_password", sa.Boolean()), sa.column("temporary_until", MOMENT)
    )
    end = datetime.now(UTC) + timedelta(days=7)
    op.execute(accounts.update().where(accounts.c.must_change_password).values(temporary_until=end))


def _make_sign_ins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("browser", sa.String(length=60), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sign_ins_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_ins_token_hash")),
    )
    op.create_index(op.f("ix_sign_ins_account_id"), "sign_ins", ["account_id"])
    op.create_index(op.f("ix_sign_ins_seen_at"), "sign_ins", ["seen_at"])


def _make_failures() -> None:
    op.create_table(
        "sign_in_failures",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", MOMENT, nullable=False),
        sa.Column("opens_at", MOMENT, nullable=False),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_sign_in_failures_counts_up")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(op.f("ix_sign_in_failures_failed_at"), "sign_in_failures", ["failed_at"])


def _make_recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_recovery_codes_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("account_id", "code_hash", name=op.f("uq_recovery_codes_account_id_code_hash")),
    )


def downgrade() -> None:
    with op.batch_alter_table("leads") as batch:
        batch.drop_column("anonymised_at")
    with op.batch_alter_table("settings") as batch:
        batch.drop_constraint(op.f("ck_settings_retention_months_in_range"), type_="check")
        batch.drop_column("retention_months")
    with op.batch_alter_table("accounts") as batch:
        batch.drop_constraint(op.f("ck_accounts_only_temporary_passwords_end"), type_="check")
        batch.drop_constraint(op.f("ck_accounts_second_factor_stands_beside_a_password"), type_="check")
        for column in ("anonymised_at", "totp_step", "totp_since", "totp_salt", "temporary_until"):
            batch.drop_column(column)
    for table in ("recovery_codes", "sign_in_failures", "sign_ins"):
        op.drop_table(table)
