"""What Alembic runs. The connection comes from `deploydeck.store.migrate`; there is no configuration file and no logging setup."""

from __future__ import annotations

from alembic import context

from deploydeck.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
