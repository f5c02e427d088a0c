"""The project page: project, plots and their illustrations; the project's name leaves the settings."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "project",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("contact_name", sa.String(length=30), nullable=False),
        sa.Column("contact_phone", sa.String(length=20), nullable=False),
        sa.Column("latitude", sa.Integer(), nullable=True),
        sa.Column("longitude", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_project_is_the_only_row")),
        sa.CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_project_position_is_whole")
        ),
        sa.CheckConstraint(
            "latitude BETWEEN -90000000 AND 90000000", name=op.f("ck_project_latitude_in_range")
        ),
        sa.CheckConstraint(
            "longitude BETWEEN -180000000 AND 180000000", name=op.f("ck_project_longitude_in_range")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
    )
    op.execute(
        "INSERT INTO project (id, name, address, introduction, tags, contact_name, contact_phone, version)"
        " SELECT 1, project_name, '', '', '[]', '', '', 1 FROM settings"
    )
    op.execute("ALTER TABLE settings DROP COLUMN project_name")
    op.create_table(
        "plots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("number_key", sa.String(length=90), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(number_key) > 0", name=op.f("ck_plots_number_is_not_blank")),
        sa.CheckConstraint("place BETWEEN 1 AND 9999", name=op.f("ck_plots_place_in_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plots")),
    )
    op.create_index(
        "uq_plots_number_key",
        "plots",
        ["number_key"],
        unique=True,
        sqlite_where=sa.text("archived_at IS NULL"),
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "illustrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_illustrations")),
        sa.UniqueConstraint("digest", name=op.f("uq_illustrations_digest")),
    )
    op.create_table(
        "illustration_sizes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("illustration_id", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["illustration_id"],
            ["illustrations.id"],
            name=op.f("fk_illustration_sizes_illustration_id_illustrations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_illustration_sizes")),
        sa.UniqueConstraint(
            "illustration_id", "width", name=op.f("uq_illustration_sizes_illustration_id_width")
        ),
    )


def downgrade() -> None:
    op.execute("ALTER TABLE settings ADD COLUMN project_name VARCHAR(60) DEFAULT '' NOT NULL")
    op.execute("UPDATE settings SET project_name = (SELECT name FROM project)")
    for table in ("illustration_sizes", "illustrations", "plots", "project"):
        op.drop_table(table)
