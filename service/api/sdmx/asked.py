"""What an SDMX client asks for: a dataflow, a key, and periods."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from ingest.period import parse
from ingest.spelling import nearest
from service.api.parameters import unknown
from service.api.sdmx.code_lists import Codes
from service.api.sdmx.flows import AGENCY, FLOWS, VERSION, Chosen, Flow
from service.problems import Problem

_ANY = {"", "all", "*"}
_LATEST = {"latest", "+", "~"}
_WHOLE_KEY = {"", "all", "*"}


def flow(written: str) -> Flow:
    """The dataflow of `flow`, `agency,flow` or `agency,flow,version`."""
    parts = written.split(",")
    agency, code, version = {1: ("", *parts, ""), 2: (*parts, "")}.get(len(parts), tuple(parts[:3]))
    of_ours(agency, version)
    if code not in FLOWS:
        raise unknown("dataflow", code, nearest(code, FLOWS) or list(FLOWS))
    return FLOWS[code]


def of_ours(agency: str, version: str) -> None:
    """Refuse what another agency maintains, and versions that there are not."""
    if agency not in _ANY | {AGENCY}:
        raise unknown("agency", agency, [AGENCY])
    if version not in _ANY | _LATEST | {VERSION}:
        raise unknown("version", version, [VERSION])


def of_our_figures(provider: str) -> None:
    """Refuse the figures of another provider: all of these are told by us."""
    if provider not in _ANY | {AGENCY}:
        raise unknown("provider", provider, [AGENCY])


def everything(code: str) -> bool:
    """Whether all artefacts of a kind are asked for."""
    return code in _ANY


def key(flow: Flow, written: str, code_lists: Mapping[str, Codes]) -> Chosen:
    """The codes of a key as SDMX 2.1 has it: one place for each dimension, `+` between codes, empty for all."""
    if written in _WHOLE_KEY:
        return {}
    places = written.split(".")
    if len(places) != len(flow.dimensions):
        form = ".".join(each.id for each in flow.dimensions)
        sentence = f"A key of {flow.id} has {len(flow.dimensions)} places, {form}; “{written}” has {len(places)}."
        raise Problem(HTTPStatus.BAD_REQUEST, "not-a-key", sentence, dimensions=[each.id for each in flow.dimensions])
    chosen: dict[str, Sequence[str] | None] = {}
    for dimension, place in zip(flow.dimensions, places, strict=True):
        codes = [] if place in _WHOLE_KEY else place.split("+")
        known = code_lists[dimension.code_list or ""]
        for code in codes:
            if code not in known:
                raise unknown(dimension.id, code, nearest(code, known))
        chosen[dimension.id] = codes or None
    return chosen


def within(rows: Iterable[dict[str, Any]], start: str | None, end: str | None) -> list[dict[str, Any]]:
    """The rows whose `period` begins with a period or later, and ends with a period or earlier.

    Raises NotAPeriod.
    """
    first = parse(start).start if start else None
    last = parse(end).end if end else None

    def is_within(written: str) -> bool:
        period = parse(written)
        return (first is None or period.start >= first) and (last is None or period.end <= last)

    return [row for row in rows if is_within(row["period"])]
