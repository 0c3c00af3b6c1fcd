"""COCO panoptic data sets: exact round trips, every malformed file refused by name, old exports kept whole."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from lpsnet.categories import Categories, Category
from lpsnet.formats.coco_panoptic import PHOTOS_REMEDY, CocoPanopticWriter, PanopticFormatError, read_coco_panoptic
from lpsnet.formats.id_png import MAX_ID, encode_id_png, ids_from_rgb, read_id_png, rgb_from_ids
from lpsnet.structures import PanopticSegmentation

CATEGORIES = Categories(
    (
        Category(7, "road", False, (128, 64, 128)),
        Category(26, "car", True, (0, 0, 142)),
        Category(3, "dog", True, (9, 9, 9)),
    )
)
IDS = np.array([[0, 5, 5, 70000], [5, 5, 5, 70000], [MAX_ID, 0, 5, 5]], np.int32)
SEGMENTATION = PanopticSegmentation.from_ids(IDS, {70000: 1, 5: 0, MAX_ID: 2}, crowds={MAX_ID}, scores={70000: 0.75})


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A data set of two images in COCO's layout, as this package writes it."""
    path = tmp_path / "annotations" / "panoptic_mini.json"
    with CocoPanopticWriter(path, None, CATEGORIES) as writer:
        writer.add(1, "a.jpg", SEGMENTATION)
        writer.add(2, "b.jpg", SEGMENTATION)
    (tmp_path / "mini").mkdir()
    for name in ("a.jpg", "b.jpg"):
        Image.new("RGB", (4, 3)).save(tmp_path / "mini" / name)
    return path


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


# ------------------------------------------------------------------------------------------------------ round trips


def test_real_data_set_survives_a_round_trip_exactly(coco_mini: Path, tmp_path: Path) -> None:
    dataset = read_coco_panoptic(coco_mini / "annotations" / "panoptic_val2017.json")
    copied = tmp_path / "panoptic_val2017.json"
    with CocoPanopticWriter(copied, None, dataset.categories, header=dataset.header) as writer:
        for record in dataset.records:
            segmentation = dataset.read_segmentation(record)
            writer.add(record.image_id, record.file_name, segmentation, image_json=record.image_json)
    original, written = (json.loads(path.read_text(encoding="utf-8")) for path in (dataset.path, copied))
    for name in ("annotations", "images", "info", "licenses"):
        assert written[name] == original[name]
    for category, entry in zip(written["categories"], original["categories"], strict=True):
        assert category.items() >= entry.items()
    for record in dataset.records:
        copy_path = tmp_path / "panoptic_val2017" / record.png_path.name
        np.testing.assert_array_equal(np.asarray(Image.open(copy_path)), np.asarray(Image.open(record.png_path)))


def test_real_data_set_is_found_where_coco_puts_it(coco_mini: Path) -> None:
    dataset = read_coco_panoptic(coco_mini / "annotations" / "panoptic_val2017.json")
    assert len(dataset) == 40
    assert len(dataset.categories) == 133
    assert dataset.categories[0].color == (220, 20, 60)
    assert all(record.image_path.is_file() and record.png_path.is_file() for record in dataset.records)


