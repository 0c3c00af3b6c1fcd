"""Which candidate boxes the canvas shows, as plain arrays, and who is told of a click on them; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

__all__ = ["CandidateScene", "CandidatesShown", "MarkedBox", "painting_order", "runs"]

_BANDS = 24
"""Into how many bands of rank boxes are put: within one, all boxes of a colour are painted at once."""
XYXY = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class MarkedBox:
    """A box that stands out from the others.

    Attributes:
        box: ``(x0, y0, x1, y1)`` in the photo's pixels.
        text: beside its upper left corner.
        dashed: whether its line is broken.
        location: x and y of the location that predicted it, from which arrows run to its sides; None for no arrows.
        lengths: what is written at the arrows to the left, upper, right and lower side.
    """

    box: XYXY
    text: str
    dashed: bool = False
    location: tuple[float, float] | None = None
    lengths: tuple[str, str, str, str] = ("", "", "", "")


@dataclass(frozen=True, slots=True, eq=False)
class CandidateScene:
    """Candidate boxes as they are painted.

    Attributes:
        boxes: ``[K, 4]`` float32 xyxy in the photo's pixels, in the order of painting: the last lies on top.
        locations: ``[K, 2]`` float32, x and y of the locations that predicted them.
        colors: ``[K]`` row of :attr:`palette`.
        palette: ``[n, 3]`` uint8 RGB.
        size: ``(H, W)`` of the photo.
        marked: boxes that stand out, above all others; the last lies on top.
        key: what the colours tell, in words beside an RGB colour each.
    """

    boxes: NDArray[np.float32]
    locations: NDArray[np.float32]
    colors: NDArray[np.intp]
    palette: NDArray[np.uint8]
    size: tuple[int, int]
    marked: tuple[MarkedBox, ...] = ()
    key: tuple[tuple[str, tuple[int, int, int]], ...] = ()


class CandidatesShown:
    """What the canvas shows of the candidates; a panel decides it, and the canvas follows.

    Attributes:
        scene: what is shown; None for nothing.
    """

    changed = Signal()
    clicked = Signal(int, int)
    """The pixel of the photo that was clicked, x and y, while candidates are shown."""

    def __init__(self) -> None:
        self.scene: CandidateScene | None = None

    def show(self, scene: CandidateScene | None) -> None:
        """Shows candidates in the place of others, or none."""
        if scene is not self.scene:
            self.scene = scene
            self.changed.emit()

    def click(self, x: int, y: int) -> None:
        """Tells that a pixel of the photo was clicked; nobody hears of it while no candidates are shown."""
        if self.scene is not None:
            self.clicked.emit(x, y)


def painting_order(scores: NDArray[np.floating[Any]], colors: NDArray[np.intp]) -> NDArray[np.intp]:
    """Returns the order in which boxes are painted, strong ones last.

    By rank alone every box might have another colour than the one before, and each change of colour costs. So boxes of
    like rank are painted colour by colour.

    Args:
        scores: ``[K]``.
        colors: ``[K]`` row of a palette.
    """
    ascending = np.argsort(scores, kind="stable")
    band = np.empty(len(scores), np.intp)
    band[ascending] = np.arange(len(scores)) * _BANDS // max(len(scores), 1)
    return np.lexsort((scores, colors, band))


def runs(colors: NDArray[np.intp]) -> list[tuple[int, int, int]]:
    """Returns the stretches of one colour: its row in the palette, and where it begins and ends."""
    if not len(colors):
        return []
    starts = np.concatenate(([0], np.flatnonzero(np.diff(colors)) + 1))
    ends = np.append(starts[1:], len(colors))
    return list(zip(colors[starts].tolist(), starts.tolist(), ends.tolist(), strict=True))
