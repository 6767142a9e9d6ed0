"""Accounts, what they may do, their sessions, and the tokens of machines."""

from sql.migration import run_file

revision = "0006_identity"
down_revision = "0005_hypertable"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0006_identity.sql")
