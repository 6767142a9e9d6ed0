"""Text with delimiters: CSV, and the semicolon and tab files of locales where the comma is the decimal sign.

pyarrow splits the fields, everything stays text. Line numbers are those an editor shows: they follow from counting the
line feeds inside the fields that were read, so that a quoted line break moves no place. pyarrow lets an open quotation
mark swallow the rest of a file without a word; every row that spans lines is therefore read again, strictly.
"""

import csv
import io
import re
import unicodedata
from dataclasses import replace
from typing import Any, TypeAlias

import numpy
import pyarrow
import pyarrow.csv

from ingest.old_fonts import Decoded, by_letters
from ingest.place import place
from ingest.readers import headings
from ingest.readers.decimals import sign
from ingest.readers.encoding import Text, as_text, decoded_text
from ingest.readers.table import Column, Table, Unreadable, clean, compute, excerpt, for_each
from ingest.submission import Finding, Reading

DELIMITERS = {",": ("dấu phẩy", "comma"), ";": ("dấu chấm phẩy", "semicolon"), "\t": ("dấu tab", "tab")}
SIGNS = {",": ("dấu phẩy thập phân", "decimal comma"), ".": ("dấu chấm thập phân", "decimal point")}
MOST_COLUMNS = 1_000
LONGEST_HEADING_BYTES = 100_000

_OLD_LETTERS = r"^[\x00-\x{ff}–—‘’“”…•]*[\x{a1}-\x{ff}][\x00-\x{ff}–—‘’“”…•]*$"
_SHORTER = (
    "Có thể thiếu dấu xuống dòng hoặc dấu ngoặc kép.",
    "A line break or a quotation mark may be missing.",
)

Split: TypeAlias = Any  # a pyarrow.Table of strings
Lines: TypeAlias = numpy.ndarray[Any, Any]


def read(content: bytes) -> Reading:
    """Read a delimited file in our long format.

    Raises Unreadable.
    """
    return headings.read(table(content))


def table(content: bytes, *, heading_line: int | None = None) -> Table:
    """Split a delimited file into columns; its headings stand on `heading_line`, else on the first line with text.

    Blank lines are passed over. A line with too few or too many fields is a finding and no row.

    Raises Unreadable.
    """
    text = as_text(content)
    content = text.content
    start, line, delimiter = _heading(content, heading_line)
    names, end, heading_lines = _fields(content, start, line, delimiter)
    body = content[end:]
    if not body.strip():
        raise Unreadable(_only_headings(line))
    split, lines, findings = _split(body, line + heading_lines, delimiter, len(names))
    columns = [clean(column) for column in split.columns]
    filled = _any_filled(columns, len(lines))
    if not findings and not filled.true_count:
        raise Unreadable(_only_headings(line))
    read_table = Table(
        tuple(unicodedata.normalize("NFC", name).strip() for name in names),
        tuple(column.filter(filled) for column in columns),
        lines.filter(filled),
        line,
        "csv",
        findings,
        delimiter=delimiter,
    )
    told = [*text.findings, *_read_as(read_table, text)]
    return _in_unicode(replace(read_table, findings=[*findings, *told])).without_endless_texts(_SHORTER)


def _read_as(whole: Table, text: Text) -> list[Finding]:
    """Say what was decided, where the file is not the plain UTF-8 with commas that everybody means by CSV."""
    if text.read_as is None and whole.delimiter == ",":
        return []
    parts = [text.read_as or ("UTF-8", "UTF-8"), DELIMITERS[whole.delimiter]]
    if (decimal := _decimal_sign(whole)) is not None:
        parts.append(SIGNS[decimal])
    in_vi, in_en = (", ".join(names) for names in zip(*parts, strict=True))
    return [
        Finding(
            "read_as",
            "information",
            "",
            in_en,
            "",
            f"Tệp được đọc theo: {in_vi}. Nếu không đúng, hãy lưu lại thành CSV UTF-8 rồi gửi lại.",
            f"The file was read as: {in_en}. If that is wrong, save it as CSV UTF-8 and send it again.",
        )
    ]


def _decimal_sign(whole: Table) -> str | None:
    if whole.delimiter == ",":
        return "."
    values = [at for at, heading in enumerate(whole.headings) if headings.meaning(heading) == "value"]
    signs = {sign(whole.columns[at]) for at in values or range(len(whole.columns))} - {None}
    return signs.pop() if len(signs) == 1 else None


def _in_unicode(whole: Table) -> Table:
    """The table with the texts of old fonts as they are meant, and a finding that says so."""
    columns: list[Column] = []
    found: dict[tuple[int, int], Decoded] = {}
    count = 0
    for position, column in enumerate(whole.columns):
        # Most Vietnamese words have letters that no old font could hold, and need no closer look.
        suspicious = compute.fill_null(compute.match_substring_regex(column, _OLD_LETTERS), False)
        meant = {text: by_letters(text) for text in column.filter(suspicious).unique().to_pylist()}
        decoded = {text: each for text, each in meant.items() if each}
        if decoded:
            texts = column.to_pylist()
            rows = [row for row, text in enumerate(texts) if text in decoded]
            found[whole.lines[rows[0]].as_py(), position] = decoded[texts[rows[0]]]
            count += len(rows)
            changed = (decoded[text].text if text in decoded else text for text in texts)
            column = pyarrow.chunked_array([pyarrow.array(changed, pyarrow.string())])
        columns.append(column)
    if not found:
        return whole
    line, position = min(found)
    told = decoded_text(place(None, line, whole.headings[position]), count, found[line, position])
    return replace(whole, columns=tuple(columns), findings=[*whole.findings, told])


