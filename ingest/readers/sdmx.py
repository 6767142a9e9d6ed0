"""What the columns of an SDMX message mean, in whatever syntax it came.

A message is a table: a column for each dimension, measure and attribute under its own name, and two more, DATAFLOW
(`ECB:EXR(1.0)`) and ACTION. Here its statuses become ours, what it deletes is withdrawn, what it leaves out is missing
and never 0; an attribute by which a value is not what it looks like is refused unless a mapping names it.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy
import pyarrow

from ingest.observation import WRITTEN_COLUMNS
from ingest.readers.table import (
    LONGEST_TEXT,
    MISSING_REASON,
    Column,
    Table,
    Unreadable,
    clean,
    compute,
    each_distinct,
    excerpt,
    for_each,
)
from ingest.spelling import nearest
from ingest.submission import Finding

DATAFLOW, ACTION, OBS_VALUE, TIME_PERIOD, OBS_STATUS = "DATAFLOW", "ACTION", "OBS_VALUE", "TIME_PERIOD", "OBS_STATUS"
# The letters of SDMX-CSV; SDMX-ML and SDMX-JSON write the words out.
ACTIONS: Final = {"I": "Information", "A": "Append", "R": "Replace", "M": "Merge", "D": "Delete"}
# How SDMX 3.0 says that a value is missing on purpose: NaN of a number, #N/A of a text.
_NO_VALUE = ("NaN", "nan", "NAN", "#N/A")
_STATUSES = ("A", "P", "E", "F", "B")  # those of CL_OBS_STATUS that are ours and have a value
# Those that say why there is no value.
_REASONS: Final = {
    "H": "ngày nghỉ hoặc cuối tuần",
    "J": "được miễn cung cấp số liệu",
    "K": "đã tính vào nhóm khác",
    "L": "có số liệu nhưng không được thu thập",
    "M": MISSING_REASON,
    "N": "số liệu không đáng kể",
    "O": MISSING_REASON,
    "Q": "số liệu được giữ kín",
}
_NEVER_WITH_VALUE = ("H", "L", "M", "O", "Q")
# What the others say of a value, which none of our statuses does.
_QUALITIES: Final = {
    "D": ("định nghĩa khác", "definition differs"),
    "G": ("thử nghiệm", "experimental"),
    "I": ("suy tính thay cho số liệu thiếu", "imputed"),
    "J": ("được miễn cung cấp", "derogation"),
    "K": ("đã tính vào nhóm khác", "included in another category"),
    "N": ("không đáng kể", "not significant"),
    "S": ("đình công hoặc sự kiện đặc biệt", "strike or other special event"),
    "U": ("độ tin cậy thấp", "low reliability"),
    "V": ("chưa kiểm tra", "not validated"),
    "W": ("gồm cả nhóm khác", "includes another category"),
}
_FREQUENCIES: Final = {"B": "D"}  # business days are days
MOST_COLUMNS: Final = 1_000
MOST_CHARACTERS: Final = 400 * 10**6
_PACKED_ROWS = 20_000
_RANGE = r"^[0-9]{4}-[0-9]{2}.*/P"

# Our dataflow has the columns of our long format, some under the names that SDMX gives them.
_OURS: Final = {name.upper(): name for name in WRITTEN_COLUMNS if name != "status"} | {
    "FREQ": "frequency",
    "REF_AREA": "reporting_unit",
    TIME_PERIOD: "period",
    OBS_VALUE: "value",
    OBS_STATUS: "status",
    "OBS_COMMENT": "comment",
    "COMMENT_OBS": "comment",
}
# What other systems say beside a figure, and the catalogue says here.
_SAID_BY_CATALOGUE: Final = (
    "UNIT_MEASURE", "UNIT_MULT", "DECIMALS", "TITLE", "TITLE_COMPL", "TIME_FORMAT", "COLLECTION",
    "CONF_STATUS", "OBS_CONF", "CONF_STATUS_OBS", "EMBARGO_TIME", "REPORTING_YEAR_START_DAY",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Condition:
    """An attribute by which a value is not what it looks like, but for the texts that leave it as it is."""

    names: tuple[str, ...]
    harmless: tuple[str, ...]
    rule: str
    vi: str
    en: str


_CONDITIONS: Final = (
    _Condition(
        ("UNIT_MULT",),
        ("0",),
        "value_is_multiplied",
        "Giá trị được ghi theo bội 10^{found}. Hãy gửi giá trị theo đơn vị tính của chỉ tiêu, hoặc dùng khai báo"
        " (mapping) nêu UNIT_MULT trong điều kiện “when”.",
        "The value is written in units of 10^{found}. Send it in the unit of measure of the indicator, or use a mapping"
        " that names UNIT_MULT in its conditions (when).",
    ),
    _Condition(
        ("CONF_STATUS", "OBS_CONF", "CONF_STATUS_OBS"),
        ("F",),
        "value_is_confidential",
        "Số liệu này được đánh dấu không tự do công bố (“{found}”), nên không được đọc. Hãy hỏi nơi cung cấp, rồi gửi"
        " lại với mã F nếu được công bố.",
        "The figure is marked as not free to be published (“{found}”) and was not read. Ask whoever made it, and send"
        " it again with the code F if it may be published.",
    ),
    _Condition(
        ("EMBARGO_TIME",),
        (),
        "value_is_embargoed",
        "Số liệu này chỉ được công bố từ “{found}”. Hãy dùng khai báo (mapping) lấy EMBARGO_TIME làm ngày công bố, hoặc"
        " ghi ngày đó vào PUBLISHED_AT.",
        "The figure is public only from “{found}” on. Use a mapping that takes EMBARGO_TIME for the publication, or"
        " write that moment in PUBLISHED_AT.",
    ),
    _Condition(
        ("REPORTING_YEAR_START_DAY",),
        ("--01-01",),
        "year_is_not_the_calendars",
        "Năm báo cáo bắt đầu từ “{found}”, không phải ngày 1 tháng 1. Hãy gửi số liệu theo năm dương lịch.",
        "The reporting year begins on “{found}”, not on 1 January. Send the figures by calendar years.",
    ),
)


class Observations:
    """The observations of a message, packed as they come: as dictionaries a million would take a gigabyte.

    What a message says once of a series stands at each of its observations, so a small one can hold endless text.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._rows: list[Mapping[str, str | None]] = []
        self._chunks: list[Any] = []
        self._names: dict[str, None] = {}
        self._characters = 0

    def add(self, row: Mapping[str, str | None]) -> None:
        """Add the next.

        Raises Unreadable where they would burst the memory.
        """
        self._characters += sum(len(text) for text in row.values() if text)
        if self._characters > MOST_CHARACTERS:
            raise Unreadable(_endless())
        self._rows.append(row)
        if len(self._rows) >= _PACKED_ROWS:
            self._pack()

    def table(self, format: str) -> Table | None:  # noqa: A002 - the word of the design
        """All of them in columns, counted from 1; None where there is none.

        Raises Unreadable.
        """
        self._pack()
        if not self._chunks:
            return None
        read = pyarrow.concat_tables(self._chunks, promote_options="default")
        for name in self._names:
            longest = compute.max(compute.utf8_length(read[name])).as_py() or 0
            if longest > LONGEST_TEXT:
                raise Unreadable(_too_long(name, longest))
        lines = pyarrow.array(range(1, len(read) + 1), pyarrow.int64())
        return Table(tuple(self._names), tuple(clean(read[name]) for name in self._names), lines, None, format)

    def _pack(self) -> None:
        names = dict.fromkeys(name for row in self._rows for name in row)
        self._names |= names
        if len(self._names) > MOST_COLUMNS:
            raise Unreadable(_too_many_columns(len(self._names)))
        if self._rows:
            chunk = {name: pyarrow.array([row.get(name) for row in self._rows], pyarrow.string()) for name in names}
            self._chunks.append(pyarrow.table(chunk))
        self._rows = []


