from __future__ import annotations

import errno
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lpsnet.events import Progress, Stopped
from lpsnet_studio.jobs.job_folder import HowItEnded, JobFolder, JobProcesses, StopAsked, place_of, read_tail
from lpsnet_studio.jobs.launch import kill_tree, stop_gently
from lpsnet_studio.jobs.process_mark import ProcessMark
from lpsnet_studio.jobs.spec import TrainSpec, spec_to_json
from lpsnet_studio.jobs.status import JobState, read_status
from tests.studio.jobs.child_jobs import batch_started, training_started, write_events

HERE = socket.gethostname()
GONE = ProcessMark(2**22 + 7, 1000.0)
STARTED = 2_000_000_000.0
"""When the jobs of these tests were started: in the future, so that no live process is theirs by chance."""


def progress(iteration: int, time: float) -> Progress:
    return Progress(
        time=time,
        iteration=iteration,
        losses={},
        lr=0.1,
        gradient_norm=1.0,
        images_per_second=3.14,
        eta_seconds=4000.0,
        memory_bytes=1,
    )


def finished(time: float) -> Stopped:
    return Stopped(time=time, iteration=400, reason="finished")


def job(
    run_dir: Path, *, command: ProcessMark | None = GONE, keeper: ProcessMark = GONE, host: str = HERE, **how: Any
) -> JobFolder:
    """Writes the files of a job that was started; with ``how`` also those of one that has ended."""
    folder = JobFolder(run_dir)
    folder.path.mkdir(parents=True, exist_ok=True)
    spec = spec_to_json(TrainSpec("demo", (), run_dir))
    folder.write(folder.job, {"token": "t", "asked": STARTED - 1, "spec": spec, "argv": ["x"]})
    processes = JobProcesses("t", host, STARTED, keeper, command, place=place_of(folder.path))
    folder.write(folder.process, processes.to_json())
    if how:
        folder.write(folder.exit, HowItEnded("t", STARTED + 100, **how).to_json())
    return folder


@pytest.fixture
def me() -> ProcessMark:
    return ProcessMark.of(os.getpid())


def test_a_folder_in_which_nothing_was_started_waits(tmp_path: Path) -> None:
    assert read_status(tmp_path).state is JobState.QUEUED


def test_a_folder_that_is_gone_is_lost(tmp_path: Path) -> None:
    status = read_status(tmp_path / "gone")
    assert (status.state, status.sentence) == (JobState.LOST, f"{tmp_path / 'gone'} is not there")


def test_a_running_training_tells_how_far_it_is(tmp_path: Path, me: ProcessMark) -> None:
    job(tmp_path, command=me, keeper=me)
    status = read_status(tmp_path)
    assert (status.state, status.pid, status.is_here, status.host) == (JobState.STARTING, me.pid, True, HERE)
    assert status.spec == TrainSpec("demo", (), tmp_path)
    write_events(tmp_path, training_started(400, time=STARTED + 5))
    assert read_status(tmp_path).sentence == "0 of 400 iterations"
    write_events(tmp_path, progress(120, STARTED + 9))
    status = read_status(tmp_path)
    assert (status.state, status.started) == (JobState.RUNNING, STARTED)
    assert status.sentence == "120 of 400 iterations, 3.1 images/s, 1 h 7 min left"


def test_a_job_without_its_keeper_says_that_its_status_will_not_be_known(tmp_path: Path, me: ProcessMark) -> None:
    job(tmp_path, command=me)
    write_events(tmp_path, training_started(400, time=STARTED + 5))
    assert "no keeper watches it" in read_status(tmp_path).sentence


def test_a_resumed_training_is_not_taken_for_the_one_that_stopped(tmp_path: Path, me: ProcessMark) -> None:
    before = [training_started(400, time=STARTED - 90), Stopped(time=STARTED - 50, iteration=30, reason="terminated")]
    write_events(tmp_path, *before)
    job(tmp_path, command=me, keeper=me)
    assert read_status(tmp_path).state is JobState.STARTING
    job(tmp_path)
    assert read_status(tmp_path).state is JobState.LOST


def test_a_job_that_was_asked_to_stop_is_stopping(tmp_path: Path, me: ProcessMark) -> None:
    folder = job(tmp_path, command=me, keeper=me)
    write_events(tmp_path, training_started(400, time=STARTED + 5))
    assert folder.note_stop(StopAsked("of-an-earlier-start", 1.0, kill=False))
    assert read_status(tmp_path).state is JobState.RUNNING
    assert folder.note_stop(StopAsked("t", STARTED + 6, kill=False))
    assert not folder.note_stop(StopAsked("t", STARTED + 7, kill=False))
    assert folder.read_stop("t") == StopAsked("t", STARTED + 6, kill=False)
    assert read_status(tmp_path).state is JobState.STOPPING


