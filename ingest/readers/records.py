"""JSON: a list of objects, a list of objects under a name (`observations`), or one object a line (NDJSON).

A number keeps the digits it was written with: 97.10 stays 97.10, and nothing passes through a float.
"""

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy
import pyarrow

from ingest.place import place
from ingest.readers import headings, json_text
from ingest.readers.encoding import as_utf8
from ingest.readers.table import Column, Table, Unreadable, clean, excerpt, for_each
from ingest.submission import Finding, Reading

OBSERVATIONS = "observations"


def read(content: bytes) -> Reading:
    """Read JSON or NDJSON in our long format.

    Raises Unreadable.
    """
    return headings.read(table(content))


def table(content: bytes, *, records: str | None = None) -> Table:
    """Put the objects in columns. `line` counts the objects of a list from 1; in NDJSON it is the line.

    `records` names the list inside a document; else it is the whole document, or its `observations`.

    Raises Unreadable.
    """
    content = as_utf8(content)
    try:
        document = json_text.parsed(content)
    except json.JSONDecodeError as fault:
        if records is None and fault.msg == "Extra data" and content.lstrip().startswith(b"{"):
            return _columns(*_lines(content), "ndjson")
        raise Unreadable(json_text.broken(fault)) from fault
    if isinstance(document, dict) and records is None and OBSERVATIONS not in document:
        return _columns([document], [1], [], "ndjson")
    listed = document if isinstance(document, list) and records is None else _under(document, records or OBSERVATIONS)
    return _columns(listed, range(1, len(listed) + 1), [], "json")


def _under(document: Any, name: str) -> list[Any]:
    listed = document.get(name) if isinstance(document, dict) else None
    if not isinstance(listed, list):
        seen = ", ".join(list(document)[:12]) if isinstance(document, dict) else type(document).__name__
        raise Unreadable(_no_list(name, seen))
    return listed


def _lines(content: bytes) -> tuple[list[Any], list[int], list[Finding]]:
    lines = content.split(b"\n")
    numbers = [number for number, line in enumerate(lines, 1) if line.strip()]
    try:
        # One call for all lines is three times faster than one for each.
        objects = json_text.parsed(b"[" + b",".join(lines[number - 1] for number in numbers) + b"]")
    except (ValueError, Unreadable):
        objects = []
    if len(objects) == len(numbers):
        return objects, numbers, []
    return _line_by_line(lines, numbers)


def _line_by_line(lines: list[bytes], numbers: list[int]) -> tuple[list[Any], list[int], list[Finding]]:
    objects: list[Any] = []
    good: list[int] = []
    faults: list[tuple[int, str]] = []
    for number in numbers:
        try:
            objects.append(json_text.parsed(lines[number - 1]))
            good.append(number)
        except (ValueError, Unreadable) as fault:
            faults.append((number, str(fault)))
    return objects, good, for_each(faults, lambda fault: _bad_line(*fault))


def _columns(objects: Sequence[Any], numbers: Sequence[int], findings: list[Finding], kind: str) -> Table:
    fit = numpy.fromiter((isinstance(each, dict) for each in objects), dtype=bool, count=len(objects))
    misfit = numpy.flatnonzero(~fit).tolist()
    findings += for_each(misfit, lambda at: _no_object(place(None, numbers[at], None, format=kind), objects[at]))
    kept = [each for each in objects if isinstance(each, dict)]
    if not kept:
        raise Unreadable(*findings, *([] if findings else [_no_records()]))
    names = list(dict.fromkeys(name for each in kept for name in each))
    for name in names:
        if (whole := name.encode(errors="replace").decode()) != name:
            raise Unreadable(_half_character(whole, whole))
    lines = pyarrow.array(numpy.asarray(numbers, dtype=numpy.int64)[fit])
    nested: list[tuple[int, str]] = []
    columns = tuple(_texts(kept, name, nested) for name in names)
    titles = tuple(unicodedata.normalize("NFC", name).strip() for name in names)
    texts = {at: are_texts for at, name in enumerate(names) if (are_texts := _are_texts(kept, name)) is not None}
    whole = Table(titles, columns, lines, None, kind, findings, texts=texts)
    findings += for_each(nested, lambda cell: _nested(whole, *cell))
    refused = numpy.zeros(len(kept), dtype=bool)
    refused[[row for row, _ in nested]] = True
    return whole.without(refused)


