"""What a verdict is told with, in Vietnamese and in English: labels, reasons, and the pieces of its sentence."""

Phrase = tuple[str, str]

LANGUAGES = ("vi", "en")

STATE_LABELS: dict[str, Phrase] = {
    "cannot_be_judged": ("chưa đánh giá được", "cannot be judged"),
    "moving_away": ("xa dần mục tiêu", "moving away"),
    "off_track": ("chậm tiến độ", "off track"),
    "acceleration_needed": ("cần tăng tốc", "acceleration needed"),
    "on_track": ("đúng tiến độ", "on track"),
    "reached": ("đã đạt", "reached"),
}
REASON_LABELS: dict[str, Phrase] = {
    "no_figure": ("chưa có số liệu", "there is no figure"),
    "growth_of_a_rank": ("thứ hạng không có tốc độ tăng", "a rank has no growth rate"),
    "not_applicable": ("phương pháp không áp dụng được", "the method does not apply"),
    "no_direction": ("chưa rõ chiều tốt, xấu", "nobody says what is better"),
    "no_base": ("chưa có số liệu kỳ gốc", "there is no base"),
    "one_point": ("chưa có số liệu sau kỳ gốc", "no figure after the base"),
    "break_in_series": ("chuỗi số liệu bị gián đoạn", "a break in the series"),
    "no_deadline": ("không có thời hạn", "there is no deadline"),
    "zero_base": ("mức gốc bằng 0", "the base is zero"),
    "zero_target": ("mục tiêu bằng 0", "the target is zero"),
    "sign_change": ("giá trị đổi dấu", "the values change sign"),
    "not_reported_yet": ("chưa có số liệu của kỳ đến hạn", "not reported for its last period"),
}
METHOD_LABELS: dict[str, Phrase] = {
    "linear_path": ("lộ trình tuyến tính", "straight path"),
    "compound_growth": ("tốc độ tăng trưởng kép", "compound growth"),
    "trend": ("xu hướng bình quân năm", "yearly trend"),
    "current_status": ("chỉ số hiện trạng", "current status index"),
    "anticipated_progress": ("tiến độ dự kiến", "anticipated progress"),
    "places": ("số bậc xếp hạng", "places of a rank"),
    "count_down": ("số còn phải hoàn thành", "count-down"),
    "membership": ("thuộc nhóm dẫn đầu", "place among the first"),
}
# Why a promise cannot be judged although there is a figure, and what would change it.
REASONS: dict[str, tuple[Phrase, Phrase]] = {
    "growth_of_a_rank": (
        ("thứ hạng không có tốc độ tăng trưởng", "a rank has no growth rate"),
        ("cần đánh giá theo số bậc xếp hạng", "it has to be judged by places"),
    ),
    "not_applicable": (
        (
            "phương pháp “{method}” không áp dụng cho loại mục tiêu này",
            "the method “{method}” is not meant for such a target",
        ),
        ("cần chọn phương pháp khác", "another method has to be chosen"),
    ),
    "no_direction": (
        ("chưa xác định chỉ tiêu tăng hay giảm là tốt", "nobody has said whether more or less is better"),
        ("cần bổ sung chiều của chỉ tiêu trong danh mục", "the catalogue has to say it"),
    ),
    "no_base": (
        ("chưa có số liệu kỳ gốc để so sánh", "there is no base to compare with"),
        (
            "cần bổ sung số liệu kỳ gốc hoặc ngày ban hành văn bản quy định mục tiêu",
            "it can be judged once the base, or the day of the promise, is known",
        ),
    ),
    "one_point": (
        (
            "chưa có số liệu của kỳ nào sau kỳ gốc để so sánh",
            "there is no figure of a later period to compare with its base",
        ),
        ("sẽ đánh giá được khi có số liệu của kỳ sau", "it can be judged once a later period is reported"),
    ),
    "break_in_series": (
        (
            "chuỗi số liệu bị gián đoạn do thay đổi phương pháp tính sau kỳ gốc",
            "the series is broken by a new method after its base",
        ),
        ("cần có số liệu kỳ gốc theo phương pháp mới", "it can be judged once there is a base by the new method"),
    ),
    "no_deadline": (
        ("mục tiêu không có thời hạn", "the target has no deadline"),
        ("cần có văn bản quy định thời hạn", "a document has to set one"),
    ),
    "zero_base": (
        ("mức gốc bằng 0 nên không có tốc độ tăng trưởng", "nothing grows by a rate from a base of 0"),
        ("cần đánh giá theo lộ trình tuyến tính", "it has to be judged by the straight path"),
    ),
    "zero_target": (
        ("mục tiêu bằng 0 nên không có tốc độ giảm tương ứng", "no rate leads to a target of 0"),
        ("cần đánh giá theo lộ trình tuyến tính", "it has to be judged by the straight path"),
    ),
    "sign_change": (
        ("giá trị đổi dấu nên không có tốc độ tăng trưởng", "there is no growth rate across zero"),
        ("cần đánh giá theo lộ trình tuyến tính", "it has to be judged by the straight path"),
    ),
    "not_reported_yet": (
        (
            "đã hết thời hạn nhưng chưa có số liệu của kỳ đến hạn",
            "its time is over and its last period is not reported",
        ),
        ("sẽ đánh giá được khi có số liệu của kỳ đó", "it can be judged once that period is"),
    ),
}
# The same of a trend, which no promise can put right.
TREND_REASONS: dict[str, tuple[Phrase, Phrase]] = {
    "growth_of_a_rank": (
        REASONS["growth_of_a_rank"][0],
        ("cần so sánh số bậc xếp hạng giữa các kỳ", "its places have to be compared"),
    ),
    "no_direction": REASONS["no_direction"],
    "one_point": (
        (
            "chưa có số liệu cùng kỳ của năm nào trong 5 năm trước để so sánh",
            "there is no figure of the same period of any of the five years before",
        ),
        ("sẽ đánh giá được khi có số liệu đó", "it can be judged once there is one"),
    ),
    "break_in_series": REASONS["break_in_series"],
    "zero_base": (
        REASONS["zero_base"][0],
        ("cần so sánh trực tiếp hai giá trị", "the two values have to be compared as they are"),
    ),
    "sign_change": (
        REASONS["sign_change"][0],
        ("cần so sánh trực tiếp hai giá trị", "the two values have to be compared as they are"),
    ),
}

