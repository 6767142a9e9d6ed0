"""Deadlines as people write them: the last day that is in time.

Plans and dispatches know four kinds: within a period (`trong quý IV/2022`), up to a day (`chậm nhất ngày 14/7/2025`),
strictly before a day (`trước ngày 15/12/2021`) and strictly before a period (`trước tháng 12/2024`).
"""

import re
import unicodedata
from datetime import date, timedelta

from ingest.period import NotAPeriod, parse


class NotADeadline(ValueError):
    """The text is no deadline."""

    def __init__(self, text: str) -> None:
        """Keep the text as it was written."""
        super().__init__(
            f"“{text}” is no deadline; write 2025-07-14, ngày 14/7/2025, trước ngày 15/7/2025, trong tháng 7/2025,"
            " trước tháng 8/2025 or trong quý III/2025"
        )
        self.text = text


# What people write around the day or the period; none of it but "trước" moves the deadline.
_TASK = r"(?:(?:phải )?(?:hoàn thành|thực hiện|báo cáo|gửi|nộp)(?: xong)? |(?:thời )?hạn(?: chót)?:? )?"
_WITHIN = r"(?:trong |(?:chậm|muộn) nhất (?:là )?)?(?:vào |đến |tới )?(?:hết |cuối )?"
_DEADLINE = re.compile(rf"{_TASK}(?:(?P<before>trước )|{_WITHIN})(?:ngày )?(?P<named>.+)")
_DAY_IN_WORDS = re.compile(r"(\d{1,2}) tháng (\d{1,2})(?: năm |/)(\d{4})")


def last_day(text: str) -> date:
    """The last day that is in time, on the local calendar.

    A day or a period alone is in time to its end; after `trước` it is too late from its beginning on.

    Raises NotADeadline; also for a deadline without its year, and for one within a day (`trước 17 giờ ngày 14/7/2025`).
    """
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text).strip().casefold().rstrip(".;"))
    found = _DEADLINE.fullmatch(plain)
    if found is None:
        raise NotADeadline(text)
    try:
        named = parse(_DAY_IN_WORDS.sub(r"\1/\2/\3", found["named"]))
        last = named.start.date() - timedelta(days=1) if found["before"] else named.last_day
    except (NotAPeriod, OverflowError) as fault:
        raise NotADeadline(text) from fault
    if named.frequency == "H":
        raise NotADeadline(text)
    return last
