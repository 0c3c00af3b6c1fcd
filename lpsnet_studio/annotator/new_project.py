"""What a new project can be made of, and whether it can be made where one wants it; no Qt."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.store import is_project

__all__ = ["ProjectChoices", "folder_named", "labels_words", "objection_to_name", "objection_to_project", "typed_path"]

_UNFIT = frozenset('<>:"/\\|?*')
"""Signs that no file's name may have on one of the systems that a project may be carried to."""
_DEVICES = frozenset({"con", "prn", "aux", "nul"})
_NAMED = 6


@dataclass(frozen=True, slots=True)
class ProjectChoices:
    """What there is to make a project of.

    Attributes:
        where: the folder in which it is proposed to lie.
        name: that is proposed.
        network: the classes of the network that is loaded; None if none is.
        dataset: those of the data set that is open; None if none is.
        listed: the images that are listed.
        current: the one that is shown; None if none is.
    """

    where: Path
    name: str = "annotations"
    network: LabelSet | None = None
    dataset: LabelSet | None = None
    listed: tuple[Path, ...] = ()
    current: Path | None = None


def typed_path(text: str) -> Path:
    """Returns the path that is typed, ``~`` for the home; of a user who is not known, that sign stays."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def folder_named(where: Path, name: str) -> str:
    """Returns a name that nothing in a folder has yet: the one given, or that with a number; it looks at the disk."""
    number, found = 1, name
    while os.path.lexists(where / found):
        number += 1
        found = f"{name}-{number}"
    return found


def labels_words(labels: LabelSet) -> str:
    """Returns how many classes of which kind there are, and what the first are called."""
    if not len(labels):
        return "No classes yet: add them in the panel Classes."
    things = sum(label.isthing for label in labels)
    names = ", ".join(label.name for label in labels.labels[:_NAMED]) + ("\u00a0…" if len(labels) > _NAMED else "")
    return f"{things:,} thing{'' if things == 1 else 's'} and {len(labels) - things:,} stuff: {names}"


def objection_to_name(name: str) -> str:
    """Returns why a project cannot have a name, in a sentence; empty if it can."""
    if not name.strip():
        return "Give the project a name."
    unfit = sorted({sign for sign in name if sign in _UNFIT or not sign.isprintable()})
    if unfit:
        sign = unfit[0] if unfit[0].isprintable() else unfit[0].encode("unicode_escape").decode()
        return f"A project is a folder, and no folder's name can hold the sign {sign}"
    if name.strip(". ") != name or name.casefold() in _DEVICES:
        return f"A project is a folder, and not every system can have one called “{name}”."
    return ""


def objection_to_project(folder: Path) -> str:
    """Returns why a project cannot be made in a folder, in a sentence; empty if it can, as far as a glance tells.

    It looks at the disk, which may take long: use a worker.
    """
    if "\0" in str(folder):
        return "A path cannot hold the sign NUL."
    try:
        if not folder.is_absolute():
            return f"{folder}: say where it lies from the top on."
        if is_project(folder):
            return f"{folder} is an annotation project already: open it, or give this one another name."
        if os.path.lexists(folder) and not folder.is_dir():
            return f"{folder} is a file: give the project another name."
        there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
        if not there.is_dir():
            return f"{there} is a file, not a folder."
        if not os.access(there, os.W_OK | os.X_OK):
            return f"{there} cannot be written: choose another folder."
    except OSError as error:
        return f"{folder} cannot be looked into ({error.strerror})."
    return ""
