"""What was promised, and how far the figures have come.

Progress is the part of the promised way that was made, in percent: (value - base) / (promised - base) * 100. It needs a
base; without one only whether the target is met can be said.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from sqlalchemy import Connection, text

from ingest.observation import TOTAL
from ingest.period import NotAPeriod, parse
from service.archive import question
from service.archive.question import Question
from service.archive.series import Selection, Span

TARGET_COLUMNS = (
    "indicator",
    "scope",
    "period",
    "kind",
    "value",
    "base_period",
    "base_value",
    "document",
    "words",
    "note",
)


def listed(
    connection: Connection, *, indicators: Sequence[str] | None, scopes: Sequence[str] | None, as_of: datetime
) -> list[dict[str, Any]]:
    """Targets by indicator, period and kind, with TARGET_COLUMNS and `observed`.

    `observed` has, for a target of one reporting unit, what each of its series says of the target's own period as of
    the moment: series, period, value, status, unit_measure, published_at, `met` and `progress_percent`.
    """
    rows = connection.execute(
        text(
            f"select {', '.join(TARGET_COLUMNS)} from target"
            " where (cast(:indicators as text[]) is null or indicator = any(:indicators))"
            " and (cast(:scopes as text[]) is null or scope = any(:scopes))"
            " order by indicator, period, kind, scope, document"
        ),
        {"indicators": indicators, "scopes": scopes},
    )
    return [row | {"observed": _observed(connection, row, as_of)} for row in map(dict, rows.mappings())]


def met(kind: str, *, value: Decimal, promised: Decimal, base: Decimal | None) -> bool:
    """Whether a value keeps the promise: at least, at most (also "among the first N"), none left, all, a change.

    A promised change has the sign of the wanted direction: -5 is five places up.
    """
    match kind:
        case "at_least" | "yes_all":
            return value >= promised
        case "at_most" | "top_n" | "zero_left":
            return value <= promised
        case _:
            change = value - (base or Decimal(0))
            return change >= promised if promised >= 0 else change <= promised


def progress(kind: str, *, value: Decimal, promised: Decimal, base: Decimal | None) -> Decimal | None:
    """The part of the promised way that was made, in percent; None without a base or where nothing was to be made."""
    if base is None:
        return None
    way = promised if kind == "change_from_base" else promised - base
    if way == 0:
        return None
    with localcontext(prec=15):
        return (value - base) / way * 100


def _observed(connection: Connection, target: dict[str, Any], as_of: datetime) -> list[dict[str, Any]]:
    try:
        period = parse(target["period"])
    except NotAPeriod:
        return []
    parts = {
        "indicator": [target["indicator"]],
        "reporting_unit": [target["scope"]],
        "frequency": [period.frequency],
        "breakdown": [TOTAL],
    }
    asked = Question(Selection(parts), Span.of(period, period), as_of)
    rows = question.rows(connection, asked)
    return [_judged(row, target) for row in rows if row["value"] is not None]


def _judged(row: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    facts = {"value": row["value"], "promised": target["value"], "base": target["base_value"]}
    return {
        **{name: row[name] for name in ("series", "period", "value", "status", "unit_measure", "published_at")},
        "met": met(target["kind"], **facts),
        "progress_percent": progress(target["kind"], **facts),
    }
