"""Imports: classes by name, shapes into segments, and a report of what overlapped, won or was left out."""

from __future__ import annotations

import base64
import io
import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lpsnet.categories import Categories, Category
from lpsnet.formats.coco_instances import CocoInstancesWriter
from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.import_sources import SourceClass
from lpsnet_studio.annotator.importing import (
    ImportedImage,
    ImportReport,
    import_annotations,
    match_labels,
    open_source,
    pair_images,
    with_missing_labels,
)
from lpsnet_studio.annotator.labels import Label, LabelSet

ROAD, CAR, DOG = 11, 12, 13
LABELS = LabelSet(
    (
        Label(ROAD, "road", (128, 64, 128), False),
        Label(CAR, "car", (0, 0, 142), True),
        Label(DOG, "dog", (9, 9, 9), True),
    )
)
THEIRS = Categories(
    (Category(1, "Car", True, (1, 1, 1)), Category(2, "road", True, (2, 2, 2)), Category(3, "cat", True, (3, 3, 3)))
)


def _import(path: Path, labels: LabelSet = LABELS, **options: Any) -> tuple[list[ImportedImage], ImportReport]:
    taken: list[ImportedImage] = []
    report = import_annotations(open_source(path), labels, taken.append, **options)
    return taken, report


# --------------------------------------------------------------------------------------------------------------- labels


def test_classes_are_matched_by_name_and_only_then_without_regard_to_case() -> None:
    labels = LabelSet((*LABELS, Label(21, "Dog", (1, 1, 1), True), Label(22, "DOG", (2, 2, 2), True)))
    classes = [
        SourceClass("dog", True), SourceClass("dOG", True), SourceClass(" ROAD\n", True), SourceClass("car"),
        SourceClass("cat", False, (1, 2, 3), "animal"),
    ]  # fmt: skip
    match = match_labels(classes, labels)
    assert match.label_of == {"dog": DOG, " ROAD\n": ROAD, "car": CAR}
    assert [entry.name for entry in match.missing] == ["dOG", "cat"]
    assert match.other_kind == (" ROAD\n",)


def test_classes_without_a_label_are_added_and_then_matched() -> None:
    classes = [SourceClass("cat", False, (1, 2, 3), "animal"), SourceClass("bird\x07 1"), SourceClass("bird 1"),
               SourceClass("\x00"), SourceClass("dog")]  # fmt: skip
    labels = with_missing_labels(classes, LABELS)
    assert [(label.name, label.isthing) for label in list(labels)[3:]] == [
        ("cat", False), ("bird 1", True), ("class", True)
    ]  # fmt: skip
    assert labels.by_name["cat"].color == (1, 2, 3)
    assert labels.by_name["cat"].supercategory == "animal"
    assert match_labels(classes, labels).missing == ()


def test_images_are_paired_by_the_ends_of_their_names() -> None:
    ours = ["/data/a/1.jpg", "/data/b/1.jpg", "/data/2.jpg", "/data/c/3.jpg", "/data/d/3.jpg", "C:\\data\\4.jpg"]
    theirs = ["b/1.jpg", "2.jpg", "3.jpg", "images\\2.png", "4.jpg", "x/2.jpg", "a/1.jpg"]
    assert pair_images(theirs, ours) == {0: 1, 1: 2, 4: 5, 6: 0}
    assert pair_images(["1.jpg", "x/1.jpg"], ["1.jpg"]) == {}


def test_images_are_paired_whatever_a_system_makes_of_case_and_accents_where_one_alone_fits() -> None:
    one, other = (unicodedata.normalize(form, "caf\u00e9.jpg") for form in ("NFC", "NFD"))
    assert pair_images([one, "IMG.JPG"], [f"/x/{other}", "/x/IMG.jpg"]) == {0: 0, 1: 1}
    assert pair_images(["a.JPG"], ["/x/a.jpg", "/y/A.jpg"]) == {}, "both could be meant"
    assert pair_images(["a.jpg"], ["/x/a.jpg", "/y/A.jpg"]) == {0: 0}, "the very name comes first"
    assert pair_images(["a.jpg", "A.JPG"], ["/x/a.jpg"]) == {0: 0}, "what is another's is not given away"
    assert pair_images(["A.jpg", "A.JPG"], ["/x/a.jpg"]) == {}


