"""XLSX for statisticians: figures with names, numbers and dates that are ones, and what they mean beside them.

Written by XlsxWriter row by row into temporary files, because openpyxl is slower and writes the time of day into each
file.
"""

import math
import tempfile
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ingest import period
from ingest.period import LOCAL_ZONE
from service.archive.metadata import COLUMNS, LICENCE_EN, LICENCE_VI, Metadata
from service.archive.points import Statement
from service.archive.question import ANSWER_COLUMNS
from service.formats import copied
from service.formats.spreadsheet import FORMULA

MOST_ROWS = 1_048_575  # a sheet has 1,048,576, and the first is the heading


def written(connection: Connection, statement: Statement, about: Metadata) -> Generator[bytes]:
    """The answer as a workbook with the sheets Data, Metadata and Notes."""
    with tempfile.TemporaryFile() as file:
        with Workbook(file, {"constant_memory": True, "default_date_format": _DAY}) as book:
            # No date but the answer's own, so that the same answer is the same bytes.
            book.set_properties(
                {"title": " / ".join(about.title), "comments": about.address, "created": _local(about.as_of)}
            )
            _data(Sheet(book, "Data"), copied.rows(connection, statement), about)
            _metadata(Sheet(book, "Metadata"), about)
            _notes(Sheet(book, "Notes"), about)
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece


_PIECE_BYTES = 1 << 18
_DAY, _TIME = "dd/mm/yyyy", "dd/mm/yyyy hh:mm:ss"
_FONT, _DARK, _PALE = "Arial", "#1F3864", "#DCE6F1"
_LONGEST_TEXT = 32_767  # characters in a cell
_CUT = "… (cắt ở đây, toàn văn trong CSV / cut here, whole in CSV)"

# What stands before the columns of an answer, so that nobody has to take a key apart.
_BEFORE = {
    "indicator_vi": ("Chỉ tiêu", "Indicator (Vietnamese)", 26),
    "reporting_unit_vi": ("Đơn vị báo cáo", "Reporting unit (Vietnamese)", 15),
    "accumulation": ("Cách cộng dồn", "Accumulation", 15),
    "source": ("Nguồn", "Source", 18),
    "breakdown": ("Phân tổ", "Breakdown", 13),
    "period": ("Kỳ", "Period", 10),
    "value": ("Giá trị", "Value", 17),
    "unit_measure": ("Đơn vị tính", "Unit of measure", 15),
    "status_name": ("Tên trạng thái", "Status, in words", 16),
    "published_at": ("Công bố lúc", "Published at (UTC+7)", 19),
    "indicator_en": ("Chỉ tiêu (tiếng Anh)", "Indicator", 24),
    "reporting_unit_en": ("Đơn vị báo cáo (tiếng Anh)", "Reporting unit", 15),
    "derived": ("Đã tính", "Derived", 14),
    "status": ("Trạng thái", "Status", 10),
    "period_end": ("Ngày cuối kỳ", "Last day of period", 12),
}
# All that tells a series and a period from the others stays in sight beside the figures.
_FROZEN = tuple(_BEFORE).index("value")
# What is behind this column is for the screen; how figures were computed is printed where some were.
_PRINTED, _PRINTED_OF_COMPUTED = tuple(_BEFORE).index("reporting_unit_en"), tuple(_BEFORE).index("derived")
_WRAPPED = {
    *("indicator_vi", "indicator_en", "reporting_unit_vi", "reporting_unit_en"),
    *("accumulation", "source", "breakdown", "unit_measure", "status_name", "derived"),
}
_WIDTHS = {
    "valid_to": 19,
    "recorded_at": 19,
    "submission": 10,
    "reason": 36,
    "document": 36,
    "comment": 36,
    "data_from": 14,
    "data_to": 14,
    "computed_from": 36,
    "series": 44,
}
_MOMENTS = {"valid_to", "recorded_at"}


