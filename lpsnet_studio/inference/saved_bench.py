"""A saved inspection in the service: its merge can be turned on, and everything else is as it was saved. No torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields, replace

from lpsnet.analysis.saved_inspection import SavedInspection
from lpsnet.borderness import borderness_by_level
from lpsnet.maps import HeatMap, borderness_difference_heat, borderness_heat, borderness_target_heat
from lpsnet.metrics.panoptic_quality import ImageQuality, image_quality
from lpsnet.panoptic_head import merge
from lpsnet.structures import InspectionSettings, Labels, MergeTrace, Stage, StageResult
from lpsnet_studio.inference.messages import (
    GainsWeighed,
    ImageOpened,
    Inspect,
    Inspected,
    Look,
    Measure,
    Measured,
    OpenImage,
    Probe,
    Probed,
    Seen,
    Sight,
    WeighGains,
)
from lpsnet_studio.inference.pictures import Picture
from lpsnet_studio.inference.vocabulary import Kept

__all__ = ["NotInFileError", "SavedBench"]

_BYTES_PER_PIXEL = 16
_NOTICE = "A saved inspection: no network runs. Of its settings those of the merge can be turned, and no others."
_UNTURNABLE = "A saved inspection whose leftovers went to the next-best stuff class: it is shown as it was saved."
_TITLES = {
    "nms_iou": "NMS IoU",
    "pre_nms_top_k": "top k",
    "max_detections": "cap",
    "use_borderness": "border-ness in the score",
    "oracle_borderness": "border-ness of the box oracle",
}
"""Of settings that are not called by their fields' names."""


class NotInFileError(ValueError):
    """Something needs what a saved inspection does not hold."""


