"""Writing COCO panoptic data sets; :mod:`lpsnet.formats.coco_panoptic` says what they are."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lpsnet.categories import Categories
from lpsnet.formats.atomic import FileGroup, refuse_folder, write_failure
from lpsnet.formats.file_names import UniqueNames
from lpsnet.formats.id_png import encode_id_png
from lpsnet.structures import PanopticSegmentation

__all__ = ["CocoPanopticWriter"]


class CocoPanopticWriter:
    """Writes a panoptic data set image by image, in a form that panopticapi reads.

    An older data set of the same name stays whole until :meth:`close` has written everything: PNGs that would replace
    a file wait beside it under a hidden name. Used as a context manager it closes at the end and discards on an error;
    to write no data set without images, call :meth:`discard` inside where ``len(writer) == 0``.

    Args:
        json_path: the JSON file; its folder is made.
        pngs_dir: folder of the PNGs; None for the JSON's name without its suffix, as COCO has it.
        categories: the classes of the segmentations.
        header: further fields of the JSON, such as ``info`` and ``licenses``.

    Raises:
        OSError: one sentence naming the folder that cannot be made, or the JSON, if a folder stands in its place.
    """

    def __init__(
        self,
        json_path: str | Path,
        pngs_dir: str | Path | None,
        categories: Categories,
        *,
        header: Mapping[str, Any] | None = None,
    ) -> None:
        self.json_path = Path(json_path)
        self.pngs_dir = Path(pngs_dir) if pngs_dir is not None else self.json_path.with_suffix("")
        self._categories = categories
        self._header = dict(header or {})
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []
        self._image_ids: set[int | str] = set()
        self._names = UniqueNames()
        self._files = FileGroup()
        self._made_folders: list[Path] = []
        self._closed = False
        try:
            for folder in (self.json_path.parent, self.pngs_dir):
                self._make_folder(folder)
            refuse_folder(self.json_path)
        except BaseException:
            self.discard()
            raise

    def __len__(self) -> int:
        return len(self._images)

    def add(
        self,
        image_id: int | str,
        file_name: str,
        segmentation: PanopticSegmentation,
        *,
        image_json: Mapping[str, Any] | None = None,
    ) -> Path:
        """Writes one image's PNG and keeps its annotation for the JSON.

        Areas and boxes are counted in the id map. A score is written where a segment has one.

        Args:
            image_id: not given before.
            file_name: the photo's name as the JSON shall give it; images of one name in different folders get PNGs of
                different names.
            segmentation: ids up to 2²⁴ − 1, labels into the categories.
            image_json: further fields of the image's JSON object.

        Returns:
            Where the PNG is once the writer is closed.

        Raises:
            ValueError: if the id was given before, an id or label is out of range, or ids and segments differ.
            OSError: one sentence naming the PNG, if it cannot be written or a folder stands in its place.
        """
        if self._closed:
            raise ValueError(f"{self.json_path}: the data set is already written or discarded")
        if image_id in self._image_ids:
            raise ValueError(f"{self.json_path}: image id {image_id!r} is given twice")
        segments = self._describe(segmentation)
        content = encode_id_png(segmentation.ids)
        png = self.pngs_dir / self._names.free(file_name, ".png")
        self._files.add(png, content)
        self._names.take(png.name)
        self._image_ids.add(image_id)
        height, width = segmentation.ids.shape
        own = {"id": image_id, "file_name": file_name, "width": width, "height": height}
        self._images.append({**(image_json or {}), **own})
        self._annotations.append({"image_id": image_id, "file_name": png.name, "segments_info": segments})
        return png

    def add_file(self, path: Path, content: bytes) -> None:
        """Writes a further file, such as a photo, that belongs to the data set: it is kept or discarded with the PNGs.

        Args:
            path: where it is once the writer is closed; its folder is made.
            content: the whole file.

        Raises:
            ValueError: if the data set is already written or discarded.
            OSError: one sentence naming the file or the folder, if it cannot be written.
        """
        if self._closed:
            raise ValueError(f"{self.json_path}: the data set is already written or discarded")
        if not path.parent.is_dir():
            self._make_folder(path.parent)
        self._files.add(path, content)

    def close(self) -> Path:
        """Puts every file and then the JSON in its place, and returns the JSON's path; closing twice does nothing.

        Raises:
            OSError: one sentence naming the file, if something cannot be written; an older data set stays whole.
        """
        if self._closed:
            return self.json_path
        content = {
            **self._header,
            "images": self._images,
            "annotations": self._annotations,
            "categories": self._categories.to_json(),
        }
        try:
            self._files.publish(self.json_path, json.dumps(content, allow_nan=False).encode())
        except BaseException:
            self.discard()
            raise
        self._closed = True
        return self.json_path

    def discard(self) -> None:
        """Removes what this writer has written so far, and the folders it made; an older data set stays as it was."""
        if self._closed:
            return
        self._closed = True
        self._files.discard()
        for folder in reversed(self._made_folders):
            with contextlib.suppress(OSError):  # others may have put files into it
                folder.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _make_folder(self, folder: Path) -> None:
        try:
            missing = [entry for entry in (folder, *folder.parents) if not entry.exists()]
            self._made_folders.extend(reversed(missing))
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_failure(folder, error) from error

    def _describe(self, segmentation: PanopticSegmentation) -> list[dict[str, Any]]:
        """Returns the ``segments_info`` of a segmentation."""
        labels = {segment.id: segment.label for segment in segmentation.segments}
        if len(labels) != len(segmentation.segments):
            raise ValueError("two segments of one image share an id")
        if strange := [label for label in labels.values() if not 0 <= label < len(self._categories)]:
            raise ValueError(f"class index {strange[0]} is not one of the {len(self._categories)} categories")
        measured = PanopticSegmentation.from_ids(segmentation.ids, labels)
        return [
            {
                "id": segment.id,
                "category_id": self._categories[segment.label].id,
                "iscrowd": int(given.iscrowd),
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "area": segment.area,
                **({} if given.score is None else {"score": given.score}),
            }
            for segment, given in zip(measured.segments, segmentation.segments, strict=True)
            for x0, y0, x1, y1 in [segment.box]
        ]
