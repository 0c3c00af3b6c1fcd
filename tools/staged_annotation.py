"""A project of drawn scenes under correction, brought into the states that pictures are taken of by mouse and keys."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

__all__ = ["StagedAnnotation"]

_SECONDS = 180.0
_SAMPLED = 24
"""Points of a stroke in hand."""

Point = tuple[float, float]


class StagedAnnotation:
    """Annotates the drawn scenes that a Studio shows.

    Args:
        studio: which shows them.
        folder: of the project that is made.
    """

    def __init__(self, studio: Any, folder: Path) -> None:
        self.studio, self.window = studio, studio.window
        self.actions = studio.window.actions_by_id
        self.desk = studio.window.annotation.desk
        self._folder = folder

    # --------------------------------------------------------------------------------------------------------- project

    def show(self) -> None:
        """Shows the mode; what is typed from now on comes here."""
        self.actions["annotate_mode"].trigger()
        self.window.activateWindow()

    def make_project(self) -> None:
        """Makes a project of the images that are listed, and waits until the one that is open lies on the desk."""
        from lpsnet.scenes import scene_categories
        from lpsnet_studio.annotator.labels import LabelSet

        images = [Path(entry.source.path) for entry in self.studio.session.entries]
        self.desk.new_project(self._folder, LabelSet.of(scene_categories()), images)
        self._wait(lambda: self.desk.place == "not started")

    def begin(self) -> None:
        """Begins the image with what the network predicts."""
        self.actions["start_from_prediction"].trigger()
        self._wait(lambda: self.desk.place == "editing")
        labels = self.desk.labels
        for name in ("road", "bus", "person", "car"):
            self.desk.editor.use_category(labels.by_name[name].id)

    def edit_a_little(self) -> None:
        """Makes a few edits, so that there is a history, and something for the checks to find."""
        editor = self.desk.editor
        things = self.of_things()
        editor.select(things[-2:-1])
        editor.delete("void")
        editor.select(things[:1])
        editor.grow(1)
        editor.select(())

    # ----------------------------------------------------------------------------------------------------------- tools

    def hold_brush(self) -> None:
        """Paints into the largest thing, and keeps the button down at the end of the stroke."""
        number = self.of_things()[0]
        x0, y0, x1, y1 = self.desk.editor.document.box(number)
        self.desk.editor.select((number,))
        self.take("brush")
        self.desk.editor.set_options(radius=0.07 * (y1 - y0))
        ways = np.linspace(0, 1, _SAMPLED)
        rise = 0.03 * (y1 - y0)
        self._drag([(x0 + way * (x1 - x0), y0 - rise * float(np.sin(np.pi * way))) for way in ways], let_go=False)

    def give_up(self) -> None:
        """Gives up what is in hand."""
        from PySide6.QtCore import Qt

        self._release((1.0, 1.0), button_was_down=False)
        self.window.annotation.toolbox.key("escape")
        self.desk.editor.cancel_stroke()
        self.window.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def draw_assisted_box(self) -> None:
        """Deletes a thing, and draws a box around where it was."""
        number = self.of_things()[0]
        x0, y0, x1, y1 = self.desk.editor.document.box(number)
        self.desk.editor.select((number,))
        self.desk.editor.delete("void")
        self.take("assist")
        self._drag([(x0 - 6.0, y0 - 6.0), ((x0 + x1) / 2, (y0 + y1) / 2), (x1 + 6.0, y1 + 6.0)])

    def open_palette(self, typed: str) -> None:
        """Opens the palette for a thing, and types into it."""
        from PySide6.QtGui import QCursor
        from PySide6.QtTest import QTest

        self.take("select")
        number = self.of_things()[0]
        self.desk.editor.select((number,))
        # It opens where the mouse is.
        QCursor.setPos(self.window.canvas.viewport().mapToGlobal(self._on_screen(self.middle_of(number))))
        QTest.qWait(100)
        self.actions["relabel"].trigger()
        QTest.keyClicks(self.window.annotation._palette.editor, typed)

    def close_palette(self) -> None:
        """Closes the palette, and takes the mouse away from the image."""
        self.window.annotation._close_palette()
        self.leave()

    def leave(self) -> None:
        """Takes the mouse away from the image."""
        from PySide6.QtCore import QEvent
        from PySide6.QtGui import QCursor
        from PySide6.QtWidgets import QApplication

        QCursor.setPos(self.window.mapToGlobal(self.window.rect().bottomRight()))
        QApplication.sendEvent(self.window.canvas, QEvent(QEvent.Type.Leave))

    def raise_panels(self, *names: str) -> None:
        """Brings panels to the front."""
        for name in names:
            self.window.docks[name].show()
            self.window.docks[name].raise_()

    def take(self, name: str) -> None:
        """Takes a tool into the hand."""
        self.actions[f"tool_{name}"].trigger()
        self.window.canvas.setFocus()

    # ----------------------------------------------------------------------------------------------------------- parts

    def of_things(self) -> list[int]:
        """Returns the numbers of the segments of things that lie in the middle, the largest first."""
        editor = self.desk.editor
        document, labels = editor.document, editor.labels
        height, width = document.size

        def is_inside(number: int) -> bool:
            x0, y0, x1, y1 = document.box(number)
            return bool(x0 > 0.04 * width and y0 > 0.04 * height and x1 < 0.96 * width and y1 < 0.96 * height)

        things = [n for n, info in document.segments.items() if labels.by_id[info.category].isthing and is_inside(n)]
        return sorted(things, key=document.area, reverse=True)

    def middle_of(self, number: int) -> Point:
        """Returns the point of a segment that is farthest from its border."""
        inside = np.pad(self.desk.editor.document.ids == number, 1).astype(np.uint8)
        depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)[1:-1, 1:-1]
        y, x = np.unravel_index(int(np.argmax(depth)), depth.shape)
        return float(x) + 0.5, float(y) + 0.5

    def _drag(self, points: list[Point], *, let_go: bool = True) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        viewport = self.window.canvas.viewport()
        QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=self._on_screen(points[0]))
        for point in points[1:]:
            QTest.mouseMove(viewport, self._on_screen(point))
            QTest.qWait(10)
        if let_go:
            self._release(points[-1])

    def _release(self, point: Point, *, button_was_down: bool = True) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        if not button_was_down:
            self.desk.editor.cancel_stroke()
        QTest.mouseRelease(self.window.canvas.viewport(), Qt.MouseButton.LeftButton, pos=self._on_screen(point))

    def _on_screen(self, point: Point) -> Any:
        from PySide6.QtCore import QPointF

        return self.window.canvas.mapFromScene(QPointF(*point))

    def _wait(self, condition: Callable[[], bool]) -> None:
        from lpsnet_studio.render import wait_until

        if not wait_until(condition, _SECONDS):
            sys.exit(f"the desk was {self.desk.place!r} after {_SECONDS:.0f} s: {self.desk.why_not}")
