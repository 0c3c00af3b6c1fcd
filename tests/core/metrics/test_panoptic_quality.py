"""Panoptic quality against panopticapi's own figures, a mask-by-mask count, and values worked out by hand."""

from __future__ import annotations

import json
import math
import mmap
import os
import pickle
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.categories import Categories, Category
from lpsnet.formats.coco_panoptic import CocoPanopticWriter, PanopticFormatError
from lpsnet.metrics import panoptic_quality
from lpsnet.metrics.panoptic_quality import (
    PanopticQuality,
    QualityCounts,
    SegmentMatch,
    count_quality,
    image_quality,
    score_files,
)
from lpsnet.structures import PanopticSegmentation
from tests.core.test_processes import spawned

CATEGORIES = Categories(
    (
        Category(1, "person", True, (220, 20, 60)),
        Category(2, "grass", False, (0, 200, 0)),
        Category(5, "car", True, (0, 0, 142)),
    )
)


# ------------------------------------------------------------------------------------------------------- panopticapi


def test_figures_equal_panopticapi(shared_data: Path) -> None:
    golden = json.loads((shared_data / "golden" / "panoptic_quality.json").read_text(encoding="utf-8"))
    calls: list[tuple[int, int]] = []
    quality = score_files(
        shared_data / "data" / "coco-mini" / "annotations" / "panoptic_val2017.json",
        shared_data / "golden" / "panoptic_val2017_pred.json",
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(k, 40) for k in range(1, 41)]
    result = quality.to_json()
    for name in ("All", "Things", "Stuff"):
        assert result[name] == pytest.approx(golden[name], abs=1e-9)
    for name in ("per_class", "counts"):
        assert result[name].keys() == golden[name].keys()
        for category, figures in golden[name].items():
            assert result[name][category] == pytest.approx(figures, abs=1e-9)


# ------------------------------------------------------------------------------------------------------- brute force


def count_mask_by_mask(
    prediction: PanopticSegmentation, truth: PanopticSegmentation, num_classes: int, areas: dict[int, int]
) -> tuple[list[int], list[int], list[int], list[float]]:
    """Counts as panopticapi's rules read, with one boolean mask a segment."""
    tp, fp, fn, iou = ([0] * num_classes for _ in range(4))
    void = truth.ids == 0
    matched_truth, matched_prediction = set(), set()
    for real in truth.segments:
        for guess in prediction.segments:
            mask, other = truth.ids == real.id, prediction.ids == guess.id
            shared = int((mask & other).sum())
            if real.iscrowd or real.label != guess.label or shared == 0:
                continue
            union = int(other.sum()) + areas[real.id] - shared - int((other & void).sum())
            if shared / union > 0.5:
                tp[real.label] += 1
                iou[real.label] += shared / union
                matched_truth.add(real.id)
                matched_prediction.add(guess.id)
    last_crowd = {}
    for real in truth.segments:
        if real.iscrowd:
            last_crowd[real.label] = real.id
        elif real.id not in matched_truth:
            fn[real.label] += 1
    for guess in prediction.segments:
        if guess.id in matched_prediction:
            continue
        other = prediction.ids == guess.id
        excused = int((other & void).sum())
        if guess.label in last_crowd:
            excused += int((other & (truth.ids == last_crowd[guess.label])).sum())
        if not excused / int(other.sum()) > 0.5:
            fp[guess.label] += 1
    return tp, fp, fn, iou


@st.composite
def id_maps(draw: st.DrawFn, cells: int) -> np.ndarray:
    """Blocky maps, so that matches, halves and crowds all occur."""
    coarse = draw(st.lists(st.integers(0, 6), min_size=cells, max_size=cells))
    return np.array(coarse).reshape(4, -1).repeat(2, axis=0)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[PanopticSegmentation, PanopticSegmentation]:
    truth_ids = draw(id_maps(24))
    changed = draw(st.lists(st.booleans(), min_size=truth_ids.size, max_size=truth_ids.size))
    noise = draw(st.integers(0, 6))
    prediction_ids = np.where(np.reshape(changed, truth_ids.shape), noise, truth_ids)
    scale = draw(st.sampled_from([1, 70_001]))

    def label(ids: np.ndarray, crowded: bool) -> PanopticSegmentation:
        present = [int(i) for i in np.unique(ids) if i]
        order = draw(st.permutations(present))
        labels = {i: draw(st.integers(0, 2)) for i in order}
        crowds = {i for i in order if crowded and draw(st.integers(0, 3)) == 0}
        return PanopticSegmentation.from_ids(ids, labels, crowds=crowds)

    return label(prediction_ids * scale, crowded=False), label(truth_ids, crowded=True)