def _heading(content: bytes, wanted: int | None) -> tuple[int, int, str]:
    """Where the headings begin, on which line, and what delimits them."""
    start, line, declared = 0, 1, ""
    while start < len(content):
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        if end - start > LONGEST_HEADING_BYTES:
            raise Unreadable(_endless(line, end - start))
        text = content[start:end].decode()
        if line == 1 and (found := re.fullmatch(r"sep=(.)\s*", text)):
            declared = found[1]  # Excel writes and obeys such a line
            wanted = wanted and wanted + 1
        elif line == wanted or (wanted is None and text.strip()):
            return start, line, declared if declared in DELIMITERS else _delimiter(text)
        start, line = end + 1, line + 1
    if wanted is not None and wanted > 1:
        raise Unreadable(_too_few_lines(line - 1, wanted))
    raise Unreadable(_empty())


def _delimiter(heading: str) -> str:
    bare = re.sub(r'"[^"]*"', "", heading)
    return max(DELIMITERS, key=bare.count)


def _fields(content: bytes, start: int, line: int, delimiter: str) -> tuple[list[str], int, int]:
    """The headings, where the next record begins, and how many lines the headings take."""
    text = content[start : start + LONGEST_HEADING_BYTES].decode(errors="ignore")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = next(reader)
    except (csv.Error, StopIteration) as fault:
        raise Unreadable(_open_quote(line, line, excerpt(text))) from fault
    if len(names) > MOST_COLUMNS:
        raise Unreadable(_too_many_columns(line, len(names)))
    end = start
    for _ in range(reader.line_num):
        end = content.find(b"\n", end) + 1 or len(content)
    return names, end, reader.line_num


def _split(body: bytes, first_line: int, delimiter: str, width: int) -> tuple[Split, Column, list[Finding]]:
    """Split the records; with each row the line on which it begins, and a finding for each that is none."""
    misfits: list[tuple[int, int, str]] = []

    def keep(row: Any) -> str:
        misfits.append((row.number - 1, row.actual_columns, row.text))
        return "skip"

    names = [str(position) for position in range(width)]
    try:
        split = pyarrow.csv.read_csv(
            pyarrow.BufferReader(body if body.endswith(b"\n") else body + b"\n"),
            # One block and one thread: a record may be long, and the numbers of records that do not fit are known.
            read_options=pyarrow.csv.ReadOptions(use_threads=False, column_names=names, block_size=len(body) + 2),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep
            ),
            convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string())),
        )
    except pyarrow.ArrowInvalid as fault:
        raise Unreadable(_unsplit(first_line, str(fault))) from fault
    begins, spans = _lines(split, misfits, first_line)
    fitting = numpy.ones(len(begins), dtype=bool)
    fitting[[number for number, _, _ in misfits]] = False
    findings = _misfit_findings(misfits, begins, width, delimiter)
    broken = _broken_quotes(body, begins - first_line, spans, fitting, delimiter)
    last_line = first_line + body.rstrip(b"\n").count(b"\n")
    ends = numpy.minimum(begins + spans, last_line).tolist()
    findings += for_each(broken, lambda number: _open_quote(int(begins[number]), ends[number], ""))
    sound = fitting.copy()
    sound[broken] = False
    return split.filter(pyarrow.array(sound[fitting])), pyarrow.array(begins[sound]), findings


def _lines(split: Split, misfits: list[tuple[int, int, str]], first_line: int) -> tuple[Lines, Lines]:
    """For each record the line on which it begins, and the number of further lines it takes."""
    count = split.num_rows + len(misfits)
    spans = numpy.zeros(count, dtype=numpy.int64)
    numbers = [number for number, _, _ in misfits]
    fitting = numpy.ones(count, dtype=bool)
    fitting[numbers] = False
    for column in split.columns:
        spans[fitting] += compute.count_substring(column, "\n").to_numpy()
    spans[numbers] = [text.strip("\n").count("\n") for _, _, text in misfits]
    begins = first_line + numpy.arange(count) + numpy.concatenate(([0], numpy.cumsum(spans)[:-1]))
    return begins, spans


def _broken_quotes(body: bytes, offsets: Lines, spans: Lines, fitting: Lines, delimiter: str) -> list[int]:
    """The numbers of the records over several lines that a strict reader refuses."""
    several = numpy.flatnonzero((spans > 0) & fitting)
    if not len(several):
        return []
    feeds = numpy.flatnonzero(numpy.frombuffer(body, dtype=numpy.uint8) == ord("\n"))
    starts = numpy.concatenate(([0], feeds + 1))
    ends = numpy.concatenate((feeds, [len(body)]))
    broken: list[int] = []
    for number in several.tolist():
        last = min(offsets[number] + spans[number], len(ends) - 1)
        record = body[starts[offsets[number]] : ends[last]].decode()
        if not _one_record(record, delimiter):
            broken.append(number)
    return broken


