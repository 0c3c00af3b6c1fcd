"""Exports: valid for others, the same on re-import, whole or not at all, and nothing of anybody else's replaced."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from lpsnet.formats import atomic, staged_folder
from lpsnet.formats.coco_panoptic import read_coco_panoptic
from lpsnet.formats.semantic_png import read_semantic_png
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.exporting import (
    ExportCancelled,
    ExportedImage,
    ExportError,
    ExportFormat,
    ExportReport,
    export,
    export_names,
)
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.importing import ImportedImage, import_annotations, open_source
from lpsnet_studio.annotator.labels import Label, LabelSet
from lpsnet_studio.annotator.project import Status
from tests.studio.annotator.panoptic_rules import panoptic_faults

ROAD, CAR, DOG = 7, 26, 3
LABELS = LabelSet(
    (
        Label(ROAD, "road", (128, 64, 128), False),
        Label(CAR, "car", (0, 0, 142), True, "vehicle", "1"),
        Label(DOG, "dog", (9, 9, 9), True),
    )
)
IDS = np.array([[0, 5, 5, 70], [5, 5, 5, 70], [99, 0, 5, 5]], np.uint16)
INFOS = {5: SegmentInfo(ROAD), 70: SegmentInfo(CAR, score=0.5), 99: SegmentInfo(DOG, iscrowd=True, locked=True)}
FORMATS = list(ExportFormat)


def image(
    identity: int,
    name: str,
    status: Status = Status.DONE,
    ids: np.ndarray = IDS,
    infos: Mapping[int, SegmentInfo] = INFOS,
) -> ExportedImage:
    height, width = ids.shape
    return ExportedImage(identity, name, status, (height, width), lambda: IdMap(ids, infos))


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def content_of(out: Path, kind: ExportFormat) -> Any:
    return json.loads((out / kind.json_name).read_text(encoding="utf-8"))


# -------------------------------------------------------------------------------------------------------- what is in it


@st.composite
def id_maps(draw: st.DrawFn) -> IdMap:
    ids = draw(hnp.arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 5)))
    ids = np.where(ids == 5, np.uint16(65535), ids)
    infos = {
        int(number): SegmentInfo(
            draw(st.sampled_from((ROAD, CAR, DOG))), draw(st.booleans()), score=draw(st.none() | st.floats(0, 1))
        )
        for number in np.unique(ids)
        if number
    }
    return IdMap(ids, infos)


@given(st.lists(id_maps(), min_size=1, max_size=3))
@settings(max_examples=30)
def test_a_panoptic_export_keeps_the_rules_and_comes_back_as_it_was(maps: list[IdMap]) -> None:
    images = [
        ExportedImage(place + 1, f"{place}/a.jpg", Status.DONE, each.ids.shape, lambda each=each: each)
        for place, each in enumerate(maps)
    ]
    with tempfile.TemporaryDirectory() as folder:
        report = export(images, LABELS, ExportFormat.COCO_PANOPTIC, Path(folder) / "out", only_done=True)
        assert panoptic_faults(report.path) == []
        back: list[ImportedImage] = []
        told = import_annotations(open_source(report.path), LABELS, back.append)
    assert [entry.source.name for entry in back] == [each.name for each in images]
    assert (told.images, told.segments, told.skipped, told.overlaps) == (len(maps), report.segments, (), ())
    for before, after in zip(maps, back, strict=True):
        assert (after.id_map.ids == before.ids).all()
        assert after.id_map.segments == before.segments


def test_categories_keep_their_colours_and_images_their_ids(tmp_path: Path) -> None:
    report = export([image(12, "x/1.jpg")], LABELS, ExportFormat.COCO_PANOPTIC, tmp_path / "out", only_done=True)
    content = content_of(tmp_path / "out", ExportFormat.COCO_PANOPTIC)
    assert content["categories"][1] == {
        "id": CAR, "name": "car", "supercategory": "vehicle", "isthing": 1, "color": [0, 0, 142]
    }  # fmt: skip
    assert content["images"] == [{"id": 12, "file_name": "x/1.jpg", "width": 4, "height": 3}]
    dog = content["annotations"][0]["segments_info"][2]
    assert dog == {"id": 99, "category_id": DOG, "iscrowd": 1, "bbox": [0, 2, 1, 1], "area": 1}
    assert (report.images, report.segments) == (1, 3)


def test_instances_are_loaded_by_pycocotools_with_equal_areas(tmp_path: Path) -> None:
    kind = ExportFormat.COCO_INSTANCES
    report = export([image(12, "1.jpg"), image(7, "2.jpg")], LABELS, kind, tmp_path / "out", only_done=True)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(report.path))
    annotations = coco.loadAnns(coco.getAnnIds())
    assert [(entry["id"], entry["image_id"], entry["category_id"]) for entry in annotations] == [
        (1, 12, CAR), (2, 12, DOG), (3, 7, CAR), (4, 7, DOG)
    ]  # fmt: skip
    assert [entry["iscrowd"] for entry in annotations] == [0, 1, 0, 1]
    assert all(coco_mask.area(entry["segmentation"]) == entry["area"] for entry in annotations)
    assert (coco.annToMask(annotations[0]) == (IDS == 70)).all()
    assert (report.segments, report.stuff) == (4, 2)
    assert report.sentences()[-1] == "2 segments of stuff are not instances, and not in the file."


def test_semantic_maps_hold_places_in_the_label_set(tmp_path: Path) -> None:
    report = export([image(1, "1.jpg")], LABELS, ExportFormat.SEMANTIC_PNG, tmp_path / "out", only_done=True)
    dataset = read_semantic_png(report.path)
    expected = [[255, 0, 0, 1], [0, 0, 0, 1], [2, 255, 0, 0]]
    assert dataset.read_labels(dataset.records[0]).tolist() == expected
    assert [entry.name for entry in dataset.categories] == ["road", "car", "dog"]


def test_segments_follow_their_label_into_another_and_are_void_without_one(tmp_path: Path) -> None:
    labels = LABELS.merge(CAR, DOG).delete(ROAD)
    report = export([image(1, "1.jpg"), image(2, "2.jpg")], labels, FORMATS[0], tmp_path / "out", only_done=True)
    assert panoptic_faults(report.path) == []
    segments = content_of(tmp_path / "out", FORMATS[0])["annotations"][0]["segments_info"]
    assert [(segment["id"], segment["category_id"]) for segment in segments] == [(70, DOG), (99, DOG)]
    assert report.strangers == {ROAD: 2}
    assert "2 segments became void: their label was deleted." in report.sentences()


def test_images_without_a_segment_are_written_and_named(tmp_path: Path) -> None:
    void = image(2, "void.jpg", ids=np.zeros((2, 3), np.uint16), infos={})
    untouched = ExportedImage(3, "untouched.jpg", Status.DONE, (2, 3), lambda: None)
    for kind in FORMATS:
        report = export([image(1, "1.jpg"), void, untouched], LABELS, kind, tmp_path / kind, only_done=True)
        names = [entry["file_name"] for entry in content_of(tmp_path / kind, kind)["images"]]
        assert names == ["1.jpg", "void.jpg"]
        assert (report.void, report.not_started) == (("void.jpg",), 1)
        assert "1 image without a single segment: void.jpg." in report.sentences()
        assert "1 image left out that were never annotated." in report.sentences()
        assert report.summary() == f"{report.sentences()[0]} 1 image left out that were never annotated."
    assert panoptic_faults(tmp_path / FORMATS[0] / "panoptic.json") == []
    assert content_of(tmp_path / FORMATS[0], FORMATS[0])["annotations"][1]["segments_info"] == []


def test_several_segments_of_one_stuff_class_are_told(tmp_path: Path) -> None:
    infos = {5: SegmentInfo(ROAD), 70: SegmentInfo(ROAD), 99: SegmentInfo(CAR)}
    report = export([image(1, "1.jpg", infos=infos)], LABELS, FORMATS[0], tmp_path / "out", only_done=True)
    assert report.twice == ("1.jpg",)
    assert report.segments == 3


def test_done_and_approved_alone_or_all(tmp_path: Path) -> None:
    images = [image(number, f"{status}.jpg", status) for number, status in enumerate(Status, start=1)]
    report = export(images, LABELS, FORMATS[0], tmp_path / "out", only_done=True)
    assert (report.images, report.not_done) == (2, 2)
    assert [entry["id"] for entry in content_of(tmp_path / "out", FORMATS[0])["images"]] == [4, 3]
    assert export(images, LABELS, FORMATS[0], tmp_path / "out", only_done=False).images == 4


@pytest.mark.parametrize("kind", FORMATS)
def test_the_order_of_images_and_the_bytes_do_not_depend_on_the_order_they_come_in(
    tmp_path: Path, kind: ExportFormat
) -> None:
    images = [image(3, "img10.jpg"), image(1, "img2.jpg"), image(2, "b/img2.jpg"), image(4, "IMG2.jpg")]
    export(images, LABELS, kind, tmp_path / "one", only_done=True)
    export(reversed(images), LABELS, kind, tmp_path / "other", only_done=True)
    assert files_in(tmp_path / "one") == files_in(tmp_path / "other")
    names = [entry["file_name"] for entry in content_of(tmp_path / "one", kind)["images"]]
    assert names == ["b/img2.jpg", "IMG2.jpg", "img2.jpg", "img10.jpg"]


ODD_NAMES = [
    '"quoted" \n.jpg',
    "naïve été 漢字.jpg",
    "a/same.jpg",
    "b/same.jpg",
    "-.jpg",
    ".jpg",
    "100%.jpg",
    "\udcff.jpg",
]


@pytest.mark.parametrize("kind", [ExportFormat.COCO_PANOPTIC, ExportFormat.SEMANTIC_PNG])
def test_odd_names_come_back(tmp_path: Path, kind: ExportFormat) -> None:
    images = [image(number, name) for number, name in enumerate(ODD_NAMES)]
    report = export(images, LABELS, kind, tmp_path / "out", only_done=True)
    assert report.failed == ()
    if kind is ExportFormat.COCO_PANOPTIC:
        assert panoptic_faults(report.path) == []
        records = read_coco_panoptic(report.path).records
    else:
        records = read_semantic_png(report.path).records
    assert sorted(record.file_name for record in records) == sorted(ODD_NAMES)
    assert len({record.png_path for record in records}) == len(ODD_NAMES)
    assert all(record.png_path.is_file() for record in records)


def test_an_image_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    def fail() -> IdMap:
        raise OSError("its edit 3 is damaged")

    images = [
        image(1, "good.jpg"),
        ExportedImage(2, "bad.jpg", Status.DONE, (3, 4), fail),
        ExportedImage(3, "turned.jpg", Status.DONE, (4, 3), lambda: IdMap(IDS, INFOS)),
        ExportedImage(4, "strange.jpg", Status.DONE, (3, 4), lambda: IdMap(IDS, {5: SegmentInfo(ROAD)})),
        image(5, "..\\up.jpg"),
    ]
    report = export(images, LABELS, FORMATS[0], tmp_path / "out", only_done=True)
    assert report.images == 1
    assert dict(report.failed) == {
        "bad.jpg": "its edit 3 is damaged",
        "turned.jpg": "its segments lie on 4 × 3 pixels, but the image has 3 × 4",
        "strange.jpg": "number 70 of the id map belongs to no segment",
        "..\\up.jpg": "readers would look for a photo of this name outside the folder of photos",
    }
    assert "bad.jpg was left out: its edit 3 is damaged" in report.sentences()


# ------------------------------------------------------------------------------------------------------------ replacing


@pytest.mark.parametrize("kind", FORMATS)
def test_an_earlier_export_is_replaced_whole(tmp_path: Path, kind: ExportFormat) -> None:
    out = tmp_path / "out"
    export([image(1, "1.jpg"), image(2, "gone.jpg")], LABELS, kind, out, only_done=True)
    (out / ".DS_Store").touch()
    export([image(1, "1.jpg")], LABELS, kind, out, only_done=True)
    export([image(1, "1.jpg")], LABELS, kind, tmp_path / "fresh", only_done=True)
    assert files_in(out) == files_in(tmp_path / "fresh")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh", "out"]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("stranger", ["notes.txt", "panoptic/mine.png", "semantic/mine.png", "photos/1.jpg"])
def test_what_no_export_has_made_is_not_replaced(tmp_path: Path, kind: ExportFormat, stranger: str) -> None:
    out = tmp_path / "out"
    export([image(1, "1.jpg")], LABELS, kind, out, only_done=True)
    (out / stranger).parent.mkdir(exist_ok=True)
    (out / stranger).write_bytes(b"mine")
    before = files_in(tmp_path)
    with pytest.raises(ExportError, match=r"holds what no .* export has made .* would be replaced"):
        export([image(2, "2.jpg")], LABELS, kind, out, only_done=True)
    assert files_in(tmp_path) == before


def test_ground_truth_of_others_is_not_replaced(tmp_path: Path) -> None:
    content = {"info": {"year": 2017}, "images": [], "annotations": [], "categories": []}
    (tmp_path / "panoptic.json").write_text(json.dumps(content))
    with pytest.raises(ExportError, match=r"\(panoptic\.json\)"):
        export([image(1, "1.jpg")], LABELS, FORMATS[0], tmp_path, only_done=True)
    (tmp_path / "panoptic.json").write_text("{")
    with pytest.raises(ExportError, match="cannot be told from an export"):
        export([image(1, "1.jpg")], LABELS, FORMATS[0], tmp_path, only_done=True)
    with pytest.raises(ExportError, match="a file has this name"):
        export([image(1, "1.jpg")], LABELS, FORMATS[0], tmp_path / "panoptic.json", only_done=True)
    assert files_in(tmp_path) == {"panoptic.json": b"{"}


def test_one_format_does_not_replace_another(tmp_path: Path) -> None:
    export([image(1, "1.jpg")], LABELS, FORMATS[0], tmp_path / "out", only_done=True)
    with pytest.raises(ExportError, match=r"\(panoptic and 1 more\)"):
        export([image(1, "1.jpg")], LABELS, FORMATS[1], tmp_path / "out", only_done=True)


def test_a_file_that_is_put_there_meanwhile_is_not_lost(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export([image(1, "1.jpg")], LABELS, FORMATS[0], out, only_done=True)

    def put(done: int, total: int, name: str) -> None:
        (out / "notes.txt").write_bytes(b"mine")

    before = files_in(out)
    with pytest.raises(ExportError, match=r"notes\.txt"):
        export([image(2, "2.jpg")], LABELS, FORMATS[0], out, only_done=True, progress=put)
    assert files_in(tmp_path) == {f"out/{name}": content for name, content in {**before, "notes.txt": b"mine"}.items()}


@pytest.mark.parametrize(
    ("images", "labels", "kind", "complaint"),
    [
        ([], LABELS, 0, "the project has no images"),
        ([image(1, "1.jpg", Status.TODO)], LABELS, 0, "none of 1 image is done; 1 annotated image is not done yet"),
        ([image(1, "1.jpg")], LabelSet(), 0, "the project has no labels"),
        ([image(1, "1.jpg")], LabelSet((LABELS[ROAD],)), 1, "none of the labels is a thing"),
        (
            [ExportedImage(1, "1.jpg", Status.DONE, (3, 4), lambda: None)],
            LABELS,
            0,
            "nothing was annotated yet on 1 im",
        ),
        (
            [
                *(ExportedImage(n, f"{n}.jpg", Status.DONE, (3, 4), lambda: None, is_begun=False) for n in (1, 2)),
                *(image(n, f"{n}.jpg", Status.IN_PROGRESS) for n in (3, 4)),
                ExportedImage(5, "5.jpg", Status.TODO, (3, 4), lambda: None, is_begun=False),
            ],
            LABELS,
            0,
            "annotated yet on the 2 images called done, and 2 annotated images are not done yet",
        ),
        (
            [ExportedImage(1, "1.jpg", Status.DONE, (9, 9), lambda: IdMap(IDS, INFOS))],
            LABELS,
            0,
            r"of 1\.jpg, its segm",
        ),
    ],
)
def test_nothing_to_export_leaves_the_earlier_export(
    tmp_path: Path, images: list[ExportedImage], labels: LabelSet, kind: int, complaint: str
) -> None:
    export([image(1, "1.jpg")], LABELS, FORMATS[kind], tmp_path / "out", only_done=True)
    before = files_in(tmp_path)
    with pytest.raises(ExportError, match=complaint):
        export(images, labels, FORMATS[kind], tmp_path / "out", only_done=True)
    assert files_in(tmp_path) == before


def test_progress_is_told_and_a_cancelled_export_leaves_the_earlier_one(tmp_path: Path) -> None:
    images = [image(number, f"{number}.jpg") for number in (1, 2, 3)]
    told: list[tuple[int, int, str]] = []
    export(images, LABELS, FORMATS[0], tmp_path / "out", only_done=True, progress=lambda *each: told.append(each))
    assert told == [(0, 3, "1.jpg"), (1, 3, "2.jpg"), (2, 3, "3.jpg"), (3, 3, "")]
    before = files_in(tmp_path)
    for moment in range(4):
        answers = iter([False] * moment + [True])
        with pytest.raises(ExportCancelled):
            export(images[:3], LABELS, FORMATS[0], tmp_path / "out", only_done=True, cancelled=lambda: next(answers))  # noqa: B023
        assert files_in(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# --------------------------------------------------------------------------------------------------- failing and killed


def _old(out: Path, kind: ExportFormat) -> dict[str, bytes]:
    export([image(1, "1.jpg"), image(2, "2.jpg")], LABELS, kind, out, only_done=True)
    return files_in(out)


def _new(out: Path, kind: ExportFormat) -> ExportReport:
    other = np.array(IDS.T)
    return export([image(1, "1.jpg", ids=other), image(3, "3.jpg", ids=other)], LABELS, kind, out, only_done=True)


class _Steps:
    """Every call that changes the disk, counted; something is done at one of them."""

    def __init__(self, at: int, act: Callable[[], None]) -> None:
        self.count, self._at, self._act = 0, at, act

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for owner, names in (
            (Path, ("mkdir", "rename", "replace", "chmod", "open")),
            (os, ("fsync",)),
            (atomic, ("_write_through",)),
            (staged_folder, ("_exchange",)),
        ):
            for name in names:
                monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, real: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self.count += 1
            if self.count - 1 == self._at:
                self._act()
            return real(*arguments, **options)

        return call


def _full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_write_that_fails_anywhere_leaves_the_earlier_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: ExportFormat
) -> None:
    out = tmp_path / "out"
    _new(out, kind)
    new = files_in(out)
    failed, step = 0, 0
    while True:
        old = _old(out, kind)
        steps = _Steps(step, _full)
        with monkeypatch.context() as patch:
            steps.patch(patch)
            failure = _failure(lambda: _new(out, kind))
        if failure is None and steps.count <= step:
            break
        assert files_in(out) == (new if failure is None else old)
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        if failure is not None:
            failed += 1
            assert failure.startswith(str(out))
            assert "no space left on device" in failure.casefold()
        step += 1
    assert failed >= 12


def _failure(run: Callable[[], object]) -> str | None:
    try:
        run()
    except (OSError, ExportError) as error:
        return str(error)
    return None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks, and expects the exchange of folders")
@pytest.mark.parametrize("kind", [FORMATS[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in FORMATS[1:])])
def test_kill_9_at_every_step_leaves_the_earlier_export_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: ExportFormat
) -> None:
    out = tmp_path / "out"
    _new(out, kind)
    new, old = files_in(out), _old(out, kind)
    killed = set()
    for step in _until_done(lambda step: _killed_at(step, monkeypatch, lambda: _new(out, kind))):
        found = files_in(out)
        assert found in (old, new)
        killed.add(found == new)
        assert step < 200
        _old(out, kind)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    assert killed == {False, True}


def _until_done(run: Callable[[int], bool]) -> Iterator[int]:
    step = 0
    while run(step):
        yield step
        step += 1


def _killed_at(step: int, monkeypatch: pytest.MonkeyPatch, run: Callable[[], object]) -> bool:
    """Runs something in a child process that is killed at one of its steps; returns whether it came to that."""
    child = os.fork()
    if child == 0:
        try:
            _Steps(step, lambda: os.kill(os.getpid(), signal.SIGKILL)).patch(monkeypatch)
            run()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


# ---------------------------------------------------------------------------------------------------------------- names


def test_names_begin_at_the_folder_that_all_photos_lie_below() -> None:
    root, names = export_names([Path("/data/x/1.jpg"), Path("/data/y/z/1.jpg"), Path("/data/2.jpg")])
    assert (root, names) == (Path("/data"), ["x/1.jpg", "y/z/1.jpg", "2.jpg"])
    assert export_names([Path("/data/x/1.jpg")]) == (Path("/data/x"), ["1.jpg"])
    assert export_names([]) == (None, [])


def test_a_name_that_readers_would_take_for_a_drive_begins_a_folder_earlier() -> None:
    root, names = export_names([Path("/data/x/c:1.jpg"), Path("/data/x/2.jpg")])
    assert (root, names) == (Path("/data"), ["x/c:1.jpg", "x/2.jpg"])


def test_photos_on_two_drives_are_named_by_their_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def differ(paths: Any) -> str:
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr("lpsnet_studio.annotator.exporting.os.path.commonpath", differ)
    root, names = export_names([Path("/d10/1.jpg"), Path("/d2/1.JPG"), Path("/d2/2.jpg")])
    assert (root, names) == (None, ["2/1.jpg", "1/1.JPG", "2.jpg"])
