"""Deaths of a trial's workers, counted apart from hand-backs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Count the deaths of a trial."""
    with op.batch_alter_table("trial") as batch:
        batch.add_column(sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"))
