"""What every control of a setting has: a name, a value, a way back to its default, and a reason where it is idle."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.texts import as_caption
from lpsnet_studio.theme import Theme

__all__ = ["Control"]

_SETTLE_MILLISECONDS = 500
_CHANGED = "•"


class Control(QWidget):
    """A setting's name with a reset button that is there while the value is not the default.

    Tab reaches all of it. A click takes no focus but where something is typed: who turns a setting with the mouse
    keeps the keys of where the focus was.

    Subclasses place what edits the value and call :meth:`_complete`, report by :meth:`_take` what the user does, and
    say in :meth:`_show` how a value looks.

    Args:
        name: in the field's terms.
        tip: what the setting does.
        theme: gives the icon.

    Attributes:
        changed: a value that the user chose, and whether more is to follow: of a drag, of a key that is held, of a
            wheel that is turned, only the last report says that it is over.
        name: in the field's terms.
        reset_button: goes back to the default.
    """

    changed = Signal(object, bool)

    def __init__(self, name: str, tip: str, theme: Theme) -> None:
        super().__init__()
        self.name, self._tip, self._theme = name, tip, theme
        self._reason: str | None = None
        self._value: Any = None
        self._default: Any = None
        self._goes_on = False
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLE_MILLISECONDS)
        self._settling.timeout.connect(self.finish)
        self.label = ElidedLabel(name)
        self.reset_button = QToolButton()
        self.reset_button.setAutoRaise(True)
        self.reset_button.setIconSize(QSize(14, 14))
        self.reset_button.setFixedSize(20, 20)
        self.reset_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset_button.setAccessibleName(f"Reset {_within_a_sentence(name)}")
        keep_place = QSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        keep_place.setRetainSizeWhenHidden(True)
        self.reset_button.setSizePolicy(keep_place)
        self.reset_button.hide()
        self.reset_button.clicked.connect(self.reset)
        self._note = as_caption(ElidedLabel())
        self._note.hide()
        self.head = QHBoxLayout()
        self.head.setSpacing(4)
        self.head.addWidget(self.label, 1)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self.body.addLayout(self.head)
        self.body.addWidget(self._note)
        theme.changed.connect(self._show_icon)
        self._show_icon()

    def _complete(self) -> None:
        """Adds the reset button, watches the widgets and gives them their order for Tab.

        A subclass calls it once it has placed what edits the value.
        """
        # Tab follows the order in which widgets are placed: the way back comes after what it would reset.
        self.head.addWidget(self.reset_button)
        for first, second in pairwise(self.editors()):
            QWidget.setTabOrder(first, second)
        for widget in (self.label, *self.editors()):
            widget.installEventFilter(self)
        self.label.setBuddy(self.editor())
        self.set_reason("")

    def value(self) -> Any:
        """Returns the value."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Shows a value without reporting it; a gesture that led elsewhere is over."""
        if value == self._value:
            return
        self._value = value
        self._goes_on = False
        self._settling.stop()
        self._show(value)
        self._mark()

    def set_default(self, value: Any) -> None:
        """Sets what the control is reset to."""
        if value != self._default:
            self._default = value
            self.reset_button.setToolTip(f"Reset to {self.words(value)}")
            self._mark()

    @property
    def is_changed(self) -> bool:
        """Whether the value is not the default."""
        return self._value is not None and self._default is not None and self._value != self._default

    def reset(self) -> None:
        """Goes back to the default, and says so."""
        if self._default is not None:
            if self.reset_button.hasFocus():
                self.editor().setFocus()
            self._goes_on = False
            self._take(self._default)

    def set_reason(self, reason: str) -> None:
        """Disables what edits the value and says why; an empty reason enables it."""
        if reason == self._reason:
            return
        self._reason = reason
        tip = f"{reason}\n{self._tip}" if reason else self._tip
        self.setToolTip(tip)
        for widget in (self.label, *self.editors()):
            widget.setEnabled(not reason)
            widget.setToolTip(tip)
            widget.setStatusTip(tip.partition("\n")[0])

    def set_note(self, text: str) -> None:
        """Shows a caption below; empty for none."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def finish(self) -> None:
        """Reports that a gesture is over, if one is under way."""
        self._settling.stop()
        if self._goes_on:
            self._goes_on = False
            self.changed.emit(self._value, False)

    def editor(self) -> QWidget:
        """Returns what edits the value, where the keyboard comes first."""
        return self.editors()[0]

    def editors(self) -> tuple[QWidget, ...]:
        """Returns everything that edits the value."""
        raise NotImplementedError

    def words(self, value: Any) -> str:
        """Returns a value as people read it."""
        raise NotImplementedError

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Resets on a double click on the name; leaves the wheel to the page unless the control has the focus."""
        if event.type() == QEvent.Type.MouseButtonDblClick and watched is self.label:
            self.reset()
            return True
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _show(self, value: Any) -> None:
        """Shows a value in what edits it, without reporting it."""
        raise NotImplementedError

    def _take(self, value: Any, *, goes_on: bool = False) -> None:
        """Takes a value from the user."""
        if value == self._value and goes_on == self._goes_on:
            return
        self._value, self._goes_on = value, goes_on
        self._show(value)
        self._mark()
        self.changed.emit(value, goes_on)

    def _take_and_settle(self, value: Any) -> None:
        """Takes a value from the user, who may be stepping on: what follows at once belongs to it."""
        self._settling.start()
        self._take(value, goes_on=True)

    def _mark(self) -> None:
        """Marks a value that is not the default, by a sign behind the name and a way back."""
        changed = self.is_changed
        self.label.setText(f"{self.name} {_CHANGED}" if changed else self.name)
        self.reset_button.setVisible(changed)
        told = f"Changed; the default is {self.words(self._default)}." if changed else ""
        self.editor().setAccessibleDescription(told)

    def _show_icon(self) -> None:
        self.reset_button.setIcon(self._theme.icon("reset"))


def _within_a_sentence(name: str) -> str:
    """Returns a name without its capital; an abbreviation keeps it."""
    return f"{name[0].lower()}{name[1:]}" if name[1:2].islower() else name
