"""JSON-stat 2.0: a cube of indicators, reporting units and periods, for the tools of statistical offices."""

import math
from collections.abc import Generator, Mapping
from typing import Any

from sqlalchemy import Connection

from service.archive.metadata import Metadata
from service.archive.points import Statement
from service.exact_json import as_json
from service.formats import copied

# Who reads JSON-stat keeps all of it in memory, and some tools a cell for each that there could be.
MOST_OBSERVATIONS = 100_000
MOST_CELLS = 10_000_000

_DIMENSIONS = {
    "frequency": "Tần suất / Frequency",
    "indicator": "Chỉ tiêu / Indicator",
    "reporting_unit": "Đơn vị báo cáo / Reporting unit",
    "accumulation": "Cách cộng dồn / Accumulation",
    "source": "Nguồn / Source",
    "breakdown": "Phân tổ / Breakdown",
    "period": "Kỳ / Period",
}
_PARTS = tuple(_DIMENSIONS)[:-1]
# What JSON-stat has no word for, by cell as `value` and `status` are.
_BESIDE = ("unit_measure", "published_at", "valid_to", "reason", "derived", "computed_from")


def dataset(connection: Connection, statement: Statement, about: Metadata) -> Generator[bytes]:
    """The answer as one dataset; cells are told by number, because most of such a cube is empty."""
    told_periods = periods(connection, statement)
    codes = {part: sorted({each[part] for each in about.series}) for part in _PARTS} | {"period": told_periods}
    cell = _Cells(codes)
    value, status = dict[str, Any](), dict[str, str]()
    beside: dict[str, dict[str, Any]] = {name: {} for name in _BESIDE}
    for row in copied.rows(connection, statement, columns=f"series, period, value, status, {', '.join(_BESIDE)}"):
        at = cell.number(row[0], row[1])
        value[at], status[at] = row[2], row[3]
        for name, said in zip(_BESIDE, row[4:], strict=True):
            if said is not None:
                beside[name][at] = said
    vi, en = about.title
    told: dict[str, Any] = {
        "version": "2.0",
        "class": "dataset",
        "label": f"{vi} / {en}",
        "source": ", ".join(f"{each['name_vi']} / {each['name_en']}" for each in about.sources),
        "updated": max((each["last_published"] for each in about.series), default=about.as_of),
        "note": [*about.citation],
        "id": [*codes],
        "size": [len(each) for each in codes.values()],
        "role": {"time": ["period"], "geo": ["reporting_unit"], "metric": ["indicator"]},
        "dimension": _dimensions(codes, about),
        "value": value,
        "status": status,
        "extension": {"chiso": about.told(), "observations": beside},
    }
    yield as_json(told)


def cells(connection: Connection, statement: Statement, about: Metadata) -> int:
    """How many cells the cube has, most of them empty."""
    return len(periods(connection, statement)) * math.prod(
        len({each[part] for each in about.series}) for part in _PARTS
    )


def periods(connection: Connection, statement: Statement) -> list[str]:
    """The periods of the answer, of all frequencies, by their text."""
    distinct = statement.within("select distinct period from points")
    return sorted(str(row[0]) for row in copied.rows(connection, distinct))


class _Cells:
    """Numbers the cells of a cube by row-major order, the last dimension running fastest."""

    def __init__(self, codes: Mapping[str, list[str]]) -> None:
        step, self._places = 1, list[dict[str, int]]()
        for each in reversed(list(codes.values())):
            self._places.insert(0, {code: number * step for number, code in enumerate(each)})
            step *= len(each)

    def number(self, series: str, period: str) -> str:
        """The number of the cell of a series and period."""
        return str(sum(place[code] for place, code in zip(self._places, (*series.split("."), period), strict=True)))


def _dimensions(codes: Mapping[str, list[str]], about: Metadata) -> dict[str, Any]:
    names = about.names()
    told: dict[str, Any] = {
        part: {
            "label": label,
            "category": {
                "index": codes[part],
                "label": {code: " / ".join(names.get(part, {}).get(code, (code,))) for code in codes[part]},
            },
        }
        for part, label in _DIMENSIONS.items()
    }
    told["indicator"]["category"]["unit"] = _units(about, names["unit_measure"])
    return told


def _units(about: Metadata, measures: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Of each indicator the unit of measure of its values, where they have one; in another than its own 2 decimals."""
    told: dict[str, Any] = {}
    for indicator in about.indicators:
        code = indicator["code"]
        found = {each["unit_measure"] for each in about.series if each["indicator"] == code}
        if len(found) == 1:
            (measure,) = found
            own = indicator["decimals"]
            decimals = own if measure == indicator["unit_measure"] else max(own, 2)
            told[code] = {"label": " / ".join(measures.get(measure, (measure,))), "decimals": decimals}
    return told
