"""Everything that an inspection of one image found, without the network that found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.metrics.panoptic_quality import ImageQuality
from lpsnet.structures import (
    BordernessMaps,
    Candidates,
    Detections,
    InspectionSettings,
    Labels,
    MergeTrace,
    PanopticSegmentation,
    Stage,
)

__all__ = ["SavedInspection"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SavedInspection:
    """An inspection as it is kept in a file (:mod:`lpsnet.analysis.inspection_file`).

    Attributes:
        image: RGB uint8 ``[H, W, 3]``.
        categories: the classes.
        settings: what the stages were asked for.
        candidates: every box that was considered; None under the box oracle.
        detections: the boxes that went into the merge.
        trace: the merge, replayable; its labels are the semantic map.
        borderness: the border-ness maps in full, padding included; None where there are none.
        truth: the ground truth; None where there is none.
        truth_areas: areas of the truth's segments by id as its JSON states them; None where it states none.
        quality: against the ground truth; None where there is none.
        seconds: how long each stage took when it last ran.
        network: what is to be said of the network, by name, in words; empty where none was used.
        versions: of the programs that made it, by name.
        name: what the image is called; may be empty.
    """

    image: NDArray[np.uint8]
    categories: Categories
    settings: InspectionSettings
    candidates: Candidates | None
    detections: Detections
    trace: MergeTrace
    borderness: BordernessMaps | None = None
    truth: PanopticSegmentation | None = None
    truth_areas: Mapping[int, float] | None = None
    quality: ImageQuality | None = None
    seconds: Mapping[Stage, float] = field(default_factory=dict)
    network: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    @property
    def labels(self) -> Labels:
        """The semantic map ``[H, W]`` that was merged."""
        return self.trace.labels

    @property
    def size(self) -> tuple[int, int]:
        """``(H, W)`` of the image."""
        return self.image.shape[0], self.image.shape[1]
