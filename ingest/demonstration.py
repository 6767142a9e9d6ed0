"""Demonstration figures: made up by a seeded generator, for trying panels and pages before a country reports.

Their source is GENERATED, in the key of every series and so in every answer, label and file. They go into the same
ledger by the same rules, and are the only figures that can be removed from it.
"""

from datetime import datetime, timedelta

import numpy
import pandas
from sqlalchemy import Connection

from ingest import audit, inbox, ledger, registry
from ingest.authority import Actor
from ingest.catalogue import Catalogue
from ingest.dataset import Dataset
from ingest.observation import GENERATED, OBSERVATION_COLUMNS, SeriesKey
from ingest.period import LOCAL_ZONE, Period, containing

_SEED = 20_220_128
_QUARTERS = 12
_FORMS = ("PROVINCE_QUARTERLY", "MINISTRY_QUARTERLY")


def load(connection: Connection, *, by: Actor, now: datetime) -> int:
    """Append twelve quarters of every quarterly form's figures, for each unit that owed them; say how many are new."""
    catalogue = registry.read(connection)
    count = 0
    for code in _FORMS:
        figures = generated(catalogue, catalogue.datasets[code], now=now)
        submission = inbox.open_generated(connection, code)
        appended = ledger.append(connection, figures, submission=submission, reason="generated anew")
        count += appended.created + appended.revised
    audit.record(connection, by, "load", "generated figures", after={"count": count})
    return count


def generated(catalogue: Catalogue, dataset: Dataset, *, now: datetime) -> pandas.DataFrame:
    """The made-up figures of a form, with OBSERVATION_COLUMNS; the same for the same day."""
    random = numpy.random.default_rng(_SEED)
    latest = containing(now.date(), dataset.frequency or "Q")
    periods = [latest.earlier(by) for by in range(_QUARTERS, 0, -1)]
    units = [unit for unit in catalogue.reporting_units if dataset.owed_by and dataset.owed_by.owes(unit)]
    rows = [
        _row(str(key), period, value, now)
        for item in dataset.items or ()
        for unit in units
        if (valid := [period for period in periods if unit.valid_on(period.last_day)])
        for key in [SeriesKey(periods[0].frequency, item.indicator, unit.code, item.accumulation, GENERATED)]
        for period, value in zip(valid, _walk(random, catalogue, item.indicator, len(valid)), strict=True)
    ]
    return pandas.DataFrame(rows, columns=list(OBSERVATION_COLUMNS)).astype({"published_at": "datetime64[us, UTC]"})


def _walk(random: numpy.random.Generator, catalogue: Catalogue, code: str, length: int) -> list[str]:
    indicator = catalogue.indicators[code]
    low = float(indicator.minimum if indicator.minimum is not None else 0)
    high = float(indicator.maximum if indicator.maximum is not None else 10_000)
    steps = random.normal((high - low) * 0.015, (high - low) * 0.02, length).cumsum()
    start = random.uniform(low + 0.2 * (high - low), low + 0.7 * (high - low))
    return [f"{value:.{indicator.decimals}f}" for value in numpy.clip(start + steps, low, high)]


def _row(series: str, period: Period, value: str, now: datetime) -> dict[str, object]:
    published = min(period.end.replace(tzinfo=LOCAL_ZONE) + timedelta(14), now)
    return {
        "series": series,
        "period_start": period.start,
        "published_at": published,
        "value": value,
        "status": "A",
        "withdrawn": False,
        "reason": None,
        "document": None,
        "comment": "generated for demonstration",
        "data_from": None,
        "data_to": None,
    }
