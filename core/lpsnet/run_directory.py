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

Paths inside are relative to it: it can be moved, and a run goes on from its new place. The folder of an evaluation or a
prediction has of these its ``events.jsonl``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from lpsnet.config import Config

__all__ = ["RunDirectory", "Work"]

Work = Literal["training", "continuation", "predictions"]
"""What may be done in a folder."""


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
    def checkpoints(self) -> Path:
        """The folder of its networks, and of what is needed to go on."""
        return self.path / "checkpoints"

    @property
    def latest(self) -> Path:
        """The network as it was last saved."""
        return self.checkpoints / "latest.safetensors"

    @property
    def best(self) -> Path:
        """The network with the highest PQ so far."""
        return self.checkpoints / "best.safetensors"

    @property
    def state(self) -> Path:
        """All that is needed to go on."""
        return self.checkpoints / "state.pt"

    @property
    def lock(self) -> Path:
        """Which process trains here."""
        return self.path / ".lock"

    @property
    def all_samples(self) -> Path:
        """The pictures of all evaluations."""
        return self.path / "samples"

    @property
    def has_progress(self) -> bool:
        """Whether there is more to go on with than the settings: a state, or a network that cannot be without one."""
        return self.state.exists() or self.best.exists()

    def samples(self, iteration: int) -> Path:
        """The pictures of an evaluation."""
        return self.all_samples / f"iteration-{iteration:07d}"

    def stopped_at(self, iteration: int, process: int = 0) -> Path:
        """A process's share of the batch whose loss was not finite."""
        return self.path / "stopped-at" / f"iteration-{iteration:07d}-process-{process}.safetensors"

    def unfit_for(self, work: Work) -> str:
        """Returns why some work would spoil what is here, or cannot be done with it; empty if it may be done.

        Args:
            work: a new ``training``, the ``continuation`` of one, or the ``predictions`` of an evaluation or a
                prediction.

        Returns:
            What the folder does, such as ``holds a run already``.

        Raises:
            OSError: if the folder cannot be looked into.
        """
        if work == "training":
            return "holds a run already" if self.events.exists() or self.state.exists() else ""
        if work == "predictions":
            return "holds a training" if self.config.exists() or self.checkpoints.exists() else ""
        return "" if self.config.is_file() else f"holds no run to resume: {self.config.name} is missing"

    def refuse_another_run(self) -> None:
        """Checks that a new run may begin here.

        Raises:
            ValueError: if another run is there.
        """
        if unfit := self.unfit_for("training"):
            raise ValueError(f"{self.path}: {unfit}; go on with --resume, or choose another --run-dir")

    def read_config(self) -> Config:
        """Reads the settings that the run was started with.

        Raises:
            OSError: if there are none.
            ValueError: naming the file and the field, if they are damaged.
        """
        if unfit := self.unfit_for("continuation"):
            raise FileNotFoundError(f"{self.path}: {unfit}")
        from lpsnet.config import load_config  # who only looks for files does without every model of the settings

        return load_config(self.config)

    def read_environments(self) -> list[dict[str, Any]]:
        """Returns what every start of the run noted of its machine, by name, the newest last.

        A file that holds a single start, as runs once wrote it, is a list of one. A damaged file holds none: no
        training shall fail for it.
        """
        try:
            content = json.loads(self.environment.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return []
        entries = content if isinstance(content, list) else [content]
        return [entry for entry in entries if isinstance(entry, dict)]
