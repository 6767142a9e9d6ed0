"""The words in which a transform is asked for, and told."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.period import Period
from ingest.spelling import nearest

CHANGES = ("chg", "ch1")
# Of a rate these are told in percentage points, unless asked otherwise.
RELATIVE = ("pch", "pc1", "pca", "cch", "cca")
SHARES = ("share", "contribution")
RANKS = ("rank", "rank_dense")
NAMES = (*CHANGES, *RELATIVE, "log", "index", "ytd", "cumulative", "within", "ma", *SHARES, *RANKS)
_LONGEST_AVERAGE = 1000
# What each is, in Vietnamese and English, as the title of an answer goes on.
_SAID = {
    "chg": ("thay đổi so với kỳ trước", "change on the period before"),
    "ch1": ("thay đổi so với cùng kỳ năm trước", "change on a year before"),
    "pch": ("thay đổi phần trăm so với kỳ trước", "percent change on the period before"),
    "pc1": ("thay đổi phần trăm so với cùng kỳ năm trước", "percent change on a year before"),
    "pca": ("thay đổi phần trăm so với kỳ trước, quy ra năm", "percent change on the period before, at a yearly rate"),
    "cch": ("thay đổi lô-ga-rít so với kỳ trước", "logarithmic change on the period before"),
    "cca": ("thay đổi lô-ga-rít so với kỳ trước, quy ra năm", "logarithmic change, at a yearly rate"),
    "log": ("lô-ga-rít tự nhiên", "natural logarithm"),
    "index": ("chỉ số, {base} = 100", "index, {base} = 100"),
    "ytd": ("cộng dồn từ đầu năm", "summed since January"),
    "cumulative": ("cộng dồn từ kỳ đầu tiên", "summed since the first figure"),
    "within": ("phần của riêng từng kỳ", "each period's own part"),
    "ma": ("bình quân trượt {periods} kỳ", "moving average of {periods} periods"),
    "share": ("tỷ trọng trong tổng số", "share of the total"),
    "contribution": ("đóng góp vào thay đổi của tổng số", "contribution to the change of the total"),
    "rank": ("thứ hạng", "rank"),
    "rank_dense": ("thứ hạng, không bỏ số", "rank without gaps"),
}
# Units of measure that come of computing, and that no indicator is measured in.
MEASURES = {
    "percentage_point": ("Điểm phần trăm", "Percentage points"),
    "natural_log": ("Lô-ga-rít tự nhiên", "Natural logarithm"),
    "index": ("Chỉ số (kỳ gốc = 100)", "Index (base period = 100)"),
}


class NotATransform(ValueError):
    """The text is no transform."""

    def __init__(self, sentence: str, *, parameter: str = "transform", nearest: Sequence[str] = ()) -> None:
        """Keep which word of the question it was, and what was probably meant."""
        super().__init__(sentence)
        self.parameter, self.nearest = parameter, list(nearest)


@dataclass(frozen=True, slots=True)
class Transform:
    """What is to be computed; `periods` of a moving average, `base` of an index, `relative` where a rate's change is
    wanted in percent of itself and not in points.
    """

    name: str
    periods: int | None = None
    base: Period | None = None
    relative: bool = False

    @classmethod
    def parse(cls, written: str, *, base: Period | None = None, relative: bool = False) -> "Transform | None":
        """The transform of this name, None for `lin`, the figures as they are.

        Raises NotATransform, with what there is.
        """
        name, _, number = written.strip().lower().partition(":")
        if name not in (*NAMES, "lin") or (number and name != "ma"):
            there = ", ".join(("lin", *(f"{each}:N" if each == "ma" else each for each in NAMES)))
            near = nearest(name, NAMES)
            guess = f" Did you mean {' or '.join(near)}?" if near else ""
            raise NotATransform(f"“{written}” is no transform.{guess} There are: {there}.", nearest=near)
        if name == "ma" and not (re.fullmatch(r"[0-9]{1,4}", number) and 2 <= int(number) <= _LONGEST_AVERAGE):
            raise NotATransform(f"“{written}” is no moving average; write ma:4 for four periods, at the most 1000.")
        if (name == "index") != (base is not None):
            raise NotATransform(
                "An index needs “base”, the period that is 100, as in transform=index&base=2010.", parameter="base"
            )
        if relative and name not in RELATIVE:
            raise NotATransform(
                f"“relative” goes with {', '.join(RELATIVE)}, whose answer for a rate it changes.", parameter="relative"
            )
        return None if name == "lin" else cls(name, int(number) if number else None, base, relative)

    @property
    def said(self) -> tuple[str, str]:
        """What is computed, in Vietnamese and English; of a rate in points unless it says otherwise."""
        vi, en = (each.format(base=self.base, periods=self.periods) for each in _SAID[self.name])
        if self.relative:
            return f"{vi}, so với chính tỷ lệ", f"{en}, relative to the rate itself"
        return vi, en

    def __str__(self) -> str:
        """The transform as it is told in an answer: `ma:4`, `index:2010`."""
        detail = self.periods or self.base
        return f"{self.name}:{detail}" if detail else self.name
