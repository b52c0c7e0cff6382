"""Fronts as they were reported, how far the end of a study is, and the joules of trials."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of fronts, and room for how far a study's end is and for joules."""
    op.create_table(
        "front_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(), nullable=True),
        sa.Column("trial", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("tied", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["study"], ["study.id"], name=op.f("fk_front_member_study"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["trial"], ["trial.id"], name=op.f("fk_front_member_trial"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_front_member")),
        sa.UniqueConstraint("study", "target", "rank", name=op.f("uq_front_member_study_target_rank")),
    )
    op.create_index(op.f("ix_front_member_trial"), "front_member", ["trial"])
    with op.batch_alter_table("study") as batch:
        batch.add_column(sa.Column("closing", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("trial") as batch:
        batch.add_column(sa.Column("joules", sa.JSON(none_as_null=True), nullable=True))
