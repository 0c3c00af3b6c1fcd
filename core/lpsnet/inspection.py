"""One image's stages, each kept, so that turning a knob reruns only what it must.

    network output → semantic map → detections → merge → quality against ground truth

Changing a setting reruns the first stage it affects and those after it, nothing before. With both oracles on the
network is not run at all (paper Table 6; method row 56).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import lpsnet.decoding as decoding
from lpsnet.analysis.saved_inspection import SavedInspection
from lpsnet.borderness import BordernessKind, segment_borderness_maps
from lpsnet.categories import Categories
from lpsnet.metrics.panoptic_quality import ImageQuality, image_quality
from lpsnet.model.output import NetworkOutput
from lpsnet.panoptic_head import merge
from lpsnet.structures import (
    BordernessMaps,
    Candidates,
    Detections,
    InspectionSettings,
    Labels,
    MergeTrace,
    PanopticSegmentation,
    Stage,
    StageResult,
)

__all__ = ["Inspection", "MissingNetworkError", "MissingTruthError", "oracle_detections"]

_T = TypeVar("_T")

_NO_SECOND_CHOICE = "ground-truth semantics know no next-best stuff class: leftover thing pixels stay void"

RunNetwork = Callable[[NDArray[np.uint8]], NetworkOutput]
"""From an RGB image ``[H, W, 3]`` to the network's output for it; may raise to cancel."""


class MissingNetworkError(ValueError):
    """A stage needs the network's output, and there is no network."""


class MissingTruthError(ValueError):
    """An oracle is on, and there is no ground truth."""


@dataclass(frozen=True, slots=True, eq=False)
class _Detected:
    """What the detection stage keeps."""

    candidates: Candidates | None
    detections: Detections


