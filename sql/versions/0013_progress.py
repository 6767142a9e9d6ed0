"""How far the work on a large submission has got."""

from sql.migration import run_file

revision = "0013_progress"
down_revision = "0012_rule"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0013_progress.sql")
