"""SDMX-ML data messages: 2.1 generic and structure-specific, 3.0 and 3.1, whichever dimension is at the observation.

Read by expat as a stream, by the names that stand in the message; no structure is asked for and nothing is downloaded.
Neither pysdmx 1.21 nor sdmx1 2.28 does: without the structure sdmx1 refuses 3.0, pysdmx loses the dimension of a
cross-sectional measure and one of two data sets of the same structure, and both build all of a message in memory
several times over and tell no place. They are what our own messages are tried against. A document type is refused
where it begins, before an entity could be declared, so that none is expanded or fetched.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from ingest.place import place
from ingest.readers.sdmx import ACTION, ACTIONS, DATAFLOW, OBS_VALUE, TIME_PERIOD, Observations, dataflow
from ingest.readers.table import Table, Unreadable, excerpt
from ingest.submission import Finding

_DEEPEST = 60
_GENERIC = ("GenericData", "GenericTimeSeriesData")
_SPECIFIC = ("StructureSpecificData", "StructureSpecificTimeSeriesData")
_MESSAGE = re.compile(r"http://www\.sdmx\.org/resources/sdmxml/schemas/v(2_1|3_0|3_1)/message$")
_SDMX = re.compile(r"http://www\.sdmx\.org/resources/sdmxml/schemas/v(\d_\d)/", re.IGNORECASE)
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_ALL = "AllDimensions"
# What is said of a data set and is no component; some writers leave the namespace out.
_OF_DATA_SET = (
    "structureRef", "setID", "dataScope", "validFromDate", "validToDate", "publicationYear", "publicationPeriod",
    "reportingBeginDate", "reportingEndDate",
)  # fmt: skip
_CODES = {word: letter for letter, word in ACTIONS.items()}


def table(content: bytes) -> Table:
    """Put the observations of a message in columns, one a dimension, measure or attribute; `lines` counts them from 1.

    An attribute of a series, a group or the data set stands at each observation that it is about.

    Raises Unreadable.
    """
    message = _Message()
    try:
        message.parser.Parse(content, True)
    except expat.ExpatError as fault:
        raise Unreadable(_broken(fault)) from fault
    except (LookupError, ValueError) as fault:
        raise Unreadable(_strange_encoding(str(fault))) from fault
    return message.table()


@dataclass(slots=True)
class _Structure:
    """What the header says of a data set: its dataflow, and the dimension at the observation."""

    flow: str = ""
    at_observation: str = TIME_PERIOD


@dataclass(slots=True)
class _DataSet:
    """What holds for all of a data set, and the groups it has named."""

    structure: _Structure
    texts: dict[str, str]
    groups: dict[frozenset[str], list[dict[str, str]]] = field(default_factory=dict[frozenset[str], list[Any]])
    indexes: dict[tuple[frozenset[str], frozenset[str]], dict[tuple[str, ...], dict[str, str]]] = field(
        default_factory=dict[tuple[frozenset[str], frozenset[str]], dict[Any, Any]]
    )

    def of_groups(self, texts: dict[str, str]) -> dict[str, str]:
        """The attributes of the groups to which an observation belongs."""
        found: dict[str, str] = {}
        names = frozenset(texts)
        for of_group, groups in self.groups.items():
            # A structure-specific group does not say which of its names are dimensions: those that are names here too.
            shared = tuple(sorted(of_group & names))
            index = self.indexes.get((of_group, names))
            if index is None:
                index = {tuple(group[name] for name in shared): group for group in groups}
                self.indexes[of_group, names] = index
            found |= index.get(tuple(texts[name] for name in shared), {})
        return found


class _Message:
    """A message on its way through the parser."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _refuse_document_type
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.open: list[str] = []
        self.generic = False
        self.structures: dict[str, _Structure] = {}
        self.header = _Structure()
        self.action = ""
        self.data_sets = 0
        self.data_set = _DataSet(_Structure(), {})
        self.series: dict[str, str] = {}
        self.group: dict[str, str] | None = None
        self.observation: dict[str, str] | None = None
        self.component = ""
        self.several: list[str] = []
        self.written: list[str] = []
        self.observations = Observations()

    def table(self) -> Table:
        """The observations that were read."""
        read = self.observations.table("sdmx-ml")
        if read is None:
            raise Unreadable(_no_observations(self.data_sets))
        return read

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if not self.open:
            self.generic = _is_generic(namespace, local)
        self.open.append(local)
        if len(self.open) > _DEEPEST:
            raise Unreadable(_too_deep())
        self.written = []
        if "Header" in self.open:
            self._start_in_header(local, attributes)
        elif local == "DataSet" and len(self.open) == 2:
            self._start_data_set(attributes)
        elif "DataSet" in self.open:
            self._start_in_data_set(local, attributes)

    def _start_in_header(self, local: str, attributes: dict[str, str]) -> None:
        if local == "Structure" and "structureID" in attributes:
            self.header = _Structure(at_observation=attributes.get("dimensionAtObservation", TIME_PERIOD))
            self.structures[attributes["structureID"]] = self.header
        elif local == "Ref" and not self.header.flow:
            agency, version = attributes.get("agencyID", ""), attributes.get("version", "1.0")
            self.header.flow = f"{agency}:{attributes.get('id', '')}({version})"

    def _start_data_set(self, attributes: dict[str, str]) -> None:
        self.data_sets += 1
        said = {name.rpartition(" ")[2]: text for name, text in attributes.items()}
        structure = self.structures.get(said.get("structureRef", ""), self.header)
        action = said.get("action", self.action)
        texts = {DATAFLOW: structure.flow, ACTION: _CODES.get(action, action)}
        self.data_set = _DataSet(structure, {name: text for name, text in texts.items() if text})
        if not self.generic:
            own = _own(attributes)
            self.data_set.texts |= {name: text for name, text in own.items() if name not in _OF_DATA_SET}
        self.series = {}

    def _start_in_data_set(self, local: str, attributes: dict[str, str]) -> None:
        match local:
            case "Series":
                self.series = {} if self.generic else _own(attributes)
            case "Group":
                self.group = {} if self.generic else _own(attributes)
            case "Obs":
                self.observation = {} if self.generic else self._specific(attributes)
            case "Atts" if not self.generic:
                self.data_set.texts |= _own(attributes)
            case "Comp":
                self.component = attributes.get("id", "")
            case "Value" if self.generic:
                self._say(attributes.get("id", ""), attributes.get("value", ""))
            case "ObsDimension":
                self._say(attributes.get("id") or self.data_set.structure.at_observation, attributes.get("value", ""))
            case "ObsValue":
                self._say(attributes.get("id") or OBS_VALUE, attributes.get("value", ""))
            case _:
                pass

    def _specific(self, attributes: dict[str, str]) -> dict[str, str]:
        texts = _own(attributes)
        # The measures of a cross-sectional message are types of an observation, each named for its code.
        kind = attributes.get(f"{_INSTANCE} type", "").rpartition(":")[2]
        at = self.data_set.structure.at_observation
        if kind and kind != "ObsType" and at not in texts and at not in (_ALL, TIME_PERIOD):
            texts[at] = kind
        return texts

    def _say(self, name: str, text: str) -> None:
        """Keep a text where it belongs: with the observation, the group, the series or the data set."""
        if self.observation is not None:
            self.observation[name] = text
        elif self.group is not None:
            self.group[name] = text
        elif "Series" in self.open:
            self.series[name] = text
        else:
            self.data_set.texts[name] = text

    def _text(self, text: str) -> None:
        self.written.append(text)

    def _end(self, _name: str) -> None:
        local = self.open.pop()
        text = "".join(self.written).strip()
        self.written = []
        match local:
            case "DataSetAction":
                self.action = text
            case "URN" | "StructureUsage" | "Structure" | "ProvisionAgreement" if text and not self.header.flow:
                self.header.flow = dataflow(text)
            case "Value" if self.component and text:
                self.several.append(text)
            case "Comp" if self.component:
                self._say(self.component, "; ".join(self.several))
                self.component, self.several = "", []
            case "Group" if self.group is not None:
                self.data_set.groups.setdefault(frozenset(self.group), []).append(self.group)
                self.group = None
            case "Obs" if self.observation is not None:
                self._end_observation(self.observation)
                self.observation = None
            case "Series":
                self.series = {}
            case _:
                pass

    def _end_observation(self, observation: dict[str, str]) -> None:
        texts = self.data_set.texts | self.series | observation
        if self.data_set.groups:
            texts = self.data_set.of_groups(texts) | texts
        self.observations.add(texts)