def test_an_end_that_cannot_be_written_down_is_told(
    tmp_path: Path, me: ProcessMark, monkeypatch: pytest.MonkeyPatch
) -> None:
    job(tmp_path, keeper=me)
    write_events(tmp_path, training_started(400, time=STARTED + 5))
    assert read_status(tmp_path, now=STARTED + 6000).sentence == "is ending", "an iteration may take as long"
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=0))
    assert "the disk is full" in read_status(tmp_path, now=STARTED + 6).sentence


def test_an_end_that_was_written_down_is_told_with_its_facts(tmp_path: Path) -> None:
    folder = job(tmp_path, code=1, peak_rss=5 << 30)
    folder.log.write_text("error: training.batch: must be 1 or more\n")
    status = read_status(tmp_path)
    assert (status.state, status.sentence) == (JobState.FAILED, "failed: training.batch: must be 1 or more")
    assert (status.started, status.ended, status.peak_rss) == (STARTED, STARTED + 100, 5 << 30)


def test_only_the_end_of_a_log_of_gigabytes_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = job(tmp_path, code=1)
    with folder.log.open("wb") as stream:
        stream.seek(20 << 30)
        stream.write(b"\nerror: no such class\n")
    asked: list[int] = []

    class Counting(io.BufferedReader):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(folder.log.stat().st_size if size is None or size < 0 else size)
            return super().read(size)

    opened = Path.open

    def counting(path: Path, *arguments: Any, **how: Any) -> Any:
        return Counting(io.FileIO(path)) if path == folder.log else opened(path, *arguments, **how)

    monkeypatch.setattr(Path, "open", counting)
    assert read_status(tmp_path).sentence == "failed: no such class"
    assert 0 < sum(asked) <= 1 << 17
    assert len(read_tail(folder.log, 100)) <= 100


def test_the_output_of_an_earlier_start_does_not_explain_this_one(tmp_path: Path) -> None:
    folder = job(tmp_path, code=9)
    folder.log.write_text("error: the earlier one\n")
    processes = json.loads(folder.process.read_text()) | {"log_offset": folder.log.stat().st_size}
    folder.process.write_text(json.dumps(processes))
    assert read_status(tmp_path).sentence == "failed: exit status 9"


def test_processes_that_went_without_a_word_are_lost(tmp_path: Path) -> None:
    job(tmp_path)
    write_events(tmp_path, training_started(400, time=STARTED + 5), progress(120, STARTED + 60))
    status = read_status(tmp_path, now=STARTED + 1e6)
    assert (status.state, status.ended) == (JobState.LOST, STARTED + 60)
    heard = time.strftime("%Y-%m-%d at %H:%M", time.localtime(STARTED + 60))
    assert status.sentence == (
        f"ended after 120 of 400 iterations without saying why; last heard of on {heard}: "
        "it was killed with its keeper, or the machine was restarted"
    )
    assert "Resume" in status.advice


def test_an_end_that_only_the_events_tell_counts(tmp_path: Path) -> None:
    job(tmp_path)
    write_events(
        tmp_path, training_started(400, time=STARTED + 5), Stopped(time=STARTED + 9, iteration=400, reason="finished")
    )
    assert read_status(tmp_path).sentence == "finished after 400 iterations"


def test_a_number_that_is_anothers_by_now_is_not_alive(tmp_path: Path, me: ProcessMark) -> None:
    job(tmp_path, command=ProcessMark(me.pid, me.create_time - 1000))
    assert read_status(tmp_path).state is JobState.LOST


def test_a_start_that_was_just_asked_for_is_not_the_one_before(tmp_path: Path) -> None:
    folder = job(tmp_path, code=0)
    assert read_status(tmp_path).state is JobState.FINISHED
    folder.write(folder.job, {"token": "next", "asked": STARTED})
    assert read_status(tmp_path, now=STARTED + 1).state is JobState.STARTING
    folder.keeper_log.write_text("2033 job.json is damaged\n")
    assert read_status(tmp_path, now=STARTED + 100).sentence == "was never started: 2033 job.json is damaged"


# ------------------------------------------------------------------------------------------------ elsewhere and by hand


