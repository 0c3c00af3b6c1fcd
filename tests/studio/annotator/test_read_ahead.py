"""The next image is there at once, and never one that was changed since it was read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lpsnet_studio.annotator import read_ahead
from lpsnet_studio.annotator.document import Document
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.opened_image import OpenedImage, open_image
from lpsnet_studio.annotator.project import FileFacts, Status
from lpsnet_studio.annotator.project_errors import ProjectDamaged
from lpsnet_studio.annotator.read_ahead import ReadAhead
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.desks import Later, begun_desk, photos_in
from tests.studio.annotator.editing import CAR, LABELS, PERSON

SIZE = (6, 8)
IDS = np.repeat(np.arange(1, 4, dtype=np.uint16), 16).reshape(SIZE)
INFOS = {1: SegmentInfo(PERSON), 2: SegmentInfo(PERSON), 3: SegmentInfo(CAR)}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    made = ProjectStore.create(tmp_path / "project", LABELS.to_json())
    made.add_images([FileFacts(tmp_path / f"{n}.png", *SIZE, 1, 1) for n in range(3)])
    for image in (1, 2):
        made.start(image, IDS, INFOS, "a test")
    yield made
    made.close()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The images that were read from the disk."""
    found: list[int] = []

    def reading(store: ProjectStore, image: int) -> OpenedImage | None:
        found.append(image)
        return open_image(store, image)

    monkeypatch.setattr(read_ahead, "open_image", reading)
    return found


def at_once(work: Callable[[], Any], done: Callable[[Any], None], **_: Any) -> None:
    done(work())


@pytest.fixture
def ahead(store: ProjectStore) -> ReadAhead:
    made = ReadAhead(at_once)
    made.follow(store)
    return made


def stroke(store: ProjectStore, image: int) -> Edit:
    ids, segments = store.current(image) or (None, None)
    assert ids is not None
    assert segments is not None
    draft = Document(ids, segments).draft("Brush")
    draft.put(np.ones((2, 2), bool), (0, 0), int(ids[0, 0]) % 3 + 1)
    edit = draft.finish()
    assert edit is not None
    return edit


def test_what_was_read_ahead_is_given_once_and_is_what_would_have_been_read(
    store: ProjectStore, ahead: ReadAhead, reads: list[int]
) -> None:
    store.append(1, stroke(store, 1))
    ahead.prepare(1)
    ahead.prepare(1)
    assert reads == [1]
    given = ahead.open(store, 1)
    assert reads == [1]
    again = ahead.open(store, 1)
    assert reads == [1, 1]
    assert given is not None
    assert again is not None
    assert given is not again, "a document belongs to one editor"
    np.testing.assert_array_equal(given.document.ids, again.document.ids)
    assert dict(given.document.segments) == dict(again.document.segments)
    assert given.image == again.image


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.append(1, stroke(store, 1)),
        lambda store: store.start(1, np.flipud(IDS).copy(), INFOS, "another"),
        lambda store: store.set_cursor(1, 0),
        lambda store: store.set_labels(LABELS.to_json(), [(1, stroke(store, 1))]),
        lambda store: store.dropped.emit(1, 1),
    ],
)
def test_any_change_of_the_image_makes_it_void(
    store: ProjectStore, ahead: ReadAhead, reads: list[int], change: Callable[[ProjectStore], Any]
) -> None:
    store.append(1, stroke(store, 1))
    ahead.prepare(1)
    change(store)
    given = ahead.open(store, 1)
    assert reads == [1, 1]
    assert given is not None
    expected = store.current(1)
    assert expected is not None
    np.testing.assert_array_equal(given.document.ids, expected[0])


def test_changes_of_others_leave_it(store: ProjectStore, ahead: ReadAhead, reads: list[int]) -> None:
    ahead.prepare(1)
    store.append(2, stroke(store, 2))
    store.set_status(3, Status.DONE)
    ahead.open(store, 1)
    assert reads == [1]


