"""Starting jobs so that they outlive the window, and ending them: gently, or at once with all that they started.

Everything here may wait for processes and disks: call it in a worker thread.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from lpsnet.formats.atomic import write_failure
from lpsnet.run_directory import RunDirectory, Work
from lpsnet_studio.jobs.command import argv, environment
from lpsnet_studio.jobs.job_folder import JobFolder, JobProcesses, StopAsked
from lpsnet_studio.jobs.keeper import EXIT_NOT_ITS_OWN, TOKEN_VARIABLE
from lpsnet_studio.jobs.new_folder import refusal_of
from lpsnet_studio.jobs.process_mark import ProcessMark, catches_sigterm, is_zombie
from lpsnet_studio.jobs.run_facts import read_facts
from lpsnet_studio.jobs.spec import JobSpec, TrainSpec, spec_to_json
from lpsnet_studio.jobs.status import is_held_unseen, living_command, read_status

__all__ = ["kill_outliving", "kill_tree", "launch", "launch_command", "stop_gently"]

_PATIENCE = 20.0
"""Seconds until a keeper has started its command, on a machine that is busy enough."""
_LOOK_EVERY = 0.05


def launch(spec: JobSpec, python: str = sys.executable, cwd: Path | None = None) -> JobFolder:
    """Starts a job in processes of its own, which go on whatever becomes of this one.

    Args:
        spec: what to do; relative paths are seen from ``cwd``.
        python: the interpreter.
        cwd: the folder to run it in; None for this process's.

    Returns:
        The files of the job; how far it is, and whether it could be started at all, says
        :func:`lpsnet_studio.jobs.status.read_status`.

    Raises:
        ValueError: in one sentence, if a job runs in its folder already, or what is there would be spoilt by it.
        OSError: in one sentence, if the folder cannot be written, or no process be started.
    """
    cwd = Path.cwd() if cwd is None else cwd
    run_dir = cwd / spec.folder
    if refusal := refusal_of(RunDirectory(run_dir), _work_of(spec)):
        raise ValueError(refusal)
    facts = {"kind": spec.kind, "spec": spec_to_json(spec)}
    return launch_command(run_dir, argv(spec, python), environment(spec), cwd=cwd, facts=facts)


def launch_command(
    run_dir: Path,
    command: Sequence[str],
    variables: Mapping[str, str] | None = None,
    *,
    cwd: Path,
    facts: Mapping[str, Any] | None = None,
) -> JobFolder:
    """Starts any command as a job; see :func:`launch`.

    Args:
        run_dir: the folder of the job, made if need be.
        command: what to run.
        variables: set for it besides the usual ones.
        cwd: the folder to run it in.
        facts: what else is noted in ``job.json``.
    """
    folder = JobFolder(run_dir.absolute())
    status = read_status(folder.run_dir)
    if status.state.is_alive:
        raise ValueError(f"{folder.run_dir}: a job runs here already ({status.sentence})")
    token = uuid.uuid4().hex
    asked = {
        **(facts or {}),
        "argv": list(command),
        "environment": dict(variables or {}),
        "cwd": str(cwd),
        "token": token,
        "asked": time.time(),
        "version": _version(),
    }
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failure(folder.run_dir, error) from error
    folder.write(folder.wanted(token), asked)
    try:
        keeper = _started_keeper(folder, token)
    except OSError:
        folder.wanted(token).unlink(missing_ok=True)
        raise
    try:
        _wait_for_start(folder, keeper, token)
    finally:
        # Who takes no notice of a child's end keeps a zombie.
        name = f"keeper {keeper.pid} of {folder.run_dir.name}"
        threading.Thread(target=keeper.wait, name=name, daemon=True).start()
    return folder


def _work_of(spec: JobSpec) -> Work:
    if not isinstance(spec, TrainSpec):
        return "predictions"
    return "continuation" if spec.resume else "training"


def _started_keeper(folder: JobFolder, token: str) -> subprocess.Popen[bytes]:
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    # -P keeps modules in the current folder from taking the place of libraries.
    command = [sys.executable, "-P", "-m", "lpsnet_studio.jobs.keeper", str(folder.run_dir), token]
    try:
        with folder.keeper_log.open("ab") as said:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **detached)
    except OSError as error:
        raise write_failure(folder.keeper_log, error) from error


def _wait_for_start(folder: JobFolder, keeper: subprocess.Popen[bytes], token: str) -> None:
    """Waits until the command runs or it is known why not; a machine that is too slow for that is not waited for.

    Raises:
        ValueError: if another keeper was faster.
        OSError: in one sentence, if the keeper ended and could not even write why.
    """
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        ended = keeper.poll() is not None
        processes = folder.read_processes()
        if processes is not None and processes.token == token and processes.command is not None:
            return
        how = folder.read_exit()
        if how is not None and how.token == token:
            return
        if keeper.returncode == EXIT_NOT_ITS_OWN:
            folder.wanted(token).unlink(missing_ok=True)
            raise ValueError(f"{folder.run_dir}: a job runs here already")
        if ended:
            raise OSError(f"{folder.run_dir}: the job could not be started: {_last_words(folder, keeper)}")
        time.sleep(_LOOK_EVERY)


def _last_words(folder: JobFolder, keeper: subprocess.Popen[bytes]) -> str:
    with contextlib.suppress(OSError):
        lines = folder.keeper_log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if lines:
            return lines[-1]
    return f"its keeper ended with status {keeper.returncode}"


def _version() -> str:
    try:
        return version("lpsnet-studio")
    except PackageNotFoundError:
        return ""


# -------------------------------------------------------------------------------------------------------------- ending


def stop_gently(folder: JobFolder) -> bool:
    """Asks a job to save what it has and end; of several processes, torchrun's passes it on to the others.

    A job that was asked before is not asked again: a second time would end it at once, with nothing saved.

    Returns:
        Whether it was asked now; False if it was before, or has ended.

    Raises:
        OSError: in one sentence, if it runs elsewhere or may not be signalled, or on Windows, which has no gentle way.
    """
    processes = folder.read_processes()
    _refuse_elsewhere(folder, processes)
    command = living_command(folder)
    if command is None:
        return False
    if sys.platform == "win32":
        raise OSError(
            f"{folder.run_dir}: Windows cannot ask a job to stop; it goes on from its last checkpoint if killed"
        )
    process = command.process()
    if process is None or not _is_asked_first(folder, command, _stop_name(processes, command)):
        return False
    if _has_been_asked_elsewhere(folder, command):
        return False
    try:
        process.send_signal(signal.SIGTERM)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied as error:
        folder.stop(_stop_name(processes, command)).unlink(missing_ok=True)
        _asked_here.discard(command.name)
        raise OSError(f"{folder.run_dir}: its process {command.pid} belongs to somebody else") from error
    return True


_asked_here: set[str] = set()
"""The processes that this program has asked to stop, should their disks take no note of it."""
_asking = threading.Lock()


def _is_asked_first(folder: JobFolder, command: ProcessMark, name: str) -> bool:
    """Takes note that a process is asked to stop; False if it was before, by whomever."""
    with _asking:
        if command.name in _asked_here:
            return False
        _asked_here.add(command.name)
    try:
        return folder.note_stop(StopAsked(name, time.time(), kill=False))
    except OSError:
        # A full disk keeps nobody from asking.
        return True


def _has_been_asked_elsewhere(folder: JobFolder, command: ProcessMark) -> bool:
    """Whether a training has had its SIGTERM from others, as when a machine shuts down: it catches no second one."""
    facts = read_facts(folder.events, since=command.create_time)
    has_begun = facts.kind == "train" and facts.started is not None and facts.started >= command.create_time
    return has_begun and catches_sigterm(command.pid) is False


def _stop_name(processes: JobProcesses | None, command: ProcessMark) -> str:
    """Returns under what name it is noted that a process was asked: of what a keeper started, the start's."""
    is_kept = processes is not None and processes.command == command
    return processes.token if is_kept and processes is not None else command.name