def _own(attributes: dict[str, str]) -> dict[str, str]:
    """The components among the attributes of an element: those without a namespace, and its action."""
    own = {name: text for name, text in attributes.items() if " " not in name and name != "action"}
    for name, text in attributes.items():
        if name.rpartition(" ")[2] == "action":
            own[ACTION] = _CODES.get(text, text)
    return own


def _is_generic(namespace: str, local: str) -> bool:
    """Whether a root element is that of generic data; False where it is that of structure-specific data.

    Raises Unreadable where it is neither.
    """
    known = _SDMX.match(namespace)
    if _MESSAGE.match(namespace) and local in (*_GENERIC, *_SPECIFIC):
        return local in _GENERIC
    if known is None:
        raise Unreadable(_no_sdmx(local, namespace))
    version = known[1].replace("_", ".")
    if version not in ("2.1", "3.0", "3.1"):
        raise Unreadable(_old_version(version))
    raise Unreadable(_no_data(local))


def _refuse_document_type(*_declared: Any) -> None:
    raise Unreadable(_document_type())


def _error(rule: str, where: str, found: str, expected: str, vi: str, en: str) -> Finding:
    return Finding(rule, "error", where, found, expected, vi, en)


def _broken(fault: expat.ExpatError) -> Finding:
    why = expat.errors.messages.get(fault.code, str(fault))
    return _error(
        "broken_xml",
        place(None, fault.lineno, None),
        f"{why} ({fault.offset + 1})",
        "XML",
        f"Từ dòng {fault.lineno}, ký tự {fault.offset + 1} tệp không còn là XML hợp lệ."
        " Hãy kiểm tra tệp có bị cắt không.",
        f"From line {fault.lineno}, character {fault.offset + 1} on this is no valid XML ({why})."
        " Check whether the file was cut off.",
    )


