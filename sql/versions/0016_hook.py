"""What was changed since a look at the store, and who is told of it."""

from sql.migration import run_file

revision = "0016_hook"
down_revision = "0015_snapshot"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0016_hook.sql")
