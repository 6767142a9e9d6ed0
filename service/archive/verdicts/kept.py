"""The verdicts of now in memory: the last questions, under the version of all that they rest on.

A verdict of now changes with the figures, with the catalogue, and when a day begins: at no other time. So each is as of
the last of these changes, and holds until the next. It is right, or it is not there.
"""

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from sqlalchemy import Connection, text

from ingest.period import LOCAL_ZONE
from service.archive.verdicts import reaching
from service.archive.verdicts.reaching import Reached, Wanted

_MOST_KEPT = 8  # of 8,500 verdicts each has 8 MB


@dataclass(frozen=True, slots=True)
class Current:
    """The verdicts of now, and the moment since which they are these.

    `told` has what was already written of the verdicts in some places; whoever writes it forgets it in time.
    """

    as_of: datetime
    reached: Reached
    told: dict[int, dict[str, Any]] = field(default_factory=dict)


_kept: dict[tuple[Any, ...], Current] = {}  # the one that was asked for last is the last


def current(connection: Connection, wanted: Wanted, *, now: datetime) -> Current:
    """The verdicts of now. Raises ValueError at a method that is none."""
    version = connection.execute(text(_VERSION)).one()
    today = now.astimezone(LOCAL_ZONE).date()
    changes = (version.last_batch, version.last_release, version.catalogue, datetime.combine(today, time(), LOCAL_ZONE))
    as_of = max(change for change in changes if change)
    if not version.is_settled or as_of > now:
        # As in `caching`: a batch came while this look began, or our clock is behind the database's.
        return Current(now, reaching.reached(connection, wanted, as_of=now, today=today))
    question = (*version, today, repr(wanted))
    known = _kept.pop(question, None) or Current(as_of, reaching.reached(connection, wanted, as_of=as_of, today=today))
    _kept[question] = known
    while len(_kept) > _MOST_KEPT:
        _kept.pop(next(iter(_kept)), None)
    return known


_VERSION = """
select
    current_database(), last_batch, last_release, catalogue, (select count(*) from catalogue_version) as catalogues,
    coalesce((select max(recorded_at) from batch) < now(), true) as is_settled
from data_version()
"""
