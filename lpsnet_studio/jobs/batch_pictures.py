"""The pictures of an evaluation or a prediction as they are done, the worst first, and what they came to; no Qt."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lpsnet.events import BatchStarted, EvaluationDone, EventReader, PictureDone
from lpsnet_studio.jobs.amounts import length_words
from lpsnet_studio.jobs.job_words import percent

__all__ = ["BatchPictures", "BatchSheet", "Quality", "cost_lines", "qualities", "worst_first"]

_MOST_LINES = 20_000
_NO_NUMBER = "—"
_OVER: tuple[tuple[str, str], ...] = (("All classes", ""), ("Things", "_things"), ("Stuff", "_stuff"))
_COSTS: tuple[tuple[str, str], ...] = (
    ("ms", "whole image"),
    ("ms_network", "network"),
    ("ms_post_processing", "post-processing"),
)


@dataclass(frozen=True, slots=True)
class BatchSheet:
    """What is known of a batch's pictures.

    Attributes:
        pictures: that had their turn, the worst first.
        total: how many there will be; 0 if that is not known.
        failed: how many of them failed.
        is_measured: whether any has a PQ.
        done: what the evaluation came to; None before its end, and of a prediction.
        has_more: whether there was more to read.
        is_predicted: whether the batch is a prediction, which measures none unless it has their ground truth.
    """

    pictures: tuple[PictureDone, ...] = ()
    total: int = 0
    failed: int = 0
    is_measured: bool = False
    done: EvaluationDone | None = None
    has_more: bool = False
    is_predicted: bool = False

    @property
    def has_quality(self) -> bool:
        """Whether pictures have a quality, or will have one."""
        return self.is_measured or not self.is_predicted


class BatchPictures:
    """Reads the pictures from a batch's ``events.jsonl``, from any thread but one at a time.

    Args:
        path: of the file, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = EventReader(path)
        self._pictures: dict[int, PictureDone] = {}
        self._total = 0
        self._done: EvaluationDone | None = None
        self._is_predicted = False
        self._restarts = self._reader.restarts
        self._sheet = BatchSheet()

    def read(self) -> BatchSheet:
        """Reads on, and returns what is known; the same object if nothing was found.

        Raises:
            OSError: if the file is there and cannot be read.
        """
        events, has_more = self._reader.read_lines(_MOST_LINES)
        is_anew, self._restarts = self._reader.restarts != self._restarts, self._reader.restarts
        if is_anew:
            self._pictures, self._total, self._done = {}, 0, None
        for event in events:
            if isinstance(event, BatchStarted):
                self._pictures, self._total, self._done = {}, event.pictures, None
                self._is_predicted = event.task == "predict"
            elif isinstance(event, PictureDone):
                self._pictures[event.done], self._total = event, event.pictures
            elif isinstance(event, EvaluationDone):
                self._done = event
        if events or is_anew or has_more != self._sheet.has_more:
            pictures = worst_first(self._pictures.values())
            failed = sum(bool(picture.problem) for picture in pictures)
            is_measured = any(picture.pq is not None for picture in pictures)
            self._sheet = BatchSheet(
                pictures, self._total, failed, is_measured, self._done, has_more, self._is_predicted
            )
        return self._sheet


def worst_first(pictures: Iterable[PictureDone]) -> tuple[PictureDone, ...]:
    """Returns pictures with those that failed first, then by rising PQ, and those without one last."""
    return tuple(sorted(pictures, key=_badness))


def _badness(picture: PictureDone) -> tuple[int, float, int]:
    if picture.problem:
        return (0, 0.0, picture.done)
    if picture.pq is None or not math.isfinite(picture.pq):
        return (2, 0.0, picture.done)
    return (1, picture.pq, picture.done)


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures over some classes, in words.

    Attributes:
        over: which classes.
        pq: panoptic quality in per cent.
        sq: segmentation quality.
        rq: recognition quality.
    """

    over: str
    pq: str
    sq: str
    rq: str


def qualities(done: EvaluationDone) -> tuple[Quality, ...]:
    """Returns PQ, SQ and RQ over all classes, things and stuff."""
    return tuple(
        Quality(words, *(percent(done.figures.get(f"{name}{suffix}")) for name in ("pq", "sq", "rq")))
        for words, suffix in _OVER
    )


def cost_lines(done: EvaluationDone) -> tuple[str, ...]:
    """Returns the other figures in a few lines: AP, mIoU, time an image, and over what they are."""
    figures = done.figures
    precision = (
        f"{words} AP {percent(figures[f'{name}_ap'])} (at IoU 0.50 {percent(figures.get(f'{name}_ap50'))})"
        for words, name in (("Box", "box"), ("Mask", "mask"))
        if figures.get(f"{name}_ap") is not None
    )
    miou = f"mIoU {percent(figures['miou'])}" if figures.get("miou") is not None else ""
    times = ", ".join(f"{words} {value:.1f} ms" for name, words in _COSTS if (value := figures.get(name)) is not None)
    quality = " · ".join(part for part in (*precision, miou) if part)
    over = f"Over {done.images:,} of {done.pictures:,} pictures in {length_words(done.seconds)}"
    if not done.complete:
        over += "; it was stopped before the others"
    return tuple(line for line in (quality, times and f"Median time an image: {times}", over) if line)
