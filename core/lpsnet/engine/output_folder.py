"""Folders that results are written to, and what must not be lost by that."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lpsnet.formats.atomic import write_failure

__all__ = ["make_folder", "refuse_replacing"]


def refuse_replacing(files: Iterable[Path], json_path: Path, folders: Iterable[Path]) -> None:
    """Refuses to write a data set where another one lies that is still to be read.

    Args:
        files: that are to be read.
        json_path: the JSON file that would be written.
        folders: that other files would be written into.

    Raises:
        ValueError: naming the file that would or may be replaced.
    """
    target, homes = json_path.resolve(), {folder.resolve() for folder in folders}
    for file in files:
        resolved = file.resolve()
        if resolved == target:
            raise ValueError(f"{file}: predictions would replace this data set; choose another --out")
        if resolved.parent in homes:
            raise ValueError(f"{file}: predictions may replace this file; choose another --out")


def make_folder(path: Path) -> None:
    """Makes a folder to write to, and those above it.

    Raises:
        OSError: in one sentence naming the folder, if it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failure(path, error) from error
