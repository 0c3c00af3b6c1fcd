"""Which waiting job starts next: one at a time on each device, in the order of the queue. Nothing here reads a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lpsnet_studio.jobs.spec import JobSpec

__all__ = ["Plan", "Wait", "devices_of", "moved", "plan"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a job has not started.

    Attributes:
        device: that it waits for.
        holder: the run directory of the job that has the device, or that waits for it in front.
        is_running: whether the holder has it, rather than waits for it too.
    """

    device: str
    holder: Path
    is_running: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of every waiting job now; each is in one of the two.

    Attributes:
        starts: those that start, in their order.
        waits: why each of the others does not, by run directory.
    """

    starts: tuple[JobSpec, ...]
    waits: Mapping[Path, Wait]


def devices_of(spec: JobSpec, auto: str = "auto") -> frozenset[str]:
    """Returns the devices that a job has to itself.

    Args:
        spec: of the job.
        auto: what ``auto`` means on this machine; where that is not known it counts as a device of its own.
    """
    named = (auto if device == "auto" else device for device in spec.devices)
    return frozenset("cuda:0" if device == "cuda" else device for device in named)


def plan(queue: Sequence[JobSpec], busy: Mapping[str, Path], auto: str = "auto") -> Plan:
    """Returns which waiting jobs start now, and why the others do not.

    A job that needs several devices keeps those behind it from all of them, or it would never find them free together.

    Args:
        queue: the jobs that wait, the first to start first; no two of one run directory.
        busy: the run directory of who has a device, by device.
        auto: see :func:`devices_of`.
    """
    holders = {device: (folder, True) for device, folder in busy.items()}
    starts: list[JobSpec] = []
    waits: dict[Path, Wait] = {}
    for spec in queue:
        needed = sorted(devices_of(spec, auto))
        # Who runs there says more than who waits in front.
        hindrances = [Wait(device, *holders[device]) for device in needed if device in holders]
        starts_now = not hindrances
        if starts_now:
            starts.append(spec)
        else:
            waits[spec.folder] = max(hindrances, key=lambda wait: wait.is_running)
        for device in needed:
            holders.setdefault(device, (spec.folder, starts_now))
    return Plan(tuple(starts), waits)


def moved(items: Sequence[T], item: T, place: int) -> tuple[T, ...]:
    """Returns the items with one of them at another place; places beyond the ends are the ends.

    Args:
        items: in their order.
        item: one of them.
        place: where it is to be among them all; 0 is the first.
    """
    others = [other for other in items if other != item]
    place = min(max(place, 0), len(others))
    return (*others[:place], item, *others[place:])
