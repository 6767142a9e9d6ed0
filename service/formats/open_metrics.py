"""OpenMetrics with timestamps: history for Prometheus, as `promtool tsdb create-blocks-from openmetrics` takes it.

A sample stands at the end of its period. Status and publication are families of their own: as labels they would cut a
line in two wherever a figure becomes official.
"""

from collections.abc import Callable, Generator, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from ingest import period
from ingest.period import LOCAL_ZONE
from service.archive.metadata import Metadata
from service.archive.points import Statement
from service.formats import copied
from service.formats.delimited import in_chunks


def samples(connection: Connection, statement: Statement, about: Metadata) -> Generator[bytes]:
    """The answer as samples of three families, each by series and time; a missing value has a status and no value."""
    labels = {each["series"]: _labels(each) for each in about.series}
    yield from in_chunks(_lines(connection, statement, labels))


Row = tuple[str, str, str | None, str, datetime]
# How each family tells a row: its labels and its number.
_FAMILIES: dict[str, tuple[str, Callable[[str, Row], str | None]]] = {
    "chiso_indicator_value": (
        "The value, in unit_measure, at the end of its period.",
        lambda labels, row: None if row[2] is None else f"{{{labels}}} {row[2]}",
    ),
    "chiso_indicator_status": (
        "1 for the status that the observation has (SDMX CL_OBS_STATUS).",
        lambda labels, row: f'{{{labels},status="{row[3]}"}} 1',
    ),
    "chiso_indicator_published_timestamp_seconds": (
        "From when it is the public figure.",
        lambda labels, row: f"{{{labels}}} {row[4].timestamp():.3f}",
    ),
}


def _lines(connection: Connection, statement: Statement, labels: dict[str, str]) -> Iterator[bytes]:
    for family, (words, tell) in _FAMILIES.items():
        yield f"# TYPE {family} gauge\n# HELP {family} {words}\n".encode()
        found = copied.rows(connection, statement, columns="series, period, cast(value as text), status, published_at")
        for row in found:
            told = tell(labels[row[0]], _row(row))
            if told is not None:
                yield f"{family}{told} {_end(row[1])}\n".encode()
    yield b"# EOF\n"


def _row(row: Any) -> Row:
    return tuple(row)


def _labels(series: dict[str, Any]) -> str:
    named = ("indicator", "reporting_unit", "frequency", "accumulation", "source", "breakdown", "unit_measure")
    return ",".join(f'{name}="{_escaped(series[name])}"' for name in named)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@lru_cache(maxsize=1 << 16)
def _end(written: str) -> int:
    """The first moment after a period, in seconds of Unix."""
    return int(period.parse(written).end.replace(tzinfo=LOCAL_ZONE).timestamp())
