"""``lpsnet score``: panoptic quality of predictions that lie in files."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from lpsnet.cli.app import progress_bar, results, say

if TYPE_CHECKING:
    from lpsnet.metrics.panoptic_quality import PanopticQuality

__all__ = ["Evaluator", "quality_table", "score"]


class Evaluator(StrEnum):
    """Who counts matches and misses; both give the same figures."""

    OWN = "own"
    PANOPTICAPI = "panopticapi"


def score(
    gt: Annotated[
        Path, typer.Option(help="COCO panoptic JSON of the ground truth, its PNGs in the folder of its name.")
    ],
    pred: Annotated[Path, typer.Option(help="COCO panoptic JSON of the predictions, likewise.")],
    json_out: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
    per_class: Annotated[bool, typer.Option("--per-class", help="Print a row for every class.")] = False,
    evaluator: Annotated[
        Evaluator, typer.Option(help="Who counts: this project, or panopticapi where it is installed.")
    ] = Evaluator.OWN,
    processes: Annotated[
        int, typer.Option(help="How many count where there are 500 images or more; 0 is one a core.")
    ] = 0,
) -> None:
    """Measures panoptic quality, figure for figure as panopticapi does."""
    from lpsnet.formats.atomic import write_atomically

    if json_out is not None and json_out.resolve() in (gt.resolve(), pred.resolve()):
        raise ValueError(f"{json_out}: the figures would replace this data set; choose another --json")
    quality = _measure(gt, pred, evaluator, processes)
    if quality.paired_by_name:
        say(f"{pred}: its image ids are not those of {gt}; predictions and images were paired by file name")
    results().print(quality_table(quality, per_class=per_class))
    if json_out is not None:
        write_atomically(json_out, json.dumps(quality.to_json(), indent=1).encode())


def _measure(gt: Path, pred: Path, evaluator: Evaluator, processes: int) -> PanopticQuality:
    from lpsnet.metrics.reference_evaluator import score_with_panopticapi
    from lpsnet.metrics.score_files import score_files
    from lpsnet.processes import available_processes

    if processes < 0:
        raise ValueError(f"--processes must be 0 or more, not {processes}")
    if processes and evaluator is Evaluator.PANOPTICAPI:
        raise ValueError("--processes is for the project's own evaluator: panopticapi counts one image after the other")
    with progress_bar() as bar:
        task = bar.add_task("scoring", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if evaluator is Evaluator.PANOPTICAPI:
            return score_with_panopticapi(gt, pred, progress=show)
        return score_files(gt, pred, progress=show, processes=processes or available_processes())


def quality_table(quality: PanopticQuality, *, per_class: bool) -> Table:
    """Returns the table of the command: all, things and stuff in percent, then on request every class that counted."""
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