@settings(max_examples=300, deadline=None)
@given(pairs())
def test_counts_equal_a_mask_by_mask_count(pair: tuple[PanopticSegmentation, PanopticSegmentation]) -> None:
    prediction, truth = pair
    areas = {segment.id: segment.area for segment in truth.segments}
    tp, fp, fn, iou = count_mask_by_mask(prediction, truth, 3, areas)
    quality = image_quality(prediction, truth, 3)
    assert quality.counts.tp.tolist() == tp
    assert quality.counts.fp.tolist() == fp
    assert quality.counts.fn.tolist() == fn
    np.testing.assert_allclose(quality.counts.iou, iou, rtol=0, atol=1e-12)
    verdicts = [match.prediction for match in quality.matches] + [*quality.false_positives, *quality.ignored]
    assert sorted(verdicts) == sorted(segment.id for segment in prediction.segments)
    assert len(quality.false_positives) == sum(fp)
    assert len(quality.false_negatives) == sum(fn)


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_truth_against_itself_is_perfect(pair: tuple[PanopticSegmentation, PanopticSegmentation]) -> None:
    truth = pair[0]
    quality = PanopticQuality(count_quality(truth, truth, 3), CATEGORIES)
    assert quality.all.n == len({segment.label for segment in truth.segments})
    if quality.all.n:
        assert (quality.all.pq, quality.all.sq, quality.all.rq) == (1.0, 1.0, 1.0)


# -------------------------------------------------------------------------------------------------------- by hand


def row(*runs: tuple[int, int]) -> np.ndarray:
    """Returns one row of pixels from (id, length) runs."""
    return np.concatenate([np.full(length, identity) for identity, length in runs])[None]


def test_a_match_needs_more_than_half() -> None:
    truth = PanopticSegmentation.from_ids(row((1, 20), (2, 10)), {1: 0, 2: 1})
    half = PanopticSegmentation.from_ids(row((7, 10), (8, 20)), {7: 0, 8: 1})
    quality = image_quality(half, truth, 3)
    assert quality.matches == ()
    assert quality.false_positives == (7, 8)
    assert quality.false_negatives == (1, 2)
    more = PanopticSegmentation.from_ids(row((7, 11), (8, 19)), {7: 0, 8: 1})
    assert image_quality(more, truth, 3).matches == (SegmentMatch(1, 7, 11 / 20), SegmentMatch(2, 8, 10 / 19))


def test_void_leaves_the_union_but_crowd_does_not() -> None:
    prediction = PanopticSegmentation.from_ids(row((9, 20)), {9: 0})
    beside_void = PanopticSegmentation.from_ids(row((1, 8), (0, 12)), {1: 0})
    assert image_quality(prediction, beside_void, 3).matches == (SegmentMatch(1, 9, 1.0),)
    beside_crowd = PanopticSegmentation.from_ids(row((1, 8), (2, 12)), {1: 0, 2: 0}, crowds={2})
    quality = image_quality(prediction, beside_crowd, 3)
    assert quality.matches == ()
    assert quality.ignored == (9,)
    assert quality.false_negatives == (1,)


def test_a_false_positive_is_forgiven_above_half_on_void_and_crowd_of_its_class() -> None:
    truth = PanopticSegmentation.from_ids(row((0, 4), (2, 2), (3, 6)), {2: 0, 3: 1}, crowds={2})
    for width, forgiven in ((4, True), (6, True), (11, True), (12, False)):
        prediction = PanopticSegmentation.from_ids(row((9, width), (0, 12 - width)), {9: 0})
        assert image_quality(prediction, truth, 3).ignored == ((9,) if forgiven else ())
    other_class = PanopticSegmentation.from_ids(row((9, 9), (0, 3)), {9: 2})
    assert image_quality(other_class, truth, 3).false_positives == (9,)


