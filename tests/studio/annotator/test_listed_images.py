"""The image list knows how far every image of the project has come, at once and whatever happens to either."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.draft import Draft
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.listed_images import TO_APPROVE, ListedImages
from lpsnet_studio.annotator.project import FileFacts, Status
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.inference.messages import ImageSource, TruthSource
from lpsnet_studio.session import Session
from lpsnet_studio.state import UNREVIEWED, Entry
from tests.studio.annotator.desks import begin_empty, photos_in, undelayed_desk
from tests.studio.annotator.editing import LABELS, PERSON

SIZE = (6, 8)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = undelayed_desk()
    yield made
    assert not made.shut()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    return photos_in(tmp_path / "photos", 5, SIZE)


@pytest.fixture
def listed(session: Session, desk: Desk, photos: list[Path], tmp_path: Path) -> ListedImages:
    """A list of five photos, of which the project has the first four, and the last three of these are begun."""
    made = ListedImages(session, desk)
    session.set_entries([Entry(path.name, ImageSource(str(path))) for path in photos])
    desk.new_project(tmp_path / "project", LABELS, photos[:4])
    begin_empty(store_of(desk), (2, 3, 4))
    return made


def reviews(session: Session) -> list[str]:
    return [entry.review for entry in session.entries]


def store_of(desk: Desk) -> ProjectStore:
    assert desk.store is not None
    return desk.store


def test_images_are_told_of_as_the_project_opens_and_closes(listed: ListedImages, session: Session, desk: Desk) -> None:
    assert reviews(session) == ["todo"] * 4 + ["outside"]
    assert [listed.image_at(index) for index in (-1, 0, 3, 4, 5)] == [0, 1, 4, 0, 0]
    folder = store_of(desk).folder
    desk.set_status(Status.APPROVED, 2)
    desk.set_note("the kite is missing", 3)
    desk.close_project()
    assert reviews(session) == [""] * 5
    assert [entry.note for entry in session.entries] == [""] * 5
    desk.open_project(folder)
    assert reviews(session) == ["todo", "approved", "todo", "todo", "outside"]
    assert session.entries[2].note == "the kite is missing"


def test_another_list_is_told_of_too(listed: ListedImages, session: Session, desk: Desk, photos: list[Path]) -> None:
    desk.set_status(Status.DONE, 4)
    session.set_entries([Entry("again", ImageSource(str(photos[index]))) for index in (4, 3, 0, 3)])
    assert reviews(session) == ["outside", "done", "todo", "done"]
    desk.set_status(Status.TODO, 4)
    assert reviews(session) == ["outside", "todo", "todo", "todo"], "one image may be listed twice"


def test_images_are_found_by_their_place_on_the_disk_however_it_is_written(
    listed: ListedImages, session: Session, photos: list[Path]
) -> None:
    session.set_entries([Entry("odd", ImageSource(f"{photos[0].parent}/../photos/./{photos[0].name}"))])
    assert reviews(session) == ["todo"]


def test_the_first_edit_begins_an_image_and_later_ones_tell_the_list_nothing(
    listed: ListedImages, session: Session, desk: Desk, photos: list[Path]
) -> None:
    desk.look_at(photos[0])
    desk.begin_empty()
    assert desk.editor is not None
    told: list[bool] = []
    session.reviews_changed.connect(lambda: told.append(True))

    def paint(draft: Draft, place: int) -> None:
        draft.set_info(1, SegmentInfo(PERSON))
        draft.put(np.ones((2, 2), bool), (place, place), 1)

    for place in range(3):
        desk.editor.commit("Brush", partial(paint, place=place))
    assert desk.editor.history.position == 3
    assert reviews(session)[0] == "in_progress"
    assert len(told) == 1


def test_images_that_come_and_go_are_told_of(
    listed: ListedImages, session: Session, desk: Desk, photos: list[Path]
) -> None:
    desk.add_images(photos[4:])
    assert reviews(session) == ["todo"] * 5
    store_of(desk).remove_images([1, 2])
    assert reviews(session) == ["outside", "outside", "todo", "todo", "todo"]


def test_what_changes_is_told_with_one_pass_over_what_changed(
    session: Session, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [FileFacts(tmp_path / f"{number}.png", *SIZE, 1, 1) for number in range(2_000)]
    store = ProjectStore.create(tmp_path / "project", LABELS.to_json())
    store.add_images(files)
    begin_empty(store, [1_000])
    store.close()
    made = ListedImages(session, desk)
    told: list[bool] = []
    session.reviews_changed.connect(lambda: told.append(True))
    session.set_entries([Entry(file.path.name, ImageSource(str(file.path))) for file in files])
    desk.open_project(tmp_path / "project")
    assert len(told) == 1
    asked: list[list[int]] = []
    learn = session.take_reviews
    monkeypatch.setattr(session, "take_reviews", lambda known: (asked.append(list(known)), learn(known)))
    desk.set_status(Status.DONE, 1_000)
    assert asked == [[999]]
    assert len(told) == 2
    assert session.entries[999].review == "done"
    assert made.image_at(999) == 1_000


def test_what_comes_next_is_what_is_to_be_annotated_and_for_reviewers_what_is_done(
    listed: ListedImages, session: Session, desk: Desk
) -> None:
    desk.set_status(Status.DONE, 2)
    desk.set_status(Status.DONE, 4)
    session.open_index(0)
    assert listed.coming() == [2, 1], "the next to do, then the neighbour"
    session.open_index(1)
    assert listed.coming() == [3, 2], "the next that is done, then the neighbour"
    session.open_index(4)
    assert listed.coming() == [0], "the list begins again, and has no neighbour at its end"
    session.filter_entries("is:done")
    session.open_index(1)
    assert listed.coming() == [3]
    assert listed.hidden(UNREVIEWED) == 2
    assert listed.hidden(TO_APPROVE) == 0


def test_the_next_image_is_read_while_one_is_looked_at(
    listed: ListedImages, session: Session, desk: Desk, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[int] = []
    monkeypatch.setattr(desk, "read_ahead", wanted.append)
    desk.look_at(photos[1])
    assert wanted == [], "the list has another image open than lies on the desk"
    desk.look_at(photos[0])
    assert set(wanted) == {2}
    desk.set_status(Status.DONE, 2)
    assert wanted[-1] == 3


def test_photos_of_a_data_set_come_into_the_project_and_back_as_they_are_stated(
    window: Any, session: Session, tmp_path: Path
) -> None:
    """A data set may annotate a photo as it is stored, and the window shows it so: the project has to, too."""
    photo = Image.new("RGB", (8, 6))
    exif = photo.getexif()
    exif[0x0112] = 6
    paths = [tmp_path / "stated.jpg", tmp_path / "turned.jpg"]
    for path in paths:
        photo.save(path, exif=exif)
    session.set_entries(
        [
            Entry("stated.jpg", ImageSource(str(paths[0]), TruthSource("/truth.json", 1)), size=(6, 8)),
            Entry("turned.jpg", ImageSource(str(paths[1])), size=(8, 6)),
        ]
    )
    commands, desk = window.commands.annotate, window.annotation.desk
    desk.work, desk.deliver = lambda work, done, **_: done(work()), lambda call: call()
    desk.new_project(tmp_path / "project", LABELS)
    commands.add_listed()
    assert [(entry.file.height, entry.file.width) for entry in desk.entries] == [(6, 8), (8, 6)]
    session.set_entries([])
    commands.show_image(1)
    assert [entry.source.stated_size for entry in session.entries] == [(6, 8), None]
    assert not desk.shut()
