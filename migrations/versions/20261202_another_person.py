"""Collisions know two more events: one side was declared another person, or the same one after all (R4)."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

EVENT_KINDS = (
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
    "reopened",
    "objected",
)
NEW_KINDS = ("closed_as_different", "declared_same")


def upgrade() -> None:
    _set_event_kinds(EVENT_KINDS + NEW_KINDS)


def downgrade() -> None:
    """Say of the new events what the old version can say: that somebody handled it, or corrected the entry."""
    op.execute("UPDATE collision_events SET kind = 'handled' WHERE kind = 'closed_as_different'")
    op.execute("UPDATE collision_events SET kind = 'corrected' WHERE kind = 'declared_same'")
    _set_event_kinds(EVENT_KINDS)


def _set_event_kinds(kinds: tuple[str, ...]) -> None:
    """Change which kinds of events are admitted; no table refers to this one, so SQLite may make it anew."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("collision_events") as batch:
        batch.drop_constraint(op.f("ck_collision_events_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_collision_events_kind"), f"kind IN ({listed})")
