"""``lpsnet check-run``: says before a training, an evaluation or a prediction is started whether it can work."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from lpsnet.cli.app import meant_checkpoint, results

if TYPE_CHECKING:
    from lpsnet.engine.preflight import Preflight

__all__ = ["check_run"]

check_run = typer.Typer(
    help="Says whether a training, an evaluation or a prediction can work, before it is started.",
    no_args_is_help=True,
)

_SIGNS = {"error": ("✗ error", "bold red"), "warning": ("! warning", "yellow"), "fine": ("✓ fine", "green")}
_LONGEST_SIGN = max(len(sign) for sign, _ in _SIGNS.values())

_JsonOut = Annotated[
    str | None, typer.Option("--json", metavar="FILE|-", help="Write the findings as JSON to a file, or print them.")
]
_Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]


@check_run.command("train")
def check_train(
    run_dir: Annotated[Path, typer.Option(help="Folder of the run.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="FIELD=VALUE", help="Changes to the config, such as training.batch=8."),
    ] = None,
    config: Annotated[str | None, typer.Option(help="A preset, such as coco_r50, or a YAML file.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="The run in --run-dir is to go on.")] = False,
    device: _Device = "auto",
    processes: Annotated[int, typer.Option(min=1, help="How many will train together under torchrun.")] = 1,
    json_out: _JsonOut = None,
) -> None:
    """Looks at config, data, weights, run directory, device, memory and disk of a training.

    The exit status is 1 if there is an error. Nothing is trained, written or downloaded.
    """
    with _ended_at_once():
        from lpsnet.engine.preflight import check_training

        found = check_training(config, overrides or [], run_dir, resume=resume, device=device, processes=processes)
    _tell(found, json_out)


@check_run.command("evaluate")
def check_evaluate(
    checkpoint: Annotated[Path | None, typer.Option(help="A trained network, or the folder of a run.")] = None,
    config: Annotated[str | None, typer.Option(help="A preset or YAML file.")] = None,
    data: Annotated[str | None, typer.Option(metavar="FILE|scenes:SEED+COUNT", help="What to measure on.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of the photos.")] = None,
    pngs: Annotated[Path | None, typer.Option(help="Folder of the PNGs.")] = None,
    override: Annotated[list[str] | None, typer.Option("--set", help="Change the config.")] = None,
    oracle: Annotated[str, typer.Option(help="Taken from ground truth: semantic, boxes, or semantic,boxes.")] = "",
    stuff_limit: Annotated[int | None, typer.Option(help="Smallest area of a stuff segment in pixels.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many pictures, from the first on.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the predictions.")] = None,
    device: _Device = "auto",
    json_out: _JsonOut = None,
) -> None:
    """Looks at network, data, output folder, device and memory of an evaluation.

    The exit status is 1 if there is an error. Nothing is measured or written.
    """
    with _ended_at_once():
        from lpsnet.engine.preflight import check_evaluation

        found = check_evaluation(
            checkpoint=None if checkpoint is None else meant_checkpoint(checkpoint),
            config=config,
            overrides=override or (),
            data=data,
            images_dir=images,
            pngs_dir=pngs,
            oracle=oracle,
            stuff_limit=stuff_limit,
            limit=limit,
            out=out,
            device=device,
        )
    _tell(found, json_out)


@check_run.command("predict")
def check_predict(
    inputs: Annotated[list[Path], typer.Argument(help="Pictures, folders of pictures, or COCO panoptic JSON files.")],
    out: Annotated[Path, typer.Option(help="Folder for the predictions.")],
    checkpoint: Annotated[Path | None, typer.Option(help="A trained network, or the folder of a run.")] = None,
    config: Annotated[str | None, typer.Option(help="A preset or YAML file, for an untrained network.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of the photos of a JSON file.")] = None,
    pngs: Annotated[Path | None, typer.Option(help="Folder of the PNGs of a JSON file.")] = None,
    oracle: Annotated[str, typer.Option(help="Taken from ground truth: semantic, boxes, or semantic,boxes.")] = "",
    stuff_limit: Annotated[int | None, typer.Option(help="Smallest area of a stuff segment in pixels.")] = None,
    overlay: Annotated[bool, typer.Option("--overlay", help="Overlays are written too.")] = False,
    inspections: Annotated[bool, typer.Option("--inspections", help="Inspections are written too.")] = False,
    override: Annotated[list[str] | None, typer.Option("--set", help="Change the config.")] = None,
    device: _Device = "auto",
    json_out: _JsonOut = None,
) -> None:
    """Looks at network, pictures, output folder, device, memory and disk of a prediction.

    The exit status is 1 if there is an error. Nothing is predicted or written.
    """
    with _ended_at_once():
        from lpsnet.engine.preflight import check_prediction

        found = check_prediction(
            inputs,
            out,
            checkpoint=None if checkpoint is None else meant_checkpoint(checkpoint),
            config=config,
            overrides=override or (),
            images_dir=images,
            pngs_dir=pngs,
            oracle=oracle,
            stuff_limit=stuff_limit,
            drawn=overlay or inspections,
            device=device,
        )
    _tell(found, json_out)


@contextlib.contextmanager
def _ended_at_once() -> Iterator[None]:
    """Lets SIGINT end the process as SIGTERM does, even in the middle of a library: nothing is lost by that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(found: Preflight, json_out: str | None) -> None:
    """Prints what was found and ends with its exit status."""
    from lpsnet.formats.atomic import write_atomically

    content = json.dumps(found.to_json(), indent=1, allow_nan=False)
    if json_out == "-":
        typer.echo(content)
        raise typer.Exit(found.exit_status)
    for finding in found.findings:
        sign, style = _SIGNS[finding.level]
        line = Text(f"{sign:<{_LONGEST_SIGN}}  ", style)
        line.append(_printable(f"{finding.about}: {finding.sentence}"), "")
        results().print(line, soft_wrap=True)
        if finding.remedy:
            results().print(Text(f"{'':<{_LONGEST_SIGN}}  → {_printable(finding.remedy)}"), soft_wrap=True)
    results().print(_verdict(len(found.of("error")), len(found.of("warning"))))
    if json_out is not None:
        write_atomically(Path(json_out), content.encode())
    raise typer.Exit(found.exit_status)


def _verdict(errors: int, warnings: int) -> str:
    counted = ((errors, "error"), (warnings, "warning"))
    told = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counted if count)
    return f"{told or 'nothing amiss'}: {'it will not work like this' if errors else 'it can be started'}"


def _printable(text: str) -> str:
    """Returns a text on one line without control characters: names of files are shown, never obeyed."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
