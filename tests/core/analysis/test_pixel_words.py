"""The history of a pixel in words, each sentence word for word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lpsnet.analysis.pixel_history import Claim, PixelEvent, PixelEventKind, history_of_pixel
from lpsnet.analysis.pixel_words import event_in_words, history_in_words
from lpsnet.categories import Categories, Category
from lpsnet.panoptic_head import merge
from lpsnet.structures import BordernessLevel, BordernessMaps, Detections

CATEGORIES = Categories(
    (
        Category(1, "person", True, (220, 20, 60)),
        Category(2, "road", False, (128, 64, 128)),
        Category(3, "car", True, (0, 0, 142)),
        Category(4, "grass", False, (0, 142, 0)),
    )
)
PERSON, ROAD, CAR, GRASS = range(4)

HOLDER = Claim(owner=2, step=2, detection=2, score=0.9, area=1200.0, borderness=0.41, predicted=0.44)
CHALLENGER = Claim(owner=5, step=8, detection=8, score=0.7, area=3400.0, borderness=0.18, predicted=0.44)
CONTEST = PixelEvent(
    step=8,
    kind=PixelEventKind.LOST,
    label=PERSON,
    owner=5,
    before=2,
    after=2,
    score=0.7,
    overlap=0.1,
    overlap_threshold=0.3,
    candidate_pixels=900,
    conflict="closest",
    challenger=CHALLENGER,
    holder=HOLDER,
)
PLAIN = replace(CONTEST, challenger=None, holder=None)


def told(event: PixelEvent) -> str:
    return event_in_words(event, CATEGORIES)


def contest(
    conflict: str = "closest", *, won: bool = False, holder: dict | None = None, challenger: dict | None = None
):
    """Returns a contest with some figures of the two boxes changed."""
    kind, after = (PixelEventKind.WON, 5) if won else (PixelEventKind.LOST, 2)
    claims = {"holder": replace(HOLDER, **holder or {}), "challenger": replace(CHALLENGER, **challenger or {})}
    return replace(CONTEST, conflict=conflict, kind=kind, after=after, **claims)


@pytest.mark.parametrize(
    ("kind", "changes", "sentence"),
    [
        ("claimed", {"step": 2, "owner": 2, "before": 0}, "step 3: person #2 takes it"),
        (
            "discarded",
            {"step": 11, "label": CAR, "owner": 0, "score": 0.31, "overlap": 0.38},
            "step 12: inside the box of car 0.31, but 38 % of its mask was already taken, above the limit of 30 %: "
            "discarded",
        ),
        ("filled", {"step": 30, "label": ROAD, "owner": 9, "before": 0, "after": 9}, "step 31: filled by road"),
        (
            "adopted",
            {"step": 30, "label": ROAD, "owner": 9, "before": 0, "after": 9},
            "step 31: adopted by road, its likeliest stuff class",
        ),
        (
            "below limit",
            {"step": 31, "label": GRASS, "owner": 0, "before": 0, "after": 0},
            "step 32: grass is below the stuff limit: it stays void",
        ),
        ("left void", {"step": 1039, "label": -1, "before": 0, "after": 0}, "step 1,040: no segment claims it: void"),
        (
            "unlabelled",
            {"step": 39, "label": -1, "before": 0, "after": 0},
            "step 40: it has no class, so no segment can claim it: void",
        ),
    ],
)
def test_every_kind_of_event_but_a_contest(kind, changes, sentence):
    assert told(replace(PLAIN, kind=PixelEventKind(kind), **changes)) == sentence


def test_shares_are_written_with_as_many_digits_as_tell_them_apart():
    event = replace(PLAIN, kind=PixelEventKind.DISCARDED, overlap=0.3004, overlap_threshold=0.3)
    assert "30.04 % of its mask was already taken, above the limit of 30.00 %" in told(event)


def test_the_closest_border_ness_keeps_a_pixel_or_takes_it():
    assert told(contest()) == "step 9: contested by person #5, stays with #2: |0.41 − 0.44| < |0.18 − 0.44|"
    assert told(contest(won=True, holder={"borderness": 0.1})) == (
        "step 9: contested by person #5, goes from #2 to #5: |0.18 − 0.44| < |0.10 − 0.44|"
    )


def test_figures_get_digits_until_the_comparison_comes_out():
    event = contest(holder={"borderness": 0.4112}, challenger={"borderness": 0.4098})
    assert told(event).endswith("stays with #2: |0.411 − 0.440| < |0.410 − 0.440|")
    # Two digits would read |0.41 − 0.44| < |0.40 − 0.43|, which is not so.
    event = contest(
        holder={"borderness": 0.4149, "predicted": 0.4361}, challenger={"borderness": 0.4049, "predicted": 0.4349}
    )
    assert told(event).endswith("stays with #2: |0.415 − 0.436| < |0.405 − 0.435|")


def test_a_tie_goes_to_the_box_that_came_first():
    assert told(contest(challenger={"borderness": 0.41})).endswith(
        "stays with #2: |0.41 − 0.44| = |0.41 − 0.44|, and #2 came first"
    )
    assert told(contest("highest", challenger={"score": 0.9})).endswith("score 0.90 = 0.90, and #2 came first")
    assert told(contest("smallest", challenger={"area": 1200.0})).endswith(
        "box area 1,200 = 1,200 pixels, and #2 came first"
    )


def test_without_predicted_values_the_rule_is_told_alone():
    unknown = {"predicted": None}
    assert told(contest(holder=unknown, challenger=unknown)).endswith(
        "stays with #2: the predicted border-ness fits that box at least as well"
    )
    assert told(contest(won=True, holder=unknown, challenger=unknown)).endswith(
        "goes from #2 to #5: the predicted border-ness fits its box better"
    )


def test_the_other_strategies_show_what_they_go_by():
    assert told(contest("highest")).endswith("stays with #2: score 0.90 > 0.70")
    assert told(contest("highest", challenger={"score": 0.8996})).endswith("score 0.9000 > 0.8996")
    assert told(contest("smallest")).endswith("stays with #2: box area 1,200 < 3,400 pixels")
    assert told(contest("smallest", won=True, challenger={"area": 1199.75})).endswith(
        "goes from #2 to #5: box area 1,199.8 < 1,200.0 pixels"
    )


def test_a_history_is_told_in_order():
    boxes = np.array([(0, 0, 4, 1), (3, 0, 8, 1), (0, 0, 8, 1)], np.float32)
    detections = Detections.from_boxes(boxes, np.zeros(3, np.int32), np.array([0.9, 0.8, 0.7], np.float32))
    maps = BordernessMaps((BordernessLevel(np.full((1, 8), 0.1, np.float32), 1.0, 0.5, 0),))
    isthing = CATEGORIES.isthing
    trace = merge(detections, np.zeros((1, 8), np.uint8), isthing=isthing, borderness=maps)
    events = history_of_pixel(trace, detections, maps, 3, 0)
    assert history_in_words(events, CATEGORIES) == (
        "step 1: person #1 takes it",
        "step 2: contested by person #2, goes from #1 to #2: |0.33 − 0.10| < |0.38 − 0.10|",
        "step 3: inside the box of person 0.70, but 100 % of its mask was already taken, above the limit of 30 %: "
        "discarded",
    )
