"""A user who annotates: makes a project, corrects with mouse and keys, and waits for what is seen.

Run as ``python -m tests.e2e.annotate_by_hand PROGRAM HOME`` it is that user in a process of its own, with a window of
the platform that the environment names:

``whole``   makes a project of drawn scenes, corrects a prediction, calls it done and closes; prints what was seen as
            JSON, and leaves the id map of the window beside the project.
``begin``   paints, prints what is saved, keeps another stroke in hand, and stays until it is killed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from lpsnet.assets import demo_checkpoint
from lpsnet.scenes import draw_scene, scene_categories
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.new_project_view import NewProjectDialog
from lpsnet_studio.annotator.project import Status
from lpsnet_studio.app import _application, parse_arguments
from lpsnet_studio.settings import Folders
from lpsnet_studio.studio import Studio
from tests.e2e.jobs_by_hand import User

__all__ = ["SIZE", "Annotator", "digest", "draw_photos"]

SIZE = (240, 320)
_FIRST_SEED = 910_004
_LEFT, _CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
_NOTHING = Qt.KeyboardModifier.NoModifier

Point = tuple[float, float]


def draw_photos(folder: Path, count: int) -> list[Path]:
    """Draws scenes into a folder, as photos without truth."""
    folder.mkdir(parents=True)
    paths = [folder / f"scene-{place}.png" for place in range(count)]
    for place, path in enumerate(paths):
        image = draw_scene(_FIRST_SEED + place, *SIZE).image
        cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return paths


def digest(ids: NDArray[np.uint16]) -> str:
    """Returns what tells one id map from another."""
    return hashlib.sha256(np.ascontiguousarray(ids).tobytes()).hexdigest()


class Annotator(User):
    """Someone who annotates at a window of their own.

    Args:
        home: the folders of the Studio are made in it.
        arguments: of the command line.
    """

    patience = 240.0

    def __init__(self, home: Path, arguments: Sequence[str] = ()) -> None:
        self.studio = Studio(parse_arguments(arguments), Folders.under(home))
        self.window: Any = self.studio.window
        self.window.resize(1360, 860)
        self.window.show()

    # --------------------------------------------------------------------------------------------------------- what is

    @property
    def desk(self) -> Any:
        """What is annotated."""
        return self.window.annotation.desk

    @property
    def editor(self) -> Any:
        """Of the image on the desk."""
        return self.desk.editor

    @property
    def ids(self) -> NDArray[np.uint16]:
        """The id map that is shown, copied."""
        return np.array(self.editor.document.ids)

    @property
    def shown(self) -> str:
        """The name of the image that is open."""
        entry = self.studio.session.current
        return "" if entry is None else entry.name

    @property
    def done(self) -> int:
        """How many edits of the image are done."""
        return int(self.editor.history.position)

    def until_editing(self, name: str = "") -> None:
        """Waits until an image can be corrected."""
        self.until(
            lambda: self.desk.place == "editing" and (not name or self.desk.entry.file.path.name == name),
            f"{name or 'an image'} to correct, instead of {self.desk.place}",
        )

    def until_saved(self) -> None:
        """Waits until the bar says that everything is on the disk."""
        self.until(lambda: self.window.annotation.bar.saved.text() == "All saved", "All saved")

    def until_edits(self, count: int) -> None:
        """Waits until so many edits are done."""
        self.until(lambda: self.done == count, f"{count} edits instead of {self.done}")

    def middle_of(self, number: int) -> Point:
        """Returns the point of a segment that is farthest from its border."""
        inside = np.pad(self.ids == number, 1).astype(np.uint8)
        depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)[1:-1, 1:-1]
        y, x = np.unravel_index(int(np.argmax(depth)), depth.shape)
        return float(x) + 0.5, float(y) + 0.5

    def largest(self, count: int) -> list[int]:
        """Returns the numbers of the largest segments."""
        document = self.editor.document
        return sorted(document.segments, key=document.area, reverse=True)[:count]

    # ----------------------------------------------------------------------------------------------------------- doing

    def on_screen(self, point: Point) -> QPoint:
        """Returns where a point of the image is seen."""
        place: QPoint = self.window.canvas.mapFromScene(QPointF(*point))
        return place

    def click(self, point: Point, modifiers: Qt.KeyboardModifier = _NOTHING) -> None:
        """Clicks a point of the image."""
        QTest.mouseClick(self.window.canvas.viewport(), _LEFT, modifiers, self.on_screen(point))

    def press_at(self, point: Point) -> None:
        """Puts the button down at a point of the image."""
        QTest.mousePress(self.window.canvas.viewport(), _LEFT, _NOTHING, self.on_screen(point))

    def move_to(self, *points: Point) -> None:
        """Moves through points of the image, with the button as it is."""
        for point in points:
            QTest.mouseMove(self.window.canvas.viewport(), self.on_screen(point))
            QTest.qWait(5)

    def drag(self, *points: Point) -> None:
        """Drags through points of the image."""
        self.press_at(points[0])
        self.move_to(*points[1:])
        QTest.mouseRelease(self.window.canvas.viewport(), _LEFT, _NOTHING, self.on_screen(points[-1]))

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = _NOTHING) -> None:
        """Presses a key over the canvas."""
        self.window.canvas.setFocus()
        QTest.keyClick(self.window.canvas, key, modifiers)

    def make_project(self, folder: Path) -> None:
        """Fills in the form of a new project of the images that are listed."""
        self.do("new_project")
        dialog = self.window.findChild(NewProjectDialog)
        self.until(dialog.isVisible, "the form of a new project")
        self.put(dialog.where.box, str(folder.parent))
        self.put(dialog.name, folder.name)
        self.until(dialog.create_button.isEnabled, f"Create, in spite of {dialog.objection.text()!r}")
        self.press(dialog.create_button)
        self.until(lambda: self.desk.store is not None, "the project")
        # A window manager would give the window the keyboard back.
        self.window.activateWindow()
        self.until(self.window.isActiveWindow, "the keyboard")

    def relabel(self, typed: str) -> None:
        """Gives the selected segments a class by typing a part of its name."""
        self.key(Qt.Key.Key_C)
        self.until(lambda: self.window.annotation._palette is not None, "the palette")
        palette = self.window.annotation._palette
        QTest.keyClicks(palette.editor, typed)
        QTest.keyClick(palette.editor, Qt.Key.Key_Return)


def whole(home: Path) -> dict[str, Any]:
    """Makes a project, corrects a prediction in every way, and calls it done; returns what was seen."""
    photos = draw_photos(home / "photos", 2)
    checkpoint = demo_checkpoint()
    user = Annotator(home, [str(photos[0].parent), *(("--checkpoint", str(checkpoint)) if checkpoint else ())])
    user.studio.begin()
    session, project = user.studio.session, home / "street"
    user.until(lambda: session.is_current and session.result is not None, "the prediction")
    seen: dict[str, Any] = {"platform": QGuiApplication.platformName()}

    user.do("annotate_mode")
    user.make_project(project)
    user.until(lambda: user.desk.place == "not started", "the first image")
    user.do("start_from_prediction")
    user.until_editing(photos[0].name)
    seen["predicted"] = len(user.editor.document.segments)
    begun = user.ids

    _paint(user, seen)
    _merge_and_split(user, seen)
    _relabel(user, seen)
    while user.editor.history.can_undo:
        user.do("undo")
    seen["undone"] = bool((user.ids == begun).all())
    while user.editor.history.can_redo:
        user.do("redo")
    user.until_saved()
    seen["edits"] = list(user.editor.history.titles)
    seen["classes"] = {number: info.category for number, info in user.editor.document.segments.items()}
    np.save(home / "ids.npy", user.ids)

    user.key(Qt.Key.Key_Q)
    user.until(lambda: user.shown == photos[1].name, "the next image")
    user.until(lambda: user.desk.place == "not started", "the next image on the desk")
    seen["statuses"] = [entry.status.value for entry in user.desk.entries]
    seen["told"] = user.window.notifications.texts
    user.close()
    return seen


def _paint(user: Annotator, seen: dict[str, Any]) -> None:
    """Paints into a segment with the brush, over the middle of another."""
    first, second = user.largest(2)
    user.click(user.middle_of(first))
    seen["selected"] = list(user.editor.selection) == [first]
    user.key(Qt.Key.Key_B)
    before, (x, y) = user.editor.document.area(first), user.middle_of(second)
    user.drag((x - 3, y), (x, y + 2), (x + 3, y))
    user.until_edits(1)
    seen["painted"] = user.editor.document.area(first) - before


def _merge_and_split(user: Annotator, seen: dict[str, Any]) -> None:
    """Merges two segments, and makes their parts segments again."""
    count = len(user.editor.document.segments)
    first, second = user.largest(2)
    user.key(Qt.Key.Key_V)
    user.click(user.middle_of(first))
    user.click(user.middle_of(second), _CONTROL)
    user.key(Qt.Key.Key_J)
    user.until_edits(2)
    seen["merged"] = count - len(user.editor.document.segments)
    user.key(Qt.Key.Key_J, Qt.KeyboardModifier.AltModifier)
    user.until_edits(3)
    seen["split"] = len(user.editor.document.segments) - count + 1


def _relabel(user: Annotator, seen: dict[str, Any]) -> None:
    """Gives the smallest segment another class, by the palette."""
    number = min(user.editor.document.segments, key=user.editor.document.area)
    user.click(user.middle_of(number))
    seen["smallest"] = list(user.editor.selection) == [number]
    user.relabel("bicy")
    user.until_edits(4)
    seen["relabelled"] = user.editor.name(user.editor.selection[0])


def begin(home: Path) -> None:
    """Paints some strokes, tells what is on the disk, and begins another stroke; stays until it is killed."""
    photos = draw_photos(home / "photos", 2)
    user = Annotator(home, [str(photos[0].parent), "--config", "demo"])
    user.studio.begin()
    session = user.studio.session
    user.until(lambda: session.picture is not None, "the picture")
    user.do("annotate_mode")
    user.desk.new_project(home / "street", LabelSet.of(scene_categories()), photos)
    user.until(lambda: user.desk.store is not None, "the project")
    session.open_index(1)
    user.until(lambda: user.desk.place == "not started" and user.desk.image == 2, "the second image")
    user.do("start_empty")
    user.until_editing(photos[1].name)
    user.editor.use_category(user.desk.labels.labels[0].id)
    user.key(Qt.Key.Key_B)
    user.drag((60.0, 60.0), (120.0, 90.0), (180.0, 60.0))
    user.drag((60.0, 160.0), (200.0, 160.0))
    user.drag((30.0, 200.0), (40.0, 210.0))
    user.do("undo")
    user.until_edits(2)
    user.until_saved()
    saved = user.ids
    user.press_at((250.0, 30.0))
    user.move_to((260.0, 60.0), (270.0, 90.0))
    assert (user.ids != saved).any(), "the stroke in hand is seen"
    assert user.desk.entry.status is Status.IN_PROGRESS
    print(digest(saved), flush=True)  # noqa: T201
    user.until(lambda: False, "the end")


if __name__ == "__main__":
    _application()
    if sys.argv[1] == "begin":
        begin(Path(sys.argv[2]))
    else:
        print(json.dumps(whole(Path(sys.argv[2]))))  # noqa: T201