def _texts(objects: list[dict[str, Any]], name: str, nested: list[tuple[int, str]]) -> Column:
    """The texts under a name.

    Raises Unreadable where one holds half a character, which no text in UTF-8 can.
    """
    given = [each.get(name) for each in objects]
    if not {type(each) for each in given} <= {str, json_text.Number, type(None)}:
        for row, each in enumerate(given):
            if isinstance(each, bool):
                given[row] = "yes" if each else "no"
            elif isinstance(each, (list, dict)):
                given[row] = None
                nested.append((row, name))
    try:
        return clean(pyarrow.chunked_array([pyarrow.array(given, pyarrow.string())]))
    except UnicodeEncodeError as fault:
        raise Unreadable(_half_character(name, f"\\u{ord(fault.object[fault.start]):04x}")) from fault


def _are_texts(objects: list[dict[str, Any]], name: str) -> Column | None:
    """Which values under a name stand between quotation marks; None where none does."""
    are_texts = [type(each.get(name)) is str for each in objects]
    return pyarrow.array(are_texts) if any(are_texts) else None


def _bad_line(line: int, fault: str) -> Finding:
    return Finding(
        "broken_json",
        "error",
        place(None, line, None),
        excerpt(fault),
        "JSON",
        "Dòng này không phải một đối tượng JSON hợp lệ. Mỗi dòng phải là một đối tượng {…}.",
        f"This line is no valid JSON object ({excerpt(fault)}). Each line must be one object {{…}}.",
    )


def _half_character(name: str, found: str) -> Finding:
    shown = excerpt(name.encode(errors="replace").decode())
    return Finding(
        "broken_json",
        "error",
        "",
        found,
        "UTF-8",
        f"“{shown}” chứa nửa ký tự ({found}), không phải chữ hợp lệ. Hãy xuất lại tệp bằng UTF-8.",
        f"“{shown}” holds half a character ({found}), which is no valid text. Export the file again as UTF-8.",
    )


def _no_list(name: str, seen: str) -> Finding:
    return Finding(
        "no_records",
        "error",
        "",
        excerpt(seen),
        name,
        f"Không có danh sách “{name}” trong tệp JSON; tìm thấy: {excerpt(seen)}."
        f' Tệp phải là một danh sách, hoặc {{"{name}": […]}}.',
        f'The JSON has no list “{name}”; found: {excerpt(seen)}. It must be a list, or {{"{name}": […]}}.',
    )


def _no_records() -> Finding:
    return Finding(
        "no_rows",
        "error",
        "",
        "0",
        "≥ 1",
        "Danh sách trong tệp JSON trống. Hãy thêm ít nhất một số liệu.",
        "The list in the JSON is empty. Add at least one figure.",
    )


def _no_object(written: str, found: Any) -> Finding:
    return Finding(
        "no_object",
        "error",
        written,
        excerpt(str(found)),
        "{…}",
        "Mỗi số liệu phải là một đối tượng {…} với tên cột và giá trị.",
        "Each figure must be an object {…} of column names and values.",
    )


def _nested(whole: Table, row: int, name: str) -> Finding:
    return Finding(
        "nested_value",
        "error",
        place(None, whole.lines[row].as_py(), name, format=whole.format),
        "{…}",
        "1",
        f"“{excerpt(name)}” chứa một danh sách hoặc đối tượng; chỉ nhận chữ hoặc số.",
        f"“{excerpt(name)}” holds a list or an object; only a text or a number can be read.",
    )
