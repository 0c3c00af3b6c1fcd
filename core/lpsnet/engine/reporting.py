"""Where the events of a run go: its ``events.jsonl``, and TensorBoard."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lpsnet.engine.run_directory import RunDirectory
from lpsnet.events import Evaluated, EventWriter, Progress, RunEvent

__all__ = ["recorded_events"]


@contextmanager
def recorded_events(
    directory: RunDirectory, also: Callable[[RunEvent], None] = lambda _: None
) -> Iterator[Callable[[RunEvent], None]]:
    """Yields a function that records events in a run directory and passes them on.

    The files are made with the first event, when the directory is there.

    Args:
        directory: of the run.
        also: told of every event too.
    """
    writers: list[tuple[EventWriter, Any]] = []

    def record(event: RunEvent) -> None:
        if not writers:
            # Costs a second, and none but a training needs it.
            tensorboard = importlib.import_module("torch.utils.tensorboard")
            writers.append((EventWriter(directory.events), tensorboard.SummaryWriter(str(directory.tensorboard))))
        lines, curves = writers[0]
        lines.write(event)
        _draw_curves(curves, event)
        also(event)

    try:
        yield record
    finally:
        for lines, curves in writers:
            lines.close()
            curves.close()


def _draw_curves(curves: Any, event: RunEvent) -> None:
    if isinstance(event, Progress):
        for name, value in event.losses.items():
            curves.add_scalar(f"loss/{name}", value, event.iteration)
        curves.add_scalar("schedule/lr", event.lr, event.iteration)
        curves.add_scalar("gradient/norm", event.gradient_norm, event.iteration)
        curves.add_scalar("speed/images per second", event.images_per_second, event.iteration)
        curves.add_scalar("speed/memory in GiB", event.memory_bytes / 2**30, event.iteration)
    elif isinstance(event, Evaluated):
        for name, figure in event.figures.items():
            if figure is not None:
                curves.add_scalar(f"quality/{name}", figure, event.iteration)
        curves.flush()
