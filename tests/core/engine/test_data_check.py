"""The check of a data set: each fault is named with file and field, several at once too, and nothing else is."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lpsnet.categories import Categories, Category
from lpsnet.engine.data_check import check_coco_panoptic
from lpsnet.engine.data_check.files_ahead import FilesAhead
from lpsnet.formats.coco_panoptic import read_coco_panoptic
from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter
from lpsnet.formats.data_report import DataReport, Fault, FaultKind, SmallThing, report_lines
from lpsnet.formats.fields import FormatError
from lpsnet.formats.id_png import MAX_ID, encode_id_png, read_id_png
from lpsnet.images import ImageError, read_image
from lpsnet.structures import PanopticSegmentation

CATEGORIES = Categories(
    (
        Category(7, "road", False, (128, 64, 128)),
        Category(26, "car", True, (0, 0, 142)),
        Category(3, "dog", True, (9, 9, 9)),
    )
)
HEIGHT, WIDTH = 40, 48
ROAD, CAR, DOG, CROWD = 300, 70_000, 5, MAX_ID
"""Ids of the segments, in the order of the JSON file."""
NAMED = tuple[FaultKind, str, str]
"""Kind, name of the file, and field of a fault."""


def id_map(image: int) -> np.ndarray:
    """Returns ids ``[40, 48]``; the dog of a later image is larger."""
    ids = np.zeros((HEIGHT, WIDTH), np.int32)
    ids[20:] = ROAD
    ids[5:15, 5:20] = CAR
    ids[5:10, 30 : 34 + image] = DOG
    ids[16:19] = CROWD
    return ids


@dataclass(frozen=True)
class DataOnDisk:
    """A small valid data set that a test then spoils."""

    root: Path

    @property
    def path(self) -> Path:
        return self.root / "annotations" / "panoptic_mini.json"

    def photo(self, image: int) -> Path:
        return self.root / "mini" / f"photo-{image}.jpg"

    def png(self, image: int) -> Path:
        return self.path.with_suffix("") / f"photo-{image}.png"

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        content = json.loads(self.path.read_text(encoding="utf-8"))
        change(content)
        self.path.write_text(json.dumps(content), encoding="utf-8")

    def check(self, **options: Any) -> DataReport:
        return check_coco_panoptic(self.path, threads=1, **options)


def write_data(root: Path) -> DataOnDisk:
    data = DataOnDisk(root)
    rng = np.random.default_rng(0)
    with CocoPanopticWriter(data.path, None, CATEGORIES) as writer:
        for image in range(3):
            labels = {ROAD: 0, CAR: 1, DOG: 2, CROWD: 1}
            writer.add(
                10 + image,
                data.photo(image).name,
                PanopticSegmentation.from_ids(id_map(image), labels, crowds={CROWD}, scores={CAR: 0.5}),
            )
    (root / "mini").mkdir()
    for image in range(3):
        pixels = rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        Image.fromarray(pixels).save(data.photo(image))
    return data


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> DataOnDisk:
    """A valid data set, for copying."""
    return write_data(tmp_path_factory.mktemp("valid"))


@pytest.fixture
def data(valid: DataOnDisk, tmp_path: Path) -> DataOnDisk:
    return copy_of(valid, tmp_path)


def copy_of(data: DataOnDisk, folder: Path) -> DataOnDisk:
    return DataOnDisk(shutil.copytree(data.root, folder, dirs_exist_ok=True))


def named(faults: tuple[Fault, ...]) -> Counter[NAMED]:
    return Counter((fault.kind, fault.file.name, fault.field) for fault in faults)


# ------------------------------------------------------------------------------------------- one fault after another


@dataclass(frozen=True)
class Spoiling:
    """A way to spoil one image or category of a data set, and the faults that come of it.

    Attributes:
        name: of the test.
        apply: spoils the image or category of an index.
        expected: kind, file and field; ``#`` stands for the index, ``JSON`` for the JSON file.
        words: what the first of them says.
    """

    name: str
    apply: Callable[[DataOnDisk, int], object]
    expected: tuple[NAMED, ...]
    words: str

    def named(self, index: int) -> Counter[NAMED]:
        return Counter(
            (
                kind,
                "panoptic_mini.json" if file == "JSON" else file.replace("#", str(index)),
                field.replace("#", str(index)),
            )
            for kind, file, field in self.expected
        )


def put(place: str, value: Any) -> Callable[[DataOnDisk, int], None]:
    """Returns what sets the field at a place such as ``images[#].width``."""

    def apply(data: DataOnDisk, index: int) -> None:
        data.edit(lambda content: set_at(content, place.replace("#", str(index)), value))

    return apply


def drop(place: str) -> Callable[[DataOnDisk, int], None]:
    def apply(data: DataOnDisk, index: int) -> None:
        def change(content: dict[str, Any]) -> None:
            parent, name = parent_of(content, place.replace("#", str(index)))
            del parent[name]

        data.edit(change)

    return apply


def parent_of(content: Any, place: str) -> tuple[Any, Any]:
    steps = [int(step) if step.isdecimal() else step for step in place.replace("]", "").replace("[", ".").split(".")]
    for step in steps[:-1]:
        content = content[step]
    return content, steps[-1]


def set_at(content: Any, place: str, value: Any) -> None:
    parent, name = parent_of(content, place)
    parent[name] = copy.deepcopy(value)


def add(name: str, entry: Callable[[dict[str, Any], int], Any]) -> Callable[[DataOnDisk, int], None]:
    """Returns what appends an entry, made from the content and the index, to a list of the file."""
    return lambda data, index: data.edit(lambda content: content[name].append(entry(content, index)))


def repaint(change: Callable[[np.ndarray], object]) -> Callable[[DataOnDisk, int], None]:
    """Returns what changes the ids of a PNG."""

    def apply(data: DataOnDisk, index: int) -> None:
        ids = read_id_png(data.png(index))
        change(ids)
        data.png(index).write_bytes(encode_id_png(ids))

    return apply


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def save(pixels: np.ndarray, path: Path) -> None:
    Image.fromarray(pixels).save(path)


def all_of(*changes: Callable[[DataOnDisk, int], object]) -> Callable[[DataOnDisk, int], None]:
    def apply(data: DataOnDisk, index: int) -> None:
        for change in changes:
            change(data, index)

    return apply


def link_out(data: DataOnDisk, file: Path) -> None:
    (data.root / "outside").mkdir(exist_ok=True)
    target = file.rename(data.root / "outside" / file.name)
    file.symlink_to(target)


def only_crowd(data: DataOnDisk, index: int) -> None:
    """Leaves the crowd alone in an image."""
    repaint(lambda ids: ids.__setitem__(ids != CROWD, 0))(data, index)
    data.edit(lambda content: content["annotations"][index]["segments_info"].__delitem__(slice(0, 3)))


K = FaultKind
SEGMENT = "annotations[#].segments_info"
OF_IMAGES = [
    Spoiling(
        "image of no width", put("images[#].width", 0), ((K.IMAGE, "JSON", "images[#].width"),), "must be a whole"
    ),
    Spoiling("no height", drop("images[#].height"), ((K.IMAGE, "JSON", "images[#].height"),), "is missing"),
    Spoiling("height a text", put("images[#].height", "40"), ((K.IMAGE, "JSON", "images[#].height"),), "not '40'"),
    Spoiling(
        "height negative, width NaN",
        all_of(put("images[#].height", -3), put("images[#].width", float("nan"))),
        ((K.NOT_FINITE, "JSON", "images[#].width"), (K.IMAGE, "JSON", "images[#].height")),
        "is NaN, not a finite number",
    ),
    Spoiling(
        "infinity in a field nobody reads",
        put("images[#].gps", {"at": [1, float("inf")]}),
        ((K.NOT_FINITE, "JSON", "images[#].gps.at[1]"),),
        "is Infinity",
    ),
    Spoiling("no photo name", drop("images[#].file_name"), ((K.IMAGE, "JSON", "images[#].file_name"),), "is missing"),
    Spoiling(
        "photo name that climbs",
        put("images[#].file_name", "../mini/photo-#.jpg"),
        ((K.OUTSIDE, "JSON", "images[#].file_name"),),
        "must stay inside",
    ),
    Spoiling(
        "photo name too long",
        put("images[#].file_name", "x" * 5000),
        ((K.OUTSIDE, "JSON", "images[#].file_name"),),
        "cannot be the name of a file",
    ),
    Spoiling(
        "photo that links out",
        lambda data, index: link_out(data, data.photo(index)),
        ((K.OUTSIDE, "JSON", "images[#].file_name"),),
        "is a link that leads out",
    ),
    Spoiling(
        "no photo",
        lambda data, index: data.photo(index).unlink(),
        ((K.PHOTO_MISSING, "photo-#.jpg", "images[#].file_name"),),
        "there is no such file (images[#].file_name)",
    ),
    Spoiling(
        "photo cut short",
        lambda data, index: cut(data.photo(index)),
        ((K.PHOTO_WRONG, "photo-#.jpg", "images[#].file_name"),),
        "the image is truncated or damaged",
    ),
    Spoiling(
        "photo empty",
        lambda data, index: data.photo(index).write_bytes(b""),
        ((K.PHOTO_WRONG, "photo-#.jpg", "images[#].file_name"),),
        "the file is empty",
    ),
    Spoiling(
        "photo of another size",
        lambda data, index: save(np.zeros((WIDTH, HEIGHT, 3), np.uint8), data.photo(index)),
        ((K.PHOTO_WRONG, "photo-#.jpg", "images[#].file_name"),),
        "is 40 × 48 pixels, but its data set says 48 × 40",
    ),
    Spoiling(
        "image not an object",
        add("images", lambda content, index: index),
        ((K.IMAGE, "JSON", "images[3]"),),
        "is not an",
    ),
    Spoiling(
        "image id twice",
        add("images", lambda content, index: copy.deepcopy(content["images"][index])),
        ((K.IMAGE_TWICE, "JSON", "images[3].id"),),
        "appears twice",
    ),
    Spoiling(
        "photo twice, second image not annotated",
        add("images", lambda content, index: content["images"][index] | {"id": "again"}),
        ((K.PHOTO_TWICE, "JSON", "images[3].file_name"), (K.IMAGE_NOT_ANNOTATED, "JSON", "images[3]")),
        "is that of images[#] too",
    ),
    Spoiling(
        "image that is not annotated",
        drop("annotations[#]"),
        ((K.IMAGE_NOT_ANNOTATED, "JSON", "images[#]"),),
        "has no annotation",
    ),
]
"""Of the image list and its photos."""

OF_ANNOTATIONS = [
    Spoiling(
        "annotation of an unknown image",
        add(
            "annotations",
            lambda content, index: content["annotations"][index] | {"image_id": 99, "file_name": "no.png"},
        ),
        (
            (K.ANNOTATION_UNKNOWN_IMAGE, "JSON", "annotations[3].image_id"),
            (K.PNG_MISSING, "no.png", "annotations[3].file_name"),
        ),
        "99 is not the id of an image",
    ),
    Spoiling(
        "image id lost",
        drop("annotations[#].image_id"),
        ((K.ANNOTATION, "JSON", "annotations[#].image_id"),),
        "is missing",
    ),
    Spoiling(
        "annotated twice",
        add("annotations", lambda content, index: copy.deepcopy(content["annotations"][index])),
        ((K.ANNOTATION_TWICE, "JSON", "annotations[3].image_id"),),
        "is annotated twice",
    ),
    Spoiling(
        "annotation not an object",
        add("annotations", lambda content, index: [index]),
        ((K.ANNOTATION, "JSON", "annotations[3]"),),
        "is not an object",
    ),
    Spoiling(
        "no list of segments",
        drop("annotations[#].segments_info"),
        ((K.ANNOTATION, "JSON", "annotations[#].segments_info"),),
        "is missing",
    ),
    Spoiling(
        "list of segments an object",
        put("annotations[#].segments_info", {}),
        ((K.ANNOTATION, "JSON", "annotations[#].segments_info"),),
        "must be a list, not dict",
    ),
    Spoiling(
        "PNG name absolute",
        put("annotations[#].file_name", "/etc/hostname"),
        ((K.OUTSIDE, "JSON", "annotations[#].file_name"),),
        "must stay inside",
    ),
    Spoiling(
        "PNG name no text",
        put("annotations[#].file_name", 3),
        ((K.ANNOTATION, "JSON", "annotations[#].file_name"),),
        "must be a text, not 3",
    ),
    Spoiling(
        "no PNG",
        lambda data, index: data.png(index).unlink(),
        ((K.PNG_MISSING, "photo-#.png", "annotations[#].file_name"),),
        "this PNG of segment ids is missing (annotations[#].file_name)",
    ),
    Spoiling(
        "PNG cut short",
        lambda data, index: cut(data.png(index)),
        ((K.PNG_WRONG, "photo-#.png", "annotations[#].file_name"),),
        "the PNG is truncated, damaged or unreadable",
    ),
    Spoiling(
        "PNG of another size",
        lambda data, index: data.png(index).write_bytes(encode_id_png(id_map(index)[:, 1:])),
        ((K.PNG_WRONG, "photo-#.png", "annotations[#].file_name"),),
        "is 47 × 40 pixels, but its image is 48 × 40",
    ),
    Spoiling(
        "PNG of one channel",
        lambda data, index: save(np.zeros((HEIGHT, WIDTH), np.uint8), data.png(index)),
        ((K.PNG_WRONG, "photo-#.png", "annotations[#].file_name"),),
        "must be an RGB PNG that holds ids",
    ),
    Spoiling(
        "crowds alone", only_crowd, ((K.IMAGE_ALL_CROWD, "JSON", "annotations[#].segments_info"),), "nothing but crowds"
    ),
    Spoiling(
        "void alone",
        all_of(repaint(lambda ids: ids.fill(0)), put("annotations[#].segments_info", [])),
        ((K.IMAGE_ALL_VOID, "photo-#.png", "annotations[#].file_name"),),
        "is void everywhere",
    ),
]
"""Of the annotations and their PNGs."""

OF_SEGMENTS = [
    Spoiling(
        "segment id 0", put(f"{SEGMENT}[2].id", 0), ((K.SEGMENT, "JSON", f"{SEGMENT}[2].id"),), "from 1 to 16777215"
    ),
    Spoiling(
        "segment id too large", put(f"{SEGMENT}[2].id", 2**24), ((K.SEGMENT, "JSON", f"{SEGMENT}[2].id"),), "from 1"
    ),
    Spoiling(
        "segment id a bool", put(f"{SEGMENT}[2].id", True), ((K.SEGMENT, "JSON", f"{SEGMENT}[2].id"),), "not True"
    ),
    Spoiling("segment without id", drop(f"{SEGMENT}[2].id"), ((K.SEGMENT, "JSON", f"{SEGMENT}[2].id"),), "is missing"),
    Spoiling("segment not an object", put(f"{SEGMENT}[2]", None), ((K.SEGMENT, "JSON", f"{SEGMENT}[2]"),), "is not an"),
    Spoiling(
        "segment id twice",
        put(f"{SEGMENT}[2].id", CAR),
        ((K.SEGMENT_TWICE, "JSON", f"{SEGMENT}[2].id"),),
        "appears twice",
    ),
    Spoiling(
        "unknown category",
        put(f"{SEGMENT}[2].category_id", 99),
        ((K.SEGMENT_UNKNOWN_CATEGORY, "JSON", f"{SEGMENT}[2].category_id"),),
        "99 is not the id of a category",
    ),
    Spoiling(
        "category no number",
        put(f"{SEGMENT}[2].category_id", "3"),
        ((K.SEGMENT, "JSON", f"{SEGMENT}[2].category_id"),),
        "'3' is not the id of a category",
    ),
    Spoiling(
        "segment that is nowhere",
        lambda data, index: data.edit(
            lambda content: content["annotations"][index]["segments_info"].append({"id": 8, "category_id": 3})
        ),
        ((K.SEGMENT_WITHOUT_PIXELS, "JSON", f"{SEGMENT}[4].id"),),
        "8 has no pixel in",
    ),
    Spoiling(
        "ids that are not listed",
        repaint(lambda ids: (ids.__setitem__((0, slice(0, 3)), 9), ids.__setitem__((1, 0), 8))),
        ((K.ID_WITHOUT_SEGMENT, "photo-#.png", SEGMENT),),
        "holds ids that annotations[#].segments_info does not list: 8 (1 px), 9 (3 px)",
    ),
    Spoiling(
        "segment that is called otherwise in the PNG",
        put(f"{SEGMENT}[2].id", 6),
        ((K.SEGMENT_WITHOUT_PIXELS, "JSON", f"{SEGMENT}[2].id"), (K.ID_WITHOUT_SEGMENT, "photo-#.png", SEGMENT)),
        "6 has no pixel in",
    ),
    Spoiling(
        "an id out of range, and one id more in the PNG than that",
        all_of(put(f"{SEGMENT}[2].id", -1), repaint(lambda ids: ids.__setitem__((0, 0), 9))),
        ((K.SEGMENT, "JSON", f"{SEGMENT}[2].id"), (K.ID_WITHOUT_SEGMENT, "photo-#.png", SEGMENT)),
        "not -1",
    ),
    Spoiling(
        "area that is another",
        put(f"{SEGMENT}[1].area", 149),
        ((K.AREA_DIFFERS, "JSON", f"{SEGMENT}[1].area"),),
        "is 149, but segment 70000 has 150 pixels",
    ),
    Spoiling(
        "area negative", put(f"{SEGMENT}[1].area", -1), ((K.SEGMENT, "JSON", f"{SEGMENT}[1].area"),), "from 0 to 1920"
    ),
    Spoiling(
        "area larger than the image",
        put(f"{SEGMENT}[1].area", HEIGHT * WIDTH + 1),
        ((K.SEGMENT, "JSON", f"{SEGMENT}[1].area"),),
        "from 0 to 1920",
    ),
    Spoiling(
        "area NaN", put(f"{SEGMENT}[1].area", float("nan")), ((K.NOT_FINITE, "JSON", f"{SEGMENT}[1].area"),), "is NaN"
    ),
    Spoiling(
        "box that is not tight",
        put(f"{SEGMENT}[1].bbox", [5, 5, 16, 10]),
        ((K.BOX_DIFFERS, "JSON", f"{SEGMENT}[1].bbox"),),
        "is [5, 5, 16, 10], but segment 70000 lies in [5, 5, 15, 10]",
    ),
    Spoiling(
        "box of three", put(f"{SEGMENT}[1].bbox", [5, 5, 15]), ((K.SEGMENT, "JSON", f"{SEGMENT}[1].bbox"),), "four"
    ),
    Spoiling(
        "box with infinity",
        put(f"{SEGMENT}[1].bbox[2]", float("-inf")),
        ((K.NOT_FINITE, "JSON", f"{SEGMENT}[1].bbox[2]"),),
        "is -Infinity",
    ),
    Spoiling(
        "score over 1", put(f"{SEGMENT}[1].score", 2), ((K.SEGMENT, "JSON", f"{SEGMENT}[1].score"),), "from 0 to 1"
    ),
    Spoiling(
        "half a crowd", put(f"{SEGMENT}[3].iscrowd", 0.5), ((K.SEGMENT, "JSON", f"{SEGMENT}[3].iscrowd"),), "from 0"
    ),
    Spoiling(
        "crowd of stuff",
        put(f"{SEGMENT}[0].iscrowd", 1),
        ((K.STUFF_CROWD, "JSON", f"{SEGMENT}[0].iscrowd"),),
        "is 1, but 'road' is stuff",
    ),
]
"""Of the segments."""

OF_CATEGORIES = [
    Spoiling("no name", drop("categories[#].name"), ((K.CATEGORY, "JSON", "categories[#].name"),), "is missing"),
    Spoiling(
        "name empty", put("categories[#].name", ""), ((K.CATEGORY, "JSON", "categories[#].name"),), "must be a name"
    ),
    Spoiling(
        "no isthing", drop("categories[#].isthing"), ((K.CATEGORY, "JSON", "categories[#].isthing"),), "is missing"
    ),
    Spoiling("isthing 2", put("categories[#].isthing", 2), ((K.CATEGORY, "JSON", "categories[#].isthing"),), "0 or 1"),
    Spoiling(
        "colour of 256",
        put("categories[#].color", [0, 0, 256]),
        ((K.CATEGORY, "JSON", "categories[#].color"),),
        "must be three numbers from 0 to 255",
    ),
    Spoiling(
        "colour NaN",
        put("categories[#].color", [0, float("nan"), 0]),
        ((K.NOT_FINITE, "JSON", "categories[#].color[1]"),),
        "is NaN",
    ),
    Spoiling(
        "id 0", put("categories[#].id", 0), ((K.CATEGORY, "JSON", "categories[#].id"),), "must be a positive whole"
    ),
    Spoiling("no id", drop("categories[#].id"), ((K.CATEGORY, "JSON", "categories[#].id"),), "is missing"),
    Spoiling("category no object", put("categories[#]", "road"), ((K.CATEGORY, "JSON", "categories[#]"),), "is not an"),
    Spoiling(
        "category id twice",
        add("categories", lambda content, index: content["categories"][index] | {"name": "another"}),
        ((K.CATEGORY_TWICE, "JSON", "categories[3].id"),),
        "appears twice",
    ),
    Spoiling(
        "category name twice, never used",
        add("categories", lambda content, index: content["categories"][index] | {"id": 1000}),
        ((K.CATEGORY_NAME_TWICE, "JSON", "categories[3].name"), (K.CATEGORY_UNUSED, "JSON", "categories")),
        "is that of categories[#] too",
    ),
]
"""Of the categories."""

EVERY = [*OF_IMAGES, *OF_ANNOTATIONS, *OF_SEGMENTS, *OF_CATEGORIES]
MOVES_OTHERS = frozenset({"image that is not annotated"})
"""What changes the places of other annotations."""


def test_valid_data_set_has_no_fault(data: DataOnDisk) -> None:
    report = data.check()
    assert report.faults == ()
    assert (report.errors, report.warnings, report.exit_status, report.complete) == (0, 0, 0, True)


@pytest.mark.parametrize("spoiling", EVERY, ids=lambda spoiling: spoiling.name)
@pytest.mark.parametrize("index", [0, 1])
def test_each_fault_is_named_with_file_and_field_and_nothing_else_is(
    data: DataOnDisk, spoiling: Spoiling, index: int
) -> None:
    spoiling.apply(data, index)
    report = data.check()
    assert named(report.faults) == spoiling.named(index)
    kind, _, field = spoiling.expected[0]
    first = next(fault for fault in report.of(kind))
    assert spoiling.words.replace("#", str(index)) in first.message
    assert field.replace("#", str(index)) in first.message
    assert str(first).startswith(f"{first.file}: ")
    assert first.file.is_absolute()
    assert "\n" not in str(first)


APART = [spoiling for spoiling in EVERY if spoiling.name not in MOVES_OTHERS and "[3]" not in str(spoiling.expected)]
"""Those that leave other images and categories where they are."""


def hidden(spoiling: Spoiling, index: int) -> set[FaultKind]:
    """Returns the faults that cannot be told any more, because a category's id or kind is not known."""
    kinds: set[FaultKind] = set()
    if spoiling.name in ("id 0", "no id", "category no object"):
        kinds |= {K.SEGMENT_UNKNOWN_CATEGORY}
    if index == 0 and (kinds or spoiling.name in ("no isthing", "isthing 2")):
        kinds |= {K.STUFF_CROWD}
    return kinds


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(APART), st.sampled_from(APART), st.permutations(range(3)))
def test_faults_of_two_images_or_categories_are_both_named(
    valid: DataOnDisk, one: Spoiling, other: Spoiling, order: list[int]
) -> None:
    spoilings = list(zip((one, other), order, strict=False))
    with TemporaryDirectory() as folder:
        data = copy_of(valid, Path(folder))
        for spoiling, index in spoilings:
            spoiling.apply(data, index)
        found = named(data.check().faults)
    expected = one.named(order[0]) + other.named(order[1])
    untold = {kind for spoiling, index in spoilings for kind in hidden(spoiling, index)}
    assert found == Counter({fault: number for fault, number in expected.items() if fault[0] not in untold})


