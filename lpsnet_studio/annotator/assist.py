"""What the network's own maps propose to an annotator: masks of boxes, discarded detections, fillings of void; no Qt.

The parameter-free head makes the mask of a box by taking the pixels of its class inside it, so a box drawn by hand gets
its mask in the time of a comparison. Nothing here changes a document: proposals are shown first, then accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.panoptic_head.inputs import pixel_windows
from lpsnet.structures import Labels, MergeStep, MergeTrace, StepKind, Verdict, Window, unlabelled
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.placed_mask import Box, Ids, PlacedMask, clipped, window_of_box
from lpsnet_studio.annotator.regions import grow, nearest_fill, reached_from

__all__ = [
    "ClassShare",
    "NetworkMaps",
    "Proposal",
    "box_pixels",
    "classes_in_box",
    "contested_pixels",
    "discarded_steps",
    "discarded_under",
    "pixels_of_step",
    "reach_of_scribble",
    "void_from_nearest",
    "void_from_stuff",
    "window_of_contest",
    "window_of_corners",
]

Corners = tuple[float, float, float, float]
"""``(x0, y0, x1, y1)`` in image coordinates."""


@dataclass(frozen=True, slots=True)
class ClassShare:
    """A class that occurs in a box.

    Attributes:
        label: contiguous class index.
        pixels: how many pixels of the box are of this class.
        share: of all pixels of the box, in (0, 1].
    """

    label: int
    pixels: int
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class NetworkMaps:
    """What the network says of an image, in the terms of the project's label set.

    Attributes:
        labels: ``[H, W]`` class index of every pixel.
        category_of: ``[C]`` the category id of every class index; 0 where the label set has none.
        next_stuff: ``[H, W]`` likeliest stuff class of every pixel; None if it was not asked for.
        trace: how the boxes were merged; None if it is not known.
    """

    labels: Labels
    category_of: NDArray[np.int64]
    next_stuff: Labels | None = None
    trace: MergeTrace | None = None

    def things(self, labels: LabelSet) -> NDArray[np.bool_]:
        """Returns ``[C]``, which classes are things of the label set."""
        known = [labels.by_id.get(category) for category in self.category_of.tolist()]
        return np.array([label is not None and label.isthing for label in known], np.bool_)

    def stuff(self, labels: LabelSet) -> NDArray[np.bool_]:
        """Returns ``[C]``, which classes are stuff of the label set."""
        known = [labels.by_id.get(category) for category in self.category_of.tolist()]
        return np.array([label is not None and not label.isthing for label in known], np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Pixels, and what each of them would become.

    Attributes:
        region: the pixels.
        values: for the region's window, the number or the class index that each pixel would get.
        heirs: where these are numbers, the class of each segment: it is proposed for no other one of its number.
    """

    region: PlacedMask
    values: NDArray[np.integer]
    heirs: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def nothing(cls) -> Proposal:
        """Returns the proposal to change nothing."""
        return cls(PlacedMask.nothing(), np.zeros((0, 0), np.uint16))

    def by_value(self) -> dict[int, PlacedMask]:
        """Returns the pixels that would get each value."""
        return self.region.by_value(self.values)


def window_of_corners(corners: Corners, size: tuple[int, int]) -> Window:
    """Returns the pixels whose centres lie in a box that was drawn from any corner to the opposite one."""
    x0, y0, x1, y1 = corners
    box = np.array([[min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)]], np.float32)
    (window,) = pixel_windows(box, size)
    return window


def box_pixels(labels: Labels, label: int, corners: Corners) -> PlacedMask:
    """Returns the mask that the head gives a box: the pixels of its class inside it (method row 46).

    Args:
        labels: ``[H, W]`` class of every pixel, by the network.
        label: contiguous class index.
        corners: of the box.
    """
    window = window_of_corners(corners, labels.shape)
    y0, x0, y1, x1 = window
    return PlacedMask(labels[y0:y1, x0:x1] == label, (y0, x0)).tight()


def classes_in_box(labels: Labels, corners: Corners, allowed: NDArray[np.bool_]) -> tuple[ClassShare, ...]:
    """Returns the classes of a box's pixels, the likeliest first; classes of equally many pixels by their index.

    Args:
        labels: ``[H, W]``.
        corners: of the box.
        allowed: ``[C]``, which classes may be proposed; things, for an instance.
    """
    y0, x0, y1, x1 = window_of_corners(corners, labels.shape)
    inside = labels[y0:y1, x0:x1]
    if inside.size == 0:
        return ()
    counted = cv2.calcHist([np.ascontiguousarray(inside)], [0], None, [len(allowed)], [0, len(allowed)])
    pixels = np.where(allowed, counted.reshape(-1), 0).astype(np.int64)
    order = np.argsort(-pixels, kind="stable")
    return tuple(
        ClassShare(int(label), int(pixels[label]), float(pixels[label]) / inside.size)
        for label in order
        if pixels[label]
    )


# ------------------------------------------------------------------------------------------------ discarded detections


def discarded_steps(trace: MergeTrace) -> tuple[MergeStep, ...]:
    """Returns the detections that the merge discarded, and the stuff classes that were too small, in its order."""
    kinds = (StepKind.DETECTION, StepKind.STUFF)
    return tuple(step for step in trace.steps if step.verdict is Verdict.DISCARDED and step.kind in kinds)


