"""Where pictures with ground truth come from, behind one interface: data sets on disk, and drawn scenes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.config import DataSource, ScenesSource, expand_path
from lpsnet.formats.coco_panoptic import CocoPanopticDataset, ImageId, read_coco_panoptic
from lpsnet.images import read_image
from lpsnet.scenes import draw_scene, scene_categories
from lpsnet.structures import PanopticSegmentation

__all__ = ["LabelledPicture", "PictureSource", "open_source"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """A picture and its ground truth.

    Attributes:
        name: for people, and to name files after: a file name, or a scene's.
        image_id: in its data set; a scene's seed.
        image: RGB uint8 ``[H, W, 3]``.
        truth: of the same size, its labels indexing the source's categories.
        truth_areas: areas of segments by id as the data set's JSON states them, which is what panopticapi goes by.
    """

    name: str
    image_id: ImageId
    image: NDArray[np.uint8]
    truth: PanopticSegmentation
    truth_areas: Mapping[int, float] = field(default_factory=dict)


class PictureSource(Protocol):
    """Pictures with ground truth, by number; it can be sent to another process."""

    @property
    def name(self) -> str:
        """What it is, for people."""

    @property
    def categories(self) -> Categories:
        """The classes that the truths' labels index."""

    @property
    def files(self) -> Iterator[Path]:
        """Every file that it is read from, which nothing may be written over."""

    def __len__(self) -> int: ...

    def identity(self, index: int) -> tuple[str, ImageId]:
        """Returns the name and the id that a picture has once it is read, even if it cannot be."""

    def read(self, index: int) -> LabelledPicture:
        """Reads or draws a picture.

        Raises:
            OSError: if a file cannot be read.
            ValueError: in one sentence naming the file, if it is damaged.
        """


def open_source(source: DataSource, categories: Categories) -> PictureSource:
    """Opens a source of pictures whose classes are ``categories``, or some of them.

    Raises:
        OSError: if a file cannot be read.
        ValueError: in one sentence naming the file and the cause, if it is damaged, has no photos or no annotated
            image, or has classes that ``categories`` lacks.
    """
    if isinstance(source, ScenesSource):
        return _Scenes.checked(source, categories)
    return _PanopticFolder.opened(
        read_coco_panoptic(
            expand_path(source.annotations),
            images_dir=None if source.images is None else expand_path(source.images),
            pngs_dir=None if source.pngs is None else expand_path(source.pngs),
        ),
        categories,
        source.limit,
    )


# ------------------------------------------------------------------------------------------------------------ sources


@dataclass(frozen=True, eq=False)
class _Scenes:
    """Drawn scenes, one seed a picture."""

    source: ScenesSource
    categories: Categories

    @classmethod
    def checked(cls, source: ScenesSource, categories: Categories) -> _Scenes:
        if scene_categories().to_json() != categories.to_json():
            raise ValueError("drawn scenes have classes of their own: set categories to scenes.json")
        return cls(source, categories)

    @property
    def name(self) -> str:
        first, size = self.source.first_seed, f"{self.source.height} × {self.source.width}"
        return f"{len(self)} drawn scenes of {size}, seeds {first} to {first + len(self) - 1}"

    @property
    def files(self) -> Iterator[Path]:
        return iter(())

    def __len__(self) -> int:
        return self.source.count

    def identity(self, index: int) -> tuple[str, ImageId]:
        seed = self.source.first_seed + index
        return f"scene {seed}", seed

    def read(self, index: int) -> LabelledPicture:
        scene = draw_scene(self.source.first_seed + index, self.source.height, self.source.width)
        return LabelledPicture(*self.identity(index), scene.image, scene.segmentation)


@dataclass(frozen=True, eq=False)
class _PanopticFolder:
    """The annotated images of a data set in COCO panoptic format."""

    dataset: CocoPanopticDataset
    categories: Categories
    annotated: tuple[int, ...]
    index_of_label: NDArray[np.intp]

    @classmethod
    def opened(cls, dataset: CocoPanopticDataset, categories: Categories, limit: int | None) -> _PanopticFolder:
        table = _class_table(dataset, categories)
        _check_folders(dataset)
        annotated = [index for index, record in enumerate(dataset.records) if record.png_path is not None]
        if not annotated:
            raise ValueError(f"{dataset.path}: none of its images is annotated")
        return cls(dataset, categories, tuple(annotated[:limit]), table)

    @property
    def name(self) -> str:
        return f"{len(self)} images of {self.dataset.path.name}"

    @property
    def files(self) -> Iterator[Path]:
        yield self.dataset.path
        for record in self.dataset.records:
            yield from (path for path in (record.image_path, record.png_path) if path is not None)

    def __len__(self) -> int:
        return len(self.annotated)

    def identity(self, index: int) -> tuple[str, ImageId]:
        record = self.dataset.records[self.annotated[index]]
        return record.file_name, record.image_id

    def read(self, index: int) -> LabelledPicture:
        record = self.dataset.records[self.annotated[index]]
        assert record.image_path is not None
        truth = self.dataset.read_segmentation(record).with_labels(self.index_of_label)
        image = read_image(record.image_path, stated_size=record.size)
        return LabelledPicture(*self.identity(index), image, truth, record.json_areas)


def _class_table(dataset: CocoPanopticDataset, categories: Categories) -> NDArray[np.intp]:
    """Returns the index in ``categories`` of each of a data set's classes, ``[C]``.

    Raises:
        ValueError: naming the file, if one is not among them, or is stuff here and a thing there.
    """
    table = dataset.categories.indices_in(categories)
    if table is None:
        raise ValueError(
            f"{dataset.path}: has classes that the network's categories lack; set categories to this file to learn its "
            "own"
        )
    for own, index in zip(dataset.categories, table.tolist(), strict=True):
        if own.isthing != categories[index].isthing:
            kind, other = ("a thing", "stuff") if own.isthing else ("stuff", "a thing")
            raise ValueError(f"{dataset.path}: {own.name!r} is {kind}, but {other} in the network's categories")
    return table


def _check_folders(dataset: CocoPanopticDataset) -> None:
    """Refuses a data set whose photos or PNGs lie nowhere, before any of them is asked for.

    Raises:
        ValueError: naming the folder that is missing.
    """
    if dataset.photos_problem:
        raise ValueError(dataset.photos_problem)
    for folder, held in ((dataset.images_dir, "photos"), (dataset.pngs_dir, "PNGs of ids")):
        if folder is not None and not folder.is_dir():
            raise ValueError(f"{folder}: there is no such folder; it should hold the {held} of {dataset.path}")
