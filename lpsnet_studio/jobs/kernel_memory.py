"""What the kernel says about memory: how much there may be, and whether it killed for lack of it."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import psutil

__all__ = ["memory_total", "oom_kills", "prefer_to_lose"]

_GROUPS = Path("/sys/fs/cgroup")
_SCORE_OF_JOBS = 300
"""Of 1000: where memory ends, the kernel ends a job, which can be resumed, before the window and the keeper."""


def memory_total() -> int:
    """Returns the bytes that the processes of this one's control group may have, or else the machine has."""
    total = psutil.virtual_memory().total
    for folder in _group_folders():
        for name in ("memory.max", "memory.limit_in_bytes"):
            with contextlib.suppress(OSError, ValueError):
                return min(total, int((folder / name).read_text()))
    return total


def oom_kills() -> int:
    """Returns how often the kernel killed for lack of memory here, since whenever; 0 if it does not tell.

    Told of this process's control group if that is known, else of the machine; only what is added means anything.
    """
    for folder in _group_folders():
        for name in ("memory.events", "memory.oom_control"):
            if (count := _counter(folder / name)) is not None:
                return count
    return _counter(Path("/proc/vmstat")) or 0


def prefer_to_lose(pid: int) -> None:
    """Asks the kernel, where memory ends, to end a process before others, and what it starts from now on likewise."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(_SCORE_OF_JOBS))


def _group_folders() -> list[Path]:
    """Returns where the kernel tells of this process's memory group; in a container also where its root is shown."""
    if sys.platform != "linux":
        return []
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    folders = []
    for line in lines:
        _number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers == "memory":
            folders += [_GROUPS / "memory" / path.lstrip("/"), _GROUPS / "memory"]
        elif controllers == "":
            folders += [_GROUPS / path.lstrip("/"), _GROUPS]
    return folders


def _counter(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == "oom_kill":
                return int(value)
    return None
