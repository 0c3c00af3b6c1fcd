"""All steps of the merge in a table: sorted, filtered, copied; going to a row goes to its step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from lpsnet_studio.inspector.filter_chips import Chip, FilterChips
from lpsnet_studio.inspector.overlays import step_color
from lpsnet_studio.inspector.steps_model import COLUMNS, StepFilter, StepRow, StepsModel, cell_text
from lpsnet_studio.inspector.widgets import verdict_color
from lpsnet_studio.inspector.wording import no_result_line, step_tip, verdict_icon
from lpsnet_studio.labels import as_tip
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result
from lpsnet_studio.tables.sorted_table import SortedTable, swatch_icon
from lpsnet_studio.tables.table_model import TableModel
from lpsnet_studio.texts import empty_state
from lpsnet_studio.theme import Theme

__all__ = ["StepsTable", "StepsTableModel"]

_CHIPS = (
    Chip("all", "Every step of the merge; its last one counts leftovers, which are not judged."),
    Chip("kept", "Boxes that were pasted, and stuff classes that were filled in.", "kept", "kept"),
    Chip(
        "discarded",
        "Boxes above the overlap threshold, and stuff below its limit.",
        "discarded",
        "discarded",
    ),
    Chip("empty", "Boxes without a pixel of their class.", "empty", "dim"),
    Chip(
        "contested",
        "Boxes that disputed pixels with earlier ones of their class; they are among the kept ones.",
        "contested",
        "contested",
        apart=True,
    ),
)
_NOTHING_YET = "The steps of the merge are listed here once an image has been inspected."
_TYPING_MILLISECONDS = 120
_WITH_ICON, _ICON_ROOM = ("name", "verdict"), 16
_ICON_WIDTH = 28
_LEAST_CLASS_WIDTH = 64
_IN_SIGHT = ("index", "name", "verdict", "score", "overlap")
"""What a narrow panel shows without being scrolled."""


class StepsTableModel(TableModel[StepRow]):
    """Shows the rows of a :class:`~lpsnet_studio.inspector.steps_model.StepsModel`.

    Args:
        theme: gives icons and colours.

    Attributes:
        steps: the rows, filters and order.
        brief: whether a verdict is an icon alone; its words are in the tool tip then.
    """

    titles = spoken = tuple(column.title for column in COLUMNS)
    tips = tuple(column.tip for column in COLUMNS)
    numbers = tuple(place for place, column in enumerate(COLUMNS) if column.digits is not None)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.steps = StepsModel()
        self.brief = False
        self._theme = theme
        self._result: Result | None = None
        self._position = 0
        self._icons: dict[object, QIcon] = {}

    @property
    def shown(self) -> Sequence[StepRow]:
        """The steps that pass the filters."""
        return self.steps.shown

    def _arrange(self) -> None:
        self.steps.sort_by(self._order)

    def set_result(self, result: Result | None, position: int) -> None:
        """Shows the steps of a result."""
        self.beginResetModel()
        self._result, self._position = result, position
        self._icons.clear()
        self.steps.set_result(result)
        self.endResetModel()

    def set_position(self, position: int) -> None:
        """Tells how far the merge is."""
        self._position = position
        if self.steps.shown:
            last = self.index(len(self.steps.shown) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def filter_by(self, kept_filter: StepFilter | None = None, text: str | None = None) -> None:
        """Lets only some rows pass; what is None stays as it is."""
        self.beginResetModel()
        self.steps.filter_by(kept_filter, text)
        self.endResetModel()

    def tsv(self) -> str:
        """Returns the rows shown as tab-separated text."""
        return self.steps.tsv()

    def refresh_icons(self) -> None:
        """Takes the icons of another theme."""
        self._icons.clear()
        self.set_position(self._position)

    def be_brief(self, on: bool) -> None:
        """Has verdicts shown as icons alone, or with their words."""
        if on != self.brief:
            self.brief = on
            self.set_position(self._position)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns the title of a column, which is told where there is no room for it, and what it holds."""
        told = super().headerData(section, way, role)
        if told is not None and self._is_icon_only(COLUMNS[section].field):
            if role == Qt.ItemDataRole.DisplayRole:
                return ""
            if role == Qt.ItemDataRole.ToolTipRole:
                return f"{COLUMNS[section].title}: {told}"
        return told

    def _cell(self, row: StepRow, place: int, role: int) -> Any:
        assert self._result is not None
        column, is_current = COLUMNS[place], row.index == self._position - 1
        match role:
            case Qt.ItemDataRole.DisplayRole:
                text = "" if self._is_icon_only(column.field) else cell_text(row, column)
                return f"▸ {text}" if is_current and column.field == "index" else text
            case Qt.ItemDataRole.DecorationRole:
                return self._icon(self._result, row, column.field)
            case Qt.ItemDataRole.ToolTipRole:
                told = step_tip(self._result, row.index)
                return as_tip(f"{row.verdict.capitalize()}\n{told}" if self._is_icon_only(column.field) else told)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{column.title}: {cell_text(row, column) or 'none'}{', current step' if is_current else ''}"
            case Qt.ItemDataRole.ForegroundRole if row.index >= self._position:
                return QColor(self._theme.palette.dim)
        return None

    def _is_icon_only(self, field: str) -> bool:
        return self.brief and field == "verdict"

    def _icon(self, result: Result, row: StepRow, field: str) -> QIcon | None:
        step = result.trace.steps[row.index]
        if field == "name" and step.label >= 0:
            key: object = step_color(step, result.categories) if step.owner else result.categories[step.label].color
            if key not in self._icons:
                self._icons[key] = swatch_icon(key)  # type: ignore[arg-type]
            return self._icons[key]
        if field == "verdict":
            return self._verdict_icon(verdict_icon(step), verdict_color(step, self._theme.palette))
        return None

    def _verdict_icon(self, name: str, color: str) -> QIcon:
        """Returns a verdict's icon in its colour, and in that of text on the accent in a selected row."""
        if (name, color) not in self._icons:
            icon = QIcon(self._theme.pixmap(name, color))
            icon.addPixmap(self._theme.pixmap(name, self._theme.palette.on_accent), QIcon.Mode.Selected)
            self._icons[name, color] = icon
        return self._icons[name, color]


