"""One candidate box in full: its score and how it came about, its sides, its classes, and why it ended where it did."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from lpsnet.analysis.fates import CandidateFacts
from lpsnet_studio.inference.messages import Probed
from lpsnet_studio.inspector.levels_model import Survey
from lpsnet_studio.inspector.levels_words import FACT_TIPS, fact_lines, fate_sentence, title_of
from lpsnet_studio.labels import as_tip
from lpsnet_studio.texts import as_caption, body
from lpsnet_studio.theme import figure_font

__all__ = ["CandidateFactsView"]

_NOTHING = "Click a box on the canvas, or choose one of the list: clicks on the same place go through all boxes there."

_BACK = "Select the box again from which you went to the one that suppressed it (Backspace)."


class CandidateFactsView(QWidget):
    """Facts as plain text that can be copied, and ways on to what the candidate met.

    Attributes:
        wants_suppressor: the user wants to see the box that suppressed this one.
        wants_back: likewise, the one that one came from.
        wants_step: likewise, the step of the merge that pasted it.
    """

    wants_suppressor = Signal()
    wants_back = Signal()
    wants_step = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title, self.fate = _text(), _text()
        self.lines: list[tuple[QLabel, QLabel]] = []
        self.to_suppressor = _button("Go to suppressor", "Select the box that suppressed this one.")
        self.back = _button("Back", _BACK)
        self.to_step = _button("Go to merge step", "Show the step of the merge that pasted this box.")
        self.to_suppressor.clicked.connect(self.wants_suppressor)
        self.back.clicked.connect(self.wants_back)
        self.to_step.clicked.connect(self.wants_step)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.to_suppressor)
        buttons.addWidget(self.back)
        buttons.addWidget(self.to_step)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.title)
        layout.addWidget(self.fate)
        layout.addLayout(self._grid)
        layout.addLayout(buttons)
        self.setAccessibleName("The selected box")
        self.show_nothing()

    def show_nothing(self) -> None:
        """Says how a box is selected."""
        self.title.setText(_NOTHING)
        for widget in (
            self.fate,
            self.to_suppressor,
            self.back,
            self.to_step,
            *(label for pair in self.lines for label in pair),
        ):
            widget.hide()

    def show_way_back(self, name: str) -> None:
        """Offers to go back to a box, which is named; empty for none."""
        self.back.setVisible(bool(name))
        self.back.setToolTip(as_tip(f"{_BACK}\n{name}".rstrip()))
        self.back.setAccessibleName(f"Back to {name}" if name else "Back")

    def show_facts(self, survey: Survey, facts: CandidateFacts, probed: Probed | None) -> None:
        """Shows a candidate."""
        self.title.setText(title_of(survey, facts))
        self.fate.setText(fate_sentence(survey, facts))
        self.fate.show()
        for place, (name, text) in enumerate(fact_lines(survey, facts, probed)):
            caption, value = self._line(place)
            caption.setText(name)
            value.setText(text)
            value.setAccessibleName(f"{name}: {text}")
            for label in (caption, value):
                label.setToolTip(FACT_TIPS[name])
            caption.show()
            value.show()
        self.to_suppressor.setVisible(facts.suppressor >= 0)
        self.to_step.setVisible(facts.step >= 0)

    def _line(self, place: int) -> tuple[QLabel, QLabel]:
        """Returns the labels of a line, which is made when it is needed for the first time."""
        while len(self.lines) <= place:
            caption, value = as_caption(_text()), _text()
            caption.setWordWrap(False)
            caption.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
            caption.setAlignment(Qt.AlignmentFlag.AlignTop)
            at = len(self.lines)
            self._grid.addWidget(caption, at, 0)
            self._grid.addWidget(value, at, 1)
            self.lines.append((caption, value))
        return self.lines[place]


def _text() -> QLabel:
    label = body()
    label.setFont(figure_font(label.font()))
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
