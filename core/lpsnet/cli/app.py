"""What the commands share: the Typer app they hang on, how it ends, and how they talk to the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:
    from lpsnet.engine.network import ReadyNetwork

__all__ = [
    "EXIT_STATUS_OF_SIGNAL",
    "announce",
    "app",
    "main",
    "meant_checkpoint",
    "messages",
    "naming_images_option",
    "progress_bar",
    "report_failures",
    "results",
    "say",
]

EXIT_STATUS_OF_SIGNAL = {"interrupted": 130, "terminated": 143}
"""As a shell reports a process that SIGINT (Ctrl+C) or SIGTERM ended at once."""

app = typer.Typer(
    name="lpsnet",
    help="LPSNet: one-pass panoptic segmentation. The window is `lpsnet-studio`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_UNTRAINED = (
    "[bold]This network is untrained:[/bold] its weights are random and its predictions mean nothing.\n"
    "Give a trained checkpoint with --checkpoint FILE."
)


def _print_version(wanted: bool) -> None:
    if wanted:
        results().print(f"lpsnet {version('lpsnet-studio')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Leaves the rest to the command."""


def main() -> None:
    """Runs the command line; a mistake of the user ends in one sentence, not in a traceback."""
    try:
        app()
    except (ValueError, OSError) as error:
        say(f"error: {error}", "bold red")
        raise SystemExit(1) from None


def say(text: str, style: str = "") -> None:
    """Prints what is not a result. Names of files and classes are shown as they are, never read as markup."""
    messages().print(Text(text, style), soft_wrap=True)


def messages() -> Console:
    """Returns the console of all that is not a result: standard error."""
    return Console(stderr=True, markup=False, highlight=False)


def results() -> Console:
    """Returns the console of results: standard output, which a pipe can take."""
    return Console(markup=False, highlight=False)


def progress_bar() -> Progress:
    """Returns a bar that counts what is done and is gone afterwards; it draws in a terminal, beside the messages."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = messages()
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def report_failures(failures: Sequence[str]) -> None:
    """Says which inputs failed, one sentence each, while the rest goes on."""
    for failure in failures:
        say(f"failed: {failure}", "red")


def meant_checkpoint(path: Path) -> Path:
    """Returns the file of a network that is given as such, or as the folder of a training run, and says which it is.

    Raises:
        ValueError: if a folder holds no trained network.
    """
    if not path.is_dir():
        return path
    from lpsnet.run_directory import RunDirectory

    run = RunDirectory(path)
    for trained, words in ((run.best, "its network with the highest PQ"), (run.latest, "its last network")):
        if trained.is_file():
            say(f"{path} is a folder: {words} is taken, {trained}")
            return trained
    raise ValueError(f"{path}: holds no trained network; neither {run.best} nor {run.latest.name} is there")


def naming_images_option(problem: str) -> str:
    """Returns what is wrong, with the option behind it that says where photos lie if those were not found."""
    from lpsnet.formats.coco_panoptic import PHOTOS_REMEDY

    return f"{problem}: --images DIR" if problem.endswith(PHOTOS_REMEDY) else problem


def announce(network: ReadyNetwork | None) -> None:
    """Says what runs where, and loudly if it was never trained; without a network, what stands for it."""
    if network is None:
        say("Both oracles are on: boxes and semantics come from ground truth, no network runs.")
        return
    say(f"{network.name} on {network.device_words}")
    if not network.trained:
        messages().print(Panel(Text.from_markup(_UNTRAINED), title="UNTRAINED", border_style="bold red", expand=False))
