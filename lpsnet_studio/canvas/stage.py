"""The scene of the canvas: the photo and every overlay over it, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from lpsnet_studio.background import Background, pass_on
from lpsnet_studio.canvas.boxes import Box, BoxLayer
from lpsnet_studio.canvas.candidate_boxes import CandidateLayer, MarkedBoxLayer
from lpsnet_studio.canvas.candidate_scene import CandidateScene
from lpsnet_studio.canvas.colormaps import Scale
from lpsnet_studio.canvas.colors import Table, Window, color_table
from lpsnet_studio.canvas.curtain import CurtainLayer, DashedRing, SideWords
from lpsnet_studio.canvas.layers import HeatLayer, IndexLayer, Layer, OutlineLayer, PhotoLayer, PixelGrid, RingLayer
from lpsnet_studio.canvas.names import NameLayer
from lpsnet_studio.canvas.pins import PinLayer
from lpsnet_studio.canvas.placing import Rectangle
from lpsnet_studio.canvas.sampling import IndexMap, Pyramid, halved
from lpsnet_studio.canvas.verdicts import VerdictLayer
from lpsnet_studio.turns import Turns
from lpsnet_studio.view_options import LAYERS, LayerKind

__all__ = ["Stage"]

_AT_ONCE = 1_000_000
"""Pixels up to which a photo's smaller versions are made at once, which takes less than a frame."""
_LIFT = 0.22
"""How much whiter the segment under the mouse is."""
_VOID = color_table(np.array([(255, 255, 255)], np.uint8), 0.8)
_VOID_STRIPES = color_table(np.array([(20, 22, 26)], np.uint8), 0.8)
_ABOVE_LAYERS = 100


