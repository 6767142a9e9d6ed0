"""Alembic's entry: run the revisions on the connection that `sql.migration` hands over, all in its transaction."""

from alembic import context

from sql.migration import SCHEMA

context.configure(connection=context.config.attributes["connection"], version_table_schema=SCHEMA)
context.run_migrations()
