"""The form of a dataset for one reporting unit and period: what is owed, beside what was said before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from ingest import instructions, period, registry, template
from ingest.dataset import DatasetItem
from ingest.observation import SeriesKey
from ingest.period import Period
from ingest.reporting_unit import ReportingUnit
from ingest.submission import Instructions
from ingest.template import TemplateCell
from service.archive import question
from service.archive.question import Question
from service.archive.series import Selection, Span


@dataclass(frozen=True, slots=True)
class Form:
    """An Excel template, ready to be filled in."""

    file_name: str
    content: bytes


def form(connection: Connection, dataset: str, reporting_unit: str, written_period: str, *, now: datetime) -> Form:
    """The template, with the figures of the last period and of the same period a year before as they are known `now`.

    Raises instructions.UnknownName, instructions.NotOwed.
    """
    catalogue = registry.read(connection)
    settled = instructions.settle(catalogue, Instructions(dataset, reporting_unit, written_period))
    owed = catalogue.datasets[settled.dataset]
    unit = catalogue.reporting_units.get(settled.reporting_unit or "")
    assert unit is not None  # noqa: S101 - settled instructions name a unit that there is
    asked = period.parse(settled.period or "")
    items = instructions.owed_items(owed, unit, asked)
    year_ago = asked.a_year_earlier()
    earlier = _known(connection, unit, Span((year_ago or asked.earlier()).start, asked.start), now=now)
    cells = [
        TemplateCell(
            item=item,
            indicator=(indicator := catalogue.indicators[item.indicator]),
            unit_measure=catalogue.units_of_measure[indicator.unit_measure],
            last=earlier.get((str(key := _key(item, unit, asked)), str(asked.earlier()))),
            year_ago=earlier.get((str(key), str(year_ago))),
        )
        for item in items
    ]
    return Form(f"{owed.code}-{unit.code}-{asked}.xlsx", template.write(owed, unit, asked, cells))


def _known(
    connection: Connection, unit: ReportingUnit, span: Span, *, now: datetime
) -> Mapping[tuple[str, str], Decimal | None]:
    asked = Question(Selection({"reporting_unit": [unit.code]}), span, now)
    rows = question.rows(connection, asked)
    return {(row["series"], row["period"]): row["value"] for row in rows}


def _key(item: DatasetItem, unit: ReportingUnit, asked: Period) -> SeriesKey:
    return SeriesKey(asked.frequency, item.indicator, unit.code, item.accumulation, item.source, item.breakdown)
