"""The methods by which a verdict is reached: published formulas, bands and scores, and what must hold of all of them.

No worked example with printed figures was found in the methodologies of Eurostat, Open SDG or ESCAP, and sdg-build's
own test of its calculation asserts nothing. What those documents do print is tested as printed: thresholds, the knots
of the scores, the properties of the scale near limits. The constants of sdg-build's code are a second witness.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.archive.verdicts import states
from service.archive.verdicts.methods import VERDICT_COLUMNS, judged
from service.archive.verdicts.promises import HISTORY_COLUMNS, INPUT_COLUMNS, Kind
from service.archive.verdicts.states import Method, Reason, State

NAN = float("nan")
METHODS = states.words(Method)
# 20 in 2020, 80 promised for 2025.
RATE = {
    "kind": "at_least",
    "promised": 80.0,
    "base": 20.0,
    "base_time": 2021.0,
    "value_time": 2024.0,
    "due_time": 2026.0,
    "minimum": 0.0,
    "maximum": 100.0,
}
MONEY = RATE | {"minimum": NAN, "maximum": NAN}
# "Up at least five places" on place 86 of 2022, of 193.
EGDI = {
    "kind": "change_from_base",
    "sense": -1.0,
    "promised": 81.0,
    "change": -5.0,
    "base": 86.0,
    "base_time": 2023.0,
    "value_time": 2025.0,
    "due_time": 2026.0,
    "step": 2.0,
    "rank": True,
    "field": 193.0,
}
TREND = {"kind": "none", "base_time": 2016.0, "value_time": 2021.0}


def promise(**facts: Any) -> dict[str, Any]:
    unknown: dict[str, Any] = dict.fromkeys(INPUT_COLUMNS, NAN)
    row = unknown | {
        "kind": "at_least",
        "sense": 1.0,
        "step": 1.0,
        "points": 2.0,
        "over": False,
        "rank": False,
        "broken": False,
    }
    assert facts.keys() <= row.keys()
    return row | facts


def verdicts(*promises: dict[str, Any], history: Any = (), method: str | None = None) -> pd.DataFrame:
    """One row for each promise; the history is (row, time, value)."""
    return judged(
        pd.DataFrame([promise(**facts) for facts in promises]),
        pd.DataFrame(history, columns=list(HISTORY_COLUMNS)),
        method=method,
    )


def verdict(history: Any = (), *, method: str | None = None, **facts: Any) -> pd.Series:
    return verdicts(facts, history=[(0, *figure) for figure in history], method=method).iloc[0]


# What the documents of this project ask for


def test_five_places_up_from_86_are_reached_by_71_and_progress_is_three_times_what_was_promised():
    """ACCEPTANCE T5: (86 - 71) / 5 = 300 %, not 71 / 81."""
    found = verdict(**EGDI, value=71.0)
    assert (found.state, found.method) == ("reached", "places")
    assert found.progress == 3.0


@pytest.mark.parametrize(
    ("left", "total", "done", "percent"), [(390, 1086, 696, 64.09), (7, 63, 56, 88.89), (12, 53, 41, 77.36)]
)
def test_what_is_left_says_what_is_done(left, total, done, percent):
    """ACCEPTANCE T22, facts S16, S17 and S19: the report printed what is left."""
    found = verdict(kind="zero_left", promised=0.0, value=float(left), value_time=2024.25, field=float(total))
    assert found.method == "count_down"
    assert found.done == done
    assert round(found.done_share * 100, 2) == percent
    assert found.progress == found.done_share


# What Eurostat and Open SDG print


@pytest.mark.parametrize(
    ("part", "state"),
    [
        (1.0, "on_track"),
        (0.95, "on_track"),
        (0.9499, "acceleration_needed"),
        (0.60, "acceleration_needed"),
        (0.5999, "off_track"),
        (0.0, "off_track"),
        (-0.0001, "moving_away"),
    ],
)
def test_the_bands_of_the_ratio_are_95_60_and_0_percent(part, state):
    """Open SDG, "Indicators with quantitative targets", the table of R; Eurostat (2021)."""
    by_line = verdict(**RATE, value=20 + part * 36)
    assert (by_line.method, by_line.state) == ("linear_path", state)
    required = (80 / 20) ** (1 / 5) - 1
    by_growth = verdict(**MONEY, value=20 * (1 + part * required) ** 3)
    assert (by_growth.method, by_growth.state) == ("compound_growth", state)
    assert by_growth.pace == pytest.approx(part)


@pytest.mark.parametrize(
    ("ratio", "score"), [(-0.9, -5), (-0.6, -5), (0, -2.5), (0.6, 0), (0.95, 2.5), (1.3, 5), (2, 5)]
)
def test_the_score_of_the_ratio_has_the_printed_knots(ratio, score):
    """Open SDG, figure 2: -5 up to -60 %, 0 at 60 %, 5 from 130 %; the table of scores: on track from 2.5, limited
    progress from -2.5."""
    assert states.ratio_score(np.array([ratio])) == pytest.approx(score)


@pytest.mark.parametrize(
    ("growth", "score"), [(-0.03, -5), (-0.02, -5), (0, -2.5), (0.005, 0), (0.015, 2.5), (0.02, 5), (0.5, 5)]
)
def test_the_score_of_a_trend_has_the_printed_knots(growth, score):
    """Open SDG, figure 1."""
    assert states.growth_score(np.array([growth]), np.array([1.0])) == pytest.approx(score)


def test_the_scores_are_those_of_the_constants_in_the_code_of_sdg_build():
    """open-sdg/sdg-build, sdg/ProgressMeasure.py, get_score: its constants are rounded to five digits."""
    ratio = np.linspace(-0.6, 1.3, 39)
    theirs = np.where(ratio >= 0.6, 7.1429 * ratio - 4.2857, 4.1667 * ratio - 2.5)
    assert states.ratio_score(ratio) == pytest.approx(theirs, abs=2e-4)

    growth, scale = np.linspace(-0.02, 0.008, 57), 0.4
    theirs = np.select(
        [growth < 0, growth >= 0.015 * scale, growth >= 0.005 * scale],
        [125 * growth - 2.5, 500 * growth / scale - 5, 250 * growth / scale - 1.25],
        500 * growth / scale - 2.5,
    )
    assert states.growth_score(growth, np.full(57, scale)) == pytest.approx(theirs)


def test_a_score_of_plus_one_is_progress_that_must_accelerate():
    """Open SDG, "Aggregated progress status": the one example that it prints."""
    ratio = float(np.interp(1.0, [0.0, 5.0], [0.6, 1.3]))
    found = verdict(**MONEY, value=20 * (1 + ratio * ((80 / 20) ** (1 / 5) - 1)) ** 3)
    assert found.score == pytest.approx(1.0)
    assert found.state == "acceleration_needed"


def test_a_target_that_was_reached_scores_five_whatever_the_trend():
    """Open SDG, the note below the table of scores."""
    assert verdict(**MONEY, value=80.0).score == 5
    assert verdict(**(MONEY | {"base": NAN}), value=80.0, method="compound_growth").score == 5


@pytest.mark.parametrize(
    ("growth", "state"),
    [
        (0.015, "on_track"),
        (0.0149, "acceleration_needed"),
        (0.005, "acceleration_needed"),
        (0.0049, "off_track"),
        (0.0, "off_track"),
        (-0.0001, "moving_away"),
    ],
)
@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_the_bands_of_a_trend_are_one_and_a_half_and_half_a_percent_a_year(growth, state, sense):
    """Open SDG, "Indicators without quantitative targets"."""
    found = verdict(**TREND, sense=sense, base=40.0, value=40 * (1 + sense * growth) ** 5)
    assert (found.method, found.state) == ("trend", state)
    assert found.pace == pytest.approx(growth)


@given(st.floats(0.001, 99.999))
def test_on_track_is_attainable_for_fifteen_years_at_any_distance_to_a_maximum(base):
    """Open SDG on the scaling factor C, property (1)."""
    scale = states.limit_scale(np.array([base]), np.array([100.0]), np.array([1.0]))
    assert base * (1 + states.ON_TRACK_GROWTH * scale) ** 15 <= 100


@given(st.floats(0, 50))
def test_the_scale_is_the_same_at_equal_distances_from_a_minimum_and_a_maximum(distance):
    """Open SDG on the scaling factor C, property (2)."""
    limit = np.array([50.0])
    below = states.limit_scale(limit - distance, limit, np.array([1.0]))
    above = states.limit_scale(limit + distance, limit, np.array([-1.0]))
    assert below == pytest.approx(above)


def test_the_scale_near_a_limit_makes_on_track_of_a_growth_that_is_none_far_away():
    """98 % in 2015, 98.8 % in 2020: 0.16 % a year, where nothing but 100 % was left to gain."""
    near = verdict(**TREND, base=98.0, value=98.8, maximum=100.0)
    assert near.state == "on_track"
    assert verdict(**TREND, base=98.0, value=98.8).state == "off_track"
    assert verdict(**TREND, base=98.0, value=98.8, minimum=0.0).state == "off_track"


def test_staying_at_the_limit_is_on_track_and_scores_five():
    """Open SDG, "Special considerations for the base value": C is zero."""
    staying = verdict(**TREND, base=100.0, value=100.0, maximum=100.0)
    assert (staying.state, staying.score) == ("on_track", 5)
    assert verdict(**TREND, base=100.0, value=99.0, maximum=100.0).state == "moving_away"


def test_amounts_below_zero_that_shrink_grow_less():
    """Open SDG, "Minimum data requirements": where all values are negative the direction is flipped."""
    assert verdict(**TREND, base=-40.0, value=-30.0).state == "on_track"
    assert verdict(**TREND, base=-40.0, value=-50.0).state == "moving_away"
    debts = RATE | {"promised": -10.0, "base": -40.0, "minimum": NAN, "maximum": NAN}
    assert verdict(**debts, value=-10 * 4 ** (2 / 5), method="compound_growth").pace == pytest.approx(1)


# ESCAP


@pytest.mark.parametrize(("value", "index"), [(20.0, 0), (50.0, 5), (80.0, 10), (14.0, -1)])
def test_the_current_status_index_runs_from_0_at_the_base_to_10_at_the_target(value, index):
    """By the formula, no example is printed: 10 D (I - I0) / |TV - I0|."""
    assert verdict(**RATE, value=value, method="current_status")["index"] == pytest.approx(index)


def test_the_current_status_is_on_track_where_the_progress_expected_by_now_was_made():
    """ECA, "SDG Progress Assessment Graphs 2019": a bar that reaches the line of the year made what was expected."""
    assert verdict(**RATE, value=56.0, method="current_status").state == "on_track"
    assert verdict(**RATE, value=40.0, method="current_status").state == "off_track"


@pytest.mark.parametrize(
    ("last", "index", "state"),
    [
        (56.0, 0, "on_track"),
        (52.4, 10, "on_track"),
        (52.3, 10.2778, "acceleration_needed"),
        (20.0, 100, "acceleration_needed"),
        (19.9, 100.2778, "moving_away"),
    ],
)
def test_the_anticipated_progress_index_is_the_gap_that_a_trend_will_leave(last, index, state):
    """The gap between target and projected value relative to the progress required (UNECE, technical notes 2022, of
    ESCAP's index); at most 10 maintain, at most 100 accelerate, else reverse. No example is printed: 20 to 80 in five
    years, two figures."""
    found = verdict([(2021, 20), (2024, last)], **RATE, value=last, method="anticipated_progress")
    assert found["index"] == pytest.approx(index, abs=1e-4)
    assert found.state == state


def test_the_anticipated_value_is_read_from_a_line_in_which_late_figures_weigh_more():
    """Weights (T - t1) / (T - ti), compared with numpy's own weighted line."""
    history = [(2021.0, 20.0), (2022.0, 21.0), (2023.0, 24.0), (2024.0, 33.0)]
    time, value = np.array(history).T
    slope, height = np.polyfit(time - 2026, value, 1, w=np.sqrt(5 / (2026 - time)))
    found = verdict(history, **RATE, value=33.0, method="anticipated_progress")
    assert found.projected_value == pytest.approx(height)
    assert found.projected_value > verdict(history, **RATE, value=33.0).projected_value
    assert slope > 0


# Which method


def test_the_method_follows_from_the_nature_of_the_indicator():
    nature: list[tuple[str, dict[str, Any]]] = [
        ("linear_path", RATE | {"value": 40.0}),
        ("compound_growth", MONEY | {"value": 40.0}),
        ("linear_path", MONEY | {"value": -4.0}),
        ("linear_path", MONEY | {"value": 4.0, "kind": "at_most", "promised": 0.0}),
        ("linear_path", MONEY | {"value": 40.0, "kind": "path"}),
        ("linear_path", MONEY | {"value": 40.0, "kind": "yes_all"}),
        ("places", EGDI | {"value": 84.0}),
        ("membership", EGDI | {"value": 84.0, "kind": "top_n"}),
        ("count_down", {"kind": "zero_left", "promised": 0.0, "value": 4.0}),
        ("trend", TREND | {"base": 5.0, "value": 6.0}),
    ]
    assert list(verdicts(*(facts for _, facts in nature)).method) == [method for method, _ in nature]


def test_a_method_can_be_asked_for_and_the_table_keeps_its_index_and_columns():
    inputs = pd.DataFrame([promise(**RATE, value=40.0)] * 2, index=["first", "second"])
    history = pd.DataFrame([("second", 2021.0, 20.0), ("second", 2024.0, 40.0)], columns=list(HISTORY_COLUMNS))
    found = judged(inputs, history, method="anticipated_progress")
    assert tuple(found.columns) == VERDICT_COLUMNS
    assert list(found.index) == ["first", "second"]
    assert list(found.reason) == ["one_point", pytest.approx(NAN, nan_ok=True)]


def test_unknown_words_are_refused():
    with pytest.raises(ValueError, match="'guess' is no method: linear_path"):
        verdict(**RATE, value=40.0, method="guess")
    with pytest.raises(ValueError, match="'about' is no kind of promise: at_least"):
        verdict(**(RATE | {"kind": "about"}), value=40.0)
    with pytest.raises(KeyError, match="history of 7 belongs to no row"):
        verdicts(RATE | {"value": 40.0}, history=[(7, 2024.0, 1.0)])


def test_nothing_is_asked_and_nothing_is_answered():
    nothing = judged(pd.DataFrame(columns=list(INPUT_COLUMNS)), pd.DataFrame(columns=list(HISTORY_COLUMNS)))
    assert len(nothing) == 0
    assert tuple(nothing.columns) == VERDICT_COLUMNS


# What cannot be judged, and why


@pytest.mark.parametrize(
    ("reason", "facts", "method"),
    [
        ("no_figure", RATE, None),
        ("no_figure", RATE | {"over": True}, None),
        ("not_reported_yet", RATE | {"value": 40.0, "over": True, "value_time": 2025.0}, None),
        ("not_reported_yet", EGDI | {"value": 84.0, "over": True, "value_time": 2023.0, "step": 2.0}, None),
        ("growth_of_a_rank", EGDI | {"value": 84.0}, "compound_growth"),
        ("growth_of_a_rank", EGDI | {"value": 71.0}, "compound_growth"),
        ("growth_of_a_rank", TREND | {"base": 9.0, "value": 5.0, "rank": True}, None),
        ("not_applicable", TREND | {"base": 9.0, "value": 5.0}, "linear_path"),
        ("not_applicable", RATE | {"value": 40.0}, "places"),
        ("not_applicable", RATE | {"value": 40.0}, "membership"),
        ("not_applicable", RATE | {"value": 40.0}, "count_down"),
        ("not_applicable", RATE | {"value": 40.0, "promised": NAN}, None),
        ("no_direction", TREND | {"base": 9.0, "value": 5.0, "sense": NAN}, None),
        ("no_base", RATE | {"value": 40.0, "base": NAN}, None),
        ("no_base", EGDI | {"value": 40.0, "base": NAN, "promised": NAN}, None),
        ("one_point", RATE | {"value": 20.0, "points": 1.0}, None),
        ("one_point", RATE | {"value": 20.0, "value_time": 2021.0}, None),
        ("one_point", RATE | {"value": 40.0}, "anticipated_progress"),
        ("break_in_series", RATE | {"value": 40.0, "broken": True}, None),
        ("break_in_series", EGDI | {"value": 71.0, "broken": True}, None),
        ("no_deadline", RATE | {"value": 40.0, "due_time": NAN}, None),
        ("zero_base", MONEY | {"value": 40.0, "base": 0.0}, "compound_growth"),
        ("zero_base", TREND | {"base": 0.0, "value": 5.0}, None),
        ("zero_target", MONEY | {"kind": "at_most", "value": 10.0, "promised": 0.0}, "compound_growth"),
        ("sign_change", MONEY | {"value": -5.0}, "compound_growth"),
        ("sign_change", MONEY | {"value": 5.0, "base": -10.0}, "compound_growth"),
        ("sign_change", MONEY | {"value": -5.0, "base": -10.0}, "compound_growth"),
        ("sign_change", TREND | {"base": 10.0, "value": -5.0}, None),
    ],
)
def test_what_cannot_be_judged_says_why(reason, facts, method):
    found = verdict(**facts, method=method)
    assert (found.state, found.reason) == ("cannot_be_judged", reason)
    assert np.isnan(found.pace)
    assert np.isnan(found.score)


def test_every_reason_is_tested_above():
    cases = next(mark for mark in test_what_cannot_be_judged_says_why.pytestmark if mark.name == "parametrize")
    assert {reason for reason, *_ in cases.args[1]} == set(states.words(Reason))


def test_only_what_cannot_be_judged_has_a_reason():
    found = verdicts(RATE | {"value": 40.0}, RATE, RATE | {"value": 90.0})
    assert list(found.reason.notna()) == [False, True, False]


def test_a_promise_that_is_kept_needs_no_base_and_a_break_does_not_undo_it():
    assert verdict(**(RATE | {"base": NAN, "base_time": NAN}), value=80.0).state == "reached"
    assert verdict(**RATE, value=80.0, broken=True).state == "reached"
    assert verdict(**RATE, value=80.0, points=1.0).state == "reached"


def test_a_figure_that_crossed_zero_as_wished_is_on_track_though_its_growth_has_no_number():
    found = verdict(**TREND, base=-10.0, value=5.0)
    assert (found.state, found.reason) == ("on_track", pytest.approx(NAN, nan_ok=True))
    assert np.isnan(found.pace)


def test_nothing_is_measured_across_a_break():
    found = verdict([(2021, 20), (2022, 30), (2024, 40)], **RATE, value=40.0, broken=True)
    assert found[["progress", "pace", "path_value", "projected_value", "reaching_time"]].isna().all()
    assert found.gap == -40.0
    changed = verdict(**EGDI, value=84.0, broken=True)
    assert changed[["progress", "gap", "needed_value"]].isna().all()


# The deadline


def test_after_the_deadline_a_promise_was_kept_or_it_was_not():
    late = {"over": True, "value_time": 2026.0}
    found = verdicts(
        RATE | late | {"value": 80.0},
        RATE | late | {"value": 79.9},
        RATE | late | {"value": 19.9},
        RATE | late | {"value": 19.9, "base": NAN},
        RATE | late | {"value": 19.9, "broken": True},
    )
    assert list(found.state) == ["reached", "off_track", "moving_away", "off_track", "off_track"]
    assert list(found.gap) == pytest.approx([0.0, -0.1, -60.1, -60.1, -60.1])
    assert found[["projected_value", "needed_value", "needed_time"]].isna().all().all()


def test_at_the_deadline_all_of_the_way_is_asked():
    found = verdict([(2021, 20), (2026, 79)], **(RATE | {"value_time": 2026.0}), value=79.0)
    assert (found.state, found.path_value) == ("on_track", 80.0)
    assert found.projected_value == 79.0
    assert np.isnan(found.needed_value)


def test_a_base_that_kept_the_promise_asks_to_hold_it():
    held = RATE | {"base": 90.0}
    assert list(verdicts(held | {"value": 85.0}, held | {"value": 79.0}).state) == ["reached", "moving_away"]
    assert np.isnan(verdict(**held, value=85.0).progress)


def test_the_kind_says_the_direction_before_the_indicator_does():
    """At most 5 % of returns late, of an indicator that nobody gave a direction."""
    facts = {"kind": "at_most", "promised": 5.0, "base": 20.0, "base_time": 2021.0, "value_time": 2024.0}
    found = verdicts(facts | {"value": 4.0, "sense": NAN}, facts | {"value": 4.0, "sense": 1.0})
    assert list(found.state) == ["reached", "reached"]


# Paths, gaps, what is needed


def test_the_gap_is_ahead_of_the_line_or_behind_it_in_the_unit_of_measure():
    assert verdict(**RATE, value=50.0)[["path_value", "gap"]].tolist() == [56.0, -6.0]
    places = EGDI | {"base_time": 2021.0}
    assert verdict(**places, value=80.0).gap == pytest.approx(82.0 - 80.0)


def test_without_a_path_the_gap_is_to_the_promise():
    found = verdict(kind="top_n", promised=50.0, rank=True, value=71.0, value_time=2025.0, due_time=2026.0)
    assert (found.method, found.state, found.reason) == ("membership", "cannot_be_judged", "no_base")
    assert np.isnan(found.path_value)
    assert found.gap == -21.0


def test_a_promised_path_asks_what_its_segment_asks():
    segment = {"path_from_time": 2023.0, "path_from_value": 30.0, "path_to_time": 2025.0, "path_to_value": 50.0}
    milestones = RATE | segment | {"kind": "path"}
    found = verdict(**milestones, value=35.0)
    assert (found.path_value, found.pace) == (40.0, 0.75)
    assert found.state == "acceleration_needed"
    assert (found.needed_value, found.needed_time) == (50.0, 2025.0)
    assert verdict(**milestones, value=35.0, step=0.25).needed_value == pytest.approx(38.75)
    assert verdict(**milestones, value=52.0).needed_value == pytest.approx(66.0)


def test_a_path_without_a_base_begins_with_its_segment():
    segment = {"path_from_time": 2023.0, "path_from_value": 30.0, "path_to_time": 2025.0, "path_to_value": 50.0}
    undated = RATE | segment | {"kind": "path", "base": NAN, "base_time": NAN}
    found = verdict(**undated, value=36.0)
    assert (found.path_value, found.pace) == (40.0, 0.6)
    assert verdict(**undated, value=36.0, points=1.0).pace == 0.6  # the milestone behind it is the other point


def test_a_path_that_asks_for_nothing_yet_is_kept_by_holding_the_base():
    segment = {"path_from_time": 2021.0, "path_from_value": 20.0, "path_to_time": 2024.0, "path_to_value": 20.0}
    held = RATE | segment | {"kind": "path"}
    assert list(verdicts(held | {"value": 20.0}, held | {"value": 19.0}).state) == ["on_track", "moving_away"]


def test_what_is_needed_next_lies_on_the_straight_line_to_the_promise():
    found = verdict(**RATE, value=40.0)
    assert (found.needed_value, found.needed_time) == (60.0, 2025.0)
    assert verdict(**RATE, value=40.0, step=0.25).needed_value == 45.0


def test_what_is_needed_next_of_money_is_a_constant_growth():
    found = verdict(**MONEY, value=45.0)
    assert found.needed_value == pytest.approx(60.0)
    assert found.needed_value / 45 == pytest.approx(80 / found.needed_value)


def test_the_next_figure_never_comes_after_the_deadline():
    found = verdict(**RATE, value=40.0, step=5.0)
    assert (found.needed_value, found.needed_time) == (80.0, 2026.0)


def test_what_was_reached_must_be_held():
    assert verdict(**RATE, value=90.0).needed_value == 80.0


def test_a_place_or_a_count_that_is_needed_is_a_whole_one():
    places = EGDI | {"due_time": 2029.0, "step": 1.0}
    assert verdict(**places, value=84.0).needed_value == 83.0
    left = {"kind": "zero_left", "promised": 0.0, "value": 10.0, "value_time": 2024.0, "due_time": 2027.0}
    assert verdict(**left).needed_value == 6.0


# Where it is heading


def test_the_trend_so_far_is_the_least_squares_line_with_its_prediction_interval():
    """One row's line in words of its own; Student's t at 90 % with 3 degrees of freedom is 1.638 in every table."""
    history = [(2020.0, 12.0), (2021.0, 20.0), (2022.0, 27.0), (2023.0, 31.0), (2024.0, 42.0)]
    time, value = np.array(history).T
    slope, height = np.polyfit(time - 2026, value, 1)
    deviation = np.sqrt(((value - height - slope * (time - 2026)) ** 2).sum() / 3)
    away = np.sqrt(1 + 1 / 5 + (2026 - 2022) ** 2 / 10)
    found = verdict(history, **(RATE | {"base_time": 2020.0}), value=42.0)
    assert found.projected_value == pytest.approx(height)
    assert found.projected_high - found.projected_value == pytest.approx(1.638 * deviation * away, rel=1e-3)
    assert found.projected_value - found.projected_low == pytest.approx(1.638 * deviation * away, rel=1e-3)
    assert found.reaching_time == pytest.approx(2026 + (80 - height) / slope)


def test_fewer_than_four_figures_have_no_band():
    found = verdict([(2021, 20), (2022, 26), (2024, 40)], **RATE, value=40.0)
    assert found.projected_value > 50
    assert found[["projected_low", "projected_high"]].isna().all()


def test_money_is_projected_at_a_constant_growth():
    found = verdict([(2021, 20), (2022, 30), (2023, 45), (2024, 67.5)], **MONEY, value=67.5)
    assert found.projected_value == pytest.approx(67.5 * 1.5**2)
    assert found.reaching_time == pytest.approx(2024 + np.log(80 / 67.5) / np.log(1.5))


def test_a_projection_never_leaves_the_natural_limits():
    rate = RATE | {"promised": 95.0}
    found = verdict([(2021, 20), (2022, 45), (2023, 60), (2024, 93)], **rate, value=93.0)
    assert (found.projected_value, found.projected_high) == (100.0, 100.0)
    place = verdict([(2023, 9), (2025, 2)], **(EGDI | {"promised": 1.0, "base": 9.0}), value=2.0)
    assert place.projected_value == 1.0
    worst = verdict([(2023, 150), (2025, 190)], **(EGDI | {"promised": 100.0, "base": 150.0}), value=190.0)
    assert worst.projected_value == 193.0
    left = {"kind": "zero_left", "promised": 0.0, "value_time": 2025.0, "due_time": 2026.0}
    assert verdict([(2023, 30), (2025, 4)], **left, value=4.0).projected_value == 0.0


def test_a_trend_that_goes_the_other_way_or_takes_a_hundred_years_never_reaches_the_promise():
    assert np.isnan(verdict([(2021, 20), (2024, 19)], **RATE, value=19.0).reaching_time)
    assert np.isnan(verdict([(2021, 20), (2024, 20.5)], **RATE, value=20.5).reaching_time)
    assert verdict([(2021, 20), (2024, 25)], **RATE, value=25.0).reaching_time == pytest.approx(2057.0)


def test_figures_that_are_missing_are_no_figures():
    gaps = [(2021, 20), (2022, NAN), (2024, 32)]
    assert verdict(gaps, **RATE, value=32.0).projected_value == pytest.approx(40.0)


# What must hold of all of them

PROMISES = 5_000
DIRECTION_OF_A_KIND = {"at_least": 1.0, "yes_all": 1.0, "at_most": -1.0, "top_n": -1.0, "zero_left": -1.0}


def improvements(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Thousands of promises of every nature with their histories, and a better value for the last figure of each.

    Numpy draws them: what goes wrong needs several rare things at once, and Hypothesis draws too few rows to meet them.
    """
    draw = np.random.default_rng(seed)

    def some(*values: float) -> np.ndarray:
        return draw.choice(values, PROMISES)

    def chance(share: float) -> np.ndarray:
        return draw.random(PROMISES) < share

    def figures() -> np.ndarray:
        amount = np.where(chance(0.6), some(0, 1, 10, 20, 50, 95, 100, -5, -20), draw.normal(30, 40, PROMISES))
        return np.where(rank, np.clip(np.round(np.abs(amount)), 1, 193), amount)

    kind = draw.choice(states.words(Kind), PROMISES)
    rank = (kind == "top_n") | chance(0.2)
    base, value = figures(), figures()
    promised = np.select([kind == "zero_left", kind == "none"], [0.0, NAN], figures())
    change = np.where(kind == "change_from_base", promised - base, NAN)
    by_change = np.where(change == 0, NAN, np.sign(change))
    by_kind = pd.Series(kind).map(DIRECTION_OF_A_KIND).to_numpy(float)
    direction = np.where(np.isnan(by_kind), np.where(np.isnan(by_change), some(1, -1), by_change), by_kind)
    value_time = 2020 + some(-1, 0, 0.25, 1, 3, 5)
    inputs = pd.DataFrame(
        {
            "kind": kind,
            "sense": direction,
            "promised": promised,
            "change": change,
            "base": np.where(chance(0.05), NAN, base),
            "base_time": 2020.0,
            "value": value,
            "value_time": value_time,
            "due_time": np.where(kind == "none", NAN, some(2018, 2021, 2023, 2026, 2030, NAN)),
            "step": some(0.25, 1, 2),
            "minimum": some(NAN, NAN, 0, 1),
            "maximum": some(NAN, NAN, 50, 100),
            "field": np.where(rank, 193, some(NAN, 100)),
            "points": some(1, 2, 3, 4, 5),
            "path_from_time": 2020.0,
            "path_from_value": base,
            "path_to_time": 2020 + some(0, 1, 3),
            "path_to_value": np.where(chance(0.1), NAN, figures()),
            "over": (kind != "none") & chance(0.1),
            "rank": rank,
            "broken": chance(0.05),
        }
    )
    earlier = [
        pd.DataFrame({"row": inputs.index, "time": 2020 + share * (value_time - 2020), "value": height})
        for share, height in [(0, base), (0.3, figures()), (0.6, np.where(chance(0.5), NAN, figures()))]
    ]
    return inputs, pd.concat(earlier), value + direction * some(0.5, 1, 5, 20, 100)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_improving_a_value_never_worsens_a_verdict(seed):
    """For every kind, direction and method. Nor does it make one that cannot be judged, but where a growth rate was
    asked for that does not apply."""
    inputs, earlier, better = improvements(seed)

    def found(value: pd.Series | np.ndarray, method: str | None) -> pd.DataFrame:
        last = pd.DataFrame({"row": inputs.index, "time": inputs.value_time, "value": value})
        return judged(inputs.assign(value=value), pd.concat([earlier, last]), method=method)

    for method in (None, *METHODS):
        before, after = found(inputs.value, method), found(better, method)
        worse = (after.state.cat.codes < before.state.cat.codes).to_numpy()
        if method in ("compound_growth", "trend"):
            worse = worse & ~after.reason.isin(["zero_base", "zero_target", "sign_change"]).to_numpy()
        first = int(np.argmax(worse))
        assert not worse.any(), (method, inputs.iloc[first], better[first], before.iloc[first], after.iloc[first])
        assert ((after.state == "cannot_be_judged") == after.reason.notna()).all()


def test_states_are_ordered_from_worst_to_best():
    assert list(verdicts(RATE).state.cat.categories) == [
        "cannot_be_judged",
        "moving_away",
        "off_track",
        "acceleration_needed",
        "on_track",
        "reached",
    ]
    assert State.REACHED > State.ON_TRACK > State.ACCELERATION_NEEDED > State.OFF_TRACK > State.MOVING_AWAY
