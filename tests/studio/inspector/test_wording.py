"""What is said of a step: why it was kept or not, and where contested pixels went; the core's tools say the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lpsnet.borderness import box_borderness
from lpsnet.panoptic_head import explain_step, merge
from lpsnet.scenes import draw_scene, scene_categories
from lpsnet.structures import (
    BordernessLevel,
    BordernessMaps,
    Contest,
    Detections,
    InspectionSettings,
    MergeTrace,
    StepKind,
    Verdict,
)
from lpsnet_studio.inference.bench import ImageBench
from lpsnet_studio.inference.messages import ImageSource, Inspect, ModelLoaded, OpenImage
from lpsnet_studio.inference.pictures import Picture
from lpsnet_studio.inspector.step_card import StepCard
from lpsnet_studio.inspector.wording import (
    overlap_words,
    step_details,
    step_headline,
    step_sentence,
    step_tip,
    verdict_icon,
    verdict_words,
)
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice, Result
from lpsnet_studio.theme import Theme
from tests.studio import hand_made


def result_of(trace: MergeTrace, settings: InspectionSettings | None = None) -> Result:
    return Result(
        settings=settings or InspectionSettings(stuff_limit=0, conflict="smallest"),
        categories=hand_made.CATEGORIES,
        size=trace.owners.shape,
        preview=False,
        labels=trace.labels,
        candidates=None,
        borderness=None,
        detections=hand_made.detections(),
        trace=trace,
        quality=None,
        stages=(),
        seconds=0.0,
    )


def with_step(trace: MergeTrace, index: int, **changes: object) -> MergeTrace:
    steps = list(trace.steps)
    steps[index] = replace(steps[index], **changes)
    return replace(trace, steps=tuple(steps))


@pytest.fixture
def result() -> Result:
    return result_of(hand_made.trace())


def test_every_step_of_the_merge_is_told(result: Result) -> None:
    assert [step_headline(result, index) for index in range(-1, 8)] == [
        "Before the first of 8 steps: nothing is pasted yet",
        "Step 1 of 8: paste person (score 0.90)",
        "Step 2 of 8: paste person (score 0.80)",
        "Step 3 of 8: paste person (score 0.70)",
        "Step 4 of 8: paste car (score 0.60)",
        "Step 5 of 8: paste car (score 0.50)",
        "Step 6 of 8: fill in sky",
        "Step 7 of 8: fill in road",
        "Step 8 of 8: count leftover pixels of thing classes",
    ]
    assert [verdict_words(result, step) for step in result.trace.steps] == [
        "kept as person #1",
        "kept as person #2",
        "discarded",
        "kept as car #3",
        "empty",
        "kept",
        "kept",
        "nothing is left",
    ]
    assert step_sentence(result, 0) == (
        "None of its 660 pixels is taken by an earlier box, so it is kept as person #1 with all of them."
    )
    assert step_sentence(result, 4) == "No pixel in its box is labelled car, so there is nothing to paste."
    assert step_sentence(result, 5) == "2,000 pixels of this class are free and filled in."
    assert step_sentence(result, 7) == "Every pixel of a thing class has found an owner."


def test_no_sign_stands_for_two_things(result: Result) -> None:
    signs = {verdict_icon(step) for step in result.trace.steps}
    assert signs == {"kept", "contested", "discarded", "empty", "void"}
    contested = next(step for step in result.trace.steps if step.contests)
    assert verdict_icon(contested) == "contested"
    assert verdict_icon(replace(contested, contests=())) == "kept"


def test_before_the_first_step_it_says_whether_boxes_follow(result: Result) -> None:
    assert step_sentence(result, -1).startswith("Boxes are pasted by descending score")
    stuff_only = replace(result.trace, steps=result.trace.steps[5:])
    none_survived = replace(result, trace=stuff_only)
    assert step_sentence(none_survived, -1) == "No box reaches the score threshold 0.20: only stuff classes follow."
    higher = replace(none_survived, settings=replace(result.settings, score_threshold=0.955))
    assert "threshold 0.955: " in step_sentence(higher, -1)
    none_found = replace(none_survived, detections=Detections.from_boxes(np.empty((0, 4)), np.empty(0), np.empty(0)))
    assert step_sentence(none_found, -1) == "There are no boxes: only stuff classes follow."


@pytest.mark.parametrize(
    ("overlap", "ratio", "percent"),
    [
        (0.3001, "0.3001 > 0.3000", "30.01 % of its 608 pixels are already taken by earlier boxes; that is above the"),
        (0.304, "0.304 > 0.300", "30.4 % of its 608 pixels are already taken by earlier boxes; that is above the"),
    ],
)
def test_an_overlap_just_over_the_threshold_is_told_apart_from_it(overlap: float, ratio: str, percent: str) -> None:
    trace = with_step(replace(hand_made.trace(), overlap_threshold=0.3), 2, overlap=overlap, overlap_pixels=183)
    trace = with_step(trace, 2, candidate_pixels=608)
    told = result_of(trace)
    assert overlap_words(told, trace.steps[2]) == ratio
    assert f"overlap {ratio}" in explain_step(trace.steps[2], trace, hand_made.CATEGORIES)
    assert step_sentence(told, 2).startswith(percent)


def test_overlap_is_for_boxes_with_pixels_only(result: Result) -> None:
    told = [bool(overlap_words(result, step)) for step in result.trace.steps]
    assert told == [True, True, True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("conflict", "contests", "told"),
    [
        ("closest", (Contest(1, 120, 80),), "Of 120 pixels contested with person #1, 80 go to #2, where the predicted "
         "border-ness fits its box better; 40 stay."),
        ("closest", (Contest(1, 120, 120),), "The 120 contested pixels go from person #1 to #2, where the predicted "
         "border-ness fits its box better."),
        ("closest", (Contest(1, 120, 0),), "The 120 contested pixels stay with person #1: the predicted border-ness "
         "fits that box at least as well."),
        ("closest", (Contest(1, 1, 1),), "The 1 contested pixel goes from person #1 to #2, where the predicted "
         "border-ness fits its box better."),
        ("smallest", (Contest(1, 70, 70), Contest(4, 50, 0)), "Of 120 pixels contested with person #1 and #4, 70 go to "
         "#2, whose box is smaller; 50 stay."),
        ("highest", (Contest(1, 120, 0),), "The 120 contested pixels stay with person #1, which came first with a "
         "higher or equal score."),
        ("highest", (Contest(1, 70, 0), Contest(4, 50, 0)), "The 120 contested pixels stay with person #1 and #4, "
         "which came first with higher or equal scores."),
    ],
)  # fmt: skip
def test_contested_pixels_are_told_with_the_rule_that_decided(
    conflict: str, contests: tuple[Contest, ...], told: str
) -> None:
    trace = with_step(replace(hand_made.trace(), conflict=conflict), 1, contests=contests)
    result = result_of(trace, InspectionSettings(conflict=conflict))  # type: ignore[arg-type]
    assert step_sentence(result, 1).endswith(f"so it is kept as person #2. {told}")
    assert step_sentence(result, 1, before=True).endswith(
        f"{told} The canvas shows the contested pixels as they were before this step."
    )
    assert "before this step" not in step_sentence(result, 0, before=True)


def test_who_is_named_the_winner_is_the_winner() -> None:
    """Predicted border-ness that is one box's own gives that box every contested pixel, and the sentence says so."""
    boxes = np.array([[0, 0, 40, 40], [34, 0, 72, 40]], np.float32)
    found = Detections.from_boxes(boxes, np.array([0, 0], np.int32), np.array([0.9, 0.8], np.float32))
    labels = np.full((40, 72), hand_made.PERSON, np.uint8)
    x, y = np.arange(72) + 0.5, np.arange(40) + 0.5
    columns, rows = np.meshgrid(x, y)
    for box, told in (
        (0, "The 240 contested pixels stay with person #1: the predicted border-ness fits that box at least as well."),
        (1, "240 contested pixels go from person #1 to #2, where the predicted border-ness fits its box better."),
    ):
        own = box_borderness(columns.ravel(), rows.ravel(), np.tile(boxes[box].astype(np.float64), (72 * 40, 1)))
        maps = BordernessMaps((BordernessLevel(own.reshape(40, 72).astype(np.float32), 1.0, 0.5, 0),))
        trace = merge(found, labels, isthing=hand_made.CATEGORIES.isthing, borderness=maps, stuff_limit=0)
        result = replace(result_of(trace), settings=InspectionSettings(), detections=found)
        (contest,) = trace.steps[1].contests
        assert contest.won == (240 if box else 0)
        assert step_sentence(result, 1).endswith(told)


