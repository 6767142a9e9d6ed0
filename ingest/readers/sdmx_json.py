"""SDMX-JSON data messages: 1.0 (with `meta` or still with `header`) and 2.0.

An observation names its dimensions and attributes by their positions in lists that the message brings along. Read here
from the document itself: pysdmx 1.21 reads no data in SDMX-JSON, sdmx1 2.28 only 1.0 and through floats (40.3000 came
out as 40.3).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from ingest.readers import json_text
from ingest.readers.encoding import as_utf8
from ingest.readers.sdmx import ACTION, ACTIONS, DATAFLOW, OBS_VALUE, Observations, dataflow
from ingest.readers.table import Table, Unreadable, excerpt
from ingest.submission import Finding

_BEGINS = re.compile(rb'\s*\{\s*"(?:\$schema|meta|header|structure|data|dataSets|errors)"\s*:')
_SAYS_SO = (b'"dataSets"', b"sdmx-json", b'"dataStructures"', b'"codelists"')
_CODES: Final = {word: letter for letter, word in ACTIONS.items()}

_Object: TypeAlias = Mapping[str, Any]
_Row: TypeAlias = dict[str, str | None]


class _Misplaced(Exception):
    """A list or a position of the message is not what the standard says."""


def recognises(content: bytes) -> bool:
    """Whether the text is a message of SDMX-JSON, of whatever kind."""
    return bool(_BEGINS.match(content.removeprefix(b"\xef\xbb\xbf"))) and any(each in content for each in _SAYS_SO)


def table(content: bytes) -> Table:
    """Put the observations of a message in columns, one a dimension, measure or attribute; `lines` counts them from 1.

    Raises Unreadable.
    """
    try:
        document = json_text.parsed(as_utf8(content))
    except json.JSONDecodeError as fault:
        raise Unreadable(json_text.broken(fault)) from fault
    data = document.get("data", document)
    if not isinstance(data, dict) or "dataSets" not in data:
        raise Unreadable(_no_data(document))
    try:
        observations = Observations()
        for data_set in _list(data["dataSets"]):
            for row in _observations(data, _object(data_set)):
                observations.add(row)
    except (_Misplaced, IndexError, ValueError) as fault:
        raise Unreadable(_misplaced(str(fault))) from fault
    read = observations.table("sdmx-json")
    if read is None:
        raise Unreadable(_no_observations())
    return read


def _observations(data: _Object, data_set: _Object) -> Iterator[_Row]:
    structure = _structure(data, data_set)
    dimensions, attributes = _object(structure.get("dimensions")), _object(structure.get("attributes"))
    of_all = _first_texts(_components(dimensions, "dataSet"))
    of_all |= _texts(_components(attributes, "dataSet"), _list(data_set.get("attributes")))
    said = str(data_set.get("action") or "")
    of_all |= {DATAFLOW: _flow(structure, data_set), ACTION: _CODES.get(said, said)}
    groups = _groups(dimensions, _components(attributes, "dimensionGroup"), data_set)
    key, of_observation = _components(dimensions, "observation"), _components(attributes, "observation")
    measures = [str(each.get("id")) for each in _components(_object(structure.get("measures")), "observation")]
    for series_key, series in _object(data_set.get("series")).items() if "series" in data_set else [("", data_set)]:
        series = _object(series)
        of_series = of_all.copy()
        if "series" in data_set:
            of_series |= _named(_components(dimensions, "series"), series_key)
            of_series |= _texts(_components(attributes, "series"), _list(series.get("attributes")))
        for observation_key, observation in _object(series.get("observations")).items():
            row = of_series | _named(key, observation_key)
            listed = _list(observation)
            row |= dict(zip(measures or [OBS_VALUE], (_text(each) for each in listed), strict=False))
            row |= _texts(of_observation, listed[len(measures or [OBS_VALUE]) :])
            for names, group in groups.items():
                row = group.get(tuple(row.get(name) for name in names), {}) | row
            yield row


def _structure(data: _Object, data_set: _Object) -> _Object:
    if "structure" in data:
        return _object(data["structure"])
    structures = _list(data.get("structures"))
    return _object(structures[_position(data_set.get("structure") or 0)])


def _flow(structure: _Object, data_set: _Object) -> str:
    """The dataflow that the links name, else the structure."""
    links = [_object(link) for link in (*_list(structure.get("links")), *_list(data_set.get("links")))]
    for kind in ("dataflow", "datastructure", "provisionagreement"):
        for link in links:
            if link.get("rel") == kind:
                return dataflow(str(link.get("urn") or link.get("href") or ""))
    return ""


def _groups(
    dimensions: _Object, attributes: Sequence[_Object], data_set: _Object
) -> dict[tuple[str, ...], dict[tuple[str | None, ...], _Row]]:
    """The attributes of groups (2.0): by the dimensions that a group names, and their values there.

    The key of a group names the dimensions in the order in which the structure lists them, not in that of series keys.
    """
    everywhere = [each for kind in ("dataSet", "series", "observation") for each in _components(dimensions, kind)]
    groups: dict[tuple[str, ...], dict[tuple[str | None, ...], _Row]] = {}
    for key, told in _object(data_set.get("dimensionGroupAttributes")).items():
        named = _named(everywhere, key)
        groups.setdefault(tuple(named), {})[tuple(named.values())] = _texts(attributes, _list(told))
    return groups


def _components(parts: _Object, kind: str) -> list[_Object]:
    return [_object(each) for each in _list(parts.get(kind))]


def _first_texts(components: Sequence[_Object]) -> _Row:
    """Of dimensions that are the same for a whole data set, their one value."""
    return {str(each.get("id")): _value(each, "0") for each in components}


def _named(components: Sequence[_Object], key: str) -> _Row:
    """The dimensions of a key: positions between colons, of which a partial key leaves some out."""
    positions = key.split(":") if components else []
    if len(positions) != len(components):
        raise _Misplaced(f"{key} ≠ {len(components)}")
    return {
        str(each.get("id")): _value(each, position)
        for each, position in zip(components, positions, strict=True)
        if position
    }


def _texts(components: Sequence[_Object], listed: Sequence[Any]) -> _Row:
    """The attributes in a list: positions of their values, or where there are none to choose from the texts."""
    return {
        str(each.get("id")): _value(each, told) if each.get("values") else _text(told)
        for each, told in zip(components, listed, strict=False)
        if told is not None
    }


def _value(component: _Object, position: Any) -> str | None:
    value = _list(component.get("values"))[_position(position)]
    if not isinstance(value, dict):
        return _text(value)
    return _text(next((value[name] for name in ("id", "value", "name") if value.get(name) is not None), None))


def _text(value: Any) -> str | None:
    """A value of the document as a text: several are separated by semicolons, a text in languages is its first."""
    if isinstance(value, dict):
        return _text(next(iter(value.values()), None))
    if isinstance(value, list):
        return "; ".join(each for each in map(_text, value) if each)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _position(written: Any) -> int:
    position = int(str(written))
    if position < 0:
        raise _Misplaced(str(written))
    return position


def _object(value: Any) -> _Object:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Misplaced(excerpt(str(value)))
    return value


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _Misplaced(excerpt(str(value)))
    return value


def _error(rule: str, found: str, expected: str, vi: str, en: str) -> Finding:
    return Finding(rule, "error", "", found, expected, vi, en)


def _no_data(document: _Object) -> Finding:
    seen = excerpt(", ".join([*document, *(document["data"] if isinstance(document.get("data"), dict) else ())]), 200)
    return _error(
        "no_data_message",
        seen,
        "dataSets",
        f"Thông điệp SDMX-JSON này không có số liệu (dataSets); tìm thấy: {seen}. Hãy gửi thông điệp dữ liệu (data).",
        f"This SDMX-JSON message has no figures (dataSets); found: {seen}. Send the data message.",
    )


def _misplaced(found: str) -> Finding:
    return _error(
        "broken_sdmx_json",
        excerpt(found),
        "SDMX-JSON",
        f"Thông điệp SDMX-JSON không khớp với danh sách chiều của chính nó (“{excerpt(found)}”). Hãy xuất lại tệp.",
        f"The SDMX-JSON does not fit the dimensions that it lists itself (“{excerpt(found)}”). Export it again.",
    )


def _no_observations() -> Finding:
    return _error(
        "no_rows",
        "0",
        "≥ 1",
        "Thông điệp SDMX-JSON không có số liệu nào. Hãy kiểm tra lại điều kiện khi tải tệp.",
        "The SDMX-JSON message has no observation. Check what was asked for when it was downloaded.",
    )
