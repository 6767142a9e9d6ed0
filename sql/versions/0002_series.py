"""Series, and what a period is."""

from sql.migration import run_file

revision = "0002_series"
down_revision = "0001_catalogue"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0002_series.sql")
