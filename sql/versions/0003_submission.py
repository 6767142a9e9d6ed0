"""Submissions with their bytes and findings, accounts, and the audit."""

from sql.migration import run_file

revision = "0003_submission"
down_revision = "0002_series"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0003_submission.sql")