def kill_tree(folder: JobFolder, patience: float = 10.0) -> None:
    """Ends a job at once, with everything that it started, whatever became of the parents of that.

    The keeper is left alone: it writes how the job ended.

    Args:
        folder: of the job.
        patience: seconds until they all must be gone.

    Raises:
        OSError: in one sentence, if processes survive that or belong to somebody else, or it runs on another machine.
    """
    processes = folder.read_processes()
    _refuse_elsewhere(folder, processes)
    leader = living_command(folder)
    # What bears the token of a folder that was copied works in that, not in the copy.
    is_own = processes is not None and folder.is_where_it_was_started(processes)
    token = processes.token if is_own and processes is not None else ""
    doomed = set(_processes_of(leader, token))
    if not doomed:
        return
    _note_kill(folder, token if leader is None else _stop_name(processes, leader))
    _kill_all(folder.run_dir, doomed, token, patience)


def kill_outliving(run_dir: Path, leader: ProcessMark, token: str, patience: float = 10.0) -> None:
    """Ends the processes of a job whose run directory is gone, by what was known of them.

    Args:
        run_dir: where that was.
        leader: the job's first process; one that has its number by now is left alone.
        token: what that and all that it started bear in their variables; empty if no keeper started it.
        patience: seconds until they all must be gone.

    Raises:
        OSError: in one sentence, if processes survive that or belong to somebody else.
    """
    _kill_all(run_dir, set(_processes_of(leader, token)), token, patience)


