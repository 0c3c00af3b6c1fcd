"""Whether somebody has a project open that can only be read here, and who; no Qt."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from lpsnet_studio.annotator.project_errors import ProjectBusy
from lpsnet_studio.annotator.project_lock import refusal_of

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
    """Looks whether a project could be opened to be changed; nothing is touched by that. Meant for a worker."""
    refusal = refusal_of(folder)
    if isinstance(refusal, ProjectBusy):
        return LockLook(False, _who(refusal))
    return LockLook(refusal is None, "" if refusal is None else f"{str(refusal).partition(': the project')[0]}.")


def _who(busy: ProjectBusy) -> str:
    if not busy.host:
        return "Another LPSNet Studio has this project open."
    has = "has" if busy.is_certain else "may have"
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(busy.since))
    return f"{busy.user or 'Somebody'} on {busy.host} {has} this project open since {since} (process {busy.pid})."
