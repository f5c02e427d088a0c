"""The phone pages: visitors with codes and walk-ins, WeChat, avatars, limits on codes, the next follow-up."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

AGENTS = ("broker", "resident")
STAFF = ("gate", "consultant", "secretary", "director", "admin")
EVENT_KINDS = (
    *("entered", "corrected", "reported", "scanned", "withdrawn"),
    *("hold_taken_by_scan", "hold_taken_by_rebind", "hold_taken_by_deal"),
    *("handled", "closed_as_rebound", "reopened"),
)
IS_OPEN = sa.text("state = 'open'")
IS_WALK_IN_FIRST = sa.text("kind = 'walk_in_first'")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def upgrade() -> None:
    _make_tables()
    op.drop_index("uq_accounts_agent_phone", table_name="accounts")
    with op.batch_alter_table("accounts") as batch:
        batch.add_column(sa.Column("nickname", sa.String(length=30), server_default="", nullable=False))
        batch.add_column(sa.Column("openid", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("code_token", sa.String(length=24), nullable=True))
        batch.add_column(sa.Column("short_code", sa.String(length=10), nullable=True))
        for column in ("openid", "code_token", "short_code"):
            batch.create_unique_constraint(op.f(f"uq_accounts_{column}"), [column])
        _set_roles(batch, (*AGENTS, "visitor"))
        batch.create_check_constraint(
            op.f("ck_accounts_only_outsiders_sign_in_by_wechat"), "openid IS NULL OR login IS NULL"
        )
        batch.create_check_constraint(
            op.f("ck_accounts_visitors_and_only_they_have_a_code"),
            "(code_token IS NULL) = (short_code IS NULL)"
            " AND (code_token IS NOT NULL) = (role = 'visitor' AND profile_completed_at IS NOT NULL)",
        )
    _index_phones("uq_accounts_outsider_phone", (*AGENTS, "visitor"))
    with op.batch_alter_table("collisions") as batch:
        batch.add_column(sa.Column("visitor_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_collisions_visitor_id_accounts"), "accounts", ["visitor_id"], ["id"]
        )
        batch.alter_column("holding_lead_id", existing_type=sa.Integer(), nullable=True)
        batch.drop_constraint(op.f("ck_collisions_kind"), type_="check")
        batch.create_check_constraint(
            op.f("ck_collisions_kind"), "kind IN ('held', 'walk_in_first', 'objection')"
        )
        batch.create_check_constraint(
            op.f("ck_collisions_is_held_by_a_lead_or_a_visitor"),
            "(kind = 'held') = (holding_lead_id IS NOT NULL)"
            " AND (holding_lead_id IS NULL) = (visitor_id IS NOT NULL)",
        )
    op.create_index("ix_collisions_visitor_id", "collisions", ["visitor_id"])
    columns = ["kind", "visitor_id", "challenging_lead_id"]
    _index_some("uq_collisions_open_with_visitor", columns, IS_OPEN)
    _index_some("uq_collisions_walk_in_first", columns[1:], IS_WALK_IN_FIRST)
    op.execute("ALTER TABLE collision_events ADD COLUMN words TEXT DEFAULT '' NOT NULL")
    _set_event_kinds((*EVENT_KINDS, "objected"))
    op.execute("ALTER TABLE follow_ups ADD COLUMN next_on DATE")


def _index_some(name: str, columns: list[str], condition: sa.TextClause) -> None:
    op.create_index(
        name, "collisions", columns, unique=True, sqlite_where=condition, postgresql_where=condition
    )


def _index_phones(name: str, roles: tuple[str, ...]) -> None:
    """Let one phone sign in one account among these roles."""
    condition = sa.text(f"role IN ({_listed(roles)})")
    op.create_index(
        name, "accounts", ["phone"], unique=True, sqlite_where=condition, postgresql_where=condition
    )


def _set_roles(batch: BatchOperations, outsiders: tuple[str, ...]) -> None:
    """Change which roles there are, and which of them sign in without a password."""
    for name in ("role", "staff_and_only_they_have_a_login"):
        batch.drop_constraint(op.f(f"ck_accounts_{name}"), type_="check")
    batch.create_check_constraint(op.f("ck_accounts_role"), f"role IN ({_listed((*outsiders, *STAFF))})")
    batch.create_check_constraint(
        op.f("ck_accounts_staff_and_only_they_have_a_login"),
        f"(role IN ({_listed(outsiders)})) = (login IS NULL)",
    )


def _set_event_kinds(kinds: tuple[str, ...]) -> None:
    with op.batch_alter_table("collision_events") as batch:
        batch.drop_constraint(op.f("ck_collision_events_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_collision_events_kind"), f"kind IN ({_listed(kinds)})")


def _make_tables() -> None:
    op.create_table(
        "avatars",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_avatars_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_avatars")),
    )
    op.create_table(
        "code_sends",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=11), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_sends")),
    )
    op.create_index("ix_code_sends_phone_sent_at", "code_sends", ["phone", "sent_at"])
    op.create_index("ix_code_sends_address_sent_at", "code_sends", ["address", "sent_at"])
    op.create_table(
        "wechat_tickets",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_wechat_tickets")),
    )
    op.create_table(
        "walk_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("visitor_id", "gate_id", "consultant_id")
        ),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("name_key", sa.String(length=240), nullable=False),
        sa.Column("phone", sa.String(length=7), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(name_key) > 0", name=op.f("ck_walk_ins_name_is_not_blank")),
        sa.CheckConstraint("length(phone) = 7", name=op.f("ck_walk_ins_phone_is_three_and_four")),
        *(
            sa.ForeignKeyConstraint([name], ["accounts.id"], name=op.f(f"fk_walk_ins_{name}_accounts"))
            for name in ("visitor_id", "gate_id", "consultant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_ins")),
    )
    op.create_index("ix_walk_ins_name_key_phone", "walk_ins", ["name_key", "phone"])
    op.create_index("ix_walk_ins_visitor_id_came_at", "walk_ins", ["visitor_id", "came_at"])
    op.create_index(op.f("ix_walk_ins_came_at"), "walk_ins", ["came_at"])


def downgrade() -> None:
    """Lead back to a release without visitors: their accounts become those of brokers without a profile."""
    op.execute("ALTER TABLE follow_ups DROP COLUMN next_on")
    op.execute(
        "DELETE FROM collision_events WHERE collision_id IN"
        " (SELECT id FROM collisions WHERE visitor_id IS NOT NULL)"
    )
    op.execute("DELETE FROM collisions WHERE visitor_id IS NOT NULL")
    _set_event_kinds(EVENT_KINDS)
    op.execute("ALTER TABLE collision_events DROP COLUMN words")
    for index in (
        "uq_collisions_walk_in_first",
        "uq_collisions_open_with_visitor",
        "ix_collisions_visitor_id",
    ):
        op.drop_index(index, table_name="collisions")
    with op.batch_alter_table("collisions") as batch:
        for name in ("is_held_by_a_lead_or_a_visitor", "kind"):
            batch.drop_constraint(op.f(f"ck_collisions_{name}"), type_="check")
        batch.create_check_constraint(op.f("ck_collisions_kind"), "kind IN ('held')")
        batch.alter_column("holding_lead_id", existing_type=sa.Integer(), nullable=False)
        batch.drop_constraint(op.f("fk_collisions_visitor_id_accounts"), type_="foreignkey")
        batch.drop_column("visitor_id")
    op.drop_index("uq_accounts_outsider_phone", table_name="accounts")
    for table in ("walk_ins", "wechat_tickets", "code_sends", "avatars"):
        op.drop_table(table)
    op.execute("UPDATE accounts SET code_token = NULL, short_code = NULL, profile_completed_at = NULL,"
               " role = 'broker' WHERE role = 'visitor'")  # fmt: skip
    with op.batch_alter_table("accounts") as batch:
        for name in ("only_outsiders_sign_in_by_wechat", "visitors_and_only_they_have_a_code"):
            batch.drop_constraint(op.f(f"ck_accounts_{name}"), type_="check")
        _set_roles(batch, AGENTS)
        for column in ("openid", "code_token", "short_code"):
            batch.drop_constraint(op.f(f"uq_accounts_{column}"), type_="unique")
        for column in ("short_code", "code_token", "openid", "nickname"):
            batch.drop_column(column)
    _index_phones("uq_accounts_agent_phone", AGENTS)