def test_segmentation_comes_back_as_it_was(dataset: Path) -> None:
    opened = read_coco_panoptic(dataset)
    record = opened.by_id[1]
    result = opened.read_segmentation(record)
    np.testing.assert_array_equal(result.ids, IDS)
    assert result.segments == SEGMENTATION.segments
    assert [(s.id, s.label, s.area, s.box, s.iscrowd, s.score) for s in result.segments] == [
        (70000, 1, 2, (3, 0, 4, 2), False, 0.75),
        (5, 0, 7, (0, 0, 4, 3), False, None),
        (MAX_ID, 2, 1, (0, 2, 1, 3), True, None),
    ]
    assert record.image_path == dataset.parents[1] / "mini" / "a.jpg"
    assert record.json_areas == {70000: 2, 5: 7, MAX_ID: 1}
    assert list(opened.categories) == list(CATEGORIES)


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(np.int32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20), elements=st.integers(0, MAX_ID)))
def test_any_id_map_survives_a_png(tmp_path_factory: pytest.TempPathFactory, ids: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("ids") / "ids.png"
    path.write_bytes(encode_id_png(ids))
    np.testing.assert_array_equal(read_id_png(path), ids)


def test_ids_are_base_256_with_red_lowest() -> None:
    assert ids_from_rgb(np.array([[[1, 2, 3]]], np.uint8)).tolist() == [[1 + 2 * 256 + 3 * 65536]]
    assert rgb_from_ids(np.array([[MAX_ID, 256]])).tolist() == [[[255, 255, 255], [0, 1, 0]]]
    for wrong in (-1, MAX_ID + 1):
        with pytest.raises(ValueError, match="between 0 and 16777215"):
            rgb_from_ids(np.array([[wrong]]))


# ------------------------------------------------------------------------------------------------- finding the photos


def test_photos_are_found_in_a_folder_of_another_name(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "mini").rename(tmp_path / "photos of the garden")
    assert read_coco_panoptic(dataset).images_dir == tmp_path / "photos of the garden"
    (tmp_path / "photos of the garden").rename(dataset.parent / "shots")
    opened = read_coco_panoptic(dataset)
    assert opened.images_dir == dataset.parent / "shots"
    assert all(record.image_path and record.image_path.is_file() for record in opened.records)
    assert (opened.searched, opened.photos_problem) == ((), "")


def test_of_two_neighbours_the_one_with_more_photos_is_taken(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "mini").rename(tmp_path / "whole")
    (tmp_path / "a part").mkdir()
    (tmp_path / "a part" / "a.jpg").write_bytes((tmp_path / "whole" / "a.jpg").read_bytes())
    assert read_coco_panoptic(dataset).images_dir == tmp_path / "whole"
    (tmp_path / "mini2024").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "mini2024" / name).write_bytes((tmp_path / "whole" / name).read_bytes())
    assert read_coco_panoptic(dataset).images_dir == tmp_path / "mini2024", "of equals the one that is called like it"


def test_a_customary_folder_is_found_even_if_its_first_photo_is_missing(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "mini" / "a.jpg").unlink()
    assert read_coco_panoptic(dataset).images_dir == tmp_path / "mini"


def test_folders_are_not_searched_in_depth_and_those_searched_are_named(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "mini").rename(tmp_path / "deep" / "mini")
    opened = read_coco_panoptic(dataset)
    assert opened.images_dir is None
    assert set(opened.searched) == {dataset.parent, tmp_path, tmp_path / "deep"}
    assert f"{dataset}: the folder of its photos, such as a.jpg, was not found beside it" in opened.photos_problem
    assert str(tmp_path / "deep") in opened.photos_problem
    for number in range(200):
        (tmp_path / f"{number:03}").mkdir()
    opened = read_coco_panoptic(dataset)
    assert len(opened.searched) < 80
    assert opened.photos_problem.endswith(f", {len(opened.searched) - 5} more; {PHOTOS_REMEDY}")


@pytest.mark.parametrize("home", ["", "ann"])
@pytest.mark.parametrize("split", ["panoptic_mini", "photos"])
def test_photos_whose_names_begin_with_a_folder_are_found_from_the_root(
    dataset: Path, tmp_path: Path, home: str, split: str
) -> None:
    root = tmp_path / "set"
    (root / home).mkdir(parents=True)
    moved = dataset.rename(root / home / f"{split}.json")
    dataset.with_suffix("").rename(root / home / "ids")
    (root / "photos").mkdir()
    for index, name in enumerate(("a.jpg", "b.jpg")):
        (tmp_path / "mini" / name).rename(root / "photos" / name)
        edit(moved, put("images", index, "file_name", f"photos/{name}"))
    opened = read_coco_panoptic(moved, pngs_dir=root / home / "ids")
    assert opened.images_dir == root
    assert [record.image_path for record in opened.records] == [root / "photos" / name for name in ("a.jpg", "b.jpg")]


def test_a_name_with_a_folder_never_means_an_id_png(dataset: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "mini")
    for index, name in enumerate(("a.png", "b.png")):
        edit(dataset, put("images", index, "file_name", f"panoptic_mini/{name}"))
    assert (dataset.parent / "panoptic_mini" / "a.png").is_file()
    assert read_coco_panoptic(dataset).images_dir is None