def test_two_faults_of_one_segment_are_both_named(data: DataOnDisk) -> None:
    put(f"{SEGMENT}[1].area", -5)(data, 0)
    put(f"{SEGMENT}[1].category_id", 99)(data, 0)
    put(f"{SEGMENT}[1].bbox", "wide")(data, 0)
    place = "annotations[0].segments_info[1]"
    assert named(data.check().faults) == Counter(
        {
            (K.SEGMENT, "panoptic_mini.json", f"{place}.area"): 1,
            (K.SEGMENT, "panoptic_mini.json", f"{place}.bbox"): 1,
            (K.SEGMENT_UNKNOWN_CATEGORY, "panoptic_mini.json", f"{place}.category_id"): 1,
        }
    )
    assert {fault.image_id for fault in data.check().faults} == {10}


def test_an_image_id_that_is_a_text_in_one_place_alone_is_named_there(data: DataOnDisk) -> None:
    put("images[#].id", "11")(data, 1)
    (fault,) = data.check().faults
    assert (fault.kind, fault.field, fault.image_id) == (K.ANNOTATION_UNKNOWN_IMAGE, "images[1].id", "11")
    assert fault.message == "images[1].id is the text '11', but annotations[1].image_id is the number 11"
    put("images[#].id", 11)(data, 1)
    put("annotations[#].image_id", "11")(data, 1)
    (fault,) = data.check().faults
    assert (fault.kind, fault.field, fault.image_id) == (K.ANNOTATION_UNKNOWN_IMAGE, "annotations[1].image_id", 11)
    assert fault.message == "annotations[1].image_id is the text '11', but images[1].id is the number 11"


