"""Bring a database to the schema of this version, forward only.

Each revision is a file of SQL under `versions/`; Alembic keeps the order and remembers what ran.
"""

from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

SCHEMA = "chiso"
_HERE = Path(__file__).parent


class NewerSchema(Exception):
    """The database was written by a newer version of Chiso: install that version, or restore an older backup."""

    def __init__(self, revision: str) -> None:
        """Name the revision that this version does not know."""
        super().__init__(
            f"The database has schema revision {revision}, which this version of Chiso does not know: it was written by"
            " a newer version. Install that version, or point CHISO_HOME or CHISO_DATABASE_URL at another database."
        )


def upgrade(connection: Connection) -> bool:
    """Run the revisions that this database has not seen, in the caller's transaction; say whether there were any.

    Raises NewerSchema when the database knows a revision that we do not.
    """
    # Two services that start together: the second waits here, then finds nothing left to do.
    connection.execute(text("select pg_advisory_xact_lock(hashtext('chiso schema'))"))
    connection.execute(text(f"create schema if not exists {SCHEMA}"))
    before = revision(connection)
    known = {script.revision for script in _scripts().walk_revisions()}
    if before and before not in known:
        raise NewerSchema(before)
    if before == newest():
        return False
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return True


def revision(connection: Connection) -> str | None:
    """The revision that the database is at, or None where there is no schema yet."""
    return MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA}).get_current_revision()


def newest() -> str:
    """The revision of this version's schema."""
    head = _scripts().get_current_head()
    assert head is not None  # noqa: S101 - a package without revisions is broken
    return head


def run_file(name: str) -> None:
    """Run one file of SQL, as it stands, inside the running revision."""
    run((_HERE / "versions" / name).read_text(encoding="utf-8"))


def run(statements: str) -> None:
    """Run statements of SQL, as they stand, inside the running revision."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(statements)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
