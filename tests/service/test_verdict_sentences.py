"""Every verdict is told in one sentence in each language, and its formula gives the number that it claims."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection

from ingest import catalogue as files
from ingest.catalogue import Catalogue
from service.archive.verdicts import states
from service.archive.verdicts.reaching import ANSWER_COLUMNS, Wanted, reached
from service.archive.verdicts.sentences import Told, told
from service.archive.verdicts.states import Method, Reason, State
from service.archive.verdicts.wording import METHOD_LABELS, PHRASES, REASONS, STATE_LABELS

STATES, METHODS, WHY_NOT = (states.words(each) for each in (State, Method, Reason))
KINDS = ("at_least", "at_most", "change_from_base", "top_n", "zero_left", "yes_all", "path")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return files.read()


def verdict(**facts: Any) -> dict[str, Any]:
    """A row of ANSWER_COLUMNS: 5G covers 40 % of the people in 2025, 20 % in 2024, and 80 % are promised for 2030."""
    nothing: dict[str, Any] = dict.fromkeys(ANSWER_COLUMNS)
    row = nothing | {
        "plan": "PLAN",
        "indicator": "COVERAGE_5G",
        "scope": "VN",
        "period": "2030",
        "reporting_unit": "VN",
        "kind": "at_least",
        "target": 80,
        "promised": 80,
        "last_day": date(2030, 12, 31),
        "state": "on_track",
        "method": "linear_path",
        "value": 40,
        "value_period": "2025",
        "value_status": "A",
        "base": 20,
        "base_period": "2024",
        "base_status": "A",
        "base_stated": False,
        "target_published_at": datetime(2024, 10, 9, tzinfo=UTC),
        "target_promised_at": datetime(2024, 10, 9, tzinfo=UTC),
    }
    assert not facts.keys() - set(ANSWER_COLUMNS)
    row |= facts
    series = f"A.{row['indicator']}.{row['reporting_unit']}.STOCK.REPORT._T"
    return row | {"series": row["series"] or series if row["value"] is not None else None}


# 40 % where the way from 20 % to 80 % asks for 30 %.
AHEAD = {
    "path_value": 30,
    "gap": 10,
    "progress_percent": 33.3333333333,
    "pace_percent": 200,
    "needed_value": 48,
    "needed_period": "2026",
}
BEHIND = AHEAD | {
    "value": 26,
    "gap": -4,
    "progress_percent": 10,
    "pace_percent": 60,
    "needed_value": 36.8,
}
EGDI = {
    "indicator": "EGDI_RANK",
    "period": "2024",
    "last_day": date(2024, 12, 31),
    "kind": "change_from_base",
    "target": -5,
    "promised": 81,
    "method": "places",
    "value": 71,
    "value_period": "2024",
    "base": 86,
    "base_period": "2022",
    "base_status": None,
    "base_stated": True,
}
TOP = EGDI | {
    "kind": "top_n",
    "method": "membership",
    "period": "2030",
    "last_day": date(2030, 12, 31),
    "target": 50,
    "promised": 50,
    "path_value": 77,
    "gap": 6,
    "progress_percent": 41.6666666667,
    "pace_percent": 166.666666667,
    "needed_value": 64,
    "needed_period": "2026",
}
LEFT = {
    "indicator": "TASKS_OVERDUE",
    "reporting_unit": "MOJ",
    "kind": "zero_left",
    "method": "count_down",
    "period": "2024-12",
    "last_day": date(2024, 12, 31),
    "target": 0,
    "promised": 0,
    "value": 390,
    "value_period": "2024-Q3",
    "base": 1086,
    "base_period": "2023",
}

TOLD = {
    "a rank that went up more than was promised": (
        EGDI | {"state": "reached", "path_value": 81, "gap": 10, "progress_percent": 300, "pace_percent": 300},
        "Việt Nam xếp hạng 71 năm 2024 về Chỉ số phát triển Chính phủ điện tử (EGDI), đã đạt mục tiêu đến hết năm"
        " 2024 là tăng ít nhất 5 bậc so với hạng 86 năm 2022, vượt 10 bậc so với mục tiêu (đã đi được 300 % chặng"
        " đường từ mức gốc đến mục tiêu).",
        "Viet Nam ranked 71st on the UN E-Government Development Index in 2024: the target of at least 5 places up from"
        " 86th in 2022 by the end of 2024 is reached, 10 places ahead of the target (300% of the way).",
        "(86 − 71) / (86 − 81) = 300 %",
    ),
    "a rank whose base nobody knows": (
        EGDI | {"state": "cannot_be_judged", "reason": "no_base", "promised": None, "base": None},
        "Việt Nam xếp hạng 71 năm 2024 về Chỉ số phát triển Chính phủ điện tử (EGDI), chưa đánh giá được việc thực"
        " hiện mục tiêu đến hết năm 2024 là tăng ít nhất 5 bậc so với mức gốc năm 2022 vì chưa có số liệu kỳ gốc để"
        " so sánh; cần bổ sung số liệu kỳ gốc hoặc ngày ban hành văn bản quy định mục tiêu.",
        "Viet Nam ranked 71st on the UN E-Government Development Index in 2024: the target of at least 5 places up from"
        " the base in 2022 by the end of 2024 cannot be judged because there is no base to compare with; it can be"
        " judged once the base, or the day of the promise, is known.",
        None,
    ),
    "a rank on its way": (
        TOP,
        "Việt Nam xếp hạng 71 năm 2024 về Chỉ số phát triển Chính phủ điện tử (EGDI), đúng tiến độ thực hiện mục tiêu"
        " đến hết năm 2030 là thuộc nhóm 50 nước dẫn đầu, vượt 6 bậc so với hạng 77 theo lộ trình (đã đi được 41,7 %"
        " chặng đường từ mức gốc đến mục tiêu); kỳ tiếp theo (năm 2026) cần đạt hạng 64 trở lên.",
        "Viet Nam ranked 71st on the UN E-Government Development Index in 2024: on track for the target of a place"
        " among the first 50 by the end of 2030, 6 places ahead of the path at 77th (41.7% of the way); the next figure"
        " (2026) has to be 64th or better.",
        "86 + (50 − 86) × 2/8 = 77; (86 − 71) / (86 − 77) = 166.7 %",
    ),
    "a province among the first": (
        TOP
        | {
            "indicator": "DTI_RANK",
            "reporting_unit": "GSO25_2025",
            "state": "reached",
            "target": 3,
            "promised": 3,
            "value": 2,
            "base": None,
            "base_period": None,
            "path_value": None,
            "gap": 1,
            "progress_percent": None,
            "pace_percent": None,
            "needed_value": 3,
        },
        "Tỉnh Phú Thọ xếp hạng 2 năm 2024 về chỉ số chuyển đổi số (DTI), đã đạt mục tiêu đến hết năm 2030 là thuộc"
        " nhóm 3 địa phương dẫn đầu, vượt 1 bậc so với mục tiêu; kỳ tiếp theo (năm 2026) cần giữ hạng 3 trở lên.",
        "Phu Tho ranked 2nd on the Digital Transformation Index in 2024: the target of a place among the first 3 by the"
        " end of 2030 is reached, 1 place ahead of the target; the next figure (2026) still has to be 3rd or better.",
        "2 ≤ 3",
    ),
    "a rank that fell": (
        TOP
        | {
            "state": "moving_away",
            "value": 90,
            "base": 86,
            "path_value": 50,
            "gap": -40,
            "progress_percent": -11.1111111111,
            "pace_percent": -11.1111111111,
            "needed_value": None,
            "needed_period": None,
        },
        "Việt Nam xếp hạng 90 năm 2024 về Chỉ số phát triển Chính phủ điện tử (EGDI), xa dần, theo số liệu mới nhất"
        " chưa đạt mục tiêu đến hết năm 2030 là thuộc nhóm 50 nước dẫn đầu, xấu đi so với mức gốc hạng 86 năm 2022,"
        " còn kém 40 bậc so với mục tiêu.",
        "Viet Nam ranked 90th on the UN E-Government Development Index in 2024: moving away, the target of a place"
        " among the first 50 by the end of 2030 is not reached by the latest figure, worse than the base of 86th in"
        " 2022, 40 places behind the target.",
        "(86 − 90) / (86 − 50) = −11.1 %",
    ),
    "a rate ahead of its path": (
        AHEAD | {"value_status": "P"},
        "Tỷ lệ dân số được phủ sóng 5G của Việt Nam năm 2025 là 40 % (sơ bộ), đúng tiến độ thực hiện mục tiêu đến hết"
        " năm 2030 là ít nhất 80 %, vượt 10 điểm phần trăm so với mức 30 % theo lộ trình (đã đi được 33,3 % chặng"
        " đường từ mức gốc đến mục tiêu); kỳ tiếp theo (năm 2026) cần đạt ít nhất 48 %.",
        "Viet Nam stood at 40% (provisional) in 2025 for “Population covered by 5G”: on track for the target of at"
        " least"
        " 80% by the end of 2030, 10 percentage points above the path at 30% (33.3% of the way); the next figure (2026)"
        " has to be at least 48%.",
        "20 + (80 − 20) × 1/6 = 30; (40 − 20) / (30 − 20) = 200 %",
    ),
    "a rate that must hurry": (
        BEHIND | {"state": "acceleration_needed", "value_status": "E"},
        "Tỷ lệ dân số được phủ sóng 5G của Việt Nam năm 2025 là 26 % (ước tính), cần tăng tốc để đạt mục tiêu đến hết"
        " năm 2030 là ít nhất 80 %, còn thiếu 4 điểm phần trăm so với mức 30 % theo lộ trình (đã đi được 10 % chặng"
        " đường từ mức gốc đến mục tiêu); kỳ tiếp theo (năm 2026) cần đạt ít nhất 36,8 %.",
        "Viet Nam stood at 26% (estimated) in 2025 for “Population covered by 5G”: acceleration is needed to reach the"
        " target of at least 80% by the end of 2030, 4 percentage points short of the path at 30% (10% of the way); the"
        " next figure (2026) has to be at least 36.8%.",
        "20 + (80 − 20) × 1/6 = 30; (26 − 20) / (30 − 20) = 60 %",
    ),
    "a rate that fell": (
        BEHIND
        | {
            "state": "moving_away",
            "value": 18.5,
            "gap": -11.5,
            "progress_percent": -2.5,
            "pace_percent": -15,
            "needed_value": 30.801,
        },
        "Tỷ lệ dân số được phủ sóng 5G của Việt Nam năm 2025 là 18,5 %, đang xa dần mục tiêu đến hết năm 2030 là ít"
        " nhất 80 %, xấu đi so với mức gốc 20 % năm 2024, còn thiếu 11,5 điểm phần trăm so với mức 30 % theo lộ"
        " trình; kỳ tiếp theo (năm 2026) cần đạt ít nhất 30,81 %.",
        "Viet Nam stood at 18.5% in 2025 for “Population covered by 5G”: moving away from the target of at least 80% by"
        " the end of 2030, worse than the base of 20% in 2024, 11.5 percentage points short of the path at 30%; the"
        " next figure (2026) has to be at least 30.81%.",
        "20 + (80 − 20) × 1/6 = 30; (18.5 − 20) / (30 − 20) = −15 %",
    ),
    "a rate whose deadline has passed": (
        {
            "indicator": "DIGITAL_ECONOMY_GDP_SHARE",
            "period": "2023",
            "last_day": date(2023, 12, 31),
            "state": "off_track",
            "target": 16,
            "promised": 16,
            "value": 12.87,
            "value_period": "2023",
            "value_status": "P",
            "base": 12.83,
            "base_period": "2022",
            "path_value": 16,
            "gap": -3.13,
            "progress_percent": 1.261829653,
            "pace_percent": 1.261829653,
        },
        "Tỷ trọng giá trị tăng thêm của kinh tế số trong GDP của Việt Nam năm 2023 là 12,87 % (sơ bộ), chậm tiến độ,"
        " theo số liệu mới nhất chưa đạt mục tiêu đến hết năm 2023 là ít nhất 16 %, còn thiếu 3,13 điểm phần trăm so"
        " với mục tiêu (đã đi được 1,3 % chặng đường từ mức gốc đến mục tiêu).",
        "Viet Nam stood at 12.87% (provisional) in 2023 for “Digital economy value added in GDP”: off track, the"
        " target of at least 16% by the end of 2023 is not reached by the latest figure, 3.13 percentage points short"
        " of the target (1.3% of the way).",
        "(12.87 − 12.83) / (16 − 12.83) = 1.3 %",
    ),
    "a rate that promised a change": (
        AHEAD
        | {
            "kind": "change_from_base",
            "target": 1,
            "promised": 21,
            "state": "reached",
            "gap": 19.9,
            "path_value": 20.1,
            "progress_percent": 2000,
            "needed_value": 21,
        },
        "Tỷ lệ dân số được phủ sóng 5G của Việt Nam năm 2025 là 40 %, đã đạt mục tiêu đến hết năm 2030 là tăng ít"
        " nhất 1 điểm phần trăm so với mức 20 % năm 2024, vượt 19 điểm phần trăm so với mục tiêu (đã đi được 2.000 %"
        " chặng đường từ mức gốc đến mục tiêu); kỳ tiếp theo (năm 2026) cần giữ ở mức ít nhất 21 %.",
        "Viet Nam stood at 40% in 2025 for “Population covered by 5G”: the target of at least 1 percentage point more"
        " than 20% in 2024 by the end of 2030 is reached, 19 percentage points above the target (2,000% of the way);"
        " the next figure (2026) still has to be at least 21%.",
        "(40 − 20) / (21 − 20) = 2000 %",
    ),
    "a milestone": (
        AHEAD | {"kind": "path", "base": None, "base_period": None, "progress_percent": None, "pace_percent": None},
        "Tỷ lệ dân số được phủ sóng 5G của Việt Nam năm 2025 là 40 %, đúng tiến độ thực hiện mục tiêu đến hết năm"
        " 2030 là ít nhất 80 % theo mốc đã đề ra, vượt 10 điểm phần trăm so với mức 30 % theo lộ trình; kỳ tiếp theo"
        " (năm 2026) cần đạt ít nhất 48 %.",
        "Viet Nam stood at 40% in 2025 for “Population covered by 5G”: on track for the target of at least 80% as its"
        " path promises by the end of 2030, 10 percentage points above the path at 30%; the next figure (2026) has to"
        " be at least 48%.",
        "40 ≥ 30",
    ),
    "all of them, where the next figure is the limit": (
        AHEAD
        | {
            "kind": "yes_all",
            "target": 100,
            "promised": 100,
            "period": "2025-06-30",
            "last_day": date(2025, 6, 30),
            "value": 98,
            "value_period": "2025-Q1",
            "base_period": "2024-Q3",
            "state": "on_track",
            "path_value": 98,
            "gap": 0,
            "progress_percent": 97.5,
            "pace_percent": 100,
            "needed_value": 100,
            "needed_period": "2025-Q2",
        },
        "Tỷ lệ dân số được phủ sóng 5G của Việt Nam quý I/2025 là 98 %, đúng tiến độ thực hiện mục tiêu đến hết ngày"
        " 30/06/2025 là 100 %, đúng bằng mức 98 % theo lộ trình (đã đi được 97,5 % chặng đường từ mức gốc đến mục"
        " tiêu); kỳ tiếp theo (quý II/2025) cần đạt 100 %.",
        "Viet Nam stood at 98% in Q1 2025 for “Population covered by 5G”: on track for the target of 100% by 30 Jun"
        " 2025,"
        " level with the path at 98% (97.5% of the way); the next figure (Q2 2025) has to be 100%.",
        "20 + (100 − 20) × 0.5/0.75 = 98; (98 − 20) / (98 − 20) = 100 %",
    ),
    "a backlog that is worked off": (
        LEFT
        | {
            "state": "on_track",
            "deadline": "Trước tháng 12/2024",
            "last_day": date(2024, 11, 30),
            "path_value": 400,
            "gap": 10,
            "progress_percent": 64.0883977901,
            "pace_percent": 101.4577259,
            "needed_value": 0,
            "needed_period": "2024-11",
            "done": 696,
            "whole": 1086,
            "done_percent": 64.0883977901,
        },
        "Số nhiệm vụ quá hạn, tồn đọng của Bộ Tư pháp quý III/2024 là 390, đúng tiến độ thực hiện mục tiêu trước"
        " tháng 12/2024 là không còn trường hợp nào, thấp hơn 10 so với mức 400 theo lộ trình (đã hoàn thành 696"
        " trong tổng số 1.086, bằng 64,1 %); kỳ tiếp theo (tháng 11/2024) cần ở mức 0.",
        "The Ministry of Justice stood at 390 in Q3 2024 for “Tasks overdue or outstanding”: on track for the target of"
        " having none left by 30 Nov 2024, 10 below the path at 400 (696 of 1,086 done, 64.1%); the next figure"
        " (November 2024) has to be 0.",
        "1086 + (0 − 1086) × 0.75/0.9167 = 400; (1086 − 390) / (1086 − 400) = 101.5 %",
    ),
    "a backlog that is left": (
        LEFT
        | {
            "state": "off_track",
            "path_value": 0,
            "gap": -390,
            "base": None,
            "base_period": None,
            "progress_percent": 64.0883977901,
            "done": 696,
            "whole": 1086,
            "done_percent": 64.0883977901,
        },
        "Số nhiệm vụ quá hạn, tồn đọng của Bộ Tư pháp quý III/2024 là 390, chậm tiến độ, theo số liệu mới nhất chưa"
        " đạt mục tiêu đến hết tháng 12/2024 là không còn trường hợp nào, còn phải giải quyết 390 (đã hoàn thành 696"
        " trong tổng số 1.086, bằng 64,1 %).",
        "The Ministry of Justice stood at 390 in Q3 2024 for “Tasks overdue or outstanding”: off track, the target of"
        " having none left by the end of December 2024 is not reached by the latest figure, 390 still to be done (696"
        " of 1,086 done, 64.1%).",
        "696 / 1086 = 64.1 %",
    ),
    "at most so many": (
        LEFT
        | {
            "kind": "at_most",
            "method": "linear_path",
            "deadline": "30/6/2025",
            "last_day": date(2025, 6, 30),
            "target": 300,
            "promised": 300,
            "state": "cannot_be_judged",
            "reason": "one_point",
            "base": 390,
            "base_period": "2024-Q3",
            "gap": -90,
            "needed_value": 360.4,
            "needed_period": "2024-Q4",
        },
        "Số nhiệm vụ quá hạn, tồn đọng của Bộ Tư pháp quý III/2024 là 390, chưa đánh giá được việc thực hiện mục tiêu"
        " đến hết ngày 30/06/2025 là không quá 300 (còn cao hơn 90 so với mục tiêu) vì chưa có số liệu của kỳ nào"
        " sau kỳ gốc để so sánh; sẽ đánh giá được khi có số liệu của kỳ sau; kỳ tiếp theo (quý IV/2024) cần ở mức"
        " không quá 360.",
        "The Ministry of Justice stood at 390 in Q3 2024 for “Tasks overdue or outstanding”: the target of at most"
        " 300 by"
        " 30 Jun 2025 (90 above the target) cannot be judged because there is no figure of a later period to compare"
        " with its base; it can be judged once a later period is reported; the next figure (Q4 2024) has to be at most"
        " 360.",
        "300 − 390 = −90",
    ),
    "a count that grows": (
        {
            "indicator": "NDXP_TRANSACTIONS",
            "method": "compound_growth",
            "period": "2025",
            "last_day": date(2025, 12, 31),
            "state": "acceleration_needed",
            "target": 1210000000,
            "promised": 1210000000,
            "value": 1060000000,
            "value_period": "2024-Q4",
            "series": "Q.NDXP_TRANSACTIONS.VN.YTD.EMC._T",
            "base": 1000000000,
            "base_period": "2023",
            "path_value": 1100000000,
            "gap": -40000000,
            "progress_percent": 28.5714285714,
            "pace_percent": 60,
            "needed_value": 1095670123.4,
            "needed_period": "2025-Q1",
        },
        "Số giao dịch qua Nền tảng tích hợp, chia sẻ dữ liệu quốc gia (NDXP) của Việt Nam lũy kế từ đầu năm đến hết"
        " quý IV/2024 là 1.060.000.000, cần tăng tốc để đạt mục tiêu đến hết năm 2025 là ít nhất 1.210.000.000, còn"
        " thiếu 40.000.000 so với mức 1.100.000.000 theo lộ trình (đã đi được 28,6 % chặng đường từ mức gốc đến mục"
        " tiêu); kỳ tiếp theo (quý I/2025) cần đạt ít nhất 1.095.670.124.",
        "Viet Nam stood at 1,060,000,000 from January to the end of Q4 2024 for “NDXP transactions”: acceleration is"
        " needed to reach the target of at least 1,210,000,000 by the end of 2025, 40,000,000 short of the path at"
        " 1,100,000,000 (28.6% of the way); the next figure (Q1 2025) has to be at least 1,095,670,124.",
        "((1060000000/1000000000)^(1/1) − 1) / ((1210000000/1000000000)^(1/2) − 1) = 60 %",
    ),
    "a group of units and a sum of money": (
        {
            "indicator": "ICT_REVENUE",
            "reporting_unit": "VN_PROVINCES",
            "method": "linear_path",
            "period": "2025",
            "last_day": date(2025, 12, 31),
            "state": "off_track",
            "target": 169.3,
            "promised": 169.3,
            "value": 158,
            "value_period": "2024-S1",
            "base": None,
            "base_period": None,
            "path_value": 169.3,
            "gap": -11.3,
        },
        "Doanh thu công nghiệp công nghệ số (ICT) của khối tỉnh, thành phố 6 tháng đầu năm 2024 là 158 tỷ USD, chậm"
        " tiến độ, theo số liệu mới nhất chưa đạt mục tiêu đến hết năm 2025 là ít nhất 169,3 tỷ USD, còn thiếu 11,3"
        " tỷ USD so với mục tiêu.",
        "Provinces and cities stood at US$158 billion in the first half of 2024 for “ICT (digital technology)"
        " industry revenue”: off track, the target of at least US$169.3 billion by the end of 2025 is not reached by"
        " the latest figure, US$11.3 billion short of the target.",
        "158 < 169.3",
    ),
    "a trend": (
        BEHIND | {"method": "trend", "state": "on_track", "pace_percent": 30},
        "Tỷ lệ dân số được phủ sóng 5G của Việt Nam năm 2025 là 26 %, đúng tiến độ thực hiện mục tiêu đến hết năm"
        " 2030 là ít nhất 80 %, còn thiếu 4 điểm phần trăm so với mức 30 % theo lộ trình (tốc độ cải thiện bình quân"
        " 30 %/năm); kỳ tiếp theo (năm 2026) cần đạt ít nhất 36,8 %.",
        "Viet Nam stood at 26% in 2025 for “Population covered by 5G”: on track for the target of at least 80% by the"
        " end"
        " of 2030, 4 percentage points short of the path at 30% (30% better a year); the next figure (2026) has to be"
        " at"
        " least 36.8%.",
        "(26/20)^(1/1) − 1 = 30 %",
    ),
    "a current status": (
        AHEAD | {"method": "current_status", "index": 3.33333333333},
        "Tỷ lệ dân số được phủ sóng 5G của Việt Nam năm 2025 là 40 %, đúng tiến độ thực hiện mục tiêu đến hết năm"
        " 2030 là ít nhất 80 %, vượt 10 điểm phần trăm so với mức 30 % theo lộ trình (chỉ số hiện trạng 3,3 trên 10);"
        " kỳ tiếp theo (năm 2026) cần đạt ít nhất 48 %.",
        "Viet Nam stood at 40% in 2025 for “Population covered by 5G”: on track for the target of at least 80% by the"
        " end"
        " of 2030, 10 percentage points above the path at 30% (current status index 3.3 of 10); the next figure (2026)"
        " has to be at least 48%.",
        "10 × (40 − 20) / (80 − 20) = 3.333333",
    ),
    "an anticipated progress": (
        AHEAD | {"method": "anticipated_progress", "pace_percent": 125, "index": 0, "projected_value": 95},
        "Tỷ lệ dân số được phủ sóng 5G của Việt Nam năm 2025 là 40 %, đúng tiến độ thực hiện mục tiêu đến hết năm"
        " 2030 là ít nhất 80 %, vượt 10 điểm phần trăm so với mức 30 % theo lộ trình (theo xu hướng hiện nay, đến hết"
        " thời hạn dự kiến là 95 %); kỳ tiếp theo (năm 2026) cần đạt ít nhất 48 %.",
        "Viet Nam stood at 40% in 2025 for “Population covered by 5G”: on track for the target of at least 80% by the"
        " end"
        " of 2030, 10 percentage points above the path at 30% (the trend leads to 95% at the deadline); the next figure"
        " (2026) has to be at least 48%.",
        "(95 − 20) / (80 − 20) = 125 %",
    ),
    "a rate that is to fall": (
        BEHIND
        | {
            "indicator": "WHOLE_FILING_RATE",
            "reporting_unit": "MOJ",
            "kind": "change_from_base",
            "target": -10,
            "promised": 10,
            "method": "trend",
            "state": "moving_away",
            "path_value": 18.3333333333,
            "gap": -7.6666666667,
            "progress_percent": -60,
            "pace_percent": -30,
            "needed_value": 22.8,
        },
        "Tỷ lệ hồ sơ trực tuyến toàn trình của Bộ Tư pháp năm 2025 là 26 %, đang xa dần mục tiêu đến hết năm 2030 là"
        " giảm ít nhất 10 điểm phần trăm so với mức 20 % năm 2024, còn cao hơn 7,67 điểm phần trăm so với mức 18,33 %"
        " theo lộ trình (tốc độ suy giảm bình quân 30 %/năm); kỳ tiếp theo (năm 2026) cần ở mức không quá 22,8 %.",
        "The Ministry of Justice stood at 26% in 2025 for “Files settled online as a whole process”: moving away from"
        " the target of at least 10 percentage points less than 20% in 2024 by the end of 2030, 7.67 percentage points"
        " above the path at 18.33% (30% worse a year); the next figure (2026) has to be at most 22.8%.",
        "−((26/20)^(1/1) − 1) = −30 %",
    ),
    "a rank that may fall": (
        EGDI | {"target": 3, "promised": 89, "state": "off_track", "path_value": 89, "gap": -18},
        "Việt Nam xếp hạng 71 năm 2024 về Chỉ số phát triển Chính phủ điện tử (EGDI), chậm tiến độ, theo số liệu mới"
        " nhất chưa đạt mục tiêu đến hết năm 2024 là giảm ít nhất 3 bậc so với hạng 86 năm 2022, còn kém 18 bậc so"
        " với mục tiêu.",
        "Viet Nam ranked 71st on the UN E-Government Development Index in 2024: off track, the target of at least 3"
        " places down from 86th in 2022 by the end of 2024 is not reached by the latest figure, 18 places behind the"
        " target.",
        "71 < 89",
    ),
    "a rank from a place downwards": (
        EGDI | {"kind": "at_least", "target": 70, "promised": 70, "state": "reached", "path_value": 70, "gap": 1},
        "Việt Nam xếp hạng 71 năm 2024 về Chỉ số phát triển Chính phủ điện tử (EGDI), đã đạt mục tiêu đến hết năm 2024"
        " là hạng 70 trở xuống, vượt 1 bậc so với mục tiêu.",
        "Viet Nam ranked 71st on the UN E-Government Development Index in 2024: the target of 70th or lower by the end"
        " of 2024 is reached, 1 place ahead of the target.",
        "71 ≥ 70",
    ),
    "all of a list": (
        {
            "indicator": "PRIORITY_SERVICES_DONE",
            "kind": "yes_all",
            "target": 20,
            "promised": 20,
            "state": "off_track",
            "value": 12,
            "base": 4,
            "path_value": 8,
            "gap": 4,
            "progress_percent": 50,
            "pace_percent": 200,
            "needed_value": 13.6,
            "needed_period": "2026",
        },
        "Số dịch vụ công ưu tiên đã hoàn thành tái cấu trúc của Việt Nam năm 2025 là 12, chậm tiến độ thực hiện mục"
        " tiêu đến hết năm 2030 là đủ 20, vượt 4 so với mức 8 theo lộ trình (đã đi được 50 % chặng đường từ mức gốc"
        " đến mục tiêu); kỳ tiếp theo (năm 2026) cần đạt ít nhất 14.",
        "Viet Nam stood at 12 in 2025 for “Priority services completed”: off track for the target of all 20 by the end"
        " of 2030, 4 above the path at 8 (50% of the way); the next figure (2026) has to be at least 14.",
        "4 + (20 − 4) × 1/6 = 8; (12 − 4) / (8 − 4) = 200 %",
    ),
    "no place in a rank": (
        TOP
        | {
            "indicator": "IDI_RANK",
            "state": "cannot_be_judged",
            "reason": "no_figure",
            "value": None,
            "gap": None,
            "needed_value": None,
            "needed_period": None,
        },
        "Việt Nam chưa có số liệu về Chỉ số phát triển CNTT và truyền thông (IDI) trong thời hạn để đánh giá việc"
        " thực hiện mục tiêu đến hết năm 2030 là thuộc nhóm 50 nước dẫn đầu; sẽ đánh giá được khi có số liệu công bố.",
        "Viet Nam has no place on the ITU ICT Development Index within the time of the target of a place among the"
        " first"
        " 50 by the end of 2030, which cannot be judged until one is published.",
        None,
    ),
    "no figure": (
        {"state": "cannot_be_judged", "reason": "no_figure", "value": None, "value_period": None, "value_status": None},
        "Tỷ lệ dân số được phủ sóng 5G của Việt Nam chưa có số liệu trong thời hạn để đánh giá việc thực hiện mục"
        " tiêu đến hết năm 2030 là ít nhất 80 %; sẽ đánh giá được khi có số liệu công bố.",
        "Viet Nam has no figure for “Population covered by 5G” within the time of the target of at least 80% by the end"
        " of 2030, which cannot be judged until one is published.",
        None,
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_verdict_is_told_as_an_official_would_write_it(name: str, catalogue: Catalogue) -> None:
    facts, vi, en, formula = TOLD[name]

    said = told(verdict(**facts), catalogue)

    assert (_spaced(said.vi), _spaced(said.en), said.formula) == (vi, en, formula)


WHY = {
    "growth_of_a_rank": (
        "vì thứ hạng không có tốc độ tăng trưởng; cần đánh giá theo số bậc xếp hạng.",
        "because a rank has no growth rate; it has to be judged by places.",
    ),
    "not_applicable": (
        "vì phương pháp “lộ trình tuyến tính” không áp dụng cho loại mục tiêu này; cần chọn phương pháp khác.",
        "because the method “straight path” is not meant for such a target; another method has to be chosen.",
    ),
    "no_direction": (
        "vì chưa xác định chỉ tiêu tăng hay giảm là tốt; cần bổ sung chiều của chỉ tiêu trong danh mục.",
        "because nobody has said whether more or less is better; the catalogue has to say it.",
    ),
    "no_base": (
        "vì chưa có số liệu kỳ gốc để so sánh; cần bổ sung số liệu kỳ gốc hoặc ngày ban hành văn bản quy định mục"
        " tiêu.",
        "because there is no base to compare with; it can be judged once the base, or the day of the promise, is"
        " known.",
    ),
    "one_point": (
        "vì chưa có số liệu của kỳ nào sau kỳ gốc để so sánh; sẽ đánh giá được khi có số liệu của kỳ sau.",
        "because there is no figure of a later period to compare with its base; it can be judged once a later period is"
        " reported.",
    ),
    "break_in_series": (
        "vì chuỗi số liệu bị gián đoạn do thay đổi phương pháp tính sau kỳ gốc; cần có số liệu kỳ gốc theo phương"
        " pháp mới.",
        "because the series is broken by a new method after its base; it can be judged once there is a base by the new"
        " method.",
    ),
    "no_deadline": (
        "vì mục tiêu không có thời hạn; cần có văn bản quy định thời hạn.",
        "because the target has no deadline; a document has to set one.",
    ),
    "zero_base": (
        "vì mức gốc bằng 0 nên không có tốc độ tăng trưởng; cần đánh giá theo lộ trình tuyến tính.",
        "because nothing grows by a rate from a base of 0; it has to be judged by the straight path.",
    ),
    "zero_target": (
        "vì mục tiêu bằng 0 nên không có tốc độ giảm tương ứng; cần đánh giá theo lộ trình tuyến tính.",
        "because no rate leads to a target of 0; it has to be judged by the straight path.",
    ),
    "sign_change": (
        "vì giá trị đổi dấu nên không có tốc độ tăng trưởng; cần đánh giá theo lộ trình tuyến tính.",
        "because there is no growth rate across zero; it has to be judged by the straight path.",
    ),
    "not_reported_yet": (
        "vì đã hết thời hạn nhưng chưa có số liệu của kỳ đến hạn; sẽ đánh giá được khi có số liệu của kỳ đó.",
        "because its time is over and its last period is not reported; it can be judged once that period is.",
    ),
}


@pytest.mark.parametrize("reason", WHY)
def test_what_cannot_be_judged_says_why_and_what_would_change_it(reason: str, catalogue: Catalogue) -> None:
    dated = reason != "no_deadline"
    vi, en = WHY[reason]

    said = told(verdict(state="cannot_be_judged", reason=reason), catalogue)

    assert _spaced(said.vi) == (
        "Tỷ lệ dân số được phủ sóng 5G của Việt Nam năm 2025 là 40 %, chưa đánh giá được việc thực hiện mục tiêu"
        f"{' đến hết năm 2030 là' if dated else ''} ít nhất 80 % {vi}"
    )
    assert _spaced(said.en) == (
        "Viet Nam stood at 40% in 2025 for “Population covered by 5G”: the target of at least 80%"
        f"{' by the end of 2030' if dated else ''} cannot be judged {en}"
    )


def test_every_state_method_and_reason_has_its_words() -> None:
    assert list(STATE_LABELS) == STATES
    assert sorted(METHOD_LABELS) == sorted(METHODS)
    assert [*REASONS] == [*WHY] == [reason for reason in WHY_NOT if reason != "no_figure"]


@pytest.mark.parametrize("indicator", ["COVERAGE_5G", "EGDI_RANK", "TASKS_OVERDUE", "ICT_REVENUE", "MOBILE_BB_PER_100"])
def test_every_combination_is_one_whole_sentence_with_all_its_numbers(indicator: str, catalogue: Catalogue) -> None:
    for row in _combinations(indicator):
        said = told(row, catalogue)
        for sentence, states_words in zip((said.vi, said.en), STATES_WORDS[row["state"]], strict=True):
            _assert_whole(sentence, row)
            assert states_words in sentence, (sentence, row)
        for number, sentence in ((_vi, said.vi), (_en, said.en)):
            told_numbers = [] if row["kind"] == "zero_left" else [abs(row["target"])]
            told_numbers += [] if row["value"] is None else [row["value"]]
            assert all(number(each) in sentence for each in told_numbers), (sentence, row)


# In every sentence of a state, whatever the method; in the other language too.
STATES_WORDS = {
    "reached": ("đã đạt", "is reached"),
    "on_track": ("đúng tiến độ", "on track for"),
    "acceleration_needed": ("cần tăng tốc", "acceleration is needed"),
    "off_track": ("chậm tiến độ", "off track"),
    "moving_away": ("xa dần", "moving away"),
    "cannot_be_judged": ("đánh giá được", "cannot be judged"),
}


def _combinations(indicator: str) -> Iterator[dict[str, Any]]:
    """All kinds, states, reasons and methods: with and without a base, ahead and behind, with a next figure or none."""
    whole = {"value": 31, "base": 45, "promised": 12, "path_value": 38, "gap": 7, "needed_value": 25}
    for kind, (state, reason), method, known, next_period, sign in product(
        KINDS, _outcomes(), METHODS, (True, False), ("2026", None), (1, -1)
    ):
        figures = whole | {
            "target": sign * 3 if kind == "change_from_base" else 12,
            "gap": sign * 7 if known else None,
            "progress_percent": sign * 41.67,
            "pace_percent": sign * 97.2,
            "index": sign * 4.2,
            "projected_value": 17.25,
            "needed_value": 25 if next_period else None,
            "value_period": "2025-S2" if known else "2025-W07",
            "base_period": "2022-03" if known else None,
            "value_status": "E" if known else "A",
        }
        if not known:
            unknown = ("base", "progress_percent", "pace_percent", "index", "projected_value", "path_value")
            figures |= dict.fromkeys(unknown)
        if reason == "no_figure":
            figures = dict.fromkeys(figures) | {"target": figures["target"], "promised": 12}
        if kind == "zero_left" and known and reason != "no_figure":
            figures |= {"done": 14, "whole": 45, "done_percent": 31.1111111111}
        yield verdict(
            indicator=indicator,
            kind=kind,
            state=state,
            reason=reason,
            method=method,
            **figures | {"needed_period": next_period if reason != "no_figure" else None},
        )


def _outcomes() -> list[tuple[str, str | None]]:
    judged = [(state, None) for state in STATES if state != "cannot_be_judged"]
    return [*judged, *(("cannot_be_judged", reason) for reason in WHY_NOT)]


def _assert_whole(sentence: str, row: dict[str, Any]) -> None:
    assert sentence[0].isupper(), sentence
    assert sentence.endswith("."), sentence
    assert not re.search(r"\b(None|nan|inf)\b|[{}]|\s\s|\s[,.;:)]|\(\s|[,;:]{2}|\) \(|\.\.", sentence), (sentence, row)


def _vi(number: float) -> str:
    return f"{number}".replace(".", ",")


def _en(number: float) -> str:
    return f"{number}"


@pytest.mark.parametrize("method", [None, *METHODS])
@pytest.mark.parametrize("today", [date(2023, 6, 1), date(2026, 7, 1)])
def test_the_formula_of_every_verdict_of_the_country_gives_its_number(
    method: str | None, today: date, connection: Connection
) -> None:
    judged = reached(connection, Wanted(method=method), as_of=datetime(2026, 7, 1, tzinfo=UTC), today=today)

    formulas = 0
    for row in judged.rows():
        said: Told = told(row, judged.catalogue)
        _assert_whole(said.vi, row)
        _assert_whole(said.en, row)
        assert (said.formula is None) == (row["value"] is None or (row["gap"] is None and row["reason"] is not None))
        for step in (said.formula or "").split("; "):
            if " = " in step:
                formulas += 1
                computed, stated = map(_calculated, step.split(" = "))
                assert computed == pytest.approx(stated, rel=2e-3, abs=6e-4), (said.formula, row)
    assert formulas


def _calculated(written: str) -> float:
    arithmetic = written.replace("−", "-").replace("×", "*").replace("^", "**").replace(" %", "/100")
    assert re.fullmatch(r"[-0-9.*/+() ]+", arithmetic), written
    return eval(arithmetic)


@pytest.mark.parametrize(
    ("period", "series", "vi", "en"),
    [
        ("2025-09", "M.COVERAGE_5G.VN.STOCK.REPORT._T", "tháng 09/2025 là", "in September 2025 for"),
        ("2025-Q1", "Q.COVERAGE_5G.VN.YTD.REPORT._T", "quý I/2025 là", "in Q1 2025 for"),
        (
            "2025-Q3",
            "Q.COVERAGE_5G.VN.YTD.REPORT._T",
            "lũy kế từ đầu năm đến hết quý III/2025 là",
            "from January to the end of Q3",
        ),
        (
            "2025-Q3",
            "Q.COVERAGE_5G.VN.SINCE_START.REPORT._T",
            "lũy kế từ khi bắt đầu đến hết quý III/2025 là",
            "up to the end of Q3 2025",
        ),
        ("2025-W05", "W.COVERAGE_5G.VN.STOCK.REPORT._T", "tuần 5/2025 là", "in week 5 of 2025 for"),
        ("2025-03-15", "D.COVERAGE_5G.VN.STOCK.REPORT._T", "ngày 15/03/2025 là", "on 15 Mar 2025 for"),
        (
            "2025-03-15T09",
            "H.COVERAGE_5G.VN.STOCK.REPORT._T",
            "lúc 09 giờ ngày 15/03/2025 là",
            "at 09:00, 15 Mar 2025 for",
        ),
    ],
)
def test_a_figure_is_told_with_what_its_period_covers(
    period: str, series: str, vi: str, en: str, catalogue: Catalogue
) -> None:
    said = told(verdict(**AHEAD | {"value_period": period, "series": series}), catalogue)

    assert vi in _spaced(said.vi)
    assert en in _spaced(said.en)


@pytest.mark.parametrize(
    ("deadline", "written"),
    [
        ("trước ngày 1/12/2022", "mục tiêu trước ngày 01/12/2022 là"),
        ("Chậm nhất ngày 14/7/2025", "mục tiêu chậm nhất ngày 14/07/2025 là"),
        ("trong tháng 5/2024", "mục tiêu trong tháng 5/2024 là"),
    ],
)
def test_a_deadline_is_told_as_its_document_has_it_with_two_digits_a_day(
    deadline: str, written: str, catalogue: Catalogue
) -> None:
    assert written in told(verdict(**AHEAD, deadline=deadline), catalogue).vi


@pytest.mark.parametrize(
    ("reporting_unit", "vi", "en"),
    [
        ("GSO02", "của tỉnh Hà Giang năm", "Ha Giang stood"),
        ("GSO79_2025", "của Thành phố Hồ Chí Minh năm", "Ho Chi Minh City stood"),
        ("GSO01", "của thành phố Hà Nội năm", "Hanoi stood"),
        ("MOJ", "của Bộ Tư pháp năm", "The Ministry of Justice stood"),
        ("VTV", "của Đài Truyền hình Việt Nam năm", "Vietnam Television stood"),
        ("VN_MINISTRIES", "của khối bộ, ngành trung ương năm", "Ministries and central agencies stood"),
    ],
)
def test_a_reporting_unit_is_named_as_inside_a_sentence(
    reporting_unit: str, vi: str, en: str, catalogue: Catalogue
) -> None:
    said = told(verdict(**AHEAD, reporting_unit=reporting_unit), catalogue)

    assert vi in said.vi
    assert said.en.startswith(en)


def test_all_phrases_are_told_somewhere(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[str] = set()

    class Watched(dict[str, tuple[str, str]]):
        def __getitem__(self, key: str) -> tuple[str, str]:
            used.add(key)
            return super().__getitem__(key)

    monkeypatch.setattr("service.archive.verdicts.sentences.PHRASES", Watched(PHRASES))
    undated = {"state": "cannot_be_judged", "reason": "no_deadline"}
    for facts in (*(facts for facts, *_ in TOLD.values()), undated):
        told(verdict(**facts), catalogue)

    assert PHRASES.keys() - used == set()


def _spaced(sentence: str) -> str:
    return sentence.replace("\u00a0", " ")