@pytest.mark.parametrize("image_id", ["eleven", "11.0", "١١", "9" * 5000, "-"])
def test_a_text_that_is_no_number_is_an_unknown_image(data: DataOnDisk, image_id: str) -> None:
    put("annotations[#].image_id", image_id)(data, 1)
    (fault,) = data.check().faults
    assert fault.message == f"annotations[1].image_id {image_id!r} is not the id of an image"


def test_instance_annotations_are_one_fault_of_the_check_and_of_the_reader(data: DataOnDisk) -> None:
    def make_instances(content: dict[str, Any]) -> None:
        for category in content["categories"]:
            del category["isthing"]
        boxes = [{"image_id": 10, "category_id": 26, "bbox": [5, 5, 15, 10], "area": 150, "iscrowd": 0}] * 4
        polygon = {"segmentation": [[5, 5, 20, 5, 20, 15, 5, 15]]}
        content["annotations"] = [box | polygon | {"id": number} for number, box in enumerate(boxes)]

    data.edit(make_instances)
    report = data.check()
    (fault,) = report.faults
    assert (fault.kind, fault.field) == (K.TOP_LEVEL, "annotations")
    assert "annotations look like instance annotations, not panoptic ones" in fault.message
    assert first_refusal(data) == str(fault)
    assert len(list(report_lines(report))) == 4