class Inspection:
    """The staged pipeline of one image.

    Attributes:
        image: RGB uint8 ``[H, W, 3]``.
        categories: the classes of the network and of the ground truth.
        truth: the ground truth; None where there is none.
        settings: what the stages were last asked for.

    Args:
        image: RGB uint8 ``[H, W, 3]``.
        categories: the classes.
        run_network: runs the network on the image; None where there is none, which is enough for both oracles together.
        truth: ground truth of the same size.
        truth_areas: areas of the truth's segments by id as its JSON states them, which is what panopticapi goes by.
        settings: where to start.

    Raises:
        ValueError: if the ground truth is not of the image's size.
    """

    def __init__(
        self,
        image: NDArray[np.uint8],
        categories: Categories,
        *,
        run_network: RunNetwork | None = None,
        truth: PanopticSegmentation | None = None,
        truth_areas: Mapping[int, float] | None = None,
        settings: InspectionSettings | None = None,
    ) -> None:
        if truth is not None and truth.ids.shape != image.shape[:2]:
            height, width = image.shape[:2]
            raise ValueError(
                f"the ground truth is {truth.ids.shape[1]}×{truth.ids.shape[0]} pixels, the image {width}×{height}"
            )
        self.image = image
        self.categories = categories
        self.truth = truth
        self.settings = settings or InspectionSettings()
        self._truth_areas = truth_areas
        self._run_network = run_network
        self._output: NetworkOutput | None = None
        self._probabilities: Tensor | None = None
        self._predicted_labels: Labels | None = None
        self._next_stuff: Labels | None = None
        self._labels: Labels | None = None
        self._oracle_maps: dict[BordernessKind, BordernessMaps] = {}
        self._predicted_maps: dict[Literal["max", "own"], BordernessMaps] = {}
        self._detected: _Detected | None = None
        self._trace: MergeTrace | None = None
        self._quality: ImageQuality | None = None
        self._seconds: dict[Stage, float] = {}

    # ------------------------------------------------------------------------------------------------------- running

    def run(
        self, settings: InspectionSettings | None = None, *, through: Stage = Stage.QUALITY
    ) -> tuple[StageResult, ...]:
        """Brings the stages up to date with ``settings`` and says which of them ran.

        If a stage fails or is cancelled, the stages before it keep their results and a later call goes on from there.

        Args:
            settings: every knob; those of the last run if None.
            through: the last stage to run.

        Raises:
            MissingNetworkError: if a stage needs the network's output and there is no network.
            MissingTruthError: if an oracle is on and there is no ground truth.
        """
        self._adopt(settings or self.settings)
        return tuple(
            result
            for stage, needed, done, work in (
                (Stage.NETWORK, self.settings.needs_network, self._output is not None, self._compute_output),
                (Stage.SEMANTICS, True, self._labels is not None, self._compute_labels),
                (Stage.DETECTIONS, True, self._detected is not None, self._compute_detections),
                (Stage.MERGE, True, self._trace is not None, self._compute_trace),
                (Stage.QUALITY, self.truth is not None, self._quality is not None, self._compute_quality),
            )
            if needed and stage not in _stages_from(through)[1:]
            for result in (self._run_stage(stage, done, work),)
        )

    def missing_stages(self, settings: InspectionSettings) -> frozenset[Stage]:
        """Returns the stages that ``run(settings)`` would compute; the network is the slow one."""
        changed = self.settings.first_stage_changed(settings)
        stale = set(_stages_from(changed)) if changed is not None else set()
        done = {
            Stage.NETWORK: self._output is not None,
            Stage.SEMANTICS: self._labels is not None,
            Stage.DETECTIONS: self._detected is not None,
            Stage.MERGE: self._trace is not None,
            Stage.QUALITY: self._quality is not None or self.truth is None,
        }
        if not settings.needs_network:
            done[Stage.NETWORK] = True
        return frozenset(stage for stage in Stage if not done[stage] or (stage in stale and stage is not Stage.NETWORK))

    def adopt_output(self, output: NetworkOutput, seconds: float) -> None:
        """Takes over an output that was computed elsewhere for this image; every stage that reads it is stale.

        Args:
            output: the network's output for this image alone.
            seconds: how long it took.
        """
        self._output = output
        self._seconds[Stage.NETWORK] = seconds
        self._probabilities = self._predicted_labels = self._next_stuff = None
        self._predicted_maps.clear()
        self._forget(Stage.SEMANTICS)

    def sibling(self, settings: InspectionSettings | None = None) -> Inspection:
        """Returns another inspection of the image that starts from the same network output and has its own stages.

        What was read off the output is shared too: labels, class probabilities and next-best stuff.

        Args:
            settings: where it starts; those of the last run if None.

        Raises:
            MissingNetworkError: if the network has not run.
        """
        other = Inspection(
            self.image,
            self.categories,
            run_network=self._run_network,
            truth=self.truth,
            truth_areas=self._truth_areas,
            settings=settings or self.settings,
        )
        other.adopt_output(self.output, self._seconds[Stage.NETWORK])
        other._probabilities = self._probabilities
        other._predicted_labels, other._next_stuff = self._predicted_labels, self._next_stuff
        return other

    def _adopt(self, settings: InspectionSettings) -> None:
        """Takes over new settings and forgets the results that they make stale."""
        if (settings.semantic_oracle or settings.box_oracle) and self.truth is None:
            raise MissingTruthError("an oracle needs ground truth, and this image has none")
        changed = self.settings.first_stage_changed(settings)
        self.settings = settings
        if changed is not None:
            self._forget(changed)

    def _forget(self, first: Stage) -> None:
        stale = _stages_from(first)
        if Stage.SEMANTICS in stale:
            self._labels = None
        if Stage.DETECTIONS in stale:
            self._detected = None
        if Stage.MERGE in stale:
            self._trace = None
        if Stage.QUALITY in stale:
            self._quality = None

    def _run_stage(self, stage: Stage, done: bool, work: Callable[[], None]) -> StageResult:
        if not done:
            started = time.perf_counter()
            work()
            self._seconds[stage] = time.perf_counter() - started
        return StageResult(stage=stage, ran=not done, seconds=self._seconds[stage])

    # -------------------------------------------------------------------------------------------------------- stages

    def _compute_output(self) -> None:
        if self._run_network is None:
            raise MissingNetworkError("no network is loaded: load one, or turn both oracles on")
        self._output = self._run_network(self.image)

    def _compute_labels(self) -> None:
        if self.settings.semantic_oracle:
            self._labels = self._require_truth().labels(len(self.categories))
            return
        if self._predicted_labels is None:
            self._predicted_labels = decoding.semantic_labels(self.output, size=self.size)
        self._labels = self._predicted_labels

    def _compute_detections(self) -> None:
        settings = self.settings
        if settings.box_oracle:
            detections = oracle_detections(self._require_truth(), self.categories)
            self._detected = _Detected(candidates=None, detections=detections)
            return
        if self._probabilities is None:
            self._probabilities = decoding.class_probabilities(self.output)
        found = decoding.candidates(
            self.output,
            self._probabilities,
            size=self.size,
            isthing=self.categories.isthing,
            class_threshold=settings.class_threshold,
            use_borderness=settings.use_borderness,
            score_sqrt=settings.score_sqrt,
            pre_nms_top_k=settings.pre_nms_top_k,
            nms_iou=settings.nms_iou,
            max_detections=settings.max_detections,
        )
        self._detected = _Detected(candidates=found, detections=found.detections())

    def _compute_trace(self) -> None:
        settings = self.settings
        trace = merge(
            self.detections,
            self.labels,
            isthing=self.categories.isthing,
            borderness=self.borderness_maps() if settings.conflict == "closest" else None,
            next_stuff=self._next_best_stuff(),
            score_threshold=settings.score_threshold,
            overlap_threshold=settings.overlap_threshold,
            conflict=settings.conflict,
            stuff_limit=settings.stuff_limit,
            leftovers=self._possible_leftovers(),
        )
        if self._possible_leftovers() != settings.leftovers:
            trace = replace(trace, notes=(*trace.notes, _NO_SECOND_CHOICE))
        self._trace = trace

    def _compute_quality(self) -> None:
        self._quality = image_quality(
            self.trace.segmentation(), self._require_truth(), len(self.categories), truth_areas=self._truth_areas
        )

    def _possible_leftovers(self) -> Literal["void", "next_stuff"]:
        """Ground-truth semantics know no second choice, so without a network leftover thing pixels stay void."""
        return self.settings.leftovers if self.settings.needs_network else "void"

    def _next_best_stuff(self) -> Labels | None:
        if self._possible_leftovers() == "void":
            return None
        if self._next_stuff is None:
            self._next_stuff = decoding.next_best_stuff(self.output, size=self.size, isthing=self.categories.isthing)
        return self._next_stuff

    def borderness_maps(self) -> BordernessMaps:
        """Returns the maps the merge samples at contested pixels: predicted, or the truth's under the box oracle."""
        if self.settings.box_oracle:
            kind = self.settings.oracle_borderness
            if kind not in self._oracle_maps:
                things = self._require_truth().thing_ids(self.categories.isthing)
                self._oracle_maps[kind] = segment_borderness_maps(things, kind)
            return self._oracle_maps[kind]
        pooling = self.settings.borderness_pooling
        if pooling not in self._predicted_maps:
            self._predicted_maps[pooling] = decoding.borderness_maps(self.output, size=self.size, pooling=pooling)
        return self._predicted_maps[pooling]

    def _require_truth(self) -> PanopticSegmentation:
        if self.truth is None:
            raise MissingTruthError("an oracle needs ground truth, and this image has none")
        return self.truth

    # ------------------------------------------------------------------------------------------------------- results

    @property
    def size(self) -> tuple[int, int]:
        """``(H, W)`` of the image."""
        return self.image.shape[0], self.image.shape[1]

    @property
    def output(self) -> NetworkOutput:
        """The network's output.

        Raises:
            MissingNetworkError: if the network has not run.
        """
        if self._output is None:
            raise MissingNetworkError("the network has not run on this image")
        return self._output

    @property
    def has_output(self) -> bool:
        """Whether the network has run on this image."""
        return self._output is not None

    @property
    def labels(self) -> Labels:
        """The semantic map ``[H, W]`` that is merged: predicted, or the truth's under the semantic oracle."""
        return _computed(self._labels)

    @property
    def candidates(self) -> Candidates | None:
        """Every box that was considered; None under the box oracle, which considers no other."""
        return _computed(self._detected).candidates

    @property
    def detections(self) -> Detections:
        """The boxes that go into the merge."""
        return _computed(self._detected).detections

    @property
    def trace(self) -> MergeTrace:
        """The merge, replayable."""
        return _computed(self._trace)

    @property
    def quality(self) -> ImageQuality | None:
        """Quality against the ground truth; None where there is none."""
        return self._quality

    def saved(self, *, name: str = "", network: Mapping[str, str] | None = None) -> SavedInspection:
        """Returns everything that was found, to be kept without the network (:mod:`lpsnet.analysis.inspection_file`).

        Nothing is copied. Run all stages before.

        Args:
            name: what the image is called.
            network: what is to be said of the network, by name, in words.

        Raises:
            RuntimeError: if a stage up to the merge has not run.
        """
        trace = self.trace
        has_maps = self._output is not None or self.settings.box_oracle
        return SavedInspection(
            image=self.image,
            categories=self.categories,
            settings=self.settings,
            candidates=self.candidates,
            detections=self.detections,
            trace=trace,
            borderness=self.borderness_maps() if has_maps else None,
            truth=self.truth,
            truth_areas=self._truth_areas or None,
            quality=self.quality,
            seconds={stage: self._seconds[stage] for stage in Stage if stage in self._seconds},
            network=dict(network or {}),
            versions=_versions(),
            name=name,
        )


def oracle_detections(truth: PanopticSegmentation, categories: Categories) -> Detections:
    """Returns the ground truth's boxes as detections with score 1 (method row 56).

    Detection ``k`` is the ``k``-th thing of ``truth.segments`` that is no crowd.
    """
    things = [segment for segment in truth.segments if categories[segment.label].isthing and not segment.iscrowd]
    return Detections.from_boxes(
        boxes=np.array([segment.box for segment in things], np.float32).reshape(-1, 4),
        labels=np.array([segment.label for segment in things], np.int32),
        scores=np.ones(len(things), np.float32),
    )


def _versions() -> dict[str, str]:
    """Returns the versions of what computed an inspection, by name."""
    try:
        own = version("lpsnet-studio")
    except PackageNotFoundError:  # run from a bare checkout
        own = "unknown"
    return {
        "lpsnet": own,
        "python": sys.version.split()[0],
        "torch": str(torch.__version__),
        "numpy": str(np.__version__),
    }


def _stages_from(first: Stage) -> tuple[Stage, ...]:
    order = tuple(Stage)
    return order[order.index(first) :]


def _computed(value: _T | None) -> _T:
    if value is None:
        raise RuntimeError("this stage has not run: call run() first")
    return value
