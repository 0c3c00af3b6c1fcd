"""What a report of a fault needs, as Markdown: versions, device, settings, and the last lines of the logs; no Qt.

Nothing here asks the service, so that it can be gathered when the service is dead. Nothing of a photo but its size is
told: paths outside the Studio's own folders are taken out of log lines and tracebacks, and with them names of files.
The home folder is shortened to ``~``, and the user's name is taken out wherever it stands.
"""

from __future__ import annotations

import getpass
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from lpsnet_studio.demo_network import name_of
from lpsnet_studio.failures import Failure
from lpsnet_studio.inference.messages import Device, Ready
from lpsnet_studio.log import Crash, Log, tail_of
from lpsnet_studio.redaction import program_folders, redacted
from lpsnet_studio.session import Session

__all__ = ["Diagnostics", "ServiceWatch", "anonymous", "differences", "versions"]

_LIBRARIES = (
    "torch",
    "torchvision",
    "numpy",
    "opencv-python-headless",
    "Pillow",
    "PySide6-Essentials",
    "psygnal",
)
_LOG_LINES = 50
_COMMON_NAMES = {"root", "user", "admin", "ubuntu", "debian", "guest", "home", "service", "studio"}
"""Names of accounts that say nothing about a person and are words of the log."""


class ServiceWatch:
    """Remembers what the inference service said of itself, and how often it had to be started again.

    Args:
        session: what is told of the service.

    Attributes:
        ready: the service's last words on coming up; None if none ever came up.
        restarts: how often it was lost.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._state = ""
        self.ready: Ready | None = None
        self.restarts = 0
        session.service_changed.connect(self._note_state)

    def take(self, reply: object) -> None:
        """Takes a reply of the service; only its first one matters here."""
        if isinstance(reply, Ready):
            self.ready = reply

    def _note_state(self) -> None:
        state = self._session.service_state
        self.restarts += state == "restarting" and state != self._state
        self._state = state


@dataclass(slots=True)
class Diagnostics:
    """Everything that a report says, gathered from where it is known.

    Attributes:
        session: what is open.
        service: what is known of the inference service.
        log: the log files; None if nothing is logged to files.
        screens: what the window system says, by name.
        failures: unexpected failures of this run.
        crash: a hard crash of the run before; None if there was none.
        folders: where the Studio keeps files of its own.
    """

    session: Session
    service: ServiceWatch
    log: Log | None = None
    screens: Mapping[str, str] = field(default_factory=dict)
    failures: Sequence[Failure] = ()
    crash: Crash | None = None
    folders: Sequence[Path] = ()

    def report(self) -> str:
        """Returns the report as Markdown."""
        torch = {} if self.service.ready is None else {"torch, as the service says": self.service.ready.torch}
        parts = [
            "# LPSNet Studio diagnostics",
            _table("Versions", {**versions(), **torch}),
            _table("Screen", self.screens),
            _table("Service", self._service_facts()),
            _table("Open", self._open_facts()),
            _table("Settings that differ from the network's own", self._setting_facts()),
            _table("View options that differ from the first ones", self._view_facts()),
        ]
        parts += [_block(title, self._redacted(lines)) for title, lines in self._records()]
        return anonymous("\n\n".join(part for part in parts if part) + "\n")

    def _records(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Yields what was written down about this run and the last one: a title, and lines that may name files."""
        for failure in self.failures:
            times = f"{failure.count} times" if failure.count != 1 else "once"
            yield f"Unexpected failure, {times}, {failure.where}", failure.details.splitlines()
        if self.crash is not None:
            yield f"Crash of {self.crash.when:%Y-%m-%d %H:%M}", self.crash.trace.splitlines()
        if self.log is not None:
            yield "Log of the Studio", tail_of(self.log.studio, _LOG_LINES)
            yield "Log of the service", tail_of(self.log.service, _LOG_LINES)

    def _redacted(self, lines: Sequence[str]) -> list[str]:
        names = (name for entry in self.session.entries for name in (entry.source.path, entry.name))
        own = [*program_folders(), *self.folders, *([] if self.log is None else [self.log.folder])]
        return redacted("\n".join(lines), names, own).splitlines()

    def _service_facts(self) -> dict[str, str]:
        session, ready = self.session, self.service.ready
        card = session.model
        return {
            "State": session.service_state or "not started yet",
            "Started again": f"{self.service.restarts} times",
            "Devices": "; ".join(map(_device_words, session.devices)) or "not known",
            "Runs on": "nothing is loaded" if card is None else f"{card.device} ({card.device_reason})",
            "Memory of the window": _memory(os.getpid()),
            "Memory of the service": "not known" if ready is None else _memory(ready.pid),
            "Memory of the machine": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        }

    def _open_facts(self) -> dict[str, str]:
        session = self.session
        card, picture, result = session.model, session.picture, session.result
        facts = {"Images in the list": str(len(session.entries))}
        if card is not None:
            facts["Network"] = (
                f"{name_of(card)}, {card.backbone}, {'trained' if card.trained else 'untrained'}, "
                f"{len(card.categories)} classes, short side {card.short_side}"
            )
        if picture is not None:
            height, width = picture.pixels.shape[:2]
            truth = "with" if picture.truth is not None else "without"
            facts["Image"] = f"{width}×{height} pixels, {truth} ground truth"
        if result is not None:
            facts["Result"] = f"{len(result.trace.steps)} merge steps, {1000 * result.seconds:.0f} ms"
        return facts

    def _setting_facts(self) -> dict[str, str]:
        return differences(self.session.settings, self.session.default_settings)

    def _view_facts(self) -> dict[str, str]:
        return differences(self.session.view, type(self.session.view)())


