"""Sources: data sets found, checked and read as their files say, and one clear sentence where they cannot be."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lpsnet.categories import Categories, Category
from lpsnet.config import PanopticSource, ScenesSource, expand_path
from lpsnet.data.sources import PictureSource, open_source
from lpsnet.formats.coco_panoptic import CocoPanopticWriter
from lpsnet.images import read_image
from lpsnet.scenes import draw_scene, scene_categories
from lpsnet.structures import PanopticSegmentation
from tests.core.data.pictures import CATEGORIES

WIDER = Categories((Category(1, "sky", False, (0, 0, 9)), *reversed(CATEGORIES.entries)))
"""The data set's classes in another order, and one more."""


def truth_of(number: int) -> PanopticSegmentation:
    ids = np.full((30, 40), 70_000 + number, np.int32)
    ids[10:20, 5:25], ids[:5] = 7, 0
    return PanopticSegmentation.from_ids(ids, {70_000 + number: 0, 7: 1}, crowds={7} if number == 1 else ())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four photos in COCO's layout; the JSON lists them in no order of their names."""
    with CocoPanopticWriter(tmp_path / "annotations" / "panoptic_mini.json", None, CATEGORIES) as writer:
        for number, name in enumerate(("d.png", "b.png", "a.png", "c.png")):
            writer.add(10 * number, name, truth_of(number))
    (tmp_path / "mini").mkdir()
    for number, name in enumerate(("d.png", "b.png", "a.png", "c.png")):
        Image.fromarray(np.full((30, 40, 3), 50 * number, np.uint8)).save(tmp_path / "mini" / name)
    return tmp_path


def source_of(folder: Path, categories: Categories = CATEGORIES, **fields: Any) -> PictureSource:
    json_path = str(folder / "annotations" / "panoptic_mini.json")
    return open_source(PanopticSource(annotations=json_path, **fields), categories)


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "annotations" / "panoptic_mini.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


# ---------------------------------------------------------------------------------------------------------------- paths


def test_variables_and_home_are_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COCO", "/data/co co")
    monkeypatch.setenv("MONEY", "$COCO")
    assert expand_path("~/x.json") == tmp_path / "x.json"
    assert expand_path("$COCO/a/${COCO}_b") == Path("/data/co co/a//data/co co_b")
    assert expand_path("$MONEY/x") == Path("$COCO/x")  # what a variable holds is taken as it is
    assert expand_path("plain/5$/x") == Path("plain/5$/x")
    assert expand_path("$COCO") == Path("/data/co co")


@pytest.mark.parametrize("text", ["$LPSNET_NOWHERE/x.json", "/a/${LPSNET_NOWHERE}/x"])
def test_a_variable_that_is_not_set_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LPSNET_NOWHERE", raising=False)
    with pytest.raises(ValueError, match=f"^{re.escape(text)}: the environment variable LPSNET_NOWHERE is not set$"):
        expand_path(text)
    with pytest.raises(ValueError, match="LPSNET_NOWHERE is not set"):
        open_source(PanopticSource(annotations=text), CATEGORIES)


def test_a_stranger_s_home_is_named() -> None:
    with pytest.raises(ValueError, match="the home folder ~nobody-of-that-name is not known here"):
        expand_path("~nobody-of-that-name/x.json")


def test_folders_may_be_named_by_variables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA", str(folder))
    (folder / "mini").rename(folder / "elsewhere")
    (folder / "annotations" / "panoptic_mini").rename(folder / "masks")
    source = open_source(
        PanopticSource(
            annotations="$DATA/annotations/panoptic_mini.json", images="${DATA}/elsewhere", pngs="$DATA/masks"
        ),
        CATEGORIES,
    )
    assert len(source) == 4
    assert source.read(3).image[0, 0, 0] == 150


# ------------------------------------------------------------------------------------------------------------ data sets


