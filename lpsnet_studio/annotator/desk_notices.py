"""Lines over the canvas that are there while one edits, too: that a project is only read, and what a crash has left."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.errand import Errand
from lpsnet_studio.annotator.lock_look import LockLook, look_at_lock
from lpsnet_studio.annotator.reads import Unfinished
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.texts import body
from lpsnet_studio.theme import Theme

__all__ = ["NoticeLine", "ReadOnlyLine", "UnfinishedLine", "unfinished_words"]

_LOOK_MILLISECONDS = 5000
_ICON = 16
_BUTTON_PADDING = 24


def unfinished_words(left: Unfinished) -> str:
    """Says what runs that never closed the project have left."""
    images, edits = len(left.images), sum(left.images.values())
    are = "is" if edits == 1 else "are"
    what = f"{edits:,} edit{'' if edits == 1 else 's'} on {images:,} image{'' if images == 1 else 's'}"
    return f"The Studio did not close this project last time: {what} {are} there."


class NoticeLine(QWidget):
    """An icon, a sentence, and buttons.

    Args:
        icon: its name.
        theme: gives it.

    Attributes:
        words: the sentence.
    """

    def __init__(self, icon: str, theme: Theme) -> None:
        super().__init__()
        self._icon_name, self._theme = icon, theme
        self._icon, self.words = QLabel(), body()
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self._icon)
        self._row.addWidget(self.words, 1)
        theme.changed.connect(self._show_icon)
        self._show_icon()
        self.hide()

    def _show_icon(self) -> None:
        self._icon.setPixmap(self._theme.pixmap(self._icon_name, self._theme.palette.dim, _ICON))

    def add_button(self, text: str, tip: str) -> QPushButton:
        """Adds a button at the end."""
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(tip)
        button.setFixedWidth(button.fontMetrics().horizontalAdvance(text) + _BUTTON_PADDING)
        self._row.addWidget(button)
        return button


class ReadOnlyLine(NoticeLine):
    """Says who holds a project that can only be read, and offers to open it again once nobody does.

    Args:
        desk: has the project open.
        theme: gives the icon.

    Attributes:
        changed: it is there, is not any more, or says something else.
        open_wanted: the folder of the project that is to be opened to be changed.
        look_button: looks who holds it now; there until nobody does.
        button: is there when it can be opened again.
    """

    changed = Signal()
    open_wanted = Signal(object)

    def __init__(self, desk: Desk, theme: Theme) -> None:
        super().__init__("lock", theme)
        self._desk, self._is_watching = desk, False
        self._folder: Path | None = None
        self.button = self.add_button("Open again", "Open the project to change it: nobody else has it open now.")
        self.button.clicked.connect(lambda: self.open_wanted.emit(self._folder))
        self.button.hide()
        self.look_button = self.add_button("Look again", "Look whether somebody else still has the project open.")
        self.look_button.clicked.connect(self.look)
        self._look = Errand(desk, self)
        self._due = QTimer(self)
        self._due.setInterval(_LOOK_MILLISECONDS)
        self._due.timeout.connect(self.look)
        desk.project_changed.connect(self.follow)

    def watch(self, on: bool) -> None:
        """Has it look who holds the project every few seconds, or no more."""
        self._is_watching = on
        self.follow()

    def follow(self) -> None:
        """Says what is to be said of the project that is open."""
        store = self._desk.store
        folder = store.folder if store is not None and store.is_read_only else None
        if folder != self._folder:
            self._folder = folder
            self._look.cancel()
            self._offer(open_again=False)
            self.words.setText("Read only: nothing can be changed.")
        self.setVisible(folder is not None)
        if folder is None or not self._is_watching:
            self._due.stop()
            self._look.cancel()
        elif not self._due.isActive():
            self._due.start()
            self.look()
        self.changed.emit()

    def look(self) -> None:
        """Looks who holds the project."""
        store = self._desk.store
        if self._folder is not None and store is not None and not self._look.is_under_way:
            self._look.begin(lambda _hold: _looked_at(store), self._take, lambda _sentence: None)

    def _take(self, look: LockLook) -> None:
        self._desk.take_labels()
        words = "Nobody else has the project open now." if look.is_free else look.words
        self.words.setText(f"Read only. {words}")
        self._offer(open_again=look.is_free)
        self.changed.emit()

    def _offer(self, *, open_again: bool) -> None:
        self.button.setVisible(open_again)
        self.look_button.setVisible(not open_again)


def _looked_at(store: ProjectStore) -> LockLook:
    """Looks who holds a project, and reads what has become of it meanwhile."""
    with suppress(OSError):  # who holds it is said all the same
        store.refresh()
    return look_at_lock(store.folder)


class UnfinishedLine(NoticeLine):
    """Says once what runs that never closed the project have left.

    Args:
        desk: has the project open.
        theme: gives the icon.

    Attributes:
        changed: it is there, or is not any more.
        show_wanted: the id of the image that was edited last.
    """

    changed = Signal()
    show_wanted = Signal(int)

    def __init__(self, desk: Desk, theme: Theme) -> None:
        super().__init__("info", theme)
        self._desk = desk
        self.show_button = self.add_button("Show", "Show the image that was edited last.")
        self.close_button = QToolButton()
        self.close_button.setToolTip("Close this line; everything stays in the project.")
        self.close_button.setAccessibleName("Close this line")
        self.close_button.setAutoRaise(True)
        self._row.addWidget(self.close_button)
        self.show_button.clicked.connect(self._show_last)
        self.close_button.clicked.connect(self._settle)
        desk.project_changed.connect(self.follow)
        theme.changed.connect(self._show_cross)
        self._show_cross()

    def _show_cross(self) -> None:
        self.close_button.setIcon(self._theme.icon("close"))

    def follow(self) -> None:
        """Says what there is to say of the project that is open."""
        left = self._left
        self.words.setText("" if left is None else unfinished_words(left))
        self.setVisible(left is not None)
        self.changed.emit()

    @property
    def _left(self) -> Unfinished | None:
        store = self._desk.store
        left = None if store is None else store.unfinished()
        return left if left is not None and left.images else None

    def _show_last(self) -> None:
        left = self._left
        if left is not None:
            self.show_wanted.emit(next(reversed(left.images)))
        self._settle()

    def _settle(self) -> None:
        if self._desk.store is not None:
            self._desk.store.settle_unfinished()
        self.follow()
