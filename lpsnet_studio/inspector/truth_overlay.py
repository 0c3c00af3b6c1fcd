"""Puts the ground truth onto the canvas: verdicts on segments, the curtain, the blink, a true segment's ring."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, QTimer

from lpsnet.categories import Categories
from lpsnet.overlay import Color, thing_color
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.background import Background, Task, is_awaited, pass_on
from lpsnet_studio.canvas.colors import Table, color_table
from lpsnet_studio.canvas.curtain import CurtainEdge
from lpsnet_studio.canvas.sampling import IndexMap, extent_of
from lpsnet_studio.canvas.view import CanvasView
from lpsnet_studio.inspector.errors_model import region_words
from lpsnet_studio.judgement import Judgement, VerdictsShown, numbered
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result, shade_of

__all__ = ["TruthOverlay", "truth_colors"]

_BLINK_MILLISECONDS = 500
_LINE_WHITENESS = 0.45
_LINE_OPACITY = 0.9
_UNMATCHED = 1000
"""Added to the place of a thing that nothing matches, so that its shade is none of a detection's."""


class TruthOverlay(QObject):
    """Keeps what the canvas shows of the ground truth in step with the session.

    Args:
        session: what is open, and which comparison is on.
        shown: which verdicts are marked.
        canvas: where.
        parent: Qt's owner.

    Attributes:
        edge: the handle of the curtain's edge.
    """

    def __init__(
        self, session: Session, shown: VerdictsShown, canvas: CanvasView, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._shown, self._canvas, self._stage = session, shown, canvas, canvas.stage
        self._background = Background(pass_on, self)
        self._numbered: PanopticSegmentation | None = None
        self._numbering: Task | None = None
        self._is_truths_turn = True
        self._is_blinking = False
        self._blink = QTimer(self)
        self._blink.setInterval(_BLINK_MILLISECONDS)
        self._blink.timeout.connect(self._take_turns)
        self.edge = CurtainEdge(canvas.viewport())
        self.edge.moved.connect(lambda share: self._stage.curtain.draw_to(share))
        self.edge.said.connect(self._stage.side_words.say)
        session.picture_changed.connect(self._forget_truth)
        session.result_changed.connect(self._show_colors)
        session.result_changed.connect(self._fit_verdicts)
        session.view_changed.connect(self._show_comparison)
        shown.changed.connect(self._show_verdicts)
        shown.looked_at_changed.connect(self._show_ring)
        shown.zoom_wanted.connect(self._zoom)
        canvas.clicked.connect(self._look_at_pixel)
        self._named = session.view.names
        self._show_comparison()

    # -------------------------------------------------------------------------------------------------------- verdicts

    def _show_verdicts(self) -> None:
        judgement = self._shown.judgement
        if judgement is None or not self._fits(judgement):
            self._stage.set_verdicts(None)
            return
        words = region_words(judgement, named=self._session.view.names)
        self._stage.set_verdicts(IndexMap(judgement.errors), IndexMap(judgement.regions), words)

    def _fit_verdicts(self) -> None:
        """Marks nothing on a reduced result; on others, what was said stays until there is something new to say."""
        judgement = self._shown.judgement
        fits = judgement is not None and self._fits(judgement)
        if fits != (self._stage.verdicts.picture is not None):
            self._show_verdicts()

    def _fits(self, judgement: Judgement) -> bool:
        """Whether a judgement is of the picture that is open, at the size of what is shown of it."""
        result = self._session.result
        is_of_size = result is not None and judgement.result.size == result.size
        return is_of_size and judgement.truth is self._session.truth

    # ------------------------------------------------------------------------------------------------------- ring, zoom

    def _show_ring(self) -> None:
        verdict, truth = self._shown.looked_at, self._session.truth
        index = 0
        if verdict is not None and truth is not None and self._session.view.overlays and self._has_numbers(truth):
            index = next((at for at, segment in enumerate(truth.segments, 1) if segment.id == verdict.truth), 0)
        self._stage.truth_ring.select(index)

    def _look_at_pixel(self, x: int, y: int) -> None:
        """Looks at the verdict on a pixel, as that of a missed segment, which no selection can reach."""
        judgement, marked = self._shown.judgement, self._stage.verdicts
        if judgement is None or marked.picture is None or not marked.isVisible():
            return
        height, width = judgement.result.size
        if 0 <= x < width and 0 <= y < height and (place := int(judgement.regions[y, x])):
            self._shown.look_at(judgement.rows[place - 1])

    def _zoom(self) -> None:
        verdict, result, truth = self._shown.looked_at, self._session.result, self._session.truth
        if verdict is None or result is None or truth is None:
            return
        height, width = truth.ids.shape
        area = QRectF()
        for segment in truth.segments:
            if segment.id == verdict.truth:
                x0, y0, x1, y1 = segment.box
                area |= QRectF(x0, y0, x1 - x0, y1 - y0)
        extent = extent_of(result.trace.owners, verdict.prediction) if verdict.prediction else None
        if extent is not None:
            top, left, bottom, right = extent
            down, across = height / result.size[0], width / result.size[1]
            area |= QRectF(left * across, top * down, (right - left) * across, (bottom - top) * down)
        if not area.isEmpty():
            self._canvas.zoom_to_rectangle(area)

    # ------------------------------------------------------------------------------------------------------ comparison

    def _has_numbers(self, truth: PanopticSegmentation) -> bool:
        """Whether the truth's segments are on the stage; if not, has them brought there."""
        if self._numbered is not truth and not is_awaited(self._numbering):
            numbers = {segment.id: at for at, segment in enumerate(truth.segments, 1)}
            self._numbering = self._background.run(
                lambda: numbered(truth.ids, numbers), lambda indices: self._take_truth(truth, IndexMap(indices))
            )
        return self._stage.curtain.truth is not None

    def _take_truth(self, truth: PanopticSegmentation, indices: IndexMap) -> None:
        if truth is self._session.truth:
            self._numbered = truth
            self._stage.set_truth(indices)
            self._show_comparison()
            self._show_ring()

    def _forget_truth(self) -> None:
        """Follows another picture, whose truth is another."""
        self._numbered = None
        if self._numbering is not None:
            self._background.withdraw(self._numbering)
        self._show_comparison()

    def _show_comparison(self) -> None:
        view, curtain, truth = self._session.view, self._stage.curtain, self._session.truth
        if view.names != self._named:
            self._named = view.names
            self._show_verdicts()
        mode = view.comparison if view.overlays and truth is not None else "off"
        if mode == "off" or truth is None or not self._has_numbers(truth):
            self._blink.stop()
            self._is_blinking = False
            curtain.hide()
            self.edge.show_side("")
            return
        curtain.set_look(view.layer("segments").opacity, lines=view.contours)
        self._show_colors()
        if mode == "curtain":
            self._blink.stop()
            self._is_blinking = False
            curtain.draw_to(self.edge.share)
            curtain.show()
            self.edge.show_curtain(self._session.truth_name)
        else:
            curtain.draw_to(None)
            self._begin_to_blink(moves=view.motion)

    def _begin_to_blink(self, *, moves: bool) -> None:
        """Shows the truth, and takes turns with the prediction unless motion is off."""
        if not self._is_blinking or not moves:
            self._is_blinking, self._is_truths_turn = True, True
        if not moves:
            self._blink.stop()
        elif not self._blink.isActive():
            self._blink.start()
        self._show_turn()

    def _take_turns(self) -> None:
        self._is_truths_turn = not self._is_truths_turn
        self._show_turn()

    def _show_turn(self) -> None:
        self._stage.curtain.setVisible(self._is_truths_turn)
        self.edge.show_side(self._session.truth_name if self._is_truths_turn else "Prediction")

    def _show_colors(self) -> None:
        truth, result = self._session.truth, self._session.result
        if truth is None or self._session.picture is None or self._session.view.comparison == "off":
            return
        colors = truth_colors(truth, self._session.picture.categories, result)
        shown = np.ones(len(colors))
        shown[0] = 0
        self._stage.curtain.set_colors(color_table(colors, shown), _lines(colors, shown))


def truth_colors(
    truth: PanopticSegmentation, categories: Categories, result: Result | None = None
) -> NDArray[np.uint8]:
    """Returns the RGB colour ``[1 + S, 3]`` of every true segment by 1 + its place; the first is void.

    A segment that a prediction matches has the prediction's colour, so that only what differs changes; the others are
    coloured by the rule of predictions, in shades that no prediction has.

    Args:
        truth: whose S segments are coloured.
        categories: the classes of its labels.
        result: what was predicted; None for nothing.
    """
    matches = () if result is None or result.quality is None else result.quality.matches
    steps = {} if result is None else {step.owner: step for step in result.trace.steps if step.owner}
    found = {match.truth: steps[match.prediction] for match in matches if match.prediction in steps}
    colors = np.zeros((1 + len(truth.segments), 3), np.uint8)
    for at, segment in enumerate(truth.segments, 1):
        category = categories[segment.label]
        shade = shade_of(found[segment.id]) if segment.id in found else _UNMATCHED + at
        color: Color = thing_color(category.color, shade) if category.isthing else category.color
        colors[at] = color
    return colors


def _lines(colors: NDArray[np.uint8], shown: NDArray[np.float64]) -> Table:
    bright = np.rint(colors + (255.0 - colors) * _LINE_WHITENESS).astype(np.uint8)
    return color_table(bright, shown * _LINE_OPACITY)
