"""JSON whose numbers keep the digits they were written with: 97.10 stays 97.10, and nothing passes through a float."""

import json
from typing import Any

from ingest.place import place
from ingest.readers.table import Unreadable, excerpt
from ingest.submission import Finding


class Number(str):
    """A number of JSON, with the digits that it was written with."""

    __slots__ = ()


class _DuplicateName(ValueError):
    """An object names one thing twice."""


def parsed(text: bytes | str) -> Any:
    """The document, its numbers as texts that are known as Number.

    Raises json.JSONDecodeError where this is no JSON, Unreadable where it is JSON that nobody could understand.
    """
    try:
        return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number, object_pairs_hook=_object)
    except _DuplicateName as fault:
        raise Unreadable(_unfit(str(fault))) from fault
    except RecursionError as fault:
        raise Unreadable(_unfit("[[[…")) from fault


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateName(next(name for name in made if names.count(name) > 1))
    return made


def broken(fault: json.JSONDecodeError) -> Finding:
    """Say from where on a text is no JSON."""
    return Finding(
        "broken_json",
        "error",
        place(None, fault.lineno, None),
        f"{fault.msg} ({fault.colno})",
        "JSON",
        f"Từ dòng {fault.lineno}, ký tự {fault.colno} tệp không còn là JSON hợp lệ. Hãy kiểm tra tệp có bị cắt không.",
        f"From line {fault.lineno}, character {fault.colno} on this is no valid JSON ({fault.msg})."
        " Check whether the file was cut off.",
    )


def _unfit(name: str) -> Finding:
    return Finding(
        "broken_json",
        "error",
        "",
        excerpt(name),
        "JSON",
        f"Tệp JSON lồng quá sâu hoặc lặp tên “{excerpt(name)}” trong một đối tượng. Hãy xuất lại tệp.",
        f"The JSON is nested too deeply, or an object names “{excerpt(name)}” twice. Export the file again.",
    )