def test_a_category_id_that_is_given_twice_makes_no_segment_unknown(data: DataOnDisk) -> None:
    put("categories[#].id", 7)(data, 1)
    report = data.check()
    assert named(report.faults) == Counter({(K.CATEGORY_TWICE, "panoptic_mini.json", "categories[1].id"): 1})
    assert report.facts.classes[0].segments == 3


def test_categories_without_a_segment_are_one_warning(data: DataOnDisk) -> None:
    extra = [{"id": 100 + number, "name": f"c{number}", "isthing": 1} for number in range(6)]
    data.edit(lambda content: content["categories"].extend(extra))
    (fault,) = data.check().faults
    assert fault.message == "categories has 6 of 9 without a segment: 'c0', 'c1', 'c2', 'c3', 'c4' and 1 more"


def test_a_number_that_is_hidden_by_a_field_of_the_same_name_is_named(data: DataOnDisk) -> None:
    text = data.path.read_text(encoding="utf-8")
    data.path.write_text(text.replace('"categories"', '"info": NaN, "info": 1, "categories"', 1), encoding="utf-8")
    (fault,) = data.check().faults
    assert (fault.kind, fault.field) == (K.NOT_FINITE, "")
    assert fault.message == "a field that is given twice holds a number that is not finite"


# -------------------------------------------------------------------------------------------- agreement with the reader


