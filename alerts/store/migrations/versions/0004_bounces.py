"""reports on mails that came back"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bounce",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_hash", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("found_by", sa.String(), nullable=False),
        sa.Column("subscriber", sa.Integer(), nullable=False),
        sa.Column("outbox", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], name=op.f("fk_bounce_subscriber"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounce")),
        sa.UniqueConstraint("report_hash", name=op.f("uq_bounce_report_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bounce_at", "bounce", ["at"])
    op.create_index(op.f("ix_bounce_subscriber"), "bounce", ["subscriber"])
    # SQLite adds columns in place; a copy of the table would fire the cascades that hang on it.
    op.add_column("subscriber", sa.Column("bounce_score", sa.Float(), nullable=False, server_default="0"))
    op.add_column("subscriber", sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("subscriber", "bounced_at")
    op.drop_column("subscriber", "bounce_score")
    op.drop_table("bounce")
