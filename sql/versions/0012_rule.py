"""The checks, as the catalogue words them."""

from sql.migration import run_file

revision = "0012_rule"
down_revision = "0011_layout"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0012_rule.sql")