def _one_record(text: str, delimiter: str) -> bool:
    try:
        return len(list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _any_filled(columns: list[Column], length: int) -> Column:
    filled = numpy.zeros(length, dtype=bool)
    for column in columns:
        if column.null_count == 0:
            return pyarrow.array(numpy.ones(length, dtype=bool))
        filled |= column.is_valid().to_numpy()
    return pyarrow.array(filled)


def _misfit_findings(misfits: list[tuple[int, int, str]], begins: Lines, width: int, delimiter: str) -> list[Finding]:
    faults = [(int(begins[number]), count, text) for number, count, text in misfits if text.strip()]
    return for_each(faults, lambda fault: _misfit(*fault, width, delimiter))


def _misfit(line: int, count: int, text: str, width: int, delimiter: str) -> Finding:
    if "\n" in text and not _one_record(text, delimiter):
        return _open_quote(line, line + text.strip("\n").count("\n"), excerpt(text))
    few = count < width
    return Finding(
        "field_count",
        "error",
        place(None, line, None),
        str(count),
        str(width),
        f"Dòng này có {count} trường, dòng tiêu đề có {width}: “{excerpt(text)}”. "
        + (
            "Hãy thêm trường còn thiếu (để trống cũng được)."
            if few
            else "Trường có dấu phân cách phải đặt trong ngoặc kép."
        ),
        f"This line has {count} fields, the headings are {width}: “{excerpt(text)}”. "
        + (
            "Add the missing fields, empty ones will do."
            if few
            else "Put a field that holds the delimiter in quotation marks."
        ),
    )


def _open_quote(line: int, last_line: int, found: str) -> Finding:
    lines = "" if last_line == line else f" ({line}-{last_line})"
    return Finding(
        "open_quote",
        "error",
        place(None, line, None),
        found or f"{line}-{last_line}",
        '"…"',
        f"Dấu ngoặc kép mở ở đây không được đóng đúng; các dòng bị nuốt theo{lines} không được đọc."
        ' Hãy đóng ngoặc kép, hoặc viết đôi ("") nếu là một phần của chữ.',
        f"A quotation mark that opens here is not closed properly; the lines it swallows{lines} were not read."
        ' Close it, or double it ("") where it is part of the text.',
    )


def _unsplit(line: int, why: str) -> Finding:
    return Finding(
        "broken_csv",
        "error",
        place(None, line, None),
        excerpt(why),
        "CSV",
        "Không tách được tệp thành các trường. Hãy mở tệp trong Excel, lưu lại dưới dạng “CSV UTF-8” rồi gửi lại.",
        "The file cannot be split into fields. Open it in Excel, save it as “CSV UTF-8” and send it again.",
    )


def _endless(line: int, size_bytes: int) -> Finding:
    return Finding(
        "line_too_long",
        "error",
        place(None, line, None),
        f"{size_bytes} bytes",
        f"≤ {LONGEST_HEADING_BYTES} bytes",
        f"Dòng này dài {size_bytes} byte; dòng tiêu đề dài nhất được đọc là {LONGEST_HEADING_BYTES} byte."
        " Hãy kiểm tra tệp có xuống dòng đúng không.",
        f"This line has {size_bytes} bytes; a line of headings has at most {LONGEST_HEADING_BYTES}."
        " Check that the file has line breaks.",
    )


def _too_many_columns(line: int, count: int) -> Finding:
    return Finding(
        "too_many_columns",
        "error",
        place(None, line, None),
        str(count),
        f"≤ {MOST_COLUMNS}",
        f"Dòng tiêu đề có {count} cột; nhiều nhất là {MOST_COLUMNS}. Hãy kiểm tra dấu phân cách và dấu xuống dòng.",
        f"The headings are {count}; at most {MOST_COLUMNS} are read. Check the delimiter and the line breaks.",
    )


def _too_few_lines(count: int, wanted: int) -> Finding:
    return Finding(
        "no_headings",
        "error",
        "",
        str(count),
        str(wanted),
        f"Tệp chỉ có {count} dòng; dòng tiêu đề phải là dòng {wanted}. Hãy kiểm tra có đúng loại tệp không.",
        f"The file has only {count} lines; its headings should stand on line {wanted}. Is it the right file?",
    )


def _only_headings(line: int) -> Finding:
    return Finding(
        "no_rows",
        "error",
        place(None, line, None),
        "0",
        "≥ 1",
        "Tệp chỉ có dòng tiêu đề, không có dòng số liệu nào. Hãy thêm ít nhất một dòng.",
        "The file has headings but no line of figures. Add at least one.",
    )


def _empty() -> Finding:
    return Finding(
        "empty_file",
        "error",
        "",
        "0",
        "≥ 1",
        "Tệp trống. Hãy chọn lại tệp có số liệu.",
        "The file is empty. Choose the file that holds the figures.",
    )