def _strange_encoding(why: str) -> Finding:
    return _error(
        "not_utf8",
        "",
        excerpt(why),
        "UTF-8",
        f"Không đọc được bảng mã mà tệp XML khai báo ({excerpt(why)}). Hãy xuất lại tệp bằng UTF-8.",
        f"The encoding that the XML declares cannot be read ({excerpt(why)}). Export it again as UTF-8.",
    )


def _document_type() -> Finding:
    return _error(
        "document_type",
        "",
        "<!DOCTYPE>",
        "SDMX-ML",
        "Tệp XML có khai báo DOCTYPE; SDMX-ML không dùng và có thể gây hại, nên không được đọc. Hãy xuất lại tệp.",
        "The XML declares a document type, which SDMX-ML has no use for and which can do harm; it was not read."
        " Export the file again.",
    )


def _no_sdmx(local: str, namespace: str) -> Finding:
    return _error(
        "no_sdmx",
        "",
        f"<{excerpt(local)}> {excerpt(namespace)}".strip(),
        "GenericData, StructureSpecificData",
        f"Đây là tệp XML loại khác (phần tử gốc “{excerpt(local)}”), không phải SDMX-ML. Hãy gửi SDMX-ML 2.1 hoặc 3.0,"
        " CSV, XLSX hoặc JSON.",
        f"This is XML of another kind (its root element is “{excerpt(local)}”), not SDMX-ML. Send SDMX-ML 2.1 or 3.0,"
        " CSV, XLSX or JSON.",
    )


def _old_version(version: str) -> Finding:
    return _error(
        "sdmx_version",
        "",
        f"SDMX-ML {version}",
        "SDMX-ML 2.1, 3.0, 3.1",
        f"Đây là SDMX-ML {version}; chỉ đọc được 2.1, 3.0 và 3.1. Hãy xuất lại theo một trong các phiên bản đó.",
        f"This is SDMX-ML {version}; 2.1, 3.0 and 3.1 are read. Export it again in one of these.",
    )


def _no_data(local: str) -> Finding:
    kinds = {
        "Structure": ("cấu trúc (danh mục, định nghĩa), không có số liệu", "structures (code lists, definitions)"),
        "Error": ("một thông báo lỗi của máy chủ", "an error that a server answered with"),
    }
    vi, en = kinds.get(local, (f"“{excerpt(local)}”", f"“{excerpt(local)}”"))
    return _error(
        "no_data_message",
        "",
        local,
        "GenericData, StructureSpecificData",
        f"Thông điệp SDMX này là {vi}. Hãy gửi thông điệp dữ liệu (data).",
        f"This SDMX message holds {en} and no figures. Send the data message.",
    )


def _no_observations(data_sets: int) -> Finding:
    return _error(
        "no_rows",
        "",
        "0",
        "≥ 1",
        "Thông điệp SDMX không có số liệu nào"
        + (" (bộ dữ liệu trống)" if data_sets else " (không có DataSet)")
        + ". Hãy kiểm tra lại điều kiện khi tải tệp.",
        "The SDMX message has no observation"
        + (" (its data set is empty)" if data_sets else " (it has no DataSet)")
        + ". Check what was asked for when it was downloaded.",
    )


def _too_deep() -> Finding:
    return _error(
        "xml_too_deep",
        "",
        f"> {_DEEPEST}",
        f"≤ {_DEEPEST}",
        f"Tệp XML lồng hơn {_DEEPEST} cấp; SDMX-ML không có tệp nào như vậy. Hãy xuất lại tệp.",
        f"The XML is nested more than {_DEEPEST} deep, which no SDMX-ML is. Export the file again.",
    )
