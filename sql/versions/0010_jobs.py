"""Work in the background, and what was reminded of."""

from sql.migration import run_file

revision = "0010_jobs"
down_revision = "0009_obligation"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0010_jobs.sql")
