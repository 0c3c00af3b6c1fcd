"""The image list as Qt reads it: rows in the order in which the session shows them."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from lpsnet_studio.browser.thumbnails import Thumbnails
from lpsnet_studio.labels import as_tip
from lpsnet_studio.lookahead import Lookahead
from lpsnet_studio.session import Session
from lpsnet_studio.state import REVIEW_WORDS, Entry
from lpsnet_studio.theme import Theme

__all__ = ["ImageListModel", "Role"]

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_OTHER_NETWORK = "another network or input size"


class Role(IntEnum):
    """What a row tells beside Qt's own roles."""

    THUMBNAIL = Qt.ItemDataRole.UserRole
    PQ = Qt.ItemDataRole.UserRole + 1
    """As shown, for example ``92.1``; ``—`` where it is unknown; None for a list without ground truth."""
    FIGURE = Qt.ItemDataRole.UserRole + 3
    """What that figure is called: ``PQ``, or ``Agreement`` where predictions stand in the place of ground truth."""
    IS_STALE = Qt.ItemDataRole.UserRole + 2
    """Whether the PQ was measured with other settings, or another network, than those of now, or by an evaluation."""
    REVIEW = Qt.ItemDataRole.UserRole + 4
    """How far the image has come in the project, in the place of the PQ; empty where that is not shown."""


class ImageListModel(QAbstractListModel):
    """The session's image list, as it is filtered and sorted.

    Args:
        session: what is open.
        lookahead: knows which PQ is up to date.
        thumbnails: of the pictures.
        theme: gives icons.

    Attributes:
        shows_reviews: whether rows say how far images have come, and not how good their results are.
    """

    def __init__(self, session: Session, lookahead: Lookahead, thumbnails: Thumbnails, theme: Theme) -> None:
        super().__init__()
        self._session, self._lookahead, self._thumbnails, self._theme = session, lookahead, thumbnails, theme
        self.shows_reviews = False
        session.entry_changed.connect(self._show_entry)
        session.reviews_changed.connect(self._show_all)

    def entry(self, row: int) -> Entry:
        """Returns the entry that a row shows."""
        return self._session.entries[self._session.order[row]]

    def begin_anew(self) -> None:
        """Shows another list, or the same in another order."""
        self.beginResetModel()
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Returns how many images are shown."""
        return 0 if parent.isValid() else len(self._session.order)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns what a row shows."""
        if not index.isValid() or index.row() >= len(self._session.order):
            return None
        entry = self.entry(index.row())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return entry.name
            case Qt.ItemDataRole.DecorationRole:
                return self._theme.icon("warning", self._theme.palette.contested) if entry.problem else None
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(entry)
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(part for part in (entry.name, *self._words(entry), entry.problem) if part)
            case Role.THUMBNAIL:
                return self._thumbnails.find(entry.source.path)
            case Role.PQ:
                return None if self.shows_reviews else self._pq(entry)
            case Role.REVIEW:
                return entry.review if self.shows_reviews else ""
            case Role.FIGURE:
                return entry.figure
            case Role.IS_STALE:
                return entry.measured is not None and not self._lookahead.is_up_to_date(entry.measured)
        return None

    def _pq(self, entry: Entry) -> str | None:
        if not self._session.any_truth:
            return None
        return "—" if entry.measured is None else f"{100 * entry.measured.pq:.1f}"

    def _words(self, entry: Entry) -> tuple[str, ...]:
        """Says what the right of a row means."""
        if not self.shows_reviews:
            return (self._pq_words(entry),)
        return REVIEW_WORDS.get(entry.review, ""), f"Note: {entry.note}" if entry.note else ""

    def _pq_words(self, entry: Entry) -> str:
        """Says what the figure in the row means; empty where there is none."""
        if entry.measured is None:
            return ""
        against = f" with {entry.stand_in}" if entry.stand_in else ""
        figure = f"{entry.figure} {100 * entry.measured.pq:.1f}{against}"
        if entry.measured.origin:
            return f"{figure}, found by the evaluation {entry.measured.origin}"
        if self._lookahead.is_up_to_date(entry.measured):
            return figure
        is_other_network = entry.measured.settings == self._session.settings
        return f"{figure}, measured with {_OTHER_NETWORK if is_other_network else 'other settings'} than now"

    def _tip(self, entry: Entry) -> str:
        size = "" if entry.size is None else f"{entry.size[1]} × {entry.size[0]} pixels"
        lines = (entry.source.path, size, *self._words(entry), entry.problem)
        return as_tip("\n".join(part for part in lines if part))

    def show_reviews(self, on: bool) -> None:
        """Says of images how far they have come, or how good their results are."""
        self.shows_reviews = on
        self._show_all()

    def _show_all(self) -> None:
        rows = self.rowCount()
        if rows:
            self.dataChanged.emit(self.index(0, 0), self.index(rows - 1, 0))

    def _show_entry(self, index: int) -> None:
        row = self._session.row_of(index)
        if row >= 0:
            self.dataChanged.emit(self.index(row, 0), self.index(row, 0))