# ----------------------------------------------------------------------------------------------------------------- coco


def test_panoptic_ids_that_are_too_large_are_numbered_anew_and_unknown_classes_are_void(tmp_path: Path) -> None:
    ids = np.array([[0, 70000, 70000], [5, 9, 9], [5, 5, 2**24 - 1]], np.int32)
    with CocoPanopticWriter(tmp_path / "truth.json", None, THEIRS) as writer:
        writer.add(1, "x/1.jpg", PanopticSegmentation.from_ids(ids, {70000: 0, 5: 1, 9: 2, 2**24 - 1: 0}, crowds={5}))
    (image,), report = _import(tmp_path / "truth.json")
    assert image.id_map.ids.dtype == np.uint16
    assert image.id_map.ids.tolist() == [[0, 1, 1], [2, 0, 0], [2, 2, 3]]
    assert image.id_map.segments == {1: SegmentInfo(CAR), 2: SegmentInfo(ROAD, True), 3: SegmentInfo(CAR)}
    assert report.unknown == {"cat": 1}
    assert report.other_kind == ("road",)
    assert report.sentences() == [
        "1 image with 3 segments taken over from COCO panoptic.",
        "1 segment of cat left out: the project has no such label.",
        "Things there and stuff here, or the other way round: road.",
    ]


def test_an_image_that_cannot_be_read_or_is_not_taken_is_skipped_and_the_others_go_on(tmp_path: Path) -> None:
    with CocoPanopticWriter(tmp_path / "truth.json", None, THEIRS) as writer:
        for number in (1, 2, 3):
            writer.add(number, f"{number}.jpg", PanopticSegmentation.from_ids(np.ones((2, 2), int), {1: 0}))
    (tmp_path / "truth" / "1.png").write_bytes(b"damaged")
    taken = []

    def take(image: ImportedImage) -> None:
        if image.source.name == "2.jpg":
            raise ValueError("the project's image has another size")
        taken.append(image.source.name)

    report = import_annotations(open_source(tmp_path / "truth.json"), LABELS, take)
    assert taken == ["3.jpg"]
    assert report.images == 1
    assert [name for name, _ in report.skipped] == ["1.jpg", "2.jpg"]
    assert "damaged or unreadable" in report.skipped[0][1]
    assert report.skipped[1][1] == "the project's image has another size"


def test_overlapping_instances_are_laid_over_each_other(tmp_path: Path) -> None:
    path = tmp_path / "instances.json"
    with CocoInstancesWriter(path, THEIRS) as writer:
        writer.add(1, "1.jpg", PanopticSegmentation.from_ids(np.ones((2, 3), int), {1: 0}))
    content = json.loads(path.read_text())
    first = content["annotations"][0]
    square = {"size": [2, 3], "counts": [2, 2, 2]}
    content["annotations"] += [
        {**first, "id": 2, "segmentation": square}, {**first, "id": 3, "category_id": 3, "segmentation": square},
        {**first, "id": 4, "category_id": 2, "segmentation": {"size": [2, 3], "counts": [0, 1, 5]}},
        {**first, "id": 5, "category_id": 2, "segmentation": {"size": [2, 3], "counts": [5, 1]}},
    ]  # fmt: skip
    path.write_text(json.dumps(content))
    (image,), report = _import(path)
    assert image.id_map.ids.tolist() == [[3, 2, 1], [1, 2, 3]]
    assert image.id_map.segments[3] == SegmentInfo(ROAD)
    assert report.unknown == {"cat": 1}
    assert report.sentences()[-2:] == [
        "1.jpg: Car (annotation 2) won 2 pixels over Car (annotation 1)",
        "1.jpg: road (annotation 4) won 2 pixels over Car (annotation 1)",
    ]


# -------------------------------------------------------------------------------------------------------------- labelme


