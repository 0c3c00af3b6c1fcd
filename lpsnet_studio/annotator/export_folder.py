"""The folder that an export makes, and whether it may take the place of what lies there; no Qt."""

from __future__ import annotations

import enum
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lpsnet.formats.fields import Fields, FormatError, load_json

__all__ = ["ExportFormat", "export_info", "folder_beside", "objection_to_folder"]

_GENERATOR = "LPSNet Studio annotations"


class ExportFormat(enum.StrEnum):
    """What an export is written as."""

    COCO_PANOPTIC = "coco-panoptic"
    COCO_INSTANCES = "coco-instances"
    SEMANTIC_PNG = "semantic-png"

    @property
    def spoken(self) -> str:
        """What people call it."""
        return _SPOKEN[self]

    @property
    def json_name(self) -> str:
        """The JSON file in the folder; PNGs lie in a folder of its name without the ending."""
        return _JSON_NAMES[self]


_SPOKEN = {
    ExportFormat.COCO_PANOPTIC: "COCO panoptic",
    ExportFormat.COCO_INSTANCES: "COCO instances",
    ExportFormat.SEMANTIC_PNG: "semantic PNG",
}

_JSON_NAMES = {
    ExportFormat.COCO_PANOPTIC: "panoptic.json",
    ExportFormat.COCO_INSTANCES: "instances.json",
    ExportFormat.SEMANTIC_PNG: "semantic.json",
}
_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""What file managers leave in folders that they have shown."""


def folder_beside(project: Path, photos: Iterable[Path]) -> Path:
    """Returns the folder in which an export is proposed to lie: the nearest around a project without photos of its own.

    An export among the photos would be taken for photos by whoever opens that folder next.
    """
    folders = {photo.parent for photo in photos}
    outside = (place for place in project.parents if folders.isdisjoint((place, *place.parents)))
    return next(outside, project.parent)


def export_info(kind: ExportFormat) -> dict[str, Any]:
    """Returns the head of an export's JSON, by which a later one knows it; no time, for equal exports are equal."""
    return {"info": {"description": f"{kind.spoken}, exported by LPSNet Studio", "generator": _GENERATOR}}


def objection_to_folder(out: Path, kind: ExportFormat) -> str:
    """Returns why an export must not be written to a folder, in a sentence; empty if it may.

    An export takes the place of the whole folder. It may replace an earlier export of its kind, but nothing else: what
    no export has made is not lost.
    """
    if not os.path.lexists(out):
        return ""
    if not out.is_dir():
        return f"{out}: a file has this name; name a folder for the export"
    try:
        strangers = _strangers(out, kind)
    except OSError as error:
        return f"{out}: the folder cannot be looked into ({error.strerror})"
    except FormatError as error:
        return f"{out}: holds a file that cannot be told from an export ({error}); choose another folder"
    if not strangers:
        return ""
    first, more = strangers[0], len(strangers) - 1
    named = f"{first} and {more} more" if more else first
    return f"{out}: holds what no {kind.spoken} export has made ({named}) and would be replaced; choose another folder"


def _strangers(out: Path, kind: ExportFormat) -> list[str]:
    """Returns the names of what lies in a folder and was not made by an export of a kind."""
    entries = _names_in(out)
    if not entries:
        return []
    json_path, pngs_dir = out / kind.json_name, out / Path(kind.json_name).stem
    made = _made_by_export(json_path, kind)
    if made is None:
        return entries
    strangers = [name for name in entries if name not in (json_path.name, pngs_dir.name)]
    if pngs_dir.is_dir():
        strangers += [f"{pngs_dir.name}/{name}" for name in _names_in(pngs_dir) if name not in made]
    return strangers


def _names_in(folder: Path) -> list[str]:
    return sorted(set(os.listdir(folder)) - _LITTER)  # noqa: PTH208 - names alone


def _made_by_export(json_path: Path, kind: ExportFormat) -> frozenset[str] | None:
    """Returns the names of the PNGs of an earlier export; None if the file is no JSON of one.

    Raises:
        FormatError: if it is one, and damaged.
    """
    if not json_path.is_file():
        return None
    content = load_json(json_path, streamed={"annotations"})
    info = content.value.get("info")
    if not isinstance(info, dict) or info.get("generator") != _GENERATOR:
        return None
    return frozenset(_pngs_of(content, kind))


def _pngs_of(content: Fields, kind: ExportFormat) -> list[str]:
    if kind is ExportFormat.COCO_PANOPTIC:
        return [entry.text("file_name") for entry in content.objects("annotations")]
    if kind is ExportFormat.SEMANTIC_PNG:
        return [entry.text("map") for entry in content.objects("images")]
    return []
