"""The service as a child process: both ends of how it is started, told where its connection is, and ended.

The Studio starts ``command --channel NUMBER``, where NUMBER is the descriptor of one end of a socket pair that the
child inherits; nothing else can connect to it and no address exists that could be left behind. On Windows, which cannot
hand over descriptors that way, the child reads its end from standard input (``--channel stdin``).
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import psutil

from lpsnet_studio.inference.transport import Channel, socket_pair
from lpsnet_studio.log import SERVICE_LOGGER

__all__ = ["SERVICE_COMMAND", "ServiceProcess", "become_service"]

_said = logging.getLogger(SERVICE_LOGGER)

SERVICE_COMMAND: tuple[str, ...] = (sys.executable, "-P", "-m", "lpsnet_studio.inference.service")
"""Starts the service; ``-P`` keeps modules in the current folder from taking the place of libraries."""

_NICENESS = 2
"""The window, which runs at 0, goes first where both want a core."""
_OUT_OF_MEMORY_SCORE = 500
"""Of 1000: the kernel ends the service, which is started again, before the window."""
_LOG_LINES = 200
_LONGEST_LINE = 10_000
_ON_WINDOWS = sys.platform == "win32"


class ServiceProcess:
    """A running service, seen from the Studio.

    It must be started from a thread that outlives it: on Linux the kernel ends the child with the thread that made it.

    Attributes:
        channel: the connection to it.

    Args:
        command: what to run; see :data:`SERVICE_COMMAND`.

    Raises:
        OSError: if it cannot be started.
    """

    def __init__(self, command: Sequence[str] = SERVICE_COMMAND) -> None:
        ours, theirs = socket_pair()
        with theirs:
            try:
                self._process = _start(command, theirs)
            except OSError:
                ours.close()
                raise
        self.channel = Channel(ours)
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        assert self._process.stderr is not None
        self._log_reader = threading.Thread(
            target=_keep_lines,
            args=(self._process.stderr, self._log, self._process.pid),
            name="service log",
            daemon=True,
        )
        self._log_reader.start()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    def cpu_seconds(self) -> float:
        """Returns how long it has computed so far; a process that hangs or is stopped stands still."""
        try:
            times = psutil.Process(self.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return times.user + times.system

    def wait(self, seconds: float) -> bool:
        """Waits for its end and says whether it came in time."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Ends it at once, even if it is stopped, and closes the connection."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        self.channel.close()

    def end_of_life(self) -> str:
        """Returns how a process that has ended came to its end, in words, and its last lines of output."""
        self._log_reader.join(timeout=0.5)
        code = self._process.returncode
        with contextlib.suppress(ValueError, TypeError):
            return "\n".join([f"ended by signal {signal.Signals(-code).name}", *self._log])
        return "\n".join([f"ended with status {code}", *self._log])


def _start(command: Sequence[str], connection: socket.socket) -> subprocess.Popen[str]:
    if _ON_WINDOWS:
        process = subprocess.Popen(
            [*command, "--channel", "stdin"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            creationflags=subprocess.CREATE_NO_WINDOW,  # type: ignore[attr-defined]
        )
        assert process.stdin is not None
        process.stdin.write(connection.share(process.pid).hex() + "\n")  # type: ignore[attr-defined]
        process.stdin.close()
        return process
    return subprocess.Popen(
        [*command, "--channel", str(connection.fileno())],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[connection.fileno()],
        text=True,
        errors="replace",
    )


def _keep_lines(stream: IO[str], lines: deque[str], pid: int) -> None:
    with stream, contextlib.suppress(ValueError):
        while line := stream.readline(_LONGEST_LINE):
            lines.append(line.rstrip("\n"))
            _said.info("%d %s", pid, lines[-1])


def become_service(arguments: Sequence[str]) -> Channel:
    """Does what a service process does first, and returns its connection to the Studio.

    Afterwards the process ends with the Studio, gives way to it where cores or memory are short, and writes a traceback
    to standard error should it crash.

    Args:
        arguments: of the command line, without the program's name.

    Raises:
        SystemExit: if they do not name a connection: the service cannot be started by hand.
    """
    if len(arguments) != 2 or arguments[0] != "--channel":
        raise SystemExit("the inference service is started by LPSNet Studio, not by hand")
    faulthandler.enable()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.captureWarnings(True)
    _end_with_studio()
    _give_way()
    if arguments[1] == "stdin":
        connection = socket.fromshare(bytes.fromhex(sys.stdin.readline().strip()))  # type: ignore[attr-defined]
    else:
        connection = socket.socket(fileno=int(arguments[1]))
    connection.set_inheritable(False)
    return Channel(connection)


def _end_with_studio() -> None:
    """Asks Linux to end this process with the one that started it; elsewhere the end of the connection must do."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def _give_way() -> None:
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OUT_OF_MEMORY_SCORE))
