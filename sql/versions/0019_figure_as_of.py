"""The last word on every period, without its validity."""

from sql.migration import run_file

revision = "0019_figure_as_of"
down_revision = "0018_target"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0019_figure_as_of.sql")
