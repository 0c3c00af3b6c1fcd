"""What the canvas shows while nothing is open: what this is, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.chrome.notices import network_words
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.recent import Recent, RecentPath
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["Welcome"]

_OFFERED = ("show_demo", "open_image", "open_folder", "open_dataset")
_RECENT_SHOWN = 5
_COLUMN = 320
_GAP = 48
_WIDE = 2 * _COLUMN + _GAP + 64
"""From this width on, what was open before stands beside the offers, and below them in a narrower view."""
_TALL = 360
"""In a lower view the words are fewer, so that the first offer is seen without scrolling."""


class Welcome(QScrollArea):
    """Says what the Studio is and offers to open something or to show the demo; in a small window it is scrolled.

    Args:
        actions: by id.
        session: says which network photos would meet.
        recent: what was open before.
        theme: gives the icons.
        reopen: opens something again.
    """

    def __init__(
        self,
        actions: Mapping[str, QAction],
        session: Session,
        recent: Recent,
        theme: Theme,
        reopen: Callable[[Path], None],
    ) -> None:
        super().__init__()
        self._session, self._recent, self._theme, self._reopen = session, recent, theme, reopen
        self._title = QLabel("From pixels to panoptic segments, step by step")
        font = self._title.font()
        font.setPixelSize(22)
        self._title.setFont(font)
        self._about = QLabel(
            "Open a photo or a data set and see every step of LPSNet: semantic labels, boxes, and the merge that "
            "decides which segment owns each pixel. Turn one setting and see what changes."
        )
        self._drop = QLabel("Or drop pictures, a folder, a COCO panoptic JSON file or a checkpoint into this window.")
        self._network = QLabel()
        for label in (self._title, self._about, self._drop, self._network):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self._drop, self._network):
            label.setForegroundRole(label.palette().ColorRole.PlaceholderText)
        self._recent_box = QWidget()
        self._recent_rows = QVBoxLayout(self._recent_box)
        self._recent_rows.setContentsMargins(0, 0, 0, 0)
        self._recent_rows.setSpacing(2)
        self._columns = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._columns.setSpacing(24)
        corner = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        self._columns.addWidget(self._offers(actions), 1, corner)
        self._columns.addWidget(self._recent_box, 1, corner)
        self.setWidget(self._page())
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Welcome")
        recent.changed.connect(self._show_recent)
        theme.changed.connect(self._show_recent)
        for signal in (session.model_changed, session.busy_changed):
            signal.connect(self._show_network)
        self._show_recent()
        self._show_network()

    def _page(self) -> QWidget:
        block = QWidget()
        block.setMaximumWidth(2 * _COLUMN + _GAP)
        inner = QVBoxLayout(block)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(16)
        for part in (self._title, self._about):
            inner.addWidget(part)
        inner.addSpacing(8)
        inner.addLayout(self._columns)
        inner.addSpacing(8)
        for part in (self._drop, self._network):
            inner.addWidget(part)
        page = QWidget()
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(block, 1000)
        across.addStretch(1)
        self._around = QVBoxLayout(page)
        self._around.addStretch(2)
        self._around.addLayout(across)
        self._around.addStretch(3)
        return page

    def _offers(self, actions: Mapping[str, QAction]) -> QWidget:
        """Returns the offers, the demo first: it needs nothing of the user's."""
        holder = QWidget()
        holder.setMaximumWidth(_COLUMN)
        rows = QVBoxLayout(holder)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        for name in _OFFERED:
            rows.addWidget(_Offer(actions[name], self._theme))
        return holder

    def _show_recent(self) -> None:
        while (item := self._recent_rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        paths = self._recent.paths[:_RECENT_SHOWN]
        self._recent_box.setVisible(bool(paths))
        heading = QLabel("Open again")
        heading.setForegroundRole(heading.palette().ColorRole.PlaceholderText)
        self._recent_rows.addWidget(heading)
        for item in paths:
            self._recent_rows.addWidget(_RecentButton(item, self._theme, self._reopen))

    def _show_network(self) -> None:
        self._network.setText(network_words(self._session))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Sets the two columns beside each other where there is room, and says less where there is little."""
        super().resizeEvent(event)
        is_wide, is_low = self.width() >= _WIDE, self.height() < _TALL
        direction = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        self._columns.setDirection(direction)
        self._columns.setSpacing(_GAP if is_wide else 24)
        self._about.setVisible(not is_low)
        margin = 12 if is_low else 32
        self._around.setContentsMargins(margin, margin, margin, margin)
        font = self._title.font()
        font.setPixelSize(15 if is_low else 22)
        self._title.setFont(font)


class _WideButton(QToolButton):
    """A button as wide as a column, whatever is written on it, or as a small window has room for.

    Args:
        name: by which the style sheet knows it.
        height: in pixels.
    """

    def __init__(self, name: str, height: int) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        """Returns the width of a column."""
        return QSize(_COLUMN, self.maximumHeight())

    def minimumSizeHint(self) -> QSize:
        """Returns what a small window has room for."""
        return QSize(150, self.maximumHeight())


class _Offer(_WideButton):
    """One action as a wide button: icon, words, and its shortcut at the right."""

    def __init__(self, action: QAction, theme: Theme) -> None:
        super().__init__("offer", 40)
        self._action = action
        words = action.text().rstrip("…")
        self.setAccessibleName(words)
        self.setToolTip(action.toolTip())
        self.clicked.connect(lambda _checked=False: action.trigger())
        self._icon, text = QLabel(), ElidedLabel(words)
        keys = QLabel(action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
        keys.setFont(caption_font(self.font()))
        keys.setForegroundRole(keys.palette().ColorRole.PlaceholderText)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(12)
        row.addWidget(self._icon)
        row.addWidget(text, 1)
        row.addWidget(keys)
        for label in (self._icon, text, keys):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.changed.connect(self._show_icon)
        self._show_icon()

    def _show_icon(self) -> None:
        self._icon.setPixmap(self._action.icon().pixmap(QSize(20, 20)))


class _RecentButton(_WideButton):
    """Something that was open before: its name over its folder, dim with the reason if it cannot be opened."""

    def __init__(self, item: RecentPath, theme: Theme, reopen: Callable[[Path], None]) -> None:
        super().__init__("recent", 42)
        self.setMaximumWidth(_COLUMN)
        self.setToolTip(as_tip(f"{item.path}\n{item.problem}" if item.problem else str(item.path)))
        self.setAccessibleName(f"Open {item.name} again")
        self.setEnabled(not item.problem)
        self.clicked.connect(lambda _checked=False: reopen(item.path))
        name = ElidedLabel(item.name)
        where = ElidedLabel(f"{item.problem} · {item.folder}" if item.problem else item.folder)
        where.setFont(caption_font(self.font()))
        where.setForegroundRole(where.palette().ColorRole.PlaceholderText)
        icon = QLabel()
        icon.setPixmap(theme.pixmap("warning" if item.problem else "recent", theme.palette.dim, 20))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(name)
        words.addWidget(where)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(10)
        row.addWidget(icon)
        row.addLayout(words, 1)
        for label in (name, where, icon):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
