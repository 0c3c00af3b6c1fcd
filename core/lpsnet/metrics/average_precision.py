"""Box and mask average precision (Lin et al., 2014), by pycocotools' own matching and accumulation.

Ground truth is a panoptic segmentation: its thing segments are the instances, with the tight box and the area of their
pixels; crowds are crowds. Each image is matched as soon as it is added, and of it only the outcome is kept, about
4 KiB for 100 detections, so that a data set's masks are never in memory together.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories, Category
from lpsnet.formats.rle import encode_mask
from lpsnet.panoptic_head.box_masks import box_masks
from lpsnet.structures import Detections, Labels, PanopticSegmentation

__all__ = [
    "AveragePrecision",
    "DetectionQuality",
    "PrecisionFigures",
    "encode_box_masks",
    "encode_mask",
]

ImageId = int | str
_MAX_DETECTIONS = 100
"""Detections of a class in an image that COCO looks at, best first."""
_NO_TRUTH = -1.0
"""What pycocotools writes for the precision of a class without a truth in the area range."""
_BOX, _MASK = "bbox", "segm"


# -------------------------------------------------------------------------------------------------------------- masks


def encode_box_masks(detections: Detections, labels: Labels) -> list[bytes]:
    """Returns the mask of every detection before conflicts (method row 57), as :func:`encode_mask` does.

    Args:
        detections: boxes.
        labels: ``[H, W]`` class of every pixel.
    """
    shape = labels.shape[0], labels.shape[1]
    return [encode_mask(window, mask, shape) for window, mask in box_masks(detections, labels)]


# ------------------------------------------------------------------------------------------------------------ figures


@dataclass(frozen=True, slots=True)
class PrecisionFigures:
    """Average precision, in [0, 1]; NaN where the truth holds no instance to be found.

    Attributes:
        ap: mean over IoU thresholds 0.50, 0.55 … 0.95.
        ap50: at an IoU of 0.50.
        ap75: at an IoU of 0.75.
        small: ``ap`` of instances of at most 32² pixels.
        medium: from 32² to 96² pixels.
        large: from 96² pixels on.
    """

    ap: float
    ap50: float
    ap75: float
    small: float
    medium: float
    large: float

    @classmethod
    def mean(cls, figures: Iterable[PrecisionFigures]) -> PrecisionFigures:
        """Returns the means of several classes' figures, each over the classes that have it."""
        listed = list(figures)
        return cls(*(_mean_of_known([getattr(one, field.name) for one in listed]) for field in fields(cls)))

    def to_json(self) -> dict[str, float | None]:
        """Returns the figures by name; None for NaN."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: None if math.isnan(value) else value for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class DetectionQuality:
    """Average precision of a data set.

    Attributes:
        box: of boxes, mean over the thing classes that occur in the truth.
        mask: of masks, likewise.
        per_class: every thing class with its figures of boxes and of masks.
    """

    box: PrecisionFigures
    mask: PrecisionFigures
    per_class: tuple[tuple[Category, PrecisionFigures, PrecisionFigures], ...]

    def to_json(self) -> dict[str, Any]:
        """Returns the figures, classes under their ids; what is over no instance is None."""
        return {
            "box": self.box.to_json(),
            "mask": self.mask.to_json(),
            "per_class": {
                str(category.id): {"box": box.to_json(), "mask": mask.to_json()}
                for category, box, mask in self.per_class
            },
        }


def _mean_of_known(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


# ----------------------------------------------------------------------------------------------------- an evaluation


class AveragePrecision:
    """Average precision of boxes and masks, image by image.

    Parts of a data set may be added in several processes: an instance can be pickled, and :meth:`merge` joins them.
    The figures depend neither on the parts nor on the order of the images.

    Args:
        categories: the classes; only things are looked at.
    """

    def __init__(self, categories: Categories) -> None:
        self.categories = categories
        self._images: dict[ImageId, dict[str, _Outcome]] = {}

    def __len__(self) -> int:
        """Number of images added."""
        return len(self._images)

    def add(
        self, image_id: ImageId, truth: PanopticSegmentation, detections: Detections, masks: Sequence[bytes]
    ) -> None:
        """Compares the detections of an image with its ground truth.

        Args:
            image_id: of the image; orders images whose detections have equal scores.
            truth: its stuff is not looked at.
            detections: of thing classes; of each class the best 100 count.
            masks: the mask of each detection, as :func:`encode_box_masks` gives them.

        Raises:
            ValueError: if the image was added before, a detection's class is no thing, a score is no number, or there
                are not as many masks as detections.
        """
        if image_id in self._images:
            raise ValueError(f"image {image_id!r} was added before")
        if len(masks) != len(detections):
            raise ValueError(f"{len(masks)} masks do not belong to {len(detections)} detections")
        if not np.isfinite(detections.scores).all():
            raise ValueError("every score must be a number")
        isthing = self.categories.isthing
        for label in np.unique(detections.labels).tolist():
            if not 0 <= label < len(isthing) or not isthing[label]:
                raise ValueError(f"class {label} is no thing; only things are detected")
        instances, guesses = _instances(truth, isthing), _guesses(detections, masks, truth.ids.shape)
        self._images[image_id] = {kind: _match(kind, instances, guesses[kind]) for kind in (_BOX, _MASK)}

    def merge(self, other: AveragePrecision) -> None:
        """Takes over what another part of the data set has added.

        Raises:
            ValueError: if the classes differ, or an image is in both; nothing is taken over then.
        """
        if other.categories != self.categories:
            raise ValueError("parts of different classes cannot be merged")
        if both := self._images.keys() & other._images.keys():
            raise ValueError(f"image {min(both, key=_sort_key)!r} is in both parts")
        self._images.update(other._images)

    def result(self) -> DetectionQuality:
        """Returns the figures of all images added so far."""
        things = np.flatnonzero(self.categories.isthing).tolist()
        by_kind = {kind: self._figures(kind, things) for kind in (_BOX, _MASK)}
        per_class = tuple(
            (self.categories[label], box, mask)
            for label, box, mask in zip(things, by_kind[_BOX], by_kind[_MASK], strict=True)
        )
        return DetectionQuality(PrecisionFigures.mean(by_kind[_BOX]), PrecisionFigures.mean(by_kind[_MASK]), per_class)

    def _figures(self, kind: str, labels: Sequence[int]) -> list[PrecisionFigures]:
        """Returns each class's figures; one class at a time keeps pycocotools' objects few."""
        outcomes = [self._images[image_id][kind] for image_id in sorted(self._images, key=_sort_key)]
        occurring: dict[int, list[_Outcome]] = defaultdict(list)
        for outcome in outcomes:
            for label in outcome.labels:
                occurring[label].append(outcome)
        return [_accumulate(kind, label, occurring[label]) for label in labels]


def _sort_key(image_id: ImageId) -> tuple[bool, int, str]:
    """Orders numbers before texts, which a data set does not mix but parts of several might."""
    return (True, 0, image_id) if isinstance(image_id, str) else (False, image_id, "")


# -------------------------------------------------------------------------------------------------------- pycocotools

_Annotation = dict[str, Any]
"""One instance or detection as COCO's JSON has it."""
_ByLabel = Mapping[int, list[_Annotation]]


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """How the detections of one image were matched; A area ranges, T thresholds, D detections, G instances.

    Attributes:
        labels: the classes that occur in the image, as instance or detection.
        label_of_detection: ``[D]`` uint16, ascending.
        scores: ``[D]`` float32, descending within a class.
        matched: ``[A, T, D]`` as bits.
        ignored: ``[A, T, D]`` as bits.
        label_of_instance: ``[G]`` uint16, ascending.
        instance_ignored: ``[A, G]`` as bits.
    """

    labels: tuple[int, ...]
    label_of_detection: NDArray[np.uint16]
    scores: NDArray[np.float32]
    matched: NDArray[np.uint8]
    ignored: NDArray[np.uint8]
    label_of_instance: NDArray[np.uint16]
    instance_ignored: NDArray[np.uint8]

    def of_class(self, label: int, num_areas: int, num_thresholds: int) -> Iterator[dict[str, Any]]:
        """Yields, for each area range, what ``COCOeval.accumulate`` reads."""
        detections = slice(*np.searchsorted(self.label_of_detection, [label, label + 1]).tolist())
        instances = slice(*np.searchsorted(self.label_of_instance, [label, label + 1]).tolist())
        shape = num_areas, num_thresholds, len(self.scores)
        matched, ignored = (_unpack(bits, shape)[:, :, detections] for bits in (self.matched, self.ignored))
        instance_ignored = _unpack(self.instance_ignored, (num_areas, len(self.label_of_instance)))[:, instances]
        for area in range(num_areas):
            yield {
                "dtScores": self.scores[detections],
                "dtMatches": matched[area],
                "dtIgnore": ignored[area],
                "gtIgnore": instance_ignored[area],
            }


