"""What has no meaning for what a series measures, and is refused as a whole with the reason."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from service.archive.measures import Measure, measures, refuse_some
from service.archive.transforms.words import RANKS, RELATIVE, SHARES, Transform


def refuse(connection: Connection, series: Sequence[int], wanted: Transform, *, frequency: str | None = None) -> None:
    """Refuse a transform that has no meaning for one of these series, once they are of that frequency.

    Raises DoesNotApply, with the series and the reason.
    """
    refuse_some(
        [replace(each, frequency=frequency or each.frequency) for each in measures(connection, series)],
        lambda each: _why_not(each, wanted),
        parameter="transform",
    )


def _why_not(each: Measure, wanted: Transform) -> str | None:
    name, kind = wanted.name, each.kind
    reasons: list[tuple[bool, str]] = []
    # A total since January less the one before it says nothing in January, and elsewhere mixes publications.
    counts_up = each.accumulation == "YTD" and each.frequency != "A"
    next_to_it = counts_up and name in ("chg", "pch", "pca", "cch", "cca", "contribution")
    reasons.append(
        (
            next_to_it,
            "it counts up from 1 January, so compare with a year earlier (ch1, pc1), or take it apart (within)",
        )
    )
    if name in (*RELATIVE, "log", "index"):
        reasons.append((kind == "rank", "it is a rank, and a rank has no percentage"))
    if name == "index":
        moving = each.unit_measure.startswith("index_previous")
        reasons.append((moving, "it is an index already whose base moves with it"))
        longer = counts_up and wanted.base is not None and wanted.base.frequency != each.frequency
        reasons.append((longer, f"it counts up from 1 January; name a base of its own frequency {each.frequency}"))
    if name in ("ytd", "cumulative"):
        reasons += [
            (kind != "quantity", f"{each.named}, which is not summed"),
            (each.accumulation in ("YTD", "SINCE_START"), "it counts up already"),
            (each.accumulation == "STOCK", "it is a state at the end of a period, and states are not summed"),
            (not _adds(each), "the catalogue says that it does not add up over time"),
            (name == "ytd" and each.frequency == "W", "a week may lie in two years"),
        ]
    if name == "within":
        reasons += [
            (each.accumulation != "YTD", "only what counts up from 1 January (YTD) is taken apart"),
            (each.frequency == "W", "a week may lie in two years, so its total of the year has no parts"),
            (not _adds(each), f"{each.named}, and a total of it less another is no figure of the period between"),
        ]
    if name == "ma":
        reasons += [
            (kind != "quantity", f"{each.named}, which is not averaged"),
            (each.accumulation in ("YTD", "SINCE_START"), "it counts up, and totals are not averaged"),
        ]
    if name in SHARES:
        apart = each.breakdown == "_T" and each.level != "nation"
        reasons += [
            (kind != "quantity", f"{each.named}, which has no parts that add up"),
            (each.breakdown not in ("_T", "*"), "it is a count behind a rate, and no part of a total"),
            (apart and each.adds_over_units != "sum", "its reporting units do not add up to the nation"),
            (apart and each.level in ("country", "group"), "it is no part of the nation"),
        ]
    if name in RANKS:
        reasons += [
            (kind == "rank", "it is a rank already"),
            (each.direction == "none", "the catalogue says of neither direction that it is better"),
            (each.breakdown not in ("_T", "*"), "it is a count behind a rate"),
        ]
    return next((reason for applies, reason in reasons if applies), None)


def _adds(each: Measure) -> bool:
    return each.adds_over_time == "sum" or (each.adds_over_time == "ratio" and each.breakdown not in ("_T", "*"))
