"""The model card: what the network is, where it came from and where it runs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPlainTextEdit,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from lpsnet.categories import Categories
from lpsnet_studio.chrome.model_words import card_rows, card_text
from lpsnet_studio.demo_network import name_of
from lpsnet_studio.inference.messages import ModelCard
from lpsnet_studio.labels import as_tip
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme

__all__ = ["ClassList", "ModelCardDialog"]

_SWATCH = 12
_READABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


class ClassList(QWidget):
    """The classes of a network with their colours, filtered while one types."""

    def __init__(self) -> None:
        super().__init__()
        self._source = QStandardItemModel(self)
        self.shown = QSortFilterProxyModel(self)
        self.shown.setSourceModel(self._source)
        self.shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a class…")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Find a class")
        self.search.setToolTip("Shows the classes whose name, id or kind holds this.")
        self.search.textChanged.connect(self.shown.setFilterFixedString)
        view = QListView()
        view.setModel(self.shown)
        view.setUniformItemSizes(True)
        view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        view.setIconSize(QSize(_SWATCH, _SWATCH))
        view.setAccessibleName("Classes")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(view)

    def set_categories(self, categories: Categories) -> None:
        """Lists classes in the order of their indices."""
        self._source.clear()
        for entry in categories:
            swatch = QPixmap(_SWATCH, _SWATCH)
            swatch.fill(QColor(*entry.color))
            item = QStandardItem(QIcon(swatch), f"{entry.name}  –  {entry.id}, {'thing' if entry.isthing else 'stuff'}")
            self._source.appendRow(item)


class ModelCardDialog(QDialog):
    """What the network that is loaded is; it follows when another one is loaded.

    Args:
        session: what is open.
        theme: gives the colours and icons of the heading.
        choose_input: opens the choice of the input size.
        parent: the window.
    """

    def __init__(self, session: Session, theme: Theme, choose_input: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Model card")
        self._session, self._theme = session, theme
        self._name, self._state, self._icon = QLabel(), QLabel(), QLabel()
        self._page = QScrollArea()
        self._page.setWidgetResizable(True)
        self._page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.classes = ClassList()
        self.notes = QPlainTextEdit()
        self.notes.setReadOnly(True)
        self.notes.setAccessibleName("Notes of the checkpoint's writer")
        self.notes.setPlaceholderText("The checkpoint's writer noted nothing.")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for page, name in ((self._page, "Network"), (self.classes, "Classes"), (self.notes, "Notes")):
            self.tabs.addTab(page, name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addLayout(self._heading())
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self._buttons(choose_input))
        self.resize(520, 480)
        session.model_changed.connect(self._refresh)
        theme.changed.connect(self._refresh)
        self._refresh()

    def _heading(self) -> QHBoxLayout:
        font = self._name.font()
        font.setPixelSize(17)
        font.setBold(True)
        self._name.setFont(font)
        for label in (self._name, self._state):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(_READABLE)
        heading = QHBoxLayout()
        heading.setSpacing(8)
        heading.addWidget(self._name)
        heading.addStretch(1)
        heading.addWidget(self._icon)
        heading.addWidget(self._state)
        return heading

    def _buttons(self, choose_input: Callable[[], None]) -> QDialogButtonBox:
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        box.rejected.connect(self.reject)
        copy = box.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.setToolTip("Copy the whole card, its classes and notes included, as text.")
        copy.clicked.connect(self.copy)
        size = box.addButton("Input size…", QDialogButtonBox.ButtonRole.ActionRole)
        size.setToolTip("Choose another short side for the network's input.")
        size.clicked.connect(choose_input)
        return box

    def copy(self) -> None:
        """Copies the card to the clipboard as plain text."""
        if self._session.model is not None:
            QGuiApplication.clipboard().setText(card_text(self._session.model))

    def _refresh(self) -> None:
        card, colors = self._session.model, self._theme.palette
        if card is None:
            self._name.setText("No network is loaded")
            return
        self._name.setText(name_of(card))
        color = colors.kept if card.trained else colors.contested
        self._icon.setPixmap(self._theme.pixmap("kept" if card.trained else "warning", color))
        self._state.setText("Trained" if card.trained else "Untrained")
        self._state.setStyleSheet(f"color: {color}; font-weight: bold")
        self._page.setWidget(_form(card))
        self.classes.set_categories(card.categories)
        self.tabs.setTabText(1, f"Classes ({len(card.categories)})")
        self.notes.setPlainText(card.notes)
        self.tabs.setTabVisible(2, bool(card.notes))


def _form(card: ModelCard) -> QWidget:
    page = QWidget()
    form = QFormLayout(page)
    form.setContentsMargins(8, 16, 8, 8)
    form.setHorizontalSpacing(16)
    form.setVerticalSpacing(8)
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    for name, value in card_rows(card):
        form.addRow(name, _value(name, value))
    return page


def _value(name: str, value: str) -> QWidget:
    """Returns a value that can be selected; a path, which has no spaces to be wrapped at, may be scrolled."""
    if name == "Origin":
        path = QLineEdit(value)
        path.setReadOnly(True)
        path.setFrame(False)
        path.setCursorPosition(0)
        path.setTextMargins(-2, 0, 0, 0)
        path.setToolTip(as_tip(value))
        path.setAccessibleName(name)
        path.setStyleSheet("background: transparent")
        return path
    label = QLabel(value)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(_READABLE)
    label.setWordWrap(True)
    label.setAccessibleName(f"{name}: {value}")
    return label
