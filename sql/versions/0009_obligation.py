"""Who owes which return by when, and what became of it."""

from sql.migration import run_file

revision = "0009_obligation"
down_revision = "0008_audit"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0009_obligation.sql")
