"""The side of the jobs page: the list, what shortens it, what begins a job, and how a removal is taken back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.jobs.jobs_list import JobRow, SectionRow, StateFilter
from lpsnet_studio.jobs.jobs_list_view import JobsListView
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["BEGINNINGS", "JobsSide"]

BEGINNINGS: tuple[tuple[str, str, str], ...] = (
    ("train", "Train a network…", "Set up a training."),
    ("evaluate", "Evaluate a network…", "Measure a network on pictures with ground truth."),
    ("predict", "Predict pictures…", "Segment pictures with a network."),
)
"""Kind, words and tool tip of each job that can be set up."""
_NONE_FOUND = "No job has these words and this state."


class _Search(QLineEdit):
    """Words that jobs must have; Down and Enter go to the list, Esc clears."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leaves the field at Down and Enter, and clears it at Esc."""
        match event.key():
            case Qt.Key.Key_Escape if self.text():
                self.clear()
            case Qt.Key.Key_Down | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.left.emit()
            case _:
                super().keyPressEvent(event)


class JobsSide(QWidget):
    """The list of jobs with all that is about the whole of it.

    Args:
        theme: gives colours and icons.

    Signals:
        filter_changed: other jobs are wanted.
        new_wanted: a job of a kind is to be set up.
        open_wanted: a run directory is to be opened.
        undo_wanted: the last removal is to be taken back.

    Attributes:
        list: the jobs.
        search: words that they must have.
        states: which states are wanted.
        notice: what became of the last removal.
    """

    filter_changed = Signal()
    new_wanted = Signal(str)
    open_wanted = Signal()
    undo_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.list, self.search, self.states = JobsListView(theme), _Search(), QComboBox()
        self.new_button, self.open_button = QPushButton("New job"), QToolButton()
        self.notice, self.undo = ElidedLabel(), QPushButton("List again")
        self._none = QLabel(_NONE_FOUND)
        self._prepare()
        self._lay_out()
        self._follow()
        theme.changed.connect(self._follow)

    def _prepare(self) -> None:
        self.search.setPlaceholderText("Find a job")
        self.search.setAccessibleName("Find a job")
        self.search.setToolTip("Only jobs with these words in their name, path, kind or state.")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self.filter_changed.emit())
        self.search.left.connect(self.list.setFocus)
        for state in StateFilter:
            self.states.addItem(state.value, state)
        self.states.setAccessibleName("States")
        self.states.setToolTip("Only jobs in this state.")
        self.states.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.states.setMinimumContentsLength(8)
        self.states.currentIndexChanged.connect(lambda _at: self.filter_changed.emit())
        menu = QMenu(self.new_button)
        menu.setToolTipsVisible(True)
        for kind, words, tip in BEGINNINGS:
            action = menu.addAction(words)
            action.setToolTip(tip)
            action.triggered.connect(lambda _checked=False, kind=kind: self.new_wanted.emit(kind))
        self.new_button.setToolTip("Set up a training, an evaluation or a prediction.")
        self.new_button.setMenu(menu)
        self.open_button.setAccessibleName("Open run directory")
        self.open_button.setToolTip("Open run directory: list a run from anywhere, such as a copy from a cluster.")
        self.open_button.clicked.connect(lambda: self.open_wanted.emit())
        # Outside of a dialog that is what lets Enter press a button where the keyboard is on it, as Space does.
        for button in (self.new_button, self.undo):
            button.setAutoDefault(True)
        self.open_button.setAutoRaise(True)
        self.open_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.undo.setToolTip("List it again; its files were never touched.")
        self.undo.clicked.connect(lambda: self.undo_wanted.emit())
        self.notice.setFont(caption_font(self.font()))
        self._none.setWordWrap(True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._none.setMargin(16)

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.setSpacing(4)
        above.addWidget(self.new_button)
        above.addStretch(1)
        above.addWidget(self.open_button)
        filters = QHBoxLayout()
        filters.setSpacing(4)
        filters.addWidget(self.search, 3)
        filters.addWidget(self.states, 2)
        top = QVBoxLayout()
        top.setContentsMargins(8, 8, 8, 8)
        top.setSpacing(8)
        top.addLayout(above)
        top.addLayout(filters)
        self._notice_line = QWidget()
        line = QHBoxLayout(self._notice_line)
        line.setContentsMargins(12, 4, 8, 4)
        line.setSpacing(8)
        line.addWidget(self.notice, 1)
        line.addWidget(self.undo)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._none, 1)
        layout.addWidget(self._notice_line)
        self.tell("")
        self._none.hide()

    def _follow(self) -> None:
        self.open_button.setIcon(self._theme.icon("open-folder"))

    @property
    def wanted(self) -> StateFilter:
        """Which states are wanted."""
        chosen = self.states.currentData()
        return chosen if isinstance(chosen, StateFilter) else StateFilter.ALL

    def show_rows(self, rows: Sequence[SectionRow | JobRow]) -> None:
        """Shows rows."""
        self.list.show_rows(rows)
        self._none.setVisible(not rows)
        self.list.setVisible(bool(rows))

    def show_all_states(self) -> None:
        """Takes the filters away."""
        self.search.clear()
        self.states.setCurrentIndex(0)

    def tell(self, words: str, *, can_undo: bool = False) -> None:
        """Says a few words below the list; empty for none."""
        self.notice.setText(words)
        self.undo.setVisible(can_undo)
        self._notice_line.setVisible(bool(words))
