"""The top of the form: where the config starts from, the search, and what takes edits back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.jobs.disk_look import Ask, at_once
from lpsnet_studio.jobs.form import ConfigForm, ReadConfig, read_config
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.message_line import MessageLine
from lpsnet_studio.search_field import SearchField
from lpsnet_studio.theme import Theme

__all__ = ["FieldSearch", "FormHead", "chosen_config", "form_title", "show_history", "tool_button"]

ConfigChooser = Callable[[QWidget, str], str]
"""Asks for a config file: above which widget, where to begin; an empty answer is none."""
_FILE = "YAML file…"
_MARGIN, _TITLE_PIXELS = 16, 16
_WIDE = 720
"""Pixels from which on all of it is on one line."""
_ROOMY = 480
"""Pixels from which on it is said beside the presets what they are for."""
_SEARCH_TIP = (
    "Shows the fields in whose name or description every word occurs (Ctrl+F or /).\n"
    "Down goes to the first of them, Esc clears the search."
)


class FieldSearch(SearchField):
    """Shortens the form: Esc clears it and, once it is empty, hands the keyboard on, as Down and Enter do.

    Args:
        theme: gives the icon.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__("Search fields", "Search fields", _SEARCH_TIP)
        self.setMinimumWidth(96)
        self._icon = QAction(self)
        self.addAction(self._icon, QLineEdit.ActionPosition.LeadingPosition)
        self.follow(theme)

    def follow(self, theme: Theme) -> None:
        """Takes the icon of a theme."""
        self._icon.setIcon(theme.icon("find", theme.palette.dim))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leaves the field at Esc, Down and Enter."""
        match event.key():
            case _ if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                super().keyPressEvent(event)
            case Qt.Key.Key_Escape if self.text():
                self.clear()
            case Qt.Key.Key_Escape | Qt.Key.Key_Down | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.left.emit()
            case _:
                super().keyPressEvent(event)


class _SourceBox(QComboBox):
    """A choice that the wheel does not change."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leaves the wheel to the page."""
        event.ignore()