def test_photos_are_found_above_a_file_that_is_named_from_its_own_folder(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(dataset.parent)
    found = read_coco_panoptic(dataset.name).images_dir
    assert found is not None
    assert found.samefile(tmp_path / "mini")


def test_a_neighbour_whose_photos_are_links_out_of_it_is_passed_over(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "mini").rename(tmp_path / "hidden" / "mini")
    (tmp_path / "links").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "links" / name).symlink_to(tmp_path / "hidden" / "mini" / name)
    assert read_coco_panoptic(dataset).images_dir is None


@pytest.mark.parametrize("name", ["../other/b.jpg", "/etc/hostname", "C:/b.jpg"])
def test_a_name_that_leaves_the_folder_is_refused_among_neighbours_too(
    dataset: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "mini").rename(tmp_path / "photos")
    edit(dataset, put("images", 1, "file_name", name))
    with pytest.raises(PanopticFormatError, match=r"images\[1\]\.file_name must stay inside"):
        read_coco_panoptic(dataset)


# --------------------------------------------------------------------------------------------------- malformed files

SEGMENT = ("annotations", 0, "segments_info", 0)


def put(*place: Any) -> Callable[[dict[str, Any]], None]:
    """Returns a change that sets the value at a place; the last argument is the value."""

    def change(content: dict[str, Any]) -> None:
        *path, name, value = place
        target: Any = content
        for step in path:
            target = target[step]
        target[name] = value

    return change