def first_refusal(data: DataOnDisk) -> str:
    """Returns what the readers of this package refuse first in a data set; nothing if they read it whole."""
    try:
        dataset = read_coco_panoptic(data.path)
        if dataset.photos_problem:
            return dataset.photos_problem
        for record in dataset.records:
            assert record.image_path is not None
            read_image(record.image_path, stated_size=record.size)
            if record.png_path is not None:
                dataset.read_segmentation(record)
    except (FormatError, ImageError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("spoiling", EVERY, ids=lambda spoiling: spoiling.name)
def test_an_error_is_what_the_reader_refuses(data: DataOnDisk, spoiling: Spoiling) -> None:
    spoiling.apply(data, 1)
    assert (data.check().errors > 0) == bool(first_refusal(data))


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 60),
    st.sampled_from(
        [0.5, 1.0, float("nan"), "", "10", "a.jpg", "photo-1.jpg", "photo-1.png", "..", {}, [], [0], 10, 7, 26]
    ),
)


def change_anything(content: dict[str, Any], draw: st.DataObject) -> None:
    """Drops or replaces a value somewhere in one of the lists, or a list."""
    parent: Any = content
    name: Any = draw.draw(st.sampled_from(sorted({"images", "annotations", "categories"} & content.keys())))
    while isinstance(parent[name], (dict, list)) and parent[name] and draw.draw(st.integers(0, 9), label="deeper"):
        parent = parent[name]
        name = draw.draw(st.sampled_from(sorted(parent) if isinstance(parent, dict) else range(len(parent))))
    if draw.draw(st.booleans(), label="drop"):
        del parent[name]
    else:
        parent[name] = copy.deepcopy(draw.draw(ANYTHING, label="value"))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_changed_in_the_file_the_check_and_the_reader_agree(valid: DataOnDisk, draw: st.DataObject) -> None:
    content = json.loads(valid.path.read_text(encoding="utf-8"))
    for _ in range(draw.draw(st.integers(1, 2), label="changes")):
        change_anything(content, draw)
    with TemporaryDirectory() as folder:
        data = copy_of(valid, Path(folder))
        data.path.write_text(json.dumps(content), encoding="utf-8")
        refusal = first_refusal(data)
        report = data.check()
    assert (report.errors > 0) == bool(refusal), (refusal, [str(fault) for fault in report.faults])
    # The check says Infinity for 1e999, and names the field of a category where the reader names the list.
    if " not a finite" not in refusal and refusal.startswith((f"{data.path}: images", f"{data.path}: annotations")):
        assert refusal in [str(fault) for fault in report.faults]


