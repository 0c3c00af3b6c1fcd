"""Paths as people see them: how they are written, and where they are shown."""

from __future__ import annotations

from pathlib import Path

__all__ = ["path_words", "show_folder"]


def path_words(path: Path) -> str:
    """Returns a path with the home folder as ``~``."""
    home = Path.home()
    return str(Path("~") / path.relative_to(home)) if path.is_relative_to(home) else str(path)


def show_folder(folder: Path) -> bool:
    """Shows a folder in the system's file manager; False if none could be opened."""
    from PySide6.QtCore import QUrl
    from PySide6.QtGui import QDesktopServices

    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
