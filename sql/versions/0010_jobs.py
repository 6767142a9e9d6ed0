"""Work in the background, and what was reminded of."""

from procrastinate.schema import SchemaManager

from sql.migration import run, run_file

revision = "0010_jobs"
down_revision = "0009_obligation"

# Of the schema that the package shipped when this landed. It runs as it was shipped, in our schema by the search path
# that the file sets. A package with another one needs a revision of ours that brings what the package changed.
PROCRASTINATE_SCHEMA_SHA256 = "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"


def upgrade() -> None:
    """Run the file of the same name, and then the schema of procrastinate."""
    run_file("0010_jobs.sql")
    run(SchemaManager.get_schema())
