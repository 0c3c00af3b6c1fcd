"""What the probe knows of boxes, classes and levels, without the window; and on what the demo network makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lpsnet.analysis.fates import Fate, fates
from lpsnet.panoptic_head import contested_mask, merge
from lpsnet.structures import (
    BordernessLevel,
    BordernessMaps,
    Candidates,
    DropStage,
    InspectionSettings,
    MergeTrace,
    Verdict,
)
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.messages import Inspect, Inspected, OpenImage, Probed
from lpsnet_studio.inspector.probe_model import (
    Bar,
    BoxesOver,
    CoveringBoxes,
    Reading,
    class_bars,
    level_bars,
    likeliest_stuff,
    place_in,
    probe_text,
    truth_words,
)
from lpsnet_studio.inspector.probe_reader import ProbeReader
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result
from tests.studio.hand_made import CAR, CATEGORIES, HEIGHT, PERSON, SKY, WIDTH, ListeningService, entries, opened, truth
from tests.studio.inspector.conftest import InspectScene

SETTINGS = InspectionSettings(stuff_limit=0, conflict="smallest", overlap_threshold=0.5)


def random_candidates(seed: int, count: int = 300) -> Candidates:
    """Boxes all over the image, some with the same score, dropped everywhere."""
    rng = np.random.default_rng(seed)
    corners = np.sort(rng.random((count, 2, 2)) * (WIDTH, HEIGHT), axis=1).reshape(count, 4).astype(np.float32)
    dropped = rng.choice(5, count, p=[0.1, 0.3, 0.2, 0.3, 0.1]).astype(np.uint8)
    by_nms = dropped == DropStage.NMS
    return Candidates(
        boxes=np.round(corners * 2) / 2,
        labels=rng.choice([PERSON, CAR], count).astype(np.int32),
        scores=(rng.integers(1, 20, count) / 20).astype(np.float32),
        class_scores=rng.random(count, np.float32),
        borderness=rng.random(count, np.float32),
        level=rng.integers(3, 8, count).astype(np.uint8),
        location=corners[:, :2],
        dropped_at=dropped,
        suppressed_by=np.where(by_nms, rng.integers(0, count, count), -1).astype(np.int32),
        iou=np.where(by_nms, 0.7, 0).astype(np.float32),
    )


def result_of(candidates: Candidates | None, seed: int = 0, **changes: Any) -> Result:
    labels = np.random.default_rng(seed).choice(np.array([PERSON, PERSON, CAR, SKY], np.uint8), (HEIGHT, WIDTH))
    boxes = candidates or random_candidates(seed)
    made = merge(
        boxes.detections(),
        labels,
        isthing=CATEGORIES.isthing,
        overlap_threshold=SETTINGS.overlap_threshold,
        conflict="smallest",
        stuff_limit=0,
    )
    given: dict[str, Any] = {
        "settings": SETTINGS,
        "categories": CATEGORIES,
        "size": (HEIGHT, WIDTH),
        "preview": False,
        "labels": labels,
        "candidates": candidates,
        "borderness": None,
        "detections": boxes.detections(),
        "trace": made,
        "quality": None,
        "stages": (),
        "seconds": 0.0,
    }
    return Result(**{**given, **changes})


@pytest.mark.parametrize("seed", range(4))
def test_the_boxes_over_a_pixel_are_those_that_hold_its_centre_best_first(seed: int) -> None:
    candidates = random_candidates(seed)
    result = result_of(candidates, seed)
    boxes, expected_fates = CoveringBoxes(result), fates(candidates, result.trace)
    rng = np.random.default_rng(seed)
    for x, y in rng.integers((WIDTH, HEIGHT), size=(60, 2)).tolist():
        owner = int(result.trace.owners[y, x])
        over = BoxesOver(boxes, boxes.covering(x, y), owner)
        inside = []
        for row, (x0, y0, x1, y1) in enumerate(candidates.boxes.tolist()):
            if x0 <= x + 0.5 < x1 and y0 <= y + 0.5 < y1:
                inside.append(row)
        inside.sort(key=lambda row: -candidates.scores[row])
        assert [box.fate for box in over] == expected_fates[inside].tolist()
        assert [box.score for box in over] == candidates.scores[inside].tolist()
        assert [box.level for box in over] == candidates.level[inside].tolist()
        assert over.detections == sum(candidates.dropped_at[inside] == DropStage.NONE)
        owners = [box for box in over if box.is_owner]
        assert len(owners) == (
            owner != 0 and result.categories[result.trace.steps[result.step_of(owner)].label].isthing
        )
        assert all(box.owner == owner and box.fate is Fate.KEPT for box in owners)


def test_every_merged_box_knows_its_step() -> None:
    result = result_of(random_candidates(1))
    boxes = CoveringBoxes(result)
    told = [boxes.tell(row, 0) for row in range(len(result.candidates))]
    for box in told:
        assert (box.step >= 0) == (box.fate >= Fate.OVERLAP)
        if box.step >= 0:
            step = result.trace.steps[box.step]
            assert (step.label, step.score, step.owner) == (box.label, box.score, box.owner)
            assert f"Step {box.step + 1}" in box.reason
        if box.fate is Fate.NMS:
            assert "IoU 0.70" in box.reason


def test_under_the_box_oracle_the_boxes_are_those_that_were_merged() -> None:
    result = result_of(None, 2)
    boxes = CoveringBoxes(result)
    told = [boxes.tell(row, 0) for row in range(len(result.detections))]
    of_verdict = {
        Verdict.DISCARDED: {Fate.OVERLAP},
        Verdict.EMPTY: {Fate.EMPTY},
        Verdict.KEPT: {Fate.KEPT, Fate.COVERED},
    }
    for box in told:
        expected = {Fate.THRESHOLD} if box.step < 0 else of_verdict[result.trace.steps[box.step].verdict]
        assert box.fate in expected
    assert {box.fate for box in told} >= {Fate.OVERLAP, Fate.KEPT, Fate.THRESHOLD}


def probed(**changes: Any) -> Probed:
    return replace(Probed(1, "image", 3, 4, (CAR, SKY, PERSON), (0.7, 0.297, 0.003), (0.2, 0.9), (3, 4)), **changes)


def test_bars_mark_the_label_and_the_greatest() -> None:
    assert [(bar.name, bar.figure, bar.is_marked) for bar in class_bars(probed(), CATEGORIES, SKY)] == [
        ("car", "0.70", False),
        ("sky", "0.30", True),
        ("person", "< 0.01", False),
    ]
    assert Bar("nothing", 0.0).figure == "0.00"


def test_where_all_classes_are_unlikely_they_are_told_with_one_more_digit() -> None:
    unlikely = replace(probed(), probabilities=(0.0994, 0.0126, 0.0004))
    assert [bar.figure for bar in class_bars(unlikely, CATEGORIES, SKY)] == ["0.099", "0.013", "< 0.001"]
    one_likely = replace(probed(), probabilities=(0.1, 0.0126, 0.0))
    assert [bar.figure for bar in class_bars(one_likely, CATEGORIES, SKY)] == ["0.10", "0.01", "0.00"]
    assert [(bar.name, bar.is_marked) for bar in level_bars(probed(), None, (0, 0))] == [("P3", False), ("P4", True)]
    assert likeliest_stuff(probed(), CATEGORIES) == SKY
    assert likeliest_stuff(probed(classes=(CAR, PERSON)), CATEGORIES) is None


def test_without_the_network_border_ness_is_that_of_the_merge() -> None:
    maps = BordernessMaps((BordernessLevel(np.array([[0.0, 1.0]], np.float32), 2.0, 1.0, 0),))
    (bar,) = level_bars(None, maps, (2.0, 1.0))
    assert (bar.name, bar.share, bar.is_marked) == ("Ground truth", 0.5, False)
    assert level_bars(None, None, (0, 0)) == ()


def test_a_pixel_has_its_place_in_a_smaller_result() -> None:
    result = result_of(random_candidates(0))
    assert place_in(result, (2 * HEIGHT, 3 * WIDTH), (3 * WIDTH - 1, 2 * HEIGHT - 1)) == (WIDTH - 1, HEIGHT - 1)
    assert place_in(result, (2 * HEIGHT, 3 * WIDTH), (0, 0)) == (0, 0)


def test_the_ground_truth_is_named_and_void_too() -> None:
    made = truth()
    assert truth_words(made, CATEGORIES, (12, 30)) == "person"
    assert truth_words(None, CATEGORIES, (12, 30)) == ""
    made.ids[0, 0] = 0
    assert truth_words(made, CATEGORIES, (0, 0)) == "void, which is not judged"
    crowd = replace(made, segments=tuple(replace(segment, iscrowd=True) for segment in made.segments))
    assert truth_words(crowd, CATEGORIES, (12, 30)) == "person, a crowd"


def test_text_leaves_out_what_is_not_known() -> None:
    text = probe_text(Reading((3, 4), (1, 2, 3), "void", classes_note="The network has not run on this image."))
    assert text.startswith("Pixel x 3, y 4 · RGB 1, 2, 3\nOwner: void\n")
    assert "Classes\n  The network has not run on this image.\n" in text
    assert "History" not in text


# ------------------------------------------------------------------------------------------------------- real outputs


def test_the_last_word_of_a_thousand_histories_is_the_owner_map_s(
    inspect_scene: InspectScene, session: Session, service: ListeningService
) -> None:
    found, scene = inspect_scene(2)
    crowded = InspectionSettings(score_threshold=0.05, overlap_threshold=0.6, stuff_limit=500)
    found.run(crowded)
    examination = Examination(session)
    reader = ProbeReader(session, examination)
    session.settings = crowded
    session.load_model(_choice())
    session.receive(_loaded(service, crowded, found.categories))
    session.set_entries(entries())
    image = replace(
        opened(service.last(OpenImage)), pixels=scene.image, truth=scene.segmentation, categories=found.categories
    )
    session.receive(image)
    asked = service.last(Inspect)
    session.receive(
        Inspected(
            request=asked.request,
            image=asked.image,
            settings=asked.settings,
            stages=(),
            preview=False,
            size=found.trace.owners.shape,
            labels=found.labels,
            candidates=found.candidates,
            borderness=found.borderness_maps(),
            detections=found.detections,
            trace=found.trace,
            quality=None,
            seconds=0.0,
        )
    )
    result, rng, kinds = session.result, np.random.default_rng(0), set()
    anywhere, disputed = rng.integers((384, 288), size=(1000, 2)), rng.permutation(_contested(found.trace))[:200]
    for x, y in np.concatenate([anywhere, disputed]).tolist():
        reader.look_at((x, y))
        reading = reader.read()
        owner = int(found.trace.owners[y, x])
        settled = next((line.words for line in reversed(reading.lines) if _settles(line.words)), "void")
        name = result.categories[result.trace.steps[result.step_of(owner)].label].name if owner else "void"
        assert reading.owner.split(" · ")[0] == (f"{name} #{owner}" if _is_thing(result, owner) else name)
        assert _owner_in(settled, result) == owner, (x, y)
        assert [box.owner for box in reading.boxes if box.is_owner] == ([owner] if _is_thing(result, owner) else [])
        assert reading.truth
        kinds.update(word for word in ("takes it", "goes from", "stays with", "filled", "void") if word in settled)
    assert kinds == {"takes it", "goes from", "stays with", "filled", "void"}


def _contested(trace: MergeTrace) -> np.ndarray:
    """Returns x and y of the pixels that two kept boxes disputed."""
    found = []
    for index, step in enumerate(trace.steps):
        if step.contests:
            (y0, x0, _, _), where, _ = contested_mask(trace, index)
            found.append(np.argwhere(where)[:, ::-1] + (x0, y0))
    return np.concatenate(found)


def _choice() -> Any:
    from lpsnet_studio.state import NetworkChoice

    return NetworkChoice("demo")


def _loaded(service: ListeningService, settings: InspectionSettings, categories: Any) -> Any:
    from lpsnet_studio.inference.messages import ModelLoaded
    from tests.studio.hand_made import card

    return ModelLoaded(service.posted[-1].request, replace(card(settings=settings), categories=categories))


def _is_thing(result: Result, owner: int) -> bool:
    return owner != 0 and result.categories[result.trace.steps[result.step_of(owner)].label].isthing


def _settles(words: str) -> bool:
    """Whether a sentence of a history says who has the pixel after it."""
    return "discarded" not in words


def _owner_in(words: str, result: Result) -> int:
    """Reads from a sentence who has the pixel, as a person would."""
    if "takes it" in words:
        return int(words.split("#")[1].split()[0])
    if "goes from" in words:
        return int(words.split(" to #")[1].split(":")[0])
    if "stays with" in words:
        return int(words.split("stays with #")[1].split(":")[0])
    if "filled by" in words:
        name = words.split("filled by ")[1]
        return next(
            step.owner for step in result.trace.steps if step.owner and result.categories[step.label].name == name
        )
    assert "void" in words, words
    return 0
