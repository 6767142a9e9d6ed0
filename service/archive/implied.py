"""What a figure's words imply of an earlier period, beside what was reported of it.

“52,8 %, tăng 17,5 % so với năm 2021” is a figure of 2021 too, or two of them. Each reading is computed and told as
derived; where a figure of that period was reported and differs by more than rounding, the conflict is shown. Nothing
is chosen, and nothing of it is stored.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from sqlalchemy import Connection

from ingest import period
from ingest.observation import SeriesKey
from ingest.stated_change import Reading, StatedChange, stated_changes
from service.archive import question
from service.archive.question import Question
from service.archive.series import Selection, Span

_DIGITS = 15
_DERIVED = "DERIVED"  # the source of what others derived: the same words read once more, and no report


def implied(connection: Connection, key: SeriesKey, span: Span, *, as_of: datetime) -> list[dict[str, Any]]:
    """For each reading of each stated change the earlier value that it implies, by period that is implied.

    `value` is derived from the figure of `from_period`; `reported` are the figures of the same period from any source,
    each with `conflict`, whether it differs by more than the rounding of the three numbers allows. `span` is that of
    the figures whose words are read.
    """
    told: list[dict[str, Any]] = []
    of_any_source = {part: [getattr(key, part)] for part in SeriesKey.__slots__ if part != "source"}
    reported = question.rows(connection, Question(Selection(of_any_source), Span(), as_of))
    for row in question.rows(connection, Question(Selection.of(key), span, as_of)):
        if row["value"] is not None and row["comment"]:
            about = period.parse(row["period"])
            for change in stated_changes(row["comment"], about, row["unit_measure"]):
                told += _readings(row, change, reported)
    return sorted(told, key=lambda row: (row["period"], row["from_period"]))


def _readings(row: dict[str, Any], change: StatedChange, reported: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    beside = [
        other
        for other in reported
        if other["period"] == str(change.against)
        and other["value"] is not None
        and SeriesKey.parse(other["series"]).source != _DERIVED
    ]
    for reading in change.readings:
        lowest, value, highest = _earlier(row["value"], change.amount, reading)
        if value is None:
            continue
        yield {
            "series": row["series"],
            "period": str(change.against),
            "value": value,
            "status": "E",
            "unit_measure": row["unit_measure"],
            "derived": [f"implied:{reading}"],
            "from_period": row["period"],
            "from_value": row["value"],
            "stated": change.amount,
            "reading": reading,
            "words": change.words,
            "published_at": row["published_at"],
            "reported": [
                {name: other[name] for name in ("series", "value", "status", "published_at", "comment")}
                | {
                    "conflict": not lowest <= other["value"] + _half(other["value"])
                    or not other["value"] - _half(other["value"]) <= highest
                }
                for other in beside
            ],
        }


def _earlier(value: Decimal, amount: Decimal, reading: Reading) -> tuple[Decimal, Decimal | None, Decimal]:
    """The earlier value, between the lowest and the highest that both numbers may have been rounded from."""
    corners: list[Decimal] = []
    for new in (value - _half(value), value, value + _half(value)):
        for change in (amount - _half(amount), amount, amount + _half(amount)):
            with localcontext(prec=_DIGITS):
                divisor = {"percent": 1 + change / 100, "times": change, "times_more": 1 + change}.get(
                    reading, Decimal(1)
                )
                if divisor <= 0:
                    return value, None, value
                # A rank that rises becomes a smaller number.
                shift = {"points": -change, "places": change}.get(reading, Decimal(0))
                corners.append((new + shift) / divisor)
    return min(corners), corners[4], max(corners)


def _half(number: Decimal) -> Decimal:
    """Half a unit of the last digit that was printed."""
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - the ledger holds finite numbers only
    return Decimal(5).scaleb(min(exponent, 0) - 1)