def test_a_fallback_of_closest_says_why() -> None:
    settings = InspectionSettings(conflict="closest", stuff_limit=0)
    told = result_of(hand_made.trace(settings), settings)
    assert told.trace.conflict == "highest"
    assert step_sentence(told, 1).endswith("a higher or equal score (there is no border-ness to compare with).")
    assert step_sentence(told, -1).endswith(
        "Without border-ness maps, contested pixels go to the box of highest confidence."
    )


def test_stuff_is_told_against_its_limit() -> None:
    settings = InspectionSettings(stuff_limit=1700, conflict="smallest")
    told = result_of(hand_made.trace(settings), settings)
    sky, road = told.trace.steps[5:7]
    assert (sky.verdict, road.verdict) == (Verdict.KEPT, Verdict.DISCARDED)
    assert step_sentence(told, 5) == (
        "2,000 pixels of this class are free; that reaches the stuff limit of 1,700, so they are filled in."
    )
    assert step_sentence(told, 6) == (
        "Only 1,450 pixels of this class are free; that is below the stuff limit of 1,700, so they stay void."
    )


def test_adopted_and_left_over_pixels_are_told() -> None:
    trace = with_step(hand_made.trace(), 5, adopted_pixels=500)
    assert step_sentence(result_of(trace), 5) == (
        "1,500 pixels of this class and 500 leftover thing pixels whose likeliest stuff class it is "
        "are free and filled in."
    )
    trace = with_step(trace, 7, candidate_pixels=1, verdict=Verdict.DISCARDED)
    assert step_sentence(result_of(trace), 7) == "1 pixel of thing classes lies in no kept box, so it stays void."
    adopting = InspectionSettings(leftovers="next_stuff")
    assert "in no stuff class that was filled in" in step_sentence(result_of(trace, adopting), 7)
    assert verdict_words(result_of(trace), trace.steps[7]) == "left void"


