"""``lpsnet train``: trains a network, or goes on with a training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from lpsnet.cli.app import messages, results, say

if TYPE_CHECKING:
    from lpsnet.config import Config
    from lpsnet.engine.run_directory import RunDirectory
    from lpsnet.events import RunEvent

__all__ = ["train"]

_EXIT_STATUS = {"finished": 0, "interrupted": 130, "terminated": 143}
"""As a shell reports a process that the same signal ended at once."""


def train(
    run_dir: Annotated[Path, typer.Option(help="Folder of the run: settings, events, checkpoints, samples.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[FIELD=VALUE]...", help="Changes to the config.")
    ] = None,
    config: Annotated[str | None, typer.Option(help="A preset or YAML file.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --run-dir.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Trains a network; under torchrun, on several GPUs or machines.

    Ctrl+C and SIGTERM save the run after the iteration in hand; --resume goes on as if nothing had happened.
    """
    from lpsnet.engine.distributed import joined_processes
    from lpsnet.engine.reporting import recorded_events
    from lpsnet.engine.run_directory import RunDirectory
    from lpsnet.engine.train import train as train_network

    directory = RunDirectory(run_dir)
    settings = _settings(directory, config, overrides or [], resume=resume)
    with (
        joined_processes(device) as processes,
        _shown() as show,
        recorded_events(directory, also=show) as record,
    ):
        reason = train_network(settings, directory, processes, resume=resume, on_event=record)
    if processes.is_first:
        results().print(f"{reason}; {directory.path}", soft_wrap=True)
    raise typer.Exit(_EXIT_STATUS[reason])


def _settings(directory: RunDirectory, config: str | None, overrides: list[str], *, resume: bool) -> Config:
    from lpsnet.config import load_config

    if not resume:
        if config is None:
            raise ValueError("say what to train: --config NAME, or --resume with the --run-dir of a run")
        return load_config(config, overrides)
    if config is not None or overrides:
        raise ValueError("a resumed run keeps its settings: give --resume without --config and without FIELD=VALUE")
    return directory.read_config()


@contextmanager
def _shown() -> Iterator[Callable[[RunEvent], None]]:
    """Yields a function that shows events on the terminal: a bar that moves, and lines that stay."""
    from lpsnet.events import Evaluated, Note, Started
    from lpsnet.events import Progress as IterationsDone

    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=messages(), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(event: RunEvent) -> None:
            if isinstance(event, Started):
                say(f"{event.config} on {event.device}, {event.train}")
                bar.update(task, total=event.iterations, completed=event.iteration)
            elif isinstance(event, IterationsDone):
                line = _progress_line(event)
                bar.update(task, completed=event.iteration, description=line)
                if not messages().is_terminal:
                    say(f"{event.iteration}: {line}")
            elif isinstance(event, Evaluated):
                say(_figures_line(event))
            elif isinstance(event, Note):
                say(event.text, "yellow" if event.level == "warning" else "")

        yield show


def _progress_line(event: object) -> str:
    from lpsnet.events import Progress as IterationsDone

    assert isinstance(event, IterationsDone)
    losses = ", ".join(f"{name} {value:.3f}" for name, value in event.losses.items())
    minutes, seconds = divmod(round(event.eta_seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{losses}; {event.images_per_second:.1f} images/s, {hours}:{minutes:02d}:{seconds:02d} left"


def _figures_line(event: object) -> str:
    from lpsnet.events import Evaluated

    assert isinstance(event, Evaluated)
    parts = [
        f"{words} {100 * figure:.1f}" if (figure := event.figures[name]) is not None else f"{words} —"
        for name, words in (("pq", "PQ"), ("pq_things", "things"), ("pq_stuff", "stuff"))
    ]
    return f"{event.iteration}: {', '.join(parts)} on {event.images} images in {event.seconds:.0f} s"
