"""``lpsnet evaluate``: measures a trained network, or ground truth in its place."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lpsnet.cli.app import (
    EXIT_STATUS_OF_SIGNAL,
    announce,
    meant_checkpoint,
    naming_images_option,
    progress_bar,
    report_failures,
)
from lpsnet.cli.evaluation_tables import print_evaluation

if TYPE_CHECKING:
    from lpsnet.data.sources import PictureSource

__all__ = ["evaluate"]


def evaluate(
    checkpoint: Annotated[
        Path | None, typer.Option(help="A trained network (safetensors), or the folder of a run: its best one.")
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(help="A preset or YAML file: its input, inspection and data instead of the checkpoint's own."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|scenes:SEED+COUNT",
            help="COCO panoptic JSON, or drawn scenes from a seed on, such as scenes:900000+200 or "
            "scenes:900000+200@256x320; else what the config measures on.",
        ),
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the photos; else as the config says, or searched beside the JSON.")
    ] = None,
    pngs: Annotated[
        Path | None, typer.Option(help="Folder of the PNGs; else as the config says, or of the JSON's name.")
    ] = None,
    oracle: Annotated[str, typer.Option(help="Take from ground truth: semantic, boxes, or semantic,boxes.")] = "",
    override: Annotated[
        list[str] | None, typer.Option("--set", help="Change the config, for example input.short_side=882.")
    ] = None,
    stuff_limit: Annotated[
        int | None, typer.Option(help="Smallest area of a stuff segment in pixels; 0 with the semantic oracle.")
    ] = None,
    sweep: Annotated[
        str | None, typer.Option(help="Also PQ at several values, such as score_threshold=0.1,0.2.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many pictures, from the first on.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for panoptic.json and panoptic/*.png.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
    per_class: Annotated[bool, typer.Option("--per-class", help="Print a row for every class.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="Of the CPU, for the network; 0 is torch's choice.")] = 0,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that read pictures ahead; on a CPU they slow what is timed.")
    ] = 0,
    events: Annotated[
        Path | None,
        typer.Option(help="Also append what happens, picture by picture, to this file, one JSON object a line."),
    ] = None,
) -> None:
    """Measures PQ, AP, mean IoU, time, memory and multiply-adds on pictures with ground truth.

    Ctrl+C or SIGTERM ends it after the picture in hand, gives the figures so
    far, and ends with status 130 or 143.
    """
    from lpsnet.engine.batch_record import batch_start, recorded_batch
    from lpsnet.engine.evaluate import evaluate_network
    from lpsnet.engine.evaluation_setup import EvaluationSetup, parse_sweep
    from lpsnet.engine.predict import parse_oracles
    from lpsnet.engine.stopping import stop_requests
    from lpsnet.events import EvaluationDone, PictureDone
    from lpsnet.formats.atomic import write_atomically

    with recorded_batch(events, written=[json_out, None if out is None else out / "panoptic.json"]) as record:
        checkpoint = None if checkpoint is None else meant_checkpoint(checkpoint)
        wanted_sweep = None if sweep is None else parse_sweep(sweep)
        try:
            setup = EvaluationSetup.create(
                checkpoint=checkpoint,
                config=config,
                overrides=override or (),
                data=data,
                images_dir=images,
                pngs_dir=pngs,
                oracles=parse_oracles(oracle),
                stuff_limit=stuff_limit,
                device=device,
            )
        except ValueError as error:
            raise ValueError(naming_images_option(str(error))) from None
        if wanted_sweep is not None:
            wanted_sweep.settings(setup.settings)
        if json_out is not None:
            _refuse_to_replace(json_out, setup.source, out, checkpoint)
        announce(setup.network)
        wanted = min(len(setup.source), limit or len(setup.source))
        record.write(batch_start("evaluate", setup.network, setup.source.name, wanted))
        started = time.perf_counter()
        with _cpu_threads(threads), stop_requests() as asked, progress_bar() as bar:
            task = bar.add_task("evaluating", total=wanted)

            def on_done(picture: PictureDone) -> None:
                record.write(picture)
                bar.update(task, advance=1, description=picture.file_name)

            evaluation = evaluate_network(
                setup.network,
                setup.source,
                setup.settings,
                limit=limit,
                sweep=wanted_sweep,
                out=out,
                workers=workers,
                on_done=on_done,
                should_stop=lambda: asked.reason is not None,
            )
        record.write(
            EvaluationDone(
                figures=evaluation.figures,
                images=evaluation.measured,
                pictures=evaluation.wanted,
                complete=evaluation.complete,
                seconds=time.perf_counter() - started,
                predictions="" if evaluation.predictions is None else str(evaluation.predictions),
            )
        )
        print_evaluation(evaluation, per_class=per_class)
        report_failures(evaluation.failures)
        if json_out is not None:
            write_atomically(json_out, json.dumps(evaluation.to_json(), indent=1, allow_nan=False).encode())
        record.end(
            asked=asked.reason,
            complete=evaluation.complete,
            succeeded=evaluation.measured,
            failures=evaluation.failures,
        )
    if record.problem:
        report_failures([record.problem])
    if asked.reason is not None:
        raise typer.Exit(EXIT_STATUS_OF_SIGNAL[asked.reason])
    if evaluation.failures or record.problem:
        raise typer.Exit(1)


def _refuse_to_replace(json_out: Path, source: PictureSource, out: Path | None, checkpoint: Path | None) -> None:
    read = [*source.files, *([] if checkpoint is None else [checkpoint])]
    target = json_out.resolve()
    if any(file.name == target.name and file.resolve() == target for file in read):
        raise ValueError(f"{json_out}: the figures would replace what is measured; choose another --json")
    if out is not None and (out / "panoptic.json").resolve() == target:
        raise ValueError(f"{json_out}: the figures would replace the predictions; choose another --json")


@contextmanager
def _cpu_threads(count: int) -> Iterator[None]:
    """Computes with so many threads for a while; 0 changes nothing."""
    import cv2
    import torch

    before = torch.get_num_threads(), cv2.getNumThreads()
    if count:
        torch.set_num_threads(count)
        cv2.setNumThreads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])
