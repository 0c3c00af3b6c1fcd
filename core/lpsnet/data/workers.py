"""The processes that prepare batches: they work on one core each, outlive no trainer, and leave signals to it."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
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
    trainer = multiprocessing.parent_process()
    if sys.platform == "linux" and trainer is not None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_obey, args=(trainer.pid,), daemon=True).start()
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


if sys.platform == "linux":

    def _obey(trainer: int | None) -> None:
        """Ends this process when the trainer says so; what others say passes."""
        while signal.sigwaitinfo({signal.SIGTERM}).si_pid != trainer:
            pass
        os._exit(0)


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
    """Starts a loader's processes.

    torch notes their deaths by a handler that raises wherever the main thread stands, even between two parameters'
    updates. It is taken back: a death is then found out by whoever waits for the next batch.
    """
    if not hasattr(signal, "SIGCHLD") or threading.current_thread() is not threading.main_thread():
        return iter(loader)
    before = signal.getsignal(signal.SIGCHLD)
    try:
        return iter(loader)
    finally:
        signal.signal(signal.SIGCHLD, before)
