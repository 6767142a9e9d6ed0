"""A database that an earlier version wrote comes to this version whole."""

from collections.abc import Callable

from alembic import command
from sqlalchemy import Connection, text

from ingest import audit, catalogue, demonstration, inbox, ledger, registry
from ingest.case import ACTS
from service import database
from sql import migration
from tests.conftest import NOW, TEST

# As 0.1 kept them: a file that was received, one that was refused, one that was published, and the demonstration's.
_EARLIER = """
insert into dataset (code, name_vi, name_en, document) values ('PUBLISHED_FIGURES', 'x', 'x', 'x');
insert into source values ('UN', 'x', 'x'), ('GENERATED', 'x', 'x');
insert into unit_of_measure values ('rank', 'x', 'x', 'x', 'x');
insert into reporting_unit (code, level, kind, name_vi, name_en, short_vi, position)
values ('VN', 'nation', 'nation', 'x', 'x', 'x', 1);
insert into indicator (
    code, name_vi, name_en, pillar, definition_vi, definition_en, formula, unit_measure, decimals, direction,
    frequencies, accumulations, sources, adds_over_time, adds_over_units, levels, lead, document
)
values (
    'EGDI_RANK', 'x', 'x', 'INTL', 'x', 'x', 'x', 'rank', 0, 'down', '{A}', '{PERIOD}', '{UN}', 'none', 'none',
    '{nation}', '[]', 'x'
);
insert into submission (dataset, sha256, size_bytes, file_name, received_by, state, published_at,
    created, revised, unchanged, refused)
values
    ('PUBLISHED_FIGURES', 'a', 1, 'a.csv', 'admin', 'received', null, null, null, null, null),
    ('PUBLISHED_FIGURES', 'b', 1, 'b.csv', 'admin', 'examined', null, 0, 0, 0, 1),
    ('PUBLISHED_FIGURES', 'c', 1, 'c.csv', 'admin', 'published', '2026-01-01', 1, 0, 0, 0),
    ('PUBLISHED_FIGURES', '', 0, 'generated', 'chiso demo', 'received', null, null, null, null, null);
insert into submission_bytes select id, 'x' from submission where sha256 <> '';
insert into finding values (2, 0, 'value_is_given', 'error', 'line 2', '', '', 'x', 'x');
insert into series (frequency, indicator, reporting_unit, accumulation, source, breakdown)
values ('A', 'EGDI_RANK', 'VN', 'PERIOD', 'UN', '_T'), ('A', 'EGDI_RANK', 'VN', 'PERIOD', 'GENERATED', '_T');
insert into observation (series_id, period_start, published_at, recorded_at, submission_id, status, value)
values (1, '2024-01-01', '2026-01-01', clock_timestamp(), 3, 'A', 71),
    (2, '2024-01-01', '2026-01-01', clock_timestamp(), 4, 'A', 70);
insert into audit (actor, act, object, detail) values ('admin', 'receive', 'submission 1', '{"sha256": "a"}');
"""


def _of_the_version_before(connection: Connection) -> None:
    connection.execute(text("create schema chiso"))
    config = migration._config()
    config.attributes["connection"] = connection
    command.upgrade(config, "0005_hypertable")
    for statement in _EARLIER.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)


def test_what_an_earlier_version_wrote_is_whole_in_this_one(new_database: Callable[[], str]) -> None:
    engine = database.connect(new_database())
    with database.writing(engine) as connection:
        _of_the_version_before(connection)
    with database.writing(engine) as connection:
        assert migration.upgrade(connection)
        assert registry.load(connection, catalogue.read(), by=TEST)
    with database.writing(engine) as connection:
        assert audit.verify(connection).broken is None
        told = {number: inbox.get(connection, number) for number in (1, 2, 3)}
        assert {number: (case.state, case.version, len(case.moves)) for number, case in told.items()} == {
            1: ("received", 1, 1),
            2: ("examined", 2, 2),
            3: ("published", 4, 4),
        }
        assert (told[2].errors, told[3].moves[-1].act) == (1, "publish")
        assert all(move.act in ACTS for case in told.values() for move in case.moves)
        listed = inbox.listed(connection, {"PUBLISHED_FIGURES": None}, before=None, limit=10)
        assert [case.id for case in listed] == [3, 2, 1]
        assert connection.execute(text("select after from audit where object = 'submission 1'")).scalar_one() == {
            "sha256": "a"
        }
        counted = connection.execute(text("select submission_id, observations from batch order by recorded_at"))
        assert [tuple(row) for row in counted] == [(3, 1), (4, 1)]
        assert ledger.remove_generated(connection) == 1
        assert demonstration.load(connection, by=TEST, now=NOW) > 0
    engine.dispose()
