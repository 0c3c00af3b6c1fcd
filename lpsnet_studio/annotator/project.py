"""What a project says of its images: which files they are, how far each has come, and whether a file changed since."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from lpsnet.images import ImageError, is_left_unturned, read_image_size
from lpsnet_studio.annotator.project_errors import cause_of

__all__ = [
    "FileFacts",
    "FileState",
    "ImageEntry",
    "Status",
    "compare_file",
    "difference_of",
    "facts_of",
    "found_path",
    "image_path",
    "kept_path",
    "real_place",
]


class Status(StrEnum):
    """How far an image has come."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """An image file as it was when it was added.

    Attributes:
        path: absolute.
        height: in pixels, as it is shown.
        width: likewise.
        mtime_ns: when it was last written, nanoseconds since 1970.
        bytes: its length.
        is_upright: False for a picture that a data set annotates as it is stored, though its EXIF orientation would
            turn it.
    """

    path: Path
    height: int
    width: int
    mtime_ns: int
    bytes: int
    is_upright: bool = True

    @property
    def stated_size(self) -> tuple[int, int] | None:
        """The ``stated_size`` with which its pixels are read; None if it is turned upright as any other."""
        return None if self.is_upright else (self.height, self.width)

    @classmethod
    def of(cls, path: str | Path, *, stated_size: tuple[int, int] | None = None) -> FileFacts:
        """Looks at a file; only the head of the picture is read.

        Args:
            path: of the picture.
            stated_size: ``(height, width)`` that a data set gives for it; where that is the size before it is turned
                upright it is not turned.

        Raises:
            ImageError: in a sentence, if it cannot be read as a picture.
        """
        path = image_path(path)
        height, width = read_image_size(path, stated_size=stated_size)
        is_upright = stated_size is None or not is_left_unturned(path, stated_size)
        try:
            status = path.stat()
        except OSError as error:
            raise ImageError(f"{path}: cannot be opened ({error.strerror})") from None
        return cls(path, height, width, status.st_mtime_ns, status.st_size, is_upright)


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """One image of a project.

    Attributes:
        id: never given twice in a project.
        file: the picture it refers to.
        position: its place in the list.
        status: how far it has come.
        note: of the annotator or the reviewer.
        first: how many of its edits are too old to be taken back: 0 unless the oldest were dropped; None if the
            image was never started.
        done: how many edits make up its present state.
        last: the number of the newest edit; those behind ``done`` can be done again.
        newest: what tells that edit from any that had its number before, as it was read from the disk; 0 without one.
            Whoever makes edits does not follow it.
    """

    id: int
    file: FileFacts
    position: int
    status: Status = Status.TODO
    note: str = ""
    first: int | None = None
    done: int = 0
    last: int = 0
    newest: int = field(default=0, compare=False)

    @property
    def state(self) -> tuple[int | None, int, int]:
        """Differs where a project that is only read says something else of the segments than before."""
        return self.first, self.done, self.newest

    @property
    def is_started(self) -> bool:
        """Whether there is a segmentation to edit."""
        return self.first is not None


def image_path(name: str | Path) -> Path:
    """Returns the path by which projects know an image file."""
    return Path(os.path.abspath(name))  # noqa: PTH100 - a link stays what it is


def facts_of(
    paths: Iterable[Path], problems: list[str] | None = None, stated: Mapping[Path, tuple[int, int]] | None = None
) -> list[FileFacts]:
    """Returns what is known of image files.

    Args:
        paths: of the files; those that are no pictures are left out.
        problems: told why, in sentences.
        stated: the ``(height, width)`` in which data sets annotate some of them.
    """
    found = []
    for path in paths:
        try:
            found.append(FileFacts.of(path, stated_size=(stated or {}).get(path)))
        except ImageError as error:
            if problems is not None:
                problems.append(str(error))
    return found


class FileState(StrEnum):
    """What became of an image file since it was added."""

    SAME = "same"
    TOUCHED = "touched"
    """As large as it was, but written since; copies of a folder are."""
    CHANGED = "changed"
    RESIZED = "resized"
    """It has other pixels in height or width: segments do not fit on it."""
    MISSING = "missing"
    UNREADABLE = "unreadable"


def compare_file(known: FileFacts) -> tuple[FileState, str]:
    """Looks whether an image file still is what it was.

    Returns:
        what became of it, and a sentence for people; empty if it is the same.
    """
    path = known.path
    try:
        status = path.stat()
    except FileNotFoundError:
        return FileState.MISSING, (
            f"{path} is missing: its segments are kept, and shown once it is back, or found with the menu Annotate"
        )
    except OSError as error:
        return FileState.UNREADABLE, f"{path} cannot be read: {cause_of(error)}"
    if (status.st_mtime_ns, status.st_size) == (known.mtime_ns, known.bytes):
        return FileState.SAME, ""
    try:
        if not _has_size(known):
            height, width = read_image_size(path)
            return FileState.RESIZED, (
                f"{path} is {width} × {height} pixels now and was {known.width} × {known.height} when it was added: "
                f"its segments cannot be shown on it"
            )
    except ImageError as error:
        return FileState.UNREADABLE, str(error)
    if status.st_size != known.bytes:
        return FileState.CHANGED, f"{path} has changed since it was added: look whether its segments still fit"
    return FileState.TOUCHED, f"{path} was written again since it was added, with as many bytes"


def _has_size(known: FileFacts) -> bool:
    """Whether a picture still has its size, turned as it was."""
    try:
        return read_image_size(known.path, stated_size=known.stated_size) == (known.height, known.width)
    except ImageError:
        return False


def difference_of(kept: FileFacts, size: tuple[int, int], *, is_turned: bool) -> str:
    """Returns how a photo that is shown differs from what a project keeps, behind its name; empty if it does not.

    Args:
        kept: by the project.
        size: ``(height, width)`` in which it is shown.
        is_turned: whether it is shown as its EXIF orientation says, for sure.
    """
    if size != (kept.height, kept.width):
        shown, own = f"{size[1]} × {size[0]}", f"{kept.width} × {kept.height}"
        return f"is shown as {shown} pixels, and the project keeps it as {own}"
    if is_turned and not kept.is_upright:
        return "is shown turned as its EXIF orientation says, and the project keeps it as it is stored"
    return ""


def kept_path(folder: Path, path: Path) -> tuple[str | bytes, bool]:
    """Returns how a project refers to a file, and whether relative to its folder.

    What lies in the project's folder, or beside it, is found again when both are moved together. A name that is no
    text is kept as its bytes.
    """
    home = Path(os.path.abspath(folder))  # noqa: PTH100 - a link stays what it is
    is_relative = path.is_relative_to(home.parent)
    name = Path(os.path.relpath(path, home)).as_posix() if is_relative else str(path)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(name), is_relative
    return name, is_relative


def real_place(folder: Path) -> Path | None:
    """Returns where a project's folder, an absolute path, really lies; None if no link leads there."""
    real = Path(os.path.realpath(folder))
    return None if real == folder else real


def found_path(folder: Path, kept: str | bytes, *, is_relative: bool, real: Path | None = None) -> Path:
    """Returns the file that a project refers to.

    Args:
        folder: of the project, an absolute path.
        kept: how the project refers to the file.
        is_relative: whether to its folder.
        real: where the folder lies, of :func:`real_place`; what is not there as it is called is looked for from there.
    """
    name = os.fsdecode(kept)
    if not is_relative:
        return Path(name)
    # As text, since this is done ten thousand times before a large project is open.
    path = os.path.normpath(f"{folder}/{name}")
    if real is not None and not os.path.exists(path):  # noqa: PTH110 - likewise
        other = os.path.normpath(f"{real}/{name}")
        path = other if os.path.exists(other) else path  # noqa: PTH110
    return Path(path)
