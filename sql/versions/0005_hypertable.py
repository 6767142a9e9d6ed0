"""The ledger as a hypertable where TimescaleDB is there."""

from sql.migration import run_file

revision = "0005_hypertable"
down_revision = "0004_ledger"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0005_hypertable.sql")
