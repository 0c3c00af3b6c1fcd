"""Which candidates are drawn, what a click means, and what the panel Levels says of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lpsnet.analysis.fates import Fate
from lpsnet.structures import DropStage, MergeStep, Verdict
from lpsnet_studio.canvas.colormaps import colormap
from lpsnet_studio.inference.messages import Probed
from lpsnet_studio.inspector.levels_model import GROUPS, LEVEL_COLORS, Choice, Picker, Survey, Trail, scene_of
from lpsnet_studio.inspector.levels_pictures import level_pictures
from lpsnet_studio.inspector.levels_words import (
    FACT_TIPS,
    FATE_NAMES,
    FATE_TIPS,
    brief_count,
    drawn_words,
    fact_lines,
    fate_sentence,
    range_words,
    title_of,
)
from tests.studio.hand_made import CAR, PERSON
from tests.studio.inspector.levels_boxes import (
    BELOW,
    BEYOND_CAP,
    BEYOND_TOP_K,
    CAR_BOX,
    FIRST,
    IOU,
    ON_NOTHING,
    SECOND,
    SUPPRESSED,
    THIRD,
    candidates,
    result,
)


@pytest.fixture
def survey() -> Survey:
    return Survey(result())


def test_every_candidate_has_its_fate(survey: Survey) -> None:
    kept, overlap, empty = Fate.KEPT, Fate.OVERLAP, Fate.EMPTY
    before = [Fate.NMS, Fate.SCORE, Fate.TOP_K, Fate.CAP]
    assert survey.fates.tolist() == [kept, kept, overlap, kept, empty, *before]


@pytest.mark.parametrize(
    ("group", "rows"),
    [
        ("survivors", [FIRST, SECOND, THIRD, CAR_BOX, ON_NOTHING]),
        ("suppressed", [SUPPRESSED]),
        ("entered", [FIRST, SUPPRESSED, SECOND, THIRD, CAR_BOX, ON_NOTHING, BEYOND_CAP]),
        ("passed", [FIRST, SUPPRESSED, SECOND, THIRD, CAR_BOX, ON_NOTHING, BEYOND_CAP, BEYOND_TOP_K]),
        ("score", [BELOW]),
        ("top_k", [BEYOND_TOP_K]),
        ("cap", [BEYOND_CAP]),
        ("threshold", []),
        ("overlap", [THIRD]),
        ("empty", [ON_NOTHING]),
        ("covered", []),
        ("kept", [FIRST, SECOND, CAR_BOX]),
    ],
)
def test_a_group_is_listed_from_the_best(survey: Survey, group: str, rows: list[int]) -> None:
    assert survey.rows(Choice(group=group)).tolist() == rows


def test_one_level_alone_is_listed(survey: Survey) -> None:
    assert survey.rows(Choice(level=4, group="passed")).tolist() == [FIRST, SUPPRESSED, SECOND]
    assert survey.rows(Choice(level=7, group="passed")).tolist() == []


def test_every_fate_has_a_group_a_name_and_a_tip() -> None:
    alone = {next(iter(group.fates)) for group in GROUPS if len(group.fates) == 1}
    assert alone == set(Fate) == set(FATE_NAMES) == set(FATE_TIPS)
    assert len({group.name for group in GROUPS}) == len(GROUPS)


def test_strong_boxes_lie_on_top_in_the_colour_of_their_level(survey: Survey) -> None:
    scene = scene_of(survey, survey.rows(Choice()), "level", (60, 80))
    found = survey.candidates
    assert scene.boxes[-1].tolist() == found.boxes[FIRST].tolist()
    colors = scene.palette[scene.colors].tolist()
    expected = [LEVEL_COLORS[level] for level in (3, 3, 5, 4, 4)]
    assert [tuple(color) for color in colors] == expected


def test_colours_of_scores_reach_from_none_to_the_best_of_the_image(survey: Survey) -> None:
    scene = scene_of(survey, survey.rows(Choice(group="passed")), "score", (60, 80))
    assert scene.palette[scene.colors[-1]].tolist() == colormap("viridis")[255].tolist()
    lightness = scene.palette[scene.colors].astype(int).sum(1)
    assert (np.diff(lightness) >= 0).all()


def test_a_result_of_a_reduced_size_is_stretched_over_the_photo(survey: Survey) -> None:
    scene = scene_of(survey, np.array([CAR_BOX]), "level", (120, 240))
    assert scene.boxes.tolist() == [[180, 70, 225, 90]]
    assert scene.locations.tolist() == [[202.5, 80]]


def brute_force_boxes_at(survey: Survey, rows: list[int], x: int, y: int) -> list[int]:
    held = []
    for row in rows:
        x0, y0, x1, y1 = survey.candidates.boxes[row].tolist()
        if x0 <= x + 0.5 < x1 and y0 <= y + 0.5 < y1:
            held.append(((x1 - x0) * (y1 - y0), rows.index(row), row))
    return [row for *_, row in sorted(held)]


@pytest.mark.parametrize("place", [(12, 25), (30, 30), (5, 5), (65, 40), (79, 59), (75, 0)])
def test_clicks_on_a_place_go_through_all_boxes_there_from_the_smallest(survey: Survey, place) -> None:
    rows, picker = survey.rows(Choice(group="passed")), Picker()
    expected = brute_force_boxes_at(survey, rows.tolist(), *place)
    picked = [picker.pick(survey, rows, place) for _ in range(2 * len(expected))]
    assert picked == expected * 2
    assert expected or picker.pick(survey, rows, place) == -1


def test_another_place_begins_with_its_smallest_box(survey: Survey) -> None:
    rows, picker = survey.rows(Choice(group="passed")), Picker()
    first = picker.pick(survey, rows, (30, 30))
    picker.pick(survey, rows, (31, 30))
    assert picker.pick(survey, rows, (30, 30)) == first


def test_a_box_is_found_again_among_other_rows(survey: Survey) -> None:
    found = candidates()
    order = np.array([8, 3, 5, 0, 1, 2, 4])  # two rows fewer, in another order
    names = ("boxes", "labels", "scores", "class_scores", "borderness", "level", "location", "dropped_at", "iou")
    moved = {name: getattr(found, name)[order] for name in names}
    moved["suppressed_by"] = np.array([-1, -1, 3, -1, -1, -1, -1], np.int32)
    later = Survey(result(replace(found, **moved)))
    for row, before in enumerate(order.tolist()):
        assert later.row_of(survey.identity_of(before)) == row
    assert later.row_of(survey.identity_of(BELOW)) == -1


def test_a_segment_leads_to_its_box_and_stuff_to_none(survey: Survey) -> None:
    owners = {step.detection: step.owner for step in survey.result.trace.steps if step.owner and step.detection >= 0}
    assert {survey.row_of_owner(owner) for owner in owners.values()} == {FIRST, SECOND, CAR_BOX}
    stuff = next(step.owner for step in survey.result.trace.steps if step.owner and step.detection < 0)
    assert [survey.row_of_owner(owner) for owner in (stuff, 0, 99)] == [-1, -1, -1]


# -------------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (BELOW, "Dropped: its class probability 0.040 does not exceed the class threshold 0.05."),
        (BEYOND_TOP_K, "Dropped: P3 had 1,000 better-scored candidates."),
        (SUPPRESSED, "Suppressed by the person of P4 with score 0.90: IoU 0.91, above 0.60."),
        (BEYOND_CAP, "Dropped: the image had 100 better-scored detections."),
        (FIRST, "Kept at step 1: it owns person #1."),
        (ON_NOTHING, "Empty at step 5: no pixel of its class lies in it."),
    ],
)
def test_a_fate_is_told_with_its_figures(survey: Survey, row: int, sentence: str) -> None:
    assert fate_sentence(survey, survey.facts(row)) == sentence


def test_a_discarded_box_is_told_with_the_overlap_that_the_merge_found(survey: Survey) -> None:
    step = next(step for step in survey.result.trace.steps if step.verdict is Verdict.DISCARDED and step.detection >= 0)
    sentence = fate_sentence(survey, survey.facts(THIRD))
    assert sentence == f"Discarded at step 3: earlier masks held {step.overlap:.2f} of its pixels, more than 0.30."


def test_what_no_hand_made_box_met_is_told_too(survey: Survey) -> None:
    facts = survey.facts(FIRST)
    below = fate_sentence(survey, replace(facts, fate=Fate.THRESHOLD))
    assert below == "Detection 1, but its score 0.90 is below the merge's threshold 0.20."
    covered = fate_sentence(survey, replace(facts, fate=Fate.COVERED))
    assert covered == "Kept at step 1, but later boxes won all its pixels."
    assert isinstance(survey.result.trace.steps[0], MergeStep)


def test_facts_name_sides_score_size_and_classes(survey: Survey) -> None:
    probed = Probed(1, "a", 14, 28, (PERSON, CAR), (0.94, 0.05), (), ())
    facts = survey.facts(SUPPRESSED)
    assert title_of(survey, facts) == "person 0.85 · P4"
    assert dict(fact_lines(survey, facts, probed)) == {
        "Score": "class 0.950 × border-ness 0.900 = 0.855",
        "Location": "x 14.0, y 28.0",
        "l, t, r, b": "3.0, 8.0, 19.0, 22.0 px",
        "Box": "11.0, 20.0 to 33.0, 50.0",
        "Size": "44.0 px of the input, outside the range of P4: 64 to 128",
        "Class vector": "person 0.95",
        "Pixel there": "person 0.94, car 0.05",
    }
    assert set(dict(fact_lines(survey, facts, None))) == set(FACT_TIPS)
    assert facts.iou == pytest.approx(IOU)
    assert dict(fact_lines(survey, facts, None))["Pixel there"] == "asking the network …"


def test_a_class_vector_has_every_thing_that_made_a_box_at_the_location() -> None:
    found = candidates()
    location, level = found.location.copy(), found.level.copy()
    location[[SECOND, ON_NOTHING]] = location[CAR_BOX]
    level[[SECOND, ON_NOTHING]] = 3, 4
    survey = Survey(result(replace(found, location=location, level=level)))
    assert survey.classes_at(SECOND) == ((PERSON, pytest.approx(0.8)), (CAR, pytest.approx(0.6)))
    assert dict(fact_lines(survey, survey.facts(CAR_BOX), None))["Class vector"] == "person 0.80, car 0.60"


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({"use_borderness": False}, "; ranked by the class score alone, 0.855"),
        ({"use_borderness": False, "score_sqrt": True}, "; ranked by the root of the class score, 0.855"),
        ({"score_sqrt": True}, "; ranked by its root 0.855"),
    ],
)
def test_what_a_box_was_ranked_by_is_said_where_it_is_not_the_product(survey: Survey, changes, ending) -> None:
    survey.result = replace(survey.result, settings=replace(survey.result.settings, **changes))
    words = dict(fact_lines(survey, survey.facts(SUPPRESSED), None))["Score"]
    assert words == f"class 0.950 × border-ness 0.900 = 0.855{ending}"


@pytest.mark.parametrize(
    ("level", "group", "drawn", "words"),
    [
        (0, "survivors", 2, "The best 2 of 5 boxes are drawn."),
        (3, "survivors", 2, "All 2 boxes of P3 are drawn."),
        (0, "cap", 1, "The only box is drawn."),
        (7, "survivors", 0, "No box of P7 in this image."),
        (
            6,
            "survivors",
            0,
            "The only box of P6 is beyond the image's cap: draw “Cap: beyond the image's best” to see it.",
        ),
        (0, "covered", 0, "No such box. 3 of 9 are kept: draw “Kept: own a segment” to see them."),
        (4, "score", 0, "No such box of P4. 2 of 3 are kept: draw “Kept: own a segment” to see them."),
    ],
)
def test_how_many_are_drawn_is_said_in_words(survey: Survey, level: int, group: str, drawn: int, words: str) -> None:
    assert drawn_words(Choice(level=level, group=group), drawn, survey) == words


def test_where_no_box_is_good_enough_it_is_said_where_they_are() -> None:
    dropped = np.full(9, DropStage.SCORE, np.uint8)
    whole = result(replace(candidates(), dropped_at=dropped))
    nothing = Survey(replace(whole, trace=replace(whole.trace, steps=())))
    assert drawn_words(Choice(), 0, nothing) == (
        "All 9 boxes are below the class threshold: draw “Score: below the class threshold” to see them."
    )


def test_boxes_of_one_fate_are_called_as_in_the_tables() -> None:
    for group in GROUPS:
        if len(group.fates) == 1:
            assert group.words.startswith(f"{FATE_NAMES[next(iter(group.fates))]}: ")


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (9392, "9.4k"),
        (9949, "9.9k"),
        (9950, "10k"),
        (17_727, "18k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (1_234_567, "1.2M"),
        (999_500_000, "1G"),
    ],
)
def test_counts_are_brief_and_rounded_to_the_nearest(count: int, words: str) -> None:
    assert brief_count(count) == words


def test_size_ranges_are_those_of_the_levels(survey: Survey) -> None:
    words = [range_words(counts.size_range) for counts in survey.levels]
    assert words == ["64", "128", "256", "512", "∞"]


# ----------------------------------------------------------------------------------------------------------- pictures


def test_pictures_show_each_levels_boxes_over_the_dimmed_photo(survey: Survey) -> None:
    photo = np.full((120, 160, 3), 200, np.uint8)
    pictures = level_pictures(photo, survey, Choice(), "boxes", (60, 80))
    assert set(pictures) == {0, 3, 4, 5, 6, 7}
    assert (pictures[7] == 90).all(), "P7 has no survivor"
    assert pictures[4][20, 20].tolist() == list(LEVEL_COLORS[4])
    assert pictures[4][40, 60].tolist() == [90, 90, 90], "the car is of P3"
    assert pictures[3][35, 65].tolist() == list(LEVEL_COLORS[3])
    both = {tuple(color) for color in pictures[0].reshape(-1, 3).tolist()}
    assert {LEVEL_COLORS[3], LEVEL_COLORS[4], LEVEL_COLORS[5]} < both


def test_pictures_show_each_levels_borderness_and_the_greatest(survey: Survey) -> None:
    photo = np.full((60, 80, 3), 100, np.uint8)
    pictures = level_pictures(photo, survey, Choice(), "border-ness", (30, 40))
    for level, picture in pictures.items():
        value = (level or 7) / 10
        expected = 0.7 * colormap("magma")[int(value * 255 + 0.5)] + 0.3 * 100
        assert np.abs(picture - expected).max() <= 1.5, level


def test_without_borderness_pictures_show_boxes(survey: Survey) -> None:
    photo = np.full((60, 80, 3), 100, np.uint8)
    survey.result = replace(survey.result, borderness=None)
    shown = level_pictures(photo, survey, Choice(), "border-ness", (30, 40))
    boxes = level_pictures(photo, survey, Choice(), "boxes", (30, 40))
    assert all((shown[level] == boxes[level]).all() for level in boxes)


def test_the_way_back_leads_through_every_box_that_was_left_and_still_is_there() -> None:
    whole, trail = Survey(result()), Trail()
    assert trail.back(whole) == -1
    for row in (SUPPRESSED, SUPPRESSED, THIRD, BELOW):
        trail.leave(whole.identity_of(row))
    found = candidates()
    location = found.location.copy()
    location[BELOW] += 5
    without = Survey(result(replace(found, location=location)))
    assert trail.row(whole) == BELOW
    assert trail.row(without) == trail.back(without) == THIRD
    assert [trail.back(whole) for _ in range(2)] == [SUPPRESSED, -1], "one that is gone is passed over for good"
    trail.leave(whole.identity_of(FIRST))
    trail.forget()
    assert trail.row(whole) == -1


def test_of_boxes_that_were_left_only_the_latest_are_kept() -> None:
    whole, trail = Survey(result()), Trail()
    for at in range(101):
        trail.leave(whole.identity_of((SUPPRESSED, THIRD)[at % 2]))
    assert [trail.back(whole) for _ in range(51)] == [SUPPRESSED, THIRD] * 25 + [-1]
