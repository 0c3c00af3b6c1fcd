"""Puts what the session knows onto the canvas: photo, labels, segments, boxes and the pixels of the current step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QObject, QVariantAnimation

from lpsnet.categories import Categories
from lpsnet.overlay import thing_color
from lpsnet.structures import MergeStep, Verdict, Window
from lpsnet_studio.canvas.boxes import Box
from lpsnet_studio.canvas.colormaps import Scale
from lpsnet_studio.canvas.colors import Table, color_table
from lpsnet_studio.canvas.sampling import IndexMap
from lpsnet_studio.canvas.view import CanvasView
from lpsnet_studio.examination import Examination
from lpsnet_studio.inspector.step_pixels import StepPixels, step_tables
from lpsnet_studio.inspector.truth_overlay import TruthOverlay
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result, shade_of

__all__ = ["PICTURE_FIRST", "Overlays", "step_color"]

PICTURE_FIRST = 10
"""With what priority the canvas listens to the session; everything else has none."""
_FADE_MILLISECONDS = 150
_LINE_WHITENESS = 0.45
"""How much whiter a segment's outline is than the segment, so that it shows on its own colour."""
_LINE_OPACITY = 0.9
_NEUTRAL = (176, 182, 190)
_LEFT_OUT_OF_COMPARISONS = ("verdicts", "boxes")
"""Overlays that only the prediction has: by turns with the truth, they would come and go where nothing differs."""


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
        examination: which map lies over the photo.
        canvas: where it is shown.
        parent: Qt's owner.

    Attributes:
        truth: what the canvas shows of the ground truth.
    """

    def __init__(
        self, session: Session, examination: Examination, canvas: CanvasView, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._examination = session, examination
        self._canvas = canvas
        self._stage = canvas.stage
        self._boxes: list[tuple[int, MergeStep]] = []
        self._fade = QVariantAnimation(self)
        self._fade.setDuration(_FADE_MILLISECONDS)
        self._fade.setStartValue(0.0)
        self._fade.setEndValue(1.0)
        self._fade.valueChanged.connect(self._show_step_at)
        session.picture_changed.connect(self._show_picture)
        # Before any list: the picture follows a slider at once, whatever else is told of the result.
        session.result_changed.connect(self._show_result, priority=PICTURE_FIRST)
        session.position_changed.connect(self._show_position, priority=PICTURE_FIRST)
        session.selection_changed.connect(self._show_selection)
        session.view_changed.connect(self._show_options)
        session.pointed_changed.connect(self._show_pointed)
        examination.shown_changed.connect(self._show_heat)
        examination.pins_changed.connect(self._show_pins)
        examination.candidates.changed.connect(self._show_candidates)
        canvas.hovered.connect(session.point)
        canvas.left.connect(lambda: session.point(-1, -1))
        canvas.clicked.connect(self._select_at)
        canvas.clicked.connect(examination.candidates.click)
        canvas.menu_opened.connect(self._select_at)
        # After the selection: a click tells of the verdict at its very pixel.
        self.truth = TruthOverlay(session, examination.verdicts, canvas, self)
        self._show_options()

    # --------------------------------------------------------------------------------------------------------- contents

    def _show_picture(self) -> None:
        picture = self._session.picture
        self._canvas.set_photo(None if picture is None else picture.pixels)
        self._show_layers()

    def _show_result(self) -> None:
        result, owners = self._session.result, self._session.owners
        if result is None or owners is None:
            self._stage.clear_overlays()
            self._canvas.reserve_caption("")
            self._canvas.set_caption("")
            return
        colors = {step.owner: step_color(step, result.categories) for step in result.trace.steps if step.owner}
        self._stage.set_overlay_size(result.size)
        self._stage.set_segment_colors(*_owner_tables(colors))
        self._stage.set_owners(owners, _names(result))
        # Not what is unclaimed at the position: until the merge is at its end, that is no void.
        self._stage.void.set_map(IndexMap(result.trace.owners))
        self._stage.labels.set_table(color_table(result.categories.colors))
        self._stage.labels.set_map(IndexMap(result.labels))
        self._stage.step.set_table(*step_tables(colors))
        self._boxes = [(index, step) for index, step in enumerate(result.trace.steps) if step.box is not None]
        captions = (_caption(step, is_before=False) for step in result.trace.steps)
        self._canvas.reserve_caption(max(captions, key=len, default=""))
        self._show_boxes()
        self._show_step()

    def _show_heat(self) -> None:
        """Shows the chosen map; it stays while results change, for sliders do not touch what the network says."""
        sight, heat, picture = self._examination.shown, self._examination.shown_map, self._session.picture
        if sight is None or heat is None or picture is None:
            self._stage.heat.set_heat(None, Scale(), (0, 0))
            return
        height, width = picture.pixels.shape[:2]
        classes = color_table(picture.categories.colors) if sight.kind == "next_best" else None
        self._stage.heat.set_heat(heat, self._examination.scale, (height, width), classes)

    def _show_candidates(self) -> None:
        self._stage.set_candidates(self._examination.candidates.scene)

    def _show_pins(self) -> None:
        self._stage.pins.set_pins(self._examination.pins, self._examination.chosen, self._stage.size)

    def _show_position(self, _position: int, windows: Sequence[Window]) -> None:
        owners = self._session.owners
        if owners is None:
            return
        height, width = owners.shape
        area = sum((y1 - y0) * (x1 - x0) for y0, x0, y1, x1 in windows)
        self._stage.repaint_segments(windows if area < height * width else [(0, 0, height, width)])
        self._show_boxes()
        self._show_step()
        self._show_owner()
        if self._session.playing and self._session.view.motion:
            self._fade.start()

    def _show_boxes(self) -> None:
        """Draws the box of every detection that the merge has come to; the current step's is drawn by itself."""
        result, chosen = self._session.result, self._session.selected
        if result is None:
            return
        current, is_named = self._session.position - 1, self._session.view.names
        done = [
            _box_of(step, result.categories, is_named=is_named, is_chosen=step.owner == chosen)
            for index, step in self._boxes
            if index < current
        ]
        self._stage.set_boxes(done, result.size)

    def _show_step(self) -> None:
        """Shows the candidate and contested pixels of the step that was just done, and its box."""
        result, step, owners = self._session.result, self._session.current_step, self._session.owners
        if result is None or owners is None or step is None or step.box is None or not self._session.view.overlays:
            self._stage.step.set_map(None)
            self._stage.set_step_boxes((), (0, 0))
            self._canvas.set_caption("")
            return
        contested = self._session.view.contested
        pixels = StepPixels(result.trace, self._session.position - 1, owners, contested)
        self._stage.step.set_map(pixels, pixels.origin)
        text = _tag(step, result.categories, is_named=self._session.view.names)
        box = Box(step.box, text, _NEUTRAL, strong=True, pinned=True, more=f" · {step.verdict}")
        self._stage.set_step_boxes([box], result.size)
        self._canvas.set_caption(_caption(step, is_before=contested == "before"))

    def _show_step_at(self, strength: float) -> None:
        self._stage.step.setOpacity(strength)
        self._stage.step_boxes.setOpacity(strength)

    def _show_layers(self) -> None:
        view = self._session.view
        is_compared = view.comparison != "off" and self._session.truth is not None
        left_out = _LEFT_OUT_OF_COMPARISONS if is_compared else ()
        for layer in view.layers:
            self._stage.show_layer(layer.kind, view.shows(layer.kind) and layer.kind not in left_out, layer.opacity)
        # They lie over the curtain, and would be taken for what the truth says.
        self._stage.show_names(view.overlays and view.names and not is_compared)
        self._stage.step_boxes.setVisible(not is_compared)

    def _show_options(self) -> None:
        view, stage = self._session.view, self._stage
        stage.set_order([layer.kind for layer in view.layers])
        self._show_layers()
        stage.outlines.setVisible(view.shows("segments") and view.contours)
        self._canvas.show_minimap(view.minimap)
        self._show_step()
        self._show_pointed()
        self._show_selection(self._session.selected)

    # ------------------------------------------------------------------------------------------------------------ mouse

    def _show_selection(self, owner: int) -> None:
        self._stage.select(owner if self._session.view.overlays else 0)
        self._show_boxes()

    def _show_pointed(self) -> None:
        self._show_owner()
        self._show_lit()

    def _show_owner(self) -> None:
        """Says beside the mouse who owns the pixel; what nobody owns is called otherwise at the merge's end."""
        self._canvas.set_chip(self._session.pointed_words(before=self._session.view.contested == "before"))

    def _show_lit(self) -> None:
        pointed = self._session.pointed
        self._stage.light_up(0 if pointed is None or not self._session.view.shows("segments") else pointed.owner)

    def _select_at(self, x: int, y: int) -> None:
        self._session.select(self._session.owner_at(x, y))


