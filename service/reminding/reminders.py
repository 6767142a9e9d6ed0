"""Reminders: which returns to remind of at a moment, and whom; each is sent once a channel.

What a channel does not take stays unsent, and the next hour finds it again, as long as the occasion lasts and the
return is still owed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, text
from structlog import get_logger

from ingest import registry
from ingest.authority import answers_for
from ingest.catalogue import Catalogue
from ingest.period import LOCAL_ZONE
from service import database
from service.archive import obligations
from service.reminding import delivery, letter
from service.reminding.letter import Reminder
from service.settings import Hook, Mail, Settings

_log = get_logger()

# Each begins in the morning of a day counted from the one on which the return is due, and lasts until the next.
OCCASIONS = {"7 days before": -7, "1 day before": -1, "1 day after": 1, "7 days after": 7}
_MORNING = time(8, tzinfo=LOCAL_ZONE)  # nobody is written to at night
_LAST_ONE_LASTS = timedelta(days=7)

NOT_THERE = ("due", "overdue", "not_connected")

Owed = tuple[str, str, str, datetime, str]  # dataset, reporting unit, period, due_at, state
Send = Callable[[Sequence[Reminder]], None]


@dataclass(frozen=True, slots=True)
class Reporter:
    """Somebody who reports: the account, its address, and for which units and datasets (None: whatever dataset)."""

    account: str
    email: str
    reports_for: set[tuple[str | None, str | None]]

    def is_told_of(self, reminder: Reminder) -> bool:
        """Say whether this is about a return of theirs."""
        code = reminder.reporting_unit.code
        return not self.reports_for.isdisjoint({(code, None), (code, reminder.dataset.code)})


def remind(engine: Engine, told: Settings, *, now: datetime) -> None:
    """Send by every channel what is to be reminded of at this moment; one that fails holds up no other."""
    with database.reading(engine) as connection:
        catalogue = registry.read(connection)
        reminders = due(owed(connection, now=now), catalogue, now=now)
        reporters = reporters_of(connection, catalogue) if told.mail else []
    _once(engine, "log", "", reminders, _tell, now=now)
    if told.hook:
        _once(engine, "hook", "", reminders, partial(_post, told.hook, now), now=now)
    if told.mail:
        address = told.public_url or f"http://{told.host}:{told.port}"
        with delivery.outbox(told.mail.url) as send:
            for each in reporters:
                own = [reminder for reminder in reminders if each.is_told_of(reminder)]
                _once(engine, "mail", each.account, own, partial(_write, send, told.mail, each, address, now), now=now)


def owed(connection: Connection, *, now: datetime) -> list[Owed]:
    """What is not there, of all that is due in these weeks."""
    asked = obligations.Asked(due_from=now - timedelta(days=15), due_to=now + timedelta(days=8))
    rows = obligations.listed(connection, asked, as_of=now, states=list(NOT_THERE))
    names = ("dataset", "reporting_unit", "period", "due_at", "state")
    return [tuple(row[name] for name in names) for row in rows if row["due_at"]]


def due(rows: Iterable[Owed], catalogue: Catalogue, *, now: datetime) -> list[Reminder]:
    """The reminders whose occasion has come, of returns that are not there."""
    found: list[Reminder] = []
    for dataset, code, period, due_at, state in rows:
        unit = catalogue.reporting_units.get(code)
        if unit and state in NOT_THERE and (occasion := occasion_at(due_at, now)):
            found.append(Reminder(catalogue.datasets[dataset], unit, period, due_at, state, occasion))
    return found


def occasion_at(due_at: datetime, now: datetime) -> str | None:
    """The occasion that lasts at this moment: the latest that has begun, unless it is over.

    One that is before the deadline is over with it, the last one a week after it began.
    """
    day = due_at.astimezone(LOCAL_ZONE).date()
    begins = {name: datetime.combine(day + timedelta(days), _MORNING) for name, days in OCCASIONS.items()}
    begun = [name for name in OCCASIONS if begins[name] <= now]
    if not begun or now >= begins[begun[-1]] + _LAST_ONE_LASTS or (OCCASIONS[begun[-1]] < 0 and now > due_at):
        return None
    return begun[-1]


def reporters_of(connection: Connection, catalogue: Catalogue) -> list[Reporter]:
    """The people who report and have an address.

    Who reports for a unit does so for those that became it. Who reports for the nation may send for every unit, but is
    not written to about each.
    """
    rows = connection.execute(
        text(
            "select name, email, reporting_unit, dataset from account join account_grant on account = name"
            " where role = 'reporter' and reporting_unit is not null and email is not null and disabled_at is null"
            " order by name"
        )
    )
    found: dict[str, Reporter] = {}
    for name, email, code, dataset in rows:
        unit = catalogue.reporting_units.get(code)
        codes = [code] if unit and unit.level == "nation" else answers_for(code, catalogue)
        found.setdefault(name, Reporter(name, email, set())).reports_for.update((each, dataset) for each in codes)
    return list(found.values())


def _once(
    engine: Engine, channel: str, recipient: str, reminders: Sequence[Reminder], send: Send, *, now: datetime
) -> None:
    """Send those that this channel has not sent to this recipient yet, and keep that it did, or that it failed.

    Another worker waits or passes by while we hold the rows. One that is killed between sending and keeping sends
    again: a reminder may then come twice, but never not at all.
    """
    with database.writing(engine) as connection:
        waiting = _held(connection, channel, recipient, reminders)
        if not waiting:
            return
        became = "sent_at = :now"
        try:
            send(waiting)
        except delivery.NOT_TAKEN as failure:
            became = "failures = failures + 1"
            _log.warning(
                "reminders not sent", channel=channel, recipient=recipient, count=len(waiting), why=str(failure)
            )
        same = " and ".join(f"{column} = :{column}" for column in _KEY)
        rows = [_row(channel, recipient, each) | {"now": now} for each in waiting]
        connection.execute(text(f"update reminder set {became} where {same}"), rows)


def _held(connection: Connection, channel: str, recipient: str, reminders: Sequence[Reminder]) -> list[Reminder]:
    """Those of the reminders that are still to be sent, held until the transaction ends."""
    if not reminders:
        return []
    values = ", ".join(f":{column}" for column in _KEY)
    connection.execute(
        text(f"insert into reminder ({', '.join(_KEY)}) values ({values}) on conflict do nothing"),
        [_row(channel, recipient, each) for each in reminders],
    )
    rows = connection.execute(
        text(
            "select dataset, reporting_unit, period, occasion from reminder"
            " where channel = :channel and recipient = :recipient and sent_at is null for update skip locked"
        ),
        {"channel": channel, "recipient": recipient},
    )
    unsent = {tuple(row) for row in rows}
    return [each for each in reminders if each.key in unsent]


_KEY = ("dataset", "reporting_unit", "period", "occasion", "channel", "recipient")


def _row(channel: str, recipient: str, reminder: Reminder) -> dict[str, Any]:
    return dict(zip(_KEY, (*reminder.key, channel, recipient), strict=True))


def _tell(reminders: Sequence[Reminder]) -> None:
    for each in reminders:
        _log.info("reminder", **letter.as_record(each))


def _post(hook: Hook, now: datetime, reminders: Sequence[Reminder]) -> None:
    facts = {"reminders": [letter.as_record(each) for each in reminders]}
    delivery.post(hook.url, hook.secret, facts, now=now)


def _write(
    send: Callable[[EmailMessage], None],
    mail: Mail,
    reporter: Reporter,
    address: str,
    now: datetime,
    reminders: Sequence[Reminder],
) -> None:
    content = letter.letter(reminders, address=address, now=now)
    send(delivery.message(mail.sender, reporter.email, letter.subject(reminders), content, now=now))