def settled(table: Table, *, measures: Collection[str] = (OBS_VALUE,), named: Collection[str] = ()) -> Table:
    """The message with its values, statuses and actions as ours; `named` are the columns that a mapping names.

    Raises Unreadable where it holds several dataflows and nothing tells them apart.
    """
    flows = [flow for flow in column(table, DATAFLOW).unique().to_pylist() if flow]
    if len(flows) > 1 and DATAFLOW not in named:
        raise Unreadable(*table.findings, _several(flows))
    conditions = [each for each in _CONDITIONS if not set(each.names) & set(named)]
    values = [table.headings.index(name) for name in measures if name in table.headings]
    return _with_statuses(_without_unfit(table, values, conditions), values)


def ours(table: Table) -> Table:
    """A message of our own dataflow as our long format.

    Raises Unreadable where the dataflow is another.
    """
    if "INDICATOR" not in table.headings:
        raise Unreadable(*table.findings, _not_ours(table))
    if OBS_VALUE not in table.headings:
        raise Unreadable(*table.findings, _no_value(table))
    table = settled(table)
    kept = [
        position
        for position, heading in enumerate(table.headings)
        if heading not in (DATAFLOW, ACTION, OBS_STATUS, *_SAID_BY_CATALOGUE)
    ]
    given = {_OURS.get(table.headings[position], "") for position in kept}
    unknown = [position for position in kept if table.headings[position] not in _OURS]
    if unknown:
        raise Unreadable(*table.findings, *for_each(unknown, lambda position: _unknown(table, position)))
    columns = [table.columns[position] for position in kept]
    known = {name: told for name, told in table.known.items() if name not in given}
    for at, position in enumerate(kept):
        name = _OURS[table.headings[position]]
        if name in ("reason", "withdrawn"):  # what is written there, and what the message says by other means
            columns[at] = compute.coalesce(columns[at], table.known[name])
    headings = [_OURS[table.headings[position]] for position in kept]
    letters = [table.headings[position] for position in kept]
    return replace(
        table,
        headings=(*headings, *known),
        columns=(*columns, *known.values()),
        letters=(*letters, *(OBS_STATUS if name == "status" else name.upper() for name in known)),
    )


