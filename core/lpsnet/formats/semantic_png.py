"""Semantic maps as grey PNGs, whose values are class indices, and one JSON file that is the key to them.

A pixel holds the position of its class in the key's list ``classes``, or the value ``unlabelled``: 8 bits with 255 for
fewer than 255 classes, else 16 bits with 65535. That is what :meth:`~lpsnet.structures.PanopticSegmentation.labels`
returns, and what most programs for semantic segmentation take as ground truth.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from PIL import Image

from lpsnet.categories import Categories
from lpsnet.formats.atomic import FileGroup, refuse_folder, write_failure
from lpsnet.formats.coco_panoptic import MAX_SIDE, ImageId
from lpsnet.formats.fields import ConfinedFolder, FormatError, load_json, read_file
from lpsnet.formats.file_names import UniqueNames
from lpsnet.structures import Labels, PanopticSegmentation, label_dtype

__all__ = ["SemanticFormatError", "SemanticPngDataset", "SemanticPngWriter", "SemanticRecord", "read_semantic_png"]


class SemanticFormatError(FormatError):
    """Semantic maps or their key are not what the format says; the message names the file and the field."""


# ------------------------------------------------------------------------------------------------------------ writing


class SemanticPngWriter:
    """Writes semantic maps image by image, and at the end their key.

    An older key and its maps stay whole until :meth:`close`. Used as a context manager it closes at the end and
    discards on an error.

    Args:
        json_path: the key; its folder must exist. The maps go into the folder of its name, which is made.
        categories: the classes of the segmentations.
        header: further fields of the key, such as ``info``.

    Raises:
        OSError: one sentence naming the folder that cannot be made, or the key, if a folder stands in its place.
    """

    def __init__(
        self, json_path: str | Path, categories: Categories, *, header: Mapping[str, Any] | None = None
    ) -> None:
        self.json_path = Path(json_path)
        self.pngs_dir = self.json_path.with_suffix("")
        self._categories = categories
        self._header = dict(header or {})
        self._images: list[dict[str, Any]] = []
        self._image_ids: set[ImageId] = set()
        self._names = UniqueNames()
        self._files = FileGroup()
        self._closed = False
        refuse_folder(self.json_path)
        try:
            self.pngs_dir.mkdir(exist_ok=True)
        except OSError as error:
            raise write_failure(self.pngs_dir, error) from error

    def __len__(self) -> int:
        return len(self._images)

    def add(self, image_id: ImageId, file_name: str, segmentation: PanopticSegmentation) -> Path:
        """Writes the map of one image; crowds have their class like any other segment.

        Args:
            image_id: not given before.
            file_name: the photo's name as the key shall give it; images of one name in different folders get maps of
                different names.
            segmentation: labels into the categories.

        Returns:
            Where the map is once the writer is closed.

        Raises:
            ValueError: if the id was given before, or a label is no class.
            OSError: one sentence naming the PNG, if it cannot be written.
        """
        if self._closed:
            raise ValueError(f"{self.json_path}: the maps are already written or discarded")
        if image_id in self._image_ids:
            raise ValueError(f"{self.json_path}: image id {image_id!r} is given twice")
        count = len(self._categories)
        if strange := [segment.label for segment in segmentation.segments if not 0 <= segment.label < count]:
            raise ValueError(f"class index {strange[0]} is not one of the {count} categories")
        _, content = cv2.imencode(".png", segmentation.labels(count))
        png = self.pngs_dir / self._names.free(file_name, ".png")
        self._files.add(png, content.tobytes())
        self._names.take(png.name)
        self._image_ids.add(image_id)
        height, width = segmentation.ids.shape
        own = {"id": image_id, "file_name": file_name, "width": width, "height": height, "map": png.name}
        self._images.append(own)
        return png

    def close(self) -> Path:
        """Puts every map and then the key in its place, and returns the key's path; closing twice does nothing.

        Raises:
            OSError: one sentence naming the file, if something cannot be written; what was there stays whole.
        """
        if self._closed:
            return self.json_path
        dtype = label_dtype(len(self._categories))
        content = {
            **self._header,
            "unlabelled": int(np.iinfo(dtype).max),
            "classes": [{"value": value, **entry} for value, entry in enumerate(self._categories.to_json())],
            "images": self._images,
        }
        try:
            self._files.publish(self.json_path, json.dumps(content, allow_nan=False, indent=1).encode())
        except BaseException:
            self.discard()
            raise
        self._closed = True
        return self.json_path

    def discard(self) -> None:
        """Removes what this writer has written so far; what was there before stays as it was."""
        if not self._closed:
            self._closed = True
            self._files.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()


# ------------------------------------------------------------------------------------------------------------ reading


@dataclass(frozen=True, slots=True)
class SemanticRecord:
    """One image of a set of semantic maps.

    Attributes:
        image_id: its id in the key.
        file_name: name of the photo.
        width: of photo and map.
        height: likewise.
        png_path: the map.
    """

    image_id: ImageId
    file_name: str
    width: int
    height: int
    png_path: Path


@dataclass(frozen=True, slots=True, eq=False)
class SemanticPngDataset:
    """A set of semantic maps whose key has been read.

    Attributes:
        path: the key.
        categories: the classes; a class index is a value of the maps.
        records: one entry an image, in the order of the key.
    """

    path: Path
    categories: Categories
    records: tuple[SemanticRecord, ...]

    def __len__(self) -> int:
        return len(self.records)

    def read_labels(self, record: SemanticRecord) -> Labels:
        """Reads the class indices ``[H, W]`` of one image; the largest value of their dtype is unlabelled.

        Raises:
            SemanticFormatError: naming the PNG, if it is missing, damaged, of another kind or size, or holds a value
                that is no class.
        """
        dtype = label_dtype(len(self.categories))
        try:
            content = read_file(record.png_path)
            with Image.open(BytesIO(content)) as image:
                image.verify()  # which Pillow, when it decodes, does not
            with Image.open(BytesIO(content)) as image:
                modes = ("L",) if dtype is np.uint8 else ("I;16", "I")
                if image.format != "PNG" or image.mode not in modes:
                    kind = f"{image.format} of mode {image.mode}"
                    bits = 8 * np.dtype(dtype).itemsize
                    raise SemanticFormatError(f"{record.png_path}: must be a grey PNG with {bits} bits, not {kind}")
                if image.size != (record.width, record.height):
                    sizes = f"{image.width} × {image.height} pixels, but its image is {record.width} × {record.height}"
                    raise SemanticFormatError(f"{record.png_path}: is {sizes}")
                labels: Labels = np.array(image).astype(dtype)
        except SemanticFormatError:
            raise
        except FileNotFoundError:
            raise SemanticFormatError(f"{record.png_path}: this semantic map is missing") from None
        except Exception as error:  # decoders raise anything on damaged data
            raise SemanticFormatError(f"{record.png_path}: the PNG is truncated, damaged or unreadable") from error
        strange = labels[(labels >= len(self.categories)) & (labels != np.iinfo(dtype).max)]
        if strange.size:
            raise SemanticFormatError(f"{record.png_path}: holds {int(strange[0])}, which is no class of {self.path}")
        return labels


def read_semantic_png(json_path: str | Path) -> SemanticPngDataset:
    """Reads the key of a set of semantic maps; no map yet.

    Raises:
        SemanticFormatError: naming file and field, if it is no such key.
    """
    path = Path(json_path)
    try:
        content = load_json(path)
        categories = Categories.from_json(content.items("classes"), content.source)
        for value, entry in enumerate(content.objects("classes")):
            entry.whole("value", value, value)
        unlabelled = int(np.iinfo(label_dtype(len(categories))).max)
        content.whole("unlabelled", unlabelled, unlabelled)
        confined = ConfinedFolder(path.with_suffix(""))
        records = tuple(
            SemanticRecord(
                entry.identity("id"),
                entry.text("file_name"),
                entry.whole("width", 1, MAX_SIDE),
                entry.whole("height", 1, MAX_SIDE),
                confined.file(entry, "map"),
            )
            for entry in content.objects("images")
        )
    except ValueError as error:
        raise SemanticFormatError(str(error)) from None
    return SemanticPngDataset(path, categories, records)
