"""Jobs without processes: entries that a test writes down, and what was asked of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from psygnal import Signal

from lpsnet.events import Stopped
from lpsnet_studio.jobs.jobs import JobEntry
from lpsnet_studio.jobs.process_mark import ProcessMark
from lpsnet_studio.jobs.run_facts import RunFacts
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec
from lpsnet_studio.jobs.status import JobState, JobStatus
from lpsnet_studio.state import Problem

NOW = 1_700_010_000.0


def train_spec(folder: Path) -> TrainSpec:
    return TrainSpec("demo", ("training.batch=2",), folder, ("cpu",))


def evaluate_spec(folder: Path) -> EvaluateSpec:
    return EvaluateSpec(Path("/runs/best.safetensors"), "scenes:1000+60", folder, device="cpu")


def predict_spec(folder: Path) -> PredictSpec:
    return PredictSpec((Path("/pictures"),), folder, Path("/runs/best.safetensors"), device="cpu")


def facts(kind: str = "train", iteration: int = 1200, **others: object) -> RunFacts:
    iterations = 9000 if kind == "train" else 60
    basis = RunFacts(
        kind,
        iteration,
        iterations,
        saved=1000 if kind == "train" else 0,
        started=NOW - 600,
        heard=NOW - 2,
        has_network=kind == "train",
    )
    return replace(basis, **others)  # type: ignore[arg-type]


def running(**others: object) -> JobStatus:
    known = facts(pq=0.3123, pace=4.2, eta_seconds=722.0)
    return replace(
        JobStatus(
            JobState.RUNNING,
            "1,200 of 9,000 iterations, 4.2 images/s, 12 min left",
            facts=known,
            host="workstation",
            is_here=True,
            leader=ProcessMark(4711, NOW - 600),
            started=NOW - 600,
        ),
        **others,  # type: ignore[arg-type]
    )


def failed(sentence: str = "ran out of memory after 1,200 of 9,000 iterations", advice: str = "") -> JobStatus:
    stopped = Stopped(time=NOW - 60, iteration=1200, reason="failed", message="out of memory")
    known = facts(stopped=stopped)
    return JobStatus(
        JobState.FAILED, sentence, advice, known, host="workstation", is_here=True, started=NOW - 600, ended=NOW - 60
    )


def finished(kind: str = "train", pq: float = 0.341, ended: float = NOW - 3600) -> JobStatus:
    known = facts(kind, 9000 if kind == "train" else 60, pq=pq)
    unit = "9000 iterations" if kind == "train" else "60 pictures"
    return JobStatus(
        JobState.FINISHED, f"finished all {unit}", facts=known, host="workstation", started=ended - 4000, ended=ended
    )


def waiting() -> JobStatus:
    return JobStatus(JobState.QUEUED, "waits for cuda:0")


def entry(folder: Path, status: JobStatus, spec: JobSpec | None = None, **others: object) -> JobEntry:
    made = JobEntry(folder, spec or train_spec(folder), status, folder.name)
    if status.state is JobState.QUEUED:
        made = replace(made, waiting="waits for cuda:0")
    return replace(made, **others)  # type: ignore[arg-type]


class HandMadeJobs:
    """What the page asks of the model, written down.

    Attributes:
        asked: names of the calls, each with what it was given.
    """

    changed = Signal()
    updated = Signal(tuple)
    ended = Signal(JobEntry)
    failed = Signal(Problem)

    def __init__(self, entries: Iterable[JobEntry] = ()) -> None:
        self.entries = tuple(entries)
        self.asked: list[tuple[object, ...]] = []

    def entry(self, folder: Path) -> JobEntry | None:
        return next((entry for entry in self.entries if entry.folder == folder), None)

    def put(self, *entries: JobEntry) -> None:
        self.entries = entries
        self.changed.emit()

    def change(self, entry: JobEntry) -> None:
        self.entries = tuple(entry if each.folder == entry.folder else each for each in self.entries)
        self.updated.emit((entry.folder,))

    def forget(self, *folders: Path) -> None:
        self.asked.append(("forget", *folders))
        self.put(*(entry for entry in self.entries if entry.folder not in folders))

    def list_again(self, *folders: Path) -> None:
        self.asked.append(("list_again", *folders))

    def move(self, folder: Path, place: int) -> None:
        self.asked.append(("move", folder, place))

    def open_run(self, path: Path) -> None:
        self.asked.append(("open_run", path))

    def stop(self, folder: Path) -> None:
        self.asked.append(("stop", folder))

    def kill(self, folder: Path) -> None:
        self.asked.append(("kill", folder))

    def resume(self, folder: Path) -> None:
        self.asked.append(("resume", folder))

    def start_now(self, folder: Path) -> None:
        self.asked.append(("start_now", folder))

    def withdraw(self, *folders: Path) -> None:
        self.asked.append(("withdraw", *folders))

    def mark_seen(self, folder: Path) -> None:
        self.asked.append(("mark_seen", folder))

    def refresh(self) -> None:
        self.asked.append(("refresh",))
