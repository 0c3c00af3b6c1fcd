"""What of the things that someone drops can be opened; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lpsnet.images import IMAGE_SUFFIXES
from lpsnet_studio.browser.listing import kind_of

__all__ = ["CONFIG_SUFFIXES", "MOST_LOOKED_AT", "Dropped", "judge_drop"]

CONFIG_SUFFIXES = (".yaml", ".yml")
MOST_LOOKED_AT = 50
"""Of so many paths the disk is asked what they are, while the user waits; the names of the others must do."""
_KNOWN = "a picture, a saved inspection, a folder, a COCO panoptic JSON file, a checkpoint or a config"


@dataclass(frozen=True, slots=True)
class Dropped:
    """What became of a drop.

    Attributes:
        usable: what can be opened.
        words: what will be opened, for people; empty if nothing can be.
        complaint: what cannot be opened and why, in a sentence; empty if all can be.
    """

    usable: tuple[Path, ...]
    words: str
    complaint: str


def judge_drop(paths: Sequence[Path]) -> Dropped:
    """Says what of a drop can be opened.

    Args:
        paths: local files and folders; empty for a drop of anything else, such as text or a link.
    """
    if not paths:
        return Dropped((), "", f"Only files can be dropped here: {_KNOWN}.")
    strange = [path for path in paths if not _has_usable_name(path)]
    folders = {path for path in strange[:MOST_LOOKED_AT] if _is_folder(path)}
    refused = [path for path in strange if path not in folders]
    usable = tuple(path for path in paths if path in folders or _has_usable_name(path))
    complaint = ""
    if refused:
        complaint = f"{refused[0].name}: not {_KNOWN}{_others(len(refused) - 1)}"
    return Dropped(usable, _words(usable), complaint)


def _has_usable_name(path: Path) -> bool:
    """Whether a path may be something that can be opened; one without any suffix may be a folder or a picture."""
    suffix = path.suffix.lower()
    has_telling_name = kind_of(path, ask_disk=False) != "image"
    return has_telling_name or not suffix or suffix in IMAGE_SUFFIXES or suffix in CONFIG_SUFFIXES


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _others(count: int) -> str:
    if count == 0:
        return ""
    return "; and 1 other is neither" if count == 1 else f"; and {count} others are neither"


def _words(paths: Sequence[Path]) -> str:
    if not paths:
        return ""
    return f"Open {paths[0].name}" if len(paths) == 1 else f"Open {len(paths)} items"
