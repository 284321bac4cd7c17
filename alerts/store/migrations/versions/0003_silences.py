"""silences, and what they met"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "silence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
    )
    op.create_table(
        "silenced",
        sa.Column("silence", sa.String(), nullable=False),
        sa.Column("update_number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("told", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["silence"], ["silence.id"], name=op.f("fk_silenced_silence"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["update_number"], ["story_update.number"], name=op.f("fk_silenced_update_number"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("silence", "update_number", name=op.f("pk_silenced")),
    )
    op.create_index("ix_silenced_update", "silenced", ["update_number"])


def downgrade() -> None:
    op.drop_table("silenced")
    op.drop_table("silence")
