"""Targets with their vintages."""

from sql.migration import run_file

revision = "0018_target"
down_revision = "0017_group"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0018_target.sql")
