"""Worker processes: one core each, signals left to the trainer, and no process left behind it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import psutil
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from lpsnet.data.workers import become_worker, prepared_by

PROJECT = Path(__file__).resolve().parents[3]
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch's watchdog ends idle workers")


@dataclass(frozen=True)
class _Facts(Dataset[Any]):
    """What a process that prepares says of itself."""

    def __getitem__(self, _index: int) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "torch": torch.get_num_threads(),
            "cv2": cv2.getNumThreads(),
            "interrupt": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
        }

    def __len__(self) -> int:
        return 400


def loader(workers: int) -> DataLoader[Any]:
    return DataLoader(_Facts(), num_workers=workers, batch_size=None, worker_init_fn=become_worker)


def test_each_works_on_one_core_and_lets_an_interrupt_pass() -> None:
    cv2.setNumThreads(4)
    picture = cv2.GaussianBlur(torch.zeros(800, 800, 3, dtype=torch.uint8).numpy(), (31, 31), 5)
    assert picture.shape == (800, 800, 3)  # OpenCV has threads now, which a forked process does not have
    try:
        for _ in range(3):
            facts = list(prepared_by(loader(2)))[:2]
            assert [(fact["torch"], fact["cv2"], fact["interrupt"]) for fact in facts] == [(1, 1, True)] * 2
    finally:
        cv2.setNumThreads(-1)


def test_without_workers_this_process_stays_as_it_is() -> None:
    threads, handler = torch.get_num_threads(), signal.getsignal(signal.SIGINT)
    assert next(prepared_by(loader(0)))["pid"] == os.getpid()
    assert torch.get_num_threads() == threads
    assert signal.getsignal(signal.SIGINT) is handler


def test_they_end_with_the_iterator() -> None:
    prepared = prepared_by(loader(2))
    pids = {next(prepared)["pid"] for _ in range(8)}
    assert len(pids) == 2
    del prepared
    assert_gone(pids, within=10)


@linux_only
def test_a_killed_one_is_told_in_a_sentence_where_batches_are_awaited() -> None:
    before = signal.getsignal(signal.SIGCHLD)
    prepared = prepared_by(loader(1))
    os.kill(next(prepared)["pid"], signal.SIGKILL)
    assert signal.getsignal(signal.SIGCHLD) == before
    for _ in range(20):
        time.sleep(0.01)  # torch's own handler would raise here
    with pytest.raises(
        ChildProcessError, match=r"^a process that prepares pictures was killed, .*data\.workers"
    ) as told:
        list(prepared)
    assert "\n" not in str(told.value)


# A trainer of its own. It says its workers' numbers, waits until it got two signals, and says who prepared the next
# batches; some pictures take a minute.
_TRAINER = """
import os, signal, time
from lpsnet.data.workers import become_worker, prepared_by
from torch.utils.data import DataLoader, Dataset

class Pids(Dataset):
    def __getitem__(self, index):
        time.sleep(60 if index >= {slow_from} else 0)
        return os.getpid()

noted = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: noted.append(int(number)))
batches = prepared_by(
    DataLoader(Pids(), sampler=range(100), num_workers=2, batch_size=None, worker_init_fn=become_worker)
)
print(*sorted({{next(batches) for _ in range(4)}}), flush=True)
while len(noted) < 2:
    time.sleep(0.01)
print(*sorted(noted), *sorted({{next(batches) for _ in range(4)}}), flush=True)
"""


@contextmanager
def trainer(slow_from: int) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Starts one as the leader of a process group, as a shell does; its workers are ended with the test."""
    process = subprocess.Popen(
        [sys.executable, "-c", _TRAINER.format(slow_from=slow_from)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    pids = [int(word) for word in process.stdout.readline().split()]
    try:
        yield process, pids
    finally:
        for pid in (process.pid, *pids):
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def assert_gone(pids: Iterable[int], *, within: float) -> None:
    deadline = time.monotonic() + within
    while left := [pid for pid in pids if is_alive(pid)]:
        assert time.monotonic() < deadline, f"processes {left} are left behind"
        time.sleep(0.05)


@linux_only
def test_no_worker_outlives_a_killed_trainer() -> None:
    """Not even one in the middle of a picture that takes a minute."""
    with trainer(slow_from=4) as (process, pids):
        assert len(pids) == 2
        process.kill()
        process.wait()
        assert_gone(pids, within=10)


@linux_only
def test_signals_to_all_processes_are_the_trainer_s() -> None:
    """As Ctrl+C in a terminal, or the end of a job on a cluster: the workers go on until the trainer ends them."""
    with trainer(slow_from=9) as (process, pids):
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGTERM)
        out, err = process.communicate(timeout=50)
        assert process.returncode == 0
        assert out.split() == [str(int(signal.SIGINT)), str(int(signal.SIGTERM)), *map(str, pids)]
        assert err == ""
        assert_gone(pids, within=10)
