"""Messages at the lower right that never take the focus."""

from __future__ import annotations

from functools import partial

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QApplication, QToolButton, QWidget

from lpsnet_studio.chrome.note import WIDTH, Note, NoteAction, NoteKind
from lpsnet_studio.state import Problem
from lpsnet_studio.theme import Theme

__all__ = ["NoteAction", "Notifications"]

_MARGIN = 12
_GAP = 8
_MOST = 3
_SHARE = 0.4
"""Of what they lie over, that messages may take in width and, together, in height."""
_LEAST_WIDTH, _LEAST_HEIGHT = 200, 100
"""Less could not be read."""
_MOST_KEPT = 40
_LEAST_ROOM = 90
"""Where less than that is left, messages lie over whatever has its place there."""
_NO_LIMIT = 10_000
_PLACE_CHANGES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)
_STACK_CHANGES = (QEvent.Type.ChildAdded, QEvent.Type.LayoutRequest)


class Notifications(QObject):
    """Shows messages over the lower right corner of a widget: the newest lowest, at most three, fewer in a small one.

    What is said again while it is still there is counted, not repeated. Older messages wait behind a button.

    Args:
        over: the widget.
        theme: gives icons and colours.
    """

    def __init__(self, over: QWidget, theme: Theme) -> None:
        super().__init__(over)
        self._over, self._theme = over, theme
        self._notes: list[Note] = []
        """The oldest first; those at the end are seen."""
        self._obstacles: list[QWidget] = []
        self._focus_before: QWidget | None = None
        self._more = QToolButton(over)
        self._more.setObjectName("chip")
        self._more.setToolTip("Show the messages that lie behind these")
        self._more.clicked.connect(self._turn_over)
        self._more.hide()
        over.installEventFilter(self)
        theme.changed.connect(self._show_theme)

    # ---------------------------------------------------------------------------------------------------------- telling

    @property
    def notes(self) -> list[Note]:
        """The messages that are seen now, the oldest first."""
        return [note for note in self._notes if not note.isHidden()]

    @property
    def texts(self) -> list[str]:
        """What is shown now, the oldest first."""
        return [note.text for note in self.notes]

    def show_info(self, sentence: str, action: NoteAction | None = None) -> None:
        """Tells of a success.

        Args:
            sentence: what was done.
            action: what can be done next, such as showing the file that was saved.
        """
        self._show(Problem(sentence), "info", action)

    def show_warning(self, problem: Problem, action: NoteAction | None = None, *, stays: bool = False) -> None:
        """Tells of something to know about.

        Args:
            problem: what it is.
            action: what can be done about it.
            stays: whether the message waits to be closed.
        """
        self._show(problem, "warning", action, stays=stays)

    def show_failure(self, problem: Problem, action: NoteAction | None = None) -> None:
        """Tells of a failure.

        Args:
            problem: what failed.
            action: what can be done about it.
        """
        self._show(problem, "failure", action)

    def keep_only_about(self, picture: str) -> None:
        """Takes away what is about other pictures than the one at this path."""
        for note in list(self._notes):
            if note.problem.picture not in ("", picture):
                note.dismiss()

    def lie_over(self, over: QWidget) -> None:
        """Has messages lie over another widget from now on: what they lay over is not shown any more."""
        if over is self._over:
            return
        self._over.removeEventFilter(self)
        self._over = over
        over.installEventFilter(self)
        for widget in (self._more, *self._notes):
            widget.setParent(over)
        self._place()

    def keep_clear_of(self, widget: QWidget) -> None:
        """Has messages lie above a widget that has its own place at the bottom, such as the minimap."""
        self._obstacles.append(widget)
        widget.installEventFilter(self)
        self._place()

    def focus_newest(self) -> None:
        """Gives the keyboard to the newest message, and from one to the next older; Escape closes it."""
        shown = self.notes
        if not shown:
            return
        focused = next((place for place, note in enumerate(shown) if note.has_focus()), None)
        if focused is None:
            self._focus_before = QApplication.focusWidget()
        shown[(focused or 0) - 1].setFocus()

    def _show(self, problem: Problem, kind: NoteKind, action: NoteAction | None, *, stays: bool = False) -> None:
        text = f"{problem.sentence}\n{problem.advice}" if problem.advice else problem.sentence
        note = next((note for note in self._notes if (note.text, note.kind) == (text, kind)), None)
        if note is not None:
            note.renew(problem)
        else:
            note = Note(problem, kind, self._theme, self._over, action, stays=stays)
            note.gone.connect(partial(self._forget, note))
            note.resized.connect(self._place)
            self._notes.append(note)
        if len(self._notes) > _MOST_KEPT:
            self._notes[0].dismiss()
        self._place()
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleEvent(note, QAccessible.Event.Alert))

    def _forget(self, gone: Note, had_focus: bool) -> None:
        self._notes = [note for note in self._notes if note is not gone]
        self._place()
        before = self._focus_before
        if had_focus and before is not None and shiboken6.isValid(before):
            before.setFocus()

    def _turn_over(self) -> None:
        """Brings the messages behind to the front, and those in front behind them."""
        shown = self.notes
        self._notes = [*shown, *(note for note in self._notes if note not in shown)]
        self._place()

    # ---------------------------------------------------------------------------------------------------------- places

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps the messages in their corner, and above what is put there after them."""
        if event.type() in _PLACE_CHANGES:
            self._place()
        elif event.type() in _STACK_CHANGES and watched is self._over:
            self._raise()
        return False

    def _raise(self) -> None:
        for widget in (*self._notes, self._more):
            widget.raise_()

    def _show_theme(self) -> None:
        for note in self._notes:
            note.show_theme()

    def _place(self) -> None:
        right, bottom = self._over.width() - _MARGIN, self._free_bottom()
        width, height = self._width(), max(round(_SHARE * self._over.height()), _LEAST_HEIGHT)
        top = max(bottom - height, _MARGIN)
        hidden = len(self._notes)
        for note in reversed(self._notes):
            is_first = hidden == len(self._notes)
            # Who opens details wants to read them, over whatever lies there.
            highest = _MARGIN if note.is_open else top
            note.fit(width, bottom - highest if is_first else _NO_LIMIT)
            if not is_first and (len(self._notes) - hidden == _MOST or note.height() > bottom - highest):
                break
            hidden -= 1
            bottom -= note.height()
            note.move(right - note.width(), max(bottom, 0))
            note.show()
            note.raise_()
            bottom -= _GAP
        for note in self._notes[:hidden]:
            note.hide()
        self._place_more(hidden, right, bottom)

    def _width(self) -> int:
        """Returns how wide a message is."""
        room = self._over.width()
        return min(max(round(_SHARE * room), _LEAST_WIDTH), WIDTH, room - 2 * _MARGIN)

    def _place_more(self, hidden: int, right: int, bottom: int) -> None:
        self._more.setVisible(hidden > 0)
        self._more.setText(f"{hidden} more")
        self._more.adjustSize()
        self._more.move(right - self._more.width(), max(0, bottom - self._more.height()))
        self._more.raise_()

    def _free_bottom(self) -> int:
        """Returns the height above which the corner is free."""
        right, bottom = self._over.width() - _MARGIN, self._over.height() - _MARGIN
        column = QRect(QPoint(right - self._width(), 0), QPoint(right, bottom))
        for widget in self._obstacles:
            if widget.isVisible() and self._over.isAncestorOf(widget):
                place = QRect(widget.mapTo(self._over, QPoint(0, 0)), widget.size())
                is_in_lower_half = place.center().y() > self._over.height() // 2
                if is_in_lower_half and column.intersects(place) and place.top() - _GAP >= _LEAST_ROOM:
                    bottom = min(bottom, place.top() - _GAP)
        return bottom