def test_a_run_of_another_machine_is_judged_by_what_is_heard_of_it(tmp_path: Path) -> None:
    job(tmp_path, host="gpu01")
    assert read_status(tmp_path).sentence == "runs on gpu01, not heard of yet"
    write_events(tmp_path, training_started(400, time=STARTED), progress(120, STARTED + 60))
    status = read_status(tmp_path, now=STARTED + 240)
    assert (status.state, status.is_here, status.pid) == (JobState.RUNNING, False, None)
    assert status.sentence.startswith("runs on gpu01, last heard 3 min ago: 120 of 400 iterations")
    status = read_status(tmp_path, now=STARTED + 7200)
    assert status.state is JobState.LOST
    assert status.sentence.startswith("was last heard 1 h 59 min ago on gpu01, after 120 of 400 iterations")
    write_events(
        tmp_path, progress(121, STARTED + 7000), Stopped(time=STARTED + 7100, iteration=400, reason="finished")
    )
    assert read_status(tmp_path, now=STARTED + 7200).state is JobState.FINISHED


def test_a_run_that_is_silent_for_long_as_a_rule_is_not_given_up_early(tmp_path: Path) -> None:
    job(tmp_path, host="gpu01")
    write_events(tmp_path, training_started(400, time=STARTED), progress(120, STARTED + 3600))
    assert read_status(tmp_path, now=STARTED + 5 * 3600).state is JobState.RUNNING


def test_a_copied_job_that_ended_tells_how(tmp_path: Path) -> None:
    job(tmp_path, host="gpu01", signal="SIGKILL", oom_kills=1)
    status = read_status(tmp_path)
    assert (status.state, status.out_of_memory, status.host, status.is_here) == (JobState.FAILED, True, "gpu01", False)