class FormHead(QWidget):
    """What it is the form of, presets, search, “changed only”, undo, redo and reset.

    Args:
        form: what is written into.
        theme: gives the icons.
        presets: names to start from.
        choose: asks for a file to start from.
        title: what it is the form of; empty to leave that out.
        look: reads what is chosen.

    Attributes:
        sought: emitted when another search, or “changed only”, asks for other fields.
        source: where the config starts from.
        search: shortens the form.
        only_changed: shows the changed fields alone.
        undo, redo, reset: take edits back.
        trouble: why a file or preset could not be taken.
    """

    sought = Signal()

    def __init__(
        self,
        form: ConfigForm,
        theme: Theme,
        presets: Sequence[str],
        choose: ConfigChooser,
        *,
        title: str = "",
        look: Ask = at_once,
    ) -> None:
        super().__init__()
        self._look, self._turn = look, 0
        self._form, self._presets, self._choose = form, tuple(presets), choose
        self.source = _SourceBox()
        self.source.setAccessibleName("Start from")
        self.source.setToolTip("The preset or file that the fields start from.\nUndo brings back what was written.")
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.source.setMinimumContentsLength(8)
        self.source.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.source.activated.connect(self._start)
        self.undo = tool_button("Undo", form.undo)
        self.redo = tool_button("Redo", form.redo)
        self.reset = tool_button("Reset all fields", form.reset_all)
        self.search = FieldSearch(theme)
        self.search.textChanged.connect(self.sought)
        self.only_changed = QCheckBox("Changed only")
        self.only_changed.setToolTip("Show only the fields that differ from the preset or file.")
        self.only_changed.toggled.connect(self.sought)
        self.trouble = MessageLine("fault", theme)
        self.trouble.set_text("")
        self._title = form_title(title)
        self._title.setVisible(bool(title))
        self._lines = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._above, self._below = QHBoxLayout(), QHBoxLayout()
        self._source_name = QLabel("Start from")
        self._lay_out()
        self.follow(theme)
        self.show_state()

    def stops(self) -> tuple[QWidget, ...]:
        """Returns where Tab stops, in order."""
        return (self.source, self.undo, self.redo, self.reset, self.search, self.only_changed)

    def show_state(self) -> None:
        """Shows where the form starts from, and what can be taken back."""
        form = self._form
        names = [*self._presets, *([] if form.source in self._presets else [form.source]), _FILE]
        if names != [self.source.itemData(place) for place in range(self.source.count())]:
            self.source.clear()
            for name in names:
                self.source.addItem(_short(name), name)
                self.source.setItemData(self.source.count() - 1, as_tip(name), Qt.ItemDataRole.ToolTipRole)
        self.source.setCurrentIndex(names.index(form.source))
        show_history(self.undo, self.redo, form.undo_words, form.redo_words)
        changed = len(form.changed_fields)
        self.only_changed.setText(f"Changed only ({changed})" if changed else "Changed only")
        self.reset.setEnabled(form.can_reset)
        self.reset.setToolTip(f"Reset all {changed} changed fields" if changed > 1 else "Reset all fields")

    def follow(self, theme: Theme) -> None:
        """Takes icons and colours of a theme."""
        for button, icon in ((self.undo, "undo"), (self.redo, "redo"), (self.reset, "reset")):
            button.setIcon(theme.icon(icon))
        self.search.follow(theme)
        self.trouble.follow(theme)

    def minimumSizeHint(self) -> QSize:
        """Returns the room that is needed with the search below the presets, also while it is beside them."""
        inside = max(line.minimumSize().width() for line in (self._above, self._below))
        return QSize(inside + 2 * _MARGIN, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts the search beside the presets, or below them."""
        super().resizeEvent(event)
        is_wide = self.width() >= _WIDE
        directions = QBoxLayout.Direction
        self._lines.setDirection(directions.LeftToRight if is_wide else directions.TopToBottom)
        self._source_name.setVisible(self.width() >= _ROOMY)

    def _start(self, index: int) -> None:
        """Reads what was chosen, which may take long, and begins with it; the newest choice counts."""
        source = self.source.itemData(index)
        if source == _FILE:
            source = self._choose(self, "" if self._form.source in self._presets else self._form.source)
        self._turn += 1
        turn = self._turn
        if source and source != self._form.source:
            self._look(lambda: _read(source), lambda read: self._begin(turn, read))
        else:
            self.trouble.set_text("")
            self.show_state()

    def _begin(self, turn: int, read: ReadConfig | str) -> None:
        if turn != self._turn:
            return
        self.trouble.set_text(read if isinstance(read, str) else "")
        if not isinstance(read, str):
            self._form.begin(read)
        self.show_state()

    def _lay_out(self) -> None:
        self._source_name.setBuddy(self.source)
        above, below = self._above, self._below
        above.addWidget(self._title)
        for widget in (self._source_name, self.source, self.undo, self.redo, self.reset):
            above.addWidget(widget, 1 if widget is self.source else 0)
        below.addWidget(self.search, 1)
        below.addWidget(self.only_changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN, 8, _MARGIN, 8)
        layout.setSpacing(8)
        for line, share in ((above, 3), (below, 2)):
            line.setSpacing(8)
            self._lines.addLayout(line, share)
        self._lines.setSpacing(8)
        layout.addLayout(self._lines)
        layout.addWidget(self.trouble)


def _read(source: str) -> ReadConfig | str:
    """Returns a config, or why it cannot be had, in one sentence."""
    try:
        return read_config(source)
    except (OSError, ValueError) as error:
        return str(error)


def show_history(undo: QToolButton, redo: QToolButton, undo_words: str, redo_words: str) -> None:
    """Shows on two buttons what can be taken back and made again; empty words for nothing."""
    for button, does, words in ((undo, "Undo", undo_words), (redo, "Redo", redo_words)):
        button.setEnabled(bool(words))
        button.setToolTip(as_tip(f"{does} {words}".strip()))


def form_title(text: str) -> ElidedLabel:
    """Returns the heading that says what a form is of."""
    label = ElidedLabel(text)
    font = label.font()
    font.setPixelSize(_TITLE_PIXELS)
    font.setBold(True)
    label.setFont(font)
    return label


def chosen_config(parent: QWidget, where: str) -> str:
    """Asks for a config file; empty if none is chosen."""
    return QFileDialog.getOpenFileName(parent, "Start from a config", where, "Configs (*.yaml *.yml)")[0]


def _short(source: str) -> str:
    """Returns a preset's name, or the last two parts of a file's path."""
    parts = Path(source).parts
    return source if len(parts) == 1 else str(Path(*parts[-2:]))


def tool_button(name: str, press: Callable[[], None]) -> QToolButton:
    """Returns a small button without words, such as undo."""
    button = QToolButton()
    button.setAutoRaise(True)
    button.setIconSize(QSize(16, 16))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(name)
    button.clicked.connect(lambda: press())
    return button
