"""What lies over the canvas while nothing can be annotated: what it says, offers, and how much room it takes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QToolButton, QWidget

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.desk_notices import unfinished_words
from lpsnet_studio.annotator.empty_desk_view import EmptyDesk
from lpsnet_studio.annotator.lock_look import look_at_lock
from lpsnet_studio.annotator.project_lock import LOCK, ProjectLock
from lpsnet_studio.annotator.reads import Unfinished
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.desks import Later, begun_desk, photos_in, undelayed_desk
from tests.studio.annotator.editing import LABELS, PERSON, SKY

SIZE = (6, 8)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = undelayed_desk()
    yield made
    assert not made.shut()


@pytest.fixture
def view(qtbot: Any) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    return made


@pytest.fixture
def empty(desk: Desk, theme: Any, view: QWidget) -> EmptyDesk:
    return _over(EmptyDesk(desk, theme), view)


def _over(empty: EmptyDesk, view: QWidget) -> EmptyDesk:
    empty.lie_over(view)
    empty.set_on(True)
    return empty


def _offered(empty: EmptyDesk) -> list[str]:
    return [name for name, button in empty.buttons.items() if button.isVisible()]


def _project(desk: Desk, folder: Path, count: int = 2) -> list[Path]:
    photos = photos_in(folder / "photos", count, SIZE)
    desk.new_project(folder / "project", LABELS, photos)
    return photos


def _begun_ids() -> np.ndarray[Any, Any]:
    ids = np.full(SIZE, 2, np.uint16)
    ids[:2, :2] = 1
    return ids


def test_without_a_project_it_offers_one(empty: EmptyDesk, qtbot: Any, tmp_path: Path) -> None:
    assert _offered(empty) == ["new", "open"]
    with qtbot.waitSignal(empty.new_project_wanted):
        empty.buttons["new"].click()
    with qtbot.waitSignal(empty.open_project_wanted):
        empty.buttons["open"].click()
    folders = [tmp_path / f"<b>{number}&" for number in range(5)]
    empty.tell_recent(folders)
    recent = [button for button in empty._recent.findChildren(QToolButton) if button.isVisible()]
    assert [button.text() for button in recent] == ["<b>0&&", "<b>1&&", "<b>2&&"]
    with qtbot.waitSignal(empty.recent_wanted) as told:
        recent[1].click()
    assert told.args == [folders[1]]


def test_an_image_that_is_not_in_the_project_can_be_added(
    empty: EmptyDesk, desk: Desk, qtbot: Any, tmp_path: Path
) -> None:
    _project(desk, tmp_path)
    assert empty.sentence.text() == "Choose an image in the list to annotate it."
    assert _offered(empty) == []
    (other,) = photos_in(tmp_path / "other", 1, SIZE)
    desk.look_at(other)
    assert _offered(empty) == ["add"]
    empty.tell_listed(1200)
    assert _offered(empty) == ["add", "add_all"]
    assert empty.buttons["add_all"].text() == "Add all 1,200 that are listed"
    with qtbot.waitSignal(empty.add_current_wanted):
        empty.buttons["add"].click()
    with qtbot.waitSignal(empty.add_listed_wanted):
        empty.buttons["add_all"].click()
    desk.add_images([other])
    assert _offered(empty) == ["prediction", "truth", "nothing"]


def test_an_image_begins_with_what_can_be_had_and_it_says_why_not(
    empty: EmptyDesk, desk: Desk, qtbot: Any, tmp_path: Path
) -> None:
    photos = _project(desk, tmp_path)
    desk.look_at(photos[0])
    empty.tell_sources(prediction="The network is still at work on this image.", truth="")
    assert not empty.buttons["prediction"].isEnabled()
    assert empty.buttons["truth"].isEnabled()
    assert empty.reasons.text() == "The network is still at work on this image."
    for name, signal in (("truth", empty.truth_wanted), ("nothing", empty.nothing_wanted)):
        with qtbot.waitSignal(signal):
            empty.buttons[name].click()
    empty.tell_sources()
    assert not empty.reasons.isVisible()
    with qtbot.waitSignal(empty.prediction_wanted):
        empty.buttons["prediction"].click()
    desk.begin_empty()
    assert desk.place == "editing"
    assert empty.isHidden()


def test_an_image_that_cannot_be_read_can_be_looked_at_again(empty: EmptyDesk, desk: Desk, tmp_path: Path) -> None:
    photos = _project(desk, tmp_path)
    content = photos[0].read_bytes()
    Image.new("RGB", (20, 20)).save(photos[0])
    desk.look_at(photos[0])
    assert "is 20 × 20 pixels now and was 8 × 6" in empty.sentence.text()
    assert _offered(empty) == ["again"]
    photos[0].write_bytes(content)
    empty.buttons["again"].click()
    assert desk.place == "not started"
    desk.look_at(None)


def test_reading_is_told_only_if_it_lasts(theme: Any, view: QWidget, qtbot: Any, tmp_path: Path) -> None:
    later = Later()
    desk = undelayed_desk()
    photos = _project(desk, tmp_path)
    empty = _over(EmptyDesk(desk, theme), view)
    desk.work = later
    desk.look_at(photos[0])
    assert desk.place == "reading"
    assert empty.isHidden()
    qtbot.waitUntil(empty.isVisible)
    assert empty.sentence.text() == "Reading the image…"
    assert _offered(empty) == []
    later.go_on()
    assert _offered(empty) == ["prediction", "truth", "nothing"]
    assert not desk.shut()


def test_it_is_there_only_while_one_annotates(empty: EmptyDesk) -> None:
    assert empty.isVisible()
    empty.set_on(False)
    assert empty.isHidden()
    empty.set_on(True)
    assert empty.isVisible()


@pytest.mark.parametrize("size", [QSize(300, 200), QSize(200, 60), QSize(1360, 860)])
def test_it_takes_no_more_room_than_it_needs(
    empty: EmptyDesk, desk: Desk, view: QWidget, tmp_path: Path, size: QSize
) -> None:
    view.resize(size)
    empty.tell_recent([tmp_path / "a", tmp_path / "b"])
    photos = _project(desk, tmp_path)
    desk.look_at(photos[0])
    empty.tell_sources(prediction="No network is loaded.", truth="This image has no ground truth.")
    assert view.rect().contains(empty.geometry())
    assert empty.width() <= 440
    if size.height() >= 200:
        assert empty.height() <= 180
        scrolled = empty._scroll.verticalScrollBar()
        assert scrolled.maximum() == 0
    desk.begin_empty()
    assert empty.isHidden()


def test_a_project_that_another_holds_is_read_and_opened_again_when_it_is_free(
    theme: Any, view: QWidget, qtbot: Any, tmp_path: Path
) -> None:
    first = begun_desk(tmp_path, _begun_ids(), {1: PERSON, 2: SKY})
    second = undelayed_desk()
    second.open_project(tmp_path / "project", read_only=True)
    second.look_at(tmp_path / "photos" / "0.png")
    empty = _over(EmptyDesk(second, theme), view)
    assert empty.read_only.isVisible()
    assert empty.read_only.words.text().startswith("Read only. ")
    assert "has this project open since" in empty.read_only.words.text()
    assert not empty.read_only.button.isVisible()
    first.change_labels(first.labels.add("kiosk", isthing=True))
    first.set_note("the left edge")
    assert not first.shut()
    empty.read_only.look_button.click()
    assert [entry.note for entry in second.entries] == ["the left edge", "", ""]
    assert second.labels == first.labels
    assert not empty.read_only.look_button.isVisible()
    assert empty.read_only.words.text() == "Read only. Nobody else has the project open now."
    with qtbot.waitSignal(empty.open_again_wanted) as told:
        empty.read_only.button.click()
    assert told.args == [tmp_path / "project"]
    second.open_project(tmp_path / "project")
    assert not empty.read_only.isVisible()
    assert second.can_edit
    assert not second.shut()


def test_an_image_without_segments_cannot_be_begun_where_the_project_is_only_read(
    theme: Any, view: QWidget, tmp_path: Path
) -> None:
    first = undelayed_desk()
    photos = _project(first, tmp_path)
    assert not first.shut()
    desk = undelayed_desk()
    desk.open_project(tmp_path / "project", read_only=True)
    desk.look_at(photos[0])
    empty = _over(EmptyDesk(desk, theme), view)
    assert _offered(empty) == []
    assert empty.sentence.text() == "This image has no segments yet, and the project can only be read."
    assert not desk.shut()


_CRASH = """
import os, sys
import numpy as np
from lpsnet_studio.annotator.edits import Edit, PixelPatch
from lpsnet_studio.annotator.store import ProjectStore
store = ProjectStore.open(sys.argv[1])
for image in (1, 2):
    ids, infos = store.current(image)
    after = ids.copy()
    after[3, 3] = 1
    store.append(image, Edit("Brush", PixelPatch.between(ids, after), {}))
