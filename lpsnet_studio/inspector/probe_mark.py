"""Draws on the canvas the box that was chosen in the panel Probe; no Qt."""

from __future__ import annotations

import numpy as np

from lpsnet_studio.canvas.candidate_scene import CandidateScene, MarkedBox
from lpsnet_studio.examination import Examination
from lpsnet_studio.inspector.levels_words import FATE_NAMES
from lpsnet_studio.inspector.probe_model import Covering
from lpsnet_studio.session import Session

__all__ = ["ProbeMark"]


class ProbeMark:
    """One box over the image, with the location that predicted it.

    Args:
        session: what is open.
        examination: says which boxes lie over the image.
    """

    def __init__(self, session: Session, examination: Examination) -> None:
        self._session, self._shown = session, examination.candidates
        self._scene: CandidateScene | None = None

    def show(self, box: Covering) -> None:
        """Draws a box of the current result, in the place of whatever boxes lie there."""
        result, picture = self._session.result, self._session.picture
        if result is None or picture is None:
            return
        size = (picture.pixels.shape[0], picture.pixels.shape[1])
        down, across = size[0] / result.size[0], size[1] / result.size[1]
        (x0, y0, x1, y1), (x, y) = box.box, box.location
        sides = zip("ltrb", ((x - x0) * across, (y - y0) * down, (x1 - x) * across, (y1 - y) * down), strict=True)
        left, top, right, bottom = (f"{side} {length:.0f}" for side, length in sides)
        marked = MarkedBox(
            box=(x0 * across, y0 * down, x1 * across, y1 * down),
            text=f"{box.name} {box.score:.2f} · {FATE_NAMES[box.fate]}",
            dashed=not box.owner,
            location=(x * across, y * down) if box.level else None,
            lengths=(left, top, right, bottom),
        )
        nothing = np.zeros((0, 4), np.float32)
        self._scene = CandidateScene(
            boxes=nothing,
            locations=nothing[:, :2],
            colors=np.zeros(0, np.intp),
            palette=np.zeros((1, 3), np.uint8),
            size=size,
            marked=(marked,),
        )
        self._shown.show(self._scene)

    def clear(self) -> None:
        """Takes the box away, unless others lie there by now."""
        if self._scene is not None and self._shown.scene is self._scene:
            self._shown.show(None)
        self._scene = None
