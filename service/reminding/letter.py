"""A reminder, and how it is put: to a person in a letter, to a program as a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ingest.dataset import Dataset
from ingest.period import LOCAL_ZONE, parse
from ingest.reporting_unit import ReportingUnit

_LETTER = """\
Kính gửi ông/bà,

Ông/bà còn {count} báo cáo phải gửi:

{vietnamese}

Nơi gửi: {address}
Nếu báo cáo vừa được gửi, xin bỏ qua thư này.
Thư này do hệ thống Chiso gửi tự động, xin không trả lời.

* * *

Dear colleague,

{returns} still to be sent:

{english}

Where to send: {address}
If a return has just been sent, please ignore this message.
It was sent by Chiso automatically; please do not reply.
"""


@dataclass(frozen=True, slots=True)
class Reminder:
    """One return that is still owed, and the occasion to say so."""

    dataset: Dataset
    reporting_unit: ReportingUnit
    period: str
    due_at: datetime  # the last second that is in time
    state: str  # due, overdue, not_connected
    occasion: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it one reminder: dataset, reporting unit, period and occasion."""
        return self.dataset.code, self.reporting_unit.code, self.period, self.occasion


def subject(reminders: Sequence[Reminder]) -> str:
    """The subject of a letter: how many, and whether some are late."""
    count = len(reminders)
    overdue = sum(each.state == "overdue" for each in reminders)
    vietnamese = f"Nhắc gửi {count} báo cáo" + (f", {overdue} quá hạn" if overdue else "")
    english = f"{count} return{'s' * (count > 1)} to send" + (f", {overdue} overdue" if overdue else "")
    return f"{vietnamese} / {english}"


def letter(reminders: Sequence[Reminder], *, address: str, now: datetime) -> str:
    """The letter about all that one person is reminded of, Vietnamese first; `address` is that of the service."""
    count = len(reminders)
    today = now.astimezone(LOCAL_ZONE).date()
    return _LETTER.format(
        count=count,
        returns="This return is" if count == 1 else f"These {count} returns are",
        vietnamese="\n\n".join(f"{n}. {_in_vietnamese(each, today)}" for n, each in enumerate(reminders, 1)),
        english="\n\n".join(f"{n}. {_in_english(each, today)}" for n, each in enumerate(reminders, 1)),
        address=address,
    )


def as_record(reminder: Reminder) -> dict[str, Any]:
    """The reminder as it is logged and posted."""
    return {
        "dataset": reminder.dataset.code,
        "dataset_name": {"vi": reminder.dataset.name_vi, "en": reminder.dataset.name_en},
        "reporting_unit": reminder.reporting_unit.code,
        "reporting_unit_name": {"vi": reminder.reporting_unit.name_vi, "en": reminder.reporting_unit.name_en},
        "period": reminder.period,
        "due_at": reminder.due_at.astimezone(LOCAL_ZONE).isoformat(),
        "state": reminder.state,
        "occasion": reminder.occasion,
    }


def _in_vietnamese(reminder: Reminder, today: date) -> str:
    day = _due_day(reminder)
    left = (day - today).days
    when = f"còn {left} ngày" if left > 0 else f"quá hạn {-left} ngày" if left < 0 else "hôm nay"
    lines = [
        f"{reminder.dataset.name_vi} ({reminder.dataset.code})",
        f"Kỳ báo cáo: {parse(reminder.period).in_vietnamese}",
        f"Đơn vị báo cáo: {reminder.reporting_unit.name_vi}",
        f"Hạn gửi: hết ngày {day:%d/%m/%Y} ({when})",
    ]
    if reminder.state == "not_connected":
        lines.append("Hệ thống của đơn vị chưa từng gửi số liệu.")
    return "\n   ".join(lines)


def _in_english(reminder: Reminder, today: date) -> str:
    day = _due_day(reminder)
    left = (day - today).days
    days = f"{abs(left)} day{'s' * (abs(left) != 1)}"
    when = f"in {days}" if left > 0 else f"{days} overdue" if left < 0 else "today"
    lines = [
        f"{reminder.dataset.name_en} ({reminder.dataset.code})",
        f"Period: {reminder.period}",
        f"Reporting unit: {reminder.reporting_unit.name_en}",
        f"Due: by the end of {day.day} {day:%B %Y} ({when})",
    ]
    if reminder.state == "not_connected":
        lines.append("The unit's system has never sent anything.")
    return "\n   ".join(lines)


def _due_day(reminder: Reminder) -> date:
    return reminder.due_at.astimezone(LOCAL_ZONE).date()
