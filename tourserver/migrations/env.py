"""Alembic's entry: runs migrations on the connection that tourserver.core.migrate hands over."""

from alembic import context

from tourserver.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    user_module_prefix="db.",
)
with context.begin_transaction():
    context.run_migrations()
