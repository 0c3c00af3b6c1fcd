"""Folders that a run writes to: whether they are free, may be written, and have room."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from lpsnet.engine.preflight.findings import Preflight
from lpsnet.engine.preflight.remedies import Remedy
from lpsnet.run_directory import RunDirectory

__all__ = ["check_run_directory", "check_writable", "free_bytes"]


def check_run_directory(found: Preflight, directory: RunDirectory, *, resume: bool) -> None:
    """Looks whether a run may begin in a folder, or go on there."""
    about = str(directory.path)
    trainer = _who_trains_there(directory.lock)
    if trainer:
        found.error(about, f"{trainer} trains here", Remedy.WAIT_OR_OTHER_RUN)
        return
    if resume and not directory.has_progress:
        found.warning(about, "the run was never saved: it begins anew")
    elif not resume and (unfit := directory.unfit_for("training")):
        found.error(about, unfit, Remedy.RESUME_OR_OTHER_RUN)
        return
    check_writable(found, directory.path)


def check_writable(found: Preflight, folder: Path) -> None:
    """Looks whether files can be written into a folder, which need not be there yet."""
    home = _existing(folder)
    if not home.is_dir():
        found.error(str(folder), f"{home} is no folder", "choose another folder")
    elif not os.access(home, os.W_OK | os.X_OK):
        found.error(str(folder), f"{home} cannot be written to", "choose another folder")
    else:
        found.fine(str(folder), "can be written to" if home == folder else f"will be made in {home}")


def free_bytes(folder: Path) -> int | None:
    """Returns how much room is left where a folder is or will be; None if that is not known."""
    try:
        return shutil.disk_usage(_existing(folder)).free
    except OSError:
        return None


def _existing(folder: Path) -> Path:
    """Returns the folder, or the nearest above it that is there."""
    folder = folder.absolute()
    return next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)


def _who_trains_there(lock: Path) -> str:
    """Returns who holds a run's lock; empty if nobody does. On Windows that shows only when it is asked for."""
    if sys.platform == "win32" or not lock.is_file():
        return ""
    import fcntl

    try:
        with lock.open("r+", encoding="utf-8") as stream:
            try:
                fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return stream.read().strip() or "another process"
    except OSError:
        return ""
    return ""
