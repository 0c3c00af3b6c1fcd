"""Has results judged outside the GUI thread: one at a time, the newest next, and none twice."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.background import Background, Task
from lpsnet_studio.judgement import Judgement, judge
from lpsnet_studio.state import Result

__all__ = ["Judging"]

_PAUSE_MILLISECONDS = 120
"""What comes in the meantime, while a slider is dragged, is judged once."""


class Judging(QObject):
    """Judges what is asked for, unless something newer is asked for first.

    Attributes:
        judged: emitted with a :class:`~lpsnet_studio.judgement.Judgement` of what was asked for last.
        latest: the judgement that was made last; None if there is none.
    """

    judged = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.latest: Judgement | None = None
        self._background = Background(_pass_on, self)
        self._wanted: tuple[Result, PanopticSegmentation] | None = None
        self._task: Task | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MILLISECONDS)
        self._pause.timeout.connect(self._begin)

    def want(self, result: Result, truth: PanopticSegmentation) -> Judgement | None:
        """Returns the judgement of a result, or has it made: :attr:`judged` then brings it."""
        if self.latest is not None and self.latest.result is result and self.latest.truth is truth:
            self._wanted = None
            return self.latest
        self._wanted = result, truth
        if not self._pause.isActive():
            self._pause.start()
        return None

    def forget(self) -> None:
        """Wants nothing any more; what was judged last is kept."""
        self._wanted = None
        self._pause.stop()

    def _begin(self) -> None:
        if self._wanted is None or self._task is not None:
            return
        result, truth = self._wanted
        self._task = self._background.run(lambda: judge(result, truth), self._take)

    def _take(self, judgement: Judgement) -> None:
        self._task = None
        self.latest = judgement
        if self._wanted is None:
            return
        if self._wanted == (judgement.result, judgement.truth):
            self._wanted = None
            self.judged.emit(judgement)
        else:
            self._begin()


def _pass_on(error: Exception) -> None:
    """Lets a failure in the background be seen where every other is."""
    raise error
