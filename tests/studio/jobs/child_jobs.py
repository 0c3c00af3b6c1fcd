"""Jobs of small Python programs in place of trainings: real processes, real files, no network."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from lpsnet.events import BatchStarted, EventWriter, RunEvent, Started
from lpsnet_studio.jobs.job_folder import JobFolder
from lpsnet_studio.jobs.launch import launch_command
from lpsnet_studio.jobs.status import JobStatus, read_status

LONGEST = 20.0
"""Seconds that any of this may take, on the slowest machine."""

WAITS = "import time; print('at work', flush=True); time.sleep(600)"


def start(run_dir: Path, program: str, *arguments: str) -> JobFolder:
    """Starts a Python program as a job in a run directory; it finds that as ``sys.argv[1]``."""
    command = [sys.executable, "-c", program, str(run_dir), *arguments]
    return launch_command(run_dir, command, cwd=run_dir.parent)


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits for something to become true."""
    deadline = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.02)


def ended(run_dir: Path) -> JobStatus:
    """Waits until a job has ended and returns how it is then."""
    until(lambda: not read_status(run_dir).state.is_alive, f"the end of {run_dir}")
    return read_status(run_dir)


def says(folder: JobFolder, words: str) -> None:
    """Waits until a job has written some words."""
    until(lambda: folder.log.exists() and f"\n{words}" in folder.log.read_text(), words)


def write_events(run_dir: Path, *events: RunEvent) -> None:
    """Appends events to those of a run."""
    run_dir.mkdir(parents=True, exist_ok=True)
    writer = EventWriter(run_dir / "events.jsonl")
    for event in events:
        writer.write(event)
    writer.close()


def training_started(iterations: int = 400, iteration: int = 0, **fields: float) -> Started:
    return Started(
        config="tiny",
        iteration=iteration,
        iterations=iterations,
        batch=4,
        processes=1,
        device="cpu",
        train="scenes",
        **fields,
    )


def batch_started(pictures: int, task: str = "evaluate", **fields: float) -> BatchStarted:
    return BatchStarted(task=task, network="tiny", data="scenes", pictures=pictures, device="cpu", **fields)
