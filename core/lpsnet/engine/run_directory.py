"""The folder of a training run: what is where, written whole or not at all.

In it are::

    config.yaml            every setting of the run
    environment.json       what it ran on: versions, device, command
    events.jsonl           what happened, see lpsnet.events
    tensorboard/           the same curves for TensorBoard
    checkpoints/
        latest.safetensors the network as it was last saved
        best.safetensors   the network with the highest PQ so far
        state.pt           all that is needed to go on: network, optimiser, counters (tensors and plain values only)
    samples/               predictions drawn as pictures, one folder an evaluation
    stopped-at/            the batch whose loss was not finite
"""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import torch
import yaml

from lpsnet.config import Config, parse_config
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
        """What it ran on."""
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

    def samples(self, iteration: int) -> Path:
        """The pictures of an evaluation."""
        return self.path / "samples" / f"iteration-{iteration:07d}"

    def stopped_at(self, iteration: int) -> Path:
        """The batch whose loss was not finite."""
        return self.path / "stopped-at" / f"iteration-{iteration:07d}.safetensors"

    def start(self, config: Config) -> None:
        """Makes the folder of a new run.

        Raises:
            ValueError: if another run is there.
            OSError: naming the folder, if it cannot be made.
        """
        if self.events.exists() or self.state.exists():
            raise ValueError(f"{self.path}: holds a run already; go on with --resume, or choose another --run-dir")
        try:
            self.latest.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_failure(self.path, error) from error
        settings = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        write_atomically(self.config, settings.encode())

    def read_config(self) -> Config:
        """Reads the settings that the run was started with.

        Raises:
            OSError: if there are none.
            ValueError: naming the file and the field, if they are damaged.
        """
        if not self.config.is_file():
            raise FileNotFoundError(f"{self.path}: holds no run to resume: {self.config.name} is missing")
        try:
            content = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ValueError(f"{self.config}: not YAML ({' '.join(str(error).split())})") from None
        if not isinstance(content, dict):
            raise ValueError(f"{self.config}: must hold the fields of a config")
        return parse_config(content, str(self.config))

    def note_environment(self, device: str, processes: int) -> None:
        """Writes what the run goes on with; a resumed run replaces it."""
        write_atomically(self.environment, json.dumps(environment_facts(device, processes), indent=1).encode())


def environment_facts(device: str, processes: int) -> dict[str, Any]:
    """Returns what a result may depend on: versions, processor, memory, device, command."""
    return {
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
