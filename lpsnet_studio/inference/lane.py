"""A lane of the inference service: a thread that picks one job after another."""

from __future__ import annotations

import contextlib
import os
import threading
import traceback
from collections.abc import Callable

__all__ = ["Job", "start_lane"]

Job = Callable[[], None]

_CRASHED = 70
_MOST_NICE = 19


def start_lane(name: str, pick: Callable[[], Job | None], changed: threading.Condition, *, gives_way: int = 0) -> None:
    """Starts a thread that does what is picked for it, until the process ends.

    A lane that fails ends the process: without it requests would wait for ever, and the Studio starts another service.

    Args:
        name: of the thread.
        pick: returns what to do next, None to wait for a change; called under the lock of ``changed``.
        changed: notified whenever there may be something else to pick.
        gives_way: by how much its niceness is above the process's; only Linux gives threads one of their own.
    """
    threading.Thread(target=_work, args=(pick, changed, gives_way), name=name, daemon=True).start()


def _work(pick: Callable[[], Job | None], changed: threading.Condition, gives_way: int) -> None:
    try:
        _give_way(gives_way)
        while True:
            with changed:
                while (job := pick()) is None:
                    changed.wait()
            job()
    except BaseException:
        traceback.print_exc()
        os._exit(_CRASHED)


def _give_way(by: int) -> None:
    """Raises the niceness of this thread from what the process was started with, which it may not fall below."""
    if by and os.path.isdir("/proc/self/task"):  # noqa: PTH112
        with contextlib.suppress(OSError):
            own = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, own, min(os.getpriority(os.PRIO_PROCESS, own) + by, _MOST_NICE))