def versions() -> dict[str, str]:
    """Returns the versions of the Studio, Python, the system, and the libraries that matter, by name."""
    found = {
        "LPSNet Studio": _version("lpsnet-studio"),
        "Python": f"{platform.python_version()} ({sys.implementation.name}, {platform.machine()})",
        "System": f"{platform.system()} {platform.release()}",
    }
    return found | {name: _version(name) for name in _LIBRARIES}


def differences(now: Any, default: Any) -> dict[str, str]:
    """Returns the fields of a dataclass that are not what they are at first, with both values."""
    return {
        each.name: f"{getattr(now, each.name)!r} (at first {getattr(default, each.name)!r})"
        for each in fields(now)
        if getattr(now, each.name) != getattr(default, each.name)
    }


def anonymous(text: str, home: Path | None = None, user: str | None = None) -> str:
    """Returns a text in which the home folder is ``~`` and the user's name is ``USER``.

    Args:
        text: any text, such as paths and tracebacks.
        home: the folder; the user's own if None.
        user: the name; the user's own if None.
    """
    home = Path.home() if home is None else home
    flags = re.IGNORECASE if os.name == "nt" else 0
    for folder in sorted({str(home), os.path.realpath(home), home.as_posix()}, key=len, reverse=True):
        if len(folder) > 1:
            text = re.sub(re.escape(folder) + r"(?![\w.-])", "~", text, flags=flags)
    name = _user_name() if user is None else user
    if len(name) > 1 and name.lower() not in _COMMON_NAMES:
        text = re.sub(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", "USER", text, flags=re.IGNORECASE)
    return text


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _device_words(device: Device) -> str:
    return f"{device.name}, {device.words}{f' ({device.problem})' if device.problem else ''}"


def _memory(pid: int) -> str:
    """Returns what this process or a child of it takes; another that has its old number is not meant."""
    try:
        process = psutil.Process(pid)
        if os.getpid() in (process.pid, process.ppid()):
            return f"{process.memory_info().rss / 2**20:.0f} MiB"
    except psutil.Error:
        pass
    return "it does not run"


def _table(title: str, facts: Mapping[str, str]) -> str:
    rows = [f"- {name}: {value}" for name, value in facts.items()]
    return "\n".join([f"## {title}", "", *(rows or ["- none"])])


def _block(title: str, lines: Iterable[str]) -> str:
    """Returns lines as a code block, fenced so that nothing in them ends it."""
    lines = list(lines) or ["(empty)"]
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"## {title}", "", f"{fence}text", *lines, fence])
