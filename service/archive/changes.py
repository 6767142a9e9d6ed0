"""What a series did from one figure to the next, and what part of the whole a count is; within one vintage."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from sqlalchemy import Connection, text

from ingest.observation import DENOMINATOR, TOTAL, SeriesKey
from service.archive import measures, question, series, transforms
from service.archive.derivation import SURENESS
from service.archive.question import Question
from service.archive.series import Selection, Span
from service.archive.transforms import Transform

# Significant digits of a ratio or a share: as many as a value may have.
_DIGITS = 15

# A ratio of these says nothing: 86 is not 1.2 times as far as 71.
_NO_RATIO = {"rank"}

# Better upwards, better downwards, neither.
_SIGNS = {"up": 1, "down": -1, "none": None}


def changes(connection: Connection, key: SeriesKey, span: Span, *, as_of: datetime) -> list[dict[str, Any]]:
    """For each observation but the first its change from the one before, whatever periods lie between them.

    `difference` is new minus old, in `change_unit`; `improvement` the same with the sign that means better, None where
    neither way is; `ratio` is new over old, None for ranks and where the old is 0. Missing values are passed over, and
    nothing is compared across a break (status B). `published_at` is since when both are known.

    Raises DoesNotApply for totals since 1 January of less than a year, as the transform `chg` does.
    """
    transforms.refuse(connection, series.numbers(connection, Selection.of(key)), Transform("chg"))
    direction, unit_measure = connection.execute(
        text("select direction, unit_measure from indicator where code = :code"), {"code": key.indicator}
    ).one()
    told: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    for row in _known(connection, key, span, as_of):
        if before is not None and row["status"] != "B":
            told.append(_change(row, before, _SIGNS[direction], ratio=unit_measure not in _NO_RATIO))
        before = row
    return told


def shares(connection: Connection, key: SeriesKey, span: Span, *, as_of: datetime) -> list[dict[str, Any]]:
    """For each observation of a count its part of the whole: 7 of 63, and the 56 that are left.

    The whole is the series that differs in the breakdown alone, DENOMINATOR, as of the same moment; a period without a
    whole is not in the answer. Percentages are computed, never those that were printed. The status is that of the less
    sure of the two, and `published_at` since when both are known.

    Raises DoesNotApply where what is measured is no count: a rate is a share already.
    """
    measures.refuse_some(
        measures.measures(connection, series.numbers(connection, Selection.of(key))),
        lambda each: None if each.kind == "quantity" else f"{each.named}, and no part of a whole",
    )
    if key.breakdown != TOTAL:
        return []
    wholes = _known(connection, replace(key, breakdown=DENOMINATOR), span, as_of)
    whole_of = {row["period"]: row for row in wholes}
    return [
        _share(row, whole)
        for row in _known(connection, key, span, as_of)
        if (whole := whole_of.get(row["period"])) and whole["value"]
    ]


def _known(connection: Connection, key: SeriesKey, span: Span, as_of: datetime) -> list[dict[str, Any]]:
    asked = Question(Selection.of(key), span, as_of)
    return [row for row in question.rows(connection, asked) if row["value"] is not None]


def _change(row: dict[str, Any], before: dict[str, Any], sign: int | None, *, ratio: bool) -> dict[str, Any]:
    difference = row["value"] - before["value"]
    return {
        **_computed(row, before),
        "previous_period": before["period"],
        "previous_value": before["value"],
        "difference": difference,
        "change_unit": "percentage_point" if row["unit_measure"] == "percent" else row["unit_measure"],
        "improvement": None if sign is None else sign * difference + 0,  # a zero has no sign
        "ratio": _over(row["value"], before["value"]) if ratio and before["value"] else None,
    }


def _share(row: dict[str, Any], of: dict[str, Any]) -> dict[str, Any]:
    whole: Decimal = of["value"]
    rest = whole - row["value"]
    return {
        **_computed(row, of),
        "status": max(row["status"], of["status"], key=SURENESS.index),
        "whole": whole,
        "share_percent": _over(100 * row["value"], whole),
        "complement": rest,
        "complement_percent": _over(100 * rest, whole),
    }


def _computed(row: dict[str, Any], beside: dict[str, Any]) -> dict[str, Any]:
    """What is told of a figure and the one beside it, known since both are."""
    kept = {name: row[name] for name in ("series", "period", "value", "status", "unit_measure")}
    return kept | {"published_at": max(row["published_at"], beside["published_at"])}


def _over(upper: Decimal, lower: Decimal) -> Decimal:
    with localcontext(prec=_DIGITS):
        return upper / lower