store.flush(10)
os._exit(1)
"""


def test_what_a_crash_has_left_is_told_once(theme: Any, view: QWidget, qtbot: Any, tmp_path: Path) -> None:
    first = begun_desk(tmp_path, _begun_ids(), {1: PERSON, 2: SKY})
    store = first.store
    assert store is not None
    ids, infos = store.current(1) or pytest.fail("not begun")
    store.start(2, ids, infos, "a test")
    assert not first.shut()
    subprocess.run([sys.executable, "-c", _CRASH, str(tmp_path / "project")], check=False, timeout=60)
    desk = undelayed_desk()
    empty = _over(EmptyDesk(desk, theme), view)
    desk.open_project(tmp_path / "project")
    desk.look_at(tmp_path / "photos" / "0.png")
    assert empty.unfinished.words.text() == (
        "The Studio did not close this project last time: 2 edits on 2 images are there."
    )
    assert empty.isVisible()
    with qtbot.waitSignal(empty.show_image_wanted) as told:
        empty.unfinished.show_button.click()
    assert told.args == [2]
    assert not empty.unfinished.isVisible()
    assert empty.isHidden()
    assert not desk.shut()
    again = ProjectStore.open(tmp_path / "project")
    assert again.unfinished() is None
    again.close()


def test_one_edit_is_told_as_one() -> None:
    left = Unfinished("here", 0.0, {4: 1}, 1)
    assert unfinished_words(left) == "The Studio did not close this project last time: 1 edit on 1 image is there."


def test_who_holds_a_project_is_said_and_looking_changes_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    assert look_at_lock(tmp_path).is_free
    assert list(tmp_path.iterdir()) == []
    lock = ProjectLock(tmp_path)
    try:
        kept = json.loads((tmp_path / LOCK).read_bytes())
        assert kept["host"] == socket.gethostname()
        look = look_at_lock(tmp_path)
        assert not look.is_free
        assert f"on {kept['host']} has this project open since" in look.words
        assert json.loads((tmp_path / LOCK).read_bytes()) == kept
    finally:
        lock.release()
    (tmp_path / LOCK).write_bytes(b"whatever was there")
    before = (tmp_path / LOCK).stat()
    assert look_at_lock(tmp_path).is_free
    assert (tmp_path / LOCK).stat().st_mtime_ns == before.st_mtime_ns
    assert (tmp_path / LOCK).read_bytes() == b"whatever was there"
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    look = look_at_lock(tmp_path)
    assert (look.is_free, look.words) == (False, f"{tmp_path} cannot be written (it is write-protected).")
