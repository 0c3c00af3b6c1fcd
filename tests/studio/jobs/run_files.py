"""Run directories made by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from lpsnet.events import Evaluated, Progress, RunEvent, Started

START = 1_700_000_000.0


def started(iteration: int = 0, iterations: int = 1000, time: float = START) -> Started:
    return Started(
        time=time,
        config="demo",
        iteration=iteration,
        iterations=iterations,
        batch=2,
        processes=1,
        device="CPU",
        train="scenes",
        val="scenes",
    )


def progress(iteration: int, total: float = 1.0, time: float | None = None, **losses: float) -> Progress:
    return Progress(
        time=START + iteration if time is None else time,
        iteration=iteration,
        losses={"total": total, **losses},
        lr=0.01,
        gradient_norm=2.0,
        images_per_second=4.0,
        eta_seconds=90.0,
        memory_bytes=1 << 30,
    )


def evaluated(iteration: int, pq: float | None, *samples: str) -> Evaluated:
    return Evaluated(
        time=START + iteration, iteration=iteration, figures={"pq": pq}, images=4, seconds=1.0, samples=samples
    )


def lines(events: Iterable[RunEvent]) -> bytes:
    return b"".join(json.dumps(event.to_json()).encode() + b"\n" for event in events)


def write_run(folder: Path, events: Iterable[RunEvent]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.jsonl").write_bytes(lines(events))
    return folder


def write_long_run(folder: Path, count: int, *, spike_at: int = -1, phase: float = 0.0) -> Path:
    """Writes ``count`` progress events, quickly; the loss is 1 … 2 but for 100 at one iteration."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "events.jsonl").open("wb") as stream:
        stream.write(lines([started(0, count)]))
        template = json.dumps(progress(0, 0.125, 0.0, box=0.125, borderness=0.25, semantic=0.5).to_json())
        before_time, rest = template.split('"time": 0.0')
        before_iteration, after = rest.split('"iteration": 0')
        before_loss, end = after.split('"total": 0.125')
        for at in range(1, count + 1):
            loss = 100.0 if at == spike_at else 1.0 + (at * 2654435761 % 1000) / 1000 + phase
            stream.write(
                f'{before_time}"time": {START + at}{before_iteration}"iteration": {at}'
                f'{before_loss}"total": {loss}{end}\n'.encode()
            )
    return folder
