"""``lpsnet train``: trains a network, or goes on with a training."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from lpsnet.cli.app import EXIT_STATUS_OF_SIGNAL, messages, results, say

if TYPE_CHECKING:
    from lpsnet.config import Config
    from lpsnet.events import Evaluated, RunEvent, Started, Stopped
    from lpsnet.events import Progress as IterationsDone
    from lpsnet.run_directory import RunDirectory

__all__ = ["train"]

_LOSS_WORDS = {"borderness": "border-ness"}


def train(
    run_dir: Annotated[
        Path, typer.Option(help="Folder of the run: settings, events, curves, checkpoints, sample pictures.")
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="FIELD=VALUE", help="Changes to the config, such as training.batch=8."),
    ] = None,
    config: Annotated[str | None, typer.Option(help="A preset, such as coco_r50, or a YAML file.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --run-dir.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Trains a network, or goes on with a training.

    On your own data, in COCO panoptic format:
    lpsnet train --config coco_r50 --run-dir runs/mine categories=train.json
    data.train.annotations=train.json data.val.annotations=val.json

    On several GPUs or machines:
    torchrun --nproc-per-node 8 -m lpsnet.cli train …

    Ctrl+C or SIGTERM saves the run after the iteration in hand and ends with
    status 130 or 143; a second one ends at once. With --resume it goes on as
    if nothing had happened, on any number of processes.
    """
    from lpsnet.engine.distributed import joined_processes
    from lpsnet.engine.reporting import recorded_events
    from lpsnet.engine.train import train as train_network
    from lpsnet.run_directory import RunDirectory

    directory = RunDirectory(run_dir)
    settings = _settings(directory, config, overrides or [], resume=resume)
    with joined_processes(device) as processes, _told_once(processes.is_first):
        with _shown(directory) as show, recorded_events(directory, also=show) as record:
            reason = train_network(settings, directory, processes, resume=resume, on_event=record)
        if reason == "finished before" and processes.is_first:
            results().print(f"{directory.path}: this run is finished; nothing was changed", soft_wrap=True)
    raise typer.Exit(EXIT_STATUS_OF_SIGNAL.get(reason, 0))


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
def _told_once(is_first: bool) -> Iterator[None]:
    """Leaves it to the first process to tell of a mistake, which all of them end with."""
    try:
        yield
    except (ValueError, OSError):
        if is_first:
            raise
        raise typer.Exit(1) from None


# ------------------------------------------------------------------------------------------------------- what is shown


@contextmanager
def _shown(directory: RunDirectory) -> Iterator[Callable[[RunEvent], None]]:
    """Yields a function that shows events: in a terminal a bar that moves and lines that stay, elsewhere lines."""
    from lpsnet.events import Evaluated, Note, Started, Stopped
    from lpsnet.events import Progress as IterationsDone

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with contextlib.ExitStack() as shown:
        bar = Progress(*columns, console=messages(), transient=True)
        task = bar.add_task("the first iterations", total=None)

        def show(event: RunEvent) -> None:
            if isinstance(event, Started):
                say(_start_line(event))
                bar.update(task, total=event.iterations, completed=event.iteration)
                if bar.console.is_terminal:
                    shown.enter_context(bar)
            elif isinstance(event, IterationsDone):
                bar.update(task, completed=event.iteration, description=_progress_line(event))
                if not bar.console.is_terminal:
                    say(f"{event.iteration}: {_progress_line(event)}")
            elif isinstance(event, Evaluated):
                _say_over(bar, _figures_line(event))
            elif isinstance(event, Note):
                is_warning = event.level == "warning"
                # In a file, where there is no colour, the word alone tells it.
                _say_over(bar, f"warning: {event.text}" if is_warning else event.text, "yellow" if is_warning else "")
            elif isinstance(event, Stopped) and event.reason != "failed":
                shown.close()
                results().print(_end_line(event, directory), soft_wrap=True)

        yield show


def _say_over(bar: Progress, text: str, style: str = "") -> None:
    """Prints a line above the bar, which would otherwise be drawn into it."""
    bar.console.print(Text(text, style), soft_wrap=True)


def _start_line(event: Started) -> str:
    again = f"goes on after {event.iteration} of" if event.iteration else "begins:"
    shared = f", {event.processes} processes" if event.processes > 1 else ""
    val = f", measured on {event.val}" if event.val else ""
    return (
        f"{event.config} {again} {event.iterations} iterations of {event.batch} pictures on {event.device}{shared}; "
        f"{event.train}{val}"
    )


def _progress_line(event: IterationsDone) -> str:
    losses = ", ".join(f"{_LOSS_WORDS.get(name, name)} {value:.3f}" for name, value in event.losses.items())
    return f"loss {losses}; {event.images_per_second:.1f} images/s, {_clock(event.eta_seconds)} left"


def _figures_line(event: Evaluated) -> str:
    parts = [
        f"{words} {100 * figure:.1f}" if (figure := event.figures[name]) is not None else f"{words} —"
        for name, words in (("pq", "PQ"), ("pq_things", "things"), ("pq_stuff", "stuff"))
    ]
    return f"{event.iteration}: {', '.join(parts)} on {event.images} images in {event.seconds:.0f} s"


def _end_line(event: Stopped, directory: RunDirectory) -> str:
    if event.reason == "finished":
        trained = directory.best if directory.best.exists() else directory.latest
        return f"finished after {event.iteration} iterations: {trained}"
    if event.message:
        return f"{event.reason} {event.message}"
    return (
        f"{event.reason} and saved after {event.iteration} iterations; go on with --run-dir {directory.path} --resume"
    )


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
