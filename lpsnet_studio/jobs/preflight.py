"""The look ahead at a job before it is started: a child process asks what speaks against it; no Qt."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import psutil

from lpsnet.sizes import size_words
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec

__all__ = ["Check", "Estimates", "Finding", "Level", "Report", "check_argv", "report_from"]

Level = Literal["error", "warning", "fine"]
_LEVELS: tuple[Level, ...] = get_args(Level)
_REMEDIES: Mapping[str, str] = {
    "wait_or_other_run": "wait for its end, or choose another folder of the run",
    "resume_or_other_run": "go on with it in the list of jobs, or choose another folder of the run",
    "room_for_run": "make room, choose a folder of the run on another disk, or set training.samples to 0",
    "out_on_other_disk": "choose an output folder on another disk",
    "other_out": "choose another output folder",
    "other_out_to_keep": "choose another output folder to keep them",
    "name_network": "choose a checkpoint, or a config",
    "name_checkpoint": "choose a checkpoint",
    "name_data": "choose a COCO panoptic JSON or drawn scenes",
    "no_folders": "leave the folders of photos and PNGs empty",
    "other_device": "choose auto or cpu",
    "fewer_processes": "tick no more than {count}",
    "check_data": "in a terminal, lpsnet check-data {path} tells all of it",
    "check_data_for_more": "in a terminal, lpsnet check-data {path} names {count} more",
}
"""What the form has for the remedies that the check knows by name; see lpsnet.engine.preflight.remedies."""
_NICER = 10
"""What someone types into goes first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; see :class:`lpsnet.engine.preflight.findings.Finding`.

    Attributes:
        level: ``error`` if it will not work, ``warning`` if it may not, or not as meant.
        about: the field or the file.
        sentence: what was found.
        remedy: what would mend it; may be empty.
    """

    level: Level
    about: str
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Estimates:
    """What is needed and what is there, in bytes; None where it is not known."""

    memory_bytes: int | None = None
    memory_free_bytes: int | None = None
    disk_bytes: int | None = None
    disk_free_bytes: int | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """What is known, a line each, such as ``Memory: about 3.2 GB of 12.1 GB free``."""
        pairs = (
            ("Memory", self.memory_bytes, self.memory_free_bytes),
            ("Disk", self.disk_bytes, self.disk_free_bytes),
        )
        return tuple(line for name, needed, free in pairs if (line := _need_words(name, needed, free)))


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a look ahead.

    Attributes:
        findings: errors first, then warnings, then what is fine; each in the order in which it was looked at.
        estimates: what the job will take.
        problem: why there is no answer, in one sentence; empty if there is one.
    """

    findings: tuple[Finding, ...] = ()
    estimates: Estimates = Estimates()
    problem: str = ""

    def of(self, level: Level) -> tuple[Finding, ...]:
        """Returns the findings of one level."""
        return tuple(finding for finding in self.findings if finding.level == level)

    @property
    def verdict(self) -> str:
        """All of it in a few words."""
        if self.problem:
            return self.problem
        counted = ((len(self.of("error")), "error"), (len(self.of("warning")), "warning"))
        told = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counted if count)
        return told or "Nothing speaks against it."


# --------------------------------------------------------------------------------------------------------- the question


def check_argv(spec: JobSpec, python: str = sys.executable) -> list[str]:
    """Returns the command that looks ahead at a job and prints JSON."""
    return [python, "-m", "lpsnet.cli", "check-run", spec.kind, "--json", "-", *_arguments(spec)]


def _arguments(spec: JobSpec) -> list[str]:
    if isinstance(spec, TrainSpec):
        return _of_training(spec)
    return _of_evaluation(spec) if isinstance(spec, EvaluateSpec) else _of_prediction(spec)


def _of_training(spec: TrainSpec) -> list[str]:
    command = ["--run-dir", str(spec.run_dir), "--processes", str(len(spec.devices))]
    first = spec.devices[0]
    command += ["--device", first if len(spec.devices) == 1 or first == "cpu" else "cuda"]
    return [*command, "--resume"] if spec.resume else [*command, "--config", spec.config, "--", *spec.overrides]


def _of_evaluation(spec: EvaluateSpec) -> list[str]:
    return [*_of_batch(spec), *_option("--data", spec.data), *_option("--limit", spec.limit)]


def _of_prediction(spec: PredictSpec) -> list[str]:
    drawn = [name for name, on in (("--overlay", spec.overlay), ("--inspections", spec.inspections)) if on]
    return [*_of_batch(spec), *drawn, "--", *map(str, spec.inputs)]


