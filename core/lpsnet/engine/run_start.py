"""Beginning a training in its folder, or going on with one: who may write there, with what settings, and on what."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import socket
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import torch

from lpsnet.config import Config
from lpsnet.formats.atomic import write_atomically, write_failure
from lpsnet.formats.file_lock import locked_by_process
from lpsnet.run_directory import RunDirectory

__all__ = ["environment_facts", "held", "note_environment", "write_config"]


@contextlib.contextmanager
def held(directory: RunDirectory, undoing: contextlib.ExitStack) -> Iterator[None]:
    """Makes the folder if need be, and keeps other trainers out of it while the block runs.

    The lock ends with this process, however that ends; a filing system that knows no locks keeps nobody out. Processes
    that load data do not inherit it: they may outlive a killed trainer for seconds, and must not keep the next one out.

    Args:
        directory: of the run.
        undoing: is given what removes all that is made here, and nothing that was there before.

    Raises:
        ValueError: if another process trains there.
        OSError: naming the folder, if it cannot be made or written.
    """
    lock = directory.lock
    try:
        _make_folders(directory.path, undoing)
        is_new = not lock.exists()
        stream = lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise write_failure(directory.path, error) from error
    with stream:
        if not locked_by_process(stream):
            stream.seek(0)
            raise ValueError(f"{directory.path}: {stream.read().strip() or 'another process'} trains here")
        # What nobody held may be removed; what another process made in the meantime, it holds.
        if is_new:
            undoing.callback(_remove, lock.unlink)
        try:
            _make_folders(directory.latest.parent, undoing)
        except OSError as error:
            raise write_failure(directory.path, error) from error
        stream.truncate(0)
        stream.write(f"process {os.getpid()} of {socket.gethostname()}")
        stream.flush()
        yield


def write_config(directory: RunDirectory, config: Config) -> None:
    """Writes the settings of a new run into its folder.

    Raises:
        OSError: naming the file, if it cannot be written.
    """
    write_atomically(directory.config, config.to_yaml().encode())


def note_environment(directory: RunDirectory, device: str, processes: int) -> None:
    """Adds what the run starts or goes on with to what earlier starts noted.

    Raises:
        OSError: naming the file, if it cannot be written.
    """
    starts = [*directory.read_environments(), environment_facts(device, processes)]
    write_atomically(directory.environment, json.dumps(starts, indent=1).encode())


def environment_facts(device: str, processes: int) -> dict[str, Any]:
    """Returns what a result may depend on: versions, processor, memory, device, command; and when, since 1970."""
    return {
        "time": time.time(),
        "command": sys.argv,
        "processes": processes,
        "device": device,
        "threads": torch.get_num_threads(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in ("lpsnet-studio", "torch", "torchvision", "numpy")},
        "cuda": torch.version.cuda,
    }


def _make_folders(path: Path, undoing: contextlib.ExitStack) -> None:
    """Makes a folder and those above it that are missing, and says how to remove what was made."""
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                undoing.callback(_remove, folder.rmdir)
    path.mkdir(exist_ok=True)


def _remove(removing: Callable[[], None]) -> None:
    """Removes a file or an empty folder; one that another process uses by now stays."""
    with contextlib.suppress(OSError):
        removing()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
