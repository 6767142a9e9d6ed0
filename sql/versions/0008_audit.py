"""The audit: before and after, from where, and a chain that shows a broken link."""

from sql.migration import run_file

revision = "0008_audit"
down_revision = "0007_case"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0008_audit.sql")
