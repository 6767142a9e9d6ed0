"""Reading the catalogue's files so that every fault can name its file and line.

Every scalar is text here (`no` is a word and `2024` a period); what it has to be is said by the word it becomes.
"""

import csv
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from ingest.spelling import nearest

Word = TypeVar("Word")
_YAML: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where libyaml is there

# These keys hold {vi, en}; the words hold name_vi and name_en.
_IN_TWO_LANGUAGES = ("name", "definition", "numerator", "denominator", "symbol", "sentence")
# A dataset says `items: all` and `frequency: any`; its word holds None.
_NO_LIMIT = {"items": "all", "frequency": "any"}
_LEAD_SPAN = {"from": "valid_from", "to": "valid_to"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in the catalogue, and where."""

    file: str
    line: int
    en: str

    def __str__(self) -> str:
        """Return the one sentence that a person reads."""
        return f"{self.file}, line {self.line}: {self.en}"


class Faulty(ValueError):
    """The catalogue has faults; each names its file and line."""

    def __init__(self, faults: list[Fault]):
        """Keep the faults for whoever wants to print them one by one."""
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a file as it is written, with the line of each key (`lead.0.from`)."""

    file: str
    line: int
    values: dict[str, Any]
    lines: dict[str, int]

    def fault(self, en: str, key: str = "") -> Fault:
        """Return the fault at a key of this record, or at its beginning."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return Fault(self.file, self.lines.get(key, self.line), en)


@dataclass(frozen=True, slots=True)
class Placed(Generic[Word]):
    """A word of the catalogue and the record it was read from."""

    word: Word
    record: Record


def yaml_records(path: Path, name: str, faults: list[Fault]) -> Iterator[Record]:
    """Give the entries of a YAML file: the items of its list, or the one mapping it is."""
    try:
        node = yaml.compose(path.read_text("utf-8"), Loader=_YAML)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        faults.append(Fault(name, mark.line + 1 if mark else 1, f"this is no YAML in UTF-8 ({_problem(error)})"))
        return
    for entry in node.value if isinstance(node, yaml.SequenceNode) else [node] if node else []:
        line = entry.start_mark.line + 1
        if not isinstance(entry, yaml.MappingNode):
            faults.append(Fault(name, line, "an entry with keys is expected here"))
            continue
        lines: dict[str, int] = {}
        twice: list[yaml.Node] = []
        yield Record(name, line, _plain(entry, "", lines, twice), lines)
        for key in twice:
            at = key.start_mark.line + 1
            faults.append(Fault(name, at, f'the key "{key.value}" stands twice in one entry'))


def csv_records(path: Path, name: str, faults: list[Fault]) -> Iterator[Record]:
    """Give the rows of a CSV file; an empty cell is a key that is not there."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, strict=True)
        line = 1
        try:
            headings = next(rows, [])
            line = rows.line_num + 1
            for row in rows:
                if len(row) != len(headings):
                    faults.append(Fault(name, line, f"{len(row)} cells stand here, the headings are {len(headings)}"))
                else:
                    values = {heading: cell for heading, cell in zip(headings, row, strict=True) if cell}
                    yield Record(name, line, values, {})
                line = rows.line_num + 1
        except (csv.Error, UnicodeDecodeError) as error:
            faults.append(Fault(name, line, f"this is no CSV in UTF-8 ({error})"))


def word(cls: type[Word], record: Record, faults: list[Fault]) -> Placed[Word] | None:
    """Make the word of a record; what it cannot be becomes faults."""
    values = _flat(record)
    try:
        return Placed(_reading(cls).validate_python(values), record)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            keys = _as_written([str(part) for part in detail["loc"] if not _is_branch(part)], record)
            faults.append(record.fault(_sentence(cls, detail["type"], keys, detail), _written(".".join(keys))))
        return None


@cache
def _reading(cls: type[Word]) -> TypeAdapter[Word]:
    return TypeAdapter(cls)


def _plain(node: yaml.Node, path: str, lines: dict[str, int], twice: list[yaml.Node]) -> Any:
    if path:
        lines[path] = node.start_mark.line + 1
    at = f"{path}." if path else ""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, f"{at}{index}", lines, twice) for index, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    values: dict[str, Any] = {}
    for key, value in node.value:
        if key.value in values:
            twice.append(key)
        values[key.value] = _plain(value, f"{at}{key.value}", lines, twice)
        lines[f"{at}{key.value}"] = key.start_mark.line + 1
    return values


