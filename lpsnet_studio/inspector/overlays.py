"""Puts what the session knows onto the canvas: photo, labels, segments, boxes and the pixels of the current step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QVariantAnimation

from lpsnet.categories import Categories
from lpsnet.overlay import thing_color
from lpsnet.panoptic_head import candidate_mask, contested_mask
from lpsnet.structures import MergeStep, StepKind, Verdict, Window
from lpsnet_studio.canvas.colors import Table, color_table
from lpsnet_studio.canvas.layers import Box
from lpsnet_studio.canvas.view import CanvasView
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result, shade_of

__all__ = ["Overlays", "step_color"]

_FADE_MILLISECONDS = 150
_LINE_WHITENESS = 0.45
"""How much whiter a segment's outline is than the segment, so that it shows on its own colour."""
_NEUTRAL = (176, 182, 190)

_CANDIDATE, _SPOKE_AGAINST, _WON, _LOST = 1, 2, 3, 4
_STEP_COLORS = np.array([(0, 0, 0), (255, 255, 255), (230, 60, 50), (255, 190, 40), (255, 190, 40)], np.uint8)
_STEP_OPACITY = np.array([0.0, 0.35, 0.75, 0.85, 0.45])
_STRIPE = 4
"""Width in pixels of the stripes on contested pixels that went to the rival."""


def step_color(step: MergeStep, categories: Categories) -> tuple[int, int, int]:
    """Returns the RGB colour of what a step pastes; grey if it pastes nothing."""
    if step.owner == 0 or step.label < 0:
        return _NEUTRAL
    category = categories[step.label]
    return thing_color(category.color, shade_of(step)) if category.isthing else category.color


