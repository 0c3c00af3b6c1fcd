"""Writes the segmentations of a project for other programs, whole or not at all; no Qt, meant for a worker.

An export is a folder. It is made beside the one that it replaces and swapped with it at the end, so that an export that
fails, is cancelled or killed leaves the earlier one whole. The same segmentations give the same bytes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from lpsnet.categories import Categories
from lpsnet.formats.coco_instances import CocoInstancesWriter
from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter
from lpsnet.formats.semantic_png import SemanticPngWriter
from lpsnet.formats.staged_folder import StagedFolder, clear_leftovers
from lpsnet.images import natural_key
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.annotator.export_folder import ExportFormat, export_info, objection_to_folder
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.project import Status

__all__ = [
    "FINISHED",
    "ExportCancelled",
    "ExportError",
    "ExportFormat",
    "ExportReport",
    "ExportedImage",
    "export",
    "export_names",
]

FINISHED = frozenset({Status.DONE, Status.APPROVED})
"""What counts as done."""


class ExportError(ValueError):
    """Nothing was exported, and an earlier export is as it was; the message is one sentence."""


class ExportCancelled(Exception):  # noqa: N818 - nothing went wrong
    """The export was cancelled; an earlier one is as it was."""


@dataclass(frozen=True, slots=True, eq=False)
class ExportedImage:
    """One image that is to be exported.

    Attributes:
        identity: its id in the export; the same in every export of the project.
        name: the photo's, with folders set apart by slashes; see :func:`export_names`.
        status: how far it has come.
        size: ``(height, width)``.
        read: returns its segmentation, or None if it was never started. Asked for only when its turn comes, for those
            of ten thousand images do not fit into memory.
        is_begun: whether ``read`` returns one, as far as is known before it is asked.
    """

    identity: int
    name: str
    status: Status
    size: tuple[int, int]
    read: Callable[[], IdMap | None]
    is_begun: bool = True


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote, and what it left out.

    Attributes:
        kind: the format.
        path: the JSON file.
        images: how many were written.
        segments: how many segments these have in the export.
        not_done: how many images were left out because they are not done.
        not_started: how many were left out because nothing was ever annotated on them. They are not written as images
            without a segment, which would say that there is nothing on them.
        void: names of written images without a single segment.
        failed: names of images that could not be read, and why, in a sentence.
        strangers: ids of labels that were deleted -> how many segments had them; these became void.
        stuff: how many segments of stuff are not instances, and so not in the export.
        twice: names of images in which a class of stuff has several segments, where COCO panoptic foresees one: they
            are written as they are, and evaluation counts each.
    """

    kind: ExportFormat
    path: Path
    images: int
    segments: int
    not_done: int = 0
    not_started: int = 0
    void: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    strangers: Mapping[int, int] = field(default_factory=dict)
    stuff: int = 0
    twice: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """Returns what people should know, the most important first; the first says what was written."""
        told = [self._written()]
        told += [f"{name} was left out: {cause}" for name, cause in self.failed]
        if self.strangers:
            told.append(f"{_counted(sum(self.strangers.values()), 'segment')} became void: their label was deleted.")
        told += self._left_out()
        if self.void:
            told.append(f"{_counted(len(self.void), 'image')} without a single segment: {_first_of(self.void)}.")
        if self.twice:
            several = "in which a class of stuff has several segments, where COCO foresees one"
            told.append(f"{_counted(len(self.twice), 'image')} {several}: {_first_of(self.twice)}.")
        if self.stuff:
            told.append(f"{_counted(self.stuff, 'segment')} of stuff are not instances, and not in the file.")
        return told

    def summary(self) -> str:
        """Returns what was written, and how many images were left out for which reason."""
        unread = [f"{_counted(len(self.failed), 'image')} left out that could not be read."] if self.failed else []
        return " ".join([self._written(), *unread, *self._left_out()])

    def _written(self) -> str:
        what = "instances" if self.kind is ExportFormat.COCO_INSTANCES else "segments"
        return f"{_counted(self.images, 'image')} with {self.segments} {what} written to {self.path}."

    def _left_out(self) -> list[str]:
        told = []
        if self.not_done:
            told.append(f"{_counted(self.not_done, 'image')} left out that are not done yet.")
        if self.not_started:
            told.append(f"{_counted(self.not_started, 'image')} left out that were never annotated.")
        return told


