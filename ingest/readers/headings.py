"""Our long format: one row a figure, under our own column names, in whatever kind of file they stand.

A column that is not ours is refused with the nearest name that is: a figure under a misspelt heading would be lost.
"""

from typing import Final

import pyarrow

from ingest.observation import WRITTEN_COLUMNS
from ingest.readers.decimals import settle
from ingest.readers.table import Table, Unreadable, excerpt, frame
from ingest.spelling import fold, nearest
from ingest.submission import Finding, Reading

VIETNAMESE: Final = {
    "chỉ tiêu": "indicator",
    "đơn vị báo cáo": "reporting_unit",
    "kỳ": "period",
    "giá trị": "value",
    "tần suất": "frequency",
    "lũy kế": "accumulation",
    "nguồn": "source",
    "phân tổ": "breakdown",
    "trạng thái": "status",
    "ngày công bố": "published_at",
    "số liệu từ": "data_from",
    "số liệu đến": "data_to",
    "rút lại": "withdrawn",
    "lý do": "reason",
    "văn bản": "document",
    "ghi chú": "comment",
}
REQUIRED: Final = ("indicator", "value")
_HEADINGS_SHOWN = 12

_MEANINGS = {fold(name): name for name in WRITTEN_COLUMNS} | {fold(vi): name for vi, name in VIETNAMESE.items()}
_IN_VIETNAMESE = {name: vi for vi, name in VIETNAMESE.items()}


def meaning(heading: str) -> str | None:
    """The column of ours that a heading names, in English or Vietnamese, with or without marks and capitals."""
    return _MEANINGS.get(fold(heading))


def read(table: Table) -> Reading:
    """Read a table whose headings are ours.

    Raises Unreadable with all that is wrong with the headings.
    """
    positions = recognise(table)
    value_at = positions["value"]
    values, findings = settle(table, value_at)
    refused = (values.is_null().to_numpy()) & table.columns[value_at].is_valid().to_numpy()
    kept = table.without(refused)
    columns = {name: kept.columns[position] for name, position in positions.items()}
    columns["value"] = values.filter(pyarrow.array(~refused))
    places = {"sheet": table.sheet, "line": kept.lines, "column": table.name_of(value_at)}
    figures = frame(columns | places, len(kept.lines))
    named = {name: table.name_of(position) or "" for name, position in positions.items()}
    return Reading(figures, [*table.findings, *findings], table.format, places=named)


def recognise(table: Table) -> dict[str, int]:
    """Say which column of ours stands at which position; an empty column without a heading is nobody's.

    Raises Unreadable.
    """
    positions: dict[str, int] = {}
    findings: list[Finding] = []
    for position, heading in enumerate(table.headings):
        name = meaning(heading)
        if not heading and table.columns[position].null_count == len(table.lines):
            continue
        if name is None:
            findings.append(_unknown(table, position))
        elif name in positions:
            findings.append(_twice(table, position, table.headings[positions[name]]))
        else:
            positions[name] = position
    absent = [name for name in REQUIRED if name not in positions]
    if len(absent) == len(REQUIRED) and len(positions) < max(len(REQUIRED), len(findings)):
        raise Unreadable(_no_columns(table) if len(table.headings) == 1 else _another_table(table))
    findings += [_absent(table, name) for name in absent]
    if findings:
        raise Unreadable(*findings)
    return positions


def _unknown(table: Table, position: int) -> Finding:
    heading = table.headings[position]
    near = list(dict.fromkeys(_MEANINGS[fold(name)] for name in nearest(heading, (*WRITTEN_COLUMNS, *VIETNAMESE))))
    expected = ", ".join(near or WRITTEN_COLUMNS)
    return Finding(
        "unknown_column",
        "error",
        table.heading_place(position),
        excerpt(heading),
        expected,
        f"Không có cột nào tên “{excerpt(heading)}”. "
        + (
            f"Có phải “{_IN_VIETNAMESE[near[0]]}” ({near[0]}) không? Hãy sửa tên cột hoặc bỏ cột này."
            if near
            else f"Các cột được nhận: {expected}."
        ),
        f"There is no column “{excerpt(heading)}”. "
        + (
            f"Did you mean “{near[0]}”? Correct the heading or leave the column out."
            if near
            else f"Columns: {expected}."
        ),
    )


def _twice(table: Table, position: int, earlier: str) -> Finding:
    heading = table.headings[position]
    return Finding(
        "duplicate_column",
        "error",
        table.heading_place(position),
        excerpt(heading),
        "1",
        f"Cột “{excerpt(heading)}” trùng nghĩa với cột “{excerpt(earlier)}” đứng trước. Hãy bỏ một trong hai.",
        f"The column “{excerpt(heading)}” means the same as “{excerpt(earlier)}” before it. Leave one of them out.",
    )


def _seen(table: Table) -> str:
    headings = [excerpt(heading) for heading in table.headings if heading]
    return ", ".join(headings[:_HEADINGS_SHOWN]) + (", …" if len(headings) > _HEADINGS_SHOWN else "")


def _another_table(table: Table) -> Finding:
    seen = _seen(table)
    return Finding(
        "not_our_columns",
        "error",
        table.heading_place(),
        seen,
        ", ".join(WRITTEN_COLUMNS),
        f"Bảng này không có các cột của chúng tôi; các tiêu đề tìm thấy: {seen}."
        " Hãy dùng các cột indicator, reporting_unit, period, value, hoặc nêu khai báo (mapping) của loại tệp này.",
        f"This table does not have our columns; headings found: {seen}."
        " Use the columns indicator, reporting_unit, period, value, or name the mapping of this kind of file.",
    )


def _no_columns(table: Table) -> Finding:
    seen = _seen(table)
    return Finding(
        "no_columns",
        "error",
        table.heading_place(),
        seen,
        ", ".join(WRITTEN_COLUMNS),
        f"Đây là văn bản một cột, không phải bảng số liệu; nội dung bắt đầu bằng “{seen}”. Hãy gửi bảng có các cột"
        " indicator, reporting_unit, period, value, ngăn cách bằng dấu phẩy, chấm phẩy hoặc tab.",
        f"This is a text of one column, no table of figures; it begins with “{seen}”. Send a table with the columns"
        " indicator, reporting_unit, period, value, delimited by commas, semicolons or tabs.",
    )


def _absent(table: Table, name: str) -> Finding:
    seen = _seen(table)
    return Finding(
        "missing_column",
        "error",
        table.heading_place(),
        seen,
        name,
        f"Thiếu cột “{_IN_VIETNAMESE[name]}” ({name}). Các tiêu đề tìm thấy: {seen}. Hãy thêm cột này.",
        f"The column “{name}” is missing. Headings found: {seen}. Add it.",
    )
