"""The folder of a training run: what is where, written whole or not at all.

In it are::

    config.yaml            every setting of the run
    environment.json       what it ran on: versions, device, command; a list with one entry a start, the newest last
    events.jsonl           what happened, see lpsnet.events
    tensorboard/           the same curves for TensorBoard
    checkpoints/
        latest.safetensors the network as it was last saved
        best.safetensors   the network with the highest PQ so far
        state.pt           all that is needed to go on: network, optimiser, counters (tensors and plain values only)
    samples/               predictions drawn beside ground truth, one folder an evaluation
    stopped-at/            the batch whose loss was not finite, if it came to that
    .lock                  says which process writes here; of no meaning once that has ended

Paths inside are relative to it: it can be moved, and a run goes on from its new place.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

import psutil
import torch

from lpsnet.config import Config, load_config
from lpsnet.formats.atomic import write_atomically, write_failure

__all__ = ["RunDirectory", "environment_facts"]


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """Where everything of a run is.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def config(self) -> Path:
        """Every setting of the run."""
        return self.path / "config.yaml"

    @property
    def environment(self) -> Path:
        """What it ran on, every time that it was started."""
        return self.path / "environment.json"

    @property
    def events(self) -> Path:
        """What happened."""
        return self.path / "events.jsonl"

    @property
    def tensorboard(self) -> Path:
        """The curves for TensorBoard."""
        return self.path / "tensorboard"

    @property
    def latest(self) -> Path:
        """The network as it was last saved."""
        return self.path / "checkpoints" / "latest.safetensors"

    @property
    def best(self) -> Path:
        """The network with the highest PQ so far."""
        return self.path / "checkpoints" / "best.safetensors"

    @property
    def state(self) -> Path:
        """All that is needed to go on."""
        return self.path / "checkpoints" / "state.pt"

    @property
    def has_progress(self) -> bool:
        """Whether there is more to go on with than the settings: a state, or a network that cannot be without one."""
        return self.state.exists() or self.best.exists()

    def samples(self, iteration: int) -> Path:
        """The pictures of an evaluation."""
        return self.path / "samples" / f"iteration-{iteration:07d}"

    def stopped_at(self, iteration: int, process: int = 0) -> Path:
        """A process's share of the batch whose loss was not finite."""
        return self.path / "stopped-at" / f"iteration-{iteration:07d}-process-{process}.safetensors"

    @contextlib.contextmanager
    def held(self, undoing: contextlib.ExitStack) -> Iterator[None]:
        """Makes the folder if need be, and keeps other trainers out of it while the block runs.

        The lock ends with this process, however that ends; a filing system that knows no locks keeps nobody out.

        Args:
            undoing: is given what removes all that is made here, and nothing that was there before.

        Raises:
            ValueError: if another process trains there.
            OSError: naming the folder, if it cannot be made or written.
        """
        lock = self.path / ".lock"
        try:
            _make_folders(self.path, undoing)
            is_new = not lock.exists()
            stream = lock.open("a+", encoding="utf-8")
        except OSError as error:
            raise write_failure(self.path, error) from error
        with stream:
            if not _locked(stream):
                stream.seek(0)
                raise ValueError(f"{self.path}: {stream.read().strip() or 'another process'} trains here")
            # What nobody held may be removed; what another process made in the meantime, it holds.
            if is_new:
                undoing.callback(_remove, lock.unlink)
            try:
                _make_folders(self.latest.parent, undoing)
            except OSError as error:
                raise write_failure(self.path, error) from error
            stream.truncate(0)
            stream.write(f"process {os.getpid()} of {socket.gethostname()}")
            stream.flush()
            yield

    def refuse_another_run(self) -> None:
        """Checks that a new run may begin here.

        Raises:
            ValueError: if another run is there.
        """
        if self.events.exists() or self.state.exists():
            raise ValueError(f"{self.path}: holds a run already; go on with --resume, or choose another --run-dir")

    def write_config(self, config: Config) -> None:
        """Writes the settings of a new run into its folder.

        Raises:
            OSError: naming the file, if it cannot be written.
        """
        write_atomically(self.config, config.to_yaml().encode())

    def read_config(self) -> Config:
        """Reads the settings that the run was started with.

        Raises:
            OSError: if there are none.
            ValueError: naming the file and the field, if they are damaged.
        """
        if not self.config.is_file():
            raise FileNotFoundError(f"{self.path}: holds no run to resume: {self.config.name} is missing")
        return load_config(self.config)

    def note_environment(self, device: str, processes: int) -> None:
        """Adds what the run starts or goes on with to what earlier starts noted.

        Raises:
            OSError: naming the file, if it cannot be written.
        """
        starts = [*self.read_environments(), environment_facts(device, processes)]
        write_atomically(self.environment, json.dumps(starts, indent=1).encode())

    def read_environments(self) -> list[dict[str, Any]]:
        """Returns what every start of the run noted, see :func:`environment_facts`, the newest last.

        A file that holds a single start, as runs once wrote it, is a list of one. A damaged file holds none: no
        training shall fail for it.
        """
        try:
            content = json.loads(self.environment.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return []
        entries = content if isinstance(content, list) else [content]
        return [entry for entry in entries if isinstance(entry, dict)]


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


def _locked(stream: IO[str]) -> bool:
    """Locks a file for this process; False if another has it.

    It is a POSIX record lock, which data-loading processes do not inherit: they may outlive a killed trainer for
    seconds, and must not keep the next one out.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


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
