"""Groups of reporting units."""

from sql.migration import run_file

revision = "0015_group"
down_revision = "0014_batch"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0015_group.sql")