class _Frame(Layer):
    """Holds the overlays, scaled from their own pixels to the photo's."""

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints nothing of its own."""


class Stage(QGraphicsScene):
    """A photo with overlays.

    Attributes:
        photo: the photo.
        labels: the semantic map.
        segments: who owns each pixel.
        void: pixels that nobody owns, striped; of the owners' map unless it is given another.
        boxes: boxes and their texts.
        outlines: borders of the segments, right above them.
        glow: the segment under the mouse, a little lighter.
        step: pixels of one merge step, above labels, segments and void.
        names: names of the segments.
        ring: the border of the selected segment, likewise.
        step_boxes: the box of one merge step, above all.
        heat: numbers in colours, in pixels of the photo.
        candidates: boxes of the box head, likewise, before any were merged.
        marked: those of them that stand out, above all other overlays; shown and hidden with them.
        verdicts: what of the segments is right and what is wrong.
        verdict_names: what is said of each of them, in the place of names.
        curtain: the ground truth over everything, or over a part.
        side_words: which side of the curtain is which, in pictures of the canvas.
        truth_ring: the border of one true segment, dashed, above the curtain.
        pins: pixels that the user holds on to, in pixels of the photo, above everything.
        size: ``(H, W)`` of the photo; zeros without one.
        refined: smaller versions of the photo are there.
    """

    refined = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.size = (0, 0)
        self._background = Background(pass_on, self)
        self._turns = Turns(self)
        self.photo = PhotoLayer()
        self.addItem(self.photo)
        frame = self._frame = _Frame(self.photo)
        self.labels, self.segments, self.void = (IndexLayer(frame) for _ in range(3))
        self.outlines = OutlineLayer(frame)
        self.glow, self.step = IndexLayer(frame), IndexLayer(frame)
        self.boxes = BoxLayer(frame)
        self.step_boxes = BoxLayer(frame, below=self.boxes)
        self._taken: tuple[Rectangle, ...] = ()
        self.names, self.verdict_names = (
            NameLayer(frame, self, lambda *look: [*self._taken, *self.boxes.tags(*look), *self.step_boxes.tags(*look)])
            for _ in range(2)
        )
        self._wants_names = False
        self.ring = RingLayer(frame)
        self.heat, self.verdicts, self.candidates = HeatLayer(frame), VerdictLayer(frame), CandidateLayer(frame)
        self.marked = MarkedBoxLayer(self.photo)
        self.curtain, self.truth_ring = CurtainLayer(self.photo), DashedRing(self.photo)
        self.side_words = SideWords(self.curtain)
        self._pixel_grid, self.pins = PixelGrid(self.photo), PinLayer(self.photo)
        self._owners: IndexMap | None = None
        self._lit = 0
        self.void.set_table(_VOID, _VOID_STRIPES)
        self.void.hide()
        self.glow.hide()
        self.set_order([layer.kind for layer in LAYERS])
        above = (self.curtain, self._pixel_grid, self.truth_ring, self.names, self.verdict_names, self.step_boxes)
        for place, item in enumerate(above):
            item.setZValue(_ABOVE_LAYERS + place)
        self.marked.setZValue(_ABOVE_LAYERS + len(above))
        self.pins.setZValue(_ABOVE_LAYERS + len(above) + 1)
        self.side_words.setZValue(_ABOVE_LAYERS + len(above) + 2)

    # ----------------------------------------------------------------------------------------------------------- photo

    def set_photo(self, pixels: NDArray[np.uint8] | None) -> None:
        """Shows RGB pixels ``[H, W, 3]``, or nothing, without overlays."""
        pyramid = None if pixels is None else Pyramid(pixels)
        self._take_photo(pyramid)
        if pyramid is None:
            return
        if self.size[0] * self.size[1] <= _AT_ONCE:
            pyramid.levels = halved(pyramid.pixels)
        else:
            self._background.run(lambda: halved(pyramid.pixels), lambda levels: self._refine(pyramid, levels))

    def share_photo(self, other: Stage) -> None:
        """Shows the photo of another stage, without overlays, and with the smaller versions that are made there."""
        self._take_photo(other.photo.pyramid)
        other.refined.connect(self._take_refined, Qt.ConnectionType.UniqueConnection)

    def _take_refined(self) -> None:
        self.photo.refine()
        self.refined.emit()

    def _take_photo(self, pyramid: Pyramid | None) -> None:
        self.clear_overlays()
        self.heat.set_heat(None, Scale(), (0, 0))
        self.set_truth(None)
        self.size = (0, 0) if pyramid is None else (pyramid.pixels.shape[0], pyramid.pixels.shape[1])
        self._pixel_grid.set_size(*self.size)
        self.side_words.set_size(*self.size)
        before = self.photo.pyramid
        if before is not None and before is not pyramid:
            self._turns.let_go(before.pixels, *before.levels)
        self.photo.set_pyramid(pyramid)

    def _refine(self, pyramid: Pyramid, levels: tuple[NDArray[np.uint8], ...]) -> None:
        pyramid.levels = levels
        if pyramid is self.photo.pyramid:
            self.photo.refine()
            self.refined.emit()

    # -------------------------------------------------------------------------------------------------------- overlays

    def clear_overlays(self) -> None:
        """Takes every overlay away."""
        self.labels.set_map(None)
        self.set_verdicts(None)
        self.set_candidates(None)
        self.step.set_map(None)
        self.set_owners(None, {})
        self.boxes.set_boxes((), (0, 0))
        self.step_boxes.set_boxes((), (0, 0))

    def set_overlay_size(self, size: tuple[int, int]) -> None:
        """Tells the size (H, W) of the overlays' arrays, which are stretched over the photo."""
        height, width = size
        if height and width and self.size[0]:
            transform = self._frame.transform()
            transform.reset()
            transform.scale(self.size[1] / width, self.size[0] / height)
            self._frame.setTransform(transform)
            back, _ = transform.inverted()
            for layer in (self.heat, self.candidates):  # which are in pixels of the photo
                layer.setTransform(back)

    def set_owners(self, owners: NDArray[np.unsignedinteger[Any]] | None, names: Mapping[int, Sequence[str]]) -> None:
        """Shows who owns each pixel.

        Args:
            owners: ``[H, W]``, 0 for nobody; it may change in place, see :meth:`repaint_segments`.
            names: what each owner may be called, the longest first.
        """
        self._owners = None if owners is None else IndexMap(owners)
        for layer in (self.segments, self.void, self.glow):
            layer.set_map(self._owners)
        for lines in (self.outlines, self.ring):
            lines.set_map(self._owners)
        self.names.set_map(self._owners, names)

    def set_segment_colors(self, fill: Table, line: Table) -> None:
        """Colours the segments and their outlines by owner."""
        self.segments.set_table(fill)
        self.outlines.set_table(line)

    @property
    def owners(self) -> IndexMap | None:
        """Who owns each pixel; layers that need it share what was sampled of it."""
        return self._owners

    def repaint_segments(self, windows: Sequence[Window]) -> None:
        """Shows what changed in place in the segment map."""
        if self._owners is None:
            return
        self._owners.touch()
        for layer in (self.segments, self.void, self.glow, self.outlines, self.ring):
            layer.repaint_windows(windows)
        self.names.touch()

    def set_candidates(self, scene: CandidateScene | None) -> None:
        """Shows boxes before any were merged, or none."""
        self.candidates.set_scene(scene)
        self.marked.set_marked(() if scene is None else scene.marked, self.size)

    def set_boxes(self, boxes: Sequence[Box], size: tuple[int, int]) -> None:
        """Shows boxes over overlays of ``size`` (H, W)."""
        self.boxes.set_boxes(boxes, size)
        self.step_boxes.rearrange()
        self.names.update()

    def set_step_boxes(self, boxes: Sequence[Box], size: tuple[int, int]) -> None:
        """Shows the boxes of one step, whose texts find their room after all others."""
        self.step_boxes.set_boxes(boxes, size)
        self.names.update()

    def keep_clear_of(self, taken: Sequence[Rectangle]) -> None:
        """Writes nothing on rectangles of the view that something else lies on."""
        self._taken = tuple(taken)
        self.boxes.keep_clear_of(taken)
        self.step_boxes.keep_clear_of(taken)
        self.step_boxes.rearrange()

    @property
    def taken(self) -> tuple[Rectangle, ...]:
        """The rectangles of the view that nothing is written on."""
        return self._taken

    def light_up(self, owner: int) -> None:
        """Makes one segment a little lighter; 0 for none."""
        if owner == self._lit:
            return
        self._lit = owner
        self.glow.setVisible(owner != 0)
        if owner:
            shown = np.zeros(owner + 1)
            shown[owner] = _LIFT
            self.glow.set_table(color_table(np.full((owner + 1, 3), 255, np.uint8), shown))

    def select(self, *owners: int) -> None:
        """Rings segments, of which the first is named before all others; 0, or none, for none."""
        self.ring.select(*owners)
        self.names.prefer(owners[0] if owners else 0)

    # --------------------------------------------------------------------------------------------------------- verdicts

    def set_truth(self, truth: IndexMap | None) -> None:
        """Takes the segments of the ground truth, at the photo's size, for the curtain and the dashed ring."""
        self.curtain.set_truth(truth)
        self.truth_ring.set_map(truth)
        self.truth_ring.select(0)

    def set_verdicts(
        self,
        errors: IndexMap | None,
        regions: IndexMap | None = None,
        words: Mapping[int, Sequence[str]] | None = None,
    ) -> None:
        """Shows what is right and wrong, at the size of the overlays, or nothing.

        Args:
            errors: an error map.
            regions: where something is said of a segment.
            words: what, by the numbers of the regions, the longest first.
        """
        self.verdicts.set_map(errors)
        self.verdict_names.set_map(regions, words or {})
        self._choose_names()

    def show_names(self, on: bool) -> None:
        """Names the segments, or not; while verdicts are shown, these stand in the place of names."""
        self._wants_names = on
        self._choose_names()

    def _choose_names(self) -> None:
        are_judged = self.verdicts.picture is not None and self.verdicts.isVisible()
        self.verdict_names.setVisible(are_judged)
        self.names.setVisible(self._wants_names and not are_judged)

    # ----------------------------------------------------------------------------------------------------------- order

    def set_order(self, kinds: Sequence[LayerKind]) -> None:
        """Puts the overlays in an order, the lowest first."""
        for place, kind in enumerate(kinds):
            self._layer(kind).setZValue(2 * place)
            if kind == "segments":
                self.outlines.setZValue(2 * place + 0.5)
            if kind not in ("boxes", "candidates"):
                # Over every colour, but never over the words of boxes that lie above.
                self.glow.setZValue(2 * place + 1)
                self.step.setZValue(2 * place + 1.2)
                self.ring.setZValue(2 * place + 1.4)

    def show_layer(self, kind: LayerKind, on: bool, opacity: float) -> None:
        """Shows an overlay with an opacity in [0, 1], or hides it; one that is clear is hidden."""
        layer = self._layer(kind)
        layer.setVisible(on and opacity > 0)
        layer.setOpacity(opacity)
        if kind == "verdicts":
            self._choose_names()
        if kind == "candidates":
            self.marked.setVisible(on and opacity > 0)
        if kind == "boxes":
            self.step_boxes.rearrange()
            self.names.update()

    def _layer(self, kind: LayerKind) -> QGraphicsItem:
        return {
            "labels": self.labels,
            "heat": self.heat,
            "segments": self.segments,
            "verdicts": self.verdicts,
            "void": self.void,
            "candidates": self.candidates,
            "boxes": self.boxes,
        }[kind]
