"""A window that corrects segments: a project of real photos, whose first is begun with what the network predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.inference.messages import ImageSource, Inspect, ModelLoaded, OpenImage, TruthSource
from lpsnet_studio.session import Session
from lpsnet_studio.state import Entry, NetworkChoice
from tests.studio.hand_made import CATEGORIES, ListeningService, card, inspected, opened

__all__ = ["PERSON", "ROAD", "SKY", "Annotating", "annotating", "photos_in"]

SIZE = (60, 80)
PERSON, SKY, ROAD = 1, 7, 9
"""Category ids of the hand-made classes."""
LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier


def photos_in(folder: Path, count: int = 3) -> list[Path]:
    """Writes photos of the size of the hand-made merge, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.new("RGB", SIZE[::-1], (40 * number, 90, 120)).save(path)
    return paths


@dataclass
class Annotating:
    """A window with a project, and hands for its mouse and its keys.

    Attributes:
        window: the window.
        session, service: what it shows, and what it asks, which nobody answers by itself.
        qtbot: pytest-qt's.
        photos: the project's images.
        project: its folder.
    """

    window: Any
    session: Session
    service: ListeningService
    qtbot: Any
    photos: list[Path]
    project: Path

    @property
    def desk(self) -> Desk:
        desk = self.window.annotation.desk
        assert isinstance(desk, Desk)
        return desk

    @property
    def editor(self) -> Editor:
        assert self.desk.editor is not None
        return self.desk.editor

    @property
    def store(self) -> ProjectStore:
        assert self.desk.store is not None
        return self.desk.store

    @property
    def titles(self) -> list[str]:
        """What was done to the image, without what was taken back."""
        return [*self.editor.history.titles][: self.editor.history.position]

    @property
    def told(self) -> str:
        """The newest message over the canvas."""
        texts = self.window.notifications.texts
        return texts[-1] if texts else ""

    @property
    def persons(self) -> list[int]:
        """Numbers of the persons, the leftmost first."""
        document = self.editor.document
        found = [number for number, info in document.segments.items() if info.category == PERSON]
        return sorted(found, key=lambda number: document.box(number)[0])

    def only(self, category: int) -> int:
        """Returns the number of the one segment of a class."""
        (found,) = [number for number, info in self.editor.document.segments.items() if info.category == category]
        return found

    # -------------------------------------------------------------------------------------------------------- the way

    def show(self, mode: str) -> None:
        """Shows a mode as a user does."""
        self.window.actions_by_id[f"{mode}_mode"].trigger()

    def trigger(self, name: str) -> None:
        action = self.window.actions_by_id[name]
        assert action.isEnabled(), name
        action.trigger()

    def wait_for(self, place: str) -> None:
        """Waits until the desk has something on it."""
        self.qtbot.waitUntil(lambda: self.desk.place == place, timeout=10_000)

    def answer(self) -> None:
        """Lets the service answer what it was asked about the image that is open."""
        if isinstance(self.service.posted[-1], OpenImage):
            self.session.receive(opened(self.service.last(OpenImage)))
        self.session.receive(inspected(self.service.last(Inspect)))

    def open_image(self, index: int) -> None:
        """Opens another image, up to its merge."""
        self.session.open_index(index)
        self.answer()

    def make_project(self) -> None:
        """Makes the project of the listed photos, and looks at the image that is open."""
        self.show("annotate")
        self.desk.new_project(self.project, LabelSet.of(CATEGORIES), self.photos)
        self.wait_for("not started")

    def begin(self) -> None:
        """Begins the image that is open with what the network predicts, and gives the canvas the keyboard."""
        self.trigger("start_from_prediction")
        self.wait_for("editing")
        self.window.activateWindow()
        self.window.canvas.setFocus()
        self.qtbot.waitUntil(self.window.canvas.hasFocus)

    def reopen(self, *, read_only: bool = False) -> None:
        """Closes the project and opens it again."""
        self.desk.close_project()
        self.wait_for("no project")
        self.desk.open_project(self.project, read_only=read_only)
        self.wait_for("editing")

    def wait_until_saved(self) -> None:
        """Waits until every change is on the disk."""
        assert self.store.flush(10.0)

    # ----------------------------------------------------------------------------------------------------- hands

    def at(self, x: float, y: float) -> QPoint:
        """Returns where the middle of a pixel of the photo lies in the canvas."""
        canvas = self.window.canvas
        place = canvas.mapFromScene(QPointF(x + 0.5, y + 0.5))
        assert canvas.viewport().rect().contains(place), (x, y)
        return place

    def click(self, x: float, y: float, held: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseClick(self.window.canvas.viewport(), LEFT, held, self.at(x, y))

    def double_click(self, x: float, y: float) -> None:
        """Presses twice, as a mouse does: the second press comes as a double click."""
        self.click(x, y)
        QTest.mouseDClick(self.window.canvas.viewport(), LEFT, NONE, self.at(x, y))

    def hover(self, x: float, y: float) -> None:
        QTest.mouseMove(self.window.canvas.viewport(), self.at(x, y))

    def press(self, x: float, y: float) -> None:
        QTest.mousePress(self.window.canvas.viewport(), LEFT, NONE, self.at(x, y))

    def release(self, x: float, y: float) -> None:
        QTest.mouseRelease(self.window.canvas.viewport(), LEFT, NONE, self.at(x, y))

    def drag(self, *way: tuple[float, float]) -> None:
        """Drags the left button through pixels of the photo."""
        self.press(*way[0])
        for place in way[1:]:
            self.hover(*place)
        self.release(*way[-1])

    def key(self, key: Qt.Key | str, held: Qt.KeyboardModifier = NONE) -> None:
        """Presses a key on whatever has the keyboard."""
        focused = self.window.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, key, held)

    def keys(self, signs: Sequence[Qt.Key | str]) -> None:
        for sign in signs:
            self.key(sign)


def annotating(window: Any, session: Session, service: ListeningService, qtbot: Any, folder: Path) -> Annotating:
    """Returns a window whose project's first image is begun; see :class:`Annotating`."""
    photos = photos_in(folder / "photos")
    made = Annotating(window, session, service, qtbot, photos, folder / "project")
    if session.model is None:
        session.load_model(NetworkChoice("hand-made"))
        session.receive(ModelLoaded(service.posted[-1].request, card()))
    session.set_entries(
        [Entry(path.name, ImageSource(str(path), TruthSource("/truth.json", n))) for n, path in enumerate(photos)]
    )
    made.answer()
    made.make_project()
    made.begin()
    return made