# The sentence: opening, verdict, gap, measure, need. `ref` is one of "target" and "path" below.
PHRASES: dict[str, Phrase] = {
    "sentence": ("{opening}, {verdict}.", "{opening}: {verdict}."),
    "opening": ("{indicator} của {who} {period} là {value}", "{who} stood at {value} {period} for “{indicator}”"),
    "opening.rank": ("{who} xếp {value} {period} về {indicator}", "{who} ranked {value} on the {indicator} {period}"),
    "no_figure": (
        "{indicator} của {who} chưa có số liệu trong thời hạn để đánh giá việc thực hiện {promise}; sẽ đánh giá được"
        " khi có số liệu công bố.",
        "{who} has no figure for “{indicator}” within the time of {promise}, which cannot be judged until one is"
        " published.",
    ),
    "no_figure.rank": (
        "{who} chưa có số liệu về {indicator} trong thời hạn để đánh giá việc thực hiện {promise}; sẽ đánh giá được"
        " khi có số liệu công bố.",
        "{who} has no place on the {indicator} within the time of {promise}, which cannot be judged until one is"
        " published.",
    ),
    "promise": ("mục tiêu {deadline} là {what}", "the target of {what} {deadline}"),
    "promise.undated": ("mục tiêu {what}", "the target of {what}"),
    "reached": ("đã đạt {promise}", "{promise} is reached"),
    "on_track": ("đúng tiến độ thực hiện {promise}", "on track for {promise}"),
    "acceleration_needed": ("cần tăng tốc để đạt {promise}", "acceleration is needed to reach {promise}"),
    "off_track": ("chậm tiến độ thực hiện {promise}", "off track for {promise}"),
    "moving_away": ("đang xa dần {promise}", "moving away from {promise}"),
    # There is no period left in which it could be reached.
    "off_track.last": (
        "chậm tiến độ, theo số liệu mới nhất chưa đạt {promise}",
        "off track, {promise} is not reached by the latest figure",
    ),
    "moving_away.last": (
        "xa dần, theo số liệu mới nhất chưa đạt {promise}",
        "moving away, {promise} is not reached by the latest figure",
    ),
    "cannot_be_judged": (
        "chưa đánh giá được việc thực hiện {promise}{gap} vì {why}; {remedy}",
        "{promise}{gap} cannot be judged because {why}; {remedy}",
    ),
    "worse": (", xấu đi so với mức gốc {base}", ", worse than the base of {base}"),
    "target": ("mục tiêu", "the target"),
    "path": ("mức {value} theo lộ trình", "the path at {value}"),
    "path.rank": ("{value} theo lộ trình", "the path at {value}"),
    "gap.rank.ahead": ("vượt {gap} so với {ref}", "{gap} ahead of {ref}"),
    "gap.rank.behind": ("còn kém {gap} so với {ref}", "{gap} behind {ref}"),
    "gap.up.ahead": ("vượt {gap} so với {ref}", "{gap} above {ref}"),
    "gap.up.behind": ("còn thiếu {gap} so với {ref}", "{gap} short of {ref}"),
    "gap.down.ahead": ("thấp hơn {gap} so với {ref}", "{gap} below {ref}"),
    "gap.down.behind": ("còn cao hơn {gap} so với {ref}", "{gap} above {ref}"),
    "gap.left": ("còn phải giải quyết {gap}", "{gap} still to be done"),
    "gap.none": ("đúng bằng {ref}", "level with {ref}"),
    "progress": ("đã đi được {percent} chặng đường từ mức gốc đến mục tiêu", "{percent} of the way"),
    "done": ("đã hoàn thành {done} trong tổng số {whole}, bằng {percent}", "{done} of {whole} done, {percent}"),
    "growth.better": ("tốc độ cải thiện bình quân {percent}/năm", "{percent} better a year"),
    "growth.worse": ("tốc độ suy giảm bình quân {percent}/năm", "{percent} worse a year"),
    "index": ("chỉ số hiện trạng {index} trên 10", "current status index {index} of 10"),
    "projected": (
        "theo xu hướng hiện nay, đến hết thời hạn dự kiến là {value}",
        "the trend leads to {value} at the deadline",
    ),
    "needed": ("; kỳ tiếp theo ({period}) cần đạt {bound}", "; the next figure ({period}) has to be {bound}"),
    "needed.down": ("; kỳ tiếp theo ({period}) cần ở mức {bound}", "; the next figure ({period}) has to be {bound}"),
    "needed.held": (
        "; kỳ tiếp theo ({period}) cần giữ ở mức {bound}",
        "; the next figure ({period}) still has to be {bound}",
    ),
    "needed.held.rank": (
        "; kỳ tiếp theo ({period}) cần giữ {bound}",
        "; the next figure ({period}) still has to be {bound}",
    ),
    "bound.up": ("ít nhất {value}", "at least {value}"),
    "bound.down": ("không quá {value}", "at most {value}"),
    "bound.rank.down": ("{value} trở lên", "{value} or better"),
    "bound.rank.up": ("{value} trở xuống", "{value} or lower"),
    "change.up": ("tăng ít nhất {change} so với {base}", "at least {change} more than {base}"),
    "change.down": ("giảm ít nhất {change} so với {base}", "at least {change} less than {base}"),
    "change.rank.down": ("tăng ít nhất {change} so với {base}", "at least {change} up from {base}"),
    "change.rank.up": ("giảm ít nhất {change} so với {base}", "at least {change} down from {base}"),
    "the_base": ("mức gốc", "the base"),
    "the_base.known": ("mức {value}", "{value}"),
    "top_n": ("thuộc nhóm {value} {peers} dẫn đầu", "a place among the first {value}"),
    "zero_left": ("không còn trường hợp nào", "having none left"),
    "yes_all": ("đủ {value}", "all {value}"),
    "milestone": ("{bound} theo mốc đã đề ra", "{bound} as its path promises"),
    "points": ("{number} điểm phần trăm", "{number} percentage points"),
    "point": ("{number} điểm phần trăm", "{number} percentage point"),
    "places": ("{number} bậc", "{number} places"),
    "place": ("{number} bậc", "{number} place"),
}
# What the sentence of a trend says instead of a promise: its state, then the growth of a year and the base.
TRENDS: dict[str, Phrase] = {
    "told": ("{progress} ({compared})", "{progress} ({compared})"),
    "growth": ("{growth} so với {base}", "{growth}, from {base}"),
    "from": ("so với {base}", "from {base}"),
    "on_track": ("tiến bộ rõ rệt", "significant progress"),
    "held": ("giữ vững ở mức tốt nhất", "held at the best that there is"),
    "acceleration_needed": ("tiến bộ vừa phải", "moderate progress"),
    "off_track": ("gần như không tiến bộ", "hardly any progress"),
    "moving_away": ("đi ngược hướng mong muốn", "moving the wrong way"),
    "cannot_be_judged": (
        "chưa đánh giá được xu hướng vì {why}; {remedy}",
        "the trend cannot be judged because {why}; {remedy}",
    ),
}

# Among whom a rank is one, by the level of the reporting unit.
PEERS = {"nation": "nước", "country": "nước", "province": "địa phương"}
