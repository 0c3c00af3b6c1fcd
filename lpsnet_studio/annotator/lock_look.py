"""Whether somebody has a project open that can only be read here, and who; no Qt."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from lpsnet_studio.annotator.project_errors import ProjectBusy, ProjectReadOnly
from lpsnet_studio.annotator.project_lock import ProjectLock

__all__ = ["LockLook", "look_at_lock"]


@dataclass(frozen=True, slots=True)
class LockLook:
    """What a glance at a project's lock tells.

    Attributes:
        is_free: whether the project could be opened to be changed.
        words: why not, in a sentence.
    """

    is_free: bool
    words: str = ""


def look_at_lock(folder: Path) -> LockLook:
    """Looks whether a project could be opened to be changed; it holds it for that moment. Meant for a worker."""
    try:
        ProjectLock(folder).release()
    except ProjectBusy as busy:
        return LockLook(False, _who(busy))
    except ProjectReadOnly as error:
        return LockLook(False, f"{str(error).partition(': the project')[0]}.")
    except OSError as error:
        return LockLook(False, f"{error}.")
    return LockLook(True)


def _who(busy: ProjectBusy) -> str:
    if not busy.host:
        return "Another LPSNet Studio has this project open."
    has = "has" if busy.is_certain else "may have"
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(busy.since))
    return f"{busy.user or 'Somebody'} on {busy.host} {has} this project open since {since} (process {busy.pid})."
