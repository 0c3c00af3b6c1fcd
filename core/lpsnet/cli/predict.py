"""``lpsnet predict``: segments pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lpsnet.cli.app import (
    EXIT_STATUS_OF_SIGNAL,
    announce,
    meant_checkpoint,
    naming_images_option,
    progress_bar,
    report_failures,
    results,
)

__all__ = ["predict"]


def predict(
    inputs: Annotated[list[Path], typer.Argument(help="Pictures, folders of pictures, or COCO panoptic JSON files.")],
    out: Annotated[Path, typer.Option(help="Folder for panoptic.json, panoptic/*.png and overlays/*.png.")],
    checkpoint: Annotated[
        Path | None, typer.Option(help="A trained network (safetensors), or the folder of a run: its best one.")
    ] = None,
    config: Annotated[str | None, typer.Option(help="A preset or YAML file, for an untrained network.")] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the photos of a JSON file; else searched beside it.")
    ] = None,
    pngs: Annotated[
        Path | None, typer.Option(help="Folder of the PNGs of a JSON file, for oracles; else of its name.")
    ] = None,
    overlay: Annotated[bool, typer.Option("--overlay", help="Also draw the segments over each picture.")] = False,
    inspections: Annotated[
        bool, typer.Option("--inspections", help="Also keep all that was found of each picture, as inspections/*.npz.")
    ] = False,
    oracle: Annotated[str, typer.Option(help="Take from ground truth: semantic, boxes, or semantic,boxes.")] = "",
    stuff_limit: Annotated[int | None, typer.Option(help="Smallest area of a stuff segment in pixels.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    override: Annotated[
        list[str] | None, typer.Option("--set", help="Change the config, for example input.short_side=882.")
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(help="Also append what happens, picture by picture, to this file, one JSON object a line."),
    ] = None,
) -> None:
    """Segments pictures and writes COCO panoptic JSON + PNG.

    Ctrl+C or SIGTERM ends it after the picture in hand, with what is done
    written, and with status 130 or 143.
    """
    from lpsnet.config import expand_path
    from lpsnet.engine.batch_record import batch_start, recorded_batch
    from lpsnet.engine.predict import Predictor, collect_pictures, parse_oracles, predict_pictures, prepare_output
    from lpsnet.engine.stopping import stop_requests
    from lpsnet.events import Note, PictureDone

    with recorded_batch(events, written=[out / "panoptic.json"]) as record:
        oracles = parse_oracles(oracle)
        photos, ids = (None if folder is None else expand_path(str(folder)) for folder in (images, pngs))
        pictures, faults = collect_pictures(inputs, images_dir=photos, pngs_dir=ids)
        unread = [naming_images_option(sentence) for sentence in faults]
        report_failures(unread)
        if not pictures:
            record.end(asked=None, complete=True, succeeded=0, failures=unread)
            raise typer.Exit(1)
        prepare_output(out, pictures)
        predictor = Predictor.create(
            checkpoint=None if checkpoint is None else meant_checkpoint(checkpoint),
            config=config,
            overrides=override or (),
            device=device,
            oracles=oracles,
            stuff_limit=stuff_limit,
            fallback_categories=next((picture.dataset.categories for picture in pictures if picture.dataset), None),
        )
        announce(predictor.network)
        record.write(batch_start("predict", predictor.network, _words(inputs), len(pictures)))
        for sentence in unread:
            record.write(Note(text=sentence, level="warning"))
        with stop_requests() as asked, progress_bar() as bar:
            task = bar.add_task("segmenting", total=len(pictures))

            def on_done(picture: PictureDone) -> None:
                record.write(picture)
                bar.update(task, advance=1, description=picture.file_name)

            summary = predict_pictures(
                predictor,
                pictures,
                out,
                overlay=overlay,
                inspections=inspections,
                on_done=on_done,
                should_stop=lambda: asked.reason is not None,
            )
        report_failures(summary.failures)
        done = f"{summary.done} of {len(pictures) + len(unread)} segmented in {summary.seconds:.1f} s"
        done = done if asked.reason is None else f"stopped: {done}"
        results().print(f"{done}; {summary.json_path}" if summary.done else done, soft_wrap=True)
        failures = [*unread, *summary.failures]
        record.end(asked=asked.reason, complete=summary.complete, succeeded=summary.done, failures=failures)
    if record.problem:
        report_failures([record.problem])
    if asked.reason is not None:
        raise typer.Exit(EXIT_STATUS_OF_SIGNAL[asked.reason])
    if failures or record.problem:
        raise typer.Exit(1)


def _words(inputs: Sequence[Path]) -> str:
    """Returns what is segmented, for people."""
    first, *others = [path.name or str(path) for path in inputs]
    return f"{first} and {len(others)} more" if others else first
