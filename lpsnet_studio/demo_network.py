"""The network that comes with the Studio, where the installation has it: small, and trained on drawn scenes; no Qt.

It is known by a name of its own, not by its file's path: that is another one after the next installation.
"""

from __future__ import annotations

from pathlib import Path

from lpsnet.assets import demo_checkpoint
from lpsnet_studio.inference.messages import ModelCard

__all__ = ["KNOWN_AS", "NAME", "SCHOOLING", "checkpoint", "is_demo", "is_file", "name_of"]

KNOWN_AS = "lpsnet_demo"
"""What it is remembered by."""
NAME = "LPSNet demo"
SCHOOLING = "trained on drawn scenes"


def checkpoint() -> Path | None:
    """Returns its checkpoint; None if this installation has none."""
    return demo_checkpoint()


def is_file(path: str) -> bool:
    """Whether a checkpoint's path is that of its own."""
    own = checkpoint()
    return own is not None and Path(path) == own


def is_demo(card: ModelCard) -> bool:
    """Whether a network that is loaded is this one."""
    return card.trained and is_file(card.origin)


def name_of(card: ModelCard) -> str:
    """Returns what people call a network: this one by its own name, any other by its config's."""
    return NAME if is_demo(card) else card.name
