"""Writing COCO panoptic data sets; :mod:`lpsnet.formats.coco_panoptic` says what they are."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self

from lpsnet.categories import Categories
from lpsnet.formats.atomic import write_atomically, write_failure
from lpsnet.formats.id_png import encode_id_png
from lpsnet.structures import PanopticSegmentation

__all__ = ["CocoPanopticWriter"]


class CocoPanopticWriter:
    """Writes a panoptic data set image by image, in a form that panopticapi reads.

    An older data set of the same name stays whole until :meth:`close` has written everything: PNGs that would replace
    a file wait beside it under a hidden name. Used as a context manager it closes at the end and discards on an error.

    Args:
        json_path: the JSON file; its folder is made.
        pngs_dir: folder of the PNGs; None for the JSON's name without its suffix, as COCO has it.
        categories: the classes of the segmentations.
        header: further fields of the JSON, such as ``info`` and ``licenses``.

    Raises:
        OSError: one sentence naming the folder, if it cannot be made.
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
        self._names: set[str] = set()
        self._fresh: list[Path] = []
        self._waiting: list[tuple[Path, Path]] = []
        self._closed = False
        for folder in (self.json_path.parent, self.pngs_dir):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise write_failure(folder, error) from error

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
            OSError: one sentence naming the PNG, if it cannot be written.
        """
        if self._closed:
            raise ValueError(f"{self.json_path}: the data set is already written")
        if image_id in self._image_ids:
            raise ValueError(f"{self.json_path}: image id {image_id!r} is given twice")
        segments = self._describe(segmentation)
        content = encode_id_png(segmentation.ids)
        png = self.pngs_dir / self._unique_name(file_name)
        self._write_png(png, content)
        self._names.add(png.name.casefold())
        self._image_ids.add(image_id)
        height, width = segmentation.ids.shape
        own = {"id": image_id, "file_name": file_name, "width": width, "height": height}
        self._images.append({**(image_json or {}), **own})
        self._annotations.append({"image_id": image_id, "file_name": png.name, "segments_info": segments})
        return png

    def close(self) -> Path:
        """Writes the JSON, puts every PNG in its place, and returns the JSON's path; closing twice does nothing.

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
        staged = self.json_path.with_name(f".{self.json_path.name}.new")
        try:
            write_atomically(staged, json.dumps(content, allow_nan=False).encode())
            for source, target in [*self._waiting, (staged, self.json_path)]:
                try:
                    source.replace(target)
                except OSError as error:
                    raise write_failure(target, error) from error
        except BaseException:
            self._remove([staged])
            self.discard()
            raise
        self._closed = True
        return self.json_path

    def discard(self) -> None:
        """Removes what this writer has written so far; an older data set stays as it was."""
        if not self._closed:
            self._remove([*self._fresh, *(source for source, _ in self._waiting)])
            self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

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

    def _unique_name(self, file_name: str) -> str:
        """Returns a PNG name for a photo that no other photo of this data set has, whatever the case."""
        stem = PurePosixPath(file_name.replace("\\", "/")).stem or "image"
        name, count = f"{stem}.png", 1
        while name.casefold() in self._names:
            count += 1
            name = f"{stem}-{count}.png"
        return name

    def _write_png(self, png: Path, content: bytes) -> None:
        if png.exists() or png.is_symlink():
            waiting = png.with_name(f".{png.name}.new")
            write_atomically(waiting, content)
            self._waiting.append((waiting, png))
        else:
            write_atomically(png, content)
            self._fresh.append(png)

    @staticmethod
    def _remove(paths: Iterable[Path]) -> None:
        for path in paths:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
