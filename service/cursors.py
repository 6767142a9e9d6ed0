"""Cursors: a place to go on from, as text that is safe in an address and says nothing to who holds it."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, TypeVar, overload

import msgspec

Place = TypeVar("Place")
# A moment that a cursor holds: nobody else's text is one without its zone.
ExactMoment = Annotated[datetime, msgspec.Meta(tz=True)]


class NotACursor(Exception):
    """This is no cursor of ours, or belongs to another question."""

    def __init__(self, why: str = "This cursor is none of ours") -> None:
        """Say why, and what to do."""
        super().__init__(f"{why}; begin anew without it.")


def write_cursor(place: object) -> str:
    """The place to go on from, as text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


@overload
def read_cursor(cursor: str, kind: type[Place]) -> Place: ...
@overload
def read_cursor(cursor: str | None, kind: type[Place]) -> Place | None: ...
def read_cursor(cursor: str | None, kind: type[Place]) -> Place | None:
    """The place that a cursor of ours holds, None where there is no cursor.

    Raises NotACursor.
    """
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind)
    except (binascii.Error, msgspec.DecodeError, ValueError) as fault:
        raise NotACursor from fault
