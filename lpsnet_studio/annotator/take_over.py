"""Takes imported annotations over into a project, and tells which image is whose; no Qt.

An image that nobody has worked on starts with what is imported. One that was begun is changed by one edit, which can be
undone like any other; segments that are locked stay, and where the format knows no void, all that it says nothing of.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lpsnet.images import ImageError
from lpsnet_studio.annotator.edits import Edit
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.import_sources import ImportSource, SourceImage
from lpsnet_studio.annotator.importing import ImportedImage, pair_images
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.project import FileFacts, ImageEntry, Status
from lpsnet_studio.annotator.replacing import Replacement
from lpsnet_studio.annotator.store import ProjectStore

__all__ = ["ImportPlan", "add_photos", "plan_import", "replacement", "taken_by"]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Which image of a project each image of a source is.

    Attributes:
        images: place in the source -> image of the project.
        begun: those of these images of the project that were begun, and would be changed.
        photos: places in the source of images that the project does not have, and whose photo was found.
        homeless: names of the source's images that the project does not have, and whose photo was not found.
    """

    images: Mapping[int, int]
    begun: tuple[int, ...]
    photos: tuple[int, ...]
    homeless: tuple[str, ...]


def plan_import(source: ImportSource, entries: Iterable[ImageEntry]) -> ImportPlan:
    """Finds the images of a source in a project: by the file, else by the end of its name where only one fits."""
    listed = list(entries)
    by_path = {_absolute(entry.file.path): place for place, entry in enumerate(listed)}
    place_of = pair_images([image.name for image in source.images], [entry.file.path.as_posix() for entry in listed])
    for place, image in enumerate(source.images):
        mine = None if image.path is None else by_path.get(_absolute(image.path))
        if mine is not None:
            place_of = {other: each for other, each in place_of.items() if each != mine}
            place_of[place] = mine
    images = {place: listed[mine].id for place, mine in sorted(place_of.items())}
    begun = tuple(listed[mine].id for mine in sorted(place_of.values()) if listed[mine].is_started)
    strangers = [place for place in range(len(source.images)) if place not in images]
    found = {place for place in strangers if _is_there(source.images[place])}
    photos = tuple(place for place in strangers if place in found)
    homeless = tuple(source.images[place].name for place in strangers if place not in found)
    return ImportPlan(images, begun, photos, homeless)


def add_photos(
    source: ImportSource, plan: ImportPlan, store: ProjectStore, *, cancelled: Callable[[], bool] = lambda: False
) -> list[tuple[str, str]]:
    """Adds the photos to a project that it does not have; plan anew after it.

    Returns:
        Names of photos that could not be added, and why, in a sentence.
    """
    found: list[FileFacts] = []
    failed: list[tuple[str, str]] = []
    for place in plan.photos:
        image = source.images[place]
        if cancelled():
            break
        try:
            found.append(FileFacts.of(image.path or "", stated_size=image.size))
        except ImageError as error:
            failed.append((image.name, str(error)))
    store.add_images(found)
    return failed


def taken_by(
    store: ProjectStore,
    source: ImportSource,
    plan: ImportPlan,
    labels: LabelSet,
    *,
    append: Callable[[int, Edit], object] | None = None,
    calls_done: bool = False,
) -> Callable[[ImportedImage], Sequence[str]]:
    """Returns what takes an imported image over into a project, for :func:`~...importing.import_annotations`.

    It returns sentences about segments that were left out, and raises ValueError in a sentence if the project does not
    have the image, or has it in another size.

    Args:
        store: of the project.
        source: what is imported.
        plan: which image is whose.
        labels: of the project.
        append: makes an edit on an image that was begun; by default it goes to the journal. An image that is open in an
            editor must be changed there.
        calls_done: whether what is imported is done; otherwise it is in progress if it was to do.
    """
    image_of = {id(source.images[place]): image for place, image in plan.images.items()}
    make = store.append if append is None else append

    def take(imported: ImportedImage) -> Sequence[str]:
        entry = _entry_of(store, image_of, imported.source)
        _check_size(entry, imported.size)
        current, left_out = store.current(entry.id), ()
        if current is None:
            store.start(entry.id, imported.id_map.ids, imported.id_map.segments, f"imported from {source.spoken}")
        else:
            edit, left_out = replacement(source, imported.id_map, labels).edit_of(IdMap(*current))
            if edit is not None:
                make(entry.id, edit)
        _advance(store, entry.id, calls_done=calls_done)
        return left_out

    return take


def _advance(store: ProjectStore, image: int, *, calls_done: bool) -> None:
    """Says how far an image has come that has segments now; what is approved stays so."""
    status = store.entries[image].status
    if calls_done and status is not Status.APPROVED:
        store.set_status(image, Status.DONE)
    elif status is Status.TODO:
        store.set_status(image, Status.IN_PROGRESS)


def replacement(source: ImportSource, id_map: IdMap, labels: LabelSet) -> Replacement:
    """Returns what takes the place of an image's segments, if it was begun.

    Args:
        source: what is imported.
        id_map: what it says of the image.
        labels: of the project.
    """
    return Replacement(id_map, labels, f"Import from {source.spoken}", is_whole=source.tells_void)


def _entry_of(store: ProjectStore, image_of: Mapping[int, int], image: SourceImage) -> ImageEntry:
    entry = store.entries.get(image_of.get(id(image), 0))
    if entry is None:
        raise ValueError("the project has no such image, or several that it could be")
    return entry


def _check_size(entry: ImageEntry, size: tuple[int, int]) -> None:
    own = entry.file.height, entry.file.width
    if size != own:
        raise ValueError(f"it is {size[1]} × {size[0]} pixels there, and {own[1]} × {own[0]} in the project")


def _is_there(image: SourceImage) -> bool:
    return image.path is not None and image.path.is_file()


def _absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - a link stays what it is
