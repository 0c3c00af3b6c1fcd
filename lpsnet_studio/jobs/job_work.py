"""What is done about jobs off the GUI thread: reading how they are, starting, stopping, and remembering them."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lpsnet.run_directory import RunDirectory
from lpsnet_studio.jobs.history import Edit, History, HistoryFile, KnownRun
from lpsnet_studio.jobs.job_folder import JobFolder
from lpsnet_studio.jobs.launch import kill_outliving, kill_tree, launch, stop_gently
from lpsnet_studio.jobs.process_mark import ProcessMark
from lpsnet_studio.jobs.queue import Plan, devices_of, plan
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec
from lpsnet_studio.jobs.status import JobState, JobStatus, read_status
from lpsnet_studio.jobs.status_cache import StatusCache
from lpsnet_studio.state import Problem

__all__ = ["Calls", "Found", "JobWork", "Look", "end_of", "is_being_started", "plan_of", "with_absolute_paths"]

_STARTING_PATIENCE = 60.0
"""Seconds after which who took a job from the queue is taken to have ended before it could start it."""
_ENDS = (JobState.FINISHED, JobState.STOPPED, JobState.FAILED, JobState.LOST)


@dataclass(frozen=True, slots=True)
class Calls:
    """What is asked of the machine.

    Attributes:
        launch: starts a job, or raises OSError or ValueError in one sentence.
        read_status: tells how the job of a run directory is.
        stop: asks a job to save what it has and end, or raises OSError in one sentence.
        kill: ends a job with all that it started, or raises OSError in one sentence.
        now: tells the time, seconds since 1970.
        monotonic: tells seconds that no setting of the clock moves.
        kill_outliving: ends a job whose run directory is gone, by its first process and its token, likewise.
    """

    launch: Callable[[JobSpec], object] = launch
    read_status: Callable[[Path], JobStatus] = read_status
    stop: Callable[[JobFolder], object] = stop_gently
    kill: Callable[[JobFolder], object] = kill_tree
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    kill_outliving: Callable[[Path, ProcessMark, str], object] = kill_outliving


@dataclass(frozen=True, slots=True)
class Look:
    """How a job was when it was looked at.

    Attributes:
        status: that.
        number: the greater, the later.
        at: when, seconds since 1970.
    """

    status: JobStatus
    number: int
    at: float


@dataclass(frozen=True, slots=True)
class Found:
    """What came of some work.

    Attributes:
        history: what is known now.
        looks: how jobs are, by run directory; those left out are as they were.
        ended: the run directories whose end was found, and told to nobody before.
        problems: what could not be done.
    """

    history: History
    looks: Mapping[Path, Look] = field(default_factory=dict)
    ended: tuple[Path, ...] = ()
    problems: tuple[Problem, ...] = ()


def end_of(status: JobStatus) -> str:
    """Returns what no other end of a run is called, such as the one after it was resumed; empty if it has none.

    A run that was lost and is found again has another end than that. Of a folder that is not there, as while its disk
    is away, no end is known.
    """
    if status.state not in _ENDS or (status.state is JobState.LOST and status.started is None):
        return ""
    return f"{'lost' if status.state is JobState.LOST else 'ended'} {status.started}"


def plan_of(history: History, looks: Mapping[Path, Look], now: float, auto: str) -> Plan:
    """Returns which jobs of the queue start now, and why the others do not.

    Args:
        history: what is known.
        looks: how the runs are.
        now: seconds since 1970.
        auto: see :func:`lpsnet_studio.jobs.queue.devices_of`.
    """
    if auto == "auto":
        auto = _learnt_auto(history, looks)
    busy: dict[str, Path] = {}
    for run in history.runs:
        look = looks.get(run.folder)
        if _is_at_work(run, look, now):
            busy.update(dict.fromkeys(_devices_at_work(run, look, auto), run.folder))
    return plan([job.spec for job in history.queue], busy, auto)


def _learnt_auto(history: History, looks: Mapping[Path, Look]) -> str:
    """Returns where the newest run that was left the choice went on this machine; ``auto`` if none was."""
    for run in history.runs:
        look = looks.get(run.folder)
        if look is not None and look.status.is_here and look.status.facts.device:
            spec = look.status.spec
            if spec is not None and spec.devices == ("auto",):
                return look.status.facts.device
    return "auto"


def _devices_at_work(run: KnownRun, look: Look | None, auto: str) -> frozenset[str]:
    """Returns the devices of a run: those it was given, and the one it says it has, if only that is known."""
    spec = run.spec if look is None or look.status.spec is None else look.status.spec
    told = look.status.facts.device if look is not None and look.status.state.is_alive else ""
    said = frozenset({"cuda:0" if told == "cuda" else told} if told else ())
    if spec is None:
        return said
    given = devices_of(spec, auto)
    return given | said if "auto" in given or len(given) == 1 else given


def _is_at_work(run: KnownRun, look: Look | None, now: float) -> bool:
    """Whether a run has its devices, as far as is known; one that was started since it was looked at has."""
    if is_being_started(run, now):
        return True
    if look is None:
        return run.taken > 0 and not run.told_end
    if look.at <= run.taken <= now and not run.problem:
        return True
    return look.status.state.is_alive and look.status.is_here


def is_being_started(run: KnownRun, now: float) -> bool:
    """Whether whoever took a job from the queue is at it; one that never comes back is not waited for."""
    return run.is_starting and abs(now - run.taken) < _STARTING_PATIENCE


class JobWork:
    """All that may wait for disks and processes. Any number of threads may be in it.

    Args:
        state_folder: where the Studio keeps what it knows.
        calls: what is asked of the machine.
    """

    def __init__(self, state_folder: Path, calls: Calls) -> None:
        self._file = HistoryFile(state_folder / "jobs.json")
        self._calls = calls
        self._numbers = itertools.count(1)
        self._forgotten: dict[Path, tuple[int, KnownRun]] = {}
        """What was left out by this Studio, with the place that it had."""
        self._cache = StatusCache(calls.read_status, calls.monotonic)

    def look(self) -> Found:
        """Reads how all are, and notes the ends that nobody was told of."""
        if self._file.has_unwritten:
            self._file.change(_nothing)
        history = self._file.read()
        looks = self._looks(history)
        ended: list[Path] = []
        if any(_is_news(run, looks) for run in history.runs):

            def tell(known: History) -> Sequence[Edit]:
                ended[:] = [run.folder for run in known.runs if _is_news(run, looks)]
                return [partial(History.told, folder=folder, end=end_of(looks[folder].status)) for folder in ended]

            history = self._file.change(tell)
        return self._found(history, looks, tuple(ended))

    def _looks(self, history: History) -> dict[Path, Look]:
        return self._looks_at(run.folder for run in history.runs)

    def _looks_at(self, folders: Iterable[Path]) -> dict[Path, Look]:
        number, at = next(self._numbers), self._calls.now()
        statuses = self._cache.statuses(folders)
        return {folder: Look(status, number, at) for folder, status in statuses.items()}

    def _runs_here(self, folder: Path) -> bool:
        status = self._cache.last(folder)
        return status is not None and status.state.is_alive and status.is_here

    def _look_at(self, folder: Path) -> dict[Path, Look]:
        number, at = next(self._numbers), self._calls.now()
        return {folder: Look(self._cache.status_now(folder), number, at)}

    def add(self, spec: JobSpec) -> Found:
        """Puts a job at the end of the queue."""
        spec = with_absolute_paths(spec)
        if self._runs_here(spec.folder):
            return self._refused(spec.folder, "a job runs here already; choose another folder")
        return self._change(spec.folder, lambda history: [partial(History.queued, spec=spec, now=self._calls.now())])

    def resume(self, folder: Path, spec: JobSpec | None) -> Found:
        """Puts the continuation of a training into the queue; what ended before it had done anything is begun again.

        Args:
            folder: the run directory.
            spec: what was last asked for there; None if that is not known.
        """
        status = self._cache.status_now(folder)
        kind = spec.kind if spec is not None else status.facts.kind
        is_batch = kind not in ("train", "")
        if is_batch and (spec is None or status.facts.iteration or status.state is JobState.FINISHED):
            return self._refused(folder, "only a training can be gone on with; duplicate it instead")
        if status.state.is_alive and status.is_here:
            return self._refused(folder, "it still runs" if is_batch else "the training still runs")
        if is_batch and spec is not None:
            return self.add(spec)
        if isinstance(spec, TrainSpec):
            # One that was refused, for its settings or its data, has left nothing to go on from.
            return self.add(dataclasses.replace(spec, run_dir=folder, resume=RunDirectory(folder).config.is_file()))
        return self.add(TrainSpec("", (), folder, resume=True))

    def start(self, folder: Path, auto: str, *, beside: bool = False) -> Found:
        """Takes a job out of the queue and starts it, unless it is not its turn any more.

        Args:
            folder: its run directory.
            auto: see :func:`plan_of`.
            beside: whether to start it whatever runs on its device.
        """
        looks = self._looks(self._file.read())
        taken: list[JobSpec] = []

        def take(known: History) -> Sequence[Edit]:
            now, job = self._calls.now(), known.waiting(folder)
            if job is None or not (beside or job.spec in plan_of(known, looks, now, auto).starts):
                return []
            taken[:] = [job.spec]
            return [partial(History.taken, folder=folder, now=now)]

        history = self._file.change(take)
        return self._launched(taken[0]) if taken else self._found(history, looks)

    def _launched(self, spec: JobSpec) -> Found:
        """Starts a job that was taken from the queue, and notes what came of it."""
        problem = ""
        try:
            self._calls.launch(spec)
        except (OSError, ValueError) as error:
            problem = _sentence(spec.folder, error)
        looks = self._look_at(spec.folder)
        started = partial(History.started, folder=spec.folder, problem=problem)
        found = self._found(self._file.change(lambda _known: [started]), looks)
        return _with_problem(found, spec.folder, problem) if problem else found

    def open_run(self, path: Path) -> Found:
        """Lists a run directory from anywhere; a file or a folder of it stands for it.

        One that was just forgotten comes back to its place, whether or not it is there.
        """
        path = _made_absolute(path)
        if path in self._forgotten:
            return self.list_again(path)
        folder = _run_directory(path)
        if folder is None:
            why = "holds no run; a run directory has events.jsonl or config.yaml in it"
            return self._refused(path, why if path.exists() else "is not there")
        if folder in self._forgotten:
            return self.list_again(folder)
        looks = self._look_at(folder)
        end = end_of(looks[folder].status)
        opened = partial(History.opened, folder=folder, told_end=end, now=self._calls.now())
        return self._found(self._file.change(lambda _known: [opened]), looks)

    def forget(self, *folders: Path) -> Found:
        """Leaves out run directories; none while it is at work here, where nobody could stop it any more."""
        known = {run.folder: (place, run) for place, run in enumerate(self._file.read().runs)}
        why_not = {folder: self._why_not_forgotten(known[folder][1]) for folder in folders if folder in known}
        gone = [folder for folder in folders if not why_not.get(folder)]
        self._forgotten.update({folder: known[folder] for folder in gone if folder in known})
        found = self._found(self._file.change(lambda _known: [lambda history: history.forgotten(*gone)]))
        for folder, why in why_not.items():
            if why:
                found = _with_problem(found, folder, f"{folder}: {why}")
        return found

    def _why_not_forgotten(self, run: KnownRun) -> str:
        if is_being_started(run, self._calls.now()):
            return "is being started; stop it before it is taken off the list"
        return "still runs; stop it before it is taken off the list" if self._runs_here(run.folder) else ""

    def list_again(self, *folders: Path) -> Found:
        """Lists run directories again that were left out, each at its place, whether or not it is there."""
        removed = [self._forgotten.pop(folder) for folder in folders if folder in self._forgotten]
        history = self._file.change(lambda _known: [lambda history: history.listed_again(*removed)])
        return self._found(history, self._looks_at(run.folder for _place, run in removed))

    def withdraw(self, *folders: Path) -> Found:
        """Takes jobs out of the queue."""
        return self._found(self._file.change(lambda _known: [lambda history: history.withdrawn(*folders)]))

    def move(self, folder: Path, place: int) -> Found:
        """Puts a job at another place of the queue."""
        return self._change(folder, lambda _known: [partial(History.reordered, folder=folder, place=place)])

    def mark_seen(self, folder: Path) -> Found:
        """Notes that an end was looked at."""
        return self._change(folder, lambda _known: [partial(History.looked_at, folder=folder)])

    def stop(self, folder: Path) -> Found:
        """Asks a job to save what it has and end; one that waits leaves the queue."""
        return self._end(folder, self._calls.stop)

    def kill(self, folder: Path) -> Found:
        """Ends a job at once, with all that it started; one that waits leaves the queue."""
        return self._end(folder, self._kill)

    def _kill(self, job: JobFolder) -> object:
        status = self._cache.status_now(job.run_dir)
        if status.is_outlived and status.leader is not None:
            return self._calls.kill_outliving(job.run_dir, status.leader, status.token)
        return self._calls.kill(job)

    def _end(self, folder: Path, call: Callable[[JobFolder], object]) -> Found:
        if self._file.read().waiting(folder) is not None:
            return self.withdraw(folder)
        problem, is_asked = "", None
        try:
            is_asked = call(JobFolder(folder))
        except OSError as error:
            problem = _sentence(folder, error)
        looks = self._look_at(folder)
        if is_asked is False and looks[folder].status.state is JobState.STARTING:
            problem = f"{folder}: has not begun yet and cannot be stopped; try again in a moment"
        found = self._found(self._file.read(), looks)
        return _with_problem(found, folder, problem) if problem else found

    def _change(self, folder: Path, decide: Callable[[History], Sequence[Edit]]) -> Found:
        try:
            return self._found(self._file.change(decide))
        except ValueError as error:
            return self._refused(folder, str(error))

    def _refused(self, folder: Path, why: str) -> Found:
        return _with_problem(self._found(self._file.read()), folder, _sentence(folder, ValueError(why)))

    def _found(self, history: History, looks: Mapping[Path, Look] | None = None, ended: tuple[Path, ...] = ()) -> Found:
        problems = tuple(Problem(sentence) for sentence in self._file.take_problems())
        return Found(history, looks or {}, ended, problems)


def with_absolute_paths(spec: JobSpec) -> JobSpec:
    """Returns a job whose paths mean the same wherever the Studio is started that starts it."""
    changes: dict[str, object] = {}
    config = spec.config
    if config is not None and config.lower().endswith((".yaml", ".yml")):
        changes["config"] = str(_made_absolute(Path(config)))
    if isinstance(spec, TrainSpec):
        return dataclasses.replace(spec, run_dir=_made_absolute(spec.run_dir), **changes)
    changes["out"] = _made_absolute(spec.out)
    for name in ("checkpoint", "images", "pngs"):
        path = getattr(spec, name)
        changes[name] = None if path is None else _made_absolute(path)
    if isinstance(spec, PredictSpec):
        changes["inputs"] = tuple(_made_absolute(path) for path in spec.inputs)
    elif isinstance(spec, EvaluateSpec) and spec.data is not None and not spec.data.startswith("scenes:"):
        changes["data"] = str(_made_absolute(Path(spec.data)))
    return dataclasses.replace(spec, **changes)  # type: ignore[arg-type]


def _made_absolute(path: Path) -> Path:
    path = path.absolute()
    return path.resolve() if ".." in path.parts else path


def _run_directory(path: Path) -> Path | None:
    """Returns the run directory that a path is, or lies in; None if there is none."""
    for folder in (path, *path.parents[:3]):
        run, job = RunDirectory(folder), JobFolder(folder)
        is_below = any(path.is_relative_to(each) for each in (run.checkpoints, run.all_samples, job.path))
        is_part = path == folder or is_below or (path.parent == folder and path.is_file())
        if is_part and any(file.is_file() for file in (run.events, run.config, job.job)):
            return folder
    return None


def _nothing(_history: History) -> Sequence[Edit]:
    return ()


def _is_news(run: KnownRun, looks: Mapping[Path, Look]) -> bool:
    """Whether a run has come to an end that was told to nobody.

    What was not even started has no end of its own, and while it is started anew the one before is no news.
    """
    look = looks.get(run.folder)
    if look is None or is_being_started(run, look.at):
        return False
    if run.problem and look.status.state is JobState.LOST:
        return False
    return end_of(look.status) not in ("", run.told_end)


def _sentence(folder: Path, error: Exception) -> str:
    words = str(error)
    return words if str(folder) in words else f"{folder}: {words}"


def _with_problem(found: Found, folder: Path, sentence: str) -> Found:
    return dataclasses.replace(found, problems=(*found.problems, Problem(sentence, folder=folder)))