def _flat(record: Record) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in record.values.items():
        if key in _IN_TWO_LANGUAGES and isinstance(value, dict):
            values.update({f"{key}_{language}": text for language, text in value.items()})
        elif key == "lead" and isinstance(value, list):
            values[key] = [
                {_LEAD_SPAN.get(name, name): text for name, text in item.items()} if isinstance(item, dict) else item
                for item in value
            ]
        else:
            values[key] = None if _NO_LIMIT.get(key) == value else value
    return values


def _written(path: str) -> str:
    """Return the path as the file writes it: name.vi for name_vi."""
    head, _, rest = path.partition(".")
    stem, _, language = head.rpartition("_")
    if stem in _IN_TWO_LANGUAGES:
        head = f"{stem}.{language}"
    span = {value: key for key, value in _LEAD_SPAN.items()}
    return ".".join([head, *(span.get(part, part) if head == "lead" else part for part in rest.split(".") if rest)])


def _is_branch(part: int | str) -> bool:
    # Of a union (text or IndicatorPlace) pydantic names the branch; the file has no such key.
    return isinstance(part, str) and (part == "str" or (part[:1].isupper() and not part.isupper()))


def _as_written(keys: list[str], record: Record) -> list[str]:
    """Leave out of a path what the file does not have: of words that differ by kind pydantic names the kind."""
    kept: list[str] = []
    for key in keys[:-1]:
        if not record.lines or ".".join([*kept, key]) in record.lines:
            kept.append(key)
    return [*kept, *keys[-1:]]


def _sentence(cls: type, kind: str, keys: list[str], detail: Any) -> str:
    key = _written(".".join(keys))
    last = keys[-1] if keys else ""
    found = detail["input"]
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        near = nearest(last, _keys(_holder(cls, [str(part) for part in detail["loc"][:-1]])), limit=1)
        return f'"{key}" is no key of {cls.__name__}' + (f'; the nearest is "{_written(near[0])}"' if near else "")
    if kind in ("missing", "missing_argument"):
        return f'the key "{key}" is missing'
    if kind == "literal_error":
        return f'"{key}" is "{found}"; it must be one of {detail["ctx"]["expected"]}'
    if kind == "union_tag_invalid":
        return f'"{key}.kind" is "{detail["ctx"]["tag"]}"; it must be one of {detail["ctx"]["expected_tags"]}'
    if kind.startswith("date"):
        return f'"{key}" is "{found}"; a date is written 2024-01-31'
    if kind.startswith(("decimal", "int")):
        return f'"{key}" is "{found}"; a number is expected'
    return f'"{key}" is "{found}"; {detail["msg"].lower()}'


def _keys(cls: Any) -> list[str]:
    return [each.name for each in fields(cls)]


def _holder(cls: Any, path: list[str]) -> Any:
    """Return the dataclass that holds the last key of a path: Indicator, ["lead", "0"] gives Lead."""
    kinds: list[Any] = []
    for part in path:
        if part.isdecimal():
            continue
        if of_kind := [each for each in kinds if part in typing.get_args(typing.get_type_hints(each).get("kind"))]:
            cls, kinds = of_kind[0], []
            continue
        kinds = _dataclasses_in(typing.get_type_hints(cls).get(part))
        cls = kinds[0] if kinds else cls
    return cls


def _dataclasses_in(hint: Any) -> list[Any]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType, tuple):
        return [found for inner in typing.get_args(hint) for found in _dataclasses_in(inner)]
    return [hint] if hasattr(hint, "__dataclass_fields__") else []


def _problem(error: Exception) -> str:
    return str(getattr(error, "problem", None) or error)