def test_a_copied_run_without_its_job_files_is_shown_by_its_events(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("process 12 of gpu01")
    write_events(tmp_path, training_started(400, time=STARTED), progress(5, STARTED + 1))
    status = read_status(tmp_path, now=STARTED + 30)
    assert (status.state, status.host) == (JobState.RUNNING, "gpu01")
    write_events(tmp_path, Stopped(time=STARTED + 40, iteration=9, reason="terminated"))
    assert read_status(tmp_path).sentence == "stopped after 9 of 400 iterations, saved"


def test_a_batch_that_was_copied_without_a_lock_is_shown_too(tmp_path: Path) -> None:
    write_events(tmp_path, batch_started(20, time=STARTED))
    assert read_status(tmp_path, now=STARTED + 8).sentence.startswith("runs on another machine, last heard 8 s ago")


TRAINS_BY_HAND = """
import os, signal, socket, sys, time
from lpsnet.formats.file_lock import locked_by_process
from pathlib import Path
from types import SimpleNamespace
asked = []
def note(number, frame):
    asked.append(number)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGTERM, note)
run_dir = Path(sys.argv[1])
run_dir.mkdir(exist_ok=True)
with (run_dir / ".lock").open("a+") as lock:
    assert locked_by_process(lock)
    lock.write(f"process {os.getpid()} of {socket.gethostname()}")
    lock.flush()
    print("at work", flush=True)
    while not asked:
        time.sleep(0.01)
    time.sleep(float(sys.argv[2]) if len(sys.argv) > 2 else 0)
    (run_dir / "saved").write_text("whole")
"""


def test_a_training_that_was_started_by_hand_can_be_seen_and_stopped(tmp_path: Path) -> None:
    trainer = subprocess.Popen([sys.executable, "-c", TRAINS_BY_HAND, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        assert trainer.stdout is not None
        trainer.stdout.readline()
        assert read_status(tmp_path).state is JobState.STARTING
        write_events(tmp_path, training_started(400))
        status = read_status(tmp_path)
        assert (status.state, status.pid) == (JobState.RUNNING, trainer.pid)
        assert status.sentence.endswith("no keeper watches it, so that its exit status will not be known")
        assert stop_gently(JobFolder(tmp_path))
        trainer.wait(20)
        assert read_status(tmp_path).state is JobState.LOST
    finally:
        trainer.kill()
        trainer.wait()


def test_a_training_that_was_started_by_hand_is_asked_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TRAINS_BY_HAND, str(tmp_path), "0.5"]
    trainer = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert trainer.stdout is not None
        trainer.stdout.readline()
        write_events(tmp_path, training_started(400), progress(120, time.time()))
        assert stop_gently(JobFolder(tmp_path))
        status = read_status(tmp_path)
        assert (status.state, status.pid) == (JobState.STOPPING, trainer.pid)
        assert status.sentence == "was asked to stop after 120 of 400 iterations and saves what it has"
        assert not stop_gently(JobFolder(tmp_path))
        trainer.wait(20)
        assert (tmp_path / "saved").read_text() == "whole"
    finally:
        trainer.kill()
        trainer.wait()


def test_a_copy_of_a_training_that_was_started_by_hand_trains_nothing(tmp_path: Path) -> None:
    run, copy = tmp_path / "run", tmp_path / "copy"
    trainer = subprocess.Popen([sys.executable, "-c", TRAINS_BY_HAND, str(run)], stdout=subprocess.PIPE)
    try:
        assert trainer.stdout is not None
        trainer.stdout.readline()
        write_events(run, training_started(400))
        shutil.copytree(run, copy, copy_function=shutil.copyfile)
        assert (read_status(run).state, read_status(run).pid) == (JobState.RUNNING, trainer.pid)
        assert (read_status(copy).state, read_status(copy).pid) == (JobState.LOST, None)
        assert not stop_gently(JobFolder(copy))
        kill_tree(JobFolder(copy))
        assert trainer.poll() is None
    finally:
        trainer.kill()
        trainer.wait()


def test_a_lock_that_names_a_bystander_means_nobody(tmp_path: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        write_events(tmp_path, training_started(400))
        (tmp_path / ".lock").write_text(f"process {bystander.pid} of {HERE}")
        assert read_status(tmp_path).state is JobState.LOST
        kill_tree(JobFolder(tmp_path))
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_on_a_disk_without_locks_a_training_is_judged_by_its_events_and_never_signalled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, me: ProcessMark
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def refuses(*_arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "fcntl", refuses)
    write_events(tmp_path, training_started(400, time=STARTED), progress(5, STARTED + 1))
    (tmp_path / ".lock").write_text(f"process {me.pid} of {HERE}")
    status = read_status(tmp_path, now=STARTED + 30)
    assert (status.state, status.pid) == (JobState.RUNNING, None)
    for end in (stop_gently, kill_tree):
        with pytest.raises(OSError, match="does not tell which process trains here"):
            end(JobFolder(tmp_path))


def test_a_lock_whose_number_is_anothers_by_now_means_nobody(tmp_path: Path, me: ProcessMark) -> None:
    write_events(tmp_path, training_started(400))
    (tmp_path / ".lock").write_text(f"process {me.pid} of {HERE}")
    assert read_status(tmp_path).state is JobState.LOST


def test_a_job_that_was_gone_on_with_by_hand_is_judged_by_that(tmp_path: Path) -> None:
    job(tmp_path, code=143)
    first = [training_started(400, time=STARTED), Stopped(time=STARTED + 50, iteration=30, reason="terminated")]
    write_events(tmp_path, *first)
    assert read_status(tmp_path).state is JobState.STOPPED
    again = training_started(400, iteration=30, time=STARTED + 500)
    write_events(tmp_path, again, finished(STARTED + 900))
    assert read_status(tmp_path).sentence == "finished after 400 iterations"


def test_a_training_that_is_gone_on_with_by_hand_can_be_stopped_though_the_job_was_before(tmp_path: Path) -> None:
    now = time.time()
    folder = job(tmp_path, code=143)
    folder.write(folder.exit, HowItEnded("t", now - 60, 143).to_json())
    folder.note_stop(StopAsked("t", now - 61, kill=False))
    trainer = subprocess.Popen([sys.executable, "-c", TRAINS_BY_HAND, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        assert trainer.stdout is not None
        trainer.stdout.readline()
        assert (read_status(tmp_path).state, read_status(tmp_path).pid) == (JobState.STARTING, trainer.pid)
        assert stop_gently(folder)
        trainer.wait(20)
    finally:
        trainer.kill()
        trainer.wait()


# -------------------------------------------------------------------------------------------------------------- damage


@pytest.mark.parametrize("name", ["job.json", "process.json", "exit.json"])
@pytest.mark.parametrize("content", [b"", b'{"token": "t", "ho', b"[]", b"\xff\xfe", b'{"time": NaN, "code": "x"}'])
def test_a_torn_file_never_keeps_the_rest_from_being_told(tmp_path: Path, name: str, content: bytes) -> None:
    folder = job(tmp_path, code=0)
    write_events(
        tmp_path, training_started(400, time=STARTED), Stopped(time=STARTED + 9, iteration=400, reason="finished")
    )
    (folder.path / name).write_bytes(content)
    assert read_status(tmp_path).sentence == "finished after 400 iterations"


def test_a_run_whose_processes_cannot_be_read_is_judged_by_its_events(tmp_path: Path) -> None:
    folder = job(tmp_path)
    folder.process.write_bytes(b'{"tok')
    write_events(tmp_path, training_started(400, time=STARTED), progress(120, STARTED + 60))
    assert read_status(tmp_path, now=STARTED + 120).state is JobState.RUNNING
    write_events(tmp_path, finished(STARTED + 90))
    assert read_status(tmp_path, now=STARTED + 120).state is JobState.FINISHED


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["t", HERE, "gpu01", "", 10**400, -(10**400), 10**30, 1e300, -1e300, os.getpid()]),
    lambda inner: st.dictionaries(st.sampled_from(["pid", "create_time", "boot_ticks"]), inner, max_size=3),
    max_leaves=4,
)
NAMES = ("token", "host", "started", "keeper", "command", "log_offset", "time", "code", "signal", "asked", "spec")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(NAMES), JSON), min_size=4, max_size=4))
def test_whatever_the_files_hold_a_status_is_told(tmp_path: Path, contents: list[dict[str, Any]]) -> None:
    folder = JobFolder(tmp_path)
    folder.path.mkdir(exist_ok=True)
    for path, content in zip((folder.job, folder.process, folder.exit, folder.stop("t")), contents, strict=True):
        path.write_text(json.dumps(content))
    assert read_status(tmp_path).sentence


