"""The processes that prepare batches: they work on one core each, outlive no trainer, and leave signals to it."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader

__all__ = ["become_worker", "prepared_by"]

_SET_PARENT_DEATH_SIGNAL = 1
"""Linux's PR_SET_PDEATHSIG."""
_TORCH_SAYS_KILLED = "DataLoader worker (pid"
"""How torch's message begins, of whatever cause; its exception has no type of its own."""
_KILLED = (
    "a process that prepares pictures was killed, most likely because memory or shared memory (/dev/shm) ran out; "
    "fewer data.workers or a smaller training.batch need less"
)


def become_worker(_number: int) -> None:
    """Makes this process one that prepares batches; a ``worker_init_fn``."""
    # As many processes work as shall work at once. Zero, not one: OpenCV would wait for the threads of one to end,
    # which a forked process does not have.
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    # The collector would write to every object of the data set, and so copy the memory shared with the trainer.
    gc.freeze()
    # A terminal interrupts, and a scheduler ends, all processes of a run at once. It is the trainer that decides what
    # becomes of its workers: it may still need a batch, to finish the iteration in hand.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def prepared_by(loader: DataLoader[Any]) -> Iterator[Any]:
    """Yields what a loader's processes prepare, in order; they end with the iterator.

    Raises:
        ChildProcessError: in one sentence, if one of them was killed. What they raise passes through.
    """
    batches = _begun(loader)
    while True:
        try:
            batch = next(batches)
        except StopIteration:
            return
        except RuntimeError as error:
            if not str(error).startswith(_TORCH_SAYS_KILLED):
                raise
            raise ChildProcessError(_KILLED) from None
        yield batch


def _begun(loader: DataLoader[Any]) -> Iterator[Any]:
    """Starts a loader's processes, which end with the iterator, or with this process at the latest.

    torch notes their deaths by a handler that raises wherever the main thread stands, even between two parameters'
    updates. It is taken back: a death is then found out by whoever waits for the next batch.
    """
    others = set(multiprocessing.active_children())
    with _handler_kept():
        batches = iter(loader)
    workers = [process for process in multiprocessing.active_children() if process not in others]
    # At exit multiprocessing would ask them to end, which they do not hear, and wait for them.
    Finalize(None, _kill, args=(workers,), exitpriority=100)
    return batches


@contextmanager
def _handler_kept() -> Iterator[None]:
    """Leaves the handler of children's deaths as it was before."""
    if not hasattr(signal, "SIGCHLD") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGCHLD)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


def _kill(workers: Sequence[BaseProcess]) -> None:
    for worker in workers:
        worker.kill()
