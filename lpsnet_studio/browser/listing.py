"""What a path is, and the image list that it stands for; no Qt, meant to be called in a worker."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from lpsnet.images import IMAGE_SUFFIXES, list_images
from lpsnet.weight_files import WEIGHT_SUFFIXES
from lpsnet_studio.inference.messages import ImageSource
from lpsnet_studio.inference.vocabulary import INSPECTION_SUFFIX
from lpsnet_studio.state import Entry

__all__ = ["PathKind", "entries_of", "kind_of", "list_folder"]

PathKind = Literal["image", "folder", "dataset", "checkpoint", "inspection"]


def kind_of(path: Path, *, ask_disk: bool = True) -> PathKind:
    """Returns what a path can be opened as; anything without a telling name is taken for an image.

    Args:
        path: of anything.
        ask_disk: whether to look if it is a folder; a slow disk may take its time over that.
    """
    if ask_disk and path.is_dir():
        return "folder"
    suffix = path.suffix.lower()
    if suffix == ".json":
        return "dataset"
    if suffix == INSPECTION_SUFFIX:
        return "inspection"
    return "checkpoint" if suffix in WEIGHT_SUFFIXES else "image"


def entries_of(paths: Iterable[Path]) -> list[Entry]:
    """Returns the entries of pictures, in the order given."""
    return [Entry(path.name, ImageSource(str(path))) for path in paths]


def list_folder(folder: Path) -> list[Entry]:
    """Returns the entries of a folder's pictures in natural order.

    Raises:
        OSError: naming the folder, if it cannot be read.
        ValueError: naming the folder, if it cannot be listed or holds no picture.
    """
    pictures = list_images(folder)
    if not pictures:
        kinds = ", ".join(sorted(suffix.lstrip(".") for suffix in IMAGE_SUFFIXES))
        raise ValueError(f"{folder}: this folder holds no picture ({kinds})")
    return entries_of(pictures)