class Sheet:
    """A sheet that is written from the top to the bottom: no text in it is a formula, no date is a text."""

    def __init__(self, book: Workbook, name: str) -> None:
        """Add a sheet of this name to the workbook."""
        self._book = book
        self.sheet: Worksheet = book.add_worksheet(name)
        self.sheet.hide_gridlines(2)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)  # A4
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_margins(left=0.4, right=0.4)  # inches
        self.sheet.set_footer("&L&F&C&A&R&P / &N")
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}
        self._widths: list[int] = []
        self.row = 0

    def columns(self, widths: Iterable[int]) -> None:
        """Make the columns so wide, in characters."""
        self._widths = list(widths)
        for column, width in enumerate(self._widths):
            self.sheet.set_column(column, column, width)

    def high_enough(self, cells: Iterable[Any], *, across: bool = False) -> None:
        """Make the row high enough for the longest of these texts; not every program does so by itself.

        Where it is written `across`, the last of two stands over all columns behind the first.
        """
        widths = (self._widths[0], sum(self._widths[1:])) if across else self._widths
        lines = (
            math.ceil(len(cell) * _WIDE_LETTERS / width)
            for cell, width in zip(cells, widths, strict=False)
            if isinstance(cell, str)
        )
        self.sheet.set_row(self.row, min(_LINE_POINTS * max(lines, default=1), _HIGHEST_ROW_POINTS))

    def look(self, **look: Any) -> Format:
        """The format with these properties."""
        key = tuple(sorted(look.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"font_name": _FONT, "font_size": 10, "valign": "top", **look})
        return self._formats[key]

    def put(self, column: int, value: Any, **look: Any) -> None:
        """Write one cell of the row."""
        match value:
            case None | "":
                if "bg_color" in look:  # so that a row that stands out has no hole
                    self.sheet.write_blank(self.row, column, None, self.look(**look))
            case str():
                text = value if len(value) <= _LONGEST_TEXT else value[: _LONGEST_TEXT - len(_CUT)] + _CUT
                if text.startswith(FORMULA):
                    look["quote_prefix"] = True
                self.sheet.write_string(self.row, column, text, self.look(**look))
            case datetime() | date() if value.year < _FIRST_YEAR:
                self.sheet.write_string(self.row, column, value.isoformat(), self.look(**look))
            case datetime():
                local = _local(value)
                written = _DAY if local.time() == time() else _TIME  # A day begins at midnight, and nobody says so.
                self.sheet.write_datetime(self.row, column, local, self.look(num_format=written, **look))
            case date():
                day = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a day has no zone
                self.sheet.write_datetime(
                    self.row, column, day, self.look(**{"num_format": _DAY, "align": "center"} | look)
                )
            case _:
                self.sheet.write_number(self.row, column, value, self.look(**look))

    def put_across(self, column: int, value: Any, **look: Any) -> None:
        """Write one cell over all columns from this one on."""
        self.sheet.merge_range(self.row, column, self.row, len(self._widths) - 1, "", self.look(**look))
        self.put(column, value, **look)

    def heading(self, names: Sequence[tuple[str, str]]) -> None:
        """Write a row of headings, Vietnamese above English."""
        self.sheet.set_row(self.row, 42)
        look = {"bold": True, "font_color": "#FFFFFF", "bg_color": _DARK, "text_wrap": True, "border": 1}
        for column, (vi, en) in enumerate(names):
            self.put(column, f"{vi}\n{en}", **look, border_color="#FFFFFF", align="center", valign="vcenter")
        self.row += 1


_LINE_POINTS, _HIGHEST_ROW_POINTS = 13.5, 409
_WIDE_LETTERS = 1.05  # how much wider text is than the digits by which a column is measured, where lines break
# Excel counts days from 1900, which it takes for a leap year.
_FIRST_YEAR = 1901


def _local(moment: datetime) -> datetime:
    return moment.astimezone(LOCAL_ZONE).replace(tzinfo=None, microsecond=0)


def _data(sheet: Sheet, rows: Iterable[Sequence[Any]], about: Metadata) -> None:
    columns = [*_BEFORE, *(name for name in ANSWER_COLUMNS if name not in _BEFORE and name != "series"), "series"]
    headings = {name: (vi, en) for name, (vi, en, _) in _BEFORE.items()} | {
        name: (vi, f"{en}{' (UTC+7)' if name in _MOMENTS else ''}")
        for name, (vi, en, _, _) in COLUMNS.items()
        if name not in _BEFORE
    }
    widths = {name: width for name, (_, _, width) in _BEFORE.items()} | _WIDTHS
    sheet.columns(widths[name] for name in columns)
    sheet.heading([headings[name] for name in columns])
    sheet.sheet.freeze_panes(1, _FROZEN)
    sheet.sheet.repeat_rows(0)
    sheet.sheet.autofilter(0, 0, max(about.observations, 1), len(columns) - 1)
    told, last_printed = _Told(about), _PRINTED
    for row in rows:
        answer: dict[str, Any] = dict(zip(ANSWER_COLUMNS, row, strict=True))
        cells = [told.cell(name, answer) for name in columns]
        sheet.high_enough(cell if name in _WRAPPED else None for name, cell in zip(columns, cells, strict=True))
        for column, (name, cell) in enumerate(zip(columns, cells, strict=True)):
            sheet.put(column, cell, **told.look(name, answer))
        if answer["derived"]:
            last_printed = _PRINTED_OF_COMPUTED
        sheet.row += 1
    sheet.sheet.print_area(0, 0, about.observations, last_printed)


