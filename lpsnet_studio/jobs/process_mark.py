"""Which process is meant: a pid alone is given to another process sooner or later."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from lpsnet_studio.jobs.json_numbers import finite

__all__ = ["ProcessMark", "catches_sigterm", "is_zombie"]

_LARGEST_PID = 2**31 - 1

_SAME_START = 1.5
"""Seconds by which two readings of one start may differ: psutil's depend on when the system's clock was last set."""


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A process of this machine, known for certain.

    Attributes:
        pid: its number.
        create_time: when it started, seconds since 1970, as psutil tells it.
        boot_ticks: when it started, in the kernel's ticks since the machine did, which no setting of the clock moves;
            None where the system does not tell.
        boot: which start of the machine that was; empty where the system does not tell.
    """

    pid: int
    create_time: float
    boot_ticks: int | None = None
    boot: str = ""

    @classmethod
    def of(cls, pid: int) -> ProcessMark:
        """Returns the mark of a process that is there.

        Raises:
            psutil.Error: if it is not.
        """
        return cls(pid, psutil.Process(pid).create_time(), _boot_ticks(pid), _boot())

    @classmethod
    def from_json(cls, content: object) -> ProcessMark | None:
        """Reads what :meth:`to_json` returned; None if it is damaged."""
        if not isinstance(content, Mapping):
            return None
        pid, created = content.get("pid"), finite(content.get("create_time"))
        ticks, boot = content.get("boot_ticks"), content.get("boot", "")
        if type(pid) is not int or not 0 < pid <= _LARGEST_PID or created is None:
            return None
        if (ticks is not None and type(ticks) is not int) or not isinstance(boot, str):
            return None
        return cls(pid, created, ticks, boot)

    @property
    def name(self) -> str:
        """What no other process of this machine is called, fit for the name of a file."""
        began = round(self.create_time) if self.boot_ticks is None else self.boot_ticks
        return f"process-{self.pid}-{began}-{self.boot[:8]}"

    def to_json(self) -> dict[str, Any]:
        """Returns the object that a file holds."""
        return {"pid": self.pid, "create_time": self.create_time, "boot_ticks": self.boot_ticks, "boot": self.boot}

    def process(self) -> psutil.Process | None:
        """Returns the process if it lives; None if it has ended, is a zombie, or its number is another's by now."""
        try:
            process = psutil.Process(self.pid)
            return process if self._is_same(process) and not is_zombie(process) else None
        except psutil.Error:
            return None

    @property
    def is_alive(self) -> bool:
        """Whether the process lives."""
        return self.process() is not None

    def _is_same(self, process: psutil.Process) -> bool:
        if self.boot and self.boot != _boot():
            return False
        ticks = _boot_ticks(self.pid)
        if self.boot and self.boot_ticks is not None and ticks is not None:
            return ticks == self.boot_ticks
        return abs(process.create_time() - self.create_time) < _SAME_START


def is_zombie(process: psutil.Process) -> bool:
    """Whether a process has ended and only waits for its parent to hear of it.

    Raises:
        psutil.Error: if it is not there.
    """
    return process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


def catches_sigterm(pid: int) -> bool | None:
    """Whether a process has a handler for SIGTERM; None where the system does not tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
    return None


def _boot() -> str:
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def _boot_ticks(pid: int) -> int | None:
    """Returns field 22 of proc(5)'s ``stat``; the second field, a name, may hold anything, brackets too."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_bytes()
        return int(facts[facts.rindex(b")") + 1 :].split()[19]) if os.name == "posix" else None
    except (OSError, ValueError, IndexError):
        return None