def export_names(paths: Sequence[Path]) -> tuple[Path | None, list[str]]:
    """Returns the folder that all photos lie below, and their names from there on, with slashes.

    Photos of one name in different folders keep apart, and readers find them again in that folder. Where there is no
    such folder, as with photos on two drives, it is None, and the names are those of the files, each in a folder with
    the number of its own if it occurs twice.

    Args:
        paths: absolute, of all images of the project: names must not change with the choice of images.
    """
    if not paths:
        return None, []
    try:
        root = Path(os.path.commonpath([path.parent for path in paths]))
    except ValueError:
        folders = sorted({path.parent for path in paths}, key=natural_key)
        number = {folder: index + 1 for index, folder in enumerate(folders)}
        count = Counter(path.name.casefold() for path in paths)
        twice = {name for name, times in count.items() if times > 1}
        return None, [
            f"{number[path.parent]}/{path.name}" if path.name.casefold() in twice else path.name for path in paths
        ]
    names = [path.relative_to(root).as_posix() for path in paths]
    if any(PureWindowsPath(name).drive for name in names) and root.name:
        # Readers take such a beginning for a drive, and refuse it.
        return root.parent, [f"{root.name}/{name}" for name in names]
    return root, names


def export(
    images: Iterable[ExportedImage],
    labels: LabelSet,
    kind: ExportFormat,
    out: str | Path,
    *,
    only_done: bool,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ExportReport:
    """Exports images into a folder, in the natural order of their names.

    An image that cannot be read is left out and reported, the others go on.

    Args:
        images: of one project.
        labels: of the project.
        kind: the format.
        out: the folder; an earlier export of the same kind there is replaced, anything else is not.
        only_done: whether images are left out that are neither done nor approved.
        progress: told before each image, and at the end: how many are done, of how many, and the name of the next.
        cancelled: asked before each image, and once more before the folders are swapped.

    Raises:
        ExportError: if there is nothing to export, or something lies in ``out`` that no export has made.
        ExportCancelled: if ``cancelled`` said so.
        OSError: one sentence naming the file or folder that cannot be written.
    """
    place = Path(os.path.realpath(out))
    listed = sorted(images, key=lambda image: (natural_key(image.name), image.identity))
    clear_leftovers(place)
    if objection := objection_to_folder(place, kind):
        raise ExportError(objection)
    chosen = [image for image in listed if not only_done or image.status in FINISHED]
    if not chosen:
        raise ExportError(_nothing_words(len(listed), _begun_besides(listed, chosen)))
    if not len(labels):
        raise ExportError("Nothing to export: the project has no labels.")
    categories = labels.to_categories()
    if kind is ExportFormat.COCO_INSTANCES and not categories.isthing.any():
        raise ExportError("Nothing to export: none of the labels is a thing, and only things have instances.")
    run = _Run(labels, kind, progress, cancelled)
    with StagedFolder(place) as staged:
        with _naming(staged.path, place), _writer(staged.path, kind, categories) as writer:
            run.write(chosen, writer, _begun_besides(listed, chosen))
        if cancelled():
            raise ExportCancelled
        # Somebody may have put a file there while it was written; the last look is just before the swap.
        if objection := objection_to_folder(place, kind):
            raise ExportError(objection)
    return run.report(place / kind.json_name, not_done=len(listed) - len(chosen))


@contextmanager
def _naming(staged: Path, place: Path) -> Iterator[None]:
    """Lets errors name the files that are meant, not where they are made meanwhile."""
    try:
        yield
    except OSError as error:
        failure = OSError(str(error).replace(str(staged), str(place)))
        failure.errno = error.errno
        raise failure from error


_Writer = CocoPanopticWriter | CocoInstancesWriter | SemanticPngWriter


def _writer(folder: Path, kind: ExportFormat, categories: Categories) -> _Writer:
    path, header = folder / kind.json_name, export_info(kind)
    if kind is ExportFormat.COCO_PANOPTIC:
        return CocoPanopticWriter(path, None, categories, header=header)
    if kind is ExportFormat.COCO_INSTANCES:
        return CocoInstancesWriter(path, categories, header=header)
    return SemanticPngWriter(path, categories, header=header)


class _Run:
    """One export as it goes on, and what is to be told of it."""

    def __init__(
        self,
        labels: LabelSet,
        kind: ExportFormat,
        progress: Callable[[int, int, str], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._labels, self._kind = labels, kind
        self._progress, self._cancelled = progress, cancelled
        self._images = self._segments = self._stuff = self._not_started = 0
        self._void: list[str] = []
        self._twice: list[str] = []
        self._failed: list[tuple[str, str]] = []
        self._strangers: Counter[int] = Counter()

    def write(self, images: Sequence[ExportedImage], writer: _Writer, begun_besides: int) -> None:
        for index, image in enumerate(images):
            if self._cancelled():
                raise ExportCancelled
            self._progress(index, len(images), image.name)
            segmentation = self._read(image)
            if segmentation is not None:
                writer.add(image.identity, image.name, segmentation)
                self._count(image, segmentation)
        if not self._images:
            raise ExportError(self._all_left_out(len(images), begun_besides))
        self._progress(len(images), len(images), "")

    def report(self, path: Path, *, not_done: int) -> ExportReport:
        return ExportReport(
            self._kind,
            path,
            self._images,
            self._segments,
            not_done,
            self._not_started,
            tuple(self._void),
            tuple(self._failed),
            dict(sorted(self._strangers.items())),
            self._stuff,
            tuple(self._twice) if self._kind is ExportFormat.COCO_PANOPTIC else (),
        )

    def _read(self, image: ExportedImage) -> PanopticSegmentation | None:
        """Returns the segmentation of one image; None if it has none, or it cannot be had."""
        try:
            found = image.read()
            if found is None:
                self._not_started += 1
                return None
            if found.ids.shape != image.size:
                raise ValueError(_size_words(found.ids.shape, image.size))
            if ".." in image.name.replace("\\", "/").split("/"):
                raise ValueError("readers would look for a photo of this name outside the folder of photos")
            measured = found.measured(self._labels)
        except (OSError, ValueError) as error:
            self._failed.append((image.name, str(error)))
            return None
        self._strangers.update(found.segments[number].category for number in measured.strangers)
        return measured.segmentation

    def _count(self, image: ExportedImage, segmentation: PanopticSegmentation) -> None:
        classes = Counter(segment.label for segment in segmentation.segments)
        stuff_classes = [times for place, times in classes.items() if not self._labels.labels[place].isthing]
        stuff = sum(stuff_classes)
        things = len(segmentation.segments) - stuff
        is_instances = self._kind is ExportFormat.COCO_INSTANCES
        self._images += 1
        self._segments += things if is_instances else things + stuff
        self._stuff += stuff if is_instances else 0
        if not segmentation.segments:
            self._void.append(image.name)
        if max(stuff_classes, default=0) > 1:
            self._twice.append(image.name)

    def _all_left_out(self, count: int, begun_besides: int) -> str:
        if self._failed:
            name, cause = self._failed[0]
            return f"Nothing to export: none of {_counted(count, 'image')} could be read; of {name}, {cause}"
        if begun_besides:
            never = f"nothing was annotated yet on the {_counted(count, 'image')} called done"
            return f"Nothing to export: {never}, and {_annotated_words(begun_besides)} not done yet. Set some to done."
        return f"Nothing to export: nothing was annotated yet on {_counted(count, 'image')}."


def _begun_besides(listed: Sequence[ExportedImage], chosen: Sequence[ExportedImage]) -> int:
    """Returns how many images are annotated, of those that are not chosen."""
    return sum(image.is_begun for image in listed) - sum(image.is_begun for image in chosen)


def _nothing_words(count: int, begun: int) -> str:
    if not count:
        return "Nothing to export: the project has no images."
    nothing = f"Nothing to export: none of {_counted(count, 'image')} is done"
    if not begun:
        return f"{nothing}, and nothing was annotated yet."
    return f"{nothing}; {_annotated_words(begun)} not done yet. Set some to done, or export all."


def _annotated_words(count: int) -> str:
    return f"{_counted(count, 'annotated image')} {'is' if count == 1 else 'are'}"


def _first_of(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")


def _size_words(found: tuple[int, ...], stated: tuple[int, int]) -> str:
    return f"its segments lie on {found[1]} × {found[0]} pixels, but the image has {stated[1]} × {stated[0]}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
