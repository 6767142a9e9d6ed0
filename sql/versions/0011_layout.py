"""How the tables read that a statistical office sends again and again."""

from sql.migration import run_file

revision = "0011_layout"
down_revision = "0010_jobs"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0011_layout.sql")
