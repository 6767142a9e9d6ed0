"""${message}."""

from sql.migration import run_file

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """${message}."""
    run_file("${up_revision}.sql")