def test_details_say_how_the_score_came_about(result: Result) -> None:
    found = result.detections
    found = replace(found, class_scores=found.scores / np.float32(0.95), level=np.full(len(found), 4, np.uint8))
    found = replace(found, borderness=np.full(len(found), 0.95, np.float32))
    result = replace(result, detections=found)
    plain = step_details(replace(result, settings=InspectionSettings()), 1)
    assert plain == (
        "660 candidate pixels, 120 held · 0 of 120 won from #1 · class score 0.84 × border-ness 0.95 = score 0.80"
        .replace("score 0.80", "0.80") + " · level P4 · box 28, 20 to 50, 50"
    )  # fmt: skip
    assert "√(class score 0.84 × border-ness 0.95) = 0.80" in step_details(
        replace(result, settings=InspectionSettings(score_sqrt=True)), 1
    )
    assert "· class score 0.84 ·" in step_details(replace(result, settings=InspectionSettings(use_borderness=False)), 1)
    assert "· box of the ground truth ·" in step_details(
        replace(result, settings=InspectionSettings(box_oracle=True)), 1
    )


def test_a_tip_is_one_line_that_agrees_with_the_core(result: Result) -> None:
    for index, step in enumerate(result.trace.steps):
        told = step_tip(result, index)
        assert told == f"Step {index + 1} of 8: {explain_step(step, result.trace, result.categories)}"
        assert "\n" not in told


def test_every_kind_of_step_has_details(result: Result) -> None:
    for index, step in enumerate(result.trace.steps):
        assert f"{step.candidate_pixels:,} candidate pixel" in step_details(result, index)
    assert {step.kind for step in result.trace.steps} == set(StepKind)


# ------------------------------------------------------------------------------------------------------- previews

FULL = (2 * hand_made.HEIGHT, 3 * hand_made.WIDTH)
"""Of the picture that the hand-made merge is a preview of here: a pixel of it stands for six of the picture's."""


def preview_of(trace: MergeTrace, settings: InspectionSettings) -> Result:
    return replace(result_of(trace, settings), preview=True)


