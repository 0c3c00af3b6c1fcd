"""``lpsnet scenes``: draws a data set of street scenes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from lpsnet.cli.app import progress_bar, results

if TYPE_CHECKING:
    from lpsnet.engine.scene_dataset import SceneRequest

__all__ = ["scenes"]


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
    from lpsnet.engine.scene_dataset import SceneRequest, write_scenes
    from lpsnet.processes import available_processes

    if out is None and not statistics:
        raise ValueError("say where to write the scenes: --out DIR; or ask for --statistics")
    if processes < 0:
        raise ValueError(f"--processes must be 0 or more, not {processes}")
    request = SceneRequest(seed, count, height, width, weather)
    cores = processes or available_processes()
    if out is not None:
        with progress_bar() as bar:
            task = bar.add_task("drawing", total=count)
            path = write_scenes(out, request, processes=cores, overwrite=overwrite, on_done=lambda _: bar.advance(task))
        results().print(f"{count} scenes, seeds {seed} to {seed + count - 1}; {path}", soft_wrap=True)
    if statistics:
        _print_scene_statistics(request, cores)


def _print_scene_statistics(request: SceneRequest, processes: int) -> None:
    from lpsnet.scenes.statistics import measure_scenes

    with progress_bar() as bar:
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
    results().print(table)