HUGE = 10**400
MARK = {"pid": os.getpid(), "create_time": 1.0}
PROCESSES = {"token": "t", "host": HERE, "started": 1.0, "keeper": MARK, "command": None}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("process.json", {**PROCESSES, "started": HUGE}),
        ("process.json", {**PROCESSES, "keeper": {"pid": 1, "create_time": HUGE}}),
        ("process.json", {**PROCESSES, "keeper": {"pid": HUGE, "create_time": 1.0}}),
        ("process.json", {**PROCESSES, "keeper": {**MARK, "boot_ticks": HUGE, "boot": "b"}}),
        ("process.json", {**PROCESSES, "log_offset": HUGE, "place": [HUGE, 1]}),
        ("job.json", {"token": "t", "asked": HUGE}),
        ("job.json", {"token": "t", "asked": float("nan")}),
        ("job.json", {"token": "t", "asked": 1e300}),
        ("exit.json", {"token": "", "time": HUGE, "code": 0}),
        ("exit.json", {"token": "", "time": 1e300, "code": 0}),
        ("exit.json", {"token": "", "time": 1.0, "code": HUGE}),
        ("exit.json", {"token": "", "time": 1.0, "code": 1, "peak_rss": HUGE, "oom_kills": HUGE}),
    ],
)
def test_a_number_that_no_float_holds_is_told_of_as_damage(tmp_path: Path, name: str, content: dict[str, Any]) -> None:
    folder = job(tmp_path, code=0)
    (folder.path / name).write_text(json.dumps(content))
    assert read_status(tmp_path).sentence
    assert not stop_gently(folder)


@pytest.mark.parametrize("time", [1e300, -1e300])
def test_an_event_of_a_day_that_no_calendar_has_is_told_of(tmp_path: Path, time: float) -> None:
    write_events(tmp_path, training_started(400, time=time), progress(3, time))
    (tmp_path / ".lock").write_text(f"process 1 of {HERE}")
    status = read_status(tmp_path)
    assert status.state is JobState.LOST
    assert "after 3 of 400 iterations" in status.sentence


@pytest.mark.parametrize("number", [errno.EACCES, errno.ESTALE, errno.EIO, errno.ENOTCONN])
def test_a_folder_that_cannot_be_looked_into_is_lost_with_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuses(path: Path) -> bool:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "is_dir", refuses)
    status = read_status(tmp_path)
    assert (status.state, status.sentence) == (JobState.LOST, f"{tmp_path} cannot be read: {os.strerror(number)}")
    assert "share within reach" in status.advice


def test_processes_that_are_forgotten_while_they_are_read_of_hold_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, me: ProcessMark
) -> None:
    folder = job(tmp_path, keeper=me)
    read = JobFolder.read_processes

    def vanishes(self: JobFolder) -> JobProcesses | None:
        processes = read(self)
        self.process.unlink()
        return processes

    monkeypatch.setattr(JobFolder, "read_processes", vanishes)
    assert read_status(tmp_path).sentence == "is ending"
    assert not folder.process.exists()


def test_reading_a_status_leaves_no_trace(tmp_path: Path) -> None:
    read_status(tmp_path)
    assert list(tmp_path.iterdir()) == []
