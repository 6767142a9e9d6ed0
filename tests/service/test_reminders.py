"""Reminders on the real database, to a real mail server and a real web hook."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Connection, Engine, text
from structlog.testing import capture_logs

from ingest.authority import Grant
from ingest.catalogue import Catalogue
from ingest.period import LOCAL_ZONE
from service import database, settings
from service.identity import accounts
from service.reminding import letter, reminders
from service.settings import Settings
from tests.conftest import TEST
from tests.service.test_serve import free_port
from tests.sql.test_obligation import sent

DUE = datetime(2026, 4, 14, 23, 59, 59, tzinfo=LOCAL_ZONE)  # of the first quarter
WEEK_BEFORE = datetime(2026, 4, 7, 9, 0, tzinfo=LOCAL_ZONE)
SECRET = "what only the two of us know"
OPERATIONS = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 4, day, hour, minute, tzinfo=LOCAL_ZONE)


class Postbox:
    """A mail server that keeps what it is given, and refuses whom it is told to refuse."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refused: set[str] = set()

    async def handle_RCPT(self, *told: Any) -> str:  # noqa: N802 - aiosmtpd's name for it
        _, _, envelope, address, _ = told
        if address in self.refused:
            return "550 there is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, *told: Any) -> str:  # noqa: N802
        _, _, envelope = told
        self.messages.append(BytesParser(policy=default).parsebytes(envelope.content))
        return "250 OK"


