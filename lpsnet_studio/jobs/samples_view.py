"""Predictions as a training draws them: all of them in a table, one of them large and followed through time."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from lpsnet_studio.background import Background, Task, is_awaited, pass_on
from lpsnet_studio.jobs.sample_pictures_view import SamplePictures, small_picture
from lpsnet_studio.jobs.sample_stage_view import SampleStage
from lpsnet_studio.jobs.samples import RunSamples, SampleSheet
from lpsnet_studio.jobs.samples_grid_view import SamplesGrid, SamplesModel
from lpsnet_studio.theme import Theme

__all__ = ["SamplesView"]

_INTERVAL = 2000
"""Milliseconds between two looks at the folders, while they are on the screen."""
_NO_JOB = "Choose a training to see what it predicts."
_NOTHING = (
    "No samples were drawn yet. A training draws the first pictures of its validation data at each evaluation; "
    "training.samples says how many."
)


class SamplesView(QWidget):
    """Shows the samples of one run directory at a time.

    Args:
        theme: gives colours and icons.
        parent: Qt's owner.

    Attributes:
        grid: all pictures, the newest evaluation first.
        stage: one picture, large.
        sheet: what is there.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: RunSamples | None = None
        self.sheet = SampleSheet()
        self._small = SamplePictures(small_picture, parent=self)
        self._model = SamplesModel()
        self.grid = SamplesGrid(theme, self._model, self._small)
        self.stage = SampleStage(theme, self._small)
        self._state = QLabel()
        self._state.setTextFormat(Qt.TextFormat.PlainText)
        self._state.setWordWrap(True)
        self._state.setMargin(16)
        self._state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.grid.setToolTip("Enter or a click enlarges a picture.")
        # Qt's stacks have no margins of their own.
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 8, 8, 8)
        self._stack = QStackedLayout()
        whole.addLayout(self._stack)
        for widget in (self._state, self.grid, self.stage):
            self._stack.addWidget(widget)
        self._background = Background(pass_on, self)
        self._reading: Task | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL)
        self._timer.timeout.connect(self._read)
        self.grid.opened.connect(self._enlarge)
        self.stage.left.connect(self.show_all)
        self._show()

    # --------------------------------------------------------------------------------------------------------- reading

    def show_run(self, run_dir: Path | None) -> None:
        """Shows the samples of a run from now on; None for none. Showing it again changes nothing."""
        if run_dir == (None if self._run is None else self._run.run_dir):
            return
        self._background.cancel()
        self._reading = None
        self._run = None if run_dir is None else RunSamples(run_dir)
        self._take(SampleSheet())
        self._stack.setCurrentWidget(self._state)
        self._read()

    def close_samples(self) -> None:
        """Ends reading; called before the window goes."""
        self._timer.stop()
        self._background.cancel()
        self._background.wait(300)
        self._small.close()
        self.stage.large.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Looks at the folders again."""
        super().showEvent(event)
        self._timer.start()
        self._read()

    def hideEvent(self, event: QHideEvent) -> None:
        """Reads nothing that nobody sees."""
        super().hideEvent(event)
        self._timer.stop()

    def _read(self) -> None:
        if self._run is not None and not is_awaited(self._reading):
            self._reading = self._background.run(self._run.read, self._take)

    def _take(self, sheet: SampleSheet) -> None:
        self.sheet = sheet
        kept = self._current()
        bar = self.grid.verticalScrollBar()
        # Counted from the end: newer evaluations come before the others.
        below = bar.maximum() - bar.value() if bar.value() else None
        self._model.show(sheet)
        self.stage.show_sheet(sheet)
        if kept is not None:
            self._mark(*kept)
        if below is not None:
            self.grid.updateGeometries()
            bar.setValue(bar.maximum() - below)
        self._show()

    # --------------------------------------------------------------------------------------------------------- showing

    def show_all(self) -> None:
        """Shows all pictures again; the one that was large is current."""
        if self.stage.evaluation is not None and self.stage.sample is not None:
            self._mark(self.stage.sample.name, self.stage.evaluation.iteration)
        self._stack.setCurrentWidget(self.grid)
        self._show()
        self.grid.scrollTo(self.grid.currentIndex())
        self.grid.want_again()
        self.grid.setFocus()

    def _enlarge(self, index: QModelIndex) -> None:
        self.stage.show_sheet(self.sheet)
        self.stage.show_sample(self._model.name(index), self._model.evaluation(index).iteration)
        self._stack.setCurrentWidget(self.stage)
        self.stage.strip.want_again()
        self.stage.view.setFocus()

    def _show(self) -> None:
        """Shows pictures where there are any, and else says why there are none."""
        state = self.sheet.problem or (_NO_JOB if self._run is None else _NOTHING)
        self._state.setText(state)
        if not self.sheet.evaluations:
            self._stack.setCurrentWidget(self._state)
        elif self._stack.currentWidget() is self._state:
            self._stack.setCurrentWidget(self.grid)

    def _current(self) -> tuple[str, int] | None:
        """Returns the picture and the iteration that the keys act on."""
        index = self.grid.currentIndex()
        return (self._model.name(index), self._model.evaluation(index).iteration) if index.isValid() else None

    def _mark(self, name: str, iteration: int) -> None:
        if self.sheet.evaluations and name in self.sheet.names:
            row, column = self.sheet.row_of(iteration), self.sheet.names.index(name)
            self.grid.selectionModel().setCurrentIndex(
                self._model.index(row, column), self.grid.selectionModel().SelectionFlag.ClearAndSelect
            )
