"""The command line: ``lpsnet predict | score | info | scenes``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from lpsnet.config import Config
    from lpsnet.engine.predict import Predictor
    from lpsnet.engine.scene_dataset import SceneRequest
    from lpsnet.metrics.panoptic_quality import PanopticQuality

__all__ = ["app", "main"]

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


def main() -> None:
    """Runs the command line; a mistake of the user ends in one sentence, not in a traceback."""
    try:
        app()
    except (ValueError, OSError) as error:
        _say(f"error: {error}", "bold red")
        raise SystemExit(1) from None


def _say(text: str, style: str = "") -> None:
    """Prints what is not a result. Names of files and classes are shown as they are, never read as markup."""
    _messages().print(Text(text, style), soft_wrap=True)


def _messages() -> Console:
    return Console(stderr=True, markup=False, highlight=False)


def _results() -> Console:
    return Console(markup=False, highlight=False)


# ------------------------------------------------------------------------------------------------------------ predict


@app.command()
def predict(
    inputs: Annotated[list[Path], typer.Argument(help="Pictures, folders of pictures, or COCO panoptic JSON files.")],
    out: Annotated[Path, typer.Option(help="Folder for panoptic.json, panoptic/*.png and overlays/*.png.")],
    checkpoint: Annotated[Path | None, typer.Option(help="A trained network (safetensors).")] = None,
    config: Annotated[str | None, typer.Option(help="A preset or YAML file, for an untrained network.")] = None,
    overlay: Annotated[bool, typer.Option("--overlay", help="Also draw the segments over each picture.")] = False,
    oracle: Annotated[str, typer.Option(help="Take from ground truth: semantic, boxes, or semantic,boxes.")] = "",
    stuff_limit: Annotated[int | None, typer.Option(help="Smallest area of a stuff segment in pixels.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    override: Annotated[
        list[str] | None, typer.Option("--set", help="Change the config, for example input.short_side=882.")
    ] = None,
) -> None:
    """Segments pictures and writes COCO panoptic JSON + PNG."""
    from lpsnet.engine.predict import Predictor, collect_pictures, parse_oracles, predict_pictures, prepare_output

    oracles = parse_oracles(oracle)
    pictures, unread = collect_pictures(inputs)
    _report(unread)
    if not pictures:
        raise typer.Exit(1)
    prepare_output(out, pictures)
    predictor = Predictor.create(
        checkpoint=checkpoint,
        config=config,
        overrides=override or (),
        device=device,
        oracles=oracles,
        stuff_limit=stuff_limit,
        fallback_categories=next((picture.dataset.categories for picture in pictures if picture.dataset), None),
    )
    _announce(predictor)
    with _progress_bar() as bar:
        task = bar.add_task("segmenting", total=len(pictures))
        summary = predict_pictures(
            predictor,
            pictures,
            out,
            overlay=overlay,
            on_done=lambda name: bar.update(task, advance=1, description=name),
        )
    _report(summary.failures)
    done = f"{summary.done} of {len(pictures) + len(unread)} segmented in {summary.seconds:.1f} s"
    _results().print(f"{done}; {summary.json_path}" if summary.done else done, soft_wrap=True)
    if unread or summary.failures:
        raise typer.Exit(1)


def _report(failures: Sequence[str]) -> None:
    for failure in failures:
        _say(f"failed: {failure}", "red")


def _announce(predictor: Predictor) -> None:
    """Says what runs where, and loudly if it was never trained."""
    if predictor.network is None:
        _say("Both oracles are on: boxes and semantics come from ground truth, no network runs.")
        return
    _say(f"{predictor.network.name} on {predictor.network.device_words}")
    if not predictor.network.trained:
        _messages().print(Panel(Text.from_markup(_UNTRAINED), title="UNTRAINED", border_style="bold red", expand=False))


def _progress_bar() -> Progress:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=_messages(), transient=True)


# -------------------------------------------------------------------------------------------------------------- score


@app.command()
def score(
    gt: Annotated[
        Path, typer.Option(help="COCO panoptic JSON of the ground truth, its PNGs in the folder of its name.")
    ],
    pred: Annotated[Path, typer.Option(help="COCO panoptic JSON of the predictions, likewise.")],
    json_out: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
    per_class: Annotated[bool, typer.Option("--per-class", help="Print a row for every class.")] = False,
) -> None:
    """Measures panoptic quality, figure for figure as panopticapi does."""
    from lpsnet.formats.atomic import write_atomically
    from lpsnet.metrics.panoptic_quality import score_files

    if json_out is not None and json_out.resolve() in (gt.resolve(), pred.resolve()):
        raise ValueError(f"{json_out}: the figures would replace this data set; choose another --json")
    with _progress_bar() as bar:
        task = bar.add_task("scoring", total=None)
        quality = score_files(gt, pred, progress=lambda done, total: bar.update(task, completed=done, total=total))
    _results().print(_quality_table(quality, per_class=per_class))
    if json_out is not None:
        write_atomically(json_out, json.dumps(quality.to_json(), indent=1).encode())


def _quality_table(quality: PanopticQuality, *, per_class: bool) -> Table:
    table = Table("", "PQ", "SQ", "RQ", "N")
    rows = [("All", quality.all), ("Things", quality.things), ("Stuff", quality.stuff)]
    for name, figures in rows:
        table.add_row(name, *_percentages(figures.pq, figures.sq, figures.rq), str(figures.n))
    if per_class:
        table.add_section()
        for category, found in quality.per_class:
            if found.n:
                table.add_row(Text(category.name), *_percentages(found.pq, found.sq, found.rq), "")
    return table


def _percentages(*values: float) -> tuple[str, ...]:
    return tuple("—" if value != value else f"{100 * value:.1f}" for value in values)


# --------------------------------------------------------------------------------------------------------------- info


@app.command()
def info(
    config: Annotated[str | None, typer.Option(help="A preset or YAML file.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint, instead of a config.")] = None,
    size: Annotated[str, typer.Option(help="Height x width of the network's input.")] = "800x800",
    override: Annotated[list[str] | None, typer.Option("--set", help="Change the config.")] = None,
) -> None:
    """Prints the presets, or a network's parameters, multiply-adds by part and peak memory."""
    from lpsnet.config import load_config, preset_names

    if config is None and checkpoint is None:
        _results().print("Presets: " + ", ".join(preset_names()))
        _print_devices()
        return
    if config is not None and checkpoint is not None:
        raise ValueError("--checkpoint brings its own config: give --checkpoint or --config, not both")
    if checkpoint is not None:
        from lpsnet.checkpoint import load_checkpoint

        loaded = load_checkpoint(checkpoint, override or ())
        _print_complexity(loaded.config, len(loaded.categories), _parse_size(size))
        return
    chosen = load_config(config or "", override or ())
    _print_complexity(chosen, len(chosen.load_categories()), _parse_size(size))