def test_of_several_crowds_of_a_class_the_last_one_counts() -> None:
    ids = row((1, 5), (2, 5))
    prediction = PanopticSegmentation.from_ids(row((9, 5), (0, 5)), {9: 0})
    last_elsewhere = PanopticSegmentation.from_ids(ids, {1: 0, 2: 0}, crowds={1, 2})
    last_under_it = PanopticSegmentation.from_ids(ids, {2: 0, 1: 0}, crowds={1, 2})
    assert image_quality(prediction, last_elsewhere, 3).false_positives == (9,)
    assert image_quality(prediction, last_under_it, 3).ignored == (9,)


def test_areas_of_the_truth_can_come_from_the_json() -> None:
    segmentation = PanopticSegmentation.from_ids(row((1, 10)), {1: 0})
    assert image_quality(segmentation, segmentation, 3, truth_areas={1: 16}).matches == (SegmentMatch(1, 1, 10 / 16),)
    assert image_quality(segmentation, segmentation, 3, truth_areas={1: 20}).false_negatives == (1,)


def test_figures_by_hand_and_means_over_classes_that_occur() -> None:
    counts = QualityCounts(np.array([2, 0, 0]), np.array([1, 0, 0]), np.array([3, 1, 0]), np.array([1.5, 0, 0]))
    quality = PanopticQuality(counts, CATEGORIES)
    person = quality.per_class[0][1]
    assert (person.pq, person.sq, person.rq, person.n) == (1.5 / 4, 0.75, 0.5, 6)
    assert (quality.things.pq, quality.things.n) == (0.375, 1)
    assert (quality.stuff.pq, quality.stuff.sq, quality.stuff.n) == (0.0, 0.0, 1)
    assert (quality.all.pq, quality.all.n) == (0.1875, 2)
    twice = PanopticQuality(counts + counts, CATEGORIES)
    assert twice.all == quality.all
    assert twice.per_class[0][1].n == 12


def test_no_segment_at_all_is_not_a_crash() -> None:
    empty = PanopticSegmentation.from_ids(np.zeros((3, 4), np.int32), {})
    quality = PanopticQuality(count_quality(empty, empty, 3), CATEGORIES)
    assert quality.all.n == 0
    assert math.isnan(quality.all.pq)
    assert quality.to_json()["All"] == {"pq": None, "sq": None, "rq": None, "n": 0}
    assert json.loads(json.dumps(quality.to_json()))["counts"]["1"] == {"tp": 0, "fp": 0, "fn": 0, "iou": 0.0}


def test_what_cannot_be_compared_is_refused() -> None:
    small, large = (PanopticSegmentation.from_ids(np.ones((3, side), np.int32), {1: 2}) for side in (4, 5))
    with pytest.raises(ValueError, match=r"shape \(3, 4\) cannot be compared with a truth of shape \(3, 5\)"):
        count_quality(small, large, 3)
    with pytest.raises(ValueError, match="between 0 and 1"):
        count_quality(small, small, 2)


# ------------------------------------------------------------------------------------------------------------- files


def write(path: Path, images: dict[int, PanopticSegmentation]) -> Path:
    with CocoPanopticWriter(path, None, CATEGORIES) as writer:
        for identity, segmentation in images.items():
            writer.add(identity, f"{identity}.jpg", segmentation)
    return path


def test_files_are_scored_over_the_whole_set_before_averaging(tmp_path: Path) -> None:
    found = PanopticSegmentation.from_ids(row((1, 10), (2, 10)), {1: 0, 2: 1})
    lost = PanopticSegmentation.from_ids(row((1, 20)), {1: 1})
    truth = write(tmp_path / "gt.json", {1: found, 2: found})
    predicted = write(tmp_path / "pred.json", {2: lost, 1: found, 3: lost})
    quality = score_files(truth, predicted)
    assert quality.counts.tp.tolist() == [1, 1, 0]
    assert quality.counts.fn.tolist() == [1, 1, 0]
    assert quality.counts.fp.tolist() == [0, 1, 0]
    assert quality.things.pq == pytest.approx(1 / 1.5)


