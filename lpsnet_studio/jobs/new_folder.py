"""The folder of a job that does not exist yet: what it is called, and whether it can be taken; no Qt."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from lpsnet.run_directory import RunDirectory, Work

__all__ = ["fault_of_folder", "names_in", "proposed_folder", "refusal_of", "typed_path"]

_ADVICE: Mapping[Work, str] = {
    "training": ": choose another folder, or resume that run from the list of jobs",
    "continuation": "",
    "predictions": ": choose another folder for what is predicted",
}
_UNFIT = re.compile(r"[^\w.+-]+")


def proposed_folder(
    root: Path,
    name: str,
    there: Collection[str] = (),
    is_taken: Callable[[Path], bool] = lambda _folder: False,
    day: datetime.date | None = None,
) -> Path:
    """Returns a folder that is not there yet, such as ``runs/demo-2026-11-23`` or ``runs/demo-2026-11-23-2``.

    Args:
        root: where it will lie.
        name: what it begins with; signs that no folder should have are left out.
        there: the names that are in the root already, see :func:`names_in`; the disk is not looked at.
        is_taken: whether another job that has not begun will use it.
        day: of its name; None for today.
    """
    day = datetime.date.today() if day is None else day
    stem = f"{_UNFIT.sub('-', name).strip('-.') or 'run'}-{day.isoformat()}"
    number, folder = 1, root / stem
    while folder.name in there or is_taken(folder):
        number += 1
        folder = root / f"{stem}-{number}"
    return folder


def typed_path(text: str) -> Path:
    """Returns the path that is typed, ``~`` for the home; of a user who is not known, that sign stays."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def names_in(root: Path) -> frozenset[str]:
    """Returns what lies in a folder, by name; nothing if it cannot be looked into. Use a worker."""
    try:
        return frozenset(path.name for path in root.iterdir())
    except (OSError, ValueError):
        return frozenset()


def fault_of_folder(text: str, *, for_training: bool) -> str:
    """Returns why a job cannot have this folder, in one sentence; empty if it can, as far as a glance tells.

    It looks at the disk, which may take long: use a worker.

    Args:
        text: as it is typed.
        for_training: whether a run of its own shall begin there, rather than results be written.
    """
    if not text.strip():
        return "say where its files go"
    if "\0" in text:
        return "a path cannot hold the sign NUL"
    folder = typed_path(text.strip())
    try:
        if folder.exists() and not folder.is_dir():
            return f"{folder} is a file, not a folder"
        return refusal_of(RunDirectory(folder), "training" if for_training else "predictions")
    except OSError as error:
        return f"{folder} cannot be looked into ({error.strerror})"


def refusal_of(directory: RunDirectory, work: Work) -> str:
    """Returns why a job cannot do its work in a folder, in one sentence; empty if it can.

    Raises:
        OSError: if the folder cannot be looked into.
    """
    unfit = directory.unfit_for(work)
    return f"{directory.path} {unfit}{_ADVICE[work]}" if unfit else ""
