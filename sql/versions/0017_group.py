"""Groups of reporting units."""

from sql.migration import run_file

revision = "0017_group"
down_revision = "0016_hook"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0017_group.sql")
