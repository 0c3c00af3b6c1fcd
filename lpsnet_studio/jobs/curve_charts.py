"""Which figures of a run are seen together, what they are called, and in which unit they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

__all__ = ["CHARTS", "Chart", "scale_of", "word_of"]

_QUALITY = ("pq", "sq", "rq", "miou", "iou")
_LOAD_BYTES = ("rss_bytes", "memory_bytes")
_PICTURE = "picture."
_SMOOTHING = 0.6
_SHORT = {
    "borderness": "border-ness",
    "pq": "PQ",
    "sq": "SQ",
    "rq": "RQ",
    "miou": "mIoU",
    "iou": "IoU",
    "cpu": "CPU",
    "gpu": "GPU",
    "gpus": "GPU",
}
_NAMES = {
    "lr": "learning rate",
    "gradient_norm": "gradient norm",
    "images_per_second": "images/s",
    "memory_bytes": "training",
    "load.rss_bytes": "all processes",
}


@dataclass(frozen=True, slots=True)
class Chart:
    """Figures of one unit.

    Attributes:
        title: in words.
        unit: of what is shown; empty for plain numbers.
        holds: whether a figure belongs to it.
        absence: what to say while there is none of them; ``{}`` stands for when the first come.
        shown: figures that are shown unless the user chooses; empty for all.
        is_of_pictures: whether the pictures of a batch are counted, not iterations.
        smoothing: unless the user chooses; 0 for figures that are few, or steady.
    """

    title: str
    unit: str
    holds: Callable[[str], bool]
    absence: str
    shown: tuple[str, ...] = ()
    is_of_pictures: bool = False
    smoothing: float = 0.0

    def names(self, names: Iterable[str]) -> tuple[str, ...]:
        """Returns those of the figures that belong to it, each once."""
        return tuple(dict.fromkeys(name for name in names if self.holds(name)))


def _is_quality(name: str) -> bool:
    return name.split("_")[0] in _QUALITY


def _is_quality_of_picture(name: str) -> bool:
    return name.startswith(_PICTURE) and _is_quality(name.removeprefix(_PICTURE))


def _is_memory(name: str) -> bool:
    return name == "memory_bytes" or (name.startswith("load.") and name.endswith(_LOAD_BYTES))


CHARTS: tuple[Chart, ...] = (
    Chart(
        "Losses",
        "",
        lambda name: name.startswith("loss."),
        "No losses yet. The first come after {}.",
        smoothing=_SMOOTHING,
    ),
    Chart(
        "Quality",
        "%",
        _is_quality,
        "Not measured yet. PQ is here after the first evaluation.",
        ("pq", "pq_things", "pq_stuff"),
    ),
    Chart(
        "Quality of pictures",
        "%",
        _is_quality_of_picture,
        "No picture was measured. An evaluation shows the PQ of each here.",
        ("picture.pq",),
        is_of_pictures=True,
        smoothing=_SMOOTHING,
    ),
    Chart("Learning rate", "", lambda name: name == "lr", "No learning rate yet. The first comes after {}."),
    Chart(
        "Gradient norm",
        "",
        lambda name: name == "gradient_norm",
        "No gradients yet. The first come after {}.",
        smoothing=_SMOOTHING,
    ),
    Chart("Images per second", "", lambda name: name == "images_per_second", "No speed yet. It is here after {}."),
    Chart(
        "Time a picture",
        "s",
        lambda name: name == "picture.seconds",
        "No picture had its turn yet.",
        is_of_pictures=True,
    ),
    Chart("Memory", "GiB", _is_memory, "Memory is here once the job runs."),
    Chart(
        "Load",
        "%",
        lambda name: name.startswith("load.") and name.endswith("percent"),
        "The load of CPU and GPU is here once the job runs on this machine.",
    ),
)
"""What can be looked at, in this order."""


def scale_of(name: str) -> float:
    """Returns by what a figure is multiplied to be shown in its chart's unit."""
    if _is_quality(name) or _is_quality_of_picture(name):
        return 100.0
    return 2.0**-30 if _is_memory(name) else 1.0


def word_of(name: str) -> str:
    """Returns what a figure is called beside others of its chart."""
    if name in _NAMES:
        return _NAMES[name]
    parts = name.removeprefix("loss.").removeprefix("load.").removeprefix(_PICTURE).replace(".", "_").split("_")
    return " ".join(_SHORT.get(part, part) for part in parts if part not in ("percent", "bytes"))
