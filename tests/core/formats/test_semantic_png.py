"""Semantic maps: what other programs find in the PNGs, and that the key and the maps are read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from lpsnet.categories import Categories, Category
from lpsnet.formats.semantic_png import SemanticFormatError, SemanticPngWriter, read_semantic_png
from lpsnet.structures import PanopticSegmentation

FEW = Categories((Category(7, "road", False, (1, 2, 3)), Category(26, "car", True, (4, 5, 6), "vehicle")))
MANY = Categories(tuple(Category(number + 1, f"class {number}", True, (0, 0, 0)) for number in range(300)))
IDS = np.array([[0, 5, 5, 70], [5, 5, 5, 70]], np.int32)


def _write(path: Path, categories: Categories = FEW, labels: tuple[int, int] = (0, 1)) -> None:
    segmentation = PanopticSegmentation.from_ids(IDS, {5: labels[0], 70: labels[1]}, crowds={70})
    with SemanticPngWriter(path, categories, header={"info": {"x": 1}}) as writer:
        writer.add(4, "b/1.jpg", segmentation)
        writer.add(2, "a/1.jpg", segmentation)


def test_other_programs_find_class_indices_in_a_grey_png(tmp_path: Path) -> None:
    _write(tmp_path / "semantic.json")
    expected = [[255, 0, 0, 1], [0, 0, 0, 1]]
    with Image.open(tmp_path / "semantic" / "1.png") as image:
        assert image.mode == "L"
        assert np.asarray(image).tolist() == expected
    found = cv2.imread(str(tmp_path / "semantic" / "1-2.png"), cv2.IMREAD_UNCHANGED)
    assert found.tolist() == expected
    key = json.loads((tmp_path / "semantic.json").read_text())
    assert key["info"] == {"x": 1}
    assert key["unlabelled"] == 255
    assert key["classes"][1] == {
        "value": 1, "id": 26, "name": "car", "supercategory": "vehicle", "isthing": 1, "color": [4, 5, 6]
    }  # fmt: skip
    assert key["images"] == [
        {"id": 4, "file_name": "b/1.jpg", "width": 4, "height": 2, "map": "1.png"},
        {"id": 2, "file_name": "a/1.jpg", "width": 4, "height": 2, "map": "1-2.png"},
    ]


def test_many_classes_take_sixteen_bits(tmp_path: Path) -> None:
    _write(tmp_path / "semantic.json", MANY, (299, 255))
    found = cv2.imread(str(tmp_path / "semantic" / "1.png"), cv2.IMREAD_UNCHANGED)
    assert found.dtype == np.uint16
    assert found.tolist() == [[65535, 299, 299, 255], [299, 299, 299, 255]]
    dataset = read_semantic_png(tmp_path / "semantic.json")
    assert dataset.read_labels(dataset.records[0]).tolist() == found.tolist()


@given(hnp.arrays(np.int32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 4)), st.data())
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, ids: np.ndarray, data: st.DataObject
) -> None:
    labels = {int(number): data.draw(st.integers(0, 1)) for number in np.unique(ids) if number}
    segmentation = PanopticSegmentation.from_ids(ids, labels)
    path = tmp_path_factory.getbasetemp() / "semantic.json"
    with SemanticPngWriter(path, FEW) as writer:
        writer.add(1, "x.jpg", segmentation)
    dataset = read_semantic_png(path)
    assert dataset.categories == FEW
    found = dataset.read_labels(dataset.records[0])
    expected = [[labels.get(number, 255) for number in row] for row in ids.tolist()]
    assert found.tolist() == expected


def test_an_older_export_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    _write(tmp_path / "semantic.json")
    before = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    other = PanopticSegmentation.from_ids(np.ones((9, 9), int), {1: 0})
    with pytest.raises(RuntimeError), SemanticPngWriter(tmp_path / "semantic.json", FEW) as writer:  # noqa: PT012
        writer.add(4, "1.jpg", other)
        raise RuntimeError
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_writer_refuses_what_could_not_be_read_again(tmp_path: Path) -> None:
    segmentation = PanopticSegmentation.from_ids(IDS, {5: 0, 70: 2})
    writer = SemanticPngWriter(tmp_path / "semantic.json", FEW)
    with pytest.raises(ValueError, match="class index 2 is not one of the 2"):
        writer.add(1, "1.jpg", segmentation)
    writer.add(1, "1.jpg", PanopticSegmentation.from_ids(IDS, {5: 0, 70: 1}))
    with pytest.raises(ValueError, match="image id 1 is given twice"):
        writer.add(1, "1.jpg", segmentation)
    writer.close()
    assert len(read_semantic_png(tmp_path / "semantic.json")) == 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda key: key.update(unlabelled=0), "unlabelled must be a whole number from 255 to 255"),
        (lambda key: key["classes"][0].update(value=1), r"classes\[0\]\.value must be"),
        (lambda key: key["images"][0].update(map="../1.png"), r"images\[0\]\.map must stay inside"),
        (lambda key: key["images"][0].pop("width"), r"images\[0\]\.width is missing"),
        (lambda key: key.pop("classes"), "classes is missing"),
    ],
)
def test_a_wrong_key_is_refused_by_the_field(tmp_path: Path, change: Any, complaint: str) -> None:
    path = tmp_path / "semantic.json"
    _write(path)
    key = json.loads(path.read_text())
    change(key)
    path.write_text(json.dumps(key))
    with pytest.raises(SemanticFormatError, match=complaint):
        read_semantic_png(path)


def test_a_wrong_map_is_refused_by_its_name(tmp_path: Path) -> None:
    _write(tmp_path / "semantic.json")
    dataset = read_semantic_png(tmp_path / "semantic.json")
    png, record = tmp_path / "semantic" / "1.png", dataset.records[0]
    for content, complaint in (
        (png.read_bytes()[:-20], "truncated, damaged or unreadable"),
        (_png(np.zeros((3, 3), np.uint8)), "is 3 × 3 pixels, but its image is 4 × 2"),
        (_png(np.zeros((2, 4, 3), np.uint8)), "must be a grey PNG with 8 bits, not PNG of mode RGB"),
        (_png(np.full((2, 4), 2, np.uint8)), "holds 2, which is no class"),
    ):
        png.write_bytes(content)
        with pytest.raises(SemanticFormatError, match=complaint) as caught:
            dataset.read_labels(record)
        assert str(caught.value).startswith(str(png))
    png.unlink()
    with pytest.raises(SemanticFormatError, match="is missing"):
        dataset.read_labels(record)


def _png(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()
