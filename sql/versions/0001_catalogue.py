"""The words: indicators, reporting units and their lineage, datasets, targets."""

from sql.migration import run_file

revision = "0001_catalogue"
down_revision = None


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0001_catalogue.sql")
