"""Decodes the pictures of evaluations in the background, those on the screen first, and keeps the last ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from lpsnet.images import read_image, read_thumbnail
from lpsnet_studio.background import Background, pass_on
from lpsnet_studio.jobs.samples import Sample

__all__ = ["SamplePictures", "large_picture", "small_picture"]

SMALL = (200, 400)
"""``(H, W)`` that a small picture fits into."""
_MEMORY = 48 * 2**20
_AT_A_TIME = 2
_MOST_HOPELESS = 10_000


def small_picture(sample: Sample) -> QImage:
    """Returns a picture that fits into :data:`SMALL`; ImageError if it cannot be read."""
    return _image(read_thumbnail(sample.path, SMALL))


def large_picture(sample: Sample) -> QImage:
    """Returns a picture as it is; ImageError if it cannot be read."""
    return _image(read_image(sample.path))


def _image(pixels: NDArray[np.uint8]) -> QImage:
    height, width = pixels.shape[:2]
    pixels = np.ascontiguousarray(pixels)
    # Four bytes a pixel is what screens take: the conversion is done here and not in the GUI thread.
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )


class SamplePictures(QObject):
    """Pictures by their sample. What is wanted is told anew whenever the screen shows others.

    Signals:
        made: a sample: :meth:`find` has its picture, or :meth:`problem` why there is none.

    Args:
        read: decodes one; called in threads.
        memory: bytes that are kept.
        parent: Qt's owner.
    """

    made = Signal(object)

    def __init__(self, read: Callable[[Sample], QImage], memory: int = _MEMORY, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read, self._memory = read, memory
        self._kept: OrderedDict[Sample, QPixmap] = OrderedDict()
        self._bytes = 0
        self._problems: dict[Sample, str] = {}
        self._seen: frozenset[Sample] = frozenset()
        """What was wanted last, whether or not it is made by now."""
        self._wanted: list[Sample] = []
        self._under_way: set[Sample] = set()
        self._background = Background(pass_on, self)

    @property
    def bytes_kept(self) -> int:
        """How much memory the pictures take."""
        return self._bytes

    def find(self, sample: Sample) -> QPixmap | None:
        """Returns a picture; None if it has not been made."""
        pixmap = self._kept.get(sample)
        if pixmap is not None:
            self._kept.move_to_end(sample)
        return pixmap

    def problem(self, sample: Sample) -> str:
        """Returns why a picture cannot be read; empty if it can, or nobody tried."""
        return self._problems.get(sample, "")

    def want(self, samples: Sequence[Sample]) -> None:
        """Has pictures made, the first first; whatever was wanted before is so no more."""
        self._seen = frozenset(samples)
        self._wanted = [sample for sample in samples if not (sample in self._kept or sample in self._problems)]
        self._begin()

    def close(self) -> None:
        """Makes no more."""
        self._wanted = []
        self._background.cancel()
        self._background.wait(300)

    def _begin(self) -> None:
        while self._wanted and len(self._under_way) < _AT_A_TIME:
            sample = self._wanted.pop(0)
            if sample not in self._under_way:
                self._under_way.add(sample)
                self._background.run(
                    partial(self._outcome, sample), partial(self._take, sample), ended=partial(self._go_on, sample)
                )

    def _outcome(self, sample: Sample) -> QImage | str:
        try:
            return self._read(sample)
        except Exception as error:  # a decoder may raise anything; its place says what
            return str(error) or type(error).__name__

    def _take(self, sample: Sample, outcome: QImage | str) -> None:
        if isinstance(outcome, str):
            if len(self._problems) >= _MOST_HOPELESS:
                self._problems.clear()
            self._problems[sample] = outcome
        else:
            self._kept[sample] = QPixmap.fromImage(outcome)
            self._bytes += _bytes_of(self._kept[sample])
            self._make_room()

    def _make_room(self) -> None:
        """Drops what was not looked at for longest, what is not wanted before what is."""
        for is_wanted in (False, True):
            for sample in [sample for sample in self._kept if (sample in self._seen) == is_wanted]:
                if self._bytes <= self._memory or len(self._kept) == 1:
                    return
                self._bytes -= _bytes_of(self._kept.pop(sample))

    def _go_on(self, sample: Sample) -> None:
        self._under_way.discard(sample)
        self._begin()
        self.made.emit(sample)


def _bytes_of(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4