def _of_batch(spec: EvaluateSpec | PredictSpec) -> list[str]:
    changes = [part for override in spec.overrides for part in ("--set", override)]
    named = (
        ("--checkpoint", spec.checkpoint),
        ("--config", spec.config),
        ("--images", spec.images),
        ("--pngs", spec.pngs),
        ("--oracle", spec.oracle or None),
        ("--stuff-limit", spec.stuff_limit),
    )
    options = [part for name, value in named for part in _option(name, value)]
    return ["--out", str(spec.out), "--device", spec.device, *options, *changes]


def _option(name: str, value: object | None) -> list[str]:
    return [] if value is None else [name, str(value)]


# ----------------------------------------------------------------------------------------------------------- the answer


def report_from(printed: str, complaints: str, status: int) -> Report:
    """Reads what the child process left.

    Args:
        printed: its standard output.
        complaints: its standard error.
        status: its exit status; negative if a signal ended it.
    """
    try:
        content = json.loads(printed)
        found = [_finding(each) for each in content["findings"]]
        return Report(tuple(sorted(found, key=lambda each: _LEVELS.index(each.level))), _estimates(content))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Report(problem=f"The check gave no answer: {_last_words(complaints) or _end_words(status)}")


def _finding(content: Mapping[str, Any]) -> Finding:
    level, *texts = (content[name] for name in ("level", "about", "sentence"))
    texts.append(_remedy(content))
    if level not in _LEVELS or not all(isinstance(text, str) for text in texts):
        raise ValueError("no finding")
    about, sentence, remedy = texts
    return Finding(level, about, sentence, remedy)


def _remedy(content: Mapping[str, Any]) -> Any:
    """Returns a remedy in the words of the form, or, of one that it does not know, in those of the check."""
    words = _REMEDIES.get(str(content.get("remedy_kind")))
    try:
        return content.get("remedy", "") if words is None else words.format(**content.get("remedy_values", {}))
    except KeyError:
        return content.get("remedy", "")


def _estimates(content: Mapping[str, Any]) -> Estimates:
    told = content.get("estimates") or {}
    known = {name: told.get(name) for name in Estimates.__dataclass_fields__}
    return Estimates(**{name: value for name, value in known.items() if type(value) is int and value >= 0})


def _last_words(complaints: str) -> str:
    """Returns the last line with words in it, without the frame that is drawn around some."""
    lines = (line.strip(" \t\r│|") for line in reversed(complaints.splitlines()))
    return next((line for line in lines if any(sign.isalpha() for sign in line)), "")


def _end_words(status: int) -> str:
    if status >= 0:
        return f"it ended with status {status}"
    names = {each.value: each.name for each in signal.Signals}
    return f"it was ended by {names.get(-status, f'signal {-status}')}"


def _need_words(name: str, needed: int | None, free: int | None) -> str:
    if needed is None:
        return "" if free is None else f"{name}: {size_words(free)} free"
    return f"{name}: about {size_words(needed)}" + ("" if free is None else f" of {size_words(free)} free")


# ---------------------------------------------------------------------------------------------------------- the process


class Check:
    """One look ahead, in a process of its own that can be ended from another thread at any time.

    Args:
        spec: the job.
        command: what is run; None for :func:`check_argv`.
        cwd: the folder that relative paths are seen from; None for this process's.
    """

    def __init__(self, spec: JobSpec, command: Sequence[str] | None = None, cwd: Path | None = None) -> None:
        self.spec = spec
        self._command = list(check_argv(spec) if command is None else command)
        self._cwd = cwd
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_withdrawn = False

    @property
    def is_withdrawn(self) -> bool:
        """Whether its answer is not wanted any more."""
        return self._is_withdrawn

    def run(self) -> Report | None:
        """Looks; waits for the end. None if it was withdrawn meanwhile."""
        try:
            with self._lock:
                if self._is_withdrawn:
                    return None
                self._process = self._start()
        except OSError as error:
            return Report(problem=f"The check could not be started: {error.strerror or error}")
        printed, complaints = self._process.communicate()
        if self.is_withdrawn:
            return None
        return report_from(printed, complaints, self._process.returncode)

    def withdraw(self) -> None:
        """Ends the process and all that it started; its answer is not wanted any more."""
        with self._lock:
            self._is_withdrawn = True
            process = self._process
            if process is None or process.poll() is not None:
                return
            if sys.platform == "win32":
                with contextlib.suppress(psutil.Error):
                    for child in psutil.Process(process.pid).children(recursive=True):
                        child.kill()
                process.kill()
            else:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self._command,
            cwd=self._cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
            start_new_session=True,
        )
        if os.name == "posix":
            with contextlib.suppress(psutil.Error):
                psutil.Process(process.pid).nice(_NICER)
        return process