class _SearchLine(QLineEdit):
    """A line whose text Esc clears; without text Esc is the window's."""

    def event(self, event: QEvent) -> bool:
        """Takes Esc before a shortcut of the window does, where there is something to clear."""
        is_key = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if is_key and self.text() and event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            if event.type() == QEvent.Type.KeyPress:
                self.clear()
            event.accept()
            return True
        return super().event(event)


class StepsTable(QWidget):
    """The table of all steps with its filters.

    The selected row is the step or the segment that was gone to last; the current step is marked besides.

    Args:
        session: what is open.
        theme: gives icons and colours.

    Attributes:
        table: the table itself, where letter keys act too.
        chips: which verdicts are shown.
        search: which classes are shown.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self.model = StepsTableModel(theme)
        self.table = SortedTable(self.model, "Merge steps")
        self.table.fit_columns({place: column.widest for place, column in enumerate(COLUMNS)})
        self._natural = {
            column.field: self.table.width_of(place, column.widest) + _ICON_ROOM * (column.field in _WITH_ICON)
            for place, column in enumerate(COLUMNS)
        }
        self.table.viewport().installEventFilter(self)
        self.chips = FilterChips(_CHIPS, theme)
        self.search = _SearchLine()
        self.search.setPlaceholderText("Filter by class")
        self.search.setAccessibleName("Filter steps by class")
        self.search.setToolTip("Show only steps whose class has this in its name. Esc clears it.")
        self.search.setClearButtonEnabled(True)
        self._empty = empty_state()
        self._is_stale = True
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MILLISECONDS)
        self.setMinimumSize(180, 60)
        self._lay_out()
        self._listen(theme)
        self._show_rows()

    def _lay_out(self) -> None:
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        self._filters = QWidget()
        filters = QVBoxLayout(self._filters)
        filters.setContentsMargins(8, 4, 8, 4)
        filters.setSpacing(4)
        filters.addWidget(self.chips)
        filters.addWidget(self.search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._filters)
        layout.addLayout(self._stack, 1)

    def _listen(self, theme: Theme) -> None:
        session = self._session
        session.result_changed.connect(self._take_result)
        session.position_changed.connect(lambda *_: self._show_position())
        session.selection_changed.connect(self._show_selection)
        for signal in (session.current_changed, session.entry_changed, session.busy_changed):
            signal.connect(lambda *_: self._show_lack())
        self.table.current_row_changed.connect(self._go_to)
        self.table.clicked.connect(lambda index: self._go_to(index.row()))
        self.table.activated.connect(lambda index: self._go_to(index.row()))
        self.model.modelReset.connect(self._show_rows)
        self.chips.chosen.connect(self._filter)
        self.search.textChanged.connect(lambda _text: self._typing.start())
        self._typing.timeout.connect(lambda: self.model.filter_by(text=self.search.text()))
        theme.changed.connect(self.model.refresh_icons)

    # --------------------------------------------------------------------------------------------------------- showing

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fits the columns into what the table shows."""
        if watched is self.table.viewport() and event.type() == QEvent.Type.Resize:
            self._fit_columns()
        return super().eventFilter(watched, event)

    def _fit_columns(self) -> None:
        """Has the columns that matter most in sight: where there is little room verdicts are icons, names give way."""
        room = self.table.viewport().width()
        widths = {field: self._natural[field] for field in _IN_SIGHT}
        brief = sum(widths.values()) > room
        if brief:
            widths["verdict"] = _ICON_WIDTH
        rest = sum(width for field, width in widths.items() if field != "name")
        widths["name"] = min(max(room - rest, _LEAST_CLASS_WIDTH), widths["name"])
        self.model.be_brief(brief)
        for place, column in enumerate(COLUMNS):
            if column.field in widths:
                self.table.setColumnWidth(place, widths[column.field])

    def showEvent(self, event: QShowEvent) -> None:
        """Shows what came while the table was hidden, which costs nothing then."""
        super().showEvent(event)
        if self._is_stale:
            self._take_result()

    def _take_result(self) -> None:
        self._is_stale = not self.isVisible() and self._session.result is not None
        if not self._is_stale:
            self.model.set_result(self._session.result, self._session.position)

    def _show_rows(self) -> None:
        """Shows the rows that pass, or why there is none."""
        steps = self.model.steps
        self.chips.show_counts(dict(steps.counts))
        self._filters.setVisible(len(steps) > 0)
        self._stack.setCurrentIndex(1 if steps.shown else 0)
        if len(steps):
            self._empty.setText("No step passes the filters. Choose All and clear the class filter to see every step.")
        self._show_lack()
        self._mark(self._session.position - 1)

    def _show_lack(self) -> None:
        """Says why there are no steps to list."""
        if len(self.model.steps):
            return
        entry, cancelled = self._session.current, self._session.cancelled
        problem = "" if entry is None else entry.problem
        self._empty.setText(no_result_line(problem, cancelled) if problem or cancelled else _NOTHING_YET)

    def _show_position(self) -> None:
        if not self._is_stale:
            self.model.set_position(self._session.position)
            self._mark(self._session.position - 1)

    def _show_selection(self, owner: int) -> None:
        if owner and not self._is_stale and self._session.result is not None:
            self._mark(self._session.result.step_of(owner))

    def _mark(self, index: int) -> None:
        self.table.mark_row(self.model.steps.place_of(index))

    # ---------------------------------------------------------------------------------------------------------- choices

    def _filter(self, name: str) -> None:
        assert name in get_args(StepFilter)
        self.model.filter_by(name)  # type: ignore[arg-type]

    def _go_to(self, row: int) -> None:
        """Goes to the step in a row and selects its segment everywhere."""
        step = self.model.steps.shown[row]
        self._session.play(False)
        self._session.seek(step.index + 1)
        self._session.select(step.owner)