class _Told:
    """What the cells of a row say, and how they look."""

    def __init__(self, about: Metadata) -> None:
        self._names = about.names()
        self._series = {each["series"]: each for each in about.series}
        self._decimals = {each["code"]: each["decimals"] for each in about.indicators}

    def cell(self, name: str, answer: Mapping[str, Any]) -> Any:
        """What stands in the column."""
        series = self._series[answer["series"]]
        match name:
            case "indicator_vi" | "indicator_en" | "reporting_unit_vi" | "reporting_unit_en":
                part, language = name.rsplit("_", 1)
                return self._names[part][series[part]][language == "en"]
            case "accumulation" | "source" | "breakdown":
                return self._in_both(name, series[name])
            case "unit_measure":
                return self._in_both(name, answer[name])
            case "status_name":
                return self._in_both("status", answer["status"])
            case "period_end":
                return _last_day(answer["period"])
            case "derived" | "computed_from":
                return " ".join(answer[name] or ())
            case _:
                return answer[name]

    def _in_both(self, part: str, code: str) -> str:
        return " / ".join(dict.fromkeys(self._names[part].get(code, (code,))))  # once where both languages say the same

    def look(self, name: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Numbers with the decimals of their indicator; a computed one with two at the least; M stands out."""
        look: dict[str, Any] = {"bg_color": _PALE, "italic": True} if answer["status"] == "M" else {}
        if name == "value":
            decimals = self._decimals.get(self._series[answer["series"]]["indicator"], 0)
            if answer["derived"]:
                decimals = max(decimals, 2)
            look["num_format"] = "#,##0" + ("." + "0" * decimals if decimals else "")
        elif name in ("status", "period", "published_at"):
            look["align"] = "center"
        elif name in _WRAPPED:
            look |= {"text_wrap": True}
            if name == "unit_measure":  # The value beside it stands at its right edge.
                look |= {"align": "left", "indent": 1}
        return look


@lru_cache(maxsize=1 << 16)
def _last_day(written: str) -> date:
    return period.parse(written).last_day


def _metadata(sheet: Sheet, about: Metadata) -> None:
    """What the answer is, and then the indicators and reporting units that are in it."""
    sheet.columns((30, 26, 26, 15, 13, 34, 34, 26))
    version = ", ".join(f"{name} {moment.isoformat()}" for name, moment in about.data_version.items() if moment)
    _pairs(
        sheet,
        {
            "Nội dung / Content": " / ".join(about.title),
            "Truy vấn / Query": about.address,
            "Số liệu tính đến / As known at (UTC+7)": about.as_of,
            "Phiên bản số liệu / Version of the data": version,
            "Số quan sát / Observations": about.observations,
            "Điều kiện sử dụng / Conditions of use": f"{LICENCE_VI} / {LICENCE_EN}",
            "Trích dẫn": about.citation[0],
            "Citation": about.citation[1],
        },
    )
    measures = about.names()["unit_measure"]
    _table(
        sheet,
        [
            ("Mã chỉ tiêu", "Indicator's code"),
            ("Tên", "Name (Vietnamese)"),
            ("Tên (tiếng Anh)", "Name"),
            ("Đơn vị tính", "Unit of measure"),
            ("Số chữ số thập phân", "Decimals"),
            ("Định nghĩa", "Definition (Vietnamese)"),
            ("Định nghĩa (tiếng Anh)", "Definition"),
            ("Văn bản", "Document"),
        ],
        (
            (
                each["code"],
                each["name_vi"],
                each["name_en"],
                " / ".join(measures.get(each["unit_measure"], (each["unit_measure"],))),
                each["decimals"],
                each["definition_vi"],
                each["definition_en"],
                each["document"],
            )
            for each in about.indicators
        ),
    )
    _table(
        sheet,
        [
            ("Mã đơn vị", "Reporting unit's code"),
            ("Tên", "Name (Vietnamese)"),
            ("Tên (tiếng Anh)", "Name"),
            ("Từ ngày", "Valid from"),
            ("Đến ngày", "Valid to"),
        ],
        (
            (each["code"], each["name_vi"], each["name_en"], each["valid_from"], each["valid_to"])
            for each in about.reporting_units
        ),
    )


def _notes(sheet: Sheet, about: Metadata) -> None:
    """What the codes and the columns mean."""
    sheet.columns((34, 60, 60))
    names = about.names()
    for part, heading in (
        ("status", ("Trạng thái", "Status")),
        ("frequency", ("Tần suất", "Frequency")),
        ("accumulation", ("Cách cộng dồn", "Accumulation")),
        ("source", ("Nguồn", "Source")),
    ):
        _table(
            sheet,
            [heading, ("Tiếng Việt", "Vietnamese"), ("Tiếng Anh", "English")],
            ((code, vi, en) for code, (vi, en) in names[part].items()),
        )
    _table(
        sheet,
        [("Cột", "Column"), ("Nghĩa", "Meaning (Vietnamese)"), ("Nghĩa (tiếng Anh)", "Meaning")],
        ((f"{vi} / {en}", says_vi, says_en) for vi, en, says_vi, says_en in COLUMNS.values()),
    )


def _pairs(sheet: Sheet, told: Mapping[str, Any]) -> None:
    for name, value in told.items():
        sheet.high_enough((name, value), across=True)
        sheet.put(0, name, bold=True, bg_color=_PALE, text_wrap=True)
        sheet.put_across(1, value, align="left", text_wrap=True)
        sheet.row += 1
    sheet.row += 1


def _table(sheet: Sheet, headings: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> None:
    sheet.heading(headings)
    for row in rows:
        sheet.high_enough(row)
        for column, value in enumerate(row):
            sheet.put(column, value, align="left" if isinstance(value, str) else "center", text_wrap=True)
        sheet.row += 1
    sheet.row += 1