def _unpack(bits: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.unpackbits(bits, count=math.prod(shape)).reshape(shape).view(np.bool_)


def _instances(truth: PanopticSegmentation, isthing: NDArray[np.bool_]) -> _ByLabel:
    """Returns the thing segments of a ground truth as COCO's annotations."""
    height, width = truth.ids.shape
    instances: dict[int, list[_Annotation]] = defaultdict(list)
    for number, segment in enumerate(truth.segments, start=1):
        if not isthing[segment.label]:
            continue
        x0, y0, x1, y1 = segment.box
        mask = encode_mask((y0, x0, y1, x1), truth.ids[y0:y1, x0:x1] == segment.id, (height, width))
        instances[segment.label].append(
            {
                "id": number,
                "iscrowd": int(segment.iscrowd),
                "ignore": int(segment.iscrowd),
                "area": segment.area,
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "segmentation": {"size": [height, width], "counts": mask},
            }
        )
    return instances


def _guesses(detections: Detections, masks: Sequence[bytes], shape: tuple[int, ...]) -> Mapping[str, _ByLabel]:
    """Returns the detections as COCO's annotations, whose area is the box's or the mask's."""
    from pycocotools import mask as coco_mask

    size = [shape[0], shape[1]]
    rles = [{"size": size, "counts": counts} for counts in masks]
    mask_areas = coco_mask.area(rles).tolist() if rles else []
    guesses: dict[str, dict[int, list[_Annotation]]] = {_BOX: defaultdict(list), _MASK: defaultdict(list)}
    rows = zip(detections.boxes.tolist(), detections.labels.tolist(), detections.scores.tolist(), strict=True)
    for number, ((x0, y0, x1, y1), label, score) in enumerate(rows, start=1):
        box = [x0, y0, x1 - x0, y1 - y0]
        common = {"id": number, "score": score}
        guesses[_BOX][label].append({**common, "bbox": box, "area": box[2] * box[3]})
        guesses[_MASK][label].append({**common, "segmentation": rles[number - 1], "area": mask_areas[number - 1]})
    return guesses


def _match(kind: str, instances: _ByLabel, guesses: _ByLabel) -> _Outcome:
    """Lets pycocotools match the detections of one image in every area range."""
    evaluation = _evaluation(kind)
    parameters = evaluation.params
    labels = sorted({*instances, *guesses})
    by_class: list[list[dict[str, Any]]] = []
    for label in labels:
        key = (0, label)
        evaluation._gts[key], evaluation._dts[key] = list(instances.get(label, ())), list(guesses.get(label, ()))
        evaluation.ious[key] = evaluation.computeIoU(*key)
        by_class.append([evaluation.evaluateImg(*key, area, _MAX_DETECTIONS) for area in parameters.areaRng])
    num_areas, num_thresholds = len(parameters.areaRng), len(parameters.iouThrs)

    def labels_of_each(name: str) -> NDArray[np.uint16]:
        counts = [len(areas[0][name]) for areas in by_class]
        return np.repeat(np.array(labels, np.uint16), np.array(counts, np.intp))

    def across_classes(name: str, *without: int) -> NDArray[np.uint8]:
        blocks = [np.stack([np.asarray(area[name]) != 0 for area in areas]) for areas in by_class]
        blocks.append(np.zeros((num_areas, *without, 0), np.bool_))
        return np.packbits(np.concatenate(blocks, axis=-1))

    return _Outcome(
        labels=tuple(labels),
        label_of_detection=labels_of_each("dtScores"),
        scores=np.array([score for areas in by_class for score in areas[0]["dtScores"]], np.float32),
        matched=across_classes("dtMatches", num_thresholds),
        ignored=across_classes("dtIgnore", num_thresholds),
        label_of_instance=labels_of_each("gtIgnore"),
        instance_ignored=across_classes("gtIgnore"),
    )


def _accumulate(kind: str, label: int, outcomes: Sequence[_Outcome]) -> PrecisionFigures:
    """Lets pycocotools draw the precision-recall curves of one class."""
    evaluation = _evaluation(kind)
    parameters = evaluation.params
    parameters.catIds, parameters.imgIds = [label], list(range(len(outcomes)))
    num_areas, num_thresholds = len(parameters.areaRng), len(parameters.iouThrs)
    by_image = [list(outcome.of_class(label, num_areas, num_thresholds)) for outcome in outcomes]
    evaluation.evalImgs = [areas[area] for area in range(num_areas) for areas in by_image]
    evaluation._paramsEval = parameters
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, 0, :, 0]
    area_of = {name: index for index, name in enumerate(parameters.areaRngLbl)}
    threshold_of = {round(float(threshold), 2): index for index, threshold in enumerate(parameters.iouThrs)}
    return PrecisionFigures(
        ap=_mean_precision(precision[:, :, area_of["all"]]),
        ap50=_mean_precision(precision[threshold_of[0.5], :, area_of["all"]]),
        ap75=_mean_precision(precision[threshold_of[0.75], :, area_of["all"]]),
        small=_mean_precision(precision[:, :, area_of["small"]]),
        medium=_mean_precision(precision[:, :, area_of["medium"]]),
        large=_mean_precision(precision[:, :, area_of["large"]]),
    )


def _mean_precision(precision: NDArray[np.float64]) -> float:
    known = precision[precision > _NO_TRUTH]
    return float(known.mean()) if known.size else math.nan


def _evaluation(kind: str) -> Any:
    from pycocotools.cocoeval import COCOeval

    evaluation = COCOeval(iouType=kind)
    evaluation.params.maxDets = [_MAX_DETECTIONS]
    return evaluation