class Receiver(ThreadingHTTPServer):
    """A web hook that keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.status = 204
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.meanwhile: Callable[[], None] = lambda: None  # done before it answers
        self.drips = 0  # bytes of a header that it sends one at a time

    class Handler(BaseHTTPRequestHandler):
        server: "Receiver"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.posts.append((dict(self.headers), body))
            self.server.meanwhile()
            self.send_response(self.server.status)
            self.flush_headers()
            with suppress(ConnectionError):
                while self.server.drips:
                    self.wfile.write(b"x" if self.server.drips > 1 else b": x\r\n")
                    self.server.drips -= 1
                    time.sleep(0.01)
                self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def mail_server(postbox: Postbox) -> Iterator[Controller]:
    server = Controller(postbox, hostname="127.0.0.1", port=free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def told(mail_port: int | None = None, receiver: Receiver | None = None) -> Settings:
    environment = {"CHISO_PUBLIC_URL": "https://chiso.example.gov.vn"}
    if mail_port:
        environment["CHISO_SMTP_URL"] = f"smtp://127.0.0.1:{mail_port}"
        environment["CHISO_MAIL_FROM"] = "chiso@example.gov.vn"
    if receiver:
        environment["CHISO_REMINDER_HOOK"] = f"http://127.0.0.1:{receiver.server_port}/reminders"
        environment["CHISO_REMINDER_HOOK_SECRET"] = SECRET
    return settings.read(environment)


@pytest.fixture(scope="module")
def reported(own_engine: Engine) -> Engine:
    """Lan reports for two cities, Minh for a province; the other units have nobody."""
    with database.writing(own_engine) as connection:
        for name, *units in (("lan", "GSO01_2008", "GSO79_2025"), ("minh", "GSO24_2025")):
            grants = [Grant("reporter", unit) for unit in units]
            accounts.add(connection, name, *grants, email=f"{name}@example.gov.vn", by=TEST)
    return own_engine


@pytest.fixture
def people(reported: Engine) -> Iterator[Engine]:
    """Nobody was reminded of anything yet."""
    yield reported
    with database.writing(reported) as connection:
        connection.execute(text("truncate reminder"))


def kept(engine: Engine, channel: str) -> list[tuple[str, int, bool]]:
    """Whom a channel reminded, with its failures, and whether it went at last."""
    with database.reading(engine) as connection:
        rows = connection.execute(
            text(
                "select distinct recipient, failures, sent_at is not null from reminder where channel = :channel"
                " order by recipient"
            ),
            {"channel": channel},
        )
        return [(row[0], row[1], row[2]) for row in rows]


def test_each_occasion_begins_in_the_morning_and_lasts_until_the_next() -> None:
    occasions = {
        at(7, 7, 59): None,
        at(7, 8): "7 days before",
        at(13, 7, 59): "7 days before",
        at(13, 8): "1 day before",
        DUE: "1 day before",
        DUE + timedelta(seconds=1): None,
        at(15, 7, 59): None,
        at(15, 8): "1 day after",
        at(21, 7, 59): "1 day after",
        at(21, 8): "7 days after",
        at(28, 7, 59): "7 days after",
        at(28, 8): None,
    }
    assert {moment: reminders.occasion_at(DUE, moment) for moment in occasions} == occasions


def test_only_what_is_not_there_is_reminded_of(words: Catalogue) -> None:
    states = ("not_due", "due", "overdue", "on_time", "late", "received", "not_connected")
    rows = [("PROVINCE_QUARTERLY", "GSO01_2008", "2026-Q1", DUE, state) for state in states]
    assert [each.state for each in reminders.due(rows, words, now=WEEK_BEFORE)] == ["due", "overdue", "not_connected"]
    assert reminders.due(rows, words, now=at(1, 9)) == []


def test_a_unit_that_has_sent_is_not_reminded(connection: Connection) -> None:
    before = {(unit, period) for _, unit, period, *_ in reminders.owed(connection, now=WEEK_BEFORE)}
    sent(connection, "GSO24_2025", ("submit", "submitted", at(2, 9)), period="2026-Q1")
    after = {(unit, period) for _, unit, period, *_ in reminders.owed(connection, now=WEEK_BEFORE)}
    assert before - after == {("GSO24_2025", "2026-Q1")}


def test_a_person_gets_one_letter_with_all_that_they_owe_in_vietnamese_first(
    people: Engine, mail_server: Controller, postbox: Postbox
) -> None:
    reminders.remind(people, told(mail_server.port), now=WEEK_BEFORE)
    assert [message["To"] for message in postbox.messages] == ["lan@example.gov.vn", "minh@example.gov.vn"]
    message = postbox.messages[0]
    assert message["From"] == "Chiso <chiso@example.gov.vn>"
    assert message["Subject"] == "Nhắc gửi 2 báo cáo / 2 returns to send"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == WEEK_BEFORE
    assert re.fullmatch(r"<\S+@example\.gov\.vn>", message["Message-ID"])
    assert (message.get_content_type(), message.get_content_charset()) == ("text/plain", "utf-8")
    content = message.get_content().replace("\r\n", "\n")
    assert "Đơn vị báo cáo: Thành phố Hà Nội\n   Hạn gửi: hết ngày 14/04/2026 (còn 7 ngày)" in content
    assert "Due: by the end of 14 April 2026 (in 7 days)" in content
    assert "https://chiso.example.gov.vn\n" in content
    assert content.index("Kính gửi ông/bà") < content.index("Dear colleague")
    assert "Hà Nội" not in postbox.messages[1].get_content()


def test_the_examples_in_the_documentation_are_what_is_sent(
    people: Engine, mail_server: Controller, postbox: Postbox, receiver: Receiver
) -> None:
    reminders.remind(people, told(mail_server.port, receiver), now=WEEK_BEFORE)
    shown = dict(re.findall(r"```(text|json)\n(.*?)```", OPERATIONS, re.DOTALL))
    message = postbox.messages[1]
    assert shown["text"] == f"Subject: {message['Subject']}\n\n{message.get_content()}".replace("\r\n", "\n")
    posted = json.loads(receiver.posts[0][1])["reminders"]
    assert json.loads(shown["json"]) == {
        "reminders": [each for each in posted if each["reporting_unit"] == "GSO24_2025"]
    }


def test_the_documented_check_of_the_signature_accepts_ours_and_no_other(people: Engine, receiver: Receiver) -> None:
    reminders.remind(people, told(receiver=receiver), now=WEEK_BEFORE)
    headers, body = receiver.posts[0]
    assert headers["Content-Type"] == "application/json"
    found: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", OPERATIONS, re.DOTALL)[0], found)
    signature, then = headers["Chiso-Signature"], WEEK_BEFORE.timestamp()
    is_ours: Callable[..., bool] = found["is_from_chiso"]
    assert is_ours(signature, body, SECRET, now=then + 60)
    assert not is_ours(signature, body + b" ", SECRET, now=then + 60)
    assert not is_ours(signature, body, "guessed", now=then + 60)
    assert not is_ours(signature, body, SECRET, now=then + 3600)
    assert not is_ours("", body, SECRET, now=then)


def test_each_is_sent_once_a_channel_however_often_and_from_wherever_it_is_asked_for(
    people: Engine, mail_server: Controller, postbox: Postbox, receiver: Receiver
) -> None:
    with capture_logs() as logged, ThreadPoolExecutor(2) as threads:
        for done in [
            threads.submit(reminders.remind, people, told(mail_server.port, receiver), now=WEEK_BEFORE)
            for _ in range(10)
        ]:
            done.result()
    owed = len(json.loads(receiver.posts[0][1])["reminders"])
    assert owed > 50
    assert len(receiver.posts) == 1
    assert len(postbox.messages) == 2
    assert len([entry for entry in logged if entry["event"] == "reminder"]) == owed
    reminders.remind(people, told(mail_server.port, receiver), now=at(13, 9))
    assert (len(receiver.posts), len(postbox.messages)) == (2, 4), "the next occasion"


def test_a_broken_mail_server_holds_nothing_up_and_is_tried_again(
    people: Engine, mail_server: Controller, postbox: Postbox, receiver: Receiver
) -> None:
    with capture_logs() as logged:
        reminders.remind(people, told(free_port(), receiver), now=WEEK_BEFORE)
    assert len(receiver.posts) == 1
    assert [(entry["event"], entry["recipient"]) for entry in logged if entry["log_level"] == "warning"] == [
        ("reminders not sent", "lan"),
        ("reminders not sent", "minh"),
    ]
    assert kept(people, "mail") == [("lan", 1, False), ("minh", 1, False)]
    reminders.remind(people, told(mail_server.port, receiver), now=WEEK_BEFORE + timedelta(hours=1))
    assert (len(receiver.posts), len(postbox.messages)) == (1, 2)
    assert kept(people, "mail") == [("lan", 1, True), ("minh", 1, True)]


def test_an_address_that_is_refused_holds_up_no_other(
    people: Engine, mail_server: Controller, postbox: Postbox
) -> None:
    postbox.refused.add("lan@example.gov.vn")
    reminders.remind(people, told(mail_server.port), now=WEEK_BEFORE)
    assert [message["To"] for message in postbox.messages] == ["minh@example.gov.vn"]
    assert kept(people, "mail") == [("lan", 1, False), ("minh", 0, True)]


def test_a_hook_that_does_not_take_it_is_tried_again(people: Engine, receiver: Receiver) -> None:
    receiver.status = 503
    reminders.remind(people, told(receiver=receiver), now=WEEK_BEFORE)
    assert kept(people, "hook") == [("", 1, False)]
    receiver.status = 200
    reminders.remind(people, told(receiver=receiver), now=WEEK_BEFORE + timedelta(hours=1))
    assert receiver.posts[0][1] == receiver.posts[1][1]
    assert kept(people, "hook") == [("", 1, True)]


def test_a_password_is_not_sent_to_a_server_that_does_not_encrypt(
    people: Engine, mail_server: Controller, postbox: Postbox
) -> None:
    environment = {
        "CHISO_SMTP_URL": f"smtp://chiso:secret@127.0.0.1:{mail_server.port}",
        "CHISO_MAIL_FROM": "chiso@example.gov.vn",
    }
    with capture_logs() as logged:
        reminders.remind(people, settings.read(environment), now=WEEK_BEFORE)
    assert postbox.messages == []
    assert "STARTTLS extension not supported" in str([entry.get("why") for entry in logged])


def test_who_reports_for_what_became_of_a_unit_is_reminded_and_who_does_for_the_nation_is_spared(
    connection: Connection, words: Catalogue
) -> None:
    for name, grant in (
        ("hoa", Grant("reporter", "GSO24_2025", "PROVINCE_QUARTERLY")),
        ("nga", Grant("reporter", "VN")),
        ("phong", Grant("reviewer", "MOST_2025")),
        ("quang", Grant("reporter", "GSO01_2008")),
    ):
        accounts.add(connection, name, grant, email=f"{name}@example.gov.vn", by=TEST)
    accounts.disable(connection, "quang", by=TEST, now=WEEK_BEFORE)
    hoa, nga = reminders.reporters_of(connection, words)
    assert {code for code, _ in hoa.reports_for} == {"GSO24_2025", "GSO24", "GSO27"}
    assert {dataset for _, dataset in hoa.reports_for} == {"PROVINCE_QUARTERLY"}
    assert {code for code, _ in nga.reports_for} == {"VN"}


def test_a_letter_counts_what_is_late_and_says_what_never_connected(words: Catalogue) -> None:
    rows = [
        ("PROVINCE_QUARTERLY", "GSO01_2008", "2026-Q1", DUE, "overdue"),
        ("PROVINCE_QUARTERLY", "GSO04", "2026-Q1", DUE, "not_connected"),
    ]
    late = reminders.due(rows, words, now=at(15, 9))
    assert letter.subject(late) == "Nhắc gửi 2 báo cáo, 1 quá hạn / 2 returns to send, 1 overdue"
    written = letter.letter(late, address="https://chiso", now=at(15, 9))
    assert "(quá hạn 1 ngày)" in written
    assert "(1 day overdue)" in written
    assert "Hệ thống của đơn vị chưa từng gửi số liệu." in written
    assert letter.subject(late[:1]) == "Nhắc gửi 1 báo cáo, 1 quá hạn / 1 return to send, 1 overdue"
    assert "This return is still to be sent:" in letter.letter(late[:1], address="https://chiso", now=at(15, 9))
