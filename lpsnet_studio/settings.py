"""What is kept between runs, and in which folders.

Preferences are a small JSON file that people can read and compare. Window geometry is Qt's own and lies in a file
beside it. Both live in one folder, so that a test or a second user never touches another's.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import PlatformDirs

if TYPE_CHECKING:
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QMainWindow

__all__ = ["LAYOUT_VERSION", "Folders", "Preferences", "Settings"]

LAYOUT_VERSION = 1
"""Raised whenever docks or toolbars change, so that an older layout is not forced onto them."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the Studio keeps its files.

    Attributes:
        config: preferences and geometry.
        cache: what can be made again, such as the demo.
        state: the log.
    """

    config: Path
    cache: Path
    state: Path

    @classmethod
    def of_user(cls) -> Folders:
        """Returns the platform's folders for the current user."""
        places = PlatformDirs("lpsnet-studio", appauthor=False)
        return cls(places.user_config_path, places.user_cache_path, places.user_state_path)

    @classmethod
    def under(cls, root: Path) -> Folders:
        """Returns folders of their own under ``root``."""
        return cls(root / "config", root / "cache", root / "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What the user chose.

    Attributes:
        theme: ``dark`` or ``light``.
        motion: whether a pasted box fades in during play.
        show_labels: whether the semantic map is shown.
        show_boxes: whether boxes are shown.
        show_segments: whether segments are shown.
        opacity: of the labels' and segments' colours, 0 … 1.
        last_folder: where the last file dialog ended.
    """

    theme: str = "dark"
    motion: bool = True
    show_labels: bool = False
    show_boxes: bool = True
    show_segments: bool = True
    opacity: float = 0.5
    last_folder: str = ""


class Settings:
    """Preferences and window geometry on disk.

    A preferences file that cannot be read is set aside, never overwritten silently; defaults take its place.

    Args:
        folder: where both files lie; made when something is first written.

    Attributes:
        preferences: what the user chose.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "preferences.json"
        self.preferences = self._read()

    def change(self, **changes: Any) -> None:
        """Changes preferences and writes them at once; a failure to write is logged, not raised."""
        self.preferences = replace(self.preferences, **changes)
        default = asdict(Preferences())
        kept = {name: value for name, value in asdict(self.preferences).items() if value != default[name]}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            staged = self._path.with_suffix(".new")
            staged.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            staged.replace(self._path)
        except OSError as error:
            _log.warning("%s: preferences were not saved (%s)", self._path, error)

    def save_window(self, window: QMainWindow) -> None:
        """Keeps a window's geometry and the places of its docks."""
        store = self._geometry()
        store.setValue("geometry", window.saveGeometry())
        store.setValue("layout", window.saveState(LAYOUT_VERSION))
        store.sync()

    def restore_window(self, window: QMainWindow) -> bool:
        """Brings a window's geometry and docks back; False if there is nothing to bring back."""
        store = self._geometry()
        geometry, layout = store.value("geometry"), store.value("layout")
        restored = geometry is not None and window.restoreGeometry(geometry)
        return restored and layout is not None and window.restoreState(layout, LAYOUT_VERSION)

    def _geometry(self) -> QSettings:
        from PySide6.QtCore import QSettings

        return QSettings(str(self._folder / "window.ini"), QSettings.Format.IniFormat)

    def _read(self) -> Preferences:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            if not isinstance(content, dict):
                raise ValueError("not an object")
        except FileNotFoundError:
            return Preferences()
        except (OSError, ValueError) as error:
            _log.warning("%s: unreadable preferences are set aside (%s)", self._path, error)
            self._set_aside()
            return Preferences()
        default = Preferences()
        known = {
            spec.name: content[spec.name]
            for spec in fields(Preferences)
            if spec.name in content and _fits(content[spec.name], getattr(default, spec.name))
        }
        return replace(default, **known)

    def _set_aside(self) -> None:
        try:
            self._path.replace(self._path.with_suffix(".unreadable"))
        except OSError as error:
            _log.warning("%s: could not be set aside (%s)", self._path, error)


def _fits(value: object, default: object) -> bool:
    """Whether a value from the file is of the kind its preference needs."""
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
    return isinstance(value, str)
