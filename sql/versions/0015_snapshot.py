"""Snapshots: bytes that are cited."""

from sql.migration import run_file

revision = "0015_snapshot"
down_revision = "0014_batch"


def upgrade() -> None:
    """Run the file of the same name."""
    run_file("0015_snapshot.sql")