def write_named(path: Path, images: dict[int, tuple[str, PanopticSegmentation]]) -> Path:
    with CocoPanopticWriter(path, None, CATEGORIES) as writer:
        for identity, (name, segmentation) in images.items():
            writer.add(identity, name, segmentation)
    return path


LEFT = PanopticSegmentation.from_ids(row((1, 20), (2, 5)), {1: 0, 2: 1})
RIGHT = PanopticSegmentation.from_ids(row((1, 5), (2, 20)), {1: 0, 2: 1})
"""Two of one size that lie mostly on each other's segments."""


@pytest.mark.parametrize(
    ("true_names", "names", "pairs"),
    [
        (("a.jpg", "b.jpg"), ("a.jpg", "b.jpg"), True),
        (("val/a.jpg", "val/b.jpg"), ("a.jpg", "b.jpg"), True),
        (("val/a.jpg", "val/b.jpg"), ("val\\a.jpg", "other/b.jpg"), True),
        (("x/a.jpg", "y/a.jpg"), ("x/a.jpg", "y/a.jpg"), True),
        (("x/a.jpg", "y/a.jpg"), ("a.jpg", "b.jpg"), False),
        (("a.jpg", "b.jpg"), ("x/a.jpg", "y/a.jpg"), False),
        (("a.jpg", "b.jpg"), ("a.jpg", "b.png"), False),
        (("a.jpg", "b.jpg"), ("A.jpg", "b.jpg"), False),
    ],
)
@pytest.mark.parametrize("first", [5000, 1])
def test_predictions_that_are_numbered_anew_are_found_by_file_names_or_not_at_all(
    tmp_path: Path, true_names: tuple[str, str], names: tuple[str, str], pairs: bool, first: int
) -> None:
    truth = write_named(tmp_path / "gt.json", {first: (true_names[0], LEFT), first + 7: (true_names[1], RIGHT)})
    predicted = write_named(tmp_path / "pred.json", {1: (names[1], RIGHT), 2: (names[0], LEFT)})
    if pairs:
        quality = score_files(truth, predicted)
        assert quality.paired_by_name
        assert quality.all.pq == 1.0
    else:
        missing = first if first > 2 else first + 7
        with pytest.raises(PanopticFormatError, match=f"annotations has no prediction for image {missing}"):
            score_files(truth, predicted)


def test_ids_that_mean_other_pictures_are_not_gone_by(tmp_path: Path) -> None:
    truth = write_named(tmp_path / "gt.json", {1: ("b.jpg", LEFT), 2: ("a.jpg", RIGHT)})
    predicted = write_named(tmp_path / "pred.json", {1: ("a.jpg", RIGHT), 2: ("b.jpg", LEFT), 3: ("c.jpg", LEFT)})
    quality = score_files(truth, predicted)
    assert quality.paired_by_name
    assert quality.all.pq == 1.0


@pytest.mark.parametrize("names", [("a.jpg", "b.jpg"), ("one.png", "two.png"), ("a.jpg", "a.jpg")])
def test_ids_that_fit_are_gone_by_whatever_else_names_say(tmp_path: Path, names: tuple[str, str]) -> None:
    truth = write_named(tmp_path / "gt.json", {1: ("a.jpg", LEFT), 2: ("b.jpg", RIGHT)})
    quality = score_files(truth, write_named(tmp_path / "pred.json", {1: (names[0], LEFT), 2: (names[1], RIGHT)}))
    assert not quality.paired_by_name
    assert quality.all.pq == 1.0


