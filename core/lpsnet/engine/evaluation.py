"""What an evaluation comes to: quality, precision, mean IoU, cost, and how one setting changes the quality."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lpsnet.categories import Categories
from lpsnet.config import InputConfig
from lpsnet.formats.coco_panoptic import ImageId
from lpsnet.metrics.average_precision import DetectionQuality
from lpsnet.metrics.mean_iou import MeanIoU
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts
from lpsnet.structures import InspectionSettings

__all__ = [
    "Cost",
    "Durations",
    "Evaluation",
    "MeasuredNetwork",
    "PictureQuality",
    "Sweep",
    "SweepPoint",
    "mean_figures",
]

SettingValue = bool | int | float | str
"""What a setting of the stages after the network can be."""


@dataclass(frozen=True, slots=True)
class MeasuredNetwork:
    """The network that was measured.

    Attributes:
        name: of its config.
        origin: the checkpoint's path, the YAML file's, or the preset's name.
        trained: False if any of its weights are random.
        parameters: how many numbers it has learnt.
        input: how pictures became its input.
        device: where it ran, and why there.
    """

    name: str
    origin: str
    trained: bool
    parameters: int
    input: InputConfig
    device: str

    def to_json(self) -> dict[str, Any]:
        """Returns the facts by name."""
        return {
            "name": self.name,
            "origin": self.origin,
            "trained": self.trained,
            "parameters": self.parameters,
            "input": self.input.model_dump(mode="json"),
            "device": self.device,
        }


# --------------------------------------------------------------------------------------------------------------- cost


@dataclass(frozen=True, slots=True)
class Durations:
    """How long pictures took one by one, from the decoded picture to its panoptic segmentation (method row 68).

    Attributes:
        network: seconds a picture in the network, resizing to its input included; 0 where oracles stand for it.
        total: seconds a picture with everything after the network.
    """

    network: tuple[float, ...] = ()
    total: tuple[float, ...] = ()

    @property
    def after_network(self) -> tuple[float, ...]:
        """Seconds a picture in post-processing."""
        return tuple(total - network for network, total in zip(self.network, self.total, strict=True))

    def to_json(self) -> dict[str, Any]:
        """Returns medians and means in milliseconds; None where no picture was measured."""
        rows = {"total": self.total, "network": self.network, "post_processing": self.after_network}
        return {name: {"median": _median_ms(row), "mean": _mean_ms(row)} for name, row in rows.items()}


def _median_ms(seconds: Sequence[float]) -> float | None:
    """Returns the median in milliseconds; None of nothing."""
    return 1000 * statistics.median(seconds) if seconds else None


def _mean_ms(seconds: Sequence[float]) -> float | None:
    """Returns the mean in milliseconds; None of nothing."""
    return 1000 * math.fsum(seconds) / len(seconds) if seconds else None


@dataclass(frozen=True, slots=True)
class Cost:
    """What the pictures cost.

    Attributes:
        durations: picture by picture, without those that warmed up.
        warm_ups: how often the first picture ran before anything was timed.
        threads: of the CPU that the network computed with.
        padded_sizes: how many pictures had each ``(height, width)`` of the network's input after padding; empty where
            no network ran.
        peak_bytes: the most memory in use, reading and measuring included: on the CPU the resident memory of the whole
            process, on CUDA what torch had allocated; None if it was not watched.
        macs: multiply-adds of the network for one picture, the mean over the pictures; None where no network ran.
    """

    durations: Durations = Durations()
    warm_ups: int = 0
    threads: int = 1
    padded_sizes: Mapping[tuple[int, int], int] = field(default_factory=dict)
    peak_bytes: int | None = None
    macs: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the figures by name; None for what was not measured."""
        return {
            "ms_per_image": self.durations.to_json(),
            "warm_ups": self.warm_ups,
            "batch": 1,
            "threads": self.threads,
            "peak_memory_bytes": self.peak_bytes,
            "macs": self.macs,
            "padded_input_sizes": [
                {"height": height, "width": width, "images": images}
                for (height, width), images in sorted(self.padded_sizes.items())
            ],
        }


# -------------------------------------------------------------------------------------------------------------- sweep


@dataclass(frozen=True, eq=False)
class SweepPoint:
    """The quality at one value of a setting.

    Attributes:
        value: of the setting.
        quality: over the same pictures as the evaluation.
    """

    value: SettingValue
    quality: PanopticQuality


@dataclass(frozen=True, eq=False)
class Sweep:
    """How the quality changes with one setting of the stages after the network.

    Attributes:
        setting: its name.
        in_force: its value in the evaluation.
        points: in the order asked for.
    """

    setting: str
    in_force: SettingValue
    points: tuple[SweepPoint, ...]

    @property
    def best(self) -> SweepPoint | None:
        """The value of the highest PQ, the first of equals; None where nothing was measured."""
        known = [point for point in self.points if not math.isnan(point.quality.all.pq)]
        return max(known, key=lambda point: point.quality.all.pq, default=None)

    def to_json(self) -> dict[str, Any]:
        """Returns the figures of each value, means alone."""
        best = self.best
        return {
            "setting": self.setting,
            "in_force": self.in_force,
            "best": None if best is None else best.value,
            "points": [{"value": point.value, **_means(point.quality)} for point in self.points],
        }


