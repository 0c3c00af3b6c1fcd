"""Where a network can run, and why not elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch

__all__ = ["DeviceOption", "choose_device", "device_options"]

_MPS = (
    "Apple MPS is not supported: the deformable convolution and the pyramid pooling, whose regions do not divide the "
    "map evenly, were not shown to compute there what they compute elsewhere"
)
"""Both operators came to MPS late (pytorch/vision pull request 9017, pytorch/pytorch pull request 169973); neither was
ever compared with the CPU's here. A network that runs and is wrong is worse than one that does not run."""


@dataclass(frozen=True, slots=True)
class DeviceOption:
    """A device that a user may wish for.

    Attributes:
        name: as ``--device`` takes it, for example ``cuda:0``.
        words: for people, for example ``NVIDIA H100``.
        problem: why it cannot be had, in a sentence without a full stop; empty if it can.
    """

    name: str
    words: str
    problem: str = ""


def device_options() -> tuple[DeviceOption, ...]:
    """Returns the CPU, every CUDA device by its name or why there is none, and on a Mac why MPS is not among them."""
    problem = _cuda_problem()
    if problem:
        cards = [DeviceOption("cuda", "CUDA", problem)]
    else:
        count = torch.cuda.device_count()
        cards = [DeviceOption(f"cuda:{index}", torch.cuda.get_device_name(index)) for index in range(count)]
    apple = [DeviceOption("mps", "Apple MPS", _MPS)] if _has_mps() else []
    return (DeviceOption("cpu", "CPU"), *cards, *apple)


def choose_device(wish: str) -> tuple[torch.device, str]:
    """Returns the device to use and why, in words.

    Args:
        wish: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; ``auto`` takes the first CUDA device where there is one.

    Returns:
        The device and the reason. What stands before a colon in the reason is enough where there is little room.

    Raises:
        ValueError: if the device asked for does not exist, or is of a kind the network does not run on.
    """
    if wish == "auto":
        return _best_device()
    try:
        device = torch.device(wish)
    except RuntimeError:
        raise ValueError(f"device must be auto, cpu, cuda or cuda:N, not {wish!r}") from None
    if device.type == "cpu":
        return device, "asked for"
    if device.type == "mps":
        raise ValueError(f"device {wish}: {_MPS}; use cpu")
    if device.type != "cuda":
        raise ValueError(f"device {wish}: the network runs on cpu and cuda only")
    problem = _cuda_problem()
    if problem:
        raise ValueError(f"device {wish}: {problem}")
    if (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device {wish}: this machine has {torch.cuda.device_count()} CUDA devices")
    return torch.device("cuda", device.index or 0), torch.cuda.get_device_name(device)


def _best_device() -> tuple[torch.device, str]:
    problem = _cuda_problem()
    if not problem:
        return torch.device("cuda", 0), torch.cuda.get_device_name(0)
    return torch.device("cpu"), _MPS if _has_mps() else problem


def _cuda_problem() -> str:
    """Says why CUDA cannot be had; empty if it can. A driver that is there but of no use is said first."""
    if _cuda_is_available():
        return ""
    has_driver = _has_nvidia_driver()
    if torch.version.cuda is None:
        cause = "this PyTorch is built without CUDA"
        return f"NVIDIA driver found, but {cause}" if has_driver else f"no CUDA device: {cause}"
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if has_driver and hidden is not None:
        return f"no CUDA device: CUDA_VISIBLE_DEVICES is {hidden!r}"
    return f"NVIDIA driver found, but {_start_failure()}" if has_driver else "no CUDA device: there is no NVIDIA driver"


def _cuda_is_available() -> bool:
    with warnings.catch_warnings():
        # The reason is told in words of our own.
        warnings.simplefilter("ignore")
        return torch.cuda.is_available() and torch.cuda.device_count() > 0


def _start_failure() -> str:
    """Returns CUDA's own reason for not starting, its first sentence."""
    try:
        torch.zeros(1, device="cuda")
    except (RuntimeError, AssertionError) as error:
        return "CUDA cannot be started: " + str(error).strip().split("\n")[0].split(". ")[0].rstrip(".")
    return "it shows no CUDA device"


def _has_nvidia_driver() -> bool:
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "nvcuda.dll").exists()
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def _has_mps() -> bool:
    return bool(torch.backends.mps.is_available())
