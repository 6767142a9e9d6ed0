"""What is checked: a rule, how grave it is where it is broken, what is said then, and how it is computed.

A rule is data (`ingest/catalogue/rules/*.yaml`); what it computes is its kind, one function each in
`ingest/relations.py`, or for the rules about one figure alone (`IntrinsicCheck`) in `ingest/rules.py` under the code of
the rule.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ingest.indicator import ONLY_KNOWN_KEYS, Accumulation, Frequency, Level
from ingest.submission import Severity

Operator = Literal["=", "!=", "<", "<=", ">", ">="]
# Where a term is missing: do not compare; compare what is given, where both sides have some; or say what is missing.
Missing = Literal["skip", "partial", "require"]

# The rules about one figure, one file or one act; `ingest/rules.py` and `ingest/examination.py` ask for them by name.
INTRINSIC = frozenset(
    {
        "accumulation_is_allowed",
        "accumulation_is_given",
        "breakdown_is_a_code",
        "data_dates_are_readable",
        "frequency_suits_indicator",
        "indicator_is_given",
        "indicator_is_in_dataset",
        "indicator_is_known",
        "indicator_is_valid_in_period",
        "level_suits_indicator",
        "missing_has_a_reason",
        "missing_has_no_value",
        "more_of_the_same",
        "period_fits_frequency",
        "period_has_begun",
        "period_is_given",
        "period_is_readable",
        "period_is_the_senders",
        "published_at_is_readable",
        "published_at_is_the_publishers",
        "reporting_unit_is_given",
        "reporting_unit_is_known",
        "reporting_unit_is_one",
        "reporting_unit_is_the_senders",
        "reporting_unit_is_valid_in_period",
        "required_is_given",
        "revision_has_a_reason",
        "row_is_not_a_duplicate",
        "something_was_found",
        "source_is_allowed",
        "status_is_known",
        "template_is_for_dataset",
        "terms_are_given",
        "value_has_15_digits",
        "value_has_the_decimals",
        "value_is_a_number",
        "value_is_no_error",
        "value_is_not_in_brackets",
        "percent_sign_suits_unit",
        "value_is_given",
        "value_is_in_range",
        "value_is_whole",
        "withdrawn_is_yes_or_no",
    }
)

# What a finding of each kind tells, and so may be named in its sentences. `period` is that of the figure it was held
# against; `missing_vi` and `missing_en` are a clause that names the terms that were left out, or nothing.
_WRITTEN = frozenset({"found", "expected", "near", "near_vi", "near_en"})
_COMPARED = frozenset({"found", "expected", "difference", "missing_vi", "missing_en"})
FACTS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("type", "range", "decimals", "required", "allowed", "period", "duplicate", "file", "revision"), _WRITTEN
    ),
    "comparison": _COMPARED,
    "parts": _COMPARED,
    "ratio": frozenset({"found", "expected", "numerator", "denominator"}),
    "cumulative": frozenset({"found", "expected", "period", "later"}),
    "daily_mean": frozenset({"found", "expected"}),
    "change": frozenset({"found", "expected", "change", "period"}),
    "outlier": frozenset({"found", "expected", "score", "points"}),
    "rank_field": frozenset({"found", "expected", "shared"}),
    "stated_change": frozenset({"found", "expected", "new", "old", "period"}),
    "quarters_and_year": frozenset({"found", "expected", "difference", "period"}),
}


@dataclass(frozen=True, slots=True)
class Term:
    """One series of a reporting unit and period, times a factor (-1 subtracts).

    Without accumulation or source it is that of the other terms, so that two methods are never mixed unasked.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    indicator: str
    accumulation: Accumulation | None = None
    source: str | None = None
    breakdown: str = "_T"
    times: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two values may be apart: in the unit of measure, or in percent of the right side; the larger counts."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    absolute: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class IntrinsicCheck:
    """A check of one figure alone, of the file, or of what is done with it: its code says which."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    kind: Literal["type", "range", "decimals", "required", "allowed", "period", "duplicate", "file", "revision"]


@dataclass(frozen=True, slots=True)
class ComparisonCheck:
    """Left side, operator, right side: each the sum of its terms, of one reporting unit and period."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    kind: Literal["comparison"]
    left: tuple[Term, ...]
    operator: Operator
    right: tuple[Term, ...]
    tolerance: Tolerance = Tolerance()
    missing: Missing = "skip"


@dataclass(frozen=True, slots=True)
class PartsCheck:
    """The parts against the total: equal, or with `incomplete` (`Trong đó:` names only some) never more than it.

    The parts are `breakdowns` of `indicator` (or, without it, of each indicator of the scope) against its breakdown
    `total`, or other indicators, or with `level` the same series of that level's reporting units against the nation's;
    with `indicator` too, what those units have of it against the nation's breakdown `total`.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    kind: Literal["parts"]
    indicator: str | None = None
    total: str = "_T"
    breakdowns: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    level: Level | None = None
    incomplete: bool = False
    tolerance: Tolerance = Tolerance()
    missing: Missing = "skip"


@dataclass(frozen=True, slots=True)
class RatioCheck:
    """A printed percentage against the counts behind it, within half a unit of its last printed digit."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    kind: Literal["ratio"]


