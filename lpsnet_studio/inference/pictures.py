"""Reads pictures and their ground truth for the service, and fits ground truth to a network's classes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.inspection_file import load_inspection
from lpsnet.analysis.saved_inspection import SavedInspection
from lpsnet.assets import resource
from lpsnet.categories import Categories
from lpsnet.formats.coco_panoptic import CocoPanopticDataset, Record, read_coco_panoptic
from lpsnet.images import ImageError, read_image, read_image_size
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.inference.messages import DatasetImage, DatasetListed, ImageSource, ListDataset, TruthSource
from lpsnet_studio.inference.vocabulary import INSPECTION_SUFFIX

__all__ = ["FittedTruth", "Picture", "PictureReader", "fit_truth"]

_DATASETS_KEPT = 2
_CLASSES_NAMED = 5
_Stamp = tuple[tuple[int, int], ...]
"""Modification time and length of files."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture that has been read.

    Attributes:
        source: where from.
        stamp: of its files as they were.
        pixels: RGB uint8 ``[H, W, 3]``.
        truth: its ground truth in the indices of ``categories``; None where there is none.
        truth_areas: areas of its segments as the JSON states them.
        categories: its data set's classes; None if it belongs to none.
        notice: why ground truth is missing, in a sentence; empty otherwise.
        saved: the inspection that it was read from; None if it is a picture.
    """

    source: ImageSource
    stamp: _Stamp
    pixels: NDArray[np.uint8]
    truth: PanopticSegmentation | None = None
    truth_areas: Mapping[int, float] | None = None
    categories: Categories | None = None
    notice: str = ""
    saved: SavedInspection | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FittedTruth:
    """Ground truth in the classes that results will use.

    Attributes:
        truth: in the indices of ``categories``.
        categories: the network's classes if the data set's are among them, else the data set's.
        network_fits: whether they are.
        notice: what the user should know, in a sentence; empty if nothing.
    """

    truth: PanopticSegmentation | None
    categories: Categories
    network_fits: bool
    notice: str


def fit_truth(picture: Picture, network: Categories | None) -> FittedTruth:
    """Expresses a picture's ground truth in a network's classes, by id and name.

    Args:
        picture: the picture.
        network: the network's classes; None if none is loaded, which fits nothing and contradicts nothing.
    """
    if picture.truth is None or picture.categories is None:
        categories = network or picture.categories or Categories.load(resource("categories", "coco_panoptic.json"))
        return FittedTruth(None, categories, True, picture.notice)
    if network is None or network == picture.categories:
        return FittedTruth(picture.truth, picture.categories, True, picture.notice)
    table = picture.categories.indices_in(network)
    if table is None:
        notice = f"Only both oracles together can run: {_difference(picture.categories, network)}"
        return FittedTruth(picture.truth, picture.categories, False, notice)
    return FittedTruth(picture.truth.with_labels(table), network, True, picture.notice)


def _difference(dataset: Categories, network: Categories) -> str:
    """Says in words that end a sentence how a data set's classes differ from a network's."""
    counts = f"the data set has {len(dataset)} classes, the network {len(network)}; "
    known = {(entry.id, entry.name) for entry in network}
    common = [entry.name for entry in dataset if (entry.id, entry.name) in known]
    if common:
        lacking = [entry.name for entry in dataset if (entry.id, entry.name) not in known]
        return f"{counts}in common: {_some(common)}; the network lacks {_some(lacking)}."
    names = {entry.name for entry in network}
    renumbered = [entry.name for entry in dataset if entry.name in names]
    if renumbered:
        return f"{counts}in common: none, since {_some(renumbered)} have other ids in the network."
    return f"{counts}in common: none."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _CLASSES_NAMED} more" if len(names) > _CLASSES_NAMED else ""
    return ", ".join(names[:_CLASSES_NAMED]) + more


class PictureReader:
    """Reads pictures and lists data sets; keeps the last data sets that were read. For one thread."""

    def __init__(self) -> None:
        self._datasets: OrderedDict[tuple[str, str | None, _Stamp], CocoPanopticDataset] = OrderedDict()

    def read(self, source: ImageSource) -> Picture:
        """Reads a picture and, if it can be had, its ground truth; or a saved inspection.

        The EXIF orientation is applied unless the data set states the size before rotation. Ground truth that cannot be
        read does not stand in the picture's way: the notice tells why.

        Raises:
            ValueError: naming the file, if the picture cannot be read.
        """
        stamp = _stamp(source)
        if Path(source.path).suffix.lower() == INSPECTION_SUFFIX:
            saved = load_inspection(source.path)
            return Picture(source, stamp, saved.image, saved.truth, saved.truth_areas, saved.categories, saved=saved)
        dataset = record = None
        notice = ""
        if source.truth is not None:
            try:
                dataset, record = self._find(source.truth)
            except (ValueError, OSError) as error:
                notice = f"No ground truth: {error}"
        pixels = read_image(source.path, stated_size=record.size if record else _fitting_size(source))
        if dataset is None or record is None:
            return Picture(source, stamp, pixels, notice=notice)
        try:
            truth = dataset.read_segmentation(record)
        except (ValueError, OSError) as error:
            return Picture(source, stamp, pixels, categories=dataset.categories, notice=f"No ground truth: {error}")
        return Picture(source, stamp, pixels, truth, record.json_areas, dataset.categories)

    def is_unchanged(self, picture: Picture) -> bool:
        """Whether the files behind a picture are as they were when it was read."""
        return _stamp(picture.source) == picture.stamp

    def list_dataset(self, request: ListDataset) -> DatasetListed:
        """Lists the images of a data set.

        Raises:
            ValueError: naming file and field, if the JSON is malformed.
        """
        dataset = self._dataset(request.json_path, request.images_dir)
        present = _names_in(dataset)
        images = tuple(_listed(dataset, record, present) for record in dataset.records)
        return DatasetListed(request.request, request.json_path, images, dataset.categories)

    def _find(self, truth: TruthSource) -> tuple[CocoPanopticDataset, Record]:
        dataset = self._dataset(truth.json_path)
        record = dataset.by_id.get(truth.image_id)
        if record is None:
            raise ValueError(f"{truth.json_path}: has no image {truth.image_id!r}")
        return dataset, record

    def _dataset(self, json_path: str, images_dir: str | None = None) -> CocoPanopticDataset:
        for key, dataset in self._datasets.items():
            if key[0] == json_path and images_dir in (None, key[1]) and key[2] == _file_stamps(json_path):
                self._datasets.move_to_end(key)
                return dataset
        dataset = read_coco_panoptic(json_path, images_dir=images_dir)
        self._datasets[json_path, images_dir, _file_stamps(json_path)] = dataset
        while len(self._datasets) > _DATASETS_KEPT:
            self._datasets.popitem(last=False)
        return dataset


def _fitting_size(source: ImageSource) -> tuple[int, int] | None:
    """Returns the size in which a picture is annotated; None where the file has other pixels by now."""
    if source.stated_size is None:
        return None
    try:
        return read_image_size(source.path, stated_size=source.stated_size)
    except ImageError:
        return None


def _stamp(source: ImageSource) -> _Stamp:
    return _file_stamps(source.path, *([source.truth.json_path] if source.truth else []))


def _file_stamps(*paths: str) -> _Stamp:
    stamps = []
    for path in paths:
        try:
            status = Path(path).stat()
        except OSError:
            stamps.append((0, -1))
        else:
            stamps.append((status.st_mtime_ns, status.st_size))
    return tuple(stamps)


def _names_in(dataset: CocoPanopticDataset) -> frozenset[Path]:
    """Returns the photos that exist, found folder by folder: asking for each would take seconds on a network share."""
    folders = {record.image_path.parent for record in dataset.records if record.image_path is not None}
    return frozenset(path for folder in folders if folder.is_dir() for path in folder.iterdir())


def _listed(dataset: CocoPanopticDataset, record: Record, present: frozenset[Path]) -> DatasetImage:
    if record.image_path is None:
        problem = dataset.photos_problem
    elif record.image_path not in present:
        problem = f"{record.image_path}: there is no such file"
    else:
        problem = ""
    truth = TruthSource(str(dataset.path), record.image_id) if record.png_path is not None else None
    path = str(record.image_path or record.file_name)
    return DatasetImage(record.file_name, ImageSource(path, truth), record.width, record.height, problem)
