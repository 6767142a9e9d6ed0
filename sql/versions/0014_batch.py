"""The order in which figures came in, and the version of the data."""

from sql.migration import run_file

revision = "0014_batch"
down_revision = "0013_progress"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0014_batch.sql")
