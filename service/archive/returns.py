"""What a submission says, beside what is known: the public figure, the last period's and the last year's."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from ingest import examination, registry
from ingest.observation import DENOMINATOR, NUMERATOR, SeriesKey
from ingest.period import Period
from ingest.submission import Submission

# A figure of a submission, as who reviews it sees it.
FIGURE_COLUMNS = (
    "place",
    "series",
    "indicator",
    "reporting_unit",
    "accumulation",
    "source",
    "breakdown",
    "unit_measure",
    "period",
    "value",
    "status",
    "withdrawn",
    "reason",
    "published_value",
    "published_status",
    "last_value",
    "year_ago_value",
    "change_from_last",
    "outcome",
)


def figures(connection: Connection, submission: Submission, *, now: datetime) -> list[dict[str, Any]]:
    """The figures of a submission with FIGURE_COLUMNS, in the order of the file.

    `published_*` is what is public of the same series and period by `now`, `last_value` of the period before,
    `year_ago_value` of the same period a year before. `outcome` says what publication would make of it: created,
    revised, unchanged or withdrawn. What a submission that is published already changed is told by the vintages of its
    series, not here.
    """
    catalogue = registry.read(connection)
    found = examination.examined_again(connection, submission, catalogue, now=now)
    rows = found.observations
    measures = {code: indicator.unit_measure for code, indicator in catalogue.indicators.items()}
    asked = [
        (key, Period(start.to_pydatetime(), key.split(".", 1)[0]))
        for key, start in zip(rows["series"], rows["period_start"], strict=True)
    ]
    known = _known(connection, asked, now=now)
    told: list[dict[str, Any]] = []
    for (written, when), place, row in zip(asked, found.places(), rows.to_dict("records"), strict=True):
        key = SeriesKey.parse(written)
        value = None if row["value"] is None or row["value"] != row["value"] else Decimal(str(row["value"]))
        published = known.get((written, when.start))
        last = known.get((written, when.earlier().start), _NOTHING)[0]
        year_ago = when.a_year_earlier()
        told.append(
            {
                "place": place,
                "series": written,
                **{name: getattr(key, name) for name in FIGURE_COLUMNS[2:7]},
                "unit_measure": "count" if key.breakdown in (NUMERATOR, DENOMINATOR) else measures[key.indicator],
                "period": str(when),
                "value": value,
                "status": row["status"],
                "withdrawn": bool(row["withdrawn"]),
                "reason": row["reason"] if isinstance(row["reason"], str) else None,
                "published_value": (published or _NOTHING)[0],
                "published_status": (published or _NOTHING)[1],
                "last_value": last,
                "year_ago_value": known.get((written, year_ago.start), _NOTHING)[0] if year_ago else None,
                "change_from_last": value - last if value is not None and last is not None else None,
                "outcome": _outcome(value, row["status"], published, withdrawn=bool(row["withdrawn"])),
            }
        )
    return told


_NOTHING = (None, None)


def _known(
    connection: Connection, asked: Iterable[tuple[str, Period]], *, now: datetime
) -> dict[tuple[str, datetime], tuple[Decimal | None, str | None]]:
    """What is public of these series in these periods, in the ones before, and a year before."""
    wanted = [(key, when) for key, own in asked for when in (own, own.earlier(), own.a_year_earlier()) if when]
    rows = connection.execute(
        text(
            """
            select series.key, known.period_start, known.value, known.status
            from unnest(cast(:keys as text[]), cast(:starts as timestamp[])) as wanted (key, period_start)
            join series on series.key = wanted.key
            cross join lateral (
                select *
                from observation_as_of(:now)
                where series_id = series.id and period_start = wanted.period_start
            ) as known
            """
        ),
        {"keys": [key for key, _ in wanted], "starts": [when.start for _, when in wanted], "now": now},
    )
    return {(key, start): (value, status) for key, start, value, status in rows}


def _outcome(
    value: Decimal | None, status: str, published: tuple[Decimal | None, str | None] | None, *, withdrawn: bool
) -> str:
    if withdrawn:
        return "withdrawn" if published else "unchanged"
    if published is None:
        return "created"
    return "unchanged" if published == (value, status) else "revised"
