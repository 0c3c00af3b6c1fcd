"""Finds the images of a project that are not where they were: moved with their folder, or below another; no Qt."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lpsnet.formats.file_names import name_key
from lpsnet.images import ImageError
from lpsnet_studio.annotator.project import FileFacts, ImageEntry

__all__ = ["FoundImages", "find_missing"]

_NAMED = 4


@dataclass(frozen=True, slots=True)
class FoundImages:
    """What a search for missing images came to.

    Attributes:
        folder: that was searched.
        files: image -> the file that it is now.
        unclear: names of images that several files could be, or whose file could be several images'.
        missing: names of images of which no file was found.
    """

    folder: Path
    files: Mapping[int, FileFacts]
    unclear: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """Returns what people should know; the first says how many were found."""
        count = len(self.files) + len(self.unclear) + len(self.missing)
        if not count:
            return ["No image of the project is missing."]
        told = [f"Found {len(self.files):,} of {count:,} missing image{'' if count == 1 else 's'} in {self.folder}."]
        if self.unclear:
            told.append(f"Left out, because several would fit: {_some(self.unclear)}.")
        if self.missing:
            told.append(f"Not found: {_some(self.missing)}.")
        return told


def find_missing(
    entries: Iterable[ImageEntry],
    folder: Path,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> FoundImages:
    """Looks in a folder for the images of a project whose files are gone; waits for the disk.

    A file is taken for an image that lies in the folder as the image did below some folder of its own, the longest way
    first; else one of its name anywhere below, of as many bytes, if it is the only one. Either must have its height and
    width, and be no other image of the project.

    Args:
        entries: the project's images.
        folder: absolute.
        progress: told how many missing images were looked for, and how many there are.
        cancelled: asked before each; the rest is left out.
    """
    images = list(entries)
    missing = [entry for entry in images if not entry.file.path.exists()]
    taken = {entry.file.path for entry in images}
    found: dict[int, FileFacts] = {}
    unclear: set[int] = set()
    below: dict[str, list[Path]] | None = None
    for done, entry in enumerate(missing):
        if cancelled():
            break
        progress(done, len(missing))
        file = _by_way(entry, folder, taken)
        if file is None:
            below = _files_below(folder, cancelled) if below is None else below
            fitting = _by_name(entry, below, taken)
            file = fitting[0] if len(fitting) == 1 else None
            if len(fitting) > 1:
                unclear.add(entry.id)
        if file is not None:
            found[entry.id] = file
    unclear |= _disputed(missing, found)
    files = {image: file for image, file in found.items() if image not in unclear}
    lost = [entry.file.path.name for entry in missing if entry.id not in files and entry.id not in unclear]
    doubtful = [entry.file.path.name for entry in missing if entry.id in unclear]
    return FoundImages(folder, files, tuple(doubtful), tuple(lost))


def _by_way(entry: ImageEntry, folder: Path, taken: set[Path]) -> FileFacts | None:
    """Returns the file that lies in the folder as the image did in one of its own; the longest way counts."""
    parts = entry.file.path.parts[1:]
    for begin in range(len(parts)):
        path = folder.joinpath(*parts[begin:])
        if path not in taken and path.is_file():
            file = _fitting(entry, path)
            if file is not None:
                return file
    return None


def _by_name(entry: ImageEntry, below: Mapping[str, list[Path]], taken: set[Path]) -> list[FileFacts]:
    """Returns the files of an image's name, and as large as it was."""
    paths = [path for path in below.get(name_key(entry.file.path.name), ()) if path not in taken]
    files = (_fitting(entry, path) for path in paths)
    return [file for file in files if file is not None and file.bytes == entry.file.bytes]


def _fitting(entry: ImageEntry, path: Path) -> FileFacts | None:
    """Returns what a file is, if it is a picture of the image's height and width."""
    try:
        file = FileFacts.of(path, stated_size=entry.file.stated_size)
    except ImageError:
        return None
    return file if (file.height, file.width) == (entry.file.height, entry.file.width) else None


def _files_below(folder: Path, cancelled: Callable[[], bool]) -> dict[str, list[Path]]:
    """Returns all files in a folder and the folders in it, by the keys of their names; links are not followed."""
    files: dict[str, list[Path]] = {}
    for place, _, names in os.walk(folder):
        if cancelled():
            break
        for name in names:
            files.setdefault(name_key(name), []).append(Path(place, name))
    return files


def _disputed(missing: Iterable[ImageEntry], found: Mapping[int, FileFacts]) -> set[int]:
    """Returns the images whose file was found for several; the only one of as many bytes keeps it."""
    uses = Counter(file.path for file in found.values())
    equal = Counter(
        found[entry.id].path for entry in missing if entry.id in found and found[entry.id].bytes == entry.file.bytes
    )
    disputed = set()
    for entry in missing:
        file = found.get(entry.id)
        if file is not None and uses[file.path] > 1 and not (file.bytes == entry.file.bytes and equal[file.path] == 1):
            disputed.add(entry.id)
    return disputed


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
