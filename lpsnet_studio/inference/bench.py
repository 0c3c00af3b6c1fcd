"""One open image in the service: its network output, its inspections at full and at reduced size, and the probe."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from lpsnet import decoding
from lpsnet.borderness import BordernessKind, borderness_by_level
from lpsnet.engine.network import ReadyNetwork
from lpsnet.inspection import Inspection, MissingNetworkError, MissingTruthError
from lpsnet.maps import HeatMap, MapPlacement, borderness_difference_heat, borderness_heat, borderness_target_heat
from lpsnet.model.cancellation import Cancelled
from lpsnet.model.output import NetworkOutput
from lpsnet.oracle_gains import oracle_gains
from lpsnet.structures import InspectionSettings, PanopticSegmentation, Stage, StageResult
from lpsnet_studio.inference.messages import (
    GainsWeighed,
    ImageOpened,
    Inspect,
    Inspected,
    Look,
    Measure,
    Measured,
    ModelCard,
    OpenImage,
    Probe,
    Probed,
    Seen,
    Sight,
    WeighGains,
)
from lpsnet_studio.inference.pictures import Picture, fit_truth

__all__ = ["PREVIEW_PIXELS", "ClassesDifferError", "ImageBench", "LoadedNetwork"]

PREVIEW_PIXELS = 2_000_000
"""Larger images are merged at no more than this many pixels while a slider is dragged."""
_AFTER_NETWORK = tuple(stage for stage in Stage if stage is not Stage.NETWORK)
_BYTES_PER_PIXEL = 16
"""Of one inspection: labels, owners, truth, what the merge keeps."""


class ClassesDifferError(ValueError):
    """The network cannot say anything about this image's classes."""


@dataclass(slots=True, eq=False)
class LoadedNetwork:
    """A network with what the window shows of it.

    Attributes:
        ready: the network.
        card: what the window shows.
        layers: how many layers the last forward counted, which the next one's progress is measured by; 0 if unknown.
    """

    ready: ReadyNetwork
    card: ModelCard
    layers: int = 0

    def run(
        self, image: NDArray[np.uint8], should_stop: Callable[[], bool], on_progress: Callable[[float], None]
    ) -> NetworkOutput:
        """Runs the network on one image to its end.

        Raises:
            Cancelled: between two layers, once ``should_stop`` says so.
        """
        passed = 0

        def before_layer() -> bool:
            nonlocal passed
            passed += 1
            on_progress(min(passed / self.layers, 1.0) if self.layers else -1.0)
            return should_stop()

        output = self.ready.run(image, before_layer)
        if self.ready.device.type == "cuda":
            torch.cuda.synchronize(self.ready.device)
        self.layers = passed
        return output


