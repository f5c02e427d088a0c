"""Who waits for an approval, and who is archived, are found by index: every page of the back office counts them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_accounts_pending", sa.text("approval = 'pending'")),
    ("ix_accounts_archived", sa.text("archived_at IS NOT NULL")),
)


def upgrade() -> None:
    for name, where in INDEXES:
        op.create_index(name, "accounts", ["id"], postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    for name, _where in INDEXES:
        op.drop_index(name, "accounts")
