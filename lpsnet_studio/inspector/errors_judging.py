"""Has results judged outside the GUI thread: one at a time, the newest next, and none twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QTimer, Signal

from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.background import Background, Task, is_awaited, pass_on
from lpsnet_studio.judgement import Judgement, judge, with_losses
from lpsnet_studio.state import Result

__all__ = ["Judging"]

_PAUSE_MILLISECONDS = 120
"""What comes in the meantime, while a slider is dragged, is judged once."""
_REST_MILLISECONDS = 300
"""How long nothing newer is asked for until it is worth knowing where missed segments were lost."""


class Judging(QObject):
    """Judges what is asked for, unless something newer is; where segments were lost it finds out later.

    Attributes:
        judged: emitted with a :class:`~lpsnet_studio.judgement.Judgement` of what was asked for last, and once more
            when it is known where missed segments were lost.
        latest: the judgement that was made last; None if there is none.
    """

    judged = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.latest: Judgement | None = None
        self._background = Background(pass_on, self)
        self._wanted: tuple[Result, PanopticSegmentation, Mapping[int, float] | None] | None = None
        self._task: Task | None = None
        self._pause = self._timer(_PAUSE_MILLISECONDS, self._begin)
        self._rest = self._timer(_REST_MILLISECONDS, self._begin_losses)

    def _timer(self, milliseconds: int, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(act)
        return timer

    def want(
        self, result: Result, truth: PanopticSegmentation, truth_areas: Mapping[int, float] | None
    ) -> Judgement | None:
        """Returns the judgement of a result, or has it made: :attr:`judged` then brings it.

        Args:
            result: see :func:`~lpsnet_studio.judgement.judge`.
            truth: likewise.
            truth_areas: likewise; they belong to the truth.
        """
        self._wanted = result, truth, truth_areas
        if self._is_wanted(self.latest):
            self._finish()
            return self.latest
        self._rest.stop()
        if not self._pause.isActive():
            self._pause.start()
        return None

    def forget(self) -> None:
        """Wants nothing any more; what was judged last is kept."""
        self._wanted = None
        self._pause.stop()
        self._rest.stop()

    def let_go(self) -> None:
        """Wants nothing any more, and keeps nothing: what was judged is of an image that was left."""
        self.forget()
        self.latest = None
        if self._task is not None:
            self._background.withdraw(self._task)

    def _is_wanted(self, judgement: Judgement | None) -> bool:
        if judgement is None or self._wanted is None:
            return False
        result, truth, _ = self._wanted
        return judgement.result is result and judgement.truth is truth

    def _begin(self) -> None:
        if self._wanted is None or is_awaited(self._task) or self._is_wanted(self.latest):
            return
        result, truth, truth_areas = self._wanted
        self._task = self._background.run(
            lambda: judge(result, truth, truth_areas), self._take, ended=lambda: self._go_on(result)
        )

    def _begin_losses(self) -> None:
        judgement = self.latest
        if judgement is not None and not is_awaited(self._task) and self._is_wanted(judgement):
            self._task = self._background.run(
                lambda: with_losses(judgement), self._take, ended=lambda: self._go_on(judgement.result)
            )

    def _take(self, judgement: Judgement) -> None:
        self.latest = judgement
        if self._is_wanted(judgement):
            self.judged.emit(judgement)
            self._finish()

    def _go_on(self, tried: Result) -> None:
        """Judges what was asked for in the meantime; what has just failed is not tried again before it is."""
        if self._wanted is not None and self._wanted[0] is not tried:
            self._begin()

    def _finish(self) -> None:
        """Asks where segments were lost, a while after nothing newer was asked for."""
        if self.latest is not None and self.latest.losses is None:
            self._rest.start()
