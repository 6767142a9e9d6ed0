"""Structures as sdmx1's classes, and as SDMX-ML 2.1: dataflows, their structures, concepts and code lists."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sdmx
from sdmx import message
from sdmx.model import common, v21
from sdmx.urn import make

from service.api.sdmx.code_lists import LIST_NAMES, Codes
from service.api.sdmx.flows import AGENCY, FLOWS, MEASURE, VERSION, Component, Flow, Kind

MEDIA_TYPE = "application/vnd.sdmx.structure+xml;version=2.1"
CONCEPTS = "CS_CHISO"
# What is found at which address, in the order in which a message has it.
KINDS = ("dataflow", "codelist", "conceptscheme", "datastructure")
_AGENCY_NAME = ("Chiso: chỉ số mà quốc gia cam kết", "Chiso: the indicators a country promises itself to reach")
_FACETS: Mapping[Kind, str] = {
    "text": "string",
    "number": "decimal",
    "day": "string",
    "moment": "string",
    "period": "observationalTimePeriod",
}

Artefact = common.MaintainableArtefact


def found(code_lists: Mapping[str, Codes], kind: str, code: str | None, references: str) -> list[Artefact]:
    """The artefacts of a kind, all where `code` is None, with what they refer to or are referred to by.

    There are none of a code that is not known. `references` is none, children, descendants, parents,
    parentsandsiblings or all.
    """
    built = _Built(code_lists)
    start = [each for each in built.artefacts[kind] if code in (None, each.id)]
    wanted = list(start)
    if references in ("parents", "parentsandsiblings", "all"):
        wanted += built.above(start)
    if references in ("parentsandsiblings", "all"):
        wanted += built.below(wanted[len(start) :], deep=False)
    if references in ("children", "descendants", "all"):
        wanted += built.below(start, deep=references != "children")
    return list({each.urn: each for each in wanted}.values())


def written(artefacts: Iterable[Artefact], *, prepared: datetime) -> bytes:
    """The artefacts as one message."""
    told = message.StructureMessage(header=message.Header(id="STRUCTURES", sender=_agency(), prepared=prepared))
    for each in artefacts:
        told.add(each)
    return sdmx.to_xml(told)


class _Built:
    """All artefacts by kind, with their links to each other."""

    def __init__(self, code_lists: Mapping[str, Codes]) -> None:
        self._maintained: dict[str, Any] = {
            "maintainer": _agency(),
            "version": VERSION,
            "is_final": True,
            "is_external_reference": False,
        }
        self._concepts = common.ConceptScheme(
            id=CONCEPTS, name=_named(("Khái niệm của Chiso", "Concepts of Chiso")), **self._maintained
        )
        self._lists = {name: self._code_list(name, codes) for name, codes in code_lists.items()}
        self._used: dict[str, set[str]] = {}
        self._structures = {flow.id: self._structure(flow) for flow in FLOWS.values()}
        flows = [self._dataflow(flow) for flow in FLOWS.values()]
        _addressed(self._concepts, *self._lists.values(), *self._structures.values(), *flows)
        self.artefacts: dict[str, list[Any]] = {
            "dataflow": flows,
            "codelist": list(self._lists.values()),
            "conceptscheme": [self._concepts],
            "datastructure": list(self._structures.values()),
        }

    def children(self, artefact: Any) -> list[Any]:
        match artefact:
            case v21.DataflowDefinition():
                return [artefact.structure]
            case v21.DataStructureDefinition():
                return [self._concepts, *(self._lists[name] for name in sorted(self._used[artefact.id]))]
            case _:
                return []

    def above(self, artefacts: Iterable[Any]) -> list[Any]:
        wanted = {each.urn for each in artefacts}
        every = (each for kind in KINDS for each in self.artefacts[kind])
        return [each for each in every if any(child.urn in wanted for child in self.children(each))]

    def below(self, artefacts: Iterable[Any], *, deep: bool) -> list[Any]:
        children = [child for each in artefacts for child in self.children(each)]
        return children + (self.below(children, deep=True) if deep and children else [])

    def _code_list(self, name: str, codes: Codes) -> Any:
        listed = common.Codelist(id=name, name=_named(LIST_NAMES[name]), **self._maintained)
        for code, names in codes.items():
            listed.append(common.Code(id=code, name=_named(names)))
        return listed

    def _structure(self, flow: Flow) -> v21.DataStructureDefinition:
        structure = v21.DataStructureDefinition(
            id=f"DSD_{flow.id}", name=_named((flow.name_vi, flow.name_en)), **self._maintained
        )
        structure.dimensions.id, structure.measures.id = "DimensionDescriptor", "MeasureDescriptor"
        structure.attributes.id = "AttributeDescriptor"
        measure = v21.PrimaryMeasure(**self._component(flow.measure, flow))
        structure.measures.append(measure)
        *dimensions, time = flow.components[: len(flow.dimensions) + 1]
        for order, each in enumerate(dimensions, 1):
            structure.dimensions.append(common.Dimension(order=order, **self._component(each, flow)))
        structure.dimensions.append(common.TimeDimension(order=len(dimensions) + 1, **self._component(time, flow)))
        for each in flow.attributes:
            structure.attributes.append(
                common.DataAttribute(
                    related_to=v21.PrimaryMeasureRelationship(),
                    usage_status=common.UsageStatus["conditional"],
                    **self._component(each, flow),
                )
            )
        self._used[structure.id] = {each.code_list for each in flow.components if each.code_list}
        return structure

    def _component(self, told: Component, flow: Flow) -> dict[str, Any]:
        # Measures differ by dataflow; everything else that is called the same is the same.
        concept_id = f"{flow.id}_VALUE" if told.id == MEASURE else told.id
        if concept_id not in self._concepts:
            concept = common.Concept(id=concept_id, name=_named((told.name_vi, told.name_en)))
            self._concepts.append(concept)
        represented = (
            common.Representation(enumerated=self._lists[told.code_list])
            if told.code_list
            else common.Representation(
                non_enumerated=[common.Facet(value_type=common.FacetValueType[_FACETS[told.kind]])]
            )
        )
        return {
            "id": told.id,
            "concept_identity": self._concepts[concept_id],
            "local_representation": represented,
        }

    def _dataflow(self, flow: Flow) -> Any:
        return v21.DataflowDefinition(
            id=flow.id,
            name=_named((flow.name_vi, flow.name_en)),
            structure=self._structures[flow.id],
            **self._maintained,
        )


def _agency() -> common.Agency:
    return common.Agency(id=AGENCY, name=_named(_AGENCY_NAME))


def _addressed(*artefacts: Any) -> None:
    """Give each its URN, and every item its own."""
    for each in artefacts:
        each.urn = make(each)
        for item in getattr(each, "items", {}).values() if isinstance(each, common.ItemScheme) else ():
            item.urn = make(item, maintainable_parent=each)


def _named(names: tuple[str, str]) -> dict[str, str]:
    return {"vi": names[0], "en": names[1]}
