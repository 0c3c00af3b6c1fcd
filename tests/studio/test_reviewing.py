"""Going from image to image as annotators and reviewers do, with their keys, in the order of the list."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget

from lpsnet_studio.annotator import read_ahead
from lpsnet_studio.annotator.opened_image import OpenedImage, open_image
from lpsnet_studio.annotator.project import Status
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.browser.image_model import Role
from lpsnet_studio.browser.listing import entries_of
from lpsnet_studio.inference.messages import Prefetch, Prefetched
from lpsnet_studio.session import Session
from tests.studio.annotating import Annotating, photos_in
from tests.studio.annotator.desks import begin_empty
from tests.studio.hand_made import entries

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def at_work(at_work: Annotating, tmp_path: Path) -> Annotating:
    """A project of six photos, all begun: the first with what the network predicts, the others with nothing."""
    more = photos_in(tmp_path / "more", 3)
    listed = [*at_work.session.entries]
    at_work.desk.add_images(more)
    at_work.qtbot.waitUntil(lambda: len(at_work.desk.entries) == 6)
    begin_empty(at_work.store, range(2, 7))
    at_work.session.set_entries([*listed, *entries_of(more)])
    at_work.answer()
    at_work.wait_for("editing")
    at_work.window.canvas.setFocus()
    return at_work


def reviews(at_work: Annotating) -> list[str]:
    return [entry.review for entry in at_work.session.entries]


def go(at_work: Annotating, key: str | Qt.Key, held: Qt.KeyboardModifier, index: int) -> None:
    """Presses a key that opens another image, and lets that come."""
    at_work.key(key, held)
    assert at_work.session.index == index
    at_work.answer()
    at_work.qtbot.waitUntil(lambda: at_work.desk.place in ("editing", "not started"))


def test_done_and_next_goes_through_the_list_and_begins_again(at_work: Annotating) -> None:
    at_work.desk.set_status(Status.DONE, 3)
    go(at_work, "q", Qt.KeyboardModifier.NoModifier, 1)
    at_work.qtbot.waitUntil(lambda: reviews(at_work)[0] == "done")
    go(at_work, "q", Qt.KeyboardModifier.NoModifier, 3)
    at_work.open_image(5)
    at_work.qtbot.waitUntil(lambda: at_work.desk.image == 6)
    go(at_work, "q", Qt.KeyboardModifier.NoModifier, 3)
    go(at_work, "d", CONTROL | SHIFT, 4)
    go(at_work, "d", CONTROL | SHIFT, 3)
    go(at_work, "q", Qt.KeyboardModifier.NoModifier, 4)
    at_work.key("q")
    assert at_work.session.index == 4
    assert at_work.told == "No other image of the list waits to be annotated."
    at_work.qtbot.waitUntil(lambda: reviews(at_work) == ["done"] * 6)


@pytest.mark.parametrize(("held", "signed"), [(Qt.KeyboardModifier.NoModifier, "done"), (SHIFT, "approved")])
def test_an_image_that_was_never_begun_is_not_signed_and_says_what_to_do(
    at_work: Annotating, held: Qt.KeyboardModifier, signed: str
) -> None:
    at_work.desk.add_images(photos_in(at_work.photos[0].parent.parent / "late", 1))
    at_work.qtbot.waitUntil(lambda: len(at_work.desk.entries) == 7)
    at_work.session.set_entries(entries_of([at_work.desk.entries[-1].file.path]))
    at_work.answer()
    at_work.wait_for("not started")
    bar = at_work.window.annotation.bar
    at_work.key("q", held)
    assert at_work.told.startswith(f"0.png was never begun, and cannot be {signed} so: start from the prediction, or")
    bar.status.setCurrentIndex(bar.status.findData(signed))
    bar.status.activated.emit(bar.status.currentIndex())
    assert bar.status.currentData() == "todo", "nor in the bar"
    assert at_work.store.entries[7].status is Status.TODO
    at_work.trigger("start_empty")
    at_work.wait_for("editing")
    at_work.key("q", held)
    assert at_work.store.entries[7].status == signed, "that there is nothing on it can be said"


def test_approve_and_next_goes_to_what_is_done(at_work: Annotating) -> None:
    for image in (2, 4):
        at_work.desk.set_status(Status.DONE, image)
    at_work.qtbot.waitUntil(lambda: reviews(at_work)[3] == "done")
    go(at_work, "q", SHIFT, 1)
    go(at_work, "q", SHIFT, 3)
    at_work.key("q", SHIFT)
    assert at_work.told == "No other image of the list waits to be approved."
    at_work.qtbot.waitUntil(lambda: [reviews(at_work)[index] for index in (0, 1, 3)] == ["approved"] * 3)


def test_going_on_follows_the_filter_and_says_what_it_hides(at_work: Annotating) -> None:
    at_work.desk.set_status(Status.DONE, 2)
    at_work.qtbot.waitUntil(lambda: reviews(at_work)[1] == "done")
    at_work.session.filter_entries("is:done")
    at_work.key("d", CONTROL | SHIFT)
    assert at_work.session.index == 0
    assert at_work.told == "No other image that is listed waits for that, but the filter hides 4 that do."
    go(at_work, "d", Qt.KeyboardModifier.NoModifier, 1)
    at_work.session.filter_entries("")
    go(at_work, "d", CONTROL | SHIFT, 2)
    go(at_work, "a", Qt.KeyboardModifier.NoModifier, 1)


def test_the_list_tells_of_reviews_where_one_annotates_and_of_the_pq_elsewhere(at_work: Annotating) -> None:
    images = at_work.window.images
    row = images.model.index(0, 0)
    assert row.data(Role.REVIEW) == "todo"
    assert row.data(Role.PQ) is None
    assert images.foot.reviews.isVisible()
    at_work.show("inspect")
    assert row.data(Role.REVIEW) == ""
    assert row.data(Role.PQ) is not None
    assert not images.foot.reviews.isVisible()
    at_work.show("annotate")
    assert images.foot.reviews.isVisible()
    at_work.desk.close_project()
    at_work.wait_for("no project")
    assert not images.foot.reviews.isVisible()
    at_work.key("d", CONTROL | SHIFT)
    assert at_work.session.index == 0


def test_the_next_to_annotate_is_fetched_before_the_neighbour(at_work: Annotating) -> None:
    service, session = at_work.service, at_work.session
    for image in (2, 3):
        at_work.desk.set_status(Status.DONE, image)
    at_work.qtbot.waitUntil(lambda: reviews(at_work)[2] == "done")

    fetched = service.last(Prefetch)
    if fetched.source.path == session.entries[1].source.path:  # it was under way, and is wanted still
        session.receive(Prefetched(fetched.request, fetched.image, 0.1))
        fetched = service.last(Prefetch)
    assert fetched.source.path == session.entries[3].source.path
    session.receive(Prefetched(fetched.request, fetched.image, 0.1))
    go(at_work, "d", CONTROL | SHIFT, 3)
    assert service.last(Prefetch).source.path == session.entries[4].source.path


def test_the_document_of_the_next_image_is_read_ahead(at_work: Annotating, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def reading(store: ProjectStore, image: int) -> OpenedImage | None:
        read.append(image)
        return open_image(store, image)

    monkeypatch.setattr(read_ahead, "open_image", reading)
    go(at_work, "d", Qt.KeyboardModifier.NoModifier, 1)
    at_work.begin()
    assert at_work.desk.image == 2
    at_work.desk.set_status(Status.DONE, 3)
    at_work.desk.set_status(Status.DONE, 2)
    go(at_work, "a", Qt.KeyboardModifier.NoModifier, 0)
    at_work.qtbot.waitUntil(lambda: 4 in read)
    read.clear()
    at_work.desk.set_status(Status.TODO, 2)
    at_work.qtbot.waitUntil(lambda: read == [2])
    at_work.key("d", CONTROL | SHIFT)
    at_work.answer()
    at_work.wait_for("editing")
    assert at_work.desk.image == 2
    assert read.count(2) == 1, "it was there"


class Shifts(QObject):
    """Notes what is shown, hidden or resized of some widgets."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self.noted: list[tuple[str, str]] = []
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Resize):
            self.noted.append((type(watched).__name__, event.type().name))
        return False