@pytest.mark.parametrize("images", [None, 7, [], [{"id": 1}], [{"id": 1, "file_name": "a.jpg"}] * 2])
def test_ids_are_gone_by_where_the_predictions_list_no_images_that_can_be_read(tmp_path: Path, images: object) -> None:
    truth = write_named(tmp_path / "gt.json", {5: ("a.jpg", LEFT)})
    predicted = write_named(tmp_path / "pred.json", {1: ("a.jpg", LEFT)})
    assert score_files(truth, predicted).paired_by_name
    content = json.loads(predicted.read_text(encoding="utf-8"))
    predicted.write_text(json.dumps(content | {"images": images}), encoding="utf-8")
    with pytest.raises(PanopticFormatError, match="annotations has no prediction for image 5"):
        score_files(truth, predicted)


def test_images_without_truth_need_no_prediction_but_make_a_name_ambiguous(tmp_path: Path) -> None:
    truth = write_named(tmp_path / "gt.json", {5: ("x/a.jpg", LEFT), 6: ("x/b.jpg", RIGHT)})
    predicted = write_named(tmp_path / "pred.json", {1: ("a.jpg", LEFT)})
    content = json.loads(truth.read_text(encoding="utf-8"))
    del content["annotations"][1]
    truth.write_text(json.dumps(content), encoding="utf-8")
    assert score_files(truth, predicted).paired_by_name
    content["images"][1]["file_name"] = "y/a.jpg"
    truth.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(PanopticFormatError, match="annotations has no prediction for image 5"):
        score_files(truth, predicted)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets processes count few images, a few at a time."""
    monkeypatch.setattr(panoptic_quality, "_WORTH_PROCESSES", 2)
    monkeypatch.setattr(panoptic_quality, "_AT_A_TIME", 5)


@pytest.mark.usefixtures("small_chunks")
def test_figures_and_progress_do_not_depend_on_processes(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    maps = [rng.integers(0, 5, (6, 8)).repeat(3, axis=1) for _ in range(12)]

    def segmentation(ids: np.ndarray) -> PanopticSegmentation:
        return PanopticSegmentation.from_ids(ids, {int(i): int(i) % 3 for i in np.unique(ids) if i})

    truth = write(tmp_path / "gt.json", {number: segmentation(ids) for number, ids in enumerate(maps)})
    noisy = [np.where(rng.random(ids.shape) < 0.2, 1, ids) for ids in maps]
    predicted = write(tmp_path / "pred.json", {number: segmentation(ids) for number, ids in enumerate(noisy)})
    expected = sum(
        (count_quality(segmentation(guess), segmentation(real), 3) for guess, real in zip(noisy, maps, strict=True)),
        QualityCounts.zeros(3),
    )
    for processes in (1, 2, 5):
        calls: list[tuple[int, int]] = []
        quality = score_files(
            truth, predicted, processes=processes, progress=lambda done, total, told=calls: told.append((done, total))
        )
        assert quality.to_json() == PanopticQuality(expected, CATEGORIES).to_json()
        assert quality.counts.iou.tobytes() == expected.iou.tobytes()
        assert calls == [(done, 12) for done in range(1, 13)]
    with pytest.raises(ValueError, match="processes must be 1 or more, not 0"):
        score_files(truth, predicted, processes=0)


def write_same(path: Path, count: int) -> Path:
    return write(path, dict.fromkeys(range(count), LEFT))


@pytest.mark.usefixtures("small_chunks")
def test_processes_tell_the_first_bad_image_and_end(tmp_path: Path) -> None:
    truth, predicted = write_same(tmp_path / "gt.json", 20), write_same(tmp_path / "pred.json", 20)
    (tmp_path / "pred" / "18.png").unlink()
    (tmp_path / "pred" / "7.png").write_bytes(b"no PNG")
    (tmp_path / "pred" / "8.png").unlink()
    complaints = []
    for processes in (1, 2):
        with pytest.raises(PanopticFormatError, match=r"pred.7\.png: the PNG is truncated") as caught:
            score_files(truth, predicted, processes=processes)
        complaints.append(str(caught.value))
    assert complaints[0] == complaints[1]
    assert not spawned()


@pytest.mark.usefixtures("small_chunks")
def test_an_interruption_ends_the_processes(tmp_path: Path) -> None:
    truth, predicted = write_same(tmp_path / "gt.json", 20), write_same(tmp_path / "pred.json", 20)

    def interrupt(done: int, _total: int) -> None:
        if done == 3:
            assert spawned()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_files(truth, predicted, processes=2, progress=interrupt)
    assert not spawned()


@pytest.mark.usefixtures("small_chunks")
def test_a_killed_process_is_told_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panoptic_quality, "_count_some", _die)
    same = write_same(tmp_path / "gt.json", 11)
    with pytest.raises(ChildProcessError, match="a process that counts images ended before its time"):
        score_files(same, same, processes=2)


def _die(*_: object) -> None:
    os._exit(9)


def test_few_images_start_no_process(tmp_path: Path) -> None:
    truth = write_same(tmp_path / "gt.json", 3)
    score_files(truth, truth, processes=2, progress=lambda *_: _no_children())


def _no_children() -> None:
    assert not spawned()


@pytest.mark.usefixtures("small_chunks")
def test_what_a_process_is_told_does_not_grow_with_the_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    def call_here(function: Callable[[object], Any], arguments: Sequence[object], _processes: int) -> Iterator[Any]:
        for argument in arguments:
            told.append(len(pickle.dumps((function, argument))))
            yield function(argument)

    monkeypatch.setattr(panoptic_quality, "called_by_many", call_here)
    for count in (20, 200):
        same = write_same(tmp_path / f"{count}.json", count)
        score_files(same, same, processes=2)
    assert len(told) == 4 + 40
    assert max(told) < 1.1 * told[0]


_COUNT_PAGES = """
import resource, sys
from lpsnet.metrics.panoptic_quality import score_files
pages = []
note = lambda *_: pages.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
score_files(sys.argv[1], sys.argv[1], progress=note)
print(pages[-1] - pages[4])
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc's malloc")
def test_an_image_is_counted_in_the_memory_of_the_one_before(tmp_path: Path) -> None:
    whole = PanopticSegmentation.from_ids(np.ones((480, 640), np.int32), {1: 0})
    truth = write(tmp_path / "gt.json", dict.fromkeys(range(25), whole))
    done = subprocess.run([sys.executable, "-c", _COUNT_PAGES, truth], capture_output=True, text=True, check=True)
    pages_of_a_map = whole.ids.nbytes // mmap.PAGESIZE
    assert int(done.stdout) < 20 * pages_of_a_map / 2