def column(table: Table, name: str) -> Column:
    """A column of a message; where it has none of that name, one without texts."""
    if name not in table.headings:
        return pyarrow.chunked_array([pyarrow.nulls(len(table.lines), pyarrow.string())])
    return table.columns[table.headings.index(name)]


def _without_unfit(table: Table, values: list[int], conditions: list[_Condition]) -> Table:
    """The message without the observations of which the message itself says that they cannot be taken as they stand."""
    unfit = numpy.zeros(len(table.lines), dtype=bool)
    findings: list[Finding] = []

    def refuse(wrong: numpy.ndarray, name: str, sentence: Callable[[str, str], Finding]) -> None:
        texts = column(table, name)
        position = table.headings.index(name) if name in table.headings else None
        rows = numpy.flatnonzero(wrong & ~unfit).tolist()
        findings.extend(for_each(rows, lambda row: sentence(table.place(row, position), texts[row].as_py() or "")))
        unfit[rows] = True

    action, period, empty = column(table, ACTION), column(table, TIME_PERIOD), _empty(table, values)
    refuse(action.is_valid().to_numpy() & ~_is_one_of(action, tuple(ACTIONS)), ACTION, _unknown_action)
    deleted = _is_one_of(action, ("D",))
    refuse(deleted & _names_no_figure(table, values), ACTION, _deletes_more)
    refuse(_like(period, _RANGE), TIME_PERIOD, _is_a_range)
    for condition in conditions:
        for name in set(condition.names) & set(table.headings):
            texts = column(table, name)
            refuse(
                texts.is_valid().to_numpy() & ~_is_one_of(texts, condition.harmless) & ~deleted,
                name,
                lambda place, found, condition=condition: _not_as_it_looks(condition, place, found),
            )
    status = column(table, OBS_STATUS)
    strange = status.is_valid().to_numpy() & ~_is_one_of(status, (*_STATUSES, *_REASONS, *_QUALITIES))
    with_value = _is_one_of(status, tuple(_QUALITIES)) & ~empty
    refuse((strange | with_value) & ~deleted, OBS_STATUS, _not_our_status)
    kept = table.without(unfit)
    return replace(kept, findings=[*table.findings, *findings])


def _with_statuses(table: Table, values: list[int]) -> Table:
    status = column(table, OBS_STATUS)
    deleted = _is_one_of(column(table, ACTION), ("D",))
    missing = pyarrow.array((_empty(table, values) | _is_one_of(status, _NEVER_WITH_VALUE)) & ~deleted)
    nothing = pyarrow.scalar(None, pyarrow.string())
    reasons = compute.coalesce(each_distinct(status, lambda code: _REASONS.get(code, MISSING_REASON)), MISSING_REASON)
    known = {
        "status": compute.if_else(missing, "M", compute.if_else(pyarrow.array(deleted), nothing, status)),
        "withdrawn": compute.if_else(pyarrow.array(deleted), "yes", nothing),
        "reason": compute.if_else(missing, reasons, nothing),
        "frequency": each_distinct(column(table, "FREQ"), lambda code: _FREQUENCIES.get(code, code)),
    }
    columns = list(table.columns)
    for position in values:
        no_value = pyarrow.array(_is_one_of(columns[position], _NO_VALUE) | deleted)
        columns[position] = compute.if_else(no_value, nothing, columns[position])
    return replace(table, columns=tuple(columns), known=known)


