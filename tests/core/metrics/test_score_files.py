"""Files of predictions: panopticapi's own figures, which prediction belongs to which image, and the processes."""

from __future__ import annotations

import json
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

from lpsnet.formats.coco_panoptic import CocoPanopticWriter, PanopticFormatError
from lpsnet.metrics import score_files as files
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts, count_quality
from lpsnet.metrics.score_files import score_files
from lpsnet.structures import PanopticSegmentation
from tests.core.metrics.test_panoptic_quality import CATEGORIES, row
from tests.core.test_processes import spawned


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


# ----------------------------------------------------------------------------------------------- which belongs to which


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


# ------------------------------------------------------------------------------------------------------------ processes


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets processes count few images, a few at a time."""
    monkeypatch.setattr(files, "_WORTH_PROCESSES", 2)
    monkeypatch.setattr(files, "_AT_A_TIME", 5)


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
    monkeypatch.setattr(files, "_count_some", _die)
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

    monkeypatch.setattr(files, "called_by_many", call_here)
    for count in (20, 200):
        same = write_same(tmp_path / f"{count}.json", count)
        score_files(same, same, processes=2)
    assert len(told) == 4 + 40
    assert max(told) < 1.1 * told[0]


_COUNT_PAGES = """
import resource, sys
from lpsnet.metrics.score_files import score_files
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


# -------------------------------------------------------------------------------------------------------- what is wrong


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
