"""Scenes drawn by several processes at once."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

import cv2

__all__ = ["drawn_by_many"]

Result = TypeVar("Result")
_AHEAD = 3
"""Calls that are done, per process, before the first of them is asked for."""


def drawn_by_many(draw: Callable[[int], Result], seeds: Sequence[int], processes: int) -> Iterator[Result]:
    """Yields ``draw(seed)`` for every seed, in order, drawing no more than a few ahead of what is asked for.

    Args:
        draw: can be pickled.
        seeds: what to call it with.
        processes: how many draw at once; with one it is called here.

    Raises:
        BrokenProcessPool: if a process is killed. What ``draw`` raises passes through.
    """
    if min(processes, len(seeds)) <= 1:
        yield from map(draw, seeds)
        return
    # Spawned, not forked: a fork inherits the locks of whatever threads run here.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(processes, len(seeds)), context, initializer=_prepare)
    waiting: deque[Future[Result]] = deque()
    try:
        for seed in seeds:
            waiting.append(pool.submit(draw, seed))
            if len(waiting) > processes * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare() -> None:
    """Leaves an interruption by the keyboard to the process that started this one, and the other cores alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