def _print_devices() -> None:
    """Says which device would be used, and why not CUDA."""
    from lpsnet.engine.devices import choose_device

    device, reason = choose_device("auto")
    _results().print(f"Device: {device} ({reason})")


def _print_complexity(config: Config, num_classes: int, size: tuple[int, int]) -> None:
    from lpsnet.engine.network import is_out_of_memory
    from lpsnet.model.complexity import measure_complexity
    from lpsnet.model.lpsnet import build_lpsnet

    model = build_lpsnet(config.model, num_classes, load_backbone_weights=False)
    try:
        found = measure_complexity(model, size)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise ValueError(f"--size {size[0]}x{size[1]}: there is not enough memory for one forward") from None
    table = Table("part", "parameters", "MACs")
    for part in found.parts:
        table.add_row(part.part, f"{part.parameters / 1e6:.2f} M", f"{part.macs / 1e9:.2f} G")
    table.add_section()
    table.add_row("total", f"{found.parameters / 1e6:.2f} M", f"{found.macs / 1e9:.2f} G")
    _results().print(f"{config.name}, {num_classes} classes, input {size[0]}×{size[1]}")
    _results().print(table)
    if found.peak_bytes is not None:
        _results().print(f"peak memory of one forward: {found.peak_bytes / 2**30:.2f} GiB")


def _parse_size(text: str) -> tuple[int, int]:
    """Reads ``HEIGHTxWIDTH``.

    Raises:
        ValueError: if it is not two whole numbers from 32 up.
    """
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 2 or not all(part.isdigit() and int(part) >= 32 for part in parts):
        raise ValueError(f"--size must be HEIGHTxWIDTH from 32x32 up, not {text!r}")
    return int(parts[0]), int(parts[1])


# ------------------------------------------------------------------------------------------------------------- scenes


@app.command()
def scenes(
    out: Annotated[Path | None, typer.Option(help="Folder for images/*.png and annotations/panoptic_scenes.*.")] = None,
    count: Annotated[int, typer.Option(help="Number of scenes.")] = 100,
    seed: Annotated[int, typer.Option(help="Of the first scene; the others follow one by one.")] = 0,
    height: Annotated[int, typer.Option(help="Of every picture, in pixels.")] = 384,
    width: Annotated[int, typer.Option(help="Likewise.")] = 512,
    weather: Annotated[str | None, typer.Option(help="One weather for all, such as rain; else chance decides.")] = None,
    statistics: Annotated[bool, typer.Option("--statistics", help="Print how hard the scenes are.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are not drawn scenes.")] = False,
    processes: Annotated[int, typer.Option(help="How many draw at once; 0 is one a core.")] = 0,
) -> None:
    """Draws street scenes with exact ground truth and writes them as a COCO panoptic data set."""
    from lpsnet.engine.scene_dataset import SceneRequest, available_processes, write_scenes

    if out is None and not statistics:
        raise ValueError("say where to write the scenes: --out DIR; or ask for --statistics")
    if processes < 0:
        raise ValueError(f"--processes must be 0 or more, not {processes}")
    request = SceneRequest(seed, count, height, width, weather)
    cores = processes or available_processes()
    if out is not None:
        with _progress_bar() as bar:
            task = bar.add_task("drawing", total=count)
            path = write_scenes(out, request, processes=cores, overwrite=overwrite, on_done=lambda _: bar.advance(task))
        _results().print(f"{count} scenes, seeds {seed} to {seed + count - 1}; {path}", soft_wrap=True)
    if statistics:
        _print_scene_statistics(request, cores)


def _print_scene_statistics(request: SceneRequest, processes: int) -> None:
    from lpsnet.scenes.statistics import measure_scenes

    with _progress_bar() as bar:
        task = bar.add_task("measuring", total=request.count)
        found = measure_scenes(
            request.seeds, request.height, request.width, processes=processes, progress=lambda: bar.advance(task)
        )
    table = Table(f"{found.scenes} scenes of {request.width} × {request.height}", "")
    table.add_row("things", str(found.things))
    table.add_row("things in a scene, median", f"{found.median_things:g}")
    for words, share in (
        ("under 32² pixels", found.small_share),
        ("box meets one of its class", found.overlapping_share),
        ("box does, IoU > 0.1", found.heavily_overlapping_share),
        ("silhouette does", found.silhouettes_overlapping_share),
    ):
        table.add_row(words, f"{100 * share:.1f} %")
    _results().print(table)


if __name__ == "__main__":
    main()