# ----------------------------------------------------------------------------------------------------- the whole file


@pytest.mark.parametrize("content", [b"", b'{"images": [', b"\xff\xfe", b"[]", b"[" * 100_000])
def test_what_is_no_json_object_still_gives_a_report(data: DataOnDisk, content: bytes) -> None:
    data.path.write_bytes(content)
    report = data.check()
    assert named(report.faults) == Counter({(K.UNREADABLE_JSON, "panoptic_mini.json", ""): 1})
    assert (report.exit_status, report.complete, report.facts.images) == (1, True, 0)


def test_missing_file_still_gives_a_report(tmp_path: Path) -> None:
    (fault,) = check_coco_panoptic(tmp_path / "none.json").faults
    assert str(fault) == f"{tmp_path / 'none.json'}: cannot be read (No such file or directory)"


@pytest.mark.parametrize("name", ["images", "annotations", "categories"])
@pytest.mark.parametrize("value", [None, {}, "text"])
def test_a_missing_list_is_one_fault_and_the_rest_is_looked_at(data: DataOnDisk, name: str, value: Any) -> None:
    data.edit(lambda content: content.pop(name) if value is None else content.update({name: value}))
    data.photo(1).unlink()
    data.png(2).unlink()
    found = named(data.check().faults)
    expected = Counter({(K.TOP_LEVEL, "panoptic_mini.json", name): 1})
    if name != "images":
        expected[K.PHOTO_MISSING, "photo-1.jpg", "images[1].file_name"] = 1
    if name != "annotations":
        expected[K.PNG_MISSING, "photo-2.png", "annotations[2].file_name"] = 1
    assert found == expected