def test_pictures_come_in_the_file_s_order(folder: Path) -> None:
    source = source_of(folder)
    pictures = [source.read(index) for index in range(len(source))]
    assert [picture.name for picture in pictures] == ["d.png", "b.png", "a.png", "c.png"]
    assert [picture.image_id for picture in pictures] == [0, 10, 20, 30]
    for number, picture in enumerate(pictures):
        assert picture.image.shape == (30, 40, 3)
        assert (picture.image == 50 * number).all()
        np.testing.assert_array_equal(picture.truth.ids, truth_of(number).ids)
        assert picture.truth.segments == truth_of(number).segments
        assert picture.truth_areas == {segment.id: segment.area for segment in truth_of(number).segments}
    assert source.name == "4 images of panoptic_mini.json"
    assert source.categories is CATEGORIES


def test_a_picture_is_known_by_name_and_id_before_it_is_read(folder: Path) -> None:
    edit(folder, lambda content: content["annotations"].pop(0))
    source = source_of(folder)
    known = [source.identity(index) for index in range(len(source))]
    assert known == [(read.name, read.image_id) for read in map(source.read, range(len(source)))]
    assert known == [("b.png", 10), ("a.png", 20), ("c.png", 30)]
    scenes = open_source(ScenesSource(first_seed=5, count=2, height=64, width=64), scene_categories())
    assert [scenes.identity(index) for index in range(2)] == [("scene 5", 5), ("scene 6", 6)]
    assert (scenes.read(1).name, scenes.read(1).image_id) == scenes.identity(1)


def test_areas_are_those_that_the_json_states(folder: Path) -> None:
    edit(folder, lambda content: content["annotations"][0]["segments_info"][0].update(area=5))
    picture = source_of(folder).read(0)
    assert picture.truth_areas[70_000] == 5
    assert picture.truth.segments[0].area == 30 * 40 - 5 * 40 - 200


def test_a_limit_takes_the_first_annotated_ones(folder: Path) -> None:
    edit(folder, lambda content: content["annotations"].pop(0))
    assert [source_of(folder).read(index).name for index in range(3)] == ["b.png", "a.png", "c.png"]
    assert len(source_of(folder, limit=9)) == 3
    limited = source_of(folder, limit=2)
    assert [limited.read(index).name for index in range(len(limited))] == ["b.png", "a.png"]


def test_labels_index_the_network_s_categories(folder: Path) -> None:
    truth = source_of(folder, WIDER).read(0).truth
    assert [WIDER[segment.label].name for segment in truth.segments] == ["road", "car"]


def test_a_source_goes_to_another_process(folder: Path) -> None:
    source = source_of(folder, limit=3)
    sent = pickle.loads(pickle.dumps(source))
    assert len(sent) == 3
    np.testing.assert_array_equal(sent.read(2).truth.ids, source.read(2).truth.ids)


def test_pictures_without_a_segment_or_of_a_crowd_alone_are_read(folder: Path) -> None:
    with CocoPanopticWriter(folder / "annotations" / "panoptic_mini.json", None, CATEGORIES) as writer:
        writer.add(0, "a.png", PanopticSegmentation.from_ids(np.zeros((30, 40), np.int32), {}))
        writer.add(1, "b.png", PanopticSegmentation.from_ids(np.full((30, 40), 5), {5: 1}, crowds={5}))
    source = source_of(folder)
    assert source.read(0).truth.segments == ()
    assert [segment.iscrowd for segment in source.read(1).truth.segments] == [True]


def test_a_photo_lies_as_its_data_set_says(tmp_path: Path) -> None:
    """The same sideways photo, annotated upright by one data set and as it is stored by another."""
    stored = np.zeros((20, 30, 3), np.uint8)
    stored[:, :15] = 200
    exif = Image.Exif()
    exif[0x0112] = 6
    for split, size in (("upright", (30, 20)), ("stored", (20, 30))):
        (tmp_path / split).mkdir()
        Image.fromarray(stored).save(tmp_path / split / "a.png", exif=exif)
        with CocoPanopticWriter(tmp_path / f"panoptic_{split}.json", None, CATEGORIES) as writer:
            writer.add(1, "a.png", PanopticSegmentation.from_ids(np.full(size, 5), {5: 0}))
        picture = open_source(PanopticSource(annotations=str(tmp_path / f"panoptic_{split}.json")), CATEGORIES).read(0)
        assert picture.image.shape[:2] == picture.truth.ids.shape == size
        bright = picture.image[..., 0] > 100
        assert bright[:15].all() if split == "upright" else bright[:, :15].all()
    np.testing.assert_array_equal(picture.image, read_image(tmp_path / "stored" / "a.png", apply_exif=False))


