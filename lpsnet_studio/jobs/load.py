"""How busy a job keeps its machine: processor, memory and GPUs, sampled into a file that stays small."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil

from lpsnet.formats.atomic import write_atomically

__all__ = ["LoadFile", "LoadMeter"]

_GPU_QUERY = (
    "--query-gpu=index,utilization.gpu,memory.used,memory.total",
    "--format=csv,noheader,nounits",
)
_GPU_PATIENCE = 5.0
"""Seconds that ``nvidia-smi`` may take; a driver in trouble lets it hang."""
_GPU_FAILURES = 3
"""As many in a row, and GPUs are asked about no more."""
_MIB = 1 << 20


class LoadMeter:
    """Measures a process and all that it started.

    Attributes:
        peak_rss: the most memory of all of them together so far, in bytes.

    Args:
        pid: of the process.
        nvidia_smi: the program that knows of GPUs; by default the one that is found.
    """

    def __init__(self, pid: int, nvidia_smi: str | None = None) -> None:
        self.peak_rss = 0
        self._pid = pid
        self._cpu_seconds: dict[int, float] = {}
        self._measured_at: float | None = None
        self._nvidia_smi = nvidia_smi or shutil.which("nvidia-smi")
        self._gpu_failures = 0
        self._cores = _usable_cores(pid)

    def sample(self) -> dict[str, Any]:
        """Returns what a line of the file holds.

        ``time`` is in seconds since 1970, ``cpu_percent`` since the last sample, 100 a core (absent at first),
        ``cores`` those that it may use, ``rss_bytes`` the memory of all processes together, pages that they share
        counted each time, ``processes`` how many there are, and ``gpus`` of every GPU of the machine, whoever uses it,
        ``percent``, ``memory_bytes`` and ``memory_total_bytes``; absent where there is no ``nvidia-smi``.
        """
        now, seconds, rss = time.monotonic(), {}, 0
        for process in self._tree():
            with contextlib.suppress(psutil.Error), process.oneshot():
                times = process.cpu_times()
                rss += process.memory_info().rss
                seconds[process.pid] = times.user + times.system
        self.peak_rss = max(self.peak_rss, rss)
        sample: dict[str, Any] = {"time": round(time.time(), 3), "rss_bytes": rss, "processes": len(seconds)}
        if self._cores:
            sample["cores"] = self._cores
        if self._measured_at is not None and now > self._measured_at:
            spent = sum(max(0.0, total - self._cpu_seconds.get(pid, 0.0)) for pid, total in seconds.items())
            sample["cpu_percent"] = round(100 * spent / (now - self._measured_at), 1)
        self._cpu_seconds, self._measured_at = seconds, now
        if gpus := self._gpus():
            sample["gpus"] = gpus
        return sample

    def _tree(self) -> list[psutil.Process]:
        try:
            process = psutil.Process(self._pid)
            return [process, *process.children(recursive=True)]
        except psutil.Error:
            return []

    def _gpus(self) -> list[dict[str, float]]:
        if self._nvidia_smi is None or self._gpu_failures >= _GPU_FAILURES:
            return []
        try:
            told = subprocess.run(
                [self._nvidia_smi, *_GPU_QUERY],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_GPU_PATIENCE,
                check=True,
            ).stdout
            gpus = [_gpu(line) for line in told.splitlines() if line.strip()]
        except (OSError, ValueError, subprocess.SubprocessError):
            self._gpu_failures += 1
            return []
        self._gpu_failures = 0
        return gpus


def _usable_cores(pid: int) -> int | None:
    """Returns how many cores a process may run on; None if the system does not tell."""
    try:
        return len(psutil.Process(pid).cpu_affinity())
    except (AttributeError, psutil.Error):  # macOS pins no process to cores
        return psutil.cpu_count()


def _gpu(line: str) -> dict[str, float]:
    """Reads a line of ``nvidia-smi``; what a GPU does not tell, as ``[N/A]``, is left out.

    Raises:
        ValueError: if it has not as many fields as were asked for.
    """
    _index, percent, used, total = (field.strip() for field in line.split(","))
    gpu = {}
    for name, field, unit in (
        ("percent", percent, 1),
        ("memory_bytes", used, _MIB),
        ("memory_total_bytes", total, _MIB),
    ):
        with contextlib.suppress(ValueError):
            gpu[name] = float(field) * unit
    return gpu


class LoadFile:
    """Appends samples to a file, and thins out the older ones whenever it has become too long.

    Args:
        path: of the file.
        most_bytes: what it may hold; as often as that is reached, every second sample of its older three quarters goes.
    """

    def __init__(self, path: Path, most_bytes: int = 1_000_000) -> None:
        self._path = path
        self._most_bytes = most_bytes

    def append(self, sample: dict[str, Any]) -> None:
        """Adds a sample; a disk that is full costs the sample, and nothing else.

        A line that could not be written whole is ended by the next one, and skipped by readers as damaged.
        """
        with contextlib.suppress(OSError):
            with self._path.open("ab+") as stream:
                if stream.tell():
                    stream.seek(-1, 2)
                    whole = stream.read(1) == b"\n"
                else:
                    whole = True
                stream.write((b"" if whole else b"\n") + json.dumps(sample).encode() + b"\n")
                size = stream.tell()
            if size > self._most_bytes:
                self._thin_out()

    def _thin_out(self) -> None:
        lines = self._path.read_bytes().splitlines(keepends=True)
        recent = len(lines) * 3 // 4
        write_atomically(self._path, b"".join([*lines[:recent:2], *lines[recent:]]))
