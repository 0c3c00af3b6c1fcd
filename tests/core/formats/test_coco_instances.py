"""COCO instances: pycocotools reads what is written, and what others wrote is read or refused."""

from __future__ import annotations

import contextlib
import errno
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from lpsnet.categories import Categories, Category
from lpsnet.formats import atomic
from lpsnet.formats.coco_instances import CocoInstancesWriter, Instance, InstancesFormatError, read_coco_instances
from lpsnet.structures import PanopticSegmentation

CATEGORIES = Categories(
    (
        Category(7, "road", False, (128, 64, 128)),
        Category(26, "car", True, (0, 0, 142)),
        Category(3, "dog", True, (9, 9, 9), "animal"),
    )
)
IDS = np.array([[0, 5, 5, 70], [5, 5, 5, 70], [99, 0, 5, 5]], np.int32)
SEGMENTATION = PanopticSegmentation.from_ids(IDS, {70: 1, 5: 0, 99: 2}, crowds={99}, scores={70: 0.25})


def _opened(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def _whole(instance: Instance, size: tuple[int, int]) -> np.ndarray:
    y0, x0, y1, x1 = instance.window
    whole = np.zeros(size, bool)
    whole[y0:y1, x0:x1] = instance.mask
    return whole


def test_pycocotools_reads_things_alone_with_their_masks_areas_and_boxes(tmp_path: Path) -> None:
    path = tmp_path / "instances.json"
    with CocoInstancesWriter(path, CATEGORIES, header={"info": {"year": 2017}}) as writer:
        assert writer.add(12, "a/1.jpg", SEGMENTATION) == 2
        assert writer.add(13, "b/1.jpg", PanopticSegmentation.from_ids(np.zeros((2, 2), int), {})) == 0
    coco = _opened(path)
    assert coco.dataset["info"] == {"year": 2017}
    assert coco.imgs[12] == {"id": 12, "file_name": "a/1.jpg", "width": 4, "height": 3}
    assert sorted(coco.imgs) == [12, 13]
    assert [(entry["id"], entry["name"]) for entry in coco.loadCats(coco.getCatIds())] == [(26, "car"), (3, "dog")]
    car, dog = coco.loadAnns([1, 2])
    assert (car["category_id"], car["iscrowd"], car["area"], car["bbox"], car["score"]) == (
        26,
        0,
        2,
        [3, 0, 1, 2],
        0.25,
    )
    assert (dog["category_id"], dog["iscrowd"], dog["area"], dog["bbox"]) == (3, 1, 1, [0, 2, 1, 1])
    assert "score" not in dog
    for annotation, identity in ((car, 70), (dog, 99)):
        assert (coco.annToMask(annotation) == (identity == IDS)).all()
        assert coco_mask.area(annotation["segmentation"]) == annotation["area"]
        assert coco_mask.toBbox(annotation["segmentation"]).tolist() == annotation["bbox"]


@given(hnp.arrays(np.int32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 6)), st.data())
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, ids: np.ndarray, data: st.DataObject
) -> None:
    present = [int(number) for number in np.unique(ids) if number]
    labels = {number: data.draw(st.integers(0, 2)) for number in present}
    crowds = {number for number in present if data.draw(st.booleans())}
    path = tmp_path_factory.getbasetemp() / "instances.json"
    with CocoInstancesWriter(path, CATEGORIES) as writer:
        writer.add("x", "x.jpg", PanopticSegmentation.from_ids(ids, labels, crowds=crowds))
    dataset = read_coco_instances(path)
    assert [entry.id for entry in dataset.categories] == [26, 3]
    (record,) = dataset.records
    found = list(dataset.read_instances(record))
    things = [number for number in present if CATEGORIES[labels[number]].isthing]
    assert len(found) == len(things)
    for number, instance in zip(things, found, strict=True):
        assert (_whole(instance, ids.shape) == (ids == number)).all()
        assert dataset.categories[instance.label].id == CATEGORIES[labels[number]].id
        assert instance.iscrowd == (number in crowds)


def test_equal_segmentations_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one.json", "other.json"):
        with CocoInstancesWriter(tmp_path / name, CATEGORIES) as writer:
            writer.add(1, "1.jpg", SEGMENTATION)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "other.json").read_bytes()


def test_a_failing_write_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "instances.json"
    path.write_bytes(b"older")

    def full(target: Path, content: Any) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(RuntimeError), CocoInstancesWriter(path, CATEGORIES) as writer:  # noqa: PT012
        writer.add(1, "1.jpg", SEGMENTATION)
        raise RuntimeError
    monkeypatch.setattr(atomic, "_write_through", full)
    with (
        pytest.raises(OSError, match=r"instances\.json could not be written: no space left"),
        CocoInstancesWriter(path, CATEGORIES) as writer,
    ):
        writer.add(1, "1.jpg", SEGMENTATION)
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("instances.json", b"older")]


def test_the_writer_refuses_what_could_not_be_read_again(tmp_path: Path) -> None:
    writer = CocoInstancesWriter(tmp_path / "instances.json", CATEGORIES)
    writer.add(1, "1.jpg", SEGMENTATION)
    with pytest.raises(ValueError, match="image id 1 is given twice"):
        writer.add(1, "2.jpg", SEGMENTATION)
    with pytest.raises(ValueError, match="class index 3 is not one of the 3"):
        writer.add(2, "2.jpg", PanopticSegmentation.from_ids(IDS, {5: 3, 70: 1, 99: 0}))
    writer.close()
    assert len(read_coco_instances(tmp_path / "instances.json")) == 1
    with pytest.raises(ValueError, match="already written"):
        writer.add(3, "3.jpg", SEGMENTATION)