def _names_no_figure(table: Table, values: list[int]) -> numpy.ndarray:
    """Where a row says no period, or marks an attribute and no value: it deletes more, or less, than one figure."""
    marked = numpy.zeros(len(table.lines), dtype=bool)
    valued = numpy.zeros(len(table.lines), dtype=bool)
    for position, texts in enumerate(table.columns):
        marked |= _is_one_of(texts, ("-",))
        valued |= texts.is_valid().to_numpy() if position in values else False
    return column(table, TIME_PERIOD).is_null().to_numpy() | (marked & ~valued)


def _empty(table: Table, values: list[int]) -> numpy.ndarray:
    """Where no measure has a value."""
    empty = numpy.ones(len(table.lines), dtype=bool)
    for position in values:
        texts = table.columns[position]
        empty &= texts.is_null().to_numpy() | _is_one_of(texts, _NO_VALUE)
    return empty


def _like(texts: Column, pattern: str) -> numpy.ndarray:
    return compute.fill_null(compute.match_substring_regex(texts, pattern), False).to_numpy()


def _is_one_of(texts: Column, known: tuple[str, ...]) -> numpy.ndarray:
    return compute.is_in(texts, pyarrow.array(known, pyarrow.string())).to_numpy(zero_copy_only=False)


def _error(rule: str, place: str, found: str, expected: str, vi: str, en: str) -> Finding:
    return Finding(rule, "error", place, found, expected, vi, en)


def _unknown_action(place: str, found: str) -> Finding:
    known = ", ".join(ACTIONS)
    return _error(
        "unknown_action",
        place,
        found,
        known,
        f"Không có hành động (ACTION) “{excerpt(found)}”. Hãy ghi I, A, R hoặc M để thêm hay thay số liệu, D để rút"
        " lại.",
        f"There is no ACTION “{excerpt(found)}”. Write I, A, R or M to add or replace the figure, D to withdraw it.",
    )


def _deletes_more(place: str, found: str) -> Finding:
    return _error(
        "deletes_no_observation",
        place,
        found,
        "TIME_PERIOD, OBS_VALUE",
        "Dòng xóa này không nêu đúng một số liệu (thiếu kỳ, hoặc chỉ xóa thuộc tính). Hãy ghi mỗi dòng một số liệu cần"
        " rút lại, đủ mọi chiều và kỳ.",
        "This deletion does not name one figure: the period is missing, or only attributes are deleted. Write a row"
        " for each figure to be withdrawn, with all dimensions and the period.",
    )


def _is_a_range(place: str, found: str) -> Finding:
    return _error(
        "period_is_a_range",
        place,
        found,
        "2024, 2024-S1, 2024-Q1, 2024-03, 2024-W05, 2024-03-15",
        f"“{excerpt(found)}” là một khoảng thời gian, không phải một kỳ. Hãy ghi kỳ, ví dụ 2024-Q1, 2024-03 hoặc"
        " 2024-03-15.",
        f"“{excerpt(found)}” is a range of time, not a period. Write the period, for example 2024-Q1, 2024-03 or"
        " 2024-03-15.",
    )


def _not_as_it_looks(condition: _Condition, place: str, found: str) -> Finding:
    vi, en = (text.format(found=excerpt(found)) for text in (condition.vi, condition.en))
    return _error(condition.rule, place, found, ", ".join(condition.harmless), vi, en)


def _not_our_status(place: str, found: str) -> Finding:
    vi, en = _QUALITIES.get(found, ("", ""))
    return _error(
        "status_is_not_ours",
        place,
        found,
        ", ".join((*_STATUSES, "M")),
        f"Trạng thái OBS_STATUS “{excerpt(found)}”{vi and f' ({vi})'} không có ở đây. Hãy ghi A (chính thức),"
        " P (sơ bộ), E (ước tính), F (dự báo), B (gián đoạn chuỗi), hoặc M và để trống giá trị.",
        f"The OBS_STATUS “{excerpt(found)}”{en and f' ({en})'} has none of ours to match. Write A (official),"
        " P (provisional), E (estimated), F (forecast), B (break), or M and leave the value empty.",
    )


def _components(table: Table) -> str:
    return ", ".join(heading for heading in table.headings if heading not in (DATAFLOW, ACTION))


