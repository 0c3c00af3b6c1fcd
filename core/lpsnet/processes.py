"""Work that several processes share."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import cv2

__all__ = ["available_processes", "called_by_many"]

Argument = TypeVar("Argument")
Result = TypeVar("Result")
_AHEAD = 3
"""Calls that are done, per process, before the first of them is asked for."""


def available_processes() -> int:
    """Returns on how many cores this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def called_by_many(
    function: Callable[[Argument], Result], arguments: Sequence[Argument], processes: int
) -> Generator[Result, None, None]:
    """Yields ``function(argument)`` for every argument, in order, calling it for no more than a few ahead.

    The processes end with the iterator, or with this process at the latest.

    Args:
        function: can be pickled, as can what it takes and returns.
        arguments: what to call it with.
        processes: how many call it at once; with one it is called here.

    Raises:
        BrokenProcessPool: if a process is killed. What ``function`` raises passes through.
    """
    if min(processes, len(arguments)) <= 1:
        yield from map(function, arguments)
        return
    # Spawned, not forked: a fork inherits the locks of whatever threads run here.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(processes, len(arguments)), context, initializer=_prepare)
    waiting: deque[Future[Result]] = deque()
    try:
        for argument in arguments:
            with _interruptions_put_off():
                waiting.append(pool.submit(function, argument))
            if len(waiting) > processes * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interruptions_put_off() -> Iterator[None]:
    """Has this process hear of an interruption by the keyboard only afterwards, and never those that it starts.

    They inherit this; else they would die of it, with a traceback each, before they have come to ignore it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare() -> None:
    """Leaves an interruption by the keyboard to the process that started this one, and the other cores alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Ends this process when the one that started it has: killed, that one could not say that no call will come."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
