"""What is kept between runs, and in which folders.

Preferences are a small JSON file that people can read and compare. Window geometry is Qt's own and lies in a file
beside it. Both live in one folder, so that a test or a second user never touches another's.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import PlatformDirs
from psygnal import Signal

if TYPE_CHECKING:
    from PySide6.QtCore import QByteArray, QSettings
    from PySide6.QtWidgets import QMainWindow

__all__ = ["LAYOUT_VERSION", "Folders", "Preferences", "Settings", "remembered"]

LAYOUT_VERSION = 6
"""Raised whenever docks or toolbars change, so that an older layout is not forced onto them."""

_log = logging.getLogger(__name__)

_LISTS_OF_MAPPINGS = {"layers"}
"""Preferences that are lists of mappings; all other lists are of text."""


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
        theme: ``dark``, ``light`` or ``system``.
        motion: whether a pasted box fades in during play.
        layers: overlays from the lowest to the highest, as mappings with ``kind``, ``visible`` and ``opacity``.
        contours: whether segments are outlined.
        names: whether segments are named on the canvas.
        minimap: whether there is one.
        speed: of playing the merge.
        prefetch: whether the next image is made ready while one is looked at.
        last_folder: where the last file dialog ended.
        recent_paths: what was open, the latest first.
        recent_networks: checkpoints, configs and presets that were loaded, the latest first.
        recent_actions: ids of the actions that were found by their name, the latest first.
        my_settings: the user's own inspection settings, field by field; empty if none were saved.
        mode: what the window shows, ``inspect``, ``annotate`` or ``jobs``.
        recent_projects: folders of annotation projects that were open, the latest first.
        open_project: the folder of the project that was open last; empty if it was closed.
        jobs_folder: where the folder of the job that was started last lies; empty before there was one.
        told_jobs_go_on: whether the user was told that jobs go on without the window.
        told_at_closing: whether that was told as the window was closed, too.
        told_queue_waits: whether the user was told that waiting jobs start only while a window is open.
        folded_groups: groups of settings whose controls are hidden below their heading.
    """

    theme: str = "dark"
    motion: bool = True
    layers: tuple[Mapping[str, Any], ...] = ()
    contours: bool = True
    names: bool = False
    minimap: bool = True
    speed: float = 1.0
    prefetch: bool = True
    last_folder: str = ""
    recent_paths: tuple[str, ...] = ()
    recent_networks: tuple[str, ...] = ()
    recent_actions: tuple[str, ...] = ()
    my_settings: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "inspect"
    recent_projects: tuple[str, ...] = ()
    open_project: str = ""
    jobs_folder: str = ""
    told_jobs_go_on: bool = False
    told_at_closing: bool = False
    told_queue_waits: bool = False
    folded_groups: tuple[str, ...] = ("Boxes",)


class Settings:
    """Preferences and window geometry on disk.

    A preferences file that cannot be read is set aside, never overwritten silently; defaults take its place.

    Args:
        folder: where both files lie; made when something is first written.

    Attributes:
        preferences: what the user chose.
        changed: emitted after that has changed.
    """

    changed = Signal()

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "preferences.json"
        self.preferences = self._read()

    def change(self, **changes: Any) -> None:
        """Changes preferences and writes them at once; a failure to write is logged, not raised."""
        self._take(replace(self.preferences, **changes))

    def reset(self) -> None:
        """Makes every preference what it is at first."""
        self._take(Preferences())

    def _take(self, preferences: Preferences) -> None:
        if preferences == self.preferences:
            return
        self.preferences = preferences
        self._write()
        self.changed.emit()

    def _write(self) -> None:
        default = asdict(Preferences())
        kept = {name: value for name, value in asdict(self.preferences).items() if value != default[name]}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            staged = self._path.with_suffix(".new")
            staged.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            staged.replace(self._path)
        except OSError as error:
            _log.warning("%s: preferences were not saved (%s)", self._path, error)

    def save_window(
        self, window: QMainWindow, layout: QByteArray | None = None, layouts: Mapping[str, QByteArray] | None = None
    ) -> None:
        """Keeps a window's geometry and the places of its docks.

        Args:
            window: the window.
            layout: what :meth:`~PySide6.QtWidgets.QMainWindow.saveState` gave when there was room for the docks; None
                to take it now.
            layouts: the same of other modes of the window, by their names.
        """
        geometry = window.saveGeometry()
        layout = window.saveState(LAYOUT_VERSION) if layout is None else layout
        store = self._geometry()
        store.setValue("geometry", geometry)
        store.setValue("layout", layout)
        store.setValue("checksum", _checksum(geometry, layout))
        for mode, state in (layouts or {}).items():
            store.setValue(f"layouts/{mode}", state)
            store.setValue(f"checksums/{mode}", _checksum(state, state))
        store.sync()

    def restore_window(self, window: QMainWindow) -> bool:
        """Brings a window's geometry and docks back; False if there is nothing that could be brought back."""
        from PySide6.QtCore import QByteArray

        store = self._geometry()
        geometry, layout = store.value("geometry"), store.value("layout")
        if not isinstance(geometry, QByteArray) or not isinstance(layout, QByteArray):
            return False
        if store.value("checksum") != _checksum(geometry, layout):
            return False
        return window.restoreGeometry(geometry) and window.restoreState(layout, LAYOUT_VERSION)

    def layout_of(self, mode: str) -> QByteArray | None:
        """Returns how the docks of another mode of the window lay; None if that is not known."""
        from PySide6.QtCore import QByteArray

        store = self._geometry()
        state = store.value(f"layouts/{mode}")
        if not isinstance(state, QByteArray) or store.value(f"checksums/{mode}") != _checksum(state, state):
            return None
        return state

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
        except (OSError, ValueError, RecursionError) as error:
            _log.warning("%s: unreadable preferences are set aside (%s)", self._path, error)
            self._set_aside()
            return Preferences()
        default = Preferences()
        known = {
            spec.name: _read_in(content[spec.name])
            for spec in fields(Preferences)
            if spec.name in content and _fits(spec.name, content[spec.name], getattr(default, spec.name))
        }
        return replace(default, **known)

    def _set_aside(self) -> None:
        try:
            self._path.replace(self._path.with_suffix(".unreadable"))
        except OSError as error:
            _log.warning("%s: could not be set aside (%s)", self._path, error)


def _checksum(geometry: QByteArray, layout: QByteArray) -> str:
    """Returns what tells a layout that is as it was written from a spoilt one, which may make Qt crash."""
    return hashlib.sha256(geometry.data() + b"|" + layout.data()).hexdigest()


def remembered(recent: Sequence[str], newest: str, most: int = 10) -> tuple[str, ...]:
    """Returns a list of recent things with one more at its front, each once."""
    return (newest, *(item for item in recent if item != newest))[:most]


def _read_in(value: object) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _fits(name: str, value: object, default: object) -> bool:
    """Whether a value from the file is of the kind its preference needs."""
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100
    if isinstance(default, tuple):
        return isinstance(value, list) and all(
            _is_flat(item) if name in _LISTS_OF_MAPPINGS else isinstance(item, str) for item in value
        )
    if isinstance(default, Mapping):
        return _is_flat(value)
    return isinstance(value, str)


def _is_flat(value: object) -> bool:
    """Whether a value is a mapping of which no value holds others: those may be nested too deeply to be written."""
    return isinstance(value, dict) and not any(isinstance(item, list | dict) for item in value.values())