def test_a_previews_counts_boxes_and_limit_are_the_pictures() -> None:
    merged = hand_made.trace(InspectionSettings(stuff_limit=1700, conflict="smallest"))
    told = preview_of(merged, InspectionSettings(stuff_limit=6 * 1700, conflict="smallest"))
    assert step_sentence(told, 5, full_size=FULL) == (
        "≈ 12,000 pixels of this class are free; that reaches the stuff limit of 10,200, so they are filled in."
    )
    assert step_sentence(told, 6, full_size=FULL) == (
        "Only ≈ 8,700 pixels of this class are free; that is below the stuff limit of 10,200, so they stay void."
    )
    assert step_details(told, 6, full_size=FULL) == "≈ 8,700 candidate pixels · stuff limit 10,200"
    assert step_sentence(told, 0, full_size=FULL) == (
        "None of its ≈ 3,960 pixels is taken by an earlier box, so it is kept as person #1 with all of them."
    )
    details = step_details(told, 1, full_size=FULL)
    assert details.startswith("≈ 3,960 candidate pixels, ≈ 720 held · 0 of ≈ 720 won from #1 · ")
    assert details.endswith(" · box ≈ 84, 40 to 150, 100")
    assert "The ≈ 720 contested pixels stay with person #1" in step_sentence(told, 1, full_size=FULL)
    assert step_tip(told, 0).endswith(" · counted in a smaller preview")


@pytest.mark.parametrize(("count", "kept"), [(1699, True), (1701, False)])
def test_rounding_never_moves_a_previews_count_across_the_limit(count: int, kept: bool) -> None:
    verdict = Verdict.KEPT if kept else Verdict.DISCARDED
    merged = with_step(hand_made.trace(), 5, candidate_pixels=count, adopted_pixels=count, verdict=verdict)
    told = preview_of(merged, InspectionSettings(stuff_limit=10_200, conflict="smallest"))
    assert step_details(told, 5, full_size=FULL).startswith(f"≈ {10_200 if kept else 10_199:,} candidate pixels · ")
    assert "-" not in step_sentence(told, 5, full_size=FULL)


def test_what_is_told_of_a_preview_agrees_with_the_full_size() -> None:
    """A preview of a real scene is told in the same words; its counts are within some percent of the counted ones."""
    scene = draw_scene(32, 1536, 2048)
    source = ImageSource("/scene.png")
    bench = ImageBench(Picture(source, (), scene.image, scene.segmentation, None, scene_categories()), None)
    settings = InspectionSettings(box_oracle=True, semantic_oracle=True, stuff_limit=60_000)
    told: list[list[str]] = []
    for preview in (True, False):
        reply = bench.inspect(Inspect(1, "a", settings, preview), 0.0)
        shown = replace(
            result_of(reply.trace, settings),
            categories=scene_categories(),
            size=reply.size,
            preview=reply.preview,
            detections=reply.detections,
        )
        stuff = [index for index, step in enumerate(reply.trace.steps) if step.kind is StepKind.STUFF]
        told.append([step_sentence(shown, index, full_size=(1536, 2048)) for index in stuff])
    assert len(told[0]) == len(told[1]) == 7
    for about, counted in zip(*told, strict=True):
        assert re.sub(r"≈ [\d,]+", "…", about) == re.sub(r"^[\d,]+", "…", counted)
        one, other = (int(re.findall(r"[\d,]+", text)[0].replace(",", "")) for text in (about, counted))
        assert one == pytest.approx(other, rel=0.05)


def test_the_card_tells_a_preview_in_the_pictures_pixels(
    qtbot: Any, session: Session, service: hand_made.ListeningService
) -> None:
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, hand_made.card()))
    session.set_entries(hand_made.entries(1))
    session.receive(hand_made.opened(service.last(OpenImage), size=FULL))
    session.receive(replace(hand_made.inspected(service.last(Inspect)), preview=True))
    card = StepCard(session, Theme("dark"))
    qtbot.addWidget(card)
    session.seek(1)
    card.refresh()
    assert "None of its ≈ 3,960 pixels" in card.sentence.text()
    assert "box ≈ 30, 40 to 96, 100" in card.details.text()
