"""The log of a job: read in the background while it grows, filtered, searched, copied."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QHideEvent, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QStackedLayout, QVBoxLayout, QWidget

from lpsnet.sizes import size_words
from lpsnet_studio.background import Background, Task, is_awaited, pass_on
from lpsnet_studio.jobs.log import JobLog, LogFile, LogPart, lines_with
from lpsnet_studio.jobs.log_controls_view import TOOL_STYLE, LogControls, tool_button
from lpsnet_studio.jobs.log_levels import Level
from lpsnet_studio.jobs.log_lines_view import LogLines
from lpsnet_studio.jobs.log_rows import shown_codes
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["LogView"]

_INTERVAL = 400
"""Milliseconds between two looks at the file, while the log is on the screen."""
_SEARCH_REST, _WRAP_REST = 150, 120
_NOTHING = "Nothing was written yet."
_NO_JOB = "Choose a job to read its log."


def _open_file(path: Path) -> bool:
    """Opens a file with the program that the system has for it; False if there is none."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


class LogView(QWidget):
    """Shows the log of one job at a time.

    Args:
        theme: gives colours and icons.
        parent: Qt's owner.
        open_file: opens a file in the system's editor; False if it could not.

    Attributes:
        controls: what is above the log.
        lines: the list.
        log: the lines that are held.
    """

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, open_file: Callable[[Path], bool] = _open_file
    ) -> None:
        super().__init__(parent)
        self._open_file = open_file
        self._file: LogFile | None = None
        self.log = JobLog()
        self._least = Level.INFO
        self._has_more = False
        self._seeks_error = False
        self._found: array[int] = array("q")
        self._reading: Task | None = None
        self._searching: Task | None = None
        self._background = Background(pass_on, self)
        self.controls, self.lines = LogControls(theme), LogLines(theme)
        self._left_out, self._earlier = QLabel(), tool_button("Load earlier", "Read the lines before the first shown.")
        self._state = QLabel()
        self._arrange()
        self._timer = self._made_timer(_INTERVAL, self._read, single=False)
        self._search_rest = self._made_timer(_SEARCH_REST, self._search)
        self._wrap_rest = self._made_timer(_WRAP_REST, self._show_rows)
        self._connect()
        self._show_rows()

    def _arrange(self) -> None:
        for label in (self._left_out, self._state):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._left_out.setFont(caption_font(self.font()))
        self._state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._state.setMargin(16)
        self._band = QWidget()
        self._band.setStyleSheet(TOOL_STYLE)
        band = QHBoxLayout(self._band)
        band.setContentsMargins(0, 0, 0, 0)
        band.addWidget(self._left_out, 1)
        band.addWidget(self._earlier)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.lines)
        self._stack.addWidget(self._state)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 8, 8, 8)
        whole.setSpacing(8)
        whole.addWidget(self.controls)
        whole.addWidget(self._band)
        whole.addWidget(body, 1)

    def _connect(self) -> None:
        controls, lines = self.controls, self.lines
        controls.level_chosen.connect(self.show_level)
        controls.first_error.clicked.connect(self.go_to_first_error)
        controls.follow.clicked.connect(lines.set_follows)
        controls.wrap.clicked.connect(lambda _checked: self._show_rows())
        controls.opener.clicked.connect(self._open)
        controls.search.textChanged.connect(lambda _text: self._search_rest.start())
        controls.search.wanted.connect(self.go_to_found)
        controls.search.left.connect(lines.setFocus)
        controls.backward.clicked.connect(lambda: self.go_to_found(-1))
        controls.forward.clicked.connect(lambda: self.go_to_found(1))
        lines.follow_changed.connect(controls.follow.setChecked)
        lines.columns_changed.connect(lambda _columns: self._wrap_rest.start() if controls.wrap.isChecked() else None)
        lines.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        lines.customContextMenuRequested.connect(self._show_menu)
        lines.selectionModel().currentChanged.connect(lambda *_: self._tell_found())
        self._earlier.clicked.connect(self._read_earlier)

    def _made_timer(self, milliseconds: int, call: Callable[[], None], *, single: bool = True) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(single)
        timer.setInterval(milliseconds)
        timer.timeout.connect(call)
        return timer

    # --------------------------------------------------------------------------------------------------------- reading

    def show_log(self, path: Path | None) -> None:
        """Shows a log from now on, which need not exist yet; None for none. Showing it again changes nothing."""
        if path == (None if self._file is None else self._file.path):
            return
        self._background.cancel()
        self._reading = self._searching = None
        self._seeks_error = False
        self._file = None if path is None else LogFile(path)
        self.log, self._found = JobLog(), array("q")
        self.lines.set_follows(True)
        self._show_rows()
        self._search_rest.start()
        self._read()

    def close_log(self) -> None:
        """Ends reading; called before the window goes."""
        self._timer.stop()
        self._background.cancel()
        self._background.wait(300)

    def showEvent(self, event: QShowEvent) -> None:
        """Reads on."""
        super().showEvent(event)
        self._timer.start()
        self._read()

    def hideEvent(self, event: QHideEvent) -> None:
        """Reads nothing that nobody sees."""
        super().hideEvent(event)
        self._timer.stop()

    def _read(self) -> None:
        """Reads what was added, unless that is under way."""
        if self._file is not None and not is_awaited(self._reading):
            self._reading = self._background.run(self._file.read_new, self._take, ended=self._read_on)

    def _read_on(self) -> None:
        if self._has_more and self._timer.isActive():
            self._read()

    def _read_earlier(self) -> None:
        if self._file is not None and not is_awaited(self._reading):
            self._earlier.setEnabled(False)
            self._reading = self._background.run(self._file.read_earlier, self._take, ended=self._tell)

    def _take(self, part: LogPart | None) -> None:
        if part is None:
            return
        self._has_more = part.has_more
        taken = self.log.take(part)
        self.lines.take(self.lines.lines.rows.take(taken))
        if self._seeks_error:
            self.go_to_first_error()
        if taken.anew or taken.before or (taken.let_go and self._found):
            self._search_rest.start()
        elif taken.after and not is_awaited(self._searching) and self.controls.search.text():
            self._search_from(self.log.end - taken.after)
        self._tell()

    # --------------------------------------------------------------------------------------------------------- showing

    def show_level(self, least: Level) -> None:
        """Lets every line pass, or warnings and errors, or errors alone."""
        self._least = least
        self.controls.levels[least].setChecked(True)
        self._show_rows()
        self._search_rest.start()

    def _show_rows(self) -> None:
        columns = self.lines.columns if self.controls.wrap.isChecked() else 0
        self.lines.show_log(self.log, self._least, columns)
        self._tell()

    def _tell(self) -> None:
        """Says what is shown, and what is not."""
        log, controls = self.log, self.controls
        controls.show_counts(len(log), log.count(Level.WARNING), log.count(Level.ERROR))
        controls.opener.setEnabled(self._file is not None)
        state = self._state_words()
        self._state.setText(state)
        self._stack.setCurrentIndex(1 if state else 0)
        self._band.setVisible(bool(log.left_out or log.let_go) and not state)
        self._left_out.setText(_left_out_words(log))
        self._earlier.setVisible(log.left_out > 0 and not log.let_go and not log.is_full)
        self._earlier.setEnabled(not is_awaited(self._reading))

    def _state_words(self) -> str:
        """Returns what stands in the place of lines where there are none; empty if there are."""
        if self._file is None:
            return _NO_JOB
        if self.log.problem:
            return self.log.problem
        if not len(self.log):
            return _NOTHING
        wanted = [level for level in (Level.WARNING, Level.ERROR) if level >= self._least > Level.INFO]
        # What heads a start always passes, and would stand there alone.
        if wanted and not any(self.log.count(level) for level in wanted):
            return "No errors." if self._least == Level.ERROR else "No warnings or errors."
        return ""

    def go_to_first_error(self) -> None:
        """Goes to the beginning of the first error, once it is read."""
        number = self.log.first_of(Level.ERROR)
        self._seeks_error = number is None and (self._has_more or not len(self.log))
        if number is not None:
            self.lines.go_to_line(number)
            self.lines.setFocus()

    # ------------------------------------------------------------------------------------------------------- searching

    def _search(self) -> None:
        words = self.controls.search.text()
        if self._searching is not None:
            self._background.withdraw(self._searching)
        self.lines.mark_words(words)
        self._found = array("q")
        self._searching = None
        if words and len(self.log):
            lines, first = list(self.log.lines), self.log.first
            shown = bytes(self.log.codes).translate(shown_codes(self._least))
            self._searching = self._background.run(
                lambda: lines_with(words, lines, first, shown), partial(self._take_found, self.log.finished_end)
            )
        self._tell_found()

    def _take_found(self, end: int, found: array[int]) -> None:
        """Takes the places in the lines before ``end``; others may have come while they were searched."""
        self._found = found
        self._search_from(end)

    def _search_from(self, number: int) -> None:
        """Searches what came from a line on, so that the count is that of the log as it is."""
        log = self.log
        begin = max(number - log.first, 0)
        # An unfinished line was searched already, and may be another now.
        while self._found and self._found[-1] >= log.first + begin:
            self._found.pop()
        shown = bytes(log.codes[begin:]).translate(shown_codes(self._least))
        self._found += lines_with(self.controls.search.text(), log.lines[begin:], log.first + begin, shown)
        self._tell_found()

    def go_to_found(self, step: int) -> None:
        """Goes to the next place found, or to the one before; after the last comes the first."""
        if not self._found:
            return
        current = self.lines.current_line
        if current is None:
            place = 0 if step > 0 else len(self._found) - 1
        elif step > 0:
            place = bisect_right(self._found, current) % len(self._found)
        else:
            place = (bisect_left(self._found, current) - 1) % len(self._found)
        self.lines.go_to_line(self._found[place])
        self._tell_found()

    def _tell_found(self) -> None:
        words, found = self.controls.search.text(), self._found
        if not words:
            self.controls.show_found("")
        elif is_awaited(self._searching) and not found:
            self.controls.show_found("…")
        elif not found:
            self.controls.show_found("not found")
        else:
            current = self.lines.current_line
            place = -1 if current is None else bisect_left(found, current)
            is_at_one = 0 <= place < len(found) and found[place] == current
            lines = "line" if len(found) == 1 else "lines"
            self.controls.show_found(f"{place + 1:,} of {len(found):,}" if is_at_one else f"{len(found):,} {lines}")

    # ------------------------------------------------------------------------------------------------------------ keys

    def event(self, event: QEvent) -> bool:
        """Keeps the keys of the log from the window while the keyboard is here."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._act_of(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Searches, goes from place to place, goes to the first error."""
        act = self._act_of(event)
        if act is None:
            super().keyPressEvent(event)
        else:
            act()

    def _act_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        if event.matches(QKeySequence.StandardKey.Find):
            return self._begin_search
        if event.key() == Qt.Key.Key_E and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            return self.go_to_first_error
        if event.key() == Qt.Key.Key_F3:
            is_back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            return lambda: self.go_to_found(-1 if is_back else 1)
        return None

    def _begin_search(self) -> None:
        self.controls.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.controls.search.selectAll()

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction("Copy lines", self.lines.copy)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setEnabled(self.lines.selectionModel().hasSelection())
        menu.addAction("Select error", self._select_block).setEnabled(self._current_is_error())
        menu.addAction("Select all", self.lines.selectAll)
        menu.popup(self.lines.viewport().mapToGlobal(place))

    def _current_is_error(self) -> bool:
        current = self.lines.current_line
        return current is not None and self.log.level(current) == Level.ERROR

    def _select_block(self) -> None:
        """Selects all lines of the error that the current line is part of."""
        current = self.lines.current_line
        if current is not None:
            block = self.log.block(current)
            self.lines.select_lines(block[0], block[-1])

    def _open(self) -> None:
        """Opens the file elsewhere; says so where that is not possible."""
        if self._file is not None and not self._open_file(self._file.path):
            self.controls.opener.setToolTip(as_tip(f"The system could not open {self._file.path}."))
            self.controls.opener.setText("Could not be opened")


def _left_out_words(log: JobLog) -> str:
    """Returns how much of the log is not shown."""
    if log.let_go:
        return "Earlier lines are no longer held here; the file has them all."
    if log.is_full and log.left_out:
        return f"{size_words(log.left_out)} before the first line are in the file alone."
    return f"{size_words(log.left_out)} before the first line were left out."
