"""Jobs that really come to a bad end, each told in its sentence; and the real command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpsnet.events import Stopped
from lpsnet_studio.jobs.job_folder import JobFolder
from lpsnet_studio.jobs.launch import kill_tree, launch, stop_gently
from lpsnet_studio.jobs.run_facts import read_facts
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, TrainSpec
from lpsnet_studio.jobs.status import JobState, JobStatus, read_status
from tests.studio.jobs.child_jobs import LONGEST, WAITS, ended, says, start, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits as POSIX has them")

PROJECT = Path(__file__).resolve().parents[3]
TINY = (
    "input.short_side=64",
    "model.backbone.width=0.25",
    "model.channels=32",
    "data.train.count=8",
    "data.val.count=2",
    "data.workers=0",
    "training.schedule.iterations=6",
    "training.checkpoint_every=2",
    "training.evaluate_every=6",
    "training.log_every=1",
)


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "run"
    yield path
    kill_tree(JobFolder(path))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mounting, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    yield disk
    kill_tree(JobFolder(disk / "run"))
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def small_memory() -> Iterator[Path]:
    """A control group whose processes may have 150 MB together."""
    groups = Path("/sys/fs/cgroup")
    group = (groups / "memory" if (groups / "memory").is_dir() else groups) / f"lpsnet-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        pytest.skip("no control group can be made here")
    try:
        limit = next(path for name in ("memory.limit_in_bytes", "memory.max") if (path := group / name).exists())
        limit.write_text("150000000")
        yield group
    except (OSError, StopIteration):
        pytest.skip("no memory can be limited here")
    finally:
        until(lambda: removed(group), "the end of the control group")


def removed(group: Path) -> bool:
    try:
        group.rmdir()
    except OSError:
        return False
    return True


def fill(disk: Path) -> Path:
    """Leaves no byte of a disk free."""
    path = disk / "full"
    with path.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(1024))
        except OSError:
            return path


def test_a_process_whose_memory_ends_says_so(run_dir: Path) -> None:
    limit = 300 << 20
    program = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit})); bytearray(1 << 30)"
    start(run_dir, program)
    status = ended(run_dir)
    assert (status.state, status.sentence) == (JobState.FAILED, "failed: out of memory: MemoryError")
    assert status.out_of_memory


def test_the_kernel_that_ends_a_job_for_its_memory_is_found_out(run_dir: Path, small_memory: Path) -> None:
    program = """
