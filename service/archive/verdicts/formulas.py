"""The arithmetic of a verdict on one line, with its numbers put in: `(86 − 71) / (86 − 81) = 300 %`.

Digits are international, since programs and people of every language check them. The formulas are those of
docs/verdicts.md; where a growth or a path runs, the years are those from the base to the figure and to the deadline.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ingest.period import LOCAL_ZONE, parse
from service import writing
from service.archive.verdicts.figures import decimal_year

MINUS = "−"
_PLACES = 6
_YEAR_PLACES = 4


def formula(row: Mapping[str, Any], sense: int) -> str | None:
    """The formula of a row with reaching.ANSWER_COLUMNS; None where there is no arithmetic.

    `sense` is 1 where more is wanted, -1 where less is. A verdict that rests on no way made is the comparison alone.
    """
    if row["value"] is None:
        return None
    if row["state"] == "cannot_be_judged":
        return _gap(row, sense)
    # With no period left to come, the whole way counts and no longer what was asked by now.
    settled = row["state"] == "reached" or row["needed_value"] is None
    method = row["method"]
    if method == "trend":
        return growth(row, sense, row["pace_percent"]) or _comparison(row, sense)
    if method == "anticipated_progress" and row["pace_percent"] is not None:
        return _anticipated(row, sense)
    if method == "current_status" and row["index"] is not None:
        return f"10 × {_way(row, sense, row['promised'])} = {_number(row['index'])}"
    if settled:
        return _whole_way(row, sense) or _comparison(row, sense)
    if row["pace_percent"] is None or row["base"] is None:
        return _comparison(row, sense, "path_value")
    if method == "compound_growth":
        return _compound(row)
    made = f"{_way(row, sense, row['path_value'])} = {_percent(row['pace_percent'])}"
    # Of a promised path the row has no milestones but the value that they ask for.
    return made if row["kind"] == "path" else f"{_straight(row)}; {made}"


def growth(row: Mapping[str, Any], sense: int, percent: float | None) -> str | None:
    """The growth of a year from the base to the value of a row; None where there is none."""
    if percent is None:
        return None
    made = f"({_operand(row['value'])}/{_operand(row['base'])})^(1/{_passed(row)}) {MINUS} 1"
    upwards = sense > 0 if row["base"] > 0 else sense < 0
    return f"{made if upwards else f'{MINUS}({made})'} = {_percent(percent)}"


def _way(row: Mapping[str, Any], sense: int, goal: float) -> str:
    """The part of a way that was made, written so that what was wished is positive."""
    return f"{_difference(row['value'], row['base'], sense)} / {_difference(goal, row['base'], sense)}"


def _difference(value: float, base: float, sense: int) -> str:
    first, second = (value, base) if sense > 0 else (base, value)
    return f"({_number(first)} {MINUS} {_operand(second)})"


def _whole_way(row: Mapping[str, Any], sense: int) -> str | None:
    if row["progress_percent"] is not None and row["base"] is not None:
        return f"{_way(row, sense, row['promised'])} = {_percent(row['progress_percent'])}"
    if row["done_percent"] is not None:
        return f"{_number(row['done'])} / {_number(row['whole'])} = {_percent(row['done_percent'])}"
    return None


def _straight(row: Mapping[str, Any]) -> str:
    base, promised = _number(row["base"]), _number(row["promised"])
    asked = f"({promised} {MINUS} {_operand(row['base'])}) × {_passed(row)}/{_allowed(row)}"
    return f"{base} + {asked} = {_number(row['path_value'])}"


def _compound(row: Mapping[str, Any]) -> str:
    passed, allowed = _passed(row), _allowed(row)
    base = _operand(row["base"])
    made = f"(({_operand(row['value'])}/{base})^(1/{passed}) {MINUS} 1)"
    required = f"(({_operand(row['promised'])}/{base})^(1/{allowed}) {MINUS} 1)"
    return f"{made} / {required} = {_percent(row['pace_percent'])}"


def _anticipated(row: Mapping[str, Any], sense: int) -> str:
    projected = _way(dict(row) | {"value": row["projected_value"]}, sense, row["promised"])
    return f"{projected} = {_percent(row['pace_percent'])}"


def _gap(row: Mapping[str, Any], sense: int) -> str | None:
    if row["gap"] is None:
        return None
    asked = row["promised"] if row["path_value"] is None else row["path_value"]
    first, second = (row["value"], asked) if sense > 0 else (asked, row["value"])
    return f"{_number(first)} {MINUS} {_operand(second)} = {_number(row['gap'])}"


def _comparison(row: Mapping[str, Any], sense: int, asked: str = "promised") -> str:
    goal = row["promised"] if row[asked] is None else row[asked]
    kept = sense * (row["value"] - goal) >= 0
    return f"{_number(row['value'])} {_SIGNS[sense, kept]} {_number(goal)}"


_SIGNS = {(1, True): "≥", (1, False): "<", (-1, True): "≤", (-1, False): ">"}


def _passed(row: Mapping[str, Any]) -> str:
    """How many years passed from the base to the value."""
    return _number(decimal_year(parse(row["value_period"]).end) - _base_time(row), _YEAR_PLACES)


def _allowed(row: Mapping[str, Any]) -> str:
    """How many years the promise allows from its base."""
    return _number(decimal_year(row["last_day"] + timedelta(days=1)) - _base_time(row), _YEAR_PLACES)


def _base_time(row: Mapping[str, Any]) -> float:
    if row["base_period"] is not None:
        return decimal_year(parse(row["base_period"]).end)
    return decimal_year(row["target_promised_at"].astimezone(LOCAL_ZONE))


def _number(value: float, places: int = _PLACES) -> str:
    written = f"{writing.rounded(value, places):f}"
    return written.replace("-", MINUS)


def _operand(value: float) -> str:
    return f"({_number(value)})" if value < 0 else _number(value)


def _percent(value: float) -> str:
    return f"{_number(value, 1)} %"
