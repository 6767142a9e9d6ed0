"""What kind of thing a series measures, on which hangs what may be computed from it, and the refusal of the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ingest.observation import DENOMINATOR, NUMERATOR

_FEW = 5  # reasons that a person reads


class DoesNotApply(ValueError):
    """What was asked for has no meaning for some of the series; the sentence says which, and why."""

    def __init__(self, sentence: str, *, parameter: str | None = None) -> None:
        """Keep which word of the question it was, where it was one."""
        super().__init__(sentence)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class Measure:
    """What series have in common whose keys differ only in the source, and in the reporting unit within a level.

    `breakdown` is the whole, a count beside a rate, or anything else: `_T`, `NUMERATOR`, `DENOMINATOR`, `*`.
    """

    frequency: str
    indicator: str
    accumulation: str
    breakdown: str
    level: str
    unit_measure: str
    direction: str
    adds_over_time: str
    adds_over_units: str

    @property
    def kind(self) -> str:
        """A rank, an index (also a score that is put together from others), a rate, or a quantity."""
        if self.breakdown in (NUMERATOR, DENOMINATOR):
            return "quantity"
        if self.unit_measure == "rank":
            return "rank"
        if self.unit_measure.startswith(("index", "score")):
            return "index"
        rates = ("percent", "per_100_people", "count_per_day", "mbps")
        return "rate" if self.unit_measure in rates or self.adds_over_time == "ratio" else "quantity"

    @property
    def named(self) -> str:
        """What it is, as a sentence goes on after the indicator."""
        return {"rank": "it is a rank", "index": "it is an index", "rate": "it is a rate"}.get(
            self.kind, "it is a quantity"
        )


def measures(connection: Connection, series: Sequence[int]) -> list[Measure]:
    """What these series measure, each kind once."""
    rows = connection.execute(
        text(
            f"""
            select distinct
                series.frequency, series.indicator, series.accumulation,
                case when breakdown in ('_T', '{NUMERATOR}', '{DENOMINATOR}') then breakdown else '*' end,
                reporting_unit.level, indicator.unit_measure, indicator.direction, indicator.adds_over_time,
                indicator.adds_over_units
            from series
            join indicator on indicator.code = series.indicator
            join reporting_unit on reporting_unit.code = series.reporting_unit
            where series.id = any(:series)
            order by 2, 1, 3, 4, 5
            """
        ),
        {"series": list(series)},
    )
    return [Measure(*row) for row in rows]


def refuse_some(
    among: Sequence[Measure], why_not: Callable[[Measure], str | None], *, parameter: str | None = None
) -> None:
    """Refuse the whole where there is a reason not to for one of them.

    Raises DoesNotApply, with indicators and reasons.
    """
    reasons = list(
        dict.fromkeys(
            f"{each.indicator} ({each.frequency}, {each.accumulation}): {why}"
            for each in among
            if (why := why_not(each)) is not None
        )
    )
    if reasons:
        more = f"; and {len(reasons) - _FEW} more" if len(reasons) > _FEW else ""
        raise DoesNotApply(f"This does not apply to {'; '.join(reasons[:_FEW])}{more}.", parameter=parameter)
