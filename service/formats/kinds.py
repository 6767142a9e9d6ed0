"""Which formats there are: what each is called, as what it travels, and how its files end."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    """One format: its media type, all of its Content-Type, the ending of its files, and what OpenAPI says of it."""

    media_type: str
    content_type: str
    ending: str
    schema: dict[str, str] = field(default_factory=dict[str, str])


_BINARY = {"format": "binary"}
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PARQUET = "application/vnd.apache.parquet"
_ARROW = "application/vnd.apache.arrow.stream"
_OPEN_METRICS = "application/openmetrics-text"

# The first is what who does not say gets. JSON-stat has no media type of its own that is registered.
KINDS: Mapping[str, Kind] = {
    "json": Kind("application/json", "application/json", "json"),
    "csv": Kind("text/csv", "text/csv; charset=utf-8", "csv"),
    "xlsx": Kind(_WORKBOOK, _WORKBOOK, "xlsx", _BINARY),
    "parquet": Kind(_PARQUET, _PARQUET, "parquet", _BINARY),
    "arrow": Kind(_ARROW, _ARROW, "arrows", _BINARY),
    "json-stat": Kind("application/vnd.json-stat+json", "application/vnd.json-stat+json", "json", {"type": "object"}),
    "openmetrics": Kind(_OPEN_METRICS, f"{_OPEN_METRICS}; version=1.0.0; charset=utf-8", "om"),
    "zip": Kind("application/zip", "application/zip", "zip", _BINARY),
}
