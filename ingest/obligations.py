"""Obligations: what had become of a return by a moment, and more time for it.

Who owes what by when is worked out by the database alone (`obligation`, `obligation_as_of` in sql/): no row is kept of
it, and none can be wrong.
"""

from datetime import date, datetime

from sqlalchemy import Connection, text

from ingest import audit, authority, registry
from ingest.authority import Actor, NotYours
from ingest.period import LOCAL_ZONE, Period

# Each state in Vietnamese and English, in the order in which a return goes through them.
STATES = {
    "not_due": ("chưa đến kỳ", "not due yet"),
    "due": ("đến kỳ", "due"),
    "overdue": ("quá hạn", "overdue"),
    "not_connected": ("chưa kết nối", "not connected"),
    "on_time": ("đúng hạn", "on time"),
    "late": ("trễ hạn", "late"),
    "received": ("đã nộp", "received"),
}


class NoDeadline(Exception):
    """There is no such deadline that could be extended."""

    def __init__(self, dataset: str, reporting_unit: str, period: Period) -> None:
        """Keep which return was meant."""
        super().__init__(
            f"{reporting_unit} has no deadline for {dataset} of {period}. Check that the dataset has that frequency and"
            " a due day, and that the unit owes it and existed on the last day of the period."
        )
        self.dataset, self.reporting_unit, self.period = dataset, reporting_unit, period


class NotLater(Exception):
    """The extension would not move the deadline to a later day."""

    def __init__(self, until: date, last: date) -> None:
        """Keep the day that was asked for, and the last that is in time already."""
        super().__init__(f"{last} is in time already, so {until} is no extension. Name a later day.")
        self.until, self.last = until, last


class NoReason(Exception):
    """An extension needs a reason."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("An extension needs a reason: say why this return gets more time.")


def extend(
    connection: Connection,
    dataset: str,
    reporting_unit: str,
    period: Period,
    *,
    until: date,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    """Give a reporting unit more time for one return: `until` is the last day that is in time.

    Raises NotYours, NoReason, NoDeadline, NotLater.
    """
    if not authority.may(
        by, "extend", "obligation", registry.read(connection), reporting_unit=reporting_unit, dataset=dataset
    ):
        raise NotYours(
            f"Deadlines of {dataset} for {reporting_unit} are extended by a publisher of it or an administrator."
        )
    if not reason.strip():
        raise NoReason
    # Two who extend at once: the second waits here, and is then told of the first.
    connection.execute(text("lock table extension in share row exclusive mode"))
    last = _last_day(connection, dataset, reporting_unit, period)
    if last is None:
        raise NoDeadline(dataset, reporting_unit, period)
    if until <= last:
        raise NotLater(until, last)
    connection.execute(
        text(
            "insert into extension (dataset, reporting_unit, period, due_day, reason, granted_by, granted_at)"
            " values (:dataset, :reporting_unit, :period, :until, :reason, :by, :now)"
        ),
        {
            "dataset": dataset,
            "reporting_unit": reporting_unit,
            "period": str(period),
            "until": until,
            "reason": reason.strip(),
            "by": by.name,
            "now": now,
        },
    )
    audit.record(
        connection,
        by,
        "extend",
        f"obligation {dataset} {reporting_unit} {period}",
        before={"last_day": last},
        after={"last_day": until, "reason": reason.strip()},
    )


def _last_day(connection: Connection, dataset: str, reporting_unit: str, period: Period) -> date | None:
    due_at: datetime | None = connection.execute(
        text(
            "select due_at from obligation_as_of('infinity', :start, :start, array[:dataset], array[:reporting_unit])"
            " where period = :period"
        ),
        {"start": period.start, "period": str(period), "dataset": dataset, "reporting_unit": reporting_unit},
    ).scalar()
    return due_at and due_at.astimezone(LOCAL_ZONE).date()
