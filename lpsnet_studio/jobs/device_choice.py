"""On which devices a job may run: what this machine has, and what someone typed; no Qt."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["DeviceOption", "devices_from", "devices_of_machine", "fault_of_devices", "turned"]

_ASK = (
    "import dataclasses, json; from lpsnet.engine.devices import device_options; "
    "print(json.dumps([dataclasses.asdict(option) for option in device_options()]))"
)
"""Asked of a process of its own: whoever asks torch for GPUs has loaded it for good."""
_PATIENCE = 120.0
_NAME = re.compile(r"auto|cpu|cuda(?::\d{1,3})?")
_GPU = re.compile(r"cuda:\d+")
_SEPARATORS = re.compile(r"[\s,;+]+")


@dataclass(frozen=True, slots=True)
class DeviceOption:
    """A device that this machine has, or could have.

    Attributes:
        name: for example ``cuda:0``.
        words: for people, for example ``NVIDIA H100``.
        problem: why it cannot be had; empty if it can.
    """

    name: str
    words: str
    problem: str = ""


def devices_of_machine(command: Sequence[str] = (sys.executable, "-c", _ASK)) -> tuple[DeviceOption, ...]:
    """Returns the devices, the CPU first; takes seconds, so that it is asked outside the window's thread.

    If nothing is to be learnt, the CPU is there and CUDA has the reason as its problem.
    """
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL)
        told = json.loads(done.stdout.splitlines()[-1])
        return tuple(DeviceOption(str(each["name"]), str(each["words"]), str(each["problem"])) for each in told)
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError) as error:
        reason = "PyTorch could not be asked which devices there are"
        if isinstance(error, subprocess.CalledProcessError) and error.stderr.strip():
            reason = f"{reason}: {error.stderr.decode('utf-8', 'replace').strip().splitlines()[-1]}"
        return (DeviceOption("cpu", "CPU"), DeviceOption("cuda", "CUDA", reason))


def devices_from(text: str) -> tuple[str, ...]:
    """Returns the devices that a text names, such as ``cuda:0, cuda:1``; numbers alone are GPUs."""
    words = [word for word in _SEPARATORS.split(text.strip().lower()) if word]
    return tuple(f"cuda:{word}" if word.isdigit() else word for word in words)


def fault_of_devices(devices: Sequence[str], *, several: bool) -> str:
    """Returns what is wrong with a choice of devices, in one sentence; empty if nothing is.

    Args:
        devices: their names.
        several: whether more than one can work on the job.
    """
    if not devices:
        return "say where it runs: auto, cpu or cuda:N"
    unknown = [name for name in devices if not _NAME.fullmatch(name)]
    if unknown:
        return f"a device is auto, cpu, cuda or cuda:N, not {unknown[0]}"
    if len(devices) == 1 or (several and set(devices) == {"cpu"}):
        return ""
    if not several:
        return "this runs on one device"
    if len(set(devices)) < len(devices):
        return "every GPU can be named once only"
    if not all(_GPU.fullmatch(name) for name in devices):
        return "only GPUs, such as cuda:0 and cuda:1, train together"
    return ""


def turned(devices: Sequence[str], name: str, *, on: bool, several: bool) -> tuple[str, ...]:
    """Returns a choice of devices after one was ticked or unticked; without any it is ``auto``.

    GPUs are ticked together where several can work on the job; any other stands alone.
    """
    if not on:
        return tuple(each for each in devices if each != name) or ("auto",)
    together = [each for each in devices if several and _GPU.fullmatch(each) and _GPU.fullmatch(name) and each != name]
    return tuple(sorted([*together, name], key=lambda each: (len(each), each)))
