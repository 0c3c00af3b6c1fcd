"""``lpsnet check-data``: names everything that is wrong with a data set in COCO panoptic format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from lpsnet.cli.app import EXIT_STATUS_OF_SIGNAL, naming_images_option, progress_bar, results

__all__ = ["check_data"]

_MOST_IN_FILE = 1000
"""Faults of a kind that are listed in the JSON file, which counts all of them."""


def check_data(
    path: Annotated[Path, typer.Argument(help="COCO panoptic JSON; ~ and $VARIABLES are replaced.")],
    images: Annotated[Path | None, typer.Option(help="Folder of the photos; else searched beside the JSON.")] = None,
    pngs: Annotated[Path | None, typer.Option(help="Folder of the PNGs; else of the JSON's name.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Read only the headers of photos.")] = False,
    shown: Annotated[int, typer.Option(min=0, help="The most faults of a kind that are printed.")] = 10,
    json_out: Annotated[
        Path | None, typer.Option("--json", help="Also write the report to this file, 1000 faults of a kind at most.")
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="That read files; 0 is one a core, at most 8.")] = 0,
) -> None:
    """Names every fault of a data set with file and field; the exit status is 1 if there is an error.

    Ctrl+C ends it and prints what was found until then.
    """
    from lpsnet.config import expand_path
    from lpsnet.engine.data_check import check_coco_panoptic
    from lpsnet.engine.stopping import stop_requests
    from lpsnet.formats.atomic import write_atomically
    from lpsnet.formats.data_report import report_lines

    source = expand_path(str(path))
    if json_out is not None and json_out.resolve() == source.resolve():
        raise ValueError(f"{json_out}: the report would replace this data set; choose another --json")
    folders = [None if folder is None else expand_path(str(folder)) for folder in (images, pngs)]
    with stop_requests() as asked, progress_bar() as bar:
        task = bar.add_task("checking", total=None)
        report = check_coco_panoptic(
            source,
            images_dir=folders[0],
            pngs_dir=folders[1],
            decode_photos=not quick,
            threads=threads or None,
            most_per_kind=shown if json_out is None else max(shown, _MOST_IN_FILE),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            should_stop=lambda: asked.reason is not None,
        )
    for line in report_lines(report, shown=shown):
        results().print(naming_images_option(line), soft_wrap=True)
    if json_out is not None:
        write_atomically(json_out, json.dumps(report.to_json(), indent=1, allow_nan=False).encode())
    if asked.reason is not None:
        raise typer.Exit(EXIT_STATUS_OF_SIGNAL[asked.reason])
    raise typer.Exit(report.exit_status)
