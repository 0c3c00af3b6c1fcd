"""The choice of the network's input size, with what it costs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.chrome.input_costs import (
    LARGEST_SIDE,
    SMALLEST_SIDE,
    InputCost,
    forward_seconds,
    input_cost,
    offered_sides,
)
from lpsnet_studio.chrome.model_words import macs_words
from lpsnet_studio.inference.messages import ModelCard
from lpsnet_studio.session import Session
from lpsnet_studio.theme import figure_font

__all__ = ["InputSizeDialog"]

_COLUMNS = ("Short side", "Input", "Multiply-adds", "Time", "Against now")
_TIPS = (
    "Pixels of the shorter side after resizing.",
    "Height and width of the current picture after resizing.",
    "Of one forward.",
    "Of the network, reckoned from its last run.",
    "Time and working memory against now: both go with the input's area. Weights and the program come on top.",
)
_ADVICE = (
    "A smaller input is faster and takes less memory, and misses small things. A network does best near the size that "
    "its config asks for."
)


class InputSizeDialog(QDialog):
    """Lets the short side of the network's input be chosen, and says what that costs.

    Args:
        session: what is open.
        choose: takes the short side; 0 for what the config asks for.
        parent: the window.
    """

    def __init__(self, session: Session, choose: Callable[[int], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Input size")
        self._session, self._choose = session, choose
        self._sides: tuple[int, ...] = ()
        self.table = self._make_table()
        self.side = QSpinBox()
        self.side.setRange(SMALLEST_SIDE, LARGEST_SIDE)
        self.side.setSingleStep(32)
        self.side.setSuffix(" px")
        self.side.setKeyboardTracking(False)
        self.side.setAccessibleName("Short side of the input in pixels")
        self.side.setToolTip("Pixels of the input's shorter side, any number.")
        self.cost = QLabel()
        self.cost.setTextFormat(Qt.TextFormat.PlainText)
        self.advice = QLabel()
        self.advice.setWordWrap(True)
        exact = QHBoxLayout()
        exact.setSpacing(8)
        exact.addWidget(QLabel("Short side"))
        exact.addWidget(self.side)
        exact.addWidget(self.cost, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(self.table, 1)
        layout.addLayout(exact)
        layout.addWidget(self.advice)
        layout.addWidget(self._buttons())
        self.resize(640, 400)
        self.side.valueChanged.connect(lambda _value: self._show_cost())
        for signal in (session.model_changed, session.result_changed, session.picture_changed):
            signal.connect(self._refresh)
        self._refresh()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_COLUMNS))
        table.setHorizontalHeaderLabels(_COLUMNS)
        for column, tip in enumerate(_TIPS):
            table.horizontalHeaderItem(column).setToolTip(tip)
        table.setAccessibleName("Input sizes")
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setFont(figure_font(table.font()))
        table.verticalHeader().hide()
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.currentCellChanged.connect(lambda row, *_others: self._take_row(row))
        table.cellDoubleClicked.connect(lambda *_cell: self.apply())
        return table

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        box.rejected.connect(self.reject)
        box.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        self._load = QPushButton("Load at this size")
        self._load.setToolTip("Loads the network again with this input size; settings stay as they are.")
        self._load.setDefault(True)
        self._load.clicked.connect(self.apply)
        self._own = QPushButton()
        self._own.setAutoDefault(False)
        self._own.clicked.connect(lambda: self._choose(0))
        box.addButton(self._load, QDialogButtonBox.ButtonRole.ApplyRole)
        box.addButton(self._own, QDialogButtonBox.ButtonRole.ResetRole)
        return box

    def apply(self) -> None:
        """Has the network loaded at the size that is chosen."""
        model = self._session.model
        if model is not None:
            side = self.side.value()
            self._choose(0 if side == model.own_short_side else side)

    def _refresh(self) -> None:
        model = self._session.model
        self.setEnabled(model is not None)
        if model is None:
            return
        chosen = self.side.value() if self._sides else model.short_side
        self._sides = offered_sides(model)
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._sides))
        for row, side in enumerate(self._sides):
            for column, text in enumerate(self._cells(model, self._cost_of(model, side))):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.table.blockSignals(False)
        self.side.setValue(chosen)
        self.advice.setText(f"{_ADVICE} {_limit_words(model)}".rstrip())
        own = model.own_short_side or model.short_side
        self._own.setText(f"Back to the config's {own} px")
        self._own.setEnabled(model.short_side != own)
        self._show_cost()

    def _take_row(self, row: int) -> None:
        if 0 <= row < len(self._sides):
            self.side.setValue(self._sides[row])

    def _show_cost(self) -> None:
        model, side = self._session.model, self.side.value()
        if model is None:
            return
        _, size, _, time, share = self._cells(model, self._cost_of(model, side))
        self.cost.setText(" · ".join(part for part in (size, time, f"{share} against now") if part != "—"))
        self._load.setEnabled(side != model.short_side)
        self.table.blockSignals(True)
        if side in self._sides:
            self.table.selectRow(self._sides.index(side))
        else:
            self.table.clearSelection()
        self.table.blockSignals(False)

    def _cost_of(self, model: ModelCard, side: int) -> InputCost:
        picture = self._session.picture
        size = model.input_size if picture is None else picture.pixels.shape[:2]
        return input_cost(model, side, (size[0], size[1]), forward_seconds(self._session))

    @staticmethod
    def _cells(model: ModelCard, cost: InputCost) -> tuple[str, ...]:
        marks = {model.short_side: "now", model.own_short_side: "the config's"}
        if model.short_side == model.own_short_side:
            marks[model.short_side] = "now, the config's"
        mark = f"  ({marks[cost.short_side]})" if cost.short_side in marks else ""
        time = "—" if cost.seconds is None else f"about {cost.seconds:.1f} s"
        return (
            f"{cost.short_side} px{mark}",
            f"{cost.size[0]} × {cost.size[1]}",
            macs_words(cost.macs),
            time,
            f"× {cost.share:.2f}",
        )


def _limit_words(model: ModelCard) -> str:
    """Says what becomes of the limit that the model card tells; empty if there is none."""
    if not model.long_side_cap:
        return ""
    return (
        f"The limit of the long side, {model.long_side_cap} px at a short side of {model.short_side} px, "
        "scales along with the short side."
    )
