"""Imported annotations in a project: images start with them, or are changed by one edit that can be undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from lpsnet_studio.annotator.document import Document
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.export_command import export_project
from lpsnet_studio.annotator.exporting import ExportFormat
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.importing import ImportReport, import_annotations, open_source
from lpsnet_studio.annotator.labels import Label, LabelSet
from lpsnet_studio.annotator.project import FileFacts
from lpsnet_studio.annotator.replacing import replacing_edit
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.annotator.take_over import add_photos, plan_import, taken_by

LABELS = LabelSet((Label(4, "road", (1, 2, 3), False), Label(9, "dog", (4, 5, 6), True)))
IDS = np.array([[1, 1, 2], [0, 1, 2]], np.uint16)
INFOS = {1: SegmentInfo(4), 2: SegmentInfo(9, score=0.5)}
OTHER = np.array([[7, 7, 7], [0, 1, 0]], np.uint16)
OTHER_INFOS = {1: SegmentInfo(9), 7: SegmentInfo(9, True)}


def _photos(folder: Path, *names: str) -> list[Path]:
    photos = [folder / name for name in names]
    for photo in photos:
        photo.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 2)).save(photo)
    return photos


def _project(folder: Path, *photos: Path) -> ProjectStore:
    store = ProjectStore.create(folder, LABELS.to_json())
    store.add_images(FileFacts.of(photo) for photo in photos)
    return store


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """The export of a project with three photos, two of one name."""
    store = _project(tmp_path / "first", *_photos(tmp_path / "photos", "a/1.png", "b/1.png", "2.png"))
    for image in (1, 2, 3):
        store.start(image, IDS, INFOS)
    report = export_project(store, ExportFormat.COCO_PANOPTIC, tmp_path / "out", only_done=False)
    store.close()
    return report.path


@pytest.fixture
def second(tmp_path: Path) -> Iterator[ProjectStore]:
    """Another project, with two of the photos, of which the second is begun."""
    store = _project(tmp_path / "second", tmp_path / "photos" / "a" / "1.png", tmp_path / "photos" / "2.png")
    store.start(2, OTHER, OTHER_INFOS)
    yield store
    store.close()


def _take(store: ProjectStore, path: Path, photos: Path) -> ImportReport:
    source = open_source(path, images_dir=photos)
    plan = plan_import(source, store.entries.values())
    return import_annotations(source, LABELS, taken_by(store, source, plan, LABELS))


def test_a_project_takes_over_what_another_has_exported(exported: Path, second: ProjectStore, tmp_path: Path) -> None:
    source = open_source(exported, images_dir=tmp_path / "photos")
    plan = plan_import(source, second.entries.values())
    assert [source.images[place].name for place in plan.images] == ["2.png", "a/1.png"]
    assert (list(plan.images.values()), plan.begun, plan.homeless) == ([2, 1], (2,), ())
    assert [source.images[place].name for place in plan.photos] == ["b/1.png"]
    assert add_photos(source, plan, second) == []
    plan = plan_import(source, second.entries.values())
    assert (len(plan.images), plan.photos) == (3, ())
    report = import_annotations(source, LABELS, taken_by(second, source, plan, LABELS))
    assert (report.images, report.segments, report.skipped) == (3, 6, ())
    for image in (1, 2, 3):
        ids, infos = second.current(image) or pytest.fail("not started")
        assert ids.tolist() == IDS.tolist()
        assert infos == INFOS


def test_what_was_begun_comes_back_by_undo(exported: Path, second: ProjectStore, tmp_path: Path) -> None:
    _take(second, exported, tmp_path / "photos")
    loaded = second.load(2)
    assert loaded is not None
    assert [edit.title for edit in loaded.done_edits] == ["Import from COCO panoptic"]
    second.set_cursor(2, 0)
    ids, infos = second.current(2) or pytest.fail("not started")
    assert ids.tolist() == OTHER.tolist()
    assert infos == OTHER_INFOS
    loaded = second.load(1)
    assert loaded is not None
    assert (loaded.source, loaded.edits) == ("imported from COCO panoptic", ())


@pytest.mark.parametrize("orientation", [3, 6])
def test_photos_are_added_as_their_annotations_state_them_and_stay_so(tmp_path: Path, orientation: int) -> None:
    photo = tmp_path / "photos" / "turned.jpg"
    photo.parent.mkdir()
    picture = Image.new("RGB", (3, 2))
    exif = picture.getexif()
    exif[0x0112] = orientation
    first = _project(tmp_path / "first", *_photos(tmp_path / "photos", "turned.png"))
    first.start(1, IDS, INFOS)
    path = export_project(first, ExportFormat.COCO_PANOPTIC, tmp_path / "out", only_done=False).path
    first.close()
    (tmp_path / "photos" / "turned.png").unlink()
    picture.save(photo, exif=exif)
    content = json.loads(path.read_text())
    content["images"][0]["file_name"] = "turned.jpg"
    path.write_text(json.dumps(content))
    source = open_source(path, images_dir=tmp_path / "photos")
    with closing(ProjectStore.create(tmp_path / "second", LABELS.to_json())) as store:
        assert add_photos(source, plan_import(source, store.entries.values()), store) == []
        plan = plan_import(source, store.entries.values())
        report = import_annotations(source, LABELS, taken_by(store, source, plan, LABELS))
        assert (report.images, report.skipped) == (1, ())
        added = store.entries[1].file
    with closing(ProjectStore.open(tmp_path / "second")) as store:
        again = store.entries[1].file
    assert again == added
    assert again.stated_size == (2, 3), "else its pixels would be turned, and the segments not"
    assert FileFacts.of(photo).stated_size is None


def test_photos_of_labelme_are_added_upright_as_it_shows_them(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.new("RGB", (3, 2)).save(tmp_path / "a.jpg", exif=exif)
    content = {"shapes": [], "imagePath": "a.jpg", "imageHeight": 2, "imageWidth": 3, "imageData": None}
    (tmp_path / "a.json").write_text(json.dumps(content))
    source = open_source(tmp_path / "a.json")
    with closing(ProjectStore.create(tmp_path / "project", LABELS.to_json())) as store:
        assert add_photos(source, plan_import(source, store.entries.values()), store) == []
        assert store.entries[1].file.is_upright


def test_an_import_that_changes_nothing_makes_no_edit(exported: Path, second: ProjectStore, tmp_path: Path) -> None:
    _take(second, exported, tmp_path / "photos")
    made: list[tuple[int, Edit]] = []
    source = open_source(exported, images_dir=tmp_path / "photos")
    plan = plan_import(source, second.entries.values())
    take = taken_by(second, source, plan, LABELS, append=lambda image, edit: made.append((image, edit)))
    assert import_annotations(source, LABELS, take).images == 2
    assert made == []
    second.set_cursor(2, 0)
    import_annotations(source, LABELS, take)
    assert [image for image, _ in made] == [2]


def test_instances_are_laid_over_what_is_there_and_nothing_that_is_locked_changes(tmp_path: Path) -> None:
    """COCO instances say nothing of stuff: what they do not cover is not void for that."""
    photo, *_ = _photos(tmp_path / "photos", "2.png")
    with closing(_project(tmp_path / "first", photo)) as first:
        first.start(1, IDS, INFOS)
        path = export_project(first, ExportFormat.COCO_INSTANCES, tmp_path / "out", only_done=False).path
    with closing(_project(tmp_path / "second", photo)) as store:
        held = {3: SegmentInfo(4), 8: SegmentInfo(9, locked=True)}
        store.start(1, np.array([[3, 3, 3], [3, 8, 8]], np.uint16), held)
        assert _take(store, path, tmp_path / "photos").skipped == ()
        ids, infos = store.current(1) or pytest.fail("not started")
        (new,) = infos.keys() - held.keys()
        assert ids.tolist() == [[3, 3, new], [3, 8, 8]]
        assert infos == {**held, new: SegmentInfo(9, score=0.5)}


def test_stuff_that_is_locked_is_not_joined_which_the_report_says(exported: Path, tmp_path: Path) -> None:
    with closing(_project(tmp_path / "third", tmp_path / "photos" / "2.png")) as store:
        store.start(1, np.array([[5, 0, 0], [0, 0, 0]], np.uint16), {5: SegmentInfo(4, locked=True)})
        report = _take(store, exported, tmp_path / "photos")
        assert ("2.png", "road is locked, and nothing joins it") in report.skipped
        ids, _ = store.current(1) or pytest.fail("not started")
        assert ids.tolist() == [[5, 0, 2], [0, 0, 2]]


def test_an_import_after_a_merge_that_changes_nothing_makes_no_edit(exported: Path, tmp_path: Path) -> None:
    labels = LABELS.add("puppy", isthing=True)
    (puppy,) = {label.id for label in labels} - {label.id for label in LABELS}
    with closing(_project(tmp_path / "third", tmp_path / "photos" / "2.png")) as store:
        store.start(1, IDS, {1: SegmentInfo(4), 2: SegmentInfo(puppy, score=0.5)})
        merged = labels.merge(puppy, 9)
        source = open_source(exported, images_dir=tmp_path / "photos")
        plan = plan_import(source, store.entries.values())
        assert import_annotations(source, merged, taken_by(store, source, plan, merged)).images == 1
        assert store.entries[1].last == 0


def test_images_that_are_not_there_or_of_another_size_are_skipped(exported: Path, tmp_path: Path) -> None:
    (other,) = _photos(tmp_path / "elsewhere", "2.png")
    Image.new("RGB", (5, 5)).save(other)
    store = _project(tmp_path / "third", other)
    try:
        source = open_source(exported, images_dir=tmp_path / "nowhere")
        plan = plan_import(source, store.entries.values())
        assert plan.homeless == ("a/1.png", "b/1.png")
        report = import_annotations(source, LABELS, taken_by(store, source, plan, LABELS))
    finally:
        store.close()
    assert report.images == 0
    assert report.skipped == (
        ("2.png", "it is 3 × 2 pixels there, and 5 × 5 in the project"),
        ("a/1.png", "the project has no such image, or several that it could be"),
        ("b/1.png", "the project has no such image, or several that it could be"),
    )


def test_the_file_says_more_than_its_name(exported: Path, tmp_path: Path) -> None:
    """Two photos are called 1.png in the project, and one of them is the one that is imported."""
    photos = [tmp_path / "photos" / "b" / "1.png", *_photos(tmp_path / "copies", "b/1.png")]
    store = _project(tmp_path / "third", *photos)
    try:
        source = open_source(exported, images_dir=tmp_path / "x" / ".." / "photos")
        assert list(plan_import(source, store.entries.values()).images.values()) == [1]
        source = open_source(exported, images_dir=tmp_path / "nowhere")
        assert plan_import(source, store.entries.values()).images == {}
    finally:
        store.close()


def test_a_photo_that_cannot_be_added_is_named(exported: Path, second: ProjectStore, tmp_path: Path) -> None:
    (tmp_path / "photos" / "b" / "1.png").write_bytes(b"damaged")
    source = open_source(exported, images_dir=tmp_path / "photos")
    ((name, why),) = add_photos(source, plan_import(source, second.entries.values()), second)
    assert name == "b/1.png"
    assert "not an image" in why
    assert len(second.entries) == 2


@given(*[hnp.arrays(np.uint16, (4, 5), elements=st.integers(0, 4))] * 2, st.data())
def test_the_edit_leads_from_one_segmentation_to_another_and_back(
    before: np.ndarray, after: np.ndarray, data: st.DataObject
) -> None:
    maps = [
        IdMap(
            ids,
            {int(n): SegmentInfo(data.draw(st.integers(1, 2)), data.draw(st.booleans())) for n in np.unique(ids) if n},
        )
        for ids in (before, after)
    ]
    document = Document(maps[0].ids, maps[0].segments)
    edit = replacing_edit(*maps, "Import")
    if edit is None:
        assert (before == after).all()
        assert maps[0].segments == maps[1].segments
        return
    document.apply(edit)
    assert (document.ids == after).all()
    assert dict(document.segments) == maps[1].segments
    assert document.is_consistent()
    document.revert(edit)
    assert (document.ids == before).all()
    assert dict(document.segments) == maps[0].segments
