"""The ledger of observations, its guards, and the as-of rule."""

from sql.migration import run_file

revision = "0004_ledger"
down_revision = "0003_submission"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0004_ledger.sql")
