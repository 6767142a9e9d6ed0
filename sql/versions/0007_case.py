"""A submission as a case: its moves, its review, its evidence, what it corrects."""

from sql.migration import run_file

revision = "0007_case"
down_revision = "0006_identity"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0007_case.sql")
