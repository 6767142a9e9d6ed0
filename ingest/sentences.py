"""What each rule says where it is broken, in Vietnamese and English: where, what, and what to do."""

from collections.abc import Iterable
from typing import Any, Final

from ingest.place import in_vietnamese
from ingest.submission import Finding, Severity

# {found} is what stands there, {expected} what should, {near} names that were perhaps meant.
SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "period_is_given": (
        "Thiếu kỳ báo cáo. Hãy ghi kỳ, ví dụ 2024-Q1, hoặc chọn kỳ khi gửi tệp.",
        "The period is missing. Write it, for example 2024-Q1, or name it when you send the file.",
    ),
    "period_is_readable": (
        "“{found}” không phải là kỳ báo cáo. Hãy ghi 2024, 2024-S1, 2024-Q1, 2024-03, Quý I/2024 hoặc 2024-03-15.",
        "“{found}” is no period. Write 2024, 2024-S1, 2024-Q1, 2024-03, Quý I/2024 or 2024-03-15.",
    ),
    "period_is_the_senders": (
        "Dòng này là số liệu kỳ “{found}”, nhưng tệp được gửi cho kỳ {expected}. Hãy gửi riêng từng kỳ.",
        "This row is about “{found}”, but the file was sent for {expected}. Send each period's figures by itself.",
    ),
    "template_is_for_dataset": (
        "Biểu mẫu Excel này thuộc {found}, nhưng tệp được gửi cho {expected}. Hãy chọn biểu mẫu {found} khi gửi.",
        "This template is for {found}, but the file was sent for {expected}. Send it for the dataset {found}.",
    ),
    "period_fits_frequency": (
        "Kỳ “{found}” không thuộc tần suất {expected}. Hãy ghi kỳ theo đúng tần suất.",
        "The period “{found}” does not have the frequency {expected}. Write a period of that frequency.",
    ),
    "indicator_is_given": (
        "Thiếu mã chỉ tiêu. Hãy ghi mã theo danh mục.",
        "The indicator is missing. Write its code from the catalogue.",
    ),
    "indicator_is_known": (
        "Chỉ tiêu “{found}” không có trong danh mục. {near_vi}",
        "The indicator “{found}” is not in the catalogue. {near_en}",
    ),
    "indicator_is_in_dataset": (
        "Chỉ tiêu “{found}” không thuộc biểu mẫu {expected}. Hãy bỏ dòng này hoặc chọn đúng biểu mẫu.",
        "The indicator “{found}” is not part of the dataset {expected}. Leave it out, or choose its dataset.",
    ),
    "frequency_suits_indicator": (
        "Chỉ tiêu “{found}” không có số liệu theo tần suất của kỳ này. Tần suất được phép: {expected}.",
        "The indicator “{found}” has no figures at the frequency of this period. It has {expected}.",
    ),
    "reporting_unit_is_given": (
        "Thiếu đơn vị báo cáo. Hãy ghi mã hoặc tên đơn vị, hoặc chọn đơn vị khi gửi tệp.",
        "The reporting unit is missing. Write its code or name, or name it when you send the file.",
    ),
    "reporting_unit_is_known": (
        "Không có đơn vị báo cáo nào tên là “{found}”. {near_vi}",
        "There is no reporting unit called “{found}”. {near_en}",
    ),
    "reporting_unit_is_one": (
        "“{found}” có thể là {near}. Hãy ghi mã của đơn vị.",
        "“{found}” can mean {near}. Write the code of the one you mean.",
    ),
    "reporting_unit_is_valid_in_period": (
        "Đơn vị “{found}” không tồn tại trong kỳ này ({expected}). Hãy dùng đơn vị của kỳ đó.",
        "The reporting unit “{found}” did not exist in that period ({expected}). Use the unit of that time.",
    ),
    "reporting_unit_is_the_senders": (
        "Dòng này nói về “{found}”, nhưng tệp được gửi cho {expected}. Hãy gửi riêng từng đơn vị.",
        "This row is about “{found}”, but the file was sent for {expected}. Send each unit's figures by itself.",
    ),
    "level_suits_indicator": (
        "Chỉ tiêu này không thu thập ở cấp của “{found}”. Cấp được phép: {expected}.",
        "The indicator is not collected at the level of “{found}”. It is collected for {expected}.",
    ),
    "accumulation_is_given": (
        "Thiếu cách lũy kế. Hãy ghi {expected} vào cột “accumulation”.",
        "The accumulation is missing. Write {expected} in the column “accumulation”.",
    ),
    "accumulation_is_allowed": (
        "“{found}” không phải là cách lũy kế của chỉ tiêu này. Hãy ghi {expected}.",
        "“{found}” is no accumulation of this indicator. Write {expected}.",
    ),
    "source_is_allowed": (
        "“{found}” không phải là nguồn của chỉ tiêu này. Hãy ghi {expected}.",
        "“{found}” is no source of this indicator. Write {expected}.",
    ),
    "breakdown_is_a_code": (
        "“{found}” không phải là mã phân tổ. Hãy dùng chữ in hoa, chữ số và dấu gạch dưới; _T là tổng số.",
        "“{found}” is no code of a breakdown. Use capitals, digits and underscores; _T is the total.",
    ),
    "status_is_known": (
        "“{found}” không phải là trạng thái số liệu. Hãy ghi A, P (sơ bộ), E (ước tính), F, B hoặc M (thiếu).",
        "“{found}” is no status. Write A (official), P (provisional), E (estimated), F, B or M (missing).",
    ),
    "value_is_given": (
        "Thiếu giá trị. Hãy ghi một số, hoặc ghi trạng thái M và lý do thiếu.",
        "The value is missing. Write a number, or the status M and the reason why there is none.",
    ),
    "value_is_a_number": (
        "“{found}” không phải là số. Trong Excel, hãy định dạng ô kiểu Number rồi nhập lại; trong CSV, hãy ghi 1086.5.",
        "“{found}” is no number. In Excel format the cell as Number and type it again; in CSV write 1086.5.",
    ),
    "value_is_no_error": (
        "“{found}” là lỗi của Excel được lưu thành chữ. Hãy sửa công thức trong tệp gốc rồi xuất lại.",
        "“{found}” is an error of Excel that was saved as text. Mend the formula in the workbook and export it again.",
    ),
    "value_is_not_in_brackets": (
        "“{found}” có thể là số âm hoặc số chú thích. Hãy ghi số âm với dấu trừ, hoặc bỏ dấu ngoặc.",
        "“{found}” can be a negative number or a note. Write a negative number with a minus,"
        " or leave the brackets out.",
    ),
    "percent_sign_suits_unit": (
        "“{found}” có dấu %, nhưng đơn vị tính của chỉ tiêu không phải phần trăm."
        " Hãy kiểm tra chỉ tiêu, hoặc bỏ dấu %.",
        "“{found}” has a percent sign, but the indicator is not measured in percent. Check which indicator is meant,"
        " or leave the sign out.",
    ),
    "value_has_15_digits": (
        "“{found}” có hơn 15 chữ số có nghĩa. Hãy làm tròn đến số chữ số mà nguồn công bố.",
        "“{found}” has more than 15 significant digits. Round it to the digits that the source published.",
    ),
    "value_is_whole": (
        "{found} không phải là số nguyên, còn chỉ tiêu này đếm số nguyên. Nếu là một nghìn hai trăm ba mươi tư, hãy ghi"
        " 1234, không ghi 1.234.",
        "{found} is no whole number, and the indicator counts whole things. If you mean one thousand two hundred and"
        " thirty-four, write 1234 and not 1.234.",
    ),
    "period_has_begun": (
        "Kỳ “{found}” chưa bắt đầu. Chỉ dự báo (trạng thái F) được ghi trước.",
        "The period “{found}” has not begun. Only a forecast (status F) can be given ahead.",
    ),
    "required_is_given": (
        "Còn thiếu các chỉ tiêu bắt buộc của {found}: {expected}. Hãy bổ sung, hoặc ghi “-” và lý do.",
        "Required figures of {found} are missing: {expected}. Add them, or write “-” and the reason.",
    ),
    "value_is_in_range": (
        "{found} nằm ngoài khoảng cho phép ({expected}). Hãy kiểm tra đơn vị tính và dấu thập phân.",
        "{found} lies outside the range {expected}. Check the unit of measure and the decimal point.",
    ),
    "missing_has_no_value": (
        "Trạng thái M nghĩa là không có số liệu, nhưng giá trị là “{found}”. Hãy bỏ giá trị hoặc đổi trạng thái.",
        "Status M means that there is no value, but “{found}” stands there. Remove the value or change the status.",
    ),
    "missing_has_a_reason": (
        "Số liệu thiếu hoặc bị rút phải có lý do. Hãy ghi lý do vào cột “reason”.",
        "A missing or withdrawn value needs a reason. Write it in the column “reason”.",
    ),
    "withdrawn_is_yes_or_no": (
        "“{found}” không phải là có hay không. Hãy ghi yes (rút lại) hoặc để trống.",
        "“{found}” is neither yes nor no. Write yes where the figure is withdrawn, or nothing.",
    ),
    "published_at_is_readable": (
        "“{found}” không phải là thời điểm công bố. Hãy ghi 2024-07-01 hoặc 2024-07-01T09:00:00+07:00.",
        "“{found}” is no moment of publication. Write 2024-07-01 or 2024-07-01T09:00:00+07:00.",
    ),
    "published_at_is_the_publishers": (
        "Không ghi ngày công bố (“{found}”) trong báo cáo; ngày này do người công bố quyết định. Hãy xóa cột này.",
        "The publication “{found}” does not stand in a return: whoever publishes it decides. Remove the column.",
    ),
    "data_dates_are_readable": (
        "“{found}” không phải là ngày. Hãy ghi 2024-06-30 hoặc 30/06/2024; ngày đầu không sau ngày cuối.",
        "“{found}” is no day. Write 2024-06-30 or 30/06/2024; the first day is not after the last.",
    ),
    "row_is_not_a_duplicate": (
        "Số liệu này đã có ở {expected}. Hãy giữ lại một dòng.",
        "This figure stands already at {expected}. Keep one of the two.",
    ),
    "indicator_is_valid_in_period": (
        "Chỉ tiêu không có hiệu lực trong kỳ “{found}” ({expected}). Hãy kiểm tra định nghĩa.",
        "The indicator was not in force in “{found}” ({expected}). Check which definition is meant.",
    ),
    "daily_mean_agrees_with_total": (
        "Trung bình ngày là {found}, nhưng tổng của kỳ chia cho số ngày là {expected}: lệch hơn 5 %. Giữ cả hai.",
        "The mean of a day is {found}, but the total over the days is {expected}: more than 5 % apart. Both stay.",
    ),
    "more_of_the_same": (
        "Còn {found} dòng khác vi phạm quy tắc {expected}.",
        "{found} more rows break the rule {expected}.",
    ),
    "revision_has_a_reason": (
        "{found} số liệu đã công bố sẽ thay đổi ({expected}). Hãy nêu lý do sửa đổi.",
        "{found} published figures would change ({expected}). Say why they are revised.",
    ),
    "something_was_found": (
        "Không có số liệu nào trong tệp. Hãy kiểm tra lại tệp đã chọn.",
        "There are no figures in this file. Check that it is the one you meant.",
    ),
}


def finding(
    rule: str, severity: Severity, *, place: str, found: Any, expected: str = "", near: Iterable[str] = ()
) -> Finding:
    """The finding of a rule, with its sentences filled in."""
    names = ", ".join(near)
    facts = {
        "found": found,
        "expected": expected,
        "near": names,
        "near_vi": f"Có phải là {names}?" if names else "Hãy tra danh mục.",
        "near_en": f"Did you mean {names}?" if names else "Look it up in the catalogue.",
    }
    vi, en = SENTENCES[rule]
    in_vi = vi.format(**facts | {"expected": in_vietnamese(expected)})
    return Finding(rule, severity, place, str(found), expected or names, in_vi, en.format(**facts))
