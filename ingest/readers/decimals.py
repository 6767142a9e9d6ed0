"""The decimal sign. `1.234` is a thousand and more in Ha Noi and a little more than one in London.

A file delimited by commas has a decimal point and no grouping. In the others the comma may be decimal and the point may
group thousands: a column says so itself where one of its values can only be read one way (`52,8`, `0.6077`,
`1.234.567`). Where none does, a value that can be read both ways is asked about, never guessed.
"""

from collections.abc import Callable

import numpy
import pyarrow

from ingest.readers.table import Column, Table, compute, for_each
from ingest.submission import Finding

_EITHER = r"^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$"
_COMMA_IS_DECIMAL = r"^[+-]?([0-9]*,[0-9]+|[1-9][0-9]{0,2}(\.[0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(\.[0-9]{3}){2,})$"
_POINT_IS_DECIMAL = r"^[+-]?([0-9]*\.[0-9]+|[1-9][0-9]{0,2}(,[0-9]{3})+\.[0-9]+|[1-9][0-9]{0,2}(,[0-9]{3}){2,})$"
_GROUPED_OR_COMMA = r"^[+-]?([0-9][0-9.]*,[0-9,.]+|,[0-9]+|[1-9][0-9]{0,2}(\.[0-9]{3}){2,})$"


def settle(table: Table, position: int) -> tuple[Column, list[Finding]]:
    """The values of a column with a decimal point and no grouping; null, with a finding, where that cannot be said.

    What is no number at all stays as it is, and so does a text of a sheet or of JSON: numbers have a type there.
    """
    values = table.columns[position]
    if not table.delimiter:
        return values, []
    if table.delimiter == ",":
        return _refuse(table, position, values, _like(values, _GROUPED_OR_COMMA), _not_with_point)
    either = _like(values, _EITHER)
    sure = compute.invert(either)
    comma = compute.and_(_like(values, _COMMA_IS_DECIMAL), sure)
    point = compute.and_(_like(values, _POINT_IS_DECIMAL), sure)
    by_comma, by_point = compute.any(comma).as_py(), compute.any(point).as_py()
    if by_comma and not by_point:
        comma = compute.or_(comma, either)
    elif by_point and not by_comma:
        point = compute.or_(point, either)
    elif compute.any(either).as_py():
        values, findings = _refuse(table, position, values, either, _asked)
        return _with_point(values, comma, point), findings
    return _with_point(values, comma, point), []


def _like(values: Column, pattern: str) -> Column:
    return compute.fill_null(compute.match_substring_regex(values, pattern), False)


def _with_point(values: Column, comma: Column, point: Column) -> Column:
    ungrouped = compute.replace_substring(values, ".", "")
    values = compute.if_else(comma, compute.replace_substring(ungrouped, ",", "."), values)
    return compute.if_else(point, compute.replace_substring(values, ",", ""), values)


def _refuse(
    table: Table, position: int, values: Column, refused: Column, sentence: Callable[[str, str], Finding]
) -> tuple[Column, list[Finding]]:
    rows = numpy.flatnonzero(refused.to_numpy()).tolist()
    if not rows:
        return values, []
    findings = for_each(rows, lambda row: sentence(table.place(row, position), values[row].as_py()))
    return compute.if_else(refused, pyarrow.scalar(None, values.type), values), findings


def _readings(text: str) -> tuple[str, str]:
    return text.replace(".", "").replace(",", ""), text.replace(",", ".")


def _asked(place: str, text: str) -> Finding:
    thousands, decimal = _readings(text)
    return Finding(
        "ambiguous_number",
        "error",
        place,
        text,
        f"{thousands} | {decimal}",
        f"“{text}” có thể là {thousands} hoặc {decimal.replace('.', ',')}, và không có số nào khác trong cột cho biết."
        f" Hãy viết {thousands}, hoặc {decimal.replace('.', ',')}0 với thêm một chữ số thập phân.",
        f"“{text}” can be {thousands} or {decimal}, and no other number of the column says which."
        f" Write {thousands}, or {decimal}0 with one more decimal.",
    )


def _not_with_point(place: str, text: str) -> Finding:
    thousands, decimal = _readings(text)
    single = text.count(",") == 1 and "." not in text
    wanted = f"{thousands} | {decimal}" if single else "1234.5"
    choice_vi = f"Hãy viết {thousands} hoặc {decimal}." if single else "Hãy viết như 1234.5."
    choice_en = f"Write {thousands} or {decimal}." if single else "Write it like 1234.5."
    return Finding(
        "decimal_point_wanted",
        "error",
        place,
        text,
        wanted,
        f"“{text}”: trong tệp phân cách bằng dấu phẩy, dấu thập phân là dấu chấm và không phân nhóm hàng nghìn."
        f" {choice_vi}",
        f"“{text}”: in a file delimited by commas the decimal sign is a point and thousands are not grouped."
        f" {choice_en}",
    )
