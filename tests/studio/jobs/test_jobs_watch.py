from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lpsnet_studio.jobs.job_work import Calls
from lpsnet_studio.jobs.jobs_watch import JobsWatch
from lpsnet_studio.jobs.spec import JobSpec, TrainSpec
from lpsnet_studio.jobs.status import JobState, JobStatus
from tests.studio.jobs.child_jobs import LONGEST


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def watch_over(qtbot: Any, state: Path) -> Iterator[Callable[[Calls], JobsWatch]]:
    """Makes watches, which are closed after the test."""
    watches: list[JobsWatch] = []

    def make(calls: Calls) -> JobsWatch:
        watches.append(JobsWatch(state, calls=calls))
        return watches[-1]

    yield make
    for watch in watches:
        watch.close()


def nothing_runs(_folder: Path) -> JobStatus:
    return JobStatus(JobState.FINISHED, "finished", started=1.0)


def training(folder: Path) -> TrainSpec:
    return TrainSpec("demo", (), folder)


def test_it_looks_by_itself_as_soon_as_there_is_an_event_loop(
    qtbot: Any, watch_over: Callable[[Calls], JobsWatch]
) -> None:
    watch = watch_over(Calls(read_status=nothing_runs))
    assert not watch.jobs.is_read
    qtbot.waitUntil(lambda: watch.jobs.is_read)
    assert watch.interval == 30_000


def test_it_looks_often_while_something_runs_or_the_page_is_shown(
    qtbot: Any, tmp_path: Path, watch_over: Callable[[Calls], JobsWatch]
) -> None:
    states = [JobState.RUNNING]
    reads: list[Path] = []

    def read(folder: Path) -> JobStatus:
        reads.append(folder)
        return JobStatus(states[-1], states[-1].value, spec=training(folder), is_here=True, started=1.0)

    watch = watch_over(Calls(launch=lambda _spec: None, read_status=read))
    for name in "ab":
        watch.jobs.add(training(tmp_path / name))
    qtbot.waitUntil(lambda: watch.jobs.is_any_alive and watch.jobs.is_any_waiting)
    assert watch.interval == 1000
    before = len(reads)
    qtbot.waitUntil(lambda: len(reads) > before, timeout=5000)
    watch.jobs.withdraw(tmp_path / "b")
    qtbot.waitUntil(lambda: not watch.jobs.is_any_waiting)
    ended: list[str] = []
    watch.jobs.ended.connect(lambda entry: ended.append(entry.name))
    states.append(JobState.FINISHED)
    qtbot.waitUntil(lambda: ended == ["a"], timeout=5000)
    assert watch.interval == 30_000
    watch.show_page(True)
    assert watch.interval == 1000
    watch.show_page(False)
    assert watch.interval == 30_000


def test_a_closed_watch_waits_for_a_job_that_is_being_started_and_leaves_it_alone(
    qtbot: Any, tmp_path: Path, state: Path, watch_over: Callable[[Calls], JobsWatch]
) -> None:
    begun, released, launched = threading.Event(), threading.Event(), []

    def launch(spec: JobSpec) -> None:
        begun.set()
        assert released.wait(LONGEST)
        launched.append(spec)

    calls = Calls(launch=launch, read_status=nothing_runs)
    watch = watch_over(calls)
    watch.jobs.add(training(tmp_path / "a"))
    qtbot.waitUntil(begun.is_set)
    assert watch.background.unfinished == ["Starting a"]
    assert not watch.close(50), "it cannot wait for ever"
    released.set()
    assert watch.close()
    assert [spec.folder.name for spec in launched] == ["a"]
    later = watch_over(calls)
    qtbot.waitUntil(lambda: later.jobs.is_read)
    assert [entry.name for entry in later.jobs.entries] == ["a"]
    assert len(launched) == 1


def test_failures_nobody_foresaw_are_passed_on_and_the_next_look_comes(
    qtbot: Any, tmp_path: Path, watch_over: Callable[[Calls], JobsWatch]
) -> None:
    is_broken = [True]

    def now() -> float:
        if is_broken[0]:
            raise ZeroDivisionError("of a clock")
        return time.time()

    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "events.jsonl").touch()
    watch = watch_over(Calls(read_status=nothing_runs, now=now))
    with qtbot.captureExceptions() as failures:
        watch.jobs.open_run(tmp_path / "run")
        qtbot.waitUntil(lambda: bool(failures))
    assert failures[0][0] is ZeroDivisionError
    is_broken[0] = False
    watch.jobs.open_run(tmp_path / "run")
    qtbot.waitUntil(lambda: len(watch.jobs.entries) == 1)