def _kill_all(run_dir: Path, doomed: set[psutil.Process], token: str, patience: float) -> None:
    """Ends processes, and those bearing the token that they start meanwhile.

    Raises:
        OSError: in one sentence, if some are there after ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    while doomed:
        for process in doomed:
            # psutil compares start times first: a number that is another's by now is not signalled.
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(_LOOK_EVERY)
        doomed = {process for process in doomed | set(_bearing(token)) if _lives(process)}
        if doomed and time.monotonic() > deadline:
            pids = ", ".join(str(process.pid) for process in doomed)
            raise OSError(f"{run_dir}: processes {pids} could not be ended")


def _refuse_elsewhere(folder: JobFolder, processes: JobProcesses | None) -> None:
    """Refuses to signal what is not here, or cannot be told from others.

    Raises:
        OSError: in one sentence.
    """
    if folder.read_exit() is not None or living_command(folder) is not None:
        return
    if processes is not None and processes.host != socket.gethostname():
        raise OSError(f"{folder.run_dir}: the job runs on {processes.host}; it can only be ended there")
    if processes is None and is_held_unseen(folder):
        raise OSError(
            f"{folder.run_dir}: its disk does not tell which process trains here; end it where it was started"
        )


def _note_kill(folder: JobFolder, name: str) -> None:
    """Notes that the job is killed, for those who tell why it ended; a full disk keeps nobody from that."""
    with contextlib.suppress(OSError):
        folder.write(folder.stop(name), StopAsked(name, time.time(), kill=True).to_json())


def _processes_of(leader: ProcessMark | None, token: str) -> Iterator[psutil.Process]:
    """Yields a job's processes: its first, all below that, and all that were started for it.

    Those below are asked for while the first lives: those whose parent has ended are nobody's children.
    """
    process = None if leader is None else leader.process()
    if process is not None:
        yield process
        with contextlib.suppress(psutil.Error):
            yield from process.children(recursive=True)
        yield from _in_session(process.pid)
    yield from _bearing(token)


def _in_session(leader: int) -> Iterator[psutil.Process]:
    """Yields the processes of a session, if the process leads one: a job that was started by hand may not."""
    if not hasattr(os, "getsid"):
        return
    for process in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            if os.getsid(process.pid) == leader:
                yield process


def _bearing(token: str) -> Iterator[psutil.Process]:
    """Yields the processes that were started with the token of a job in their variables, and live."""
    if not token:
        return
    for process in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            if process.pid != os.getpid() and process.environ().get(TOKEN_VARIABLE) == token:
                yield process


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and not is_zombie(process)
    except psutil.Error:
        return False
