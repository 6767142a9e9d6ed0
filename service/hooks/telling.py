"""Telling web hooks what changed: each in the order of the feed, at least once, and again until it is taken.

The place of a hook is kept with the look that its message leads to before the message is posted. So a message that is
posted again, after a failure or by another worker, has the same id and the same body, and nothing comes before what is
not taken yet. What is under embargo is not in the feed, so it is in no message.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus

import httpx2
from sqlalchemy import Connection, Engine
from structlog import get_logger

from ingest import audit, authority
from ingest.authority import Actor
from service import database, posting
from service.archive import feed
from service.archive.feed import Place
from service.archive.series import Selection
from service.cursors import read_cursor, write_cursor
from service.exact_json import as_json
from service.hooks import address, subscriptions
from service.hooks.message import Message
from service.hooks.subscriptions import Hook

CHANGES_IN_A_MESSAGE = 500
FIRST_PAUSE = timedelta(minutes=1)  # then twice as long, and so on
LONGEST_PAUSE = timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(days=5)

_MESSAGES_A_ROUND = 20  # so that one which is far behind keeps no other waiting
_AT_A_TIME = 8

_log = get_logger()

Clock = Callable[[], datetime]


def tell_all(engine: Engine, *, inside: bool, clock: Clock) -> None:
    """Tell every hook what is new for it, where its time has come; one that is slow or away holds up no other."""
    with database.reading(engine) as connection:
        numbers = subscriptions.to_be_told(connection, now=clock())
    with ThreadPoolExecutor(_AT_A_TIME) as threads:
        list(threads.map(lambda number: tell(engine, number, inside=inside, clock=clock), numbers))


def tell(engine: Engine, number: int, *, inside: bool, clock: Clock) -> None:
    """Tell one hook what is new for it, message by message, until there is no more or one is not taken."""
    for _ in range(_MESSAGES_A_ROUND):
        if not _told_one(engine, number, inside=inside, clock=clock):
            return


def ping(hook: Hook, *, inside: bool, now: datetime) -> str | None:
    """Post a message that says nothing, and say why it was not taken; what came of it is kept by `pinged`.

    It takes no connection: none is held while somebody else's server takes its time.
    """
    facts = {"type": "ping", "timestamp": now, "data": {}}
    return _posted(hook, Message(f"ping_{hook.id}_{int(now.timestamp())}", as_json(facts)), inside=inside, now=now)


def pinged(connection: Connection, hook: Hook, why: str | None, *, by: Actor, now: datetime) -> None:
    """Keep what came of a ping; one that was taken brings a dead hook back.

    Raises NotYours.
    """
    authority.refuse_others(by, "change", "hook")
    if why is None:
        subscriptions.taken(connection, hook, hook.place, now=now)
    audit.record(connection, by, "ping", f"hook {hook.id}", after={"taken": why is None})


def _told_one(engine: Engine, number: int, *, inside: bool, clock: Clock) -> bool:
    """Tell the next message there is, and say whether there may be another."""
    with database.reading(engine) as connection:
        hook = subscriptions.find(connection, number)
        if hook is None or hook.dead_at:
            return False
        known = read_cursor(hook.place, Place)
        place = feed.opened(connection, known)
        found, onward, more = feed.changes(
            connection, Selection(hook.selection), place, kinds=hook.kinds, limit=CHANGES_IN_A_MESSAGE
        )
    # Beyond a message that waited is whatever came meanwhile.
    may_be_more = more or known.until is not None
    if not found:
        # Where nothing was recorded the old place is as good, and is not written every minute.
        if may_be_more or onward.since.recorded != known.since.recorded:
            with database.writing(engine) as connection:
                return subscriptions.move(connection, hook, write_cursor(onward)) and may_be_more
        return False
    cursor = write_cursor(place)
    if cursor != hook.place:
        with database.writing(engine) as connection:
            if not subscriptions.move(connection, hook, cursor):
                return False
            hook = subscriptions.find(connection, number)
            assert hook is not None  # noqa: S101 - it was just moved, and is locked
    assert place.until is not None  # noqa: S101 - it is opened
    data = {"changes": found, "next": write_cursor(onward)}
    facts = {"type": "changes", "timestamp": place.until.public, "data": data}
    named = sha256(f"{hook.id} {cursor}".encode()).hexdigest()[:32]
    now = clock()
    why = _posted(hook, Message(f"msg_{named}", as_json(facts)), inside=inside, now=now)
    with database.writing(engine) as connection:
        if why is None:
            return subscriptions.taken(connection, hook, write_cursor(onward), now=now) and may_be_more
        pause = min(FIRST_PAUSE * 2 ** min(hook.failures, 20), LONGEST_PAUSE)
        dead = why == _GONE or now - (hook.failing_since or now) >= GIVEN_UP_AFTER
        subscriptions.not_taken(connection, hook, why, now=now, next_try_at=now + pause, dead=dead)
    _log.warning("web hook not told", hook=hook.id, why=why, dead=dead)
    return False


def _posted(hook: Hook, message: Message, *, inside: bool, now: datetime) -> str | None:
    """Post a message; None where it was taken, else why not, in a sentence for who looks after the hook."""
    try:
        resolved = address.resolved(hook.url, inside=inside)
        posting.post(hook.url, message.body, message.headers(hook.secret, now=now), resolved=resolved)
    except httpx2.HTTPStatusError as refusal:
        status = refusal.response.status_code
        return _GONE if status == HTTPStatus.GONE else f"It answered {status} instead of 2xx."
    except address.NotAllowed as refusal:
        return str(refusal)
    except TimeoutError:
        return f"It did not answer within {posting.TIMEOUT_SECONDS} seconds."
    except posting.NOT_TAKEN as failure:
        return f"It could not be reached: {type(failure).__name__}."
    return None


_GONE = "It answered 410: it is gone and wants nothing more."