@dataclass(frozen=True, slots=True)
class CumulativeCheck:
    """What accumulates never falls: within a year (YTD) or ever (SINCE_START)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    kind: Literal["cumulative"]
    accumulation: Literal["YTD", "SINCE_START"]


@dataclass(frozen=True, slots=True)
class DailyMeanCheck:
    """The mean of a day against the total of the same period over its days."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    kind: Literal["daily_mean"]
    percent: Decimal


@dataclass(frozen=True, slots=True)
class ChangeCheck:
    """A value against what it was: in the last period, the same period last year, or the last vintage.

    `share_of_last_year` is last year's total over the periods of a year, for what adds up by sum. `rise` and `fall` are
    the most that is ordinary, in percent of the base or, for rates and ranks, in points. Where both values are smaller
    than `base` a percentage says nothing.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    kind: Literal["change"]
    against: Literal["last_period", "same_period_last_year", "last_vintage", "share_of_last_year"]
    measure: Literal["percent", "points"]
    rise: Decimal
    fall: Decimal
    base: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class OutlierCheck:
    """A value against the median of the `periods` before it, of which at least `points` are known.

    `modified_z` is 0.6745 (x - median) / MAD, or where MAD is 0 (x - median) / (1.253314 MeanAD), the mean absolute
    deviation of the reference and x (Iglewicz and Hoaglin 1993, who call more than 3.5 an outlier); `median_ratio` is
    x / median or its inverse. What is closer to the median than `percent` of it is none, however still the series was.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    kind: Literal["outlier"]
    method: Literal["modified_z", "median_ratio"]
    limit: Decimal
    periods: int
    points: int
    percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class RankField:
    """How many are ranked: a number, or all reporting units of a level at the period's end.

    `shared_ranks_skip`: two on rank 5 leave rank 6 empty. Not every ranking counts so.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    indicator: str
    size: int | None = None
    level: Level | None = None
    shared_ranks_skip: bool = False


@dataclass(frozen=True, slots=True)
class RankFieldCheck:
    """A rank within its field, or with `ties` no more units on and right below a shared rank than the tie allows."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    kind: Literal["rank_field"]
    fields: tuple[RankField, ...]
    ties: bool = False


@dataclass(frozen=True, slots=True)
class StatedChangeCheck:
    """A change that a document states, in a series of its own, against the two values.

    `stated_in` is points (new - old), percent (growth, 5.87), index (the old is 100: 105.87) or times (4.8). Without
    `indicator` value and change are of the same indicator, the change under the breakdown `change`.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    kind: Literal["stated_change"]
    stated_in: Literal["points", "percent", "index", "times"]
    against: Literal["last_period", "same_period_last_year"]
    change: str = "_T"
    indicator: str | None = None
    change_indicator: str | None = None
    tolerance: Tolerance = Tolerance()


@dataclass(frozen=True, slots=True)
class SumOverTimeCheck:
    """The periods of a year against the year, or against the year to date; only of what adds up over time by sum."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    kind: Literal["quarters_and_year"]
    against: Literal["year", "year_to_date"]
    tolerance: Tolerance = Tolerance()


Check = (
    IntrinsicCheck
    | ComparisonCheck
    | PartsCheck
    | RatioCheck
    | CumulativeCheck
    | DailyMeanCheck
    | ChangeCheck
    | OutlierCheck
    | RankFieldCheck
    | StatedChangeCheck
    | SumOverTimeCheck
)


@dataclass(frozen=True, slots=True)
class Scope:
    """To which figures a rule applies: those that every list names; an empty list names all."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    datasets: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    except_indicators: tuple[str, ...] = ()
    unit_measures: tuple[str, ...] = ()
    frequencies: tuple[Frequency, ...] = ()
    accumulations: tuple[Accumulation, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `version` is raised with every change of what it finds.

    The sentences name the facts of a finding in braces: {found}, {expected}, {difference} and what the kind tells
    besides; `example` has facts that break the rule. `formula` is the computation in words, every symbol explained.
    `document` is the act or the paper that asks for the rule, or says that it is ours.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    code: str
    version: int
    severity: Severity
    name_vi: str
    name_en: str
    sentence_vi: str
    sentence_en: str
    formula: str
    document: str
    check: Annotated[Check, Field(discriminator="kind")]
    scope: Scope = field(default_factory=Scope)
    example: dict[str, str] = field(default_factory=dict[str, str])
    note: str | None = None

    @property
    def kind(self) -> str:
        """What sort of check it is."""
        return self.check.kind
