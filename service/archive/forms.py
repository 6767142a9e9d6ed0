"""The form of a dataset for one reporting unit and period: what is owed, beside what was said before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from ingest import period, registry, stages, template
from ingest.dataset import Dataset, DatasetItem
from ingest.observation import SeriesKey
from ingest.period import Period
from ingest.reporting_unit import ReportingUnit
from ingest.submission import Instructions
from ingest.template import TemplateCell
from service.archive import series
from service.archive.series import Page, Selection, Span


class NotOwed(Exception):
    """The dataset has no form for that reporting unit and period."""


@dataclass(frozen=True, slots=True)
class Form:
    """An Excel template, ready to be filled in."""

    file_name: str
    content: bytes


def form(connection: Connection, dataset: str, reporting_unit: str, written_period: str, *, now: datetime) -> Form:
    """The template, with the figures of the last period and of the same period a year before as they are known `now`.

    Raises stages.UnknownName, NotOwed.
    """
    catalogue = registry.read(connection)
    settled = stages.settle(connection, Instructions(dataset, reporting_unit, written_period))
    owed = catalogue.datasets[settled.dataset]
    unit = catalogue.reporting_units.get(settled.reporting_unit or "")
    assert unit is not None  # noqa: S101 - settled instructions name a unit that there is
    asked = period.parse(settled.period or "")
    items = _owed(owed, unit, asked)
    earlier = _known(connection, unit, _before(asked), now=now)
    cells = [
        TemplateCell(
            item=item,
            indicator=(indicator := catalogue.indicators[item.indicator]),
            unit_measure=catalogue.units_of_measure[indicator.unit_measure],
            last=earlier.get((str(key := _key(item, unit, asked)), str(asked.earlier()))),
            year_ago=earlier.get((str(key), str(_year_before(asked)))),
        )
        for item in items
    ]
    return Form(f"{owed.code}-{unit.code}-{asked}.xlsx", template.write(owed, unit, asked, cells))


def _owed(dataset: Dataset, unit: ReportingUnit, asked: Period) -> tuple[DatasetItem, ...]:
    if dataset.items is None or dataset.owed_by is None:
        raise NotOwed(f"{dataset.code} is owed by nobody, so there is no template for it; send the long format.")
    if dataset.frequency and asked.frequency != dataset.frequency:
        raise NotOwed(f"{dataset.code} has the frequency {dataset.frequency}; {asked} is no such period.")
    if not unit.valid_on(asked.last_day):
        span = f"{unit.valid_from or '…'} – {unit.valid_to or '…'}"
        raise NotOwed(f"{unit.code} ({unit.name_vi}) did not exist at the end of {asked}: {span}.")
    if unit.level != dataset.owed_by.level and unit.code not in dataset.owed_by.reporting_units:
        owing = dataset.owed_by.level or ", ".join(dataset.owed_by.reporting_units)
        raise NotOwed(f"{dataset.code} is owed by {owing}, not by {unit.code} ({unit.name_vi}).")
    return dataset.items


def _known(
    connection: Connection, unit: ReportingUnit, span: Span, *, now: datetime
) -> Mapping[tuple[str, str], Decimal | None]:
    numbers = series.numbers(connection, Selection({"reporting_unit": [unit.code]}))
    rows = series.observations(connection, numbers, span, as_of=now, page=Page(None, 100_000))
    return {(row["series"], row["period"]): row["value"] for row in rows}


def _before(asked: Period) -> Span:
    return Span(_year_before(asked).start, asked.start)


def _year_before(asked: Period) -> Period:
    return period.containing(asked.start.date().replace(year=asked.start.year - 1, day=1), asked.frequency)


def _key(item: DatasetItem, unit: ReportingUnit, asked: Period) -> SeriesKey:
    return SeriesKey(asked.frequency, item.indicator, unit.code, item.accumulation, item.source, item.breakdown)
