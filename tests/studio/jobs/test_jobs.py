from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lpsnet_studio.jobs.job_deeds import Deed, deeds_of
from lpsnet_studio.jobs.job_folder import JobFolder
from lpsnet_studio.jobs.job_work import Calls
from lpsnet_studio.jobs.jobs import JobEntry, Jobs, names_of
from lpsnet_studio.jobs.launch import kill_outliving, kill_tree, launch_command
from lpsnet_studio.jobs.process_mark import ProcessMark
from lpsnet_studio.jobs.run_facts import RunFacts
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec, spec_to_json
from lpsnet_studio.jobs.status import JobState, JobStatus, outliving, read_status
from lpsnet_studio.state import Problem
from tests.studio.jobs.child_jobs import LONGEST, WAITS, training_started, write_events


class Machine:
    """A machine whose jobs are made up: what was asked of it, and how each of its jobs is."""

    def __init__(self) -> None:
        self.statuses: dict[Path, JobStatus] = {}
        self.launched: list[JobSpec] = []
        self.refused: dict[Path, Exception] = {}
        self.asked: list[tuple[str, Path]] = []
        self.reads: list[Path] = []
        self.seconds = 1000.0
        self.is_deaf = False
        self.meanwhile: Callable[[], None] = lambda: None

    @property
    def calls(self) -> Calls:
        return Calls(self.launch, self.read, self.stop, self.kill, lambda: self.seconds, lambda: self.seconds)

    def launch(self, spec: JobSpec) -> None:
        self.launched.append(spec)
        self.meanwhile()
        if spec.folder in self.refused:
            raise self.refused.pop(spec.folder)
        self.runs(spec.folder, spec)

    def runs(self, folder: Path, spec: JobSpec | None = None) -> None:
        self.seconds += 1
        running = JobStatus(JobState.RUNNING, "3 of 9 iterations", spec=spec, is_here=True, started=self.seconds)
        self.statuses[folder] = running

    def ends(self, folder: Path, state: JobState = JobState.FINISHED) -> None:
        self.seconds += 1
        before = self.statuses[folder]
        facts = RunFacts(kind="train")
        self.statuses[folder] = JobStatus(
            state,
            f"{state.value} after 9 iterations",
            facts=facts,
            spec=before.spec,
            is_here=True,
            started=before.started,
        )

    def read(self, folder: Path) -> JobStatus:
        self.reads.append(folder)
        return self.statuses.get(folder, JobStatus(JobState.LOST, f"{folder} is not there"))

    def stop(self, folder: JobFolder) -> bool:
        self.asked.append(("stop", folder.run_dir))
        return not self.is_deaf

    def kill(self, folder: JobFolder) -> None:
        self.asked.append(("kill", folder.run_dir))
        if folder.run_dir in self.refused:
            raise self.refused.pop(folder.run_dir)
        self.ends(folder.run_dir, JobState.STOPPED)


class Doing:
    """Does work when it is told to: the oldest first, or any other."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def __call__(
        self, work: Callable[[], Any], done: Callable[[Any], None], *, title: str = "", cancellable: bool = True
    ) -> None:
        self.waiting.append((work, done))

    def do_all(self) -> None:
        for _round in range(200):
            if not self.waiting:
                return
            work, done = self.waiting.pop(0)
            done(work())
        raise AssertionError("it never comes to an end")


class Studio:
    """A window's jobs, and what they told."""

    def __init__(self, state: Path, machine: Machine, auto: str = "auto") -> None:
        self.doing = Doing()
        self.jobs = Jobs(state, self.doing, auto_device=lambda: auto, calls=machine.calls)
        self.ended: list[JobEntry] = []
        self.problems: list[Problem] = []
        self.updated: list[tuple[Path, ...]] = []
        self.changes = 0
        self.jobs.ended.connect(self.ended.append)
        self.jobs.failed.connect(self.problems.append)
        self.jobs.updated.connect(self.updated.append)
        self.jobs.changed.connect(self._count)

    def _count(self) -> None:
        self.changes += 1

    def settle(self) -> None:
        self.doing.do_all()

    def look(self) -> None:
        self.jobs.refresh()
        self.settle()

    def add(self, *specs: JobSpec) -> None:
        for spec in specs:
            self.jobs.add(spec)
            self.settle()

    @property
    def names(self) -> list[str]:
        return [entry.name for entry in self.jobs.entries]

    def of(self, folder: Path) -> JobEntry:
        entry = self.jobs.entry(folder)
        assert entry is not None
        return entry

    def state(self, folder: Path) -> JobState:
        return self.of(folder).status.state


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def studio(state: Path, machine: Machine) -> Studio:
    studio = Studio(state, machine)
    studio.look()
    return studio


def training(folder: Path, *devices: str) -> TrainSpec:
    return TrainSpec("demo", ("training.batch=2",), folder, devices or ("cuda:0",))


# --------------------------------------------------------------------------------------------------------------- queue


