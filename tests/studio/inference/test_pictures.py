"""Pictures and ground truth as the service reads them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lpsnet.categories import Categories, Category
from lpsnet_studio.inference import pictures
from lpsnet_studio.inference.messages import ImageSource, ListDataset, TruthSource
from lpsnet_studio.inference.pictures import Picture, PictureReader, fit_truth
from tests.studio.inference.conftest import Drawn


@pytest.fixture
def reader() -> PictureReader:
    return PictureReader()


@pytest.fixture
def picture(reader: PictureReader, drawn: Drawn) -> Picture:
    return reader.read(drawn.sources[0])


def test_a_picture_comes_with_its_truth(picture: Picture, drawn: Drawn, coco: Categories) -> None:
    assert picture.truth is not None
    np.testing.assert_array_equal(picture.truth.ids, drawn.truths[0].ids)
    assert picture.truth_areas == {segment.id: segment.area for segment in drawn.truths[0].segments}
    assert picture.categories == coco
    assert picture.notice == ""


def test_a_network_with_the_same_classes_in_another_order_fits(picture: Picture, coco: Categories) -> None:
    turned = Categories(tuple(reversed(coco.entries)))
    fitted = fit_truth(picture, turned)
    assert fitted.network_fits
    assert fitted.categories == turned
    assert fitted.truth is not None
    assert picture.truth is not None
    for ours, theirs in zip(fitted.truth.segments, picture.truth.segments, strict=True):
        assert turned[ours.label] == coco[theirs.label]


def test_a_network_that_lacks_a_class_does_not_fit(picture: Picture, coco: Categories) -> None:
    fitted = fit_truth(picture, Categories(coco.entries[:100]))
    assert not fitted.network_fits
    assert fitted.categories == coco
    assert fitted.truth is picture.truth
    assert fitted.notice == (
        "Only both oracles together can run: the data set has 133 classes, the network 100; in common: person, "
        "bicycle, car, motorcycle, airplane and 95 more; the network lacks road, roof, sand, sea, shelf and 28 more."
    )


def test_a_network_of_nothing_the_same_is_told_as_such(picture: Picture, coco: Categories) -> None:
    renumbered = Categories(tuple(replace(each, id=each.id + 1000) for each in coco.entries[:2]))
    assert fit_truth(picture, renumbered).notice == (
        "Only both oracles together can run: the data set has 133 classes, the network 2; in common: none, since "
        "person, bicycle have other ids in the network."
    )
    scenes = Categories((Category(999, "dragon", True, (1, 2, 3)),))
    assert "133 classes, the network 1; in common: none." in fit_truth(picture, scenes).notice


def test_a_class_of_the_same_id_and_another_name_does_not_fit(picture: Picture, coco: Categories) -> None:
    entries = [Category(each.id, each.name + "?", each.isthing, each.color) for each in coco]
    assert not fit_truth(picture, Categories(tuple(entries))).network_fits


def test_without_a_network_the_data_sets_classes_hold(picture: Picture, coco: Categories) -> None:
    fitted = fit_truth(picture, None)
    assert fitted.network_fits
    assert fitted.categories == coco
    assert fitted.truth is picture.truth


def test_a_photo_on_its_own_takes_the_networks_classes(reader: PictureReader, drawn: Drawn, coco: Categories) -> None:
    photo = reader.read(drawn.photo)
    few = Categories(coco.entries[:3])
    assert fit_truth(photo, few).categories == few
    assert fit_truth(photo, few).truth is None
    assert len(fit_truth(photo, None).categories) == 133


def copied(drawn: Drawn, folder: Path) -> Path:
    """Copies the data set to where a test may spoil it."""
    for path in (*drawn.json_path.with_suffix("").iterdir(), *(drawn.json_path.parent / "images").iterdir()):
        target = folder / path.relative_to(drawn.json_path.parent)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    (folder / "panoptic.json").write_bytes(drawn.json_path.read_bytes())
    return folder / "panoptic.json"


def test_a_missing_png_is_a_notice(reader: PictureReader, drawn: Drawn, tmp_path: Path) -> None:
    json_path = copied(drawn, tmp_path)
    (tmp_path / "panoptic" / "1.png").unlink()
    picture = reader.read(ImageSource(str(tmp_path / "images" / "1.png"), TruthSource(str(json_path), 1)))
    assert picture.truth is None
    assert str(tmp_path / "panoptic" / "1.png") in picture.notice
    assert picture.pixels.shape == (240, 320, 3)


def test_an_image_that_its_data_set_does_not_list_is_a_notice(reader: PictureReader, drawn: Drawn) -> None:
    picture = reader.read(ImageSource(drawn.photo.path, TruthSource(str(drawn.json_path), 77)))
    assert "has no image 77" in picture.notice


@pytest.mark.parametrize(("stated", "shape"), [((200, 100), (100, 200)), ((100, 200), (200, 100)), (None, (200, 100))])
def test_the_exif_orientation_holds_unless_the_data_set_states_the_size_before_it(
    reader: PictureReader, tmp_path: Path, coco: Categories, stated: tuple[int, int] | None, shape: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (200, 100)).save(tmp_path / "turned.jpg", exif=exif)
    source = ImageSource(str(tmp_path / "turned.jpg"))
    if stated is not None:
        image = {"id": 1, "file_name": "turned.jpg", "width": stated[0], "height": stated[1]}
        content = {"images": [image], "annotations": [], "categories": coco.to_json()}
        (tmp_path / "panoptic.json").write_text(json.dumps(content))
        source = ImageSource(source.path, TruthSource(str(tmp_path / "panoptic.json"), 1))
    picture = reader.read(source)
    assert picture.pixels.shape[:2] == shape
    assert ("No ground truth" in picture.notice) == (stated is not None)


def test_a_data_set_is_listed_with_what_is_missing(reader: PictureReader, drawn: Drawn, tmp_path: Path) -> None:
    json_path = copied(drawn, tmp_path)
    (tmp_path / "images" / "2.png").unlink()
    listed = reader.list_dataset(ListDataset(1, str(json_path)))
    assert [image.problem == "" for image in listed.images] == [True, False, True]
    assert "2.png" in listed.images[1].problem
    assert [(image.width, image.height) for image in listed.images] == [(320, 240), (300, 200), (2000, 1600)]
    assert all(image.source.truth == TruthSource(str(json_path), n) for n, image in enumerate(listed.images, 1))


def test_a_data_set_is_parsed_once_until_its_file_changes(
    drawn: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    json_path = copied(drawn, tmp_path)
    parsed = []
    read = pictures.read_coco_panoptic
    monkeypatch.setattr(
        pictures, "read_coco_panoptic", lambda path, **keywords: parsed.append(path) or read(path, **keywords)
    )
    reader = PictureReader()
    source = ImageSource(str(tmp_path / "images" / "1.png"), TruthSource(str(json_path), 1))
    reader.list_dataset(ListDataset(1, str(json_path)))
    picture = reader.read(source)
    assert len(parsed) == 1
    assert reader.is_unchanged(picture)
    os.utime(json_path, ns=(1, 1))
    assert not reader.is_unchanged(picture)
    reader.read(source)
    assert len(parsed) == 2


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_picture_without_truth_is_turned_as_its_source_says(
    reader: PictureReader, tmp_path: Path, orientation: int
) -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[0] = 255
    photo = Image.fromarray(pixels)
    exif = photo.getexif()
    exif[0x0112] = orientation
    photo.save(tmp_path / "a.png", exif=exif)
    source = ImageSource(str(tmp_path / "a.png"))
    turned = reader.read(source).pixels
    np.testing.assert_array_equal(reader.read(replace(source, stated_size=(20, 30))).pixels, pixels)
    assert turned.shape != pixels.shape or not np.array_equal(turned, pixels)
    np.testing.assert_array_equal(reader.read(replace(source, stated_size=(7, 7))).pixels, turned)
