"""The ways out of the house: mail over SMTP, and a signed POST."""

import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit

from service import posting
from service.posting import TIMEOUT_SECONDS

SIGNATURE = "Chiso-Signature"

NOT_TAKEN = posting.NOT_TAKEN  # what is raised by either way

# Of one message, where the next may go well.
_REFUSED = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPDataError,
    smtplib.SMTPNotSupportedError,
)


def message(sender: str, recipient: str, subject: str, content: str, *, now: datetime) -> EmailMessage:
    """A message in plain text that no machine answers (RFC 3834).

    Raises ValueError for a recipient that is no address.
    """
    written = EmailMessage()
    written["From"] = Address("Chiso", addr_spec=sender)
    written["To"] = Address(addr_spec=recipient)
    written["Subject"] = subject
    written["Date"] = format_datetime(now)
    written["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    written["Auto-Submitted"] = "auto-generated"
    written.set_content(content, charset="utf-8", cte="quoted-printable")
    return written


@contextmanager
def outbox(url: str) -> Generator[Callable[[EmailMessage], None]]:
    """A way to send messages over one connection, which is opened with the first of them.

    A server that is away is asked once, and not once a message: each then fails with the same OSError.
    """
    server: smtplib.SMTP | None = None
    lost: OSError | None = None

    def send(written: EmailMessage) -> None:
        nonlocal server, lost
        if lost:
            raise lost
        try:
            server = server or held.enter_context(_connected(url))
            server.send_message(written)
        except OSError as failure:
            if server is None or not isinstance(failure, _REFUSED):
                lost = failure
            raise

    with ExitStack() as held:
        yield send


@contextmanager
def _connected(url: str) -> Generator[smtplib.SMTP]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    trusted = ssl.create_default_context()
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=trusted)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT_SECONDS)
    try:
        if parts.username:
            if parts.scheme == "smtp":
                server.starttls(context=trusted)  # fails where there is none: no password leaves in clear text
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
    finally:
        with suppress(OSError):
            server.quit()
        server.close()


def post(url: str, secret: str, facts: Mapping[str, Any], *, now: datetime) -> None:
    """Post facts as JSON, signed. Whoever does not answer with a 2xx has not taken them."""
    body = json.dumps(facts, ensure_ascii=False).encode()
    posting.post(url, body, {SIGNATURE: signature(secret, body, now=now)})


def signature(secret: str, body: bytes, *, now: datetime) -> str:
    """Sign a body together with the moment, so that an old one cannot be sent again as a new one."""
    seconds = int(now.timestamp())
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"