def test_a_png_that_differs_from_its_json_is_an_error(tmp_path: Path) -> None:
    one = PanopticSegmentation.from_ids(row((1, 10), (2, 5)), {1: 0, 2: 1})
    other = PanopticSegmentation.from_ids(row((1, 10), (9, 5)), {1: 0, 9: 1})
    truth, predicted = write(tmp_path / "gt.json", {1: one}), write(tmp_path / "pred.json", {1: one})
    write(tmp_path / "other.json", {1: other})
    with pytest.raises(PanopticFormatError, match=r"other.*1\.png: id 9 of the id map.*image 1 in .*pred\.json"):
        score_files(truth, predicted, pred_dir=tmp_path / "other")
    with pytest.raises(PanopticFormatError, match=r"other.*1\.png: id 9 of the id map.*image 1 in .*gt\.json"):
        score_files(truth, predicted, gt_dir=tmp_path / "other")
    fewer = PanopticSegmentation.from_ids(row((1, 15)), {1: 0})
    write(tmp_path / "fewer.json", {1: fewer})
    with pytest.raises(PanopticFormatError, match=r"fewer.*1\.png: segment 2 has no pixel"):
        score_files(truth, predicted, pred_dir=tmp_path / "fewer")


def test_an_image_without_prediction_is_an_error(tmp_path: Path) -> None:
    one = PanopticSegmentation.from_ids(row((1, 10)), {1: 0})
    truth = write(tmp_path / "gt.json", {1: one, 2: one, 3: one})
    predicted = write(tmp_path / "pred.json", {1: one})
    with pytest.raises(PanopticFormatError, match=r"pred\.json: annotations has no prediction for image 2 and 1 more"):
        score_files(truth, predicted)
    with pytest.raises(PanopticFormatError, match=r"empty\.json: annotations is empty"):
        score_files(write(tmp_path / "empty.json", {}), predicted)