def drop(*place: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        target: Any = content
        for step in place[:-1]:
            target = target[step]
        del target[place[-1]]

    return change


def repeat(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda content: content[name].append(copy.deepcopy(content[name][0]))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (put(*SEGMENT, "category_id", 99), r"annotations\[0\]\.segments_info\[0\]\.category_id 99 is not the id"),
        (put(*SEGMENT, "category_id", None), r"segments_info\[0\]\.category_id None is not"),
        (put(*SEGMENT, "id", 5), r"segments_info\[1\]\.id 5 appears twice"),
        (put(*SEGMENT, "id", 0), r"segments_info\[0\]\.id must be a whole number from 1 to 16777215, not 0"),
        (put(*SEGMENT, "id", MAX_ID + 1), r"segments_info\[0\]\.id must be"),
        (put(*SEGMENT, "id", "5"), r"segments_info\[0\]\.id must be .* not '5'"),
        (put(*SEGMENT, "id", True), r"segments_info\[0\]\.id must be .* not True"),
        (put(*SEGMENT, "area", float("nan")), r"annotations\[0\]\.segments_info\[0\]\.area is NaN"),
        (put("images", 1, "height", float("inf")), r"images\[1\]\.height is Infinity"),
        (put(*SEGMENT, "area", -1), r"segments_info\[0\]\.area must be a number from 0 to 12"),
        (put(*SEGMENT, "bbox", [0, 0, 1]), r"segments_info\[0\]\.bbox must be four numbers"),
        (put(*SEGMENT, "iscrowd", 2), r"segments_info\[0\]\.iscrowd must be"),
        (put(*SEGMENT, "score", 1.5), r"segments_info\[0\]\.score must be a number from 0 to 1"),
        (drop(*SEGMENT, "id"), r"segments_info\[0\]\.id is missing"),
        (drop("annotations", 1, "segments_info"), r"annotations\[1\]\.segments_info is missing"),
        (drop("annotations", 1, "file_name"), r"annotations\[1\]\.file_name is missing"),
        (drop("images"), r"images is missing"),
        (drop("categories"), r"categories is missing"),
        (put("categories", []), r"category list must not be empty"),
        (put("categories", 0, "isthing", 2), r"categories\[0\]\.isthing must be 0 or 1"),
        (put("images", {}), r"images must be a list, not dict"),
        (put("images", 0, 3), r"images\[0\] is not an object"),
        (put("images", 0, "width", 0), r"images\[0\]\.width must be"),
        (put("images", 0, "width", 4.0), r"images\[0\]\.width must be"),
        (put("images", 0, "id", None), r"images\[0\]\.id must be"),
        (put("annotations", 0, "image_id", 9), r"annotations\[0\]\.image_id 9 is not the id of an image"),
        (
            put("annotations", 1, "file_name", "a.png"),
            r"annotations\[1\]\.file_name 'a.png' already belongs to image 1",
        ),
        (repeat("images"), r"images\[2\]\.id 1 appears twice"),
        (repeat("annotations"), r"annotations\[2\]\.image_id 1 is annotated twice"),
    ],
)
def test_malformed_json_is_refused_by_file_and_field(
    dataset: Path, change: Callable[[dict[str, Any]], None], complaint: str
) -> None:
    edit(dataset, change)
    with pytest.raises(PanopticFormatError, match=complaint) as caught:
        read_coco_panoptic(dataset)
    assert str(caught.value).startswith(f"{dataset}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "-Infinity"])
@pytest.mark.parametrize(
    ("place", "field"),
    [
        ((*SEGMENT, "bbox", 2), "annotations[0].segments_info[0].bbox[2]"),
        ((*SEGMENT, "area"), "annotations[0].segments_info[0].area"),
        ((*SEGMENT, "confidences"), "annotations[0].segments_info[0].confidences"),
        (("images", 1, "width"), "images[1].width"),
        (("images", 1, "gps"), "images[1].gps"),
        (("info",), "info"),
    ],
)
def test_number_that_is_not_finite_is_refused_wherever_it_stands(
    dataset: Path, place: tuple[Any, ...], field: str, number: str
) -> None:
    edit(dataset, put(*place, "@"))
    dataset.write_text(dataset.read_text(encoding="utf-8").replace('"@"', number), encoding="utf-8")
    with pytest.raises(PanopticFormatError) as caught:
        read_coco_panoptic(dataset)
    assert str(caught.value) == f"{dataset}: {field} is {number}, not a finite number"


def test_number_that_is_not_finite_is_refused_even_where_another_hides_it(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text('{"info": 1e999, "info": 1}', encoding="utf-8")
    with pytest.raises(PanopticFormatError, match=r"twice\.json: a field that is given twice is 1e999, not a finite"):
        read_coco_panoptic(path)


@pytest.mark.parametrize("name", ["../x.png", "a/../../x.png", "/etc/x.png", "C:\\x.png", "..\\x.png", "a\0.png", ""])
@pytest.mark.parametrize("place", ["images", "annotations"])
def test_file_name_that_leaves_its_folder_is_refused(dataset: Path, place: str, name: str) -> None:
    edit(dataset, put(place, 1, "file_name", name))
    with pytest.raises(PanopticFormatError, match=rf"{place}\[1\]\.file_name must"):
        read_coco_panoptic(dataset)


def test_link_that_leads_out_of_its_folder_is_refused(dataset: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes((dataset.with_suffix("") / "a.png").read_bytes())
    png = dataset.with_suffix("") / "a.png"
    png.unlink()
    png.symlink_to(outside / "secret.png")
    with pytest.raises(PanopticFormatError, match=r"annotations\[0\]\.file_name .* link that leads out"):
        read_coco_panoptic(dataset)
    png.unlink()
    (dataset.with_suffix("") / "sub").symlink_to(outside)
    edit(dataset, put("annotations", 0, "file_name", "sub/secret.png"))
    with pytest.raises(PanopticFormatError, match=r"annotations\[0\]\.file_name .* link that leads out"):
        read_coco_panoptic(dataset)


def test_link_inside_its_folder_and_a_linked_folder_are_followed(dataset: Path, tmp_path: Path) -> None:
    pngs = dataset.with_suffix("")
    (pngs / "a.png").rename(pngs / "real.png")
    (pngs / "a.png").symlink_to(pngs / "real.png")
    pngs.rename(tmp_path / "elsewhere")
    pngs.symlink_to(tmp_path / "elsewhere")
    (pngs / "a.png").unlink()
    (pngs / "a.png").symlink_to("real.png")
    opened = read_coco_panoptic(dataset)
    np.testing.assert_array_equal(opened.read_segmentation(opened.by_id[1]).ids, IDS)


@pytest.mark.parametrize("content", [b"", b'{"images": [', b"\xff\xfe", b"[]", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(PanopticFormatError, match=r"broken\.json: (not JSON, or cut short|the outermost value)"):
        read_coco_panoptic(path)


def test_missing_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PanopticFormatError, match=r"none\.json: cannot be read \(No such file"):
        read_coco_panoptic(tmp_path / "none.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
@pytest.mark.timeout(20)
def test_a_pipe_is_refused_without_waiting(dataset: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(PanopticFormatError, match=r"pipe\.json: cannot be read \(Not a regular file\)"):
        read_coco_panoptic(tmp_path / "pipe.json")
    opened = read_coco_panoptic(dataset)
    png = opened.by_id[1].png_path
    png.unlink()
    os.mkfifo(png)
    with pytest.raises(PanopticFormatError, match=r"unreadable \(Not a regular file\)"):
        opened.read_segmentation(opened.by_id[1])


def _replace_png(path: Path, ids: np.ndarray) -> None:
    path.write_bytes(encode_id_png(ids))


def _write_deep_png(path: Path, ids: np.ndarray) -> None:
    cv2.imwrite(str(path), rgb_from_ids(ids)[:, :, ::-1].astype(np.uint16))


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda png: png.unlink(), "this PNG of segment ids is missing"),
        (lambda png: png.write_bytes(png.read_bytes()[:60]), "truncated, damaged or unreadable"),
        (lambda png: png.write_bytes(b""), r"truncated, damaged or unreadable \(no known image\)"),
        (lambda png: (png.unlink(), png.mkdir()), r"truncated, damaged or unreadable \(Is a directory\)"),
        (lambda png: _write_deep_png(png, IDS), "must be a PNG of ids with 8 bits a channel, not 16 bits a channel"),
        (lambda png: _replace_png(png, IDS[:2]), "is 4 × 2 pixels, but its image is 4 × 3"),
        (lambda png: Image.new("L", (4, 3)).save(png), "must be an RGB PNG that holds ids, not PNG of mode L"),
        (lambda png: _replace_png(png, np.where(IDS == 0, 8, IDS)), "id 8 of the id map belongs to no segment"),
        (lambda png: _replace_png(png, np.where(IDS == 5, 0, IDS)), "segment 5 has no pixel in the id map"),
    ],
)
def test_bad_png_is_refused_by_name_and_spares_the_others(
    dataset: Path, damage: Callable[[Path], None], complaint: str
) -> None:
    opened = read_coco_panoptic(dataset)
    png = opened.by_id[1].png_path
    damage(png)
    with pytest.raises(PanopticFormatError, match=complaint) as caught:
        opened.read_segmentation(opened.by_id[1])
    assert str(caught.value).startswith(f"{png}: ")
    assert str(caught.value).count(png.name) == 1
    assert str(caught.value).count(dataset.name) <= 1
    assert "\n" not in str(caught.value)
    np.testing.assert_array_equal(opened.read_segmentation(opened.by_id[2]).ids, IDS)


def test_image_without_annotation_is_listed_but_has_no_segmentation(dataset: Path) -> None:
    edit(dataset, lambda content: content["annotations"].pop())
    opened = read_coco_panoptic(dataset)
    assert [record.png_path is None for record in opened.records] == [False, True]
    with pytest.raises(PanopticFormatError, match=f"^{re.escape(str(dataset))}: image 2 has no annotation$"):
        opened.read_segmentation(opened.by_id[2])


def test_predictions_need_annotations_only(dataset: Path, tmp_path: Path) -> None:
    content = json.loads(dataset.read_text(encoding="utf-8"))
    first = content["annotations"][0]
    first["segments_info"] = [{"id": s["id"], "category_id": s["category_id"]} for s in first["segments_info"]]
    bare = tmp_path / "predictions.json"
    bare.write_text(json.dumps({"annotations": [first, {**first, "image_id": 77}]}), encoding="utf-8")
    opened = read_coco_panoptic(bare, pngs_dir=dataset.with_suffix(""), reference=read_coco_panoptic(dataset))
    assert [record.image_id for record in opened.records] == [1]
    assert opened.records[0].size == (3, 4)
    assert [segment.label for segment in opened.read_segmentation(opened.records[0]).segments] == [1, 0, 2]