def test_every_list_missing_is_three_faults(data: DataOnDisk) -> None:
    data.path.write_text("{}", encoding="utf-8")
    assert sorted(fault.field for fault in data.check().of(K.TOP_LEVEL)) == ["annotations", "categories", "images"]


def test_empty_lists_are_named(data: DataOnDisk) -> None:
    data.path.write_text('{"images": [], "annotations": [], "categories": []}', encoding="utf-8")
    assert named(data.check().faults) == Counter(
        {
            (K.TOP_LEVEL, "panoptic_mini.json", "categories"): 1,
            (K.LIST_EMPTY, "panoptic_mini.json", "images"): 1,
            (K.LIST_EMPTY, "panoptic_mini.json", "annotations"): 1,
        }
    )


def test_a_missing_folder_is_one_fault(data: DataOnDisk) -> None:
    shutil.rmtree(data.root / "mini")
    shutil.rmtree(data.path.with_suffix(""))
    report = data.check()
    assert named(report.faults) == Counter(
        {(K.FOLDER_MISSING, "panoptic_mini.json", "images"): 1, (K.FOLDER_MISSING, "panoptic_mini", ""): 1}
    )
    assert "such as photo-0.jpg, was not found beside it; looked in " in report.faults[0].message
    report = data.check(images_dir=data.root / "gone")
    assert [fault.file.name for fault in report.of(K.FOLDER_MISSING)] == ["gone", "panoptic_mini"]
    assert report.images_dir is None


def test_photos_that_all_link_out_of_their_folder_are_named(data: DataOnDisk) -> None:
    for image in range(3):
        link_out(data, data.photo(image))
    (data.root / "outside").rename(data.root / ".outside")
    found = data.check()
    assert {fault.kind for fault in found.faults} == {K.OUTSIDE}
    assert found.faults[0].field == "images[0].file_name"


def test_small_images_are_warned_of(tmp_path: Path) -> None:
    data = DataOnDisk(tmp_path)
    with CocoPanopticWriter(data.path, None, Categories((Category(1, "sky", False, (0, 0, 9)),))) as writer:
        for image, size in enumerate([(32, 32), (31, 90), (90, 31)]):
            writer.add(image, f"photo-{image}.jpg", PanopticSegmentation.from_ids(np.ones(size, np.int32), {1: 0}))
    (tmp_path / "mini").mkdir()
    for image, size in enumerate([(32, 32), (31, 90), (90, 31)]):
        save(np.zeros((*size, 3), np.uint8), data.photo(image))
    report = data.check()
    assert named(report.faults) == Counter(
        {(K.IMAGE_SMALL, "panoptic_mini.json", f"images[{index}]"): 1 for index in (1, 2)}
    )
    assert report.faults[0].message == "images[1] is 90 × 31 pixels, less than 32 on a side"


def test_photos_may_be_stated_before_or_after_their_rotation(data: DataOnDisk) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (HEIGHT, WIDTH)).save(data.photo(0), exif=exif)
    Image.new("RGB", (WIDTH, HEIGHT)).save(data.photo(1), exif=exif)
    for decode in (True, False):
        assert data.check(decode_photos=decode).faults == ()


def test_headers_alone_tell_sizes_but_not_truncation(data: DataOnDisk) -> None:
    cut(data.photo(0))
    save(np.zeros((9, 9, 3), np.uint8), data.photo(1))
    report = data.check(decode_photos=False)
    assert [str(fault) for fault in report.faults] == [
        f"{data.photo(1)}: is 9 × 9 pixels, but its data set says 48 × 40 (images[1].file_name)"
    ]