def pixels_of_step(labels: Labels, step: MergeStep, ids: Ids) -> PlacedMask:
    """Returns the pixels that a discarded detection, or a stuff class that was too small, would have had.

    Args:
        labels: ``[H, W]``, the map that was merged.
        step: from :func:`discarded_steps`.
        ids: ``[H, W]`` numbers as they are now: a stuff class takes nothing but void.
    """
    if step.box is not None:
        return box_pixels(labels, step.label, step.box)
    return PlacedMask((labels == step.label) & (ids == 0)).tight()


def discarded_under(trace: MergeTrace, x: float, y: float) -> tuple[MergeStep, ...]:
    """Returns the discarded detections that have a pixel under a point, the best score first, as they were merged."""
    height, width = trace.labels.shape
    column, row = int(np.floor(x)), int(np.floor(y))
    if not (0 <= row < height and 0 <= column < width):
        return ()
    here = int(trace.labels[row, column])
    under = []
    for step in discarded_steps(trace):
        if step.box is None or step.label != here:
            continue
        y0, x0, y1, x1 = window_of_corners(step.box, trace.labels.shape)
        if y0 <= row < y1 and x0 <= column < x1:
            under.append(step)
    return tuple(under)


# --------------------------------------------------------------------------------------------------- contested pixels


def contested_pixels(
    ids: Ids, giver: int, boxes: Sequence[Box | Corners], scribble: PlacedMask, *, giver_box: Box
) -> PlacedMask:
    """Returns the pixels that a scribble would hand from one instance to another.

    Two boxes of one class dispute what lies in both. Of these pixels, those that the giver holds now and that hang
    together with the scribble go to the receiver; so do the scribble's own pixels, wherever they lie in the giver. If
    that were most of the giver, or if a side has no box that says where it may reach, only what lies near the scribble
    does: no farther than half the scribble's longer side.

    Args:
        ids: ``[H, W]``.
        giver: number of the segment that loses pixels.
        boxes: boxes whose common pixels are disputed, ``(x0, y0, x1, y1)``: the receiver's, and the giver's if known;
            none where one of them is stuff, whose box says nothing.
        scribble: the pixels that were scribbled over.
        giver_box: half-open box that holds all of the giver's pixels.
    """
    own = PlacedMask(scribble.mask & (scribble.of(ids) == giver), scribble.origin).tight()
    window = window_of_contest(boxes, giver_box, ids.shape)
    if boxes:
        handed = PlacedMask.union([own, _held_from(ids, giver, window, scribble)]).tight()
        y0, x0, y1, x1 = window_of_box(giver_box)
        if 2 * handed.area <= np.count_nonzero(ids[y0:y1, x0:x1] == giver):
            return handed
    reach = reach_of_scribble(own)
    near = grow(own, reach, ids.shape)
    held = PlacedMask(near.mask & (near.of(ids) == giver), near.origin)
    return PlacedMask.union([own, reached_from(held, own)]).tight()


def window_of_contest(boxes: Sequence[Box | Corners], giver_box: Box, size: tuple[int, int]) -> Window:
    """Returns the pixels that all of some boxes have in common."""
    window = window_of_box(giver_box)
    for box in boxes:
        y0, x0, y1, x1 = window_of_corners(tuple(map(float, box)), size)
        window = (max(window[0], y0), max(window[1], x0), min(window[2], y1), min(window[3], x1))
    return clipped(window, size)


def reach_of_scribble(scribble: PlacedMask) -> int:
    """Returns how far around a scribble pixels may be meant by it: half its longer side, and 2 pixels at least."""
    return max(2, max(scribble.mask.shape, default=0) // 2)


def _held_from(ids: Ids, giver: int, window: Window, scribble: PlacedMask) -> PlacedMask:
    """Returns what a segment holds in a window and hangs together with a scribble there."""
    top, left, bottom, right = window
    if top >= bottom or left >= right:
        return PlacedMask.nothing()
    return reached_from(PlacedMask(ids[top:bottom, left:right] == giver, (top, left)), scribble)


# ------------------------------------------------------------------------------------------------------- filling void


def void_from_stuff(void: PlacedMask, next_stuff: Labels, allowed: NDArray[np.bool_] | None = None) -> Proposal:
    """Proposes for every void pixel the stuff class that the network finds likeliest there.

    Args:
        void: pixels without a segment.
        next_stuff: ``[H, W]`` likeliest stuff class of every pixel.
        allowed: ``[C]``, which classes may be proposed; all if None.

    Returns:
        A proposal of class indices; pixels for which there is none are left out.
    """
    void = void.tight()
    if void.is_empty:
        return Proposal.nothing()
    classes = void.of(next_stuff)
    known = void.mask & (classes != unlabelled(next_stuff))
    if allowed is not None:
        table = np.zeros(int(np.iinfo(next_stuff.dtype).max) + 1, np.bool_)
        table[: len(allowed)] = allowed
        known &= table[classes]
    return Proposal(PlacedMask(known, void.origin), classes)


def void_from_nearest(void: PlacedMask, ids: Ids, barred: Collection[int] = ()) -> Proposal:
    """Proposes for every void pixel the number of the nearest segment.

    Args:
        void: pixels without a segment.
        ids: ``[H, W]``.
        barred: numbers that may get none, such as locked segments.
    """
    region, numbers = nearest_fill(ids, void, barred)
    return Proposal(region, numbers)