class ImageBench:
    """One image on which stages are run.

    The network's output may be computed by one thread while another runs the other stages.

    Attributes:
        picture: the image.
        output: the network's output; None before the network has run.

    Args:
        picture: the image.
        network: what is loaded; None if nothing is.
    """

    def __init__(self, picture: Picture, network: LoadedNetwork | None) -> None:
        self.picture = picture
        self.output: NetworkOutput | None = None
        self._network = network
        self._fitted = fit_truth(picture, network.ready.categories if network is not None else None)
        self._output_seconds = 0.0
        self._output_is_news = False
        self._inspections: dict[bool, Inspection] = {}
        self._has_output: set[bool] = set()
        self._last_sent: Inspected | None = None
        self._probabilities: torch.Tensor | None = None

    @property
    def can_run_network(self) -> bool:
        """Whether there is a network, and its classes are the image's."""
        return self._network is not None and self._fitted.network_fits

    @property
    def has_output(self) -> bool:
        """Whether the network has run."""
        return self.output is not None

    @property
    def bytes(self) -> int:
        """Roughly what it holds in memory, class probabilities of the locations included."""
        pixels = sum(inspection.image.shape[0] * inspection.image.shape[1] for inspection in self._inspections.values())
        held = self.picture.pixels.nbytes + pixels * _BYTES_PER_PIXEL
        if self.output is not None:
            maps = (self.output.semantic_logits, *self.output.ltrb, *self.output.borderness_logits)
            held += sum(each.nbytes for each in maps) + self.output.semantic_logits.nbytes // 3
        if self._probabilities is not None:
            held += self._probabilities.nbytes
        return held

    def opened(self, request: OpenImage, seconds: float) -> ImageOpened:
        """Says what the image is; the next inspection is sent whole."""
        self._last_sent = None
        return ImageOpened(
            request=request.request,
            image=request.image,
            pixels=self.picture.pixels,
            truth=self._fitted.truth,
            categories=self._fitted.categories,
            network_fits=self._fitted.network_fits,
            notice=self._fitted.notice,
            seconds=seconds,
            truth_areas=self.picture.truth_areas,
        )

    # ------------------------------------------------------------------------------------------------------- network

    def run_network(self, should_stop: Callable[[], bool], on_progress: Callable[[float], None]) -> bool:
        """Runs the network; returns False if it was stopped."""
        assert self._network is not None
        started = time.perf_counter()
        try:
            output = self._network.run(self.picture.pixels, should_stop, on_progress)
        except Cancelled:
            return False
        self._output_seconds = time.perf_counter() - started
        self._output_is_news = True
        self.output, self._probabilities = output, None
        return True

    # --------------------------------------------------------------------------------------------------- other stages

    def inspect(self, request: Inspect, arrived: float) -> Inspected:
        """Brings every stage after the network up to date.

        Args:
            request: what is asked.
            arrived: ``time.perf_counter()`` when it was.

        Raises:
            ClassesDifferError: if the network is needed and has other classes than the image's data set.
            MissingNetworkError: if the network is needed and none is loaded.
            MissingTruthError: if an oracle is on and there is no ground truth.
        """
        self._check_classes(request.settings)
        height, width = self.picture.pixels.shape[:2]
        preview = request.preview and height * width > PREVIEW_PIXELS
        inspection = self._inspection(preview)
        settings = request.settings
        if preview:
            settings = _for_reduced_size(settings, inspection.size[0] * inspection.size[1] / (height * width))
        stages = inspection.run(settings)
        return Inspected(
            request=request.request,
            image=request.image,
            settings=request.settings,
            stages=self._with_forward(stages),
            preview=preview,
            size=inspection.size,
            labels=inspection.labels,
            candidates=inspection.candidates,
            borderness=inspection.borderness_maps(),
            detections=inspection.detections,
            trace=inspection.trace,
            quality=inspection.quality,
            seconds=time.perf_counter() - arrived,
        )

    def measure(self, request: Measure, should_stop: Callable[[], bool] = lambda: False) -> Measured | None:
        """Runs every stage after the network at full size and compares the result with the ground truth.

        Args:
            request: what is asked.
            should_stop: asked before every stage; those that were done keep their results, and a later call goes on.

        Returns:
            The figures; None if it was stopped.

        Raises:
            ClassesDifferError: as :meth:`inspect`.
            MissingNetworkError: as :meth:`inspect`.
            ValueError: naming the file, if there is no ground truth to compare with.
        """
        self._check_classes(request.settings)
        if self._fitted.truth is None:
            raise ValueError(self._fitted.notice or f"{self.picture.source.path}: has no ground truth")
        inspection = self._inspection(preview=False)
        stages: tuple[StageResult, ...] = ()
        for stage in _AFTER_NETWORK:
            if should_stop():
                return None
            stages = inspection.run(request.settings, through=stage)
        assert inspection.quality is not None
        return Measured(
            request=request.request,
            settings=request.settings,
            quality=inspection.quality,
            categories=self._fitted.categories,
            seconds=sum(result.seconds for result in stages),
        )

    # ------------------------------------------------------------------------------------------------------- errands

    def look(self, request: Look) -> Seen:
        """Computes a map.

        Raises:
            MissingNetworkError: if it is one of the network's and the network has not run.
            MissingTruthError: if it needs ground truth and there is none.
        """
        return Seen(request.request, request.image, request.sight, self._map_of(request.sight))

    def _map_of(self, sight: Sight) -> HeatMap:
        if sight.kind == "target":
            return self._target(sight.target)
        if self.output is None:
            raise MissingNetworkError("The network has not run on this image.")
        height, width = self.picture.pixels.shape[:2]
        size = height, width
        if sight.kind in ("borderness", "difference"):
            maps, level = decoding.borderness_maps(self.output, size=size), sight.level or None
            if sight.kind == "borderness":
                return borderness_heat(maps, level, size=size)
            return borderness_difference_heat(maps, self._target(sight.target), level)
        if sight.kind == "next_stuff":
            isthing = self._fitted.categories.isthing
            stuff = decoding.next_best_stuff(self.output, size=size, isthing=isthing).astype(np.float32)
            return HeatMap(stuff, MapPlacement(), "Likeliest stuff class", high=max(len(isthing) - 1.0, 1.0))
        return self._semantic_map(self.output, sight, size)

    def _target(self, kind: BordernessKind) -> HeatMap:
        if self._fitted.truth is None:
            raise MissingTruthError("A target of border-ness needs ground truth, and this image has none.")
        return borderness_target_heat(self._fitted.truth, self._fitted.categories.isthing, kind)

    def _semantic_map(self, output: NetworkOutput, sight: Sight, size: tuple[int, int]) -> HeatMap:
        if self._probabilities is None:
            self._probabilities = decoding.semantic_probabilities(output)
        probabilities, categories = self._probabilities, self._fitted.categories
        placement = decoding.semantic_placement(output, size=size)
        match sight.kind:
            case "entropy":
                return HeatMap(decoding.entropy(probabilities), placement, "Entropy")
            case "margin":
                return HeatMap(decoding.margin(probabilities), placement, "Margin")
            case "next_best":
                values = decoding.next_best(probabilities).astype(np.float32)
                return HeatMap(values, placement, "Next-best class", high=max(len(categories) - 1.0, 1.0))
            case "means":
                means = probabilities.mean(dim=(1, 2)).cpu().numpy()[None]
                return HeatMap(means, MapPlacement(), "Mean probability of every class")
            case _:
                values = decoding.class_probability(probabilities, sight.label)
                return HeatMap(values, placement, f"Probability of {categories[sight.label].name}")

    def weigh_gains(self, request: WeighGains, should_stop: Callable[[], bool] = lambda: False) -> GainsWeighed | None:
        """Merges as it is, with true semantics, with true boxes and with both; None if it was stopped.

        Raises:
            ClassesDifferError: as :meth:`inspect`.
            MissingNetworkError: as :meth:`inspect`.
            MissingTruthError: if there is no ground truth.
        """
        self._check_classes(replace(request.settings, box_oracle=False, semantic_oracle=False))
        inspection = self._inspection(preview=False)
        inspection.run(request.settings)
        try:
            gains = oracle_gains(inspection, should_stop=should_stop)
        except Cancelled:
            return None
        return GainsWeighed(request.request, request.image, request.settings, gains)

    def _check_classes(self, settings: InspectionSettings) -> None:
        if settings.needs_network and not self._fitted.network_fits:
            raise ClassesDifferError("The network does not know the classes of this image's data set.")

    def without_unchanged(self, reply: Inspected) -> Inspected:
        """Leaves out the labels and candidates that the last inspection that was sent held already."""
        last, self._last_sent = self._last_sent, reply
        if last is None or last.size != reply.size:
            return reply
        return replace(
            reply,
            labels=None if reply.labels is last.labels else reply.labels,
            candidates=None if reply.candidates is last.candidates else reply.candidates,
            borderness=None if reply.borderness is last.borderness else reply.borderness,
        )

    def _inspection(self, preview: bool) -> Inspection:
        """Returns the inspection at full or reduced size, with the network's output if there is one."""
        inspection = self._inspections.get(preview)
        if inspection is None:
            inspection = self._inspections[preview] = self._reduced() if preview else self._full()
        if self.output is not None and preview not in self._has_output:
            inspection.adopt_output(self.output, self._output_seconds)
            self._has_output.add(preview)
        return inspection

    def _full(self) -> Inspection:
        areas = self.picture.truth_areas
        return Inspection(
            self.picture.pixels,
            self._fitted.categories,
            truth=self._fitted.truth,
            truth_areas=dict(areas) if areas is not None else None,
        )

    def _reduced(self) -> Inspection:
        height, width = self.picture.pixels.shape[:2]
        factor = sqrt(PREVIEW_PIXELS / (height * width))
        size = max(1, int(height * factor)), max(1, int(width * factor))
        pixels = cv2.resize(self.picture.pixels, size[::-1], interpolation=cv2.INTER_AREA)
        truth = self._fitted.truth
        return Inspection(
            np.asarray(pixels, np.uint8),
            self._fitted.categories,
            truth=_resized(truth, size) if truth is not None else None,
        )

    def _with_forward(self, stages: tuple[StageResult, ...]) -> tuple[StageResult, ...]:
        """Says of the first result after a forward that the network ran for it."""
        if not any(result.stage is Stage.NETWORK for result in stages):
            return stages
        news, self._output_is_news = self._output_is_news, False
        return tuple(replace(result, ran=news) if result.stage is Stage.NETWORK else result for result in stages)

    # ---------------------------------------------------------------------------------------------------------- probe

    def probe(self, request: Probe) -> Probed:
        """Reads the network's output at a pixel.

        Raises:
            ValueError: if the pixel is outside.
            MissingNetworkError: if the network has not run.
        """
        height, width = self.picture.pixels.shape[:2]
        if not (0 <= request.x < width and 0 <= request.y < height):
            raise ValueError(f"({request.x}, {request.y}) is not a pixel of a {width}×{height} image")
        if self.output is None:
            raise MissingNetworkError("The network has not run on this image.")
        probabilities = decoding.probabilities_at(self.output, (height, width), request.x, request.y)
        best = np.argsort(-probabilities, kind="stable")[: request.top]
        maps = decoding.borderness_maps(self.output, size=(height, width))
        return Probed(
            request=request.request,
            image=request.image,
            x=request.x,
            y=request.y,
            classes=tuple(best.tolist()),
            probabilities=tuple(probabilities[best].tolist()),
            borderness=borderness_by_level(maps, request.x + 0.5, request.y + 0.5),
            levels=tuple(level.level for level in maps.levels),
        )


def _for_reduced_size(settings: InspectionSettings, share: float) -> InspectionSettings:
    """Shrinks what is counted in pixels, so that the preview decides as the full size will."""
    return replace(settings, stuff_limit=round(settings.stuff_limit * share))


def _resized(truth: PanopticSegmentation, size: tuple[int, int]) -> PanopticSegmentation:
    """Returns ground truth at a smaller size, read at each pixel's centre; segments that vanish are left out."""
    height, width = truth.ids.shape
    rows = ((np.arange(size[0]) + 0.5) * (height / size[0])).astype(np.intp)
    columns = ((np.arange(size[1]) + 0.5) * (width / size[1])).astype(np.intp)
    ids = truth.ids[rows[:, None], columns]
    present = set(np.unique(ids).tolist())
    kept = [segment for segment in truth.segments if segment.id in present]
    return PanopticSegmentation.from_ids(
        ids,
        {segment.id: segment.label for segment in kept},
        crowds={segment.id for segment in kept if segment.iscrowd},
    )