# ------------------------------------------------------------------------------------------------------------- others


def _file(path: Path, **changes: Any) -> Path:
    """A small file of another program, with some fields of its only annotation changed."""
    annotation = {
        "id": 4,
        "image_id": 1,
        "category_id": 3,
        "segmentation": [[1, 1, 4, 1, 4, 3, 1, 3]],
        "area": 6.0,
        "bbox": [1.0, 1.0, 3.0, 2.0],
        "iscrowd": 0,
        **changes,
    }
    content = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 6, "height": 5}],
        "annotations": [{name: value for name, value in annotation.items() if value is not None}],
        "categories": [{"id": 3, "name": "dog", "supercategory": "animal"}],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_outlines_are_drawn_as_pycocotools_draws_them(tmp_path: Path) -> None:
    outlines = [[1.2, 0.4, 4.9, 1.1, 3.3, 4.8], [0, 3, 2, 3, 2, 5, 0, 5]]
    path = _file(tmp_path / "a.json", segmentation=outlines)
    dataset = read_coco_instances(path)
    (instance,) = dataset.read_instances(dataset.records[0])
    expected = _opened(path)
    assert (_whole(instance, (5, 6)) == expected.annToMask(expected.anns[4])).all()
    assert dataset.categories[0].isthing


def test_plain_run_lengths_are_read(tmp_path: Path) -> None:
    mask = np.zeros((5, 6), bool)
    mask[1:3, 2:5] = True
    counts = [0, *np.diff(np.flatnonzero(np.diff(mask.T.ravel(), prepend=True)), append=30).tolist()]
    path = _file(tmp_path / "a.json", segmentation={"size": [5, 6], "counts": counts[1:] if mask[0, 0] else counts})
    counts = json.loads(path.read_text())["annotations"][0]["segmentation"]["counts"]
    assert sum(counts) == 30
    dataset = read_coco_instances(path)
    (instance,) = dataset.read_instances(dataset.records[0])
    expected = _opened(path)
    assert (_whole(instance, (5, 6)) == expected.annToMask(expected.anns[4])).all()
    assert instance.annotation_id == 4


def test_photos_are_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.jpg").touch()
    (record,) = read_coco_instances(_file(tmp_path / "a.json")).records
    assert record.image_path == tmp_path / "images" / "1.jpg"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"image_id": 2}, r"annotations\[0\]\.image_id 2 is not the id of an image"),
        ({"category_id": 4}, r"annotations\[0\]\.category_id 4 is not the id of a category"),
        ({"iscrowd": 2}, r"annotations\[0\]\.iscrowd must be a whole number from 0 to 1"),
        ({"id": "4"}, r"annotations\[0\]\.id must be a whole number"),
        ({"bbox": [1, 2, 3]}, r"annotations\[0\]\.bbox must be four numbers"),
        ({"score": 2}, r"annotations\[0\]\.score must be a number from 0 to 1"),
        ({"segmentation": None}, r"annotations\[0\]\.segmentation is missing"),
        ({"segments_info": []}, r"segments_info belongs to panoptic annotations"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(tmp_path: Path, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InstancesFormatError, match=complaint) as caught:
        read_coco_instances(_file(tmp_path / "a.json", **changes))
    assert str(caught.value).startswith(str(tmp_path / "a.json"))


@pytest.mark.parametrize(
    ("segmentation", "complaint"),
    [
        (3, "segmentation is not an object"),
        ({"counts": "0"}, r"segmentation\.size is missing"),
        ({"size": [6, 5], "counts": "0"}, r"segmentation\.size is \[6, 5\], but its image has height 5 and width 6"),
        ({"size": [5, 6], "counts": "0"}, r"segmentation\.counts covers 0 pixels, but its image has 6 × 5"),
        ({"size": [5, 6], "counts": [29, 2]}, "covers 31 pixels"),
        ({"size": [5, 6], "counts": [10**30]}, "whole numbers from 0 to 30"),
        ({"size": [5, 6], "counts": 7}, "must be a list"),
        ([[1, 2, 3, 4]], "at least three points"),
        ([[1, 2, 3, 4, 5]], "at least three points"),
        ([[1, 2, 3, 4, 5, 1e12]], "no place in an image"),
        ([[1, 2, 3, 4, 5, "x"]], "no place in an image"),
    ],
)
def test_a_mask_that_is_none_is_refused_by_its_name(tmp_path: Path, segmentation: Any, complaint: str) -> None:
    dataset = read_coco_instances(_file(tmp_path / "a.json", segmentation=segmentation))
    with pytest.raises(
        InstancesFormatError, match=rf"annotations\[0\]\.segmentation.*{complaint.split('segmentation')[-1]}"
    ):
        list(dataset.read_instances(dataset.records[0]))


def test_a_photo_that_leaves_its_folder_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.json")
    path.write_text(path.read_text().replace("1.jpg", "../1.jpg"), encoding="utf-8")
    with pytest.raises(InstancesFormatError, match=r"images\[0\]\.file_name must stay inside"):
        read_coco_instances(path)