import sys, time
from pathlib import Path
Path(sys.argv[2]).write_text("0")
from tests.studio.jobs.child_jobs import ended, start
start(Path(sys.argv[1]), "x = [bytearray(b'x') * (10 << 20) for _ in range(100)]")
ended(Path(sys.argv[1]))
"""
    studio = [sys.executable, "-c", program, str(run_dir), str(small_memory / "cgroup.procs")]
    subprocess.run(studio, cwd=PROJECT, check=True, timeout=3 * LONGEST)
    status = read_status(run_dir)
    assert status.sentence == "failed: out of memory: the kernel killed it because no memory was left (SIGKILL)"
    assert "data.workers" in status.advice
    assert 0 < status.peak_rss <= 150_000_000


def test_a_gpu_whose_memory_ends_is_told_from_the_machine(run_dir: Path) -> None:
    said = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.79 GiB"
    program = f"class OutOfMemoryError(RuntimeError): pass\nraise OutOfMemoryError({said!r})"
    start(run_dir, program)
    status = ended(run_dir)
    assert status.sentence == f"failed: out of GPU memory: OutOfMemoryError: {said}"
    assert "training.batch" in status.advice


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGKILL, "killed from outside (SIGKILL); the kernel reports no lack of memory"),
        (signal.SIGSEGV, "ended by SIGSEGV, a fault in machine code; at work"),
        (signal.SIGTERM, "ended by SIGTERM, sent from outside the Studio"),
    ],
)
def test_a_signal_from_outside_is_named(run_dir: Path, number: int, words: str) -> None:
    folder = start(run_dir, WAITS)
    says(folder, "at work")
    pid = read_status(run_dir).pid
    assert pid is not None
    os.kill(pid, number)
    status = ended(run_dir)
    assert (status.state, status.sentence) == (JobState.FAILED, f"failed: {words}")


def test_a_command_that_fills_the_disk_says_so(small_disk: Path) -> None:
    fills = "open(sys.argv[1] + '/big', 'wb', 0).write(bytes(1 << 20))"
    start(small_disk / "run", f"import sys; {fills}; open(sys.argv[1] + '/more', 'w').write('x' * 9999)")
    until(lambda: not read_status(small_disk / "run").pid, "the end of the command")
    time.sleep(0.3)
    (small_disk / "run" / "big").unlink(missing_ok=True)
    status = ended(small_disk / "run")
    assert status.state is JobState.FAILED
    assert "the disk is full" in status.sentence
    assert "Make room" in status.advice


def test_how_a_job_ended_is_written_down_once_the_disk_has_room(small_disk: Path) -> None:
    folder = start(small_disk / "run", "import time; print('at work', flush=True); time.sleep(1)")
    says(folder, "at work")
    full = fill(small_disk)
    pid = read_status(small_disk / "run").pid
    assert pid is not None
    until(lambda: read_status(small_disk / "run").pid is None, "the end of the command")
    time.sleep(0.5)
    assert read_status(small_disk / "run").state is JobState.STOPPING
    assert "the disk is full" in read_status(small_disk / "run").sentence
    full.unlink()
    status = ended(small_disk / "run")
    assert (status.state, status.sentence) == (JobState.FINISHED, "finished: at work")


def test_no_job_starts_on_a_full_disk(small_disk: Path) -> None:
    (small_disk / "run").mkdir()
    fill(small_disk)
    with pytest.raises(OSError, match="could not be written: no space left on device"):
        start(small_disk / "run", WAITS)
    assert read_status(small_disk / "run").state is JobState.QUEUED


# ------------------------------------------------------------------------------------------------ the real command line


def test_what_the_command_line_does_not_take_is_told_in_its_own_words(run_dir: Path) -> None:
    launch(EvaluateSpec(None, None, Path("run"), limit=0, device="cpu"), cwd=run_dir.parent)
    status = ended(run_dir)
    assert status.state is JobState.FAILED
    assert status.sentence.startswith("failed: Invalid value for '--limit': ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (TrainSpec("demo", ("training.batch=0",), Path("run"), ("cpu",)), "training.batch"),
        (TrainSpec("nonesuch", (), Path("run"), ("cpu",)), "nonesuch"),
        (EvaluateSpec(None, "missing.json", Path("run"), oracle="dance", device="cpu"), "dance"),
    ],
)
def test_a_mistake_is_told_in_the_command_lines_own_words(run_dir: Path, spec: JobSpec, words: str) -> None:
    launch(spec, cwd=run_dir.parent)
    status = ended_after_long(run_dir)
    assert status.state is JobState.FAILED
    assert words in status.sentence
    assert "\n" not in status.sentence
    assert not status.sentence.endswith("exit status 1")


def ended_after_long(run_dir: Path, patience: float = 6 * LONGEST) -> JobStatus:
    """Waits until a job with a network in it has ended."""
    deadline = time.monotonic() + patience
    while read_status(run_dir).state.is_alive:
        assert time.monotonic() < deadline, read_status(run_dir).sentence
        time.sleep(0.1)
    return read_status(run_dir)


@pytest.mark.slow
def test_a_training_is_started_stopped_gone_on_with_finished_and_evaluated(run_dir: Path) -> None:
    many = (*TINY[:6], "training.schedule.iterations=2000", *TINY[7:])
    folder = launch(TrainSpec("demo", many, Path("run"), ("cpu",)), cwd=run_dir.parent)
    deadline = time.monotonic() + 6 * LONGEST
    while read_facts(folder.events).iteration < 2:
        assert time.monotonic() < deadline, folder.log.read_text()
        time.sleep(0.1)
    status = read_status(run_dir)
    assert status.state is JobState.RUNNING
    assert "of 2,000 iterations" in status.sentence
    assert stop_gently(folder)
    status = ended_after_long(run_dir)
    assert status.state is JobState.STOPPED, folder.log.read_text()
    done = status.facts.iteration
    assert status.sentence == f"stopped after {done:,} of 2,000 iterations, saved"

    config = run_dir / "config.yaml"
    config.write_text(config.read_text().replace("iterations: 2000", f"iterations: {done + 2}"))
    launch(TrainSpec("demo", (), Path("run"), ("cpu",), resume=True), cwd=run_dir.parent)
    status = ended_after_long(run_dir)
    assert status.state is JobState.FINISHED, folder.log.read_text()
    assert status.sentence.startswith(f"finished after {done + 2} iterations")
    assert len([line for line in folder.log.read_text().splitlines() if line.startswith("=== started")]) == 2

    out = run_dir.parent / "evaluated"
    launch(EvaluateSpec(run_dir, "scenes:900000+3@96x128", out, device="cpu"), cwd=run_dir.parent)
    status = ended_after_long(out)
    assert status.state is JobState.FINISHED, JobFolder(out).log.read_text()
    assert status.sentence.startswith("finished after 3 pictures with PQ ")
    samples = [json.loads(line) for line in folder.load.read_text().splitlines()]
    assert max(sample["rss_bytes"] for sample in samples) > 100 << 20


@pytest.mark.slow
def test_two_processes_under_torchrun_save_and_end_when_asked(run_dir: Path) -> None:
    many = (*TINY[:6], "training.schedule.iterations=2000", *TINY[7:])
    folder = launch(TrainSpec("demo", many, Path("run"), ("cpu", "cpu")), cwd=run_dir.parent)
    deadline = time.monotonic() + 6 * LONGEST
    while read_facts(folder.events).iteration < 2:
        assert time.monotonic() < deadline, folder.log.read_text()
        time.sleep(0.1)
    assert stop_gently(folder)
    status = ended_after_long(run_dir)
    assert isinstance(status.facts.stopped, Stopped), folder.log.read_text()
    assert (status.state, status.facts.stopped.reason) == (JobState.STOPPED, "terminated")
    assert status.sentence == f"stopped after {status.facts.iteration:,} of 2,000 iterations, saved"
