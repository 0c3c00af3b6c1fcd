"""Work that several processes share: its order, its failures, and that no process stays behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import cv2
import psutil
import pytest

from lpsnet.processes import called_by_many

PROJECT = Path(__file__).resolve().parents[2]
_ENDLESS = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job is started without
from tests.core.test_processes import facts
from lpsnet.processes import called_by_many
results = called_by_many(facts, range(1_000_000), 2)
print(next(results), flush=True)
for _ in results:
    pass
"""


def facts(_argument: object) -> tuple[int, int, bool, bool]:
    """Returns what a process that is called says of itself."""
    ignores_interrupts = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return os.getpid(), cv2.getNumThreads(), ignores_interrupts, "torch" in sys.modules


def spawned() -> list[object]:
    """Returns the worker processes of this one; what loads pictures for a training is forked, not spawned."""
    children = multiprocessing.active_children()
    return [child for child in children if child.name.startswith("SpawnProcess")]


def late_if_even(number: int) -> int:
    time.sleep(0.05 if number % 2 == 0 else 0)
    return number


def refuse_from_five_on(number: int) -> int:
    if number >= 5:
        raise ValueError(f"{number} is refused")
    return number


def die(_number: int) -> None:
    os._exit(9)


def test_results_come_in_order_whoever_is_done_first() -> None:
    assert list(called_by_many(late_if_even, range(12), 2)) == list(range(12))


def test_processes_work_on_one_core_without_torch_and_leave_interruptions_to_this_one() -> None:
    for pid, threads, ignores_interrupts, torch in called_by_many(facts, range(4), 2):
        assert pid != os.getpid()
        assert (threads, ignores_interrupts, torch) == (1, True, False)


@pytest.mark.parametrize(("count", "processes"), [(0, 2), (1, 2), (3, 1)])
def test_what_cannot_be_shared_is_called_here(count: int, processes: int) -> None:
    assert {pid for pid, *_ in called_by_many(facts, range(count), processes)} <= {os.getpid()}


def test_the_first_failure_in_order_passes_through_and_ends_the_processes() -> None:
    results = called_by_many(refuse_from_five_on, range(50), 2)
    assert [next(results) for _ in range(5)] == list(range(5))
    with pytest.raises(ValueError, match=r"^5 is refused$"):
        next(results)
    assert not spawned()


def test_whoever_wants_no_more_ends_the_processes() -> None:
    results = called_by_many(late_if_even, range(1_000_000), 2)
    assert next(results) == 0
    assert len(spawned()) == 2
    results.close()
    assert not spawned()


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(BrokenProcessPool):
        list(called_by_many(die, range(4), 2))
    assert not spawned()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_no_process_outlives_the_one_that_started_it(stop: str) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with starter:
        assert starter.stdout is not None
        assert starter.stdout.readline()
        family = psutil.Process(starter.pid).children(recursive=True)
        assert len(family) >= 2
        starter.send_signal(getattr(signal, stop))
        starter.wait(timeout=30)
    _, alive = psutil.wait_procs(family, timeout=10)
    for process in alive:
        process.kill()
    assert alive == []
