"""Data messages: the rows of a dataflow as generic or structure-specific SDMX-ML 2.1, or as SDMX-CSV 2.0.

They are written here and not by a library: sdmx1 2.28 names generic data as structure-specific, which no reader takes
for what it is, and pysdmx 1.21 puts texts into its XML as Python would write them (it makes \\xa0 of a no-break space).
That these can be read, both are asked in the tests, and the schema of SDMX.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from xml.etree import ElementTree

from service.api.sdmx.flows import AGENCY, MEASURE, TIME, VERSION, Flow

MEDIA_TYPES = {
    "genericdata": "application/vnd.sdmx.genericdata+xml;version=2.1",
    "structurespecificdata": "application/vnd.sdmx.structurespecificdata+xml;version=2.1",
    "csv": "application/vnd.sdmx.data+csv;version=2.0.0",
}
Detail = Literal["full", "dataonly", "serieskeysonly", "nodata"]
# A row by the codes of the components, as text.
Told = Mapping[str, str | None]

_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/"
_NAMESPACES = {
    "message": f"{_SCHEMAS}message",
    "common": f"{_SCHEMAS}common",
    "generic": f"{_SCHEMAS}data/generic",
    "specific": f"{_SCHEMAS}data/structurespecific",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
for _prefix, _namespace in _NAMESPACES.items():
    ElementTree.register_namespace(_prefix, _namespace)


def written(
    flow: Flow, rows: Sequence[Mapping[str, Any]], media_format: str, *, detail: Detail, prepared: datetime
) -> bytes:
    """The rows in one of MEDIA_TYPES; one series for each key without its period, in the order of the rows.

    Without `full` there are no attributes; of `serieskeysonly` and `nodata` there are the keys of the series.
    """
    told = [{each.id: _told(row[each.column]) for each in flow.components} for row in rows]
    if media_format == "csv":
        return _csv(flow, told, detail)
    series: dict[tuple[str | None, ...], list[Told]] = {}
    for row in told:
        series.setdefault(tuple(row[each.id] for each in flow.dimensions), []).append(row)
    write = _generic if media_format == "genericdata" else _specific
    return ElementTree.tostring(write(flow, series.values(), detail, prepared), encoding="utf-8", xml_declaration=True)


def _csv(flow: Flow, rows: Iterable[Told], detail: Detail) -> bytes:
    columns = _columns(flow, detail)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["STRUCTURE", "STRUCTURE_ID", "ACTION", *columns])
    lines = (("dataflow", f"{AGENCY}:{flow.id}({VERSION})", "I", *(row[column] for column in columns)) for row in rows)
    # Where only its key is wanted, a series of several rows is told once.
    writer.writerows(dict.fromkeys(lines))
    return text.getvalue().encode()


def _generic(flow: Flow, series: Iterable[Sequence[Told]], detail: Detail, prepared: datetime) -> ElementTree.Element:
    root = _message("GenericData", flow, prepared, {})
    data = _in(root, "message", "DataSet", {"structureRef": _structure(flow), "action": "Information"})
    for rows in series:
        each = _in(data, "generic", "Series")
        _values(_in(each, "generic", "SeriesKey"), rows[0], [dimension.id for dimension in flow.dimensions])
        for row in rows if _has_observations(detail) else ():
            observation = _in(each, "generic", "Obs")
            _in(observation, "generic", "ObsDimension", {"value": row[TIME]})
            if row[MEASURE] is not None:
                _in(observation, "generic", "ObsValue", {"value": row[MEASURE]})
            if detail == "full":
                _values(_in(observation, "generic", "Attributes"), row, [each.id for each in flow.attributes])
    return root


def _values(parent: ElementTree.Element, row: Told, names: Iterable[str]) -> None:
    for name in names:
        if row[name] is not None:
            _in(parent, "generic", "Value", {"id": name, "value": row[name]})


def _specific(flow: Flow, series: Iterable[Sequence[Told]], detail: Detail, prepared: datetime) -> ElementTree.Element:
    urn = f"urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure={AGENCY}:{_structure(flow)}({VERSION})"
    namespace = f"{urn}:ObsLevelDim:{TIME}"
    root = _message("StructureSpecificData", flow, prepared, {"namespace": namespace})
    told = {
        _name("specific", "structureRef"): _structure(flow),
        _name("specific", "dataScope"): "DataStructure",
        _name("xsi", "type"): "flow:DataSetType",
        "xmlns:flow": namespace,
        "action": "Information",
    }
    data = _in(root, "message", "DataSet", told)
    keys = [dimension.id for dimension in flow.dimensions]
    at_observation = [name for name in _columns(flow, detail) if name not in keys]
    for rows in series:
        each = ElementTree.SubElement(data, "Series", _said(rows[0], keys))
        for row in rows if _has_observations(detail) else ():
            ElementTree.SubElement(each, "Obs", _said(row, at_observation))
    return root


def _said(row: Told, names: Iterable[str]) -> dict[str, str]:
    return {name: value for name in names if (value := row[name]) is not None}


def _message(kind: str, flow: Flow, prepared: datetime, about: Mapping[str, str]) -> ElementTree.Element:
    root = ElementTree.Element(_name("message", kind))
    header = _in(root, "message", "Header")
    for name, said in (("ID", flow.id), ("Test", "false"), ("Prepared", prepared.isoformat())):
        _in(header, "message", name).text = said
    _in(header, "message", "Sender", {"id": AGENCY})
    structure = {"structureID": _structure(flow), "dimensionAtObservation": TIME, **about}
    named = _in(_in(header, "message", "Structure", structure), "common", "Structure")
    ElementTree.SubElement(named, "Ref", {"agencyID": AGENCY, "id": _structure(flow), "version": VERSION})
    return root


def _in(
    parent: ElementTree.Element, namespace: str, name: str, attributes: Mapping[str, str | None] | None = None
) -> ElementTree.Element:
    said = {key: value for key, value in (attributes or {}).items() if value is not None}
    return ElementTree.SubElement(parent, _name(namespace, name), said)


def _name(namespace: str, name: str) -> str:
    return f"{{{_NAMESPACES[namespace]}}}{name}"


def _structure(flow: Flow) -> str:
    return f"DSD_{flow.id}"


def _has_observations(detail: Detail) -> bool:
    return detail in ("full", "dataonly")


def _columns(flow: Flow, detail: Detail) -> list[str]:
    if not _has_observations(detail):
        return [each.id for each in flow.dimensions]
    left_out = () if detail == "full" else flow.attributes
    return [each.id for each in flow.components if each not in left_out]


def _told(value: Any) -> str | None:
    """A value as text: numbers with all their digits, days and moments by ISO 8601."""
    match value:
        case None | str():
            return value
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return str(value)
