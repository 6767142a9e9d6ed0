"""A file that is sent off while it is written: for libraries that write into files."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Sink(io.RawIOBase):
    """Keeps what was written until it is taken."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._written = bytearray()

    def writable(self) -> bool:
        """It is for writing, and for nothing else: no library can go back in it."""
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        """Keep these bytes."""
        self._written += data
        return memoryview(data).nbytes

    def taken(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._written)
        self._written.clear()
        return taken