class Overlays(QObject):
    """Keeps the canvas in step with the session, and tells the session where the mouse is.

    Args:
        session: what is open.
        canvas: where it is shown.
        parent: Qt's owner.
    """

    def __init__(self, session: Session, canvas: CanvasView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._fade = QVariantAnimation(self)
        self._fade.setDuration(_FADE_MILLISECONDS)
        self._fade.setStartValue(0.0)
        self._fade.setEndValue(1.0)
        self._fade.valueChanged.connect(self._show_step_at)
        session.picture_changed.connect(self._show_picture)
        session.result_changed.connect(self._show_result)
        session.position_changed.connect(self._show_position)
        session.selection_changed.connect(canvas.outlines.select)
        session.view_changed.connect(self._show_options)
        session.pointed_changed.connect(self._show_pointed)
        canvas.hovered.connect(session.point)
        canvas.left.connect(lambda: session.point(-1, -1))
        canvas.clicked.connect(self._select_at)
        self._show_options()

    # --------------------------------------------------------------------------------------------------------- contents

    def _show_picture(self) -> None:
        picture = self._session.picture
        self._canvas.set_photo(None if picture is None else picture.pixels)

    def _show_result(self) -> None:
        result, owners = self._session.result, self._session.owners
        if result is None or owners is None:
            self._canvas.clear_overlays()
            return
        self._canvas.set_overlay_size(result.size)
        fill, line = _owner_tables(result, self._session.view.layer("segments").opacity)
        self._canvas.set_segment_map(owners, fill, line)
        self._show_labels()
        self._show_boxes()
        self._show_step()

    def _show_labels(self) -> None:
        """Colours the semantic map, which costs memory only while it is shown."""
        result, view = self._session.result, self._session.view
        if result is not None and view.shows("labels"):
            self._canvas.labels.set_map(
                result.labels, color_table(result.categories.colors, view.layer("labels").opacity)
            )
        else:
            self._canvas.labels.set_map(None, np.zeros(1, np.int32))

    def _show_position(self, _position: int, windows: Sequence[Window]) -> None:
        owners = self._session.owners
        if owners is None:
            return
        height, width = owners.shape
        area = sum((y1 - y0) * (x1 - x0) for y0, x0, y1, x1 in windows)
        self._canvas.repaint_segments(windows if area < height * width else [(0, 0, height, width)])
        self._show_boxes()
        self._show_step()
        if self._session.playing and self._session.view.motion:
            self._fade.start()

    def _show_boxes(self) -> None:
        """Draws the box of every detection that the merge has come to."""
        result = self._session.result
        if result is None:
            return
        done = result.trace.steps[: self._session.position]
        boxes = [_box_of(step, result.categories) for step in done if step.box is not None]
        self._canvas.set_boxes(boxes, result.size)

    def _show_step(self) -> None:
        """Shows the candidate and contested pixels of the step that was just done, and its box."""
        result, step = self._session.result, self._session.current_step
        empty = np.zeros(1, np.int32)
        if result is None or step is None or step.box is None:
            self._canvas.step.set_map(None, empty)
            self._canvas.step_boxes.set_boxes((), (0, 0))
            return
        window, pixels = _step_pixels(result, self._session.position - 1, self._session.owners)
        self._canvas.step.set_map(pixels, color_table(_STEP_COLORS, _STEP_OPACITY), (window[1], window[0]))
        text = f"{result.categories[step.label].name} {step.score:.2f} · {step.verdict}"
        self._canvas.step_boxes.set_boxes([Box(step.box, text, _NEUTRAL, strong=True)], result.size)

    def _show_step_at(self, strength: float) -> None:
        self._canvas.step.setOpacity(strength)
        self._canvas.step_boxes.setOpacity(strength)

    def _show_options(self) -> None:
        view, result = self._session.view, self._session.result
        self._canvas.segments.setVisible(view.shows("segments"))
        self._canvas.outlines.set_outlined(view.shows("segments") and view.contours)
        self._canvas.boxes.setVisible(view.shows("boxes"))
        self._show_labels()
        if result is not None:
            fill, line = _owner_tables(result, view.layer("segments").opacity)
            self._canvas.segments.set_table(fill)
            self._canvas.outlines.set_table(line)

    # ------------------------------------------------------------------------------------------------------------ mouse

    def _show_pointed(self) -> None:
        pointed, result = self._session.pointed, self._session.result
        words = ""
        if pointed is not None and result is not None:
            words = result.describe(pointed.owner) or "void"
        self._canvas.set_chip(words)

    def _select_at(self, x: int, y: int) -> None:
        picture = self._session.picture
        if picture is None:
            return
        height, width = picture.pixels.shape[:2]
        inside = 0 <= x < width and 0 <= y < height
        self._session.select(self._session.owner_at(x, y) if inside else 0)


def _owner_tables(result: Result, opacity: float) -> tuple[Table, Table]:
    """Returns the colours of segments and of their outlines, by owner number; void is transparent."""
    owned = [step for step in result.trace.steps if step.owner]
    colors = np.zeros((max((step.owner for step in owned), default=0) + 1, 3), np.uint8)
    for step in owned:
        colors[step.owner] = step_color(step, result.categories)
    shown = np.ones(len(colors))
    shown[0] = 0
    bright = np.rint(colors + (255.0 - colors) * _LINE_WHITENESS).astype(np.uint8)
    return color_table(colors, shown * opacity), color_table(bright, shown * 0.9)


def _box_of(step: MergeStep, categories: Categories) -> Box:
    assert step.box is not None
    text = f"{categories[step.label].name} {step.score:.2f}"
    kept = step.verdict is Verdict.KEPT
    return Box(step.box, text if kept else "", step_color(step, categories), dashed=not kept)


def _step_pixels(
    result: Result, index: int, owners: NDArray[np.unsignedinteger] | None
) -> tuple[Window, NDArray[np.uint8]]:
    """Returns where a detection's step looked, and in that window what became of each candidate pixel."""
    step = result.trace.steps[index]
    window, candidates = candidate_mask(result.trace, index)
    pixels = candidates.astype(np.uint8) * _CANDIDATE
    if step.kind is StepKind.DETECTION and step.overlap_pixels:
        window, held, after = contested_mask(result.trace, index, owners)
        if step.verdict is Verdict.KEPT:
            won = after == step.owner
            rows, columns = np.indices(held.shape, sparse=True)
            striped = (rows + columns) // _STRIPE % 2 == 0
            pixels[held & won] = _WON
            pixels[held & ~won & striped] = _LOST
        else:
            pixels[held] = _SPOKE_AGAINST
    return window, pixels