def _no_value(table: Table) -> Finding:
    seen = excerpt(_components(table), 300)
    return _error(
        "no_obs_value",
        "",
        seen,
        OBS_VALUE,
        f"Không có giá trị OBS_VALUE nào trong tệp; tìm thấy: {seen}. Hãy xuất dữ liệu đầy đủ (detail=full), với"
        " giá trị trong OBS_VALUE.",
        f"There is no OBS_VALUE in the message; found: {seen}. Export the full data (detail=full), with the values in"
        " OBS_VALUE.",
    )


def _several(flows: list[str]) -> Finding:
    listed = ", ".join(flows[:12])
    return _error(
        "several_dataflows",
        "",
        excerpt(listed, 300),
        "1",
        f"Tệp chứa nhiều luồng dữ liệu: {excerpt(listed, 300)}. Hãy gửi riêng từng luồng, hoặc dùng khai báo (mapping)"
        " nêu DATAFLOW.",
        f"The file holds several dataflows: {excerpt(listed, 300)}. Send each by itself, or use a mapping that names"
        " DATAFLOW.",
    )


def _not_ours(table: Table) -> Finding:
    flow = next((flow for flow in column(table, DATAFLOW).to_pylist() if flow), "SDMX")
    seen = excerpt(_components(table), 300)
    return _error(
        "not_our_dataflow",
        "",
        flow,
        "INDICATOR",
        f"Đây là dữ liệu SDMX {excerpt(flow)}, không có chiều INDICATOR; các cột: {seen}. Hãy nêu khai báo (mapping)"
        " cho biết các chiều có nghĩa gì, hoặc dùng các chiều INDICATOR, REPORTING_UNIT, FREQ, TIME_PERIOD.",
        f"This is SDMX data of {excerpt(flow)} without a dimension INDICATOR; its columns: {seen}. Name a mapping that"
        " says what the dimensions mean, or use the dimensions INDICATOR, REPORTING_UNIT, FREQ, TIME_PERIOD.",
    )


def _unknown(table: Table, position: int) -> Finding:
    heading = table.headings[position]
    near = nearest(heading, _OURS)[:1]
    expected = near[0] if near else ", ".join(_OURS)
    return _error(
        "unknown_column",
        table.heading_place(position),
        excerpt(heading),
        expected,
        f"Không có chiều hay thuộc tính nào tên “{excerpt(heading)}”. "
        + (f"Có phải {near[0]} không? Hãy sửa tên hoặc bỏ nó." if near else f"Các tên được nhận: {expected}."),
        f"There is no dimension or attribute “{excerpt(heading)}”. "
        + (f"Did you mean {near[0]}? Correct the name or leave it out." if near else f"Known are {expected}."),
    )


def dataflow(text: str) -> str:
    """The dataflow that a URN or an address names, as `ECB:EXR(1.0)`; a text of another form comes back as it is."""
    if text.startswith("urn:"):
        return text.rsplit("=", 1)[-1]
    found = re.search(r"/(?:dataflow|datastructure|provisionagreement)/([^/?]+)/([^/?]+)(?:/([^/?]+))?", text)
    return f"{found[1]}:{found[2]}({found[3] or 'latest'})" if found else text


def _too_long(name: str, length: int) -> Finding:
    return _error(
        "text_too_long",
        "",
        f"{excerpt(name)}: {length}",
        f"≤ {LONGEST_TEXT}",
        f"“{excerpt(name)}” dài {length} ký tự; nhiều nhất là {LONGEST_TEXT}. Hãy rút ngắn rồi gửi lại.",
        f"“{excerpt(name)}” has {length} characters; at most {LONGEST_TEXT} are read. Shorten it and send it again.",
    )


def _too_many_columns(count: int) -> Finding:
    return _error(
        "too_many_columns",
        "",
        str(count),
        f"≤ {MOST_COLUMNS}",
        f"Thông điệp có {count} chiều và thuộc tính; nhiều nhất là {MOST_COLUMNS}. Hãy kiểm tra lại tệp.",
        f"The message has {count} dimensions and attributes; at most {MOST_COLUMNS} are read. Check the file.",
    )


def _endless() -> Finding:
    limit = f"{MOST_CHARACTERS // 10**6}"
    return _error(
        "too_large",
        "",
        f"> {limit} MB",
        f"≤ {limit} MB",
        f"Số liệu và thuộc tính trong thông điệp, viết đủ cho từng quan sát, vượt quá {limit} MB. Hãy chia thành nhiều"
        " tệp, ví dụ theo năm.",
        f"Written out for each observation, the figures and attributes of the message have more than {limit} MB."
        " Split it, for example by year.",
    )