def _means(quality: PanopticQuality) -> dict[str, Any]:
    figures = quality.to_json()
    return {name: figures[name] for name in ("All", "Things", "Stuff")}


# -------------------------------------------------------------------------------------------------------- one picture


@dataclass(frozen=True, slots=True)
class PictureQuality:
    """How well one picture was segmented, judged by itself.

    The means are over the classes that occur in it, so those of a data set are not the means of its pictures'. The
    counts are over all classes, and add up to the data set's.

    Attributes:
        image_id: in its data set.
        file_name: as the data set has it; a drawn scene's name.
        pq: panoptic quality in [0, 1]; None if no class occurs.
        sq: segmentation quality, likewise.
        rq: recognition quality, likewise.
        tp: pairs of segments that match.
        fp: predicted segments without a match, less those that lie on void or crowd.
        fn: true segments without a match, crowds left out.
    """

    image_id: ImageId
    file_name: str
    pq: float | None
    sq: float | None
    rq: float | None
    tp: int
    fp: int
    fn: int

    @classmethod
    def of(cls, image_id: ImageId, file_name: str, counts: QualityCounts, categories: Categories) -> PictureQuality:
        """Returns the quality that a picture's own counts amount to."""
        means = PanopticQuality(counts, categories).all
        pq, sq, rq = (_none_if_nan(value) for value in (means.pq, means.sq, means.rq))
        tp, fp, fn = (int(column.sum()) for column in (counts.tp, counts.fp, counts.fn))
        return cls(image_id, file_name, pq, sq, rq, tp, fp, fn)


# --------------------------------------------------------------------------------------------------------- evaluation


def mean_figures(panoptic: PanopticQuality, semantics: MeanIoU) -> dict[str, float | None]:
    """Returns the figures of :class:`lpsnet.events.Evaluated` by name; None where there is no class."""
    figures: dict[str, float] = {}
    for suffix, means in (("", panoptic.all), ("_things", panoptic.things), ("_stuff", panoptic.stuff)):
        figures |= {f"pq{suffix}": means.pq, f"sq{suffix}": means.sq, f"rq{suffix}": means.rq}
    figures["miou"] = semantics.mean
    return {name: _none_if_nan(value) for name, value in figures.items()}


def _none_if_nan(value: float) -> float | None:
    return None if math.isnan(value) else value


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How well a network, or ground truth in its place, segments the pictures of a source.

    Attributes:
        data: the source, for people.
        settings: of every stage after the network.
        wanted: how many pictures were to be measured.
        measured: how many the figures are over.
        failures: one sentence for each picture that could not be measured, and for each file that was not written.
        complete: False if it was stopped, or the CUDA device or a reading process failed, before every picture had its
            turn.
        panoptic: PQ, SQ and RQ (areas of the truth as its JSON states them, like panopticapi).
        detection: box AP, and mask AP of each box's mask before conflicts (method row 57), over every detection
            whatever the score threshold; None if it was not asked for.
        semantics: mean IoU of the semantic map that was merged, over things and stuff.
        cost: time, memory and multiply-adds.
        predictions: the COCO panoptic JSON file of the predictions; None if none was written.
        sweep: None if no setting was swept.
        network: None where both oracles stood for it.
        pictures: the quality of each that the figures are over, in their order.
    """

    data: str
    settings: InspectionSettings
    wanted: int
    measured: int
    failures: tuple[str, ...]
    complete: bool
    panoptic: PanopticQuality
    detection: DetectionQuality | None
    semantics: MeanIoU
    cost: Cost = Cost()
    predictions: Path | None = None
    sweep: Sweep | None = None
    network: MeasuredNetwork | None = None
    pictures: tuple[PictureQuality, ...] = ()

    @property
    def figures(self) -> dict[str, float | None]:
        """The figures of :class:`lpsnet.events.EvaluationDone` by name; None for what is over nothing."""
        return {**mean_figures(self.panoptic, self.semantics), **dict(self._precision_figures()), **self._cost_figures}

    def _precision_figures(self) -> Iterator[tuple[str, float | None]]:
        if self.detection is not None:
            for kind, found in (("box", self.detection.box), ("mask", self.detection.mask)):
                for name, value in found.to_json().items():
                    yield f"{kind}_{name}", value

    @property
    def _cost_figures(self) -> dict[str, float | None]:
        medians = {name: figures["median"] for name, figures in self.cost.durations.to_json().items()}
        return {
            "ms": medians["total"],
            "ms_network": medians["network"],
            "ms_post_processing": medians["post_processing"],
            "macs": self.cost.macs,
            "peak_memory_bytes": self.cost.peak_bytes,
        }

    def to_json(self) -> dict[str, Any]:
        """Returns all figures; a mean over nothing is None. Shares lie in [0, 1], classes are under their ids."""
        return {
            "data": self.data,
            "network": None if self.network is None else self.network.to_json(),
            "settings": asdict(self.settings),
            "images": self.measured,
            "images_wanted": self.wanted,
            "complete": self.complete,
            "failures": list(self.failures),
            "predictions": None if self.predictions is None else str(self.predictions),
            "panoptic": self.panoptic.to_json(),
            "average_precision": None if self.detection is None else self.detection.to_json(),
            "semantics": self.semantics.to_json(),
            "cost": self.cost.to_json(),
            "sweep": None if self.sweep is None else self.sweep.to_json(),
            "pictures": [asdict(picture) for picture in self.pictures],
        }
