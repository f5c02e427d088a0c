"""The main job: people, leads, holds, visits, money and history."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brokerages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("contact", sa.String(length=30), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brokerages")),
        sa.UniqueConstraint("name", name=op.f("uq_brokerages_name")),
    )
    op.create_table(
        "customer_types",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_types")),
        sa.UniqueConstraint("name", name=op.f("uq_customer_types_name")),
    )
    op.create_table(
        "handled_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asker", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handled_requests")),
        sa.UniqueConstraint(
            "asker", "action", "request_id", name=op.f("uq_handled_requests_asker_action_request_id")
        ),
    )
    with op.batch_alter_table("handled_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handled_requests_handled_at"), ["handled_at"], unique=False)

    op.create_table(
        "settings",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("protection_days", sa.Integer(), nullable=False),
        sa.Column("project_name", sa.String(length=60), nullable=False),
        sa.Column("service_phone", sa.String(length=20), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_settings_is_the_only_row")),
        sa.CheckConstraint(
            "protection_days BETWEEN 1 AND 3650", name=op.f("ck_settings_protection_days_in_range")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings")),
    )
    op.create_table(
        "sign_in_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=11), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_codes")),
        sa.UniqueConstraint("phone", name=op.f("uq_sign_in_codes_phone")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "broker",
                "resident",
                "gate",
                "consultant",
                "secretary",
                "director",
                "admin",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("phone", sa.String(length=11), nullable=False),
        sa.Column("login", sa.String(length=30), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("employee_number", sa.String(length=20), nullable=True),
        sa.Column("brokerage_id", sa.Integer(), nullable=True),
        sa.Column(
            "approval",
            sa.Enum(
                "not_needed",
                "pending",
                "approved",
                "rejected",
                name="approval",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("rejection_reason", sa.Text(), nullable=False),
        sa.Column("profile_completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(role = 'resident') = (approval <> 'not_needed')",
            name=op.f("ck_accounts_residents_and_only_they_need_approval"),
        ),
        sa.CheckConstraint(
            "(role IN ('broker', 'resident')) = (login IS NULL)",
            name=op.f("ck_accounts_staff_and_only_they_have_a_login"),
        ),
        sa.CheckConstraint(
            "role IN ('broker', 'resident') OR brokerage_id IS NULL",
            name=op.f("ck_accounts_only_agents_have_a_brokerage"),
        ),
        sa.CheckConstraint(
            "(login IS NULL) = (password_hash IS NULL)",
            name=op.f("ck_accounts_login_and_password_go_together"),
        ),
        sa.ForeignKeyConstraint(
            ["brokerage_id"], ["brokerages.id"], name=op.f("fk_accounts_brokerage_id_brokerages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("employee_number", name=op.f("uq_accounts_employee_number")),
        sa.UniqueConstraint("login", name=op.f("uq_accounts_login")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_brokerage_id"), ["brokerage_id"], unique=False)
        batch_op.create_index(
            "uq_accounts_agent_phone",
            ["phone"],
            unique=True,
            sqlite_where=sa.text("role IN ('broker', 'resident')"),
            postgresql_where=sa.text("role IN ('broker', 'resident')"),
        )

    op.create_table(
        "leads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("broker_id", sa.Integer(), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=False),
        sa.Column("surname", sa.String(length=30), nullable=False),
        sa.Column("given_name", sa.String(length=30), nullable=False),
        sa.Column("name_key", sa.String(length=240), nullable=False),
        sa.Column("phone1", sa.String(length=7), nullable=False),
        sa.Column("phone2", sa.String(length=7), nullable=True),
        sa.Column("person_number", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "entered",
                "reported",
                "bound",
                "expired",
                "dealt",
                "withdrawn",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("expected_visit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customer_type_id", sa.Integer(), nullable=True),
        sa.Column("needs", sa.Text(), nullable=False),
        sa.Column("wished_consultant_id", sa.Integer(), nullable=True),
        sa.Column("consultant_id", sa.Integer(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("protect_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rebound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_token", sa.String(length=24), nullable=True),
        sa.Column("short_code", sa.String(length=10), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(first_reported_at IS NULL) = (code_token IS NULL) AND (first_reported_at IS NULL) = (short_code IS NULL) AND (first_reported_at IS NULL) = (status IN ('entered', 'withdrawn'))",
            name=op.f("ck_leads_code_exactly_when_reported"),
        ),
        sa.CheckConstraint(
            "merged_into_id IS NULL OR (merged_into_id <> id AND status NOT IN ('bound', 'dealt'))",
            name=op.f("ck_leads_merged_leads_hold_nothing"),
        ),
        sa.CheckConstraint(
            "status <> 'bound' OR (bound_at IS NOT NULL AND protect_until IS NOT NULL)",
            name=op.f("ck_leads_bound_has_an_end"),
        ),
        sa.CheckConstraint(
            "status <> 'dealt' OR (bound_at IS NOT NULL AND protect_until IS NOT NULL)",
            name=op.f("ck_leads_dealt_was_bound"),
        ),
        sa.CheckConstraint("length(name_key) > 0", name=op.f("ck_leads_name_is_not_blank")),
        sa.CheckConstraint("length(phone1) = 7", name=op.f("ck_leads_phone1_is_three_and_four")),
        sa.CheckConstraint("person_number >= 0", name=op.f("ck_leads_person_number_counts_from_zero")),
        sa.CheckConstraint(
            "phone2 IS NULL OR (length(phone2) = 7 AND phone2 <> phone1)",
            name=op.f("ck_leads_phone2_is_whole_and_another"),
        ),
        sa.ForeignKeyConstraint(["broker_id"], ["accounts.id"], name=op.f("fk_leads_broker_id_accounts")),
        sa.ForeignKeyConstraint(
            ["consultant_id"], ["accounts.id"], name=op.f("fk_leads_consultant_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["customer_type_id"], ["customer_types.id"], name=op.f("fk_leads_customer_type_id_customer_types")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["accounts.id"], name=op.f("fk_leads_entered_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(["merged_into_id"], ["leads.id"], name=op.f("fk_leads_merged_into_id_leads")),
        sa.ForeignKeyConstraint(
            ["wished_consultant_id"], ["accounts.id"], name=op.f("fk_leads_wished_consultant_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
        sa.UniqueConstraint("code_token", name=op.f("uq_leads_code_token")),
        sa.UniqueConstraint("id", "broker_id", name=op.f("uq_leads_id_broker_id")),
        sa.UniqueConstraint("short_code", name=op.f("uq_leads_short_code")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.create_index("ix_leads_broker_id_status", ["broker_id", "status"], unique=False)
        batch_op.create_index(batch_op.f("ix_leads_consultant_id"), ["consultant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_leads_entered_at"), ["entered_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_leads_entered_by_id"), ["entered_by_id"], unique=False)
        batch_op.create_index("ix_leads_name_key", ["name_key"], unique=False)

    op.create_table(
        "collisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("held", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("holding_lead_id", sa.Integer(), nullable=False),
        sa.Column("challenging_lead_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "handled", name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by_id", sa.Integer(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "unsaid",
                "holder_keeps",
                "challenger_gets",
                "rebound",
                "different_people",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'handled') = (handled_at IS NOT NULL)", name=op.f("ck_collisions_handled_at_a_time")
        ),
        sa.CheckConstraint(
            "holding_lead_id <> challenging_lead_id", name=op.f("ck_collisions_has_two_sides")
        ),
        sa.ForeignKeyConstraint(
            ["challenging_lead_id"], ["leads.id"], name=op.f("fk_collisions_challenging_lead_id_leads")
        ),
        sa.ForeignKeyConstraint(
            ["handled_by_id"], ["accounts.id"], name=op.f("fk_collisions_handled_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["holding_lead_id"], ["leads.id"], name=op.f("fk_collisions_holding_lead_id_leads")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collisions")),
    )
    with op.batch_alter_table("collisions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_collisions_challenging_lead_id"), ["challenging_lead_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_collisions_holding_lead_id"), ["holding_lead_id"], unique=False)
        batch_op.create_index("ix_collisions_state_last_event_at", ["state", "last_event_at"], unique=False)
        batch_op.create_index(
            "uq_collisions_open_pair",
            ["kind", "holding_lead_id", "challenging_lead_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "deals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("dealt_on", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("marked_by_id", sa.Integer(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.Column("undo_reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by_id IS NULL)", name=op.f("ck_deals_undone_by_somebody")
        ),
        sa.CheckConstraint("amount IS NULL OR amount > 0", name=op.f("ck_deals_amount_is_positive")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_deals_lead_id_leads")),
        sa.ForeignKeyConstraint(
            ["marked_by_id"], ["accounts.id"], name=op.f("fk_deals_marked_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"], ["accounts.id"], name=op.f("fk_deals_undone_by_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals")),
    )
    with op.batch_alter_table("deals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deals_lead_id"), ["lead_id"], unique=False)
        batch_op.create_index(
            "uq_deals_standing_lead",
            ["lead_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    op.create_table(
        "fees",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("broker_id", sa.Integer(), nullable=False),
        sa.Column("brokerage_id", sa.Integer(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount BETWEEN 1 AND 99999999", name=op.f("ck_fees_amount_in_range")),
        sa.ForeignKeyConstraint(["broker_id"], ["accounts.id"], name=op.f("fk_fees_broker_id_accounts")),
        sa.ForeignKeyConstraint(
            ["brokerage_id"], ["brokerages.id"], name=op.f("fk_fees_brokerage_id_brokerages")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["accounts.id"], name=op.f("fk_fees_created_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_fees_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fees")),
    )
    with op.batch_alter_table("fees", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fees_lead_id"), ["lead_id"], unique=False)

    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["accounts.id"], name=op.f("fk_follow_ups_author_id_accounts")
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_follow_ups_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
    )
    with op.batch_alter_table("follow_ups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_ups_lead_id"), ["lead_id"], unique=False)

    op.create_table(
        "gate_scans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("gate_id", sa.Integer(), nullable=False),
        sa.Column("consultant_id", sa.Integer(), nullable=False),
        sa.Column("broker_id", sa.Integer(), nullable=False),
        sa.Column("brokerage_id", sa.Integer(), nullable=True),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["broker_id"], ["accounts.id"], name=op.f("fk_gate_scans_broker_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["brokerage_id"], ["brokerages.id"], name=op.f("fk_gate_scans_brokerage_id_brokerages")
        ),
        sa.ForeignKeyConstraint(
            ["consultant_id"], ["accounts.id"], name=op.f("fk_gate_scans_consultant_id_accounts")
        ),
        sa.ForeignKeyConstraint(["gate_id"], ["accounts.id"], name=op.f("fk_gate_scans_gate_id_accounts")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_gate_scans_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_scans")),
    )
    with op.batch_alter_table("gate_scans", schema=None) as batch_op:
        batch_op.create_index("ix_gate_scans_lead_id_scanned_at", ["lead_id", "scanned_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_gate_scans_scanned_at"), ["scanned_at"], unique=False)

    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(length=40), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_role", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("payload_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["accounts.id"], name=op.f("fk_history_actor_id_accounts")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_history_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.create_index("ix_history_chain_id", ["chain", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_history_lead_id"), ["lead_id"], unique=False)

    op.create_table(
        "holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("name_key", sa.String(length=240), nullable=False),
        sa.Column("phone", sa.String(length=7), nullable=False),
        sa.Column("person_number", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_holds_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        sa.UniqueConstraint(
            "name_key", "phone", "person_number", name=op.f("uq_holds_name_key_phone_person_number")
        ),
    )
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_holds_lead_id"), ["lead_id"], unique=False)

    op.create_table(
        "lead_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("broker_id", sa.Integer(), nullable=False),
        sa.Column("name_key", sa.String(length=240), nullable=False),
        sa.Column("phone", sa.String(length=7), nullable=False),
        sa.Column("person_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id", "broker_id"],
            ["leads.id", "leads.broker_id"],
            name=op.f("fk_lead_keys_lead_id_broker_id_leads"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_keys")),
        sa.UniqueConstraint(
            "broker_id",
            "name_key",
            "phone",
            "person_number",
            name=op.f("uq_lead_keys_broker_id_name_key_phone_person_number"),
        ),
        sa.UniqueConstraint("lead_id", "phone", name=op.f("uq_lead_keys_lead_id_phone")),
    )
    with op.batch_alter_table("lead_keys", schema=None) as batch_op:
        batch_op.create_index(
            "ix_lead_keys_name_key_phone", ["name_key", "phone", "person_number"], unique=False
        )

    op.create_table(
        "rebinds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_lead_id", sa.Integer(), nullable=False),
        sa.Column("to_lead_id", sa.Integer(), nullable=False),
        sa.Column("from_broker_id", sa.Integer(), nullable=False),
        sa.Column("to_broker_id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("kept_end", sa.Boolean(), nullable=False),
        sa.Column("old_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("new_end", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("from_lead_id <> to_lead_id", name=op.f("ck_rebinds_moves_to_another_lead")),
        sa.ForeignKeyConstraint(["actor_id"], ["accounts.id"], name=op.f("fk_rebinds_actor_id_accounts")),
        sa.ForeignKeyConstraint(
            ["from_broker_id"], ["accounts.id"], name=op.f("fk_rebinds_from_broker_id_accounts")
        ),
        sa.ForeignKeyConstraint(["from_lead_id"], ["leads.id"], name=op.f("fk_rebinds_from_lead_id_leads")),
        sa.ForeignKeyConstraint(
            ["to_broker_id"], ["accounts.id"], name=op.f("fk_rebinds_to_broker_id_accounts")
        ),
        sa.ForeignKeyConstraint(["to_lead_id"], ["leads.id"], name=op.f("fk_rebinds_to_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rebinds")),
    )
    with op.batch_alter_table("rebinds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rebinds_from_lead_id"), ["from_lead_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rebinds_to_lead_id"), ["to_lead_id"], unique=False)

    op.create_table(
        "reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_behalf", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_reports_account_id_accounts")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_reports_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.create_index("ix_reports_lead_id_reported_at", ["lead_id", "reported_at"], unique=False)

    op.create_table(
        "viewings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("consultant_id", sa.Integer(), nullable=False),
        sa.Column("broker_id", sa.Integer(), nullable=False),
        sa.Column(
            "intent",
            sa.Enum("A", "B", "C", "D", name="intent", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("standing_in", sa.Boolean(), nullable=False),
        sa.Column("viewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["broker_id"], ["accounts.id"], name=op.f("fk_viewings_broker_id_accounts")),
        sa.ForeignKeyConstraint(
            ["consultant_id"], ["accounts.id"], name=op.f("fk_viewings_consultant_id_accounts")
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_viewings_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_viewings")),
    )
    with op.batch_alter_table("viewings", schema=None) as batch_op:
        batch_op.create_index(
            "ix_viewings_consultant_id_viewed_at", ["consultant_id", "viewed_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_viewings_lead_id"), ["lead_id"], unique=False)

    op.create_table(
        "bindings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("broker_id", sa.Integer(), nullable=False),
        sa.Column("brokerage_id", sa.Integer(), nullable=True),
        sa.Column("scan_id", sa.Integer(), nullable=True),
        sa.Column("rebind_id", sa.Integer(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_end", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(scan_id IS NULL) <> (rebind_id IS NULL)", name=op.f("ck_bindings_has_exactly_one_cause")
        ),
        sa.CheckConstraint("ends_at >= bound_at", name=op.f("ck_bindings_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["broker_id"], ["accounts.id"], name=op.f("fk_bindings_broker_id_accounts")),
        sa.ForeignKeyConstraint(
            ["brokerage_id"], ["brokerages.id"], name=op.f("fk_bindings_brokerage_id_brokerages")
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_bindings_lead_id_leads")),
        sa.ForeignKeyConstraint(["rebind_id"], ["rebinds.id"], name=op.f("fk_bindings_rebind_id_rebinds")),
        sa.ForeignKeyConstraint(["scan_id"], ["gate_scans.id"], name=op.f("fk_bindings_scan_id_gate_scans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bindings")),
        sa.UniqueConstraint("rebind_id", name=op.f("uq_bindings_rebind_id")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_bindings_scan_id")),
    )
    with op.batch_alter_table("bindings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bindings_lead_id"), ["lead_id"], unique=False)
        batch_op.create_index(
            "uq_bindings_open_lead",
            ["lead_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "collision_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collision_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
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
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["accounts.id"], name=op.f("fk_collision_events_actor_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["collision_id"], ["collisions.id"], name=op.f("fk_collision_events_collision_id_collisions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collision_events")),
    )
    with op.batch_alter_table("collision_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_collision_events_collision_id"), ["collision_id"], unique=False)

    op.create_table(
        "history_payloads",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["history.id"], name=op.f("fk_history_payloads_record_id_history")
        ),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_history_payloads")),
    )
    op.create_table(
        "binding_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("name_key", sa.String(length=240), nullable=False),
        sa.Column("phone", sa.String(length=7), nullable=False),
        sa.Column("person_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["binding_id"], ["bindings.id"], name=op.f("fk_binding_keys_binding_id_bindings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding_keys")),
        sa.UniqueConstraint("binding_id", "phone", name=op.f("uq_binding_keys_binding_id_phone")),
    )

    # The one row of settings; the project's name and phone are filled in by the admin.
    op.execute(
        "INSERT INTO settings (id, protection_days, project_name, service_phone) VALUES (1, 30, '', '')"
    )


def downgrade() -> None:
    op.drop_table("binding_keys")
    op.drop_table("history_payloads")
    with op.batch_alter_table("collision_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_collision_events_collision_id"))

    op.drop_table("collision_events")
    with op.batch_alter_table("bindings", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_bindings_open_lead",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_bindings_lead_id"))

    op.drop_table("bindings")
    with op.batch_alter_table("viewings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_viewings_lead_id"))
        batch_op.drop_index("ix_viewings_consultant_id_viewed_at")

    op.drop_table("viewings")
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.drop_index("ix_reports_lead_id_reported_at")

    op.drop_table("reports")
    with op.batch_alter_table("rebinds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rebinds_to_lead_id"))
        batch_op.drop_index(batch_op.f("ix_rebinds_from_lead_id"))

    op.drop_table("rebinds")
    with op.batch_alter_table("lead_keys", schema=None) as batch_op:
        batch_op.drop_index("ix_lead_keys_name_key_phone")

    op.drop_table("lead_keys")
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_holds_lead_id"))

    op.drop_table("holds")
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_history_lead_id"))
        batch_op.drop_index("ix_history_chain_id")

    op.drop_table("history")
    with op.batch_alter_table("gate_scans", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gate_scans_scanned_at"))
        batch_op.drop_index("ix_gate_scans_lead_id_scanned_at")

    op.drop_table("gate_scans")
    with op.batch_alter_table("follow_ups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follow_ups_lead_id"))

    op.drop_table("follow_ups")
    with op.batch_alter_table("fees", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fees_lead_id"))

    op.drop_table("fees")
    with op.batch_alter_table("deals", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_deals_standing_lead",
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_deals_lead_id"))

    op.drop_table("deals")
    with op.batch_alter_table("collisions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_collisions_open_pair",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index("ix_collisions_state_last_event_at")
        batch_op.drop_index(batch_op.f("ix_collisions_holding_lead_id"))
        batch_op.drop_index(batch_op.f("ix_collisions_challenging_lead_id"))

    op.drop_table("collisions")
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.drop_index("ix_leads_name_key")
        batch_op.drop_index(batch_op.f("ix_leads_entered_by_id"))
        batch_op.drop_index(batch_op.f("ix_leads_entered_at"))
        batch_op.drop_index(batch_op.f("ix_leads_consultant_id"))
        batch_op.drop_index("ix_leads_broker_id_status")

    op.drop_table("leads")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_accounts_agent_phone",
            sqlite_where=sa.text("role IN ('broker', 'resident')"),
            postgresql_where=sa.text("role IN ('broker', 'resident')"),
        )
        batch_op.drop_index(batch_op.f("ix_accounts_brokerage_id"))

    op.drop_table("accounts")
    op.drop_table("sign_in_codes")
    op.drop_table("settings")
    with op.batch_alter_table("handled_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handled_requests_handled_at"))

    op.drop_table("handled_requests")
    op.drop_table("customer_types")
    op.drop_table("brokerages")
