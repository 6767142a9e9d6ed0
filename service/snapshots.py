"""Snapshots: an answer that was frozen once, byte for byte, so that a paper or a report can cite it.

The bytes themselves are kept. Asking the ledger again as of the same moment gives the same figures, but names in the
catalogue may have changed by then, and so may a library that writes a file.
"""

import hashlib
import tempfile
from collections.abc import Generator, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from ingest import audit
from ingest.authority import Actor
from ingest.period import LOCAL_ZONE

SIZE_LIMIT_BYTES = 256 * 2**20
# How much one may freeze within a year. What is frozen stays for ever, so this is what the store grows by; a limit for
# all times would be reached some day by whoever uses snapshots as they are meant, and nothing could be done about it.
MOST_IN_A_YEAR = 1_000
MOST_BYTES_IN_A_YEAR = 10 * 2**30
_A_YEAR = timedelta(days=365)
_PART_BYTES = 2**20
_CODE_LENGTH = 16
_IN_MEMORY_BYTES = 8 * 2**20

SNAPSHOT_COLUMNS = (
    "code",
    "sha256",
    "size_bytes",
    "frozen_at",
    "frozen_by",
    "as_of",
    "query",
    "title_vi",
    "title_en",
    "source_vi",
    "source_en",
    "observations",
)


class TooLargeToFreeze(Exception):
    """The answer is larger than a snapshot may be; ask for fewer series, or a shorter span."""

    def __init__(self) -> None:
        """Name the limit."""
        super().__init__(
            f"The package is larger than a snapshot may be ({SIZE_LIMIT_BYTES >> 20} MB); ask for fewer series, or for"
            " fewer years with “from” and “to”."
        )


class FrozenEnough(Exception):
    """This would be more than one may freeze within a year."""

    def __init__(self, count: int, size_bytes: int, room_from: datetime) -> None:
        """Say how much it is already, the limits, and from when there is more room."""
        super().__init__(
            f"With this you would have frozen {count:,} snapshots of together {size_bytes / 2**20:,.0f} MB within 365"
            f" days; one account may freeze {MOST_IN_A_YEAR:,} and {MOST_BYTES_IN_A_YEAR >> 20:,} MB. From"
            f" {room_from.astimezone(LOCAL_ZONE):%Y-%m-%d} on there is more room. Freeze fewer series, or cite an"
            " answer “as_of” a moment: its figures stay the same without a snapshot."
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What is frozen: the question as it stands in an address, its moment, and what to call it."""

    query: str
    as_of: datetime
    title_vi: str
    title_en: str
    source_vi: str
    source_en: str
    observations: int


def freeze(
    connection: Connection, package: Iterable[bytes], question: Question, *, by: Actor, now: datetime
) -> dict[str, Any]:
    """Keep these bytes for ever; the snapshot, with SNAPSHOT_COLUMNS. The same bytes are the same snapshot.

    Raises TooLargeToFreeze, and FrozenEnough where it is new and beyond what one may freeze within a year.
    """
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as kept:
        digest = hashlib.sha256()
        for chunk in package:
            digest.update(chunk)
            kept.write(chunk)
            if kept.tell() > SIZE_LIMIT_BYTES:
                raise TooLargeToFreeze
        sha256, size_bytes = digest.hexdigest(), kept.tell()
        code = sha256[:_CODE_LENGTH]
        connection.execute(text(_ONE_AFTER_THE_OTHER), {"name": by.name})
        new = connection.execute(
            text(
                f"insert into snapshot ({', '.join(SNAPSHOT_COLUMNS)}) values (:code, :sha256, :size_bytes, :frozen_at,"
                " :frozen_by, :as_of, :query, :title_vi, :title_en, :source_vi, :source_en, :observations)"
                " on conflict do nothing"
            ),
            {
                "code": code,
                "sha256": sha256,
                "size_bytes": size_bytes,
                "frozen_at": now,
                "frozen_by": by.name,
                **asdict(question),
            },
        ).rowcount
        if new:
            _refuse_more_than_a_year_takes(connection, by, now=now)
            kept.seek(0)
            for part, content in enumerate(iter(lambda: kept.read(_PART_BYTES), b"")):
                connection.execute(
                    text("insert into snapshot_part values (:code, :part, :content)"),
                    {"code": code, "part": part, "content": content},
                )
            audit.record(connection, by, "freeze", f"snapshot {code}", after={"sha256": sha256})
    found = snapshot(connection, code)
    assert found is not None  # noqa: S101 - it was written above, or before
    return found


def _refuse_more_than_a_year_takes(connection: Connection, by: Actor, *, now: datetime) -> None:
    asked = {"name": by.name, "since": now - _A_YEAR}
    count, size_bytes, first = connection.execute(text(_FROZEN_SINCE), asked).one()
    if count > MOST_IN_A_YEAR or size_bytes > MOST_BYTES_IN_A_YEAR:
        raise FrozenEnough(count, size_bytes, first + _A_YEAR)


# Who freezes twice at once is counted once and then twice.
_ONE_AFTER_THE_OTHER = "select pg_advisory_xact_lock(hashtext('chiso snapshots'), hashtext(:name))"

# How much has this account frozen since, what was just written included, and when was the first of it?
_FROZEN_SINCE = """
select count(*), sum(size_bytes), min(frozen_at)
from snapshot
where frozen_by = :name and frozen_at > :since
"""


def snapshot(connection: Connection, code: str) -> dict[str, Any] | None:
    """One snapshot, with SNAPSHOT_COLUMNS, or None."""
    row = connection.execute(
        text(f"select {', '.join(SNAPSHOT_COLUMNS)} from snapshot where code = :code"), {"code": code}
    )
    found = row.mappings().one_or_none()
    return None if found is None else dict(found)


def listed(connection: Connection, *, after: tuple[datetime, str] | None, limit: int) -> list[dict[str, Any]]:
    """Snapshots, the last frozen first, with SNAPSHOT_COLUMNS."""
    moment, code = after or (None, None)
    rows = connection.execute(
        text(
            f"""
            select {", ".join(SNAPSHOT_COLUMNS)}
            from snapshot
            where cast(:moment as timestamptz) is null or (frozen_at, code) < (:moment, cast(:code as text))
            order by frozen_at desc, code desc
            limit :limit
            """
        ),
        {"moment": moment, "code": code, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def content(connection: Connection, code: str) -> Generator[bytes]:
    """The bytes of a snapshot, a part at a time."""
    parts = connection.execution_options(yield_per=1).execute(
        text("select content from snapshot_part where snapshot = :code order by part"), {"code": code}
    )
    for part in parts.scalars():
        yield bytes(part)


def citation(frozen: dict[str, Any], address: str) -> dict[str, str]:
    """How to cite a snapshot, ready to be pasted: in Vietnamese and in English."""
    as_of = frozen["as_of"].astimezone(LOCAL_ZONE)
    digest = f"SHA-256 {frozen['sha256']}"
    return {
        "vi": (
            f"Chiso. {frozen['title_vi']} [bộ số liệu]. Nguồn: {frozen['source_vi']}."
            f" Số liệu công bố tính đến {as_of:%d/%m/%Y %H:%M:%S} (giờ Việt Nam);"
            f" bản lưu cố định {frozen['code']}. {address} ({digest})."
        ),
        "en": (
            f"Chiso. {frozen['title_en']} [data set]. Source: {frozen['source_en']}."
            f" Figures as published by {as_of:%Y-%m-%d %H:%M:%S %z}; snapshot {frozen['code']}. {address} ({digest})."
        ),
    }
