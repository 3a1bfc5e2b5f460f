"""Run by alembic: either over the connection that the caller opened, or to print SQL."""

from alembic import context

if context.is_offline_mode():
    context.configure(
        dialect_name=context.config.attributes["dialect"],
        output_buffer=context.config.output_buffer,
        literal_binds=True,
    )
else:
    context.configure(
        connection=context.config.attributes["connection"],
        render_as_batch=True,
        transaction_per_migration=False,
    )

with context.begin_transaction():
    context.run_migrations()