def test_the_next_image_moves_nothing_while_it_is_read(at_work: Annotating) -> None:
    room = at_work.window.annotation
    at_work.key("b")
    go(at_work, "d", Qt.KeyboardModifier.NoModifier, 1)
    at_work.begin()
    at_work.qtbot.waitUntil(room.history.list.isVisible)
    at_work.qtbot.waitUntil(room.segments.table.isVisible)
    at_work.qtbot.wait(50)
    shown = (at_work.window.canvas, room.segments.table, room.history.list, room.checks.speck, room.bar.options)
    shifts = Shifts(*shown)
    seen: list[str] = []
    at_work.desk.place_changed.connect(lambda: seen.append(at_work.desk.place))
    go(at_work, "a", Qt.KeyboardModifier.NoModifier, 0)
    at_work.qtbot.waitUntil(lambda: len(room.segments.model.shown) == len(at_work.editor.document.segments))
    assert seen == ["reading", "editing"]
    assert shifts.noted == []


def test_what_takes_long_to_read_is_said_in_the_panels(at_work: Annotating, monkeypatch: pytest.MonkeyPatch) -> None:
    room, may_read = at_work.window.annotation, threading.Event()
    at_work.window.resize(800, 600)
    at_work.keys("bx")
    go(at_work, "d", Qt.KeyboardModifier.NoModifier, 1)
    at_work.begin()

    def slow(store: ProjectStore, image: int) -> OpenedImage | None:
        may_read.wait(10)
        return open_image(store, image)

    monkeypatch.setattr(read_ahead, "open_image", slow)
    empty = [panel._empty for panel in (room.segments, room.history, room.checks)]
    at_work.qtbot.waitUntil(lambda: not any(words.isVisible() for words in empty))
    at_work.qtbot.waitUntil(lambda: "Only over void is on." in room.bar.more.toolTip())
    at_work.key("a")
    at_work.answer()
    assert at_work.desk.place == "reading"
    assert not any(words.isVisible() for words in empty)
    at_work.qtbot.waitUntil(lambda: all(words.text() == "Reading the image…" for words in empty))
    assert not room.bar.options.isVisible()
    assert "is on" not in room.bar.more.toolTip()
    may_read.set()
    at_work.wait_for("editing")
    at_work.qtbot.waitUntil(lambda: len(room.segments.model.shown) == len(at_work.editor.document.segments))
    assert room.bar.options.isVisible()


def test_a_note_is_written_over_the_canvas_and_read_in_the_list(at_work: Annotating) -> None:
    window = at_work.window
    note = window.annotation.bar.note
    at_work.trigger("write_note")
    assert note.hasFocus()
    at_work.keys("qd ")
    assert at_work.session.index == 0, "letters are letters there"
    at_work.key("d", CONTROL | SHIFT)
    at_work.answer()
    at_work.qtbot.waitUntil(lambda: at_work.session.entries[0].note == "qd")
    assert note.text() == ""
    at_work.trigger("write_note")
    at_work.key("x")
    at_work.key(Qt.Key.Key_Return)
    assert window.canvas.hasFocus()
    at_work.qtbot.waitUntil(lambda: at_work.session.entries[1].note == "x")
    at_work.trigger("write_note")
    at_work.keys("yz")
    assert window.annotation.may_close(lambda: None)
    store = ProjectStore.open(at_work.project, read_only=True)
    assert [entry.note for entry in store.entries.values()] == ["qd", "yz", "", "", "", ""]
    store.close()


def test_a_list_without_a_project_has_no_reviews(window: Any, session: Session) -> None:
    session.set_entries(entries())
    assert {entry.review for entry in session.entries} == {""}
