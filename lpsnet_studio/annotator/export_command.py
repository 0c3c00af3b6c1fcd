"""``lpsnet-studio export``: writes a project's segmentations for other programs, without a window; no Qt."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from lpsnet_studio.annotator.exporting import (
    ExportCancelled,
    ExportedImage,
    ExportError,
    ExportFormat,
    ExportReport,
    export,
    export_names,
)
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.project import ImageEntry
from lpsnet_studio.annotator.store import ProjectStore

__all__ = ["export_project", "exported_images", "labels_of", "main"]

_PROGRAM = "lpsnet-studio"
_CANCELLED = 130
"""The exit status of what was stopped by Ctrl+C."""


def main(arguments: Sequence[str]) -> int:
    """Runs ``lpsnet-studio export`` with the arguments behind that word; returns the exit status.

    It is 0 if everything was written that was asked for, 1 if nothing was, or an image had to be left out because it
    could not be read, and 130 if it was stopped; 2 is for a command line that cannot be understood.
    """
    options = _parser().parse_args(arguments)
    try:
        with_store = ProjectStore.open(options.project, read_only=True)
    except OSError as error:
        return _complain(str(error))
    try:
        report = export_project(
            with_store, ExportFormat(options.format), options.out, only_done=not options.all, progress=_progress()
        )
    except (ExportError, OSError, ValueError) as error:
        return _complain(str(error))
    except (KeyboardInterrupt, ExportCancelled):
        _complain("stopped; nothing was written, and an earlier export is as it was")
        return _CANCELLED
    finally:
        with_store.close()
    for sentence in report.sentences():
        _write(sys.stdout, sentence)
    return 1 if report.failed else 0


def export_project(
    store: ProjectStore,
    kind: ExportFormat,
    out: str | Path,
    *,
    only_done: bool,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ExportReport:
    """Exports the images of a project as it is now, as :func:`~lpsnet_studio.annotator.exporting.export` does.

    Raises:
        ExportError: as there, or if the label set cannot be read.
        ExportCancelled: as there.
        OSError: as there.
    """
    images, _ = exported_images(store)
    return export(images, labels_of(store), kind, out, only_done=only_done, progress=progress, cancelled=cancelled)


def exported_images(store: ProjectStore) -> tuple[list[ExportedImage], Path | None]:
    """Returns the images of a project as they are exported, and the folder from which on their names are told.

    The ids are the project's own, so that an image has the same one in every export.
    """
    entries = list(store.entries.values())
    root, names = export_names([entry.file.path for entry in entries])
    images = [_exported(store, entry, name) for entry, name in zip(entries, names, strict=True)]
    return images, root


def labels_of(store: ProjectStore) -> LabelSet:
    """Returns the label set of a project; an empty one if it has none.

    Raises:
        ExportError: in a sentence, if it cannot be read.
    """
    if store.labels is None:
        return LabelSet()
    try:
        return LabelSet.from_json(store.labels, str(store.folder))
    except ValueError as error:
        raise ExportError(str(error)) from None


def _exported(store: ProjectStore, entry: ImageEntry, name: str) -> ExportedImage:
    def read() -> IdMap | None:
        current = store.current(entry.id)
        return None if current is None else IdMap(*current)

    return ExportedImage(entry.id, name, entry.status, (entry.file.height, entry.file.width), read, entry.is_started)


# ----------------------------------------------------------------------------------------------------------- terminal


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"{_PROGRAM} export",
        description="Write the segmentations of an annotation project for other programs, without a window.",
    )
    parser.add_argument("project", type=Path, metavar="PROJECT", help="the project's folder")
    parser.add_argument("--format", required=True, choices=[str(kind) for kind in ExportFormat], help="what to write")
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder to make; an earlier export of the same format there is replaced, and nothing else",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--done", action="store_true", help="images that are done or approved (what is done by default)")
    which.add_argument("--all", action="store_true", help="every image that was annotated")
    return parser


def _progress() -> Callable[[int, int, str], None]:
    """Returns what shows a terminal how far the export is; nothing where the output goes to a file."""
    stream = sys.stderr
    if stream is None or not stream.isatty():
        return lambda done, total, name: None

    def show(done: int, total: int, name: str) -> None:
        stream.write(f"\r\x1b[K{done} of {total} {_printable(name)[:60]}" if done < total else "\r\x1b[K")
        stream.flush()

    return show


def _complain(sentence: str) -> int:
    _write(sys.stderr, f"{_PROGRAM}: {sentence}")
    return 1


def _write(stream: TextIO | None, line: str) -> None:
    """Writes a line; a program for windows may have nowhere to write to."""
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    stream.write(_printable(line).encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _printable(text: str) -> str:
    """Returns a text with what a terminal would obey, such as in a file's name, written out."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
