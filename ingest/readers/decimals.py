"""The decimal sign. `1.234` is a thousand and more in Ha Noi and a little more than one in London.

A file delimited by commas has a decimal point and no grouping; where a neighbour breaks that rule, a `1.234` is asked
about. In other files, and where a number was written as a text, the comma may be decimal and the point may group
thousands: a column says so itself where one of its texts can only be read one way (`52,8`, `0.6077`, `1.234.567`).
Where none does, a value that can be read both ways is asked about, never guessed.
"""

from collections.abc import Callable

import numpy
import pyarrow

from ingest.readers.table import Column, Table, compute, for_each
from ingest.submission import Finding

_EITHER = r"^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$"
_COMMA_IS_DECIMAL = r"^[+-]?([0-9]*,[0-9]+|[1-9][0-9]{0,2}(\.[0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(\.[0-9]{3}){2,})$"
_POINT_IS_DECIMAL = r"^[+-]?([0-9]*\.[0-9]+|[1-9][0-9]{0,2}(,[0-9]{3})+\.[0-9]+|[1-9][0-9]{0,2}(,[0-9]{3}){2,})$"
# Plain, no-break, thin and narrow no-break: between groups of three digits they can mean nothing else.
_SPACES = " \u00a0\u2009\u202f"
_MINUS = "\u2212"
_SPACED = f"^[+-]?[1-9][0-9]{{0,2}}([{_SPACES}][0-9]{{3}})+([.,][0-9]+)?[{_SPACES}]*%?$"
_GROUPED_OR_COMMA = r"^[+-]?([0-9][0-9.]*,[0-9,.]+|,[0-9]+|[1-9][0-9]{0,2}(\.[0-9]{3}){2,})$"


def settle(table: Table, position: int) -> tuple[Column, list[Finding]]:
    """The values of a column with a decimal point and no grouping; null, with a finding, where that cannot be said.

    What is no number at all stays as it is, and so does what the format itself wrote as a number: its sign is a point.
    """
    values = table.columns[position]
    if table.delimiter == ",":
        return _settle_with_point(table, position, values)
    if table.delimiter:
        settled, asked = by_evidence(values)
    elif (is_text := table.texts.get(position)) is not None:
        settled, asked = by_evidence(compute.if_else(is_text, values, pyarrow.scalar(None, pyarrow.string())))
        settled = compute.if_else(is_text, settled, values)
    else:
        return values, []
    return _refuse(table, position, settled, asked, asked_about)


def _settle_with_point(table: Table, position: int, values: Column) -> tuple[Column, list[Finding]]:
    bare, percents = _bare(values)
    values = _with_percent(bare, percents)
    settled, findings = _refuse(table, position, values, _like(bare, _GROUPED_OR_COMMA), _not_with_point)
    if not findings:
        return settled, []
    either, comma, point = _signs(bare)
    broken = compute.any(comma).as_py() or not compute.any(point).as_py()
    open_ = compute.and_(compute.and_(either, settled.is_valid()), broken)
    settled, questions = _refuse(table, position, settled, open_, asked_about)
    return settled, [*findings, *questions]


def by_evidence(values: Column) -> tuple[Column, Column]:
    """The values with a decimal point as the column itself shows it, and which of them can still be read both ways.

    Spaces that group thousands are taken out, and a percent sign stays behind its number: `1 086,5 %` is `1086.5%`.
    """
    values, percents = _bare(values)
    either, comma, point = _signs(values)
    by_comma, by_point = compute.any(comma).as_py(), compute.any(point).as_py()
    asked = either
    if by_comma != by_point:
        comma, point = (compute.or_(comma, either), point) if by_comma else (comma, compute.or_(point, either))
        asked = compute.and_(either, compute.invert(either))
    return _with_percent(_with_point(values, comma, point), percents), asked


def sign(values: Column) -> str | None:
    """The decimal sign that a column shows; None where it shows none, or both."""
    bare, _ = _bare(values)
    _, comma, point = _signs(bare)
    by_comma, by_point = (compute.any(each, min_count=0).as_py() for each in (comma, point))
    return None if by_comma == by_point else "," if by_comma else "."


def _signs(bare: Column) -> tuple[Column, Column, Column]:
    """Which numbers can be read both ways, which only with a decimal comma, and which only with a decimal point."""
    either = _like(bare, _EITHER)
    sure = compute.invert(either)
    comma = compute.and_(_like(bare, _COMMA_IS_DECIMAL), sure)
    return either, comma, compute.and_(_like(bare, _POINT_IS_DECIMAL), sure)


def _bare(values: Column) -> tuple[Column, Column]:
    """Numbers without the spaces that group thousands and without a percent sign, and which of them had one."""
    if not compute.any(_like(values, f"[%{_MINUS}{_SPACES}]"), min_count=0).as_py():
        return values, _like(values, "%$")
    values = compute.replace_substring_regex(values, f"^{_MINUS}", "-")
    ungrouped = compute.replace_substring_regex(values, f"[{_SPACES}]", "")
    values = compute.if_else(_like(values, _SPACED), ungrouped, values)
    percents = _like(values, f"^[+-]?[0-9.,]+[{_SPACES}]*%$")
    return compute.if_else(percents, compute.utf8_rtrim(values, characters=f"%{_SPACES}"), values), percents


def _with_percent(values: Column, percents: Column) -> Column:
    if not compute.any(percents, min_count=0).as_py():
        return values
    return compute.if_else(percents, compute.binary_join_element_wise(values, "%", ""), values)


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


def readings(text: str) -> tuple[str, str]:
    """What a text that can be read both ways may mean: with its sign grouping thousands, or decimal."""
    return text.replace(".", "").replace(",", ""), text.replace(",", ".")


def asked_about(place: str, text: str) -> Finding:
    """The question which of two numbers a text means that nothing decides."""
    number = text.rstrip(f"%{_SPACES}")
    percent = "%" if "%" in text else ""
    thousands, decimal = readings(number)
    thousands, longer, decimal = f"{thousands}{percent}", f"{decimal}0{percent}", f"{decimal}{percent}"
    return Finding(
        "ambiguous_number",
        "error",
        place,
        text,
        f"{thousands} | {decimal}",
        f"“{text}” có thể là {thousands} hoặc {decimal.replace('.', ',')}; dấu của các số khác viết dưới dạng chữ"
        " trong cột không cho biết chắc là số nào."
        f" Hãy viết {thousands}, hoặc {longer.replace('.', ',')} với thêm một chữ số thập phân.",
        f"“{text}” can be {thousands} or {decimal}; the signs of the other numbers written as text in the column"
        " do not settle which."
        f" Write {thousands}, or {longer} with one more decimal.",
    )


def _not_with_point(place: str, text: str) -> Finding:
    thousands, decimal = readings(text)
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