class SavedBench:
    """A saved inspection on which the merge is run.

    Attributes:
        picture: the image, with the inspection.

    Args:
        picture: the image, with the inspection.
        saved: the same inspection.
    """

    def __init__(self, picture: Picture, saved: SavedInspection) -> None:
        self.picture = picture
        self._saved = saved
        self._last: tuple[InspectionSettings, MergeTrace, ImageQuality | None, tuple[StageResult, ...]] | None = None
        self._maps = saved.borderness
        self._kept = Kept(
            saved.settings, dict(saved.network), dict(saved.versions), has_borderness=saved.borderness is not None
        )
        self._is_sent = False

    @property
    def can_run_network(self) -> bool:
        """No network runs on what was saved."""
        return False

    @property
    def has_output(self) -> bool:
        """Nothing has to wait for a network."""
        return True

    @property
    def bytes(self) -> int:
        """Roughly what it holds in memory."""
        height, width = self._saved.size
        maps = () if self._saved.borderness is None else self._saved.borderness.levels
        return height * width * _BYTES_PER_PIXEL + sum(level.values.nbytes for level in maps)

    def run_network(self, should_stop: Callable[[], bool], on_progress: Callable[[float], None]) -> bool:
        """Has nothing to do."""
        return True

    def opened(self, request: OpenImage, seconds: float) -> ImageOpened:
        """Says what the image is, and what it was inspected with; the next inspection is sent whole."""
        self._is_sent = False
        saved = self._saved
        return ImageOpened(
            request=request.request,
            image=request.image,
            pixels=saved.image,
            truth=saved.truth,
            categories=saved.categories,
            network_fits=True,
            notice=_NOTICE if self._kept.live else _UNTURNABLE,
            seconds=seconds,
            truth_areas=saved.truth_areas,
            kept=self._kept,
        )

    # ---------------------------------------------------------------------------------------------------------- stages

    def inspect(self, request: Inspect, arrived: float) -> Inspected:
        """Merges what was saved; with the settings of the file it is what was saved, bit for bit.

        Raises:
            NotInFileError: if a setting needs what the file does not hold.
        """
        trace, quality, stages = self._merged(request.settings)
        saved = self._saved
        return Inspected(
            request=request.request,
            image=request.image,
            settings=request.settings,
            stages=stages,
            preview=False,
            size=saved.size,
            labels=trace.labels,
            candidates=saved.candidates,
            borderness=self._maps,
            detections=saved.detections,
            trace=trace,
            quality=quality,
            seconds=time.perf_counter() - arrived,
        )

    def without_unchanged(self, reply: Inspected) -> Inspected:
        """Leaves out what never changes here, once it was sent; the trace always brings its labels."""
        was_sent, self._is_sent = self._is_sent, True
        return replace(reply, labels=None, candidates=None) if was_sent else reply

    def measure(self, request: Measure, should_stop: Callable[[], bool]) -> Measured | None:
        """Compares the merge with the truth.

        Raises:
            NotInFileError: if a setting needs what the file does not hold, or there is no ground truth in it.
        """
        _, quality, stages = self._merged(request.settings)
        if quality is None:
            raise NotInFileError(f"{self.picture.source.path}: this saved inspection holds no ground truth")
        seconds = sum(stage.seconds for stage in stages)
        return Measured(request.request, request.settings, quality, self._saved.categories, seconds)

    def _merged(self, settings: InspectionSettings) -> tuple[MergeTrace, ImageQuality | None, tuple[StageResult, ...]]:
        """Returns the merge at some settings; the last one is kept."""
        saved = self._saved
        if self._last is None or self._last[0] != settings:
            if settings == saved.settings:
                stages = tuple(StageResult(stage, False, seconds) for stage, seconds in saved.seconds.items())
                self._maps, self._last = saved.borderness, (settings, saved.trace, saved.quality, stages)
            else:
                self._check(settings)
                self._last = (settings, *self._merge(settings))
        return self._last[1:]

    def _merge(self, settings: InspectionSettings) -> tuple[MergeTrace, ImageQuality | None, tuple[StageResult, ...]]:
        saved, started = self._saved, time.perf_counter()
        if saved.borderness is not None and not settings.box_oracle:
            self._maps = replace(saved.borderness, pooling=settings.borderness_pooling)
        trace = merge(
            saved.detections,
            self._labels(settings),
            isthing=saved.categories.isthing,
            borderness=self._maps if settings.conflict == "closest" else None,
            score_threshold=settings.score_threshold,
            overlap_threshold=settings.overlap_threshold,
            conflict=settings.conflict,
            stuff_limit=settings.stuff_limit,
        )
        merged = time.perf_counter()
        stages = [StageResult(Stage.MERGE, True, merged - started)]
        quality = None
        if saved.truth is not None:
            quality = image_quality(
                trace.segmentation(), saved.truth, len(saved.categories), truth_areas=saved.truth_areas
            )
            stages.append(StageResult(Stage.QUALITY, True, time.perf_counter() - merged))
        return trace, quality, tuple(stages)

    def _labels(self, settings: InspectionSettings) -> Labels:
        saved = self._saved
        if settings.semantic_oracle == saved.settings.semantic_oracle or saved.truth is None:
            return saved.labels
        return saved.truth.labels(len(saved.categories))

    def _check(self, settings: InspectionSettings) -> None:
        """Refuses settings that need what is not in the file."""
        own, live = self._saved.settings, self._kept.live
        names = [
            _TITLES.get(spec.name, spec.name.replace("_", " "))
            for spec in fields(settings)
            if spec.name not in live and getattr(settings, spec.name) != getattr(own, spec.name)
        ]
        if names:
            raise NotInFileError(f"A saved inspection cannot tell what another {' or '.join(names)} would give")

    # ---------------------------------------------------------------------------------------------------------- errands

    def probe(self, request: Probe) -> Probed:
        """Reads the border-ness at a pixel; what the network said of its classes was not kept.

        Raises:
            ValueError: if the pixel is outside.
        """
        height, width = self._saved.size
        if not (0 <= request.x < width and 0 <= request.y < height):
            raise ValueError(f"({request.x}, {request.y}) is not a pixel of a {width}×{height} image")
        maps = self._saved.borderness
        levels = () if maps is None else maps.levels
        return Probed(
            request=request.request,
            image=request.image,
            x=request.x,
            y=request.y,
            classes=(),
            probabilities=(),
            borderness=() if maps is None else borderness_by_level(maps, request.x + 0.5, request.y + 0.5),
            levels=tuple(level.level for level in levels),
        )

    def look(self, request: Look) -> Seen:
        """Shows a map that is in the file, or follows from it.

        Raises:
            NotInFileError: if it does not.
        """
        return Seen(request.request, request.image, request.sight, self._map_of(request.sight))

    def _map_of(self, sight: Sight) -> HeatMap:
        saved = self._saved
        if lack := self._kept.lack_of(sight, has_truth=saved.truth is not None):
            raise NotInFileError(lack)
        if sight.kind == "target":
            assert saved.truth is not None
            return borderness_target_heat(saved.truth, saved.categories.isthing, sight.target)
        assert saved.borderness is not None
        if sight.kind == "borderness":
            return borderness_heat(saved.borderness, sight.level or None, size=saved.size)
        assert saved.truth is not None
        target = borderness_target_heat(saved.truth, saved.categories.isthing, sight.target)
        return borderness_difference_heat(saved.borderness, target, sight.level or None)

    def weigh_gains(self, request: WeighGains, should_stop: Callable[[], bool]) -> GainsWeighed | None:
        """Cannot be done.

        Raises:
            NotInFileError: always: the oracles are weighed against what a network says.
        """
        raise NotInFileError("What ground truth would gain is weighed on a network's output, which was not kept")
