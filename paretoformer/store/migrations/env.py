"""Runs migrations on the connection that the caller hands over, in the caller's transaction."""

from alembic import context

from paretoformer.store.migrations import VERSION_TABLE
from paretoformer.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
