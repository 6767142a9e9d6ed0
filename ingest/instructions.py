"""What the sender says beside a file, held against the catalogue: codes for names, and what goes with what."""

from dataclasses import replace
from typing import get_args

from ingest.catalogue import Catalogue
from ingest.dataset import Dataset, DatasetItem
from ingest.period import NotAPeriod, Period, parse
from ingest.reporting_unit import Ambiguous, ReportingUnit, Unknown
from ingest.spelling import nearest
from ingest.submission import Instructions, ReasonCode


class UnknownName(Exception):
    """The sender named a dataset, reporting unit, period or mapping that there is not."""

    def __init__(self, what: str, name: str, near: list[str]) -> None:
        """Keep what was asked for, and the nearest valid names."""
        guess = f" Did you mean {', '.join(near)}?" if near else ""
        super().__init__(f"There is no {what} “{name}”.{guess}")
        self.what, self.name, self.near = what, name, near


class NotOwed(Exception):
    """The dataset has no form for that reporting unit and period."""


class Unsuited(Exception):
    """What the sender says does not go with the dataset."""


def settle(catalogue: Catalogue, instructions: Instructions) -> Instructions:
    """The instructions with codes for names: dataset, reporting unit, period, mapping, reason code.

    What is owed is one unit's return, for one period; when a return that is reviewed is public its publisher says.

    Raises UnknownName, NotOwed, Unsuited.
    """
    dataset = _dataset(catalogue, instructions.dataset)
    mapping = instructions.mapping and instructions.mapping.upper()
    known = [*catalogue.mappings, *catalogue.layouts]
    if mapping and mapping not in known:
        raise UnknownName("mapping or layout", mapping, nearest(mapping, known))
    code = instructions.reason_code and instructions.reason_code.lower()
    if code and code not in get_args(ReasonCode):
        raise UnknownName("reason code", code, nearest(code, get_args(ReasonCode)) or [*get_args(ReasonCode)])
    meant = _period(instructions.period)
    unit = _reporting_unit(catalogue, instructions.reporting_unit, meant)
    if dataset.owed_by:
        _refuse_what_is_not_owed(dataset, unit, meant)
    if dataset.review:
        _refuse_what_is_decided_later(instructions, dataset)
    elif instructions.corrects:
        raise Unsuited(
            f"{dataset.code} is not reviewed: leave out “corrects”; a file that revises figures gives its “reason”."
        )
    return replace(
        instructions,
        dataset=dataset.code,
        reporting_unit=unit and unit.code,
        period=meant and str(meant),
        mapping=mapping,
        reason_code=code,
    )


def owed_items(dataset: Dataset, unit: ReportingUnit, asked: Period) -> tuple[DatasetItem, ...]:
    """What the unit owes of the dataset for that period.

    Raises NotOwed.
    """
    if dataset.items is None or dataset.owed_by is None:
        raise NotOwed(f"{dataset.code} is owed by nobody, so there is no template for it; send the long format.")
    if dataset.frequency and asked.frequency != dataset.frequency:
        raise NotOwed(f"{dataset.code} has the frequency {dataset.frequency}; {asked} is no such period.")
    if not unit.valid_on(asked.last_day):
        span = f"{unit.valid_from or '…'} – {unit.valid_to or '…'}"
        raise NotOwed(f"{unit.code} ({unit.name_vi}) did not exist at the end of {asked}: {span}.")
    if not dataset.owed_by.owes(unit):
        owing = dataset.owed_by.level or ", ".join(dataset.owed_by.reporting_units)
        raise NotOwed(f"{dataset.code} is owed by {owing}, not by {unit.code} ({unit.name_vi}).")
    return dataset.items


def _dataset(catalogue: Catalogue, name: str) -> Dataset:
    if name.upper() not in catalogue.datasets:
        raise UnknownName("dataset", name, nearest(name.upper(), catalogue.datasets))
    return catalogue.datasets[name.upper()]


def _refuse_what_is_not_owed(dataset: Dataset, unit: ReportingUnit | None, meant: Period | None) -> None:
    if unit is None or meant is None:
        raise Unsuited(
            f"A return of {dataset.code} is one unit's for one period: say “reporting_unit” and “period”,"
            " for example GSO01_2008 and 2024-Q4."
        )
    owed_items(dataset, unit, meant)


def _refuse_what_is_decided_later(instructions: Instructions, dataset: Dataset) -> None:
    if instructions.published_at:
        raise Unsuited(f"When a return of {dataset.code} is public its publisher says: leave out “published_at”.")
    if instructions.accept_good_rows:
        raise Unsuited(f"A return of {dataset.code} is reviewed as a whole: leave out “accept_good_rows”.")


def _period(text: str | None) -> Period | None:
    try:
        return None if text is None else parse(text)
    except NotAPeriod as fault:
        raise UnknownName("period", fault.text, ["2024", "2024-Q1", "2024-03"]) from fault


def _reporting_unit(catalogue: Catalogue, text: str | None, meant: Period | None) -> ReportingUnit | None:
    if text is None:
        return None
    units = catalogue.reporting_units
    own = units.get(text)
    if own:
        return own
    if meant is None:
        raise UnknownName("reporting unit", text, ["the code of the unit, or its name together with a period"])
    match units.resolve(text, meant.last_day):
        case ReportingUnit() as unit:
            return unit
        case Ambiguous(candidates=candidates):
            raise UnknownName("single reporting unit", text, [each.code for each in candidates])
        case Unknown(nearest=near):
            raise UnknownName("reporting unit", text, list(near))
