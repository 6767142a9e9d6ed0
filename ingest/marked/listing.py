"""The sheet that lists all findings: place, severity, rule, what was found and expected, both sentences, the answer."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from ingest.marked.outline import escaped
from ingest.marked.sheet import text_cell
from ingest.place import column_letters, in_sheet, in_vietnamese
from ingest.readers.marks import RESULT_HEADING, SEVERITIES
from ingest.submission import Finding

# Each in Vietnamese, in English, and how wide it is in characters.
COLUMNS: Final = (
    ("STT", "No.", 6),
    ("Vị trí", "Place", 24),
    ("Mức độ", "Severity", 14),
    ("Quy tắc", "Rule", 22),
    ("Giá trị tìm thấy", "Found", 20),
    ("Yêu cầu", "Expected", 22),
    ("Nội dung và cách sửa", "in Vietnamese", 56),
    ("What was found, and what to do", "in English", 56),
    ("Giải trình", "Justification", 26),
)
HEADING_ROW: Final = 6
_LAST: Final = column_letters(len(COLUMNS) - 1)
_LONGEST: Final = 32_000  # characters in one cell; Excel holds 32,767
_HIGHEST: Final = 400  # points; Excel shows no higher row than 409
# What a spreadsheet runs where it begins a text; a number with its sign is none.
_RUN: Final = re.compile(r"(?![+-]?[\d.,\s]*%?$)[=+\-@\t\r]")
_BACK_VI: Final = (
    f"Hãy sửa ngay trong tệp này rồi gửi lại: cột “{RESULT_HEADING}”, các ghi chú của Chiso và trang này được bỏ qua."
)
_BACK_EN: Final = (
    f"Correct this file and send it again: the column “{RESULT_HEADING}”, Chiso's comments and this sheet are ignored."
)
_APART_VI: Final = (
    "Không ghi được kết quả vào tệp đã gửi (không phải tệp Excel .xlsx, hoặc không mở được): dưới đây là danh sách, kèm"
    " giá trị tìm thấy. Hãy sửa trong tệp của mình rồi gửi lại."
)
_APART_EN: Final = (
    "The file that was sent is no Excel workbook (.xlsx) that can be marked: this is the list, with the values found."
    " Correct your own file and send it again."
)


def unrun(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if _RUN.match(text) else text


def sheet(findings: Sequence[Finding], sheets: Sequence[str], styles: Mapping[str, int], *, apart: bool) -> bytes:
    """The worksheet; places in one of the `sheets` are links, and `apart` says that there is nothing else."""
    rows = [
        _row(1, [("KẾT QUẢ KIỂM TRA / FINDINGS", styles["title"])], 24),
        _row(2, [(_counted(findings), styles["note"])], 15),
        _row(3, [(_APART_VI if apart else _BACK_VI, styles["note"])], 15),
        _row(4, [(_APART_EN if apart else _BACK_EN, styles["note"])], 15),
        _row(HEADING_ROW, [(f"{vi}\n{en}", styles["heading"]) for vi, en, _ in COLUMNS], 32),
    ]
    links: list[str] = []
    for number, finding in enumerate(findings, 1):
        line = HEADING_ROW + number
        linked = _location(finding.place, sheets)
        if linked:
            links.append(f'<hyperlink ref="B{line}" location="{escaped(linked)}"/>')
        rows.append(_finding(line, number, finding, styles, linked=bool(linked)))
    widths = "".join(
        f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>' for at, (*_, width) in enumerate(COLUMNS, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<sheetPr><tabColor rgb="FFC00000"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<dimension ref="A1:{_LAST}{HEADING_ROW + len(findings)}"/>'
        '<sheetViews><sheetView showGridLines="0" workbookViewId="0">'
        f'<pane xSplit="2" ySplit="{HEADING_ROW}" topLeftCell="C{HEADING_ROW + 1}" activePane="bottomRight"'
        ' state="frozen"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>{"".join(rows)}</sheetData>'
        f'<autoFilter ref="A{HEADING_ROW}:{_LAST}{HEADING_ROW + len(findings)}"/>'
        + (f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else "")
        + '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
        # What was found is often a number, and stands here as a text on purpose.
        f'<ignoredErrors><ignoredError sqref="A1:{_LAST}{HEADING_ROW + len(findings)}" numberStoredAsText="1"/>'
        "</ignoredErrors></worksheet>"
    ).encode()


def _finding(line: int, number: int, finding: Finding, styles: Mapping[str, int], *, linked: bool) -> str:
    vi, en = SEVERITIES[finding.severity]
    answer = f"{finding.justification} ({finding.justified_by})" if finding.justification else ""
    texts = (
        (str(number), "text"),
        (in_vietnamese(finding.place) or "cả tệp / whole file", "link" if linked else "text"),
        (f"{vi}\n{en}", f"listed {finding.severity}"),
        (finding.rule, "text"),
        (finding.found, "text"),
        (in_vietnamese(finding.expected), "text"),
        (finding.vi, "text"),
        (finding.en, "text"),
        (answer, "text"),
    )
    lines = max(_lines(text, width) for (text, _), (*_, width) in zip(texts, COLUMNS, strict=True))
    return _row(line, [(text, styles[style]) for text, style in texts], min(6 + 13 * lines, _HIGHEST))


def _lines(text: str, width: int) -> int:
    return sum(1 + len(part) // width for part in text.split("\n"))


def _row(line: int, cells: Sequence[tuple[str, int]], height: float) -> str:
    written = "".join(
        text_cell(f"{column_letters(at)}{line}", unrun(text[:_LONGEST]), style)
        for at, (text, style) in enumerate(cells)
    )
    return f'<row r="{line}" ht="{height}" customHeight="1">{written}</row>'


def _counted(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    vi = f"Lỗi: {counts['error']}, cảnh báo: {counts['warning']}, thông tin: {counts['information']}"
    en = f"Errors: {counts['error']}, warnings: {counts['warning']}, information: {counts['information']}"
    return f"{vi} / {en}"


def _location(place: str, sheets: Sequence[str]) -> str | None:
    at = in_sheet(place)
    if at is None or at[0] not in sheets:
        return None
    name, letters, line = at
    quoted = name.replace("'", "''")
    return f"'{quoted}'!{letters or 'A'}{line}"
