"""What a verdict says, in a sentence of each language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict in Vietnamese and English, and its formula with the numbers put in."""

    vi: str
    en: str
    formula: str


def told(row: Mapping[str, Any], catalogue: Catalogue) -> Told:
    """The sentences and the formula of a row with reaching.ANSWER_COLUMNS."""
    indicator = catalogue.indicators[row["indicator"]]
    state = f"{row['state']} ({row['reason']})" if row["reason"] else row["state"]
    formula = f"{row['method']}: {row['value']}, {row['promised']}"
    return Told(f"{indicator.name_vi}: {state}.", f"{indicator.name_en}: {state}.", formula)
