"""Where the events of a run go: its ``events.jsonl``, and TensorBoard."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image

from lpsnet.events import Evaluated, EventWriter, Progress, RunEvent, Started
from lpsnet.formats.atomic import write_failure
from lpsnet.run_directory import RunDirectory

__all__ = ["recorded_events"]


@contextlib.contextmanager
def recorded_events(
    directory: RunDirectory, also: Callable[[RunEvent], None] = lambda _: None
) -> Iterator[Callable[[RunEvent], None]]:
    """Yields a function that records events in a run directory and passes them on.

    The files are made with the first event, when the directory is there, and closed in any case. The function raises
    OSError, naming what could not be written.

    Args:
        directory: of the run.
        also: told of every event too, even of one that could not be written.
    """
    with contextlib.ExitStack() as files:
        lines: EventWriter | None = None
        curves: _Curves | None = None

        def record(event: RunEvent) -> None:
            nonlocal lines, curves
            try:
                if lines is None:
                    lines = EventWriter(directory.events)
                    files.callback(lines.close)
                lines.write(event)
                if curves is None:
                    curves = _Curves(directory, event.iteration if isinstance(event, Started) else 0)
                    files.callback(curves.close)
                curves.draw(event)
            finally:
                also(event)

        yield record


class _Curves:
    """The curves of a run for TensorBoard, and its samples.

    Args:
        directory: of the run.
        iteration: at which the run goes on; what earlier files say of later ones is superseded.
    """

    def __init__(self, directory: RunDirectory, iteration: int) -> None:
        # Costs a second, and none but a training needs it.
        tensorboard = importlib.import_module("torch.utils.tensorboard")
        self._directory = directory
        with self._naming():
            self._writer: Any = tensorboard.SummaryWriter(str(directory.tensorboard), purge_step=iteration + 1)

    def draw(self, event: RunEvent) -> None:
        """Adds an event's numbers and pictures.

        Raises:
            OSError: naming the folder, if it cannot be written.
        """
        with self._naming():
            if isinstance(event, Progress):
                self._add("loss", event.losses, event.iteration)
                self._add("schedule", {"lr": event.lr}, event.iteration)
                self._add("gradient", {"norm": event.gradient_norm}, event.iteration)
                speed = {"images per second": event.images_per_second, "memory in GiB": event.memory_bytes / 2**30}
                self._add("speed", speed, event.iteration)
            elif isinstance(event, Evaluated):
                figures = {name: figure for name, figure in event.figures.items() if figure is not None}
                self._add("quality", figures, event.iteration)
                self._add_samples(event)
                self._writer.flush()

    def close(self) -> None:
        """Closes the files; the events, which are whole, say what a full disk kept from them."""
        with contextlib.suppress(OSError):
            self._writer.close()

    def _add(self, group: str, values: Mapping[str, float], iteration: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"{group}/{name}", value, iteration)

    def _add_samples(self, event: Evaluated) -> None:
        """Adds what was drawn; a picture that is gone by now is none of the curves' business."""
        for sample in event.samples:
            path = self._directory.path / sample
            with contextlib.suppress(FileNotFoundError), Image.open(path) as picture:
                pixels = np.asarray(picture.convert("RGB"))
                self._writer.add_image(f"samples/{path.stem}", pixels, event.iteration, dataformats="HWC")

    @contextlib.contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise write_failure(self._directory.tensorboard, error) from error