def test_a_job_starts_at_once_where_its_device_is_free_and_else_says_what_it_waits_for(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    studio.add(training(first), training(second), training(third, "cuda:1"))
    assert [spec.folder for spec in machine.launched] == [first, third]
    assert studio.names == ["second", "third", "first"]
    assert studio.of(second).waiting == "waits for cuda:0, where first runs"
    assert studio.state(second) is JobState.QUEUED
    assert studio.of(second).status.sentence == "waits for cuda:0, where first runs"
    assert studio.state(first) is JobState.RUNNING
    assert studio.of(first).waiting == ""
    machine.ends(first)
    studio.look()
    assert [spec.folder for spec in machine.launched] == [first, third, second]
    assert studio.names == ["second", "third", "first"]
    assert studio.problems == []


def test_who_waits_behind_another_says_so(tmp_path: Path, studio: Studio) -> None:
    studio.add(
        training(tmp_path / "a"), training(tmp_path / "b", "cuda:0", "cuda:1"), training(tmp_path / "c", "cuda:1")
    )
    assert studio.of(tmp_path / "b").waiting == "waits for cuda:0, where a runs"
    assert studio.of(tmp_path / "c").waiting == "waits for cuda:1, behind b"


def test_the_queue_is_put_in_another_order_and_a_job_is_started_beside_another(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    a, b, c, d = (tmp_path / name for name in "abcd")
    studio.add(*(training(folder) for folder in (a, b, c, d)))
    studio.jobs.move(d, 0)
    studio.settle()
    assert studio.names == ["d", "b", "c", "a"]
    studio.jobs.start_now(c)
    studio.settle()
    assert studio.names == ["d", "b", "c", "a"]
    assert [spec.folder for spec in machine.launched] == [a, c]
    machine.ends(a)
    studio.look()
    assert len(machine.launched) == 2, "c has the device still"
    machine.ends(c)
    studio.look()
    assert [spec.folder for spec in machine.launched] == [a, c, d]


def test_what_is_asked_for_at_once_is_done_in_its_order(tmp_path: Path, state: Path, machine: Machine) -> None:
    studio = Studio(state, machine)
    folders = [tmp_path / name for name in "dacb"]
    for folder in folders:
        studio.jobs.add(training(folder))
    studio.jobs.move(folders[3], 0)
    while studio.doing.waiting:
        work, done = studio.doing.waiting.pop()
        done(work())
    assert [spec.folder for spec in machine.launched] == [folders[0]]
    assert studio.names == ["b", "a", "c", "d"]


def test_auto_is_what_the_machine_has(tmp_path: Path, state: Path, machine: Machine) -> None:
    studio = Studio(state, machine, auto="cuda:0")
    studio.add(training(tmp_path / "a", "auto"), training(tmp_path / "b", "cuda"), training(tmp_path / "c", "cpu"))
    assert [spec.folder.name for spec in machine.launched] == ["a", "c"]


def test_a_job_that_cannot_be_launched_leaves_the_queue_with_its_sentence_and_the_next_starts(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    a, bad, c = (tmp_path / name for name in ("a", "bad", "c"))
    machine.refused[bad] = ValueError("only different GPUs train together")
    studio.add(training(a), training(bad), training(c))
    machine.ends(a)
    studio.look()
    assert [spec.folder for spec in machine.launched] == [a, bad, c]
    assert [problem.sentence for problem in studio.problems] == [f"{bad}: only different GPUs train together"]
    assert [problem.folder for problem in studio.problems] == [bad]
    assert studio.state(bad) is JobState.FAILED
    assert studio.of(bad).status.sentence == f"could not be started: {bad}: only different GPUs train together"
    assert studio.of(bad).spec == training(bad)
    assert [entry.folder for entry in studio.ended] == [a]
    machine.ends(c)
    studio.look()
    studio.add(training(bad))
    assert studio.state(bad) is JobState.RUNNING


def test_two_jobs_never_wait_for_one_folder(tmp_path: Path, studio: Studio) -> None:
    studio.add(training(tmp_path / "a"), training(tmp_path / "b"), training(tmp_path / "b"))
    assert [problem.sentence for problem in studio.problems] == [
        f"{tmp_path / 'b'}: a job waits for its start here already"
    ]
    assert studio.names == ["b", "a"]


def test_nothing_is_queued_for_a_folder_where_a_job_runs(tmp_path: Path, studio: Studio) -> None:
    run = tmp_path / "run"
    studio.add(training(run), TrainSpec("other", (), run))
    assert [problem.sentence for problem in studio.problems] == [
        f"{run}: a job runs here already; choose another folder"
    ]
    assert studio.of(run).spec == training(run)
    assert studio.names == ["run"]


def test_a_run_stays_what_it_was_where_another_could_not_be_started_in_its_folder(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    run = tmp_path / "run"
    studio.add(training(run))
    machine.ends(run)
    studio.look()
    machine.refused[run] = ValueError(f"{run}: holds a run already")
    studio.add(TrainSpec("other", (), run))
    assert [problem.sentence for problem in studio.problems] == [f"{run}: holds a run already"]
    assert studio.state(run) is JobState.FINISHED
    assert studio.of(run).spec == training(run)
    assert len(studio.ended) == 1


def test_what_waits_is_withdrawn_also_by_stopping_and_killing_it(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    folders = [tmp_path / name for name in "abcd"]
    studio.add(*(training(folder) for folder in folders))
    studio.jobs.withdraw(folders[1])
    studio.jobs.stop(folders[2])
    studio.jobs.kill(folders[3])
    studio.settle()
    assert studio.names == ["a"]
    assert machine.asked == []


# ------------------------------------------------------------------------------------------------------ while they run


def test_the_end_of_a_job_is_told_once_and_kept_until_it_is_seen(
    tmp_path: Path, state: Path, studio: Studio, machine: Machine
) -> None:
    run = tmp_path / "run"
    studio.add(training(run))
    assert studio.of(run).seen
    machine.ends(run)
    studio.look()
    studio.look()
    assert [(entry.folder, entry.status.state, entry.seen) for entry in studio.ended] == [
        (run, JobState.FINISHED, False)
    ]
    assert studio.jobs.ended_while_away == ()
    later = Studio(state, machine)
    later.look()
    assert later.ended == []
    assert not later.of(run).seen
    later.jobs.mark_seen(run)
    later.settle()
    assert later.of(run).seen
    studio.look()
    assert studio.of(run).seen, "the other Studio saw it"


def test_what_ended_while_no_window_was_open_is_told_by_the_next(tmp_path: Path, state: Path, machine: Machine) -> None:
    earlier = Studio(state, machine)
    earlier.look()
    a, b = tmp_path / "a", tmp_path / "b"
    earlier.add(training(a), training(b, "cuda:1"))
    earlier.jobs.close()
    machine.ends(a, JobState.FAILED)
    later = Studio(state, machine)
    away: list[tuple[JobEntry, ...]] = []
    later.jobs.changed.connect(lambda: away.append(later.jobs.ended_while_away))
    assert not later.jobs.is_read
    later.look()
    assert later.jobs.is_read
    assert later.ended == []
    assert later.jobs.ended_while_away == away[0] == (later.of(a),)
    assert not later.of(a).seen
    machine.ends(b)
    later.look()
    assert [entry.folder for entry in later.ended] == [b]
    assert [entry.folder for entry in later.jobs.ended_while_away] == [a]


def test_a_resumed_run_has_an_end_of_its_own(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    run, other = tmp_path / "run", tmp_path / "other"
    studio.add(training(run))
    run.mkdir(exist_ok=True)
    (run / "config.yaml").touch()
    machine.ends(run, JobState.STOPPED)
    studio.look()
    studio.add(training(other))
    studio.jobs.resume(run)
    studio.settle()
    assert studio.of(run).waiting == "waits for cuda:0, where other runs"
    assert studio.names == ["run", "other"]
    machine.ends(other)
    studio.look()
    assert machine.launched[-1] == TrainSpec("demo", ("training.batch=2",), run, ("cuda:0",), resume=True)
    assert [entry.folder for entry in studio.ended] == [run, other]
    machine.ends(run)
    studio.look()
    assert [entry.folder for entry in studio.ended] == [run, other, run]


def test_a_training_that_failed_before_it_had_begun_is_begun_again(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    run = tmp_path / "run"
    studio.add(training(run))
    machine.ends(run, JobState.FAILED)
    studio.look()
    studio.jobs.resume(run)
    studio.settle()
    assert machine.launched == [training(run), training(run)]


def test_only_trainings_that_do_not_run_are_gone_on_with(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    run, measured = tmp_path / "run", tmp_path / "measured"
    studio.add(training(run), EvaluateSpec(None, None, measured))
    studio.jobs.resume(run)
    studio.jobs.resume(measured)
    studio.settle()
    assert [problem.sentence for problem in studio.problems] == [
        f"{run}: the training still runs",
        f"{measured}: it still runs",
    ]


@pytest.mark.parametrize("done", [0, 3])
def test_an_evaluation_is_begun_again_as_long_as_it_has_measured_nothing(
    tmp_path: Path, studio: Studio, machine: Machine, done: int
) -> None:
    measured = tmp_path / "measured"
    spec = EvaluateSpec(None, None, measured)
    studio.add(spec)
    facts = RunFacts("evaluate", done, 9)
    machine.statuses[measured] = replace(machine.statuses[measured], state=JobState.FAILED, facts=facts)
    studio.look()
    studio.jobs.resume(measured)
    studio.settle()
    told = [f"{measured}: only a training can be gone on with; duplicate it instead"]
    assert [problem.sentence for problem in studio.problems] == (told if done else [])
    assert len(machine.launched) == (1 if done else 2)


def test_a_withdrawn_continuation_leaves_the_run(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    run = tmp_path / "run"
    studio.add(training(run))
    machine.ends(run)
    studio.look()
    studio.add(training(tmp_path / "other"))
    studio.jobs.resume(run)
    studio.settle()
    studio.jobs.withdraw(run)
    studio.settle()
    assert studio.state(run) is JobState.FINISHED
    assert studio.names == ["other", "run"]


def test_stop_and_kill_ask_the_machine_and_their_failures_are_told(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    run = tmp_path / "run"
    studio.add(training(run))
    studio.jobs.stop(run)
    studio.settle()
    machine.refused[run] = OSError("processes 7, 8 could not be ended")
    studio.jobs.kill(run)
    studio.settle()
    assert [problem.sentence for problem in studio.problems] == [f"{run}: processes 7, 8 could not be ended"]
    studio.jobs.kill(run)
    studio.settle()
    assert machine.asked == [("stop", run), ("kill", run), ("kill", run)]
    assert studio.state(run) is JobState.STOPPED
    assert len(studio.ended) == 1


def test_a_run_is_forgotten_but_not_while_it_runs_here(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    run = tmp_path / "run"
    studio.add(training(run))
    studio.jobs.forget(run)
    studio.settle()
    assert [problem.sentence for problem in studio.problems] == [
        f"{run}: still runs; stop it before it is taken off the list"
    ]
    del machine.statuses[run]
    studio.look()
    assert studio.state(run) is JobState.LOST
    assert studio.of(run).status.sentence == f"{run} is not there"
    studio.jobs.forget(run)
    studio.settle()
    assert studio.jobs.entries == ()


def test_a_run_that_was_forgotten_comes_back_to_its_place_even_if_its_folder_is_gone(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        machine.refused[folder] = OSError("no room")
    studio.add(*(training(folder) for folder in folders))
    before = studio.jobs.entries
    studio.jobs.forget(folders[1])
    studio.settle()
    assert studio.names == ["c", "a"]
    studio.jobs.open_run(folders[1])
    studio.settle()
    assert studio.jobs.entries == before


def test_many_runs_are_forgotten_and_come_back_with_one_change_of_the_list(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    folders = [tmp_path / f"run{number}" for number in range(6)]
    for folder in folders:
        studio.add(training(folder))
        machine.ends(folder)
        studio.look()
    machine.runs(folders[2])
    write_events(folders[2], training_started())
    studio.look()
    before, changes = studio.names, studio.changes
    studio.jobs.forget(*(folders[number] for number in (0, 2, 3, 5)))
    studio.settle()
    assert studio.names == ["run4", "run2", "run1"]
    assert studio.changes == changes + 1
    assert [problem.sentence for problem in studio.problems] == [
        f"{folders[2]}: still runs; stop it before it is taken off the list"
    ]
    studio.jobs.list_again(*(folders[number] for number in (0, 3, 5)))
    studio.settle()
    assert studio.names == before
    assert studio.changes == changes + 2
    assert studio.state(folders[5]) is JobState.FINISHED


def test_a_disk_that_is_away_for_a_while_is_no_end(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    run = tmp_path / "run"
    studio.add(training(run))
    write_events(run, training_started())
    machine.ends(run)
    studio.look()
    there = machine.statuses.pop(run)
    shutil.rmtree(run)
    studio.look()
    assert studio.state(run) is JobState.LOST
    machine.statuses[run] = there
    studio.look()
    assert studio.state(run) is JobState.FINISHED
    assert len(studio.ended) == 1


def test_a_run_that_was_lost_and_is_found_again_is_told_twice(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    run = tmp_path / "run"
    studio.add(training(run))
    running = machine.statuses[run]
    for _time in range(2):
        machine.ends(run, JobState.LOST)
        studio.look()
        write_events(run, training_started())
        machine.statuses[run] = running
        studio.look()
    machine.ends(run)
    studio.look()
    assert [entry.status.state for entry in studio.ended] == [JobState.LOST, JobState.FINISHED]


def test_a_device_is_busy_by_what_a_run_says_of_itself_too(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    by_hand, a, b, c = (tmp_path / name for name in ("by_hand", "a", "b", "c"))
    write_events(by_hand, training_started())
    machine.runs(by_hand)
    machine.statuses[by_hand] = replace(machine.statuses[by_hand], facts=RunFacts("train", device="cuda:1"))
    studio.jobs.open_run(by_hand)
    studio.settle()
    studio.add(training(a, "cuda:1"), training(b, "auto"))
    assert studio.of(a).waiting == "waits for cuda:1, where by_hand runs"
    machine.statuses[b] = replace(machine.statuses[b], facts=RunFacts("train", device="cuda:0"))
    studio.look()
    studio.add(training(c, "cuda:0"))
    assert studio.of(c).waiting == "waits for cuda:0, where b runs"


def test_what_auto_means_is_learnt_from_where_a_run_went(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    a, b, c = (tmp_path / name for name in "abc")
    studio.add(training(a, "auto"))
    machine.statuses[a] = replace(machine.statuses[a], facts=RunFacts("train", device="cpu"))
    studio.look()
    machine.ends(a)
    machine.statuses[a] = replace(machine.statuses[a], facts=RunFacts("train", device="cpu"))
    studio.look()
    studio.add(training(b, "cpu"), training(c, "auto"))
    assert studio.of(c).waiting == "waits for cpu, where b runs"


def test_a_job_that_has_not_begun_cannot_be_stopped_and_says_so(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    run = tmp_path / "run"
    studio.add(training(run))
    machine.statuses[run] = replace(machine.statuses[run], state=JobState.STARTING)
    machine.is_deaf = True
    studio.jobs.stop(run)
    studio.settle()
    assert [problem.sentence for problem in studio.problems] == [
        f"{run}: has not begun yet and cannot be stopped; try again in a moment"
    ]


def test_only_what_became_another_is_told(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    studio.add(training(a), training(b, "cuda:1"))
    studio.updated.clear()
    changes = studio.changes
    studio.look()
    assert (studio.updated, studio.changes) == ([], changes)
    machine.ends(b)
    studio.look()
    assert studio.updated == [(b,)]
    assert studio.changes == changes


def test_a_look_at_many_jobs_costs_the_window_little(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / f"run-{number:03d}" for number in range(300)]
    state.mkdir()
    runs = [{"folder": str(folder), "listed": float(at)} for at, folder in enumerate(folders)]
    (state / "jobs.json").write_text(json.dumps({"runs": runs, "queue": []}))
    live, iteration = set(folders[:3]), 0

    def status(folder: Path) -> JobStatus:
        is_live = folder in live
        return JobStatus(
            JobState.RUNNING if is_live else JobState.FINISHED, f"{iteration}" if is_live else "", started=1
        )

    doing = Doing()
    jobs = Jobs(state, doing, calls=Calls(read_status=status))
    jobs.refresh()
    doing.do_all()
    before, told = jobs.entries, []
    jobs.updated.connect(told.append)
    iteration = 1
    jobs.refresh()
    work, done = doing.waiting.pop()
    found, compared = work(), []
    equal = PurePath.__eq__

    def counted(self: PurePath, other: object) -> bool:
        compared.append(other)
        return equal(self, other)

    monkeypatch.setattr(PurePath, "__eq__", counted)
    done(found)
    monkeypatch.undo()
    assert len(compared) <= 3 * len(folders)
    # Who shows the list hears of all that changed at once, and knows the others by being the same objects.
    assert told == [tuple(folders[:3])]
    assert [new is old for new, old in zip(jobs.entries, before, strict=True)] == [False] * 3 + [True] * 297


def test_the_newest_look_wins_whichever_comes_last(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    run = tmp_path / "run"
    studio.add(training(run))
    studio.jobs.refresh()
    work, done = studio.doing.waiting.pop()
    old = work()
    machine.ends(run)
    machine.seconds += 11
    studio.look()
    assert studio.state(run) is JobState.FINISHED
    done(old)
    assert studio.state(run) is JobState.FINISHED


def test_a_look_waits_for_the_one_before_but_not_for_ever(studio: Studio, machine: Machine) -> None:
    studio.jobs.refresh()
    studio.jobs.refresh()
    assert len(studio.doing.waiting) == 1
    work, done = studio.doing.waiting.pop()
    done(work())
    assert len(studio.doing.waiting) == 1, "the second is asked for now"
    for _hung in range(10):
        machine.seconds += 11
        studio.jobs.refresh()
    assert len(studio.doing.waiting) == 4, "threads that hang are not piled up"


def test_an_unforeseen_failure_is_raised_in_the_window_and_ends_nothing(
    tmp_path: Path, studio: Studio, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    studio.add(training(run))

    def breaks(_folders: object) -> dict[Path, JobStatus]:
        raise ZeroDivisionError("of the whole list")

    with monkeypatch.context() as patch:
        patch.setattr(studio.jobs._work._cache, "statuses", breaks)
        with pytest.raises(ZeroDivisionError):
            studio.look()
    machine.ends(run)
    studio.look()
    assert len(studio.ended) == 1


def test_one_folder_that_breaks_its_reader_holds_up_no_other(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    bad, good = tmp_path / "bad", tmp_path / "good"

    def breaks(folder: Path) -> JobStatus:
        if folder == bad:
            raise OverflowError("of a reader")
        return machine.read(folder)

    studio.jobs._work._cache._read = breaks
    for folder in (bad, good):
        studio.add(training(folder))
        studio.look()
    told = {folder: studio.jobs.entry(folder) for folder in (bad, good)}
    assert told[bad] is not None
    assert told[bad].status.sentence == f"{bad} could not be understood: OverflowError('of a reader')"
    assert told[good] is not None
    assert told[good].status.state is JobState.RUNNING


def test_nothing_is_told_after_the_window_has_closed(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    run = tmp_path / "run"
    studio.add(training(run))
    machine.ends(run)
    studio.jobs.refresh()
    studio.jobs.close()
    studio.settle()
    assert studio.ended == []
    studio.jobs.refresh()
    assert studio.doing.waiting == []


# ---------------------------------------------------------------------------------------------------------- two Studios


def test_two_studios_start_a_waiting_job_once_and_lose_nothing_of_each_other(
    tmp_path: Path, state: Path, machine: Machine
) -> None:
    one, two = Studio(state, machine), Studio(state, machine)
    one.look()
    two.look()
    a, b, c, d = (tmp_path / name for name in "abcd")
    one.add(training(a), training(b))
    two.add(training(c), training(d, "cuda:1"))
    machine.ends(a)
    one.jobs.refresh()
    two.jobs.refresh()
    while one.doing.waiting or two.doing.waiting:
        for studio in (one, two):
            if studio.doing.waiting:
                work, done = studio.doing.waiting.pop(0)
                done(work())
    assert sorted(spec.folder for spec in machine.launched) == [a, b, d]
    one.look()
    two.look()
    assert one.names == two.names == ["c", "b", "d", "a"]
    assert [entry.folder for entry in (*one.ended, *two.ended)] == [a], "one notification is enough"


def test_while_one_studio_starts_a_job_the_other_sees_it_start_and_leaves_its_device_alone(
    tmp_path: Path, state: Path, machine: Machine
) -> None:
    one, two = Studio(state, machine), Studio(state, machine)
    a, b = tmp_path / "a", tmp_path / "b"

    def meanwhile() -> None:
        machine.meanwhile = lambda: None
        machine.seconds += 5
        two.look()
        assert two.state(a) is JobState.STARTING
        two.add(training(b))
        two.look()
        assert two.of(b).waiting == "waits for cuda:0, where a runs"

    machine.meanwhile = meanwhile
    one.add(training(a))
    assert [spec.folder for spec in machine.launched] == [a]
    machine.ends(a)
    two.look()
    assert [spec.folder for spec in machine.launched] == [a, b]
    assert one.ended == []
    assert [entry.folder for entry in two.ended] == [a]


def test_whose_turn_it_is_is_asked_again_at_the_last_moment(tmp_path: Path, state: Path, machine: Machine) -> None:
    one, two = Studio(state, machine), Studio(state, machine)
    a, b, c = (tmp_path / name for name in "abc")
    one.add(training(a), training(b), training(c))
    write_events(a, training_started())
    machine.ends(a)
    one.jobs.refresh()
    work, done = one.doing.waiting.pop()
    done(work())
    assert one.state(b) is JobState.STARTING, "one is about to start b"
    two.jobs.move(c, 0)
    work, done = two.doing.waiting.pop()
    done(work())
    two.look()
    assert [spec.folder for spec in machine.launched] == [a, c]
    one.settle()
    assert [spec.folder for spec in machine.launched] == [a, c]
    assert one.of(b).waiting == "waits for cuda:0, where c runs"


def test_a_job_whose_studio_ended_before_it_could_start_it_says_so_and_blocks_nobody(
    tmp_path: Path, state: Path, machine: Machine
) -> None:
    run, other = tmp_path / "run", tmp_path / "other"

    def dies(_spec: JobSpec) -> None:
        raise KeyboardInterrupt

    broken = Jobs(state, doing := Doing(), calls=Calls(dies, machine.read, now=lambda: machine.seconds))
    broken.add(training(run))
    with pytest.raises(KeyboardInterrupt):
        doing.do_all()
    later = Studio(state, machine)
    later.look()
    assert later.state(run) is JobState.STARTING
    later.add(training(other))
    assert later.of(other).waiting == "waits for cuda:0, where run runs"
    machine.seconds += 120
    later.look()
    assert later.state(run) is JobState.FAILED
    assert later.of(run).status.sentence.startswith("was to be started and never was")
    assert later.state(other) is JobState.RUNNING


ACTIONS = ("add", "add", "add", "look", "look", "end", "end", "withdraw", "move", "forget", "resume", "step", "step")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_two_studios_do_at_once_no_device_has_two_and_no_job_is_lost(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder, machine = tmp_path_factory.mktemp("studios"), Machine()
    studios = [Studio(folder / "state", machine) for _which in range(2)]
    added: set[Path] = set()
    gone: set[Path] = set()
    for _step in range(data.draw(st.integers(5, 40))):
        studio = data.draw(st.sampled_from(studios))
        action = data.draw(st.sampled_from(ACTIONS))
        some = data.draw(st.sampled_from(sorted(added))) if added else None
        alive = sorted(path for path, status in machine.statuses.items() if status.state.is_alive)
        if action == "add":
            path = folder / f"run{len(added)}"
            added.add(path)
            devices = data.draw(st.lists(st.sampled_from(("cpu", "cuda:0", "cuda:1")), min_size=1, unique=True))
            studio.jobs.add(training(path, *devices))
        elif action == "step" and studio.doing.waiting:
            work, done = studio.doing.waiting.pop(data.draw(st.integers(0, len(studio.doing.waiting) - 1)))
            done(work())
        elif action == "end" and alive:
            path = data.draw(st.sampled_from(alive))
            machine.ends(path)
            write_events(path, training_started())
        elif action == "look":
            studio.jobs.refresh()
        elif action in ("withdraw", "forget") and some is not None:
            gone.add(some)
            getattr(studio.jobs, action)(some)
        elif action == "move" and some is not None:
            studio.jobs.move(some, data.draw(st.integers(0, 3)))
        elif action == "resume" and some is not None:
            studio.jobs.resume(some)
        busy = [
            device for status in machine.statuses.values() if status.state.is_alive for device in devices_at(status)
        ]
        assert len(busy) == len(set(busy))
    for _round in range(2 * len(added) + 4):
        for studio in studios:
            studio.look()
        for path, status in machine.statuses.items():
            if status.state.is_alive:
                machine.ends(path)
                write_events(path, training_started())
    for studio in studios:
        studio.look()
        listed = {entry.folder: entry.status.state for entry in studio.jobs.entries}
        assert added - gone <= set(listed) <= added
        assert set(listed.values()) <= {JobState.FINISHED}
    assert {spec.folder for spec in machine.launched} >= added - gone


def devices_at(status: JobStatus) -> tuple[str, ...]:
    assert status.spec is not None
    return status.spec.devices


# --------------------------------------------------------------------------------------------------------- cheap looks


def test_a_finished_run_is_not_read_again_until_its_files_change(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    done, live = tmp_path / "done", tmp_path / "live"
    write_events(done, training_started())
    write_events(live, training_started())
    studio.add(training(done), training(live, "cuda:1"))
    machine.ends(done)
    studio.look()
    machine.reads.clear()
    studio.look()
    studio.look()
    assert machine.reads == [live, live]
    write_events(done, training_started(iteration=9))
    studio.look()
    assert machine.reads.count(done) == 1


def test_a_folder_that_does_not_answer_holds_up_no_other(tmp_path: Path, studio: Studio, machine: Machine) -> None:
    dead, fine = tmp_path / "dead", tmp_path / "fine"
    studio.add(training(dead), training(fine, "cuda:1"))
    released, entered = threading.Event(), threading.Event()

    def read(folder: Path) -> JobStatus:
        if folder == dead and not released.is_set():
            entered.set()
            assert released.wait(LONGEST)
        return machine.read(folder)

    studio.jobs._work._cache._read = read
    studio.jobs.refresh()
    hung, done = studio.doing.waiting.pop()
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(hung()))
    thread.start()
    assert entered.wait(LONGEST)
    machine.ends(fine)
    machine.seconds += 11
    studio.look()
    assert studio.state(fine) is JobState.FINISHED
    assert studio.state(dead) is JobState.RUNNING
    assert studio.of(dead).status.sentence == f"{dead} does not answer"
    released.set()
    thread.join(LONGEST)
    done(found[0])
    studio.look()
    assert studio.of(dead).status.sentence == "3 of 9 iterations"


# ------------------------------------------------------------------------------------------------------- what is listed


def test_a_run_from_elsewhere_is_listed_by_its_folder_or_by_a_file_in_it(tmp_path: Path, studio: Studio) -> None:
    run = tmp_path / "runs" / "copied"
    write_events(run, training_started())
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "best.pt").touch()
    studio.jobs.open_run(run / "checkpoints" / "best.pt")
    studio.jobs.open_run(run / "events.jsonl")
    studio.jobs.open_run(run)
    studio.settle()
    assert [entry.folder for entry in studio.jobs.entries] == [run]
    assert studio.problems == []
    assert studio.ended == []
    studio.jobs.open_run(tmp_path / "runs")
    studio.jobs.open_run(tmp_path / "nowhere")
    studio.settle()
    sentences = [problem.sentence for problem in studio.problems]
    assert sentences[0].startswith(f"{tmp_path / 'runs'}: holds no run")
    assert sentences[1] == f"{tmp_path / 'nowhere'}: is not there"


def test_the_end_of_an_opened_run_is_no_news_but_that_of_one_that_went_on_is(
    tmp_path: Path, studio: Studio, machine: Machine
) -> None:
    old, growing = tmp_path / "old", tmp_path / "growing"
    for folder in (old, growing):
        write_events(folder, training_started())
        machine.runs(folder)
    machine.ends(old)
    studio.jobs.open_run(old)
    studio.jobs.open_run(growing)
    studio.settle()
    studio.look()
    assert studio.ended == []
    machine.ends(growing)
    studio.look()
    assert [entry.folder for entry in studio.ended] == [growing]


def test_names_are_unique_and_stay_when_others_come(tmp_path: Path) -> None:
    folders = [Path("/a/mine"), Path("/b/mine"), Path("/c/mine (2)"), Path("/c/mine")]
    names = names_of(folders)
    assert list(names.values()) == ["mine", "mine (2)", "mine (2) (2)", "mine (3)"]
    assert names_of(folders[:2]) == {folder: names[folder] for folder in folders[:2]}


def test_relative_paths_mean_the_same_to_a_studio_that_is_started_elsewhere(
    tmp_path: Path, state: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    studio = Studio(state, machine)
    studio.add(
        TrainSpec("own.yaml", (), Path("run")),
        PredictSpec((Path("in"), Path("../b.png")), Path("out"), checkpoint=Path("net"), device="cpu"),
        EvaluateSpec(Path("net"), "scenes:900+20", Path("scenes"), device="cuda:0"),
        EvaluateSpec(None, "val.json", Path("val"), config="demo", images=Path("photos"), device="cuda:1"),
    )
    here = tmp_path / "here"
    assert machine.launched == [
        TrainSpec(str(here / "own.yaml"), (), here / "run"),
        PredictSpec((here / "in", tmp_path / "b.png"), here / "out", checkpoint=here / "net", device="cpu"),
        EvaluateSpec(here / "net", "scenes:900+20", here / "scenes", device="cuda:0"),
        EvaluateSpec(
            None, str(here / "val.json"), here / "val", config="demo", images=here / "photos", device="cuda:1"
        ),
    ]


def test_a_damaged_file_is_told_and_nothing_else_stops(tmp_path: Path, state: Path, machine: Machine) -> None:
    state.mkdir()
    (state / "jobs.json").write_text("{torn")
    studio = Studio(state, machine)
    studio.look()
    assert len(studio.problems) == 1
    assert studio.problems[0].sentence.startswith(f"{state / 'jobs.json'} is damaged; ")
    studio.add(training(tmp_path / "run"))
    assert studio.names == ["run"]


# ----------------------------------------------------------------------------------------------- with real processes


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    """A folder for run directories; whatever is started there ends with the test."""
    folder = tmp_path / "runs"
    folder.mkdir()
    yield folder
    for run in folder.iterdir():
        if (run / "job").exists():
            kill_tree(JobFolder(run))


def in_threads(work: Callable[[], Any], done: Callable[[Any], None], **_words: object) -> None:
    """Does work at once, in a thread of its own as the window does, but waits for it."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join(LONGEST)
    done(results[0])


def looks_until(jobs: Jobs, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < deadline, [entry.status.sentence for entry in jobs.entries]
        jobs.refresh()
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_real_jobs_run_one_after_another_and_the_next_studio_shows_the_same(runs: Path, state: Path) -> None:
    programs = {"quick": "print('all done')", "long": WAITS, "behind": "raise SystemExit('error: no data')"}

    def launch(spec: JobSpec) -> None:
        command = [sys.executable, "-c", programs[spec.folder.name]]
        launch_command(spec.folder, command, cwd=runs, facts={"kind": spec.kind, "spec": spec_to_json(spec)})

    calls = Calls(launch=launch)
    jobs = Jobs(state, in_threads, calls=calls)
    ended: list[str] = []
    jobs.ended.connect(lambda entry: ended.append(f"{entry.name} {entry.status.state.value}"))
    jobs.refresh()
    for name in programs:
        jobs.add(PredictSpec((runs,), runs / name, device="cpu"))

    def entry(name: str, of: Jobs = jobs) -> JobEntry:
        found = of.entry(runs / name)
        assert found is not None
        return found

    looks_until(jobs, lambda: entry("long").status.pid is not None)
    assert ended == ["quick finished"]
    assert entry("quick").status.sentence == "finished: all done"
    assert entry("behind").waiting == "waits for cpu, where long runs"
    jobs.close()
    later = Jobs(state, in_threads, calls=calls)
    later.ended.connect(lambda entry: ended.append(f"{entry.name} {entry.status.state.value}"))
    later.refresh()
    assert [(entry.name, entry.status.state, entry.spec, entry.waiting) for entry in later.entries] == [
        (entry.name, entry.status.state, entry.spec, entry.waiting) for entry in jobs.entries
    ]
    pid = entry("long", later).status.pid
    assert pid is not None
    assert psutil.pid_exists(pid)
    later.stop(runs / "long")
    looks_until(later, lambda: len(ended) == 3)
    assert ended == ["quick finished", "long stopped", "behind failed"]
    assert read_status(runs / "behind").sentence == entry("behind", later).status.sentence == "failed: no data"
    assert json.loads((state / "jobs.json").read_text())["queue"] == []


@pytest.mark.skipif(sys.platform == "win32", reason="no folder that is in use can be removed there")
def test_processes_whose_run_directory_was_removed_are_told_of_and_killed(runs: Path, state: Path) -> None:
    child = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"

    def launch(spec: JobSpec) -> None:
        launch_command(spec.folder, [sys.executable, "-c", child + WAITS], cwd=runs)

    jobs, folder = Jobs(state, in_threads, calls=Calls(launch=launch)), runs / "removed"
    ended: list[JobEntry] = []
    jobs.ended.connect(ended.append)
    jobs.refresh()
    jobs.add(PredictSpec((runs,), folder, device="cpu"))

    def status() -> JobStatus:
        found = jobs.entry(folder)
        assert found is not None
        return found.status

    looks_until(jobs, lambda: status().leader is not None and bool(status().leader.process().children()))  # type: ignore[union-attr]
    leader = status().leader
    assert leader is not None
    (below,) = psutil.Process(leader.pid).children()
    try:
        _remove_and_kill(jobs, folder, status)
        assert not leader.is_alive
        assert not below.is_running() or below.status() == psutil.STATUS_ZOMBIE
    finally:
        kill_outliving(folder, leader, status().token)
    jobs.refresh()
    assert (status().state, status().is_removed) == (JobState.LOST, True)
    assert status().sentence == "ended, and its directory was removed while it ran: how it ended is not known"
    assert [entry.folder for entry in ended] == [folder], "told once, as every other end"
    found = jobs.entry(folder)
    assert found is not None
    assert deeds_of(found) == (Deed.DUPLICATE, Deed.FORGET)
    jobs.refresh()
    assert len(ended) == 1
    jobs.forget(folder)
    assert jobs.entry(folder) is None


def _remove_and_kill(jobs: Jobs, folder: Path, status: Callable[[], JobStatus]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # The keeper may have written a line of the load into it meanwhile.
    shutil.rmtree(folder, ignore_errors=True)
    jobs.refresh()
    assert status().sentence == "its directory is gone, its processes still run"
    found = jobs.entry(folder)
    assert found is not None
    assert deeds_of(found) == (Deed.KILL, Deed.DUPLICATE)
    jobs.forget(folder)
    assert jobs.entry(folder) is not None, "nobody could end its processes any more"
    jobs.kill(folder)


def test_who_has_the_number_of_a_job_by_now_is_neither_told_of_nor_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as bystander:
        try:
            its = ProcessMark.of(bystander.pid)
            ended = replace(its, create_time=its.create_time - 1000, boot="", boot_ticks=None)
            folder, now = tmp_path / "removed", read_status(tmp_path / "removed")
            before = JobStatus(JobState.RUNNING, "3 of 9 iterations", is_here=True, leader=its)
            assert outliving(folder, now, before).is_outlived
            assert outliving(folder, now, replace(before, leader=ended)).is_removed, "it was seen to run"
            assert outliving(folder, now, replace(before, leader=None)) is now
            kill_outliving(folder, ended, "")
            assert its.is_alive
        finally:
            bystander.kill()