# ---------------------------------------------------------------------------------------------------------- the facts


def test_facts_are_those_that_a_count_by_hand_gives(data: DataOnDisk) -> None:
    facts = data.check().facts
    road, car, crowd = 20 * WIDTH, 10 * 15, 3 * WIDTH
    dogs = [5 * (4 + image) for image in range(3)]
    assert [(c.id, c.name, c.isthing, c.segments, c.crowds, c.pixels) for c in facts.classes] == [
        (7, "road", False, 3, 0, 3 * road),
        (26, "car", True, 3, 3, 3 * (car + crowd)),
        (3, "dog", True, 3, 0, sum(dogs)),
    ]
    assert (facts.images, facts.annotated, facts.segments) == (3, 3, 12)
    assert (facts.things, facts.stuff, facts.crowds) == (6, 3, 3)
    assert (facts.widths, facts.heights) == ((WIDTH, WIDTH), (HEIGHT, HEIGHT))
    void = [1 - (road + car + crowd + dog) / (HEIGHT * WIDTH) for dog in dogs]
    assert facts.void_median == pytest.approx(void[1])
    assert (facts.void_most, facts.void_most_image) == (pytest.approx(void[0]), 10)
    assert facts.smallest_things[:4] == (
        *(SmallThing(dog, 10 + image, DOG, "dog") for image, dog in enumerate(dogs)),
        SmallThing(car, 10, CAR, "car"),
    )
    assert facts.unused == ()


def test_facts_of_two_annotations_of_an_image_are_counted_once(data: DataOnDisk) -> None:
    before = data.check().facts
    data.edit(lambda content: content["annotations"].append(content["annotations"][0]))
    assert data.check().facts == before


def test_real_data_set_has_no_error_and_lacks_only_classes(coco_mini: Path) -> None:
    for split, images, unused in (("train2017", 100, 14), ("val2017", 40, 37)):
        report = check_coco_panoptic(coco_mini / "annotations" / f"panoptic_{split}.json", threads=2)
        assert report.counts == {K.CATEGORY_UNUSED: 1}
        assert f"categories has {unused} of 133 without a segment: " in report.faults[0].message
        assert report.faults[0].message.endswith(f" and {unused - 5} more")
        assert (report.facts.images, report.facts.annotated, len(report.facts.unused)) == (images, images, unused)
        dataset = read_coco_panoptic(report.path)
        areas = [sum(record.json_areas.values()) / (record.width * record.height) for record in dataset.records]
        assert report.facts.void_median == pytest.approx(1 - np.median(areas))
        assert report.facts.segments == sum(len(record.segments) for record in dataset.records)
        assert sum(entry.pixels for entry in report.facts.classes) == sum(
            sum(record.json_areas.values()) for record in dataset.records
        )


# ------------------------------------------------------------------------------------------------ bounds and stopping


def test_of_each_kind_so_many_are_kept_and_all_are_counted(data: DataOnDisk) -> None:
    def spoil(content: dict[str, Any]) -> None:
        for annotation in content["annotations"]:
            for segment in annotation["segments_info"]:
                segment["area"] = -1
        content["images"][0]["width"] = 0

    data.edit(spoil)
    report = data.check(most_per_kind=5)
    assert report.counts == {K.IMAGE: 1, K.SEGMENT: 12}
    assert [fault.field for fault in report.of(K.SEGMENT)] == [
        f"annotations[{image}].segments_info[{segment}].area"
        for image, segment in ((0, 0), (0, 1), (0, 2), (0, 3), (1, 0))
    ]
    assert (report.errors, len(report.faults)) == (13, 6)


def test_threads_change_nothing(data: DataOnDisk) -> None:
    for index in range(3):
        cut(data.photo(index))
        put(f"{SEGMENT}[1].area", 149)(data, index)
    one, many = (check_coco_panoptic(data.path, threads=threads) for threads in (1, 4))
    assert one.faults == many.faults
    assert one.facts == many.facts


def test_progress_counts_images_and_annotations(data: DataOnDisk) -> None:
    told: list[tuple[int, int]] = []
    data.check(progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 6) for done in range(1, 7)]


def test_stopping_leaves_a_report_of_what_was_found(data: DataOnDisk) -> None:
    cut(data.photo(0))
    data.png(2).unlink()
    done: list[int] = []
    report = data.check(progress=lambda number, _: done.append(number), should_stop=lambda: len(done) >= 2)
    assert (done, report.complete) == ([1, 2], False)
    assert named(report.faults) == Counter({(K.PHOTO_WRONG, "photo-0.jpg", "images[0].file_name"): 1})
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("check-data")]


def test_few_files_wait_for_a_thread(data: DataOnDisk) -> None:
    begun: list[int] = []
    with FilesAhead(2, decode_photos=True, progress=None, should_stop=None) as files:
        work = ((begun.append(number) or number, files.photo(data.photo(0), None)) for number in range(1000))
        outcomes = files.in_order(work)
        for expected in range(3):
            number, complaint = next(outcomes)
            assert (number, complaint) == (expected, "")
            assert len(begun) <= expected + 10


def test_the_check_needs_no_torch() -> None:
    code = "import lpsnet.engine.data_check, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