def _owner_tables(owner_colors: dict[int, tuple[int, int, int]]) -> tuple[Table, Table]:
    """Returns the colours of segments and of their outlines, by owner number; void is transparent."""
    colors = np.zeros((max(owner_colors, default=0) + 1, 3), np.uint8)
    for owner, color in owner_colors.items():
        colors[owner] = color
    shown = np.ones(len(colors))
    shown[0] = 0
    bright = np.rint(colors + (255.0 - colors) * _LINE_WHITENESS).astype(np.uint8)
    return color_table(colors, shown), color_table(bright, shown * _LINE_OPACITY)


def _names(result: Result) -> dict[int, tuple[str, ...]]:
    """Returns what each owner may be called on the canvas, the longest first."""
    names = {}
    for step in result.trace.steps:
        if step.owner:
            category = result.categories[step.label]
            short = f"{category.name} #{step.owner}"
            things = (f"{short} · {step.score:.2f}", short, f"#{step.owner}")
            names[step.owner] = things if category.isthing else (category.name,)
    return names


def _box_of(step: MergeStep, categories: Categories, *, is_named: bool, is_chosen: bool) -> Box:
    """Returns the box of a step that is done; only that of a segment says what it is."""
    assert step.box is not None
    return Box(
        step.box,
        _tag(step, categories, is_named=is_named) if step.owner else "",
        step_color(step, categories),
        dashed=step.verdict is not Verdict.KEPT,
        pinned=bool(step.owner) and is_chosen,
    )


def _tag(step: MergeStep, categories: Categories, *, is_named: bool) -> str:
    """Returns what stands beside a box: which segment it founded, and the score.

    Args:
        step: of a detection.
        categories: the classes of its index.
        is_named: whether the segment's name is on the canvas already, so that the score is all there is to tell.
    """
    score = f"{step.score:.2f}"
    if not step.owner:
        return f"{categories[step.label].name} {score}"
    return score if is_named else f"{categories[step.label].name} #{step.owner} {score}"


def _caption(step: MergeStep, *, is_before: bool) -> str:
    """Says what the contested pixels on the canvas show; empty if the step has none."""
    if not step.overlap_pixels:
        return ""
    pixels = f"{step.overlap_pixels:,} contested pixel{'' if step.overlap_pixels == 1 else 's'}"
    if is_before:
        return f"{pixels}: who held them before this step"
    if step.verdict is Verdict.KEPT:
        return f"{pixels}: amber went to this box, stripes did not"
    return f"{pixels}: held by earlier boxes, which speaks against this one"