def test_another_image_and_another_project_are_read_anew(
    store: ProjectStore, ahead: ReadAhead, reads: list[int], tmp_path: Path
) -> None:
    ahead.prepare(1)
    ahead.open(store, 2)
    assert reads == [1, 2]
    ahead.prepare(2)
    ahead.follow(None)
    ahead.open(store, 2)
    assert reads[-2:] == [2, 2]


def test_nothing_is_read_that_was_never_started_or_may_change_without_a_word(
    store: ProjectStore, ahead: ReadAhead, reads: list[int]
) -> None:
    ahead.prepare(3)
    ahead.prepare(99)
    assert store.flush(10)
    other = ProjectStore.open(store.folder, read_only=True)
    ahead.follow(other)
    ahead.prepare(1)
    assert reads == []
    assert ahead.open(other, 1) is not None
    other.close()


def test_whoever_opens_what_is_being_read_waits_for_that(store: ProjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_go_on, reads = threading.Event(), threading.Event(), []

    def slowly(store: ProjectStore, image: int) -> OpenedImage | None:
        reads.append(image)
        begun.set()
        assert may_go_on.wait(10)
        return open_image(store, image)

    monkeypatch.setattr(read_ahead, "open_image", slowly)
    threads: list[threading.Thread] = []

    def beside(work: Callable[[], Any], done: Callable[[Any], None], **_: Any) -> None:
        threads.append(threading.Thread(target=work))
        threads[-1].start()

    ahead = ReadAhead(beside)
    ahead.follow(store)
    ahead.prepare(1)
    assert begun.wait(10)
    given: list[OpenedImage | None] = []
    opening = threading.Thread(target=lambda: given.append(ahead.open(store, 1)))
    opening.start()
    may_go_on.set()
    for thread in (*threads, opening):
        thread.join(10)
    assert reads == [1]
    assert given[0] is not None


def test_a_change_while_it_is_read_makes_it_void(store: ProjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []

    def changed_behind(store: ProjectStore, image: int) -> OpenedImage | None:
        reads.append(image)
        opened = open_image(store, image)
        if len(reads) == 1:
            store.append(1, stroke(store, 1))
        return opened

    monkeypatch.setattr(read_ahead, "open_image", changed_behind)
    ahead = ReadAhead(at_once)
    ahead.follow(store)
    ahead.prepare(1)
    given = ahead.open(store, 1)
    assert reads == [1, 1]
    assert given is not None
    assert given.document.ids[0, 0] == 2


def test_what_has_not_begun_to_be_read_is_not_waited_for(store: ProjectStore, reads: list[int]) -> None:
    later = Later()
    ahead = ReadAhead(later)
    ahead.follow(store)
    ahead.prepare(1)
    assert ahead.open(store, 1) is not None
    later.go_on()
    assert reads == [1]


def test_what_cannot_be_read_is_told_to_whoever_looks_at_it(
    store: ProjectStore, ahead: ReadAhead, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: Any) -> None:
        raise ProjectDamaged("project.sqlite: what is kept of 0.png cannot be read")

    monkeypatch.setattr(read_ahead, "open_image", damaged)
    ahead.prepare(1)
    with pytest.raises(ProjectDamaged, match=r"0\.png"):
        ahead.open(store, 1)


def test_a_desk_goes_on_to_what_it_has_read_ahead(tmp_path: Path, reads: list[int]) -> None:
    desk = begun_desk(tmp_path, IDS, INFOS)
    assert desk.store is not None
    photos = photos_in(tmp_path / "photos", 3, SIZE)
    desk.look_at(photos[1])
    desk.begin_empty()
    desk.look_at(photos[0])
    del reads[:]
    desk.read_ahead(1)
    desk.read_ahead(0)
    assert reads == [], "it is on the desk"
    desk.read_ahead(2)
    desk.look_at(photos[1])
    assert reads == [2]
    assert desk.place == "editing"
    desk.look_at(photos[2])
    desk.look_at(photos[1])
    assert reads == [2, 3, 2]
    assert not desk.shut()
