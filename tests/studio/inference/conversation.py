"""Asking a supervised service and waiting for its answers."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from lpsnet_studio.inference.messages import Cancel, Failed, MemoryUse, Progress, Ready
from lpsnet_studio.inference.supervision import Patience, Supervisor

LONG = 120.0
"""Seconds; a test that waits as long has failed: starting torch on a busy machine takes a tenth of it."""


def test_service(name: str) -> tuple[str, ...]:
    """Returns the command of a service that lies beside the tests."""
    return (sys.executable, "-m", f"tests.studio.inference.{name}")


test_service.__test__ = False  # type: ignore[attr-defined]


class Conversation:
    """A supervisor and everything it has said.

    Attributes:
        supervisor: what is talked to.
        pids: of every service that was ready, in order.
        states: every state, in order.
        progress: every progress message.
        memory: every word about memory.
    """

    def __init__(self, command: Sequence[str], patience: Patience | None = None) -> None:
        self.supervisor = Supervisor(self._receive, self._note_state, command, patience)
        self.pids: list[int] = []
        self.states: list[str] = []
        self.progress: list[Progress] = []
        self.memory: list[MemoryUse] = []
        self.answers: dict[int, list[Any]] = {}
        self._arrivals: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        self.supervisor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.supervisor.close()
        assert not [pid for pid in self.pids if is_alive(pid)], "a service outlived its supervisor"

    def _receive(self, reply: Any) -> None:
        if isinstance(reply, Progress):
            self.progress.append(reply)
            return
        if isinstance(reply, MemoryUse):
            self.memory.append(reply)
            return
        if isinstance(reply, Ready):
            self.pids.append(reply.pid)
        else:
            self.answers.setdefault(reply.request, []).append(reply)
        self._arrivals.put(reply)

    def _note_state(self, state: str) -> None:
        self.states.append(state)

    def post(self, kind: Any, *arguments: Any, **keywords: Any) -> int:
        """Posts a request and returns its number."""
        number = self.supervisor.next_request()
        self.supervisor.post(kind(number, *arguments, **keywords))
        return number

    def cancel(self, number: int) -> None:
        """Withdraws a request."""
        self.supervisor.post(Cancel(number))

    def answer(self, number: int, within: float = LONG) -> Any:
        """Waits for a request's final reply."""
        self.wait_until(lambda: number in self.answers, within)
        return self.answers[number][0]

    def ask(self, kind: Any, *arguments: Any, within: float = LONG, **keywords: Any) -> Any:
        """Posts a request and waits for its final reply."""
        return self.answer(self.post(kind, *arguments, **keywords), within)

    def must(self, kind: Any, *arguments: Any, **keywords: Any) -> Any:
        """Posts a request that is expected to succeed and returns its reply."""
        reply = self.ask(kind, *arguments, **keywords)
        assert not isinstance(reply, Failed), (reply, reply.details)
        return reply

    def wait_until(self, condition: Any, within: float = LONG) -> None:
        """Waits for something to become true."""
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, f"nothing happened within {within} s; states: {self.states}"
            try:
                self._arrivals.get(timeout=0.01)
            except queue.Empty:
                continue

    def wait_for_service(self, count: int = 1) -> int:
        """Waits until ``count`` services have been ready and returns the last one's process number."""
        self.wait_until(lambda: len(self.pids) >= count)
        return self.pids[-1]


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for_end(pid: int, within: float = 10.0) -> None:
    """Waits until a process is gone."""
    deadline = time.monotonic() + within
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs after {within} s"
        time.sleep(0.01)


def shared_memory() -> set[str]:
    """Returns what lies in the system's folder of shared memory."""
    folder = Path("/dev/shm")
    return {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
