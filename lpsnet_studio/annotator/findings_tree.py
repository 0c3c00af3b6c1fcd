"""The tree of what the checks found: kinds with their counts, and below each what was found, the largest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFont, QIcon, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QTreeView

from lpsnet_studio.annotator.checks import Finding, FindingKind
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import figure_font

__all__ = ["FindingsModel", "FindingsTree", "kind_words"]

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_OF_KINDS = 0
_ICON = 12
_STYLE = """
    QTreeView { border: 2px solid transparent; }
    QTreeView:focus { border-color: palette(highlight); }
    QTreeView::item { padding: 3px 0; }
"""
_MEANINGS = {
    FindingKind.UNLABELLED: "Pixels that belong to no segment.",
    FindingKind.CLASSLESS: "Segments whose class was deleted: exports leave their pixels void.",
    FindingKind.DUPLICATE_STUFF: "Several segments of one class of stuff, of which COCO panoptic foresees one.",
    FindingKind.DISCONNECTED: "Things in parts that do not touch each other: perhaps several things.",
    FindingKind.HOLES: "Void that a single segment encloses.",
    FindingKind.SPECKS: "Parts of segments that are smaller than the size below.",
}


def kind_words(kind: FindingKind) -> str:
    """Returns what a kind of finding is called at the beginning of a line."""
    return kind.value[:1].upper() + kind.value[1:]


class FindingsModel(QAbstractItemModel):
    """Kinds, and the findings of each.

    Args:
        icon_of: gives the icon of a finding.
    """

    def __init__(self, icon_of: Callable[[Finding], QIcon]) -> None:
        super().__init__()
        self._icon_of = icon_of
        self._kinds: list[tuple[FindingKind, Sequence[Finding]]] = []

    @property
    def findings(self) -> list[Finding]:
        """Everything, as it is listed."""
        return [finding for _, findings in self._kinds for finding in findings]

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Shows other findings, which come sorted by kind."""
        self.beginResetModel()
        self._kinds = [(kind, tuple(of_kind)) for kind, of_kind in groupby(findings, lambda finding: finding.kind)]
        self.endResetModel()

    def repaint(self) -> None:
        """Says that icons changed."""
        for row in range(len(self._kinds)):
            parent = self.index(row, 0)
            last = self.index(self.rowCount(parent) - 1, 0, parent)
            self.dataChanged.emit(self.index(0, 0, parent), last, [Qt.ItemDataRole.DecorationRole])

    def at(self, index: Index) -> tuple[Finding, ...]:
        """Returns the finding of a row, or all findings of a kind's row; nothing for no row."""
        if not index.isValid():
            return ()
        kind_row = index.internalId()
        if kind_row == _OF_KINDS:
            return tuple(self._kinds[index.row()][1])
        return (self._kinds[kind_row - 1][1][index.row()],)

    def is_kind(self, index: Index) -> bool:
        """Whether a row is that of a kind."""
        return index.isValid() and index.internalId() == _OF_KINDS

    def kind_at(self, index: Index) -> FindingKind:
        """Returns the kind of a row."""
        return self._kinds[index.row() if self.is_kind(index) else index.internalId() - 1][0]

    def index_of(self, place: int) -> QModelIndex:
        """Returns the row of the finding at a place among all of them; no row if there is none."""
        for row, (_, findings) in enumerate(self._kinds):
            if 0 <= place < len(findings):
                return self.index(place, 0, self.index(row, 0))
            place -= len(findings)
        return QModelIndex()

    def place_of(self, index: Index) -> int:
        """Returns the place among all findings of a row, or before the first of a kind's row; -1 for no row."""
        if not index.isValid():
            return -1
        kind_row = index.row() if self.is_kind(index) else index.internalId() - 1
        before = sum(len(findings) for _, findings in self._kinds[:kind_row])
        return before - 1 if self.is_kind(index) else before + index.row()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Returns how many kinds there are, or findings of a kind."""
        if not parent.isValid():
            return len(self._kinds)
        return len(self._kinds[parent.row()][1]) if self.is_kind(parent) else 0

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Returns that there is one column."""
        return 1

    def index(self, row: int, column: int, parent: Index = _ROOT) -> QModelIndex:
        """Returns where a row is."""
        if not 0 <= row < self.rowCount(parent) or column != 0:
            return QModelIndex()
        return self.createIndex(row, 0, parent.row() + 1 if parent.isValid() else _OF_KINDS)

    def parent(self, index: Index = _ROOT) -> QModelIndex:  # type: ignore[override]
        """Returns the row of a finding's kind."""
        if not index.isValid() or self.is_kind(index):
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, _OF_KINDS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns what a row shows."""
        if not index.isValid():
            return None
        found = self.at(index)
        is_kind, kind = self.is_kind(index), self.kind_at(index)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{kind_words(kind)} · {len(found):,}" if is_kind else found[0].sentence
            case Qt.ItemDataRole.ToolTipRole:
                return as_tip(_MEANINGS[kind] if is_kind else found[0].sentence)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{kind_words(kind)}: {len(found):,} found" if is_kind else found[0].sentence
            case Qt.ItemDataRole.DecorationRole if not is_kind:
                return self._icon_of(found[0])
            case Qt.ItemDataRole.FontRole if is_kind:
                font = QFont()
                font.setBold(True)
                return font
        return None


class FindingsTree(QTreeView):
    """The findings; arrows and clicks choose, Enter goes to the chosen one once more.

    Args:
        model: the rows.

    Attributes:
        chosen: the user went to another row, or once more to the same.
    """

    chosen = Signal()

    def __init__(self, model: FindingsModel) -> None:
        super().__init__()
        self._findings = model
        self._shows = False
        self._folded: set[FindingKind] = set()
        self.setModel(model)
        self.setAccessibleName("Findings")
        self.setFont(figure_font(self.font()))
        self.setStyleSheet(_STYLE)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(16)
        self.setIconSize(QSize(_ICON, _ICON))
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(False)
        self.collapsed.connect(lambda index: self._folded.add(model.kind_at(index)))
        self.expanded.connect(lambda index: self._folded.discard(model.kind_at(index)))
        self.selectionModel().currentChanged.connect(lambda _now, _before: self._tell())

    @property
    def found(self) -> tuple[Finding, ...]:
        """The finding that is chosen, or all of the kind that is; nothing if none is."""
        return self._findings.at(self.currentIndex())

    @property
    def is_on_kind(self) -> bool:
        """Whether a kind is chosen."""
        return self._findings.is_kind(self.currentIndex())

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Shows other findings; what was chosen stays so if it is still there, else nothing is, and the place is kept.

        Kinds that were folded stay folded.
        """
        before, was_kind = self.found, self.is_on_kind
        kind = before[0].kind if before else None
        scrolled = self.verticalScrollBar().value()
        self._shows = True
        self._findings.show_findings(findings)
        for row in range(self._findings.rowCount()):
            index = self._findings.index(row, 0)
            self.setExpanded(index, self._findings.kind_at(index) not in self._folded)
            if was_kind and self._findings.kind_at(index) is kind:
                self.setCurrentIndex(index)
        if before and not was_kind:
            self.setCurrentIndex(self._same(before[0]))
        self._shows = False
        self.verticalScrollBar().setValue(scrolled)

    def _same(self, finding: Finding) -> QModelIndex:
        """Returns the row of the finding that is what another was, even if it is larger or smaller now."""
        for place, other in enumerate(self._findings.findings):
            is_same = other == finding
            if finding.number:
                is_same = (other.kind, other.number) == (finding.kind, finding.number)
            if is_same:
                return self._findings.index_of(place)
        return QModelIndex()

    def choose(self, place: int) -> None:
        """Goes to the finding at a place among all of them, as the user would."""
        index = self._findings.index_of(place)
        self.expand(index.parent())
        if index == self.currentIndex():
            self._tell()
        self.setCurrentIndex(index)
        self.scrollTo(index)

    @property
    def place(self) -> int:
        """The place of the chosen row among all findings; before the first of a kind if that is chosen, -1 for none."""
        return self._findings.place_of(self.currentIndex())

    def _tell(self) -> None:
        if not self._shows:
            self.chosen.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Goes once more to a row that is clicked again."""
        before = self.currentIndex()
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index == before and not self._findings.is_kind(index):
            self._tell()

    def event(self, event: QEvent) -> bool:
        """Takes Enter for the tree before shortcuts of the window do."""
        is_key = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if is_key and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes to the chosen finding at Enter; letters stay with the window, whose tools they choose."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._tell()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Searches nothing."""