def test_real_photos_are_found(coco_mini: Path) -> None:
    path = coco_mini / "annotations" / "panoptic_val2017.json"
    categories = Categories.load(path)
    source = open_source(PanopticSource(annotations=str(path), limit=2), categories)
    picture = source.read(1)
    assert picture.image.shape[:2] == picture.truth.ids.shape
    assert picture.truth.segments


# -------------------------------------------------------------------------------------------------------------- refused


def test_classes_must_be_the_network_s(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"panoptic_mini\.json: has classes that the network's categories lack"):
        source_of(folder, Categories(CATEGORIES.entries[:2]))
    with pytest.raises(ValueError, match=r"panoptic_mini\.json: 'car' is a thing, but stuff in the network's"):
        source_of(folder, Categories((*CATEGORIES.entries[:1], Category(26, "car", False, (0, 0, 0)), CATEGORIES[2])))
    with pytest.raises(ValueError, match=r"panoptic_mini\.json: 'road' is stuff, but a thing in the network's"):
        source_of(folder, Categories((Category(7, "road", True, (0, 0, 0)), *CATEGORIES.entries[1:])))


def test_a_data_set_without_annotations_is_refused(folder: Path) -> None:
    edit(folder, lambda content: content["annotations"].clear())
    with pytest.raises(ValueError, match=r"panoptic_mini\.json: none of its images is annotated"):
        source_of(folder)


def test_missing_folders_are_named_at_once(folder: Path) -> None:
    with pytest.raises(
        ValueError, match=r"nowhere: there is no such folder; it should hold the photos of .*mini\.json"
    ):
        source_of(folder, images=str(folder / "nowhere"))
    with pytest.raises(ValueError, match=r"nowhere: there is no such folder; it should hold the PNGs of ids of"):
        source_of(folder, pngs=str(folder / "nowhere"))
    (folder / "mini").rename(folder / "annotations" / "deeper")
    (folder / "annotations" / "deeper").rename(folder.parent / f"{folder.name}-away")
    with pytest.raises(ValueError, match=r"the folder of its photos, such as d\.png, was not found"):
        source_of(folder)


def test_bad_files_are_named_as_they_are_met(folder: Path) -> None:
    source = source_of(folder)
    photos, pngs = folder / "mini", folder / "annotations" / "panoptic_mini"
    (photos / "d.png").unlink()
    (photos / "b.png").write_bytes((photos / "b.png").read_bytes()[:60])
    (pngs / "a.png").unlink()
    Image.new("RGB", (41, 30)).save(photos / "c.png")
    for index, sentence in enumerate(
        (
            rf"^{photos}/d\.png: there is no such file$",
            rf"^{photos}/b\.png: .*(truncated|damaged)",
            rf"^{pngs}/a\.png: this PNG of segment ids is missing$",
            rf"^{photos}/c\.png: is 41 × 30 pixels, but its data set says 40 × 30$",
        )
    ):
        with pytest.raises(ValueError, match=sentence) as refused:
            source.read(index)
        assert "\n" not in str(refused.value)


# --------------------------------------------------------------------------------------------------------------- scenes


def test_scenes_are_those_of_their_seeds() -> None:
    source = open_source(ScenesSource(first_seed=40, count=3, height=64, width=96), scene_categories())
    assert (len(source), source.name) == (3, "3 drawn scenes of 64 × 96, seeds 40 to 42")
    picture, scene = source.read(2), draw_scene(42, 64, 96)
    assert (picture.name, picture.image_id) == ("scene 42", 42)
    np.testing.assert_array_equal(picture.image, scene.image)
    np.testing.assert_array_equal(picture.truth.ids, scene.segmentation.ids)
    assert picture.truth.segments == scene.segmentation.segments
    assert pickle.loads(pickle.dumps(source)).name == source.name


def test_scenes_have_classes_of_their_own() -> None:
    with pytest.raises(ValueError, match=r"drawn scenes have classes of their own: set categories to scenes\.json"):
        open_source(ScenesSource(first_seed=0, count=1), CATEGORIES)
