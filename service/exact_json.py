"""JSON with exact numbers: a decimal has the digits that were reported, and is not the nearest binary fraction."""

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")


def as_json(told: Any, *, indent: int | None = None) -> bytes:
    """What is told as JSON: on one line, or indented and with a newline at its end."""
    written = _encoder.encode(told)
    return written if indent is None else msgspec.json.format(written, indent=indent) + b"\n"
