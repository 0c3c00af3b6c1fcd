"""Paths as people write them into a config."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["expand_path"]

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


def expand_path(text: str) -> Path:
    """Replaces ``~`` and ``$VARIABLES`` in a path.

    Raises:
        ValueError: naming the variable that is not set, or the user of ``~user`` who is not known here.
    """

    def value(variable: re.Match[str]) -> str:
        name = variable[1] or variable[2]
        if name not in os.environ:
            raise ValueError(f"{text}: the environment variable {name} is not set")
        return os.environ[name]

    path = Path(_VARIABLE.sub(value, text))
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(f"{text}: the home folder {path.parts[0]} is not known here") from None
