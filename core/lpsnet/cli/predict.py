"""``lpsnet predict``: segments pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lpsnet.cli.app import announce, meant_checkpoint, naming_images_option, progress_bar, report_failures, results

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
) -> None:
    """Segments pictures and writes COCO panoptic JSON + PNG."""
    from lpsnet.config import expand_path
    from lpsnet.engine.predict import Predictor, collect_pictures, parse_oracles, predict_pictures, prepare_output

    oracles = parse_oracles(oracle)
    photos, ids = (None if folder is None else expand_path(str(folder)) for folder in (images, pngs))
    pictures, unread = collect_pictures(inputs, images_dir=photos, pngs_dir=ids)
    report_failures([naming_images_option(sentence) for sentence in unread])
    if not pictures:
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
    with progress_bar() as bar:
        task = bar.add_task("segmenting", total=len(pictures))
        summary = predict_pictures(
            predictor,
            pictures,
            out,
            overlay=overlay,
            inspections=inspections,
            on_done=lambda name: bar.update(task, advance=1, description=name),
        )
    report_failures(summary.failures)
    done = f"{summary.done} of {len(pictures) + len(unread)} segmented in {summary.seconds:.1f} s"
    results().print(f"{done}; {summary.json_path}" if summary.done else done, soft_wrap=True)
    if unread or summary.failures:
        raise typer.Exit(1)