def _labelme(path: Path, *shapes: tuple[str, str, list[list[float]]], **fields: Any) -> Path:
    content = {
        "shapes": [
            {"label": label, "shape_type": kind, "points": points, "flags": {}, "group_id": None}
            for label, kind, points in shapes
        ],
        "imagePath": f"{path.stem}.jpg",
        "imageHeight": 6,
        "imageWidth": 8,
        **fields,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_shapes_of_labelme_hold_the_pixels_whose_centres_lie_in_them(tmp_path: Path) -> None:
    path = _labelme(
        tmp_path / "1.json",
        ("dog", "rectangle", [[3.4, 4.6], [0.6, 1.4]]),
        ("car", "circle", [[5.5, 2.5], [5.5, 1.2]]),
        ("car", "polygon", [[-3, 3.2], [20, 3.2], [20, 4.4], [-3, 4.4]]),
    )
    (image,), report = _import(path)
    assert image.id_map.ids.tolist() == [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 1, 1, 0, 0, 2, 0, 0],
        [0, 1, 1, 0, 2, 2, 2, 0],
        [3, 3, 3, 3, 3, 3, 3, 3],
        [0, 1, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]
    assert image.id_map.segments == {1: SegmentInfo(DOG), 2: SegmentInfo(CAR), 3: SegmentInfo(CAR)}
    assert image.size == (6, 8)
    assert report.sentences() == [
        "1 image with 3 segments taken over from labelme.",
        "1.jpg: car (shape 3) won 2 pixels over dog (shape 1)",
        "1.jpg: car (shape 3) won 1 pixel over car (shape 2)",
    ]


def test_stuff_and_groups_are_one_segment_each_and_crowds_lie_below(tmp_path: Path) -> None:
    path = _labelme(
        tmp_path / "1.json",
        ("road", "rectangle", [[0, 0], [2, 2]]),
        ("dog", "rectangle", [[4, 0], [5, 1]]),
        ("road", "rectangle", [[1, 1], [3, 3]]),
        ("dog", "rectangle", [[6, 0], [7, 1]]),
        ("dog", "rectangle", [[0, 0], [8, 1]]),
    )
    content = json.loads(path.read_text())
    content["shapes"][1]["group_id"] = content["shapes"][3]["group_id"] = 0
    content["shapes"][4]["flags"] = {"iscrowd": True}
    path.write_text(json.dumps(content))
    (image,), report = _import(path)
    assert image.id_map.ids[:3].tolist() == [
        [2, 2, 1, 1, 3, 1, 3, 1],
        [2, 2, 2, 0, 0, 0, 0, 0],
        [0, 2, 2, 0, 0, 0, 0, 0],
    ]
    assert image.id_map.segments == {1: SegmentInfo(DOG, True), 2: SegmentInfo(ROAD), 3: SegmentInfo(DOG)}
    assert {(o.winner, o.loser, o.pixels) for _, o in report.overlaps} == {
        ("road (shape 1)", "dog (shape 5)", 2), ("dog (shape 2)", "dog (shape 5)", 2)
    }  # fmt: skip


def test_what_has_no_pixel_or_no_label_is_named(tmp_path: Path) -> None:
    path = _labelme(
        tmp_path / "1.json",
        ("dog", "point", [[1, 1]]),
        ("dog", "polygon", [[1, 1], [3, 3]]),
        ("dog", "rectangle", [[20, 20], [30, 30]]),
        ("dog", "rectangle", [[1, 1], [2, 2]]),
        ("__ignore__", "rectangle", [[1, 1], [2, 2]]),
        ("car", "rectangle", [[0, 0], [8, 6]]),
    )
    (image,), report = _import(path)
    assert list(image.id_map.segments.values()) == [SegmentInfo(CAR)]
    assert report.unknown == {"__ignore__": 1}
    assert [why for _, why in report.skipped] == [
        "dog (shape 1): a point has no area",
        "dog (shape 2): the kind 'polygon' with 2 points is not known",
        "dog (shape 3): no pixel's centre lies in it",
        "dog (shape 4): no pixel is left of it below the others",
    ]


def test_a_class_of_labelme_that_has_nothing_but_points_is_not_proposed(tmp_path: Path) -> None:
    path = _labelme(
        tmp_path / "1.json",
        ("pt", "point", [[1, 1]]),
        ("kite", "point", [[1, 1]]),
        ("kite", "rectangle", [[0, 0], [2, 2]]),
    )
    source = open_source(path)
    assert [entry.name for entry in source.classes] == ["kite"]
    assert "pt" not in with_missing_labels(source.classes, LABELS).by_name
    _, report = _import(path)
    assert report.unknown == {"kite": 1}
    assert [why for _, why in report.skipped] == [
        "pt (shape 1): a point has no area",
        "kite (shape 2): a point has no area",
    ]


def test_a_folder_is_imported_in_natural_order_and_damaged_files_are_named(tmp_path: Path) -> None:
    for name in ("img10", "img2"):
        _labelme(tmp_path / f"{name}.json", ("dog", "rectangle", [[0, 0], [1, 1]]))
    (tmp_path / "img3.json").write_text("{")
    Image.new("RGB", (8, 6)).save(tmp_path / "img2.jpg")
    taken, report = _import(tmp_path)
    assert [image.source.name for image in taken] == ["img2.jpg", "img10.jpg"]
    assert [image.source.path for image in taken] == [tmp_path / "img2.jpg", None]
    assert [name for name, _ in report.skipped] == ["img3.json"]
    assert "not JSON" in report.sentences()[1]


def test_a_file_that_does_not_say_its_size_asks_the_picture(tmp_path: Path) -> None:
    path = _labelme(tmp_path / "1.json", ("dog", "rectangle", [[0, 0], [1, 1]]), imageHeight=None)
    _, report = _import(path)
    assert report.images == 0
    assert "neither says how large its picture is, nor is the picture there" in report.skipped[0][1]
    Image.new("RGB", (5, 4)).save(tmp_path / "1.jpg")
    (image,), _ = _import(path)
    assert image.size == (4, 5)


def test_masks_of_labelme_lie_where_their_first_point_says(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.array([[255, 0], [255, 255]], np.uint8)).save(stream, "PNG")
    path = _labelme(tmp_path / "1.json", ("dog", "mask", [[7, 4], [8, 5]]))
    content = json.loads(path.read_text())
    content["shapes"][0]["mask"] = base64.b64encode(stream.getvalue()).decode()
    path.write_text(json.dumps(content))
    (image,), _ = _import(path)
    assert np.argwhere(image.id_map.ids).tolist() == [[4, 7], [5, 7]]


# ------------------------------------------------------------------------------------------------------------- any kind


def test_a_cancelled_import_says_so_and_keeps_what_was_taken(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        _labelme(tmp_path / f"{number}.json", ("dog", "rectangle", [[0, 0], [1, 1]]))
    answers = iter([False, True])
    told: list[tuple[int, int, str]] = []
    taken, report = _import(tmp_path, cancelled=lambda: next(answers), progress=lambda *each: told.append(each))
    assert [image.source.name for image in taken] == ["1.jpg"]
    assert report.sentences()[0] == "1 image with 1 segment taken over from labelme before it was cancelled."
    assert told == [(0, 3, "1.jpg")]
    taken, report = _import(tmp_path, only=lambda image: image.name == "3.jpg")
    assert [image.source.name for image in taken] == ["3.jpg"]
    assert not report.was_cancelled


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("{}", "neither COCO annotations nor shapes"), ("", "neither"), ('{"shapes": 3}', "shapes must be a list"),
     ('{"annotations": []}', "categories is missing"), ('{"x": "segments_info', "neither")],
)  # fmt: skip
def test_another_file_is_refused_by_name(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(ValueError, match=complaint) as caught:
        open_source(tmp_path / "x.json")
    assert str(caught.value).startswith(str(tmp_path / "x.json"))


def test_a_folder_or_file_with_nothing_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no JSON file of labelme"):
        open_source(tmp_path)
    with pytest.raises(ValueError, match=r"gone\.json: cannot be read"):
        open_source(tmp_path / "gone.json")


def test_long_reports_name_a_few_and_count_the_rest(tmp_path: Path) -> None:
    boxes = [("dog", "rectangle", [[0, 0], [8, 6]])] * 9
    _, report = _import(_labelme(tmp_path / "1.json", *boxes))
    told = report.sentences(most=2)
    assert told[1].startswith("1.jpg: dog (shape 1): no pixel is left")
    assert told[3] == "6 more things were left out."
    assert told[4] == "1.jpg: dog (shape 2) won 48 pixels over dog (shape 1)"
    assert told[-1] == "6 more overlaps."
