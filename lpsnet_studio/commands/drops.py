"""What of the things that someone drops can be opened; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lpsnet.images import IMAGE_SUFFIXES
from lpsnet_studio.browser.listing import kind_of

__all__ = ["CONFIG_SUFFIXES", "Dropped", "judge_drop"]

CONFIG_SUFFIXES = (".yaml", ".yml")
_KNOWN = "a picture, a folder, a COCO panoptic JSON file, a checkpoint or a config"


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
    usable = tuple(path for path in paths if _is_usable(path))
    refused = [path for path in paths if path not in usable]
    complaint = ""
    if refused:
        complaint = f"{refused[0].name}: not {_KNOWN}{_others(len(refused) - 1)}"
    return Dropped(usable, _words(usable), complaint)


def _is_usable(path: Path) -> bool:
    """Whether a path may be something that can be opened; a file without any suffix may be a picture."""
    if kind_of(path) != "image":
        return True
    suffix = path.suffix.lower()
    return not suffix or suffix in IMAGE_SUFFIXES or suffix in CONFIG_SUFFIXES


def _others(count: int) -> str:
    if count == 0:
        return ""
    return "; and 1 other is neither" if count == 1 else f"; and {count} others are neither"


def _words(paths: Sequence[Path]) -> str:
    if not paths:
        return ""
    return f"Open {paths[0].name}" if len(paths) == 1 else f"Open {len(paths)} items"
