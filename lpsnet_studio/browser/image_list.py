"""The list of images; choosing one opens it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.arrangement import with_review
from lpsnet_studio.browser.filter_field import FilterField
from lpsnet_studio.browser.image_foot import ImageFoot
from lpsnet_studio.browser.image_model import ImageListModel
from lpsnet_studio.browser.image_row import ImageRow
from lpsnet_studio.browser.image_view import ImageView
from lpsnet_studio.browser.thumbnail_store import ThumbnailStore
from lpsnet_studio.browser.thumbnails import Thumbnails
from lpsnet_studio.lookahead import Lookahead
from lpsnet_studio.paths import show_folder
from lpsnet_studio.session import Session
from lpsnet_studio.state import Problem, Review
from lpsnet_studio.theme import Theme

__all__ = ["ImageList"]

_REARRANGE_PAUSE = 500
"""Milliseconds after which a list that is sorted or filtered by results follows them."""
_NOTHING_OPEN = "No image is open. Open or drop an image, a folder or a COCO panoptic data set."
_NO_MATCH = "No image fits the filter. Shorten it, or press Esc in it to see all images."


class ImageList(QWidget):
    """The image list with filter and foot.

    Args:
        session: what is open.
        theme: gives icons.
        cache: folder in which thumbnails are kept.

    Attributes:
        view: the list itself, where letter keys act too.
        filter: the field that shortens it.
        foot: count, PQ, and how far measuring is.
        lookahead: fetches the next image and measures them all.
    """

    def __init__(self, session: Session, theme: Theme, cache: Path) -> None:
        super().__init__()
        self._session = session
        self.lookahead = Lookahead(session)
        self.thumbnails = Thumbnails(ThumbnailStore(cache / "thumbnails"), self)
        self.model = ImageListModel(session, self.lookahead, self.thumbnails, theme)
        self.view, self.filter = ImageView(), FilterField(theme)
        self.foot = ImageFoot(session, self.lookahead, theme)
        self._row = ImageRow(session, theme)
        self.view.setModel(self.model)
        self.view.setItemDelegate(self._row)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._lay_out()
        self._follow = QTimer(self)
        self._follow.setSingleShot(True)
        self._follow.setInterval(_REARRANGE_PAUSE)
        self._follow.timeout.connect(self._rearrange)
        self._listen(theme)
        self._show_entries()

    def _lay_out(self) -> None:
        self._no_match = _hint(_NO_MATCH)
        self._rows = QStackedWidget()
        self._rows.addWidget(self.view)
        self._rows.addWidget(self._no_match)
        listed = QWidget()
        layout = QVBoxLayout(listed)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        field = QVBoxLayout()
        field.setContentsMargins(8, 4, 8, 4)
        field.addWidget(self.filter)
        layout.addLayout(field)
        layout.addWidget(self._rows, 1)
        layout.addWidget(self.foot)
        self._stack = QStackedWidget()
        self._stack.addWidget(_hint(_NOTHING_OPEN))
        self._stack.addWidget(listed)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    def _listen(self, theme: Theme) -> None:
        session = self._session
        session.entries_changed.connect(self._show_entries)
        session.entry_changed.connect(lambda _index: self._follow_results())
        session.reviews_changed.connect(self._follow_results)
        session.order_changed.connect(self._show_order)
        session.current_changed.connect(self._show_current)
        for signal in (session.settings_changed, session.model_changed, theme.changed):
            signal.connect(self._repaint_rows)
        self.filter.textChanged.connect(session.filter_entries)
        self.filter.textChanged.connect(lambda _text: self.foot.show_count())
        self.filter.textChanged.connect(lambda _text: self.foot.reviews.show_chosen())
        self.foot.reviews.chosen.connect(self._list_only)
        self.filter.left.connect(self.view.setFocus)
        self.view.chosen.connect(self._open)
        self.view.clicked.connect(self._retry)
        self.view.activated.connect(self._retry)
        self.view.on_screen.connect(self._want_thumbnails)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.thumbnails.made.connect(lambda _path: self.view.viewport().update())
        self.thumbnails.failed.connect(self._take_unreadable)

    # ---------------------------------------------------------------------------------------------------- what users do

    def find(self) -> None:
        """Gives the keyboard to the filter."""
        dock = self.parentWidget()
        if isinstance(dock, QDockWidget):
            dock.show()
            dock.raise_()
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def reload(self, index: int) -> None:
        """Reads an image and its thumbnail from disk again."""
        if 0 <= index < len(self._session.entries):
            self.thumbnails.forget(self._session.entries[index].source.path)
            self.view.tell_again()
            self._session.reload(index)

    def show_reviews(self, on: bool) -> None:
        """Says of images how far they have come in the project that is open, or how good their results are."""
        self.model.show_reviews(on)
        self.foot.show_reviews(on)
        self.filter.show_examples("is:todo, is:noted" if on else "pq<50, unmeasured")

    def _list_only(self, review: Review) -> None:
        self.filter.setText(with_review(self.filter.text(), review))

    @property
    def has_keyboard(self) -> bool:
        """Whether someone types or chooses here."""
        focused = QApplication.focusWidget()
        return focused is not None and self.isAncestorOf(focused)

    def close_thumbnails(self) -> None:
        """Ends the work in the background."""
        self.thumbnails.close()

    def menu_of(self, row: int) -> QMenu:
        """Returns what can be done with the image of a row."""
        index, entry = self._session.order[row], self.model.entry(row)
        path = Path(entry.source.path)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open containing folder", lambda: self._show_folder(path.parent))
        menu.addAction("Copy path", lambda: QGuiApplication.clipboard().setText(str(path)))
        menu.addSeparator()
        menu.addAction("Reload image", lambda: self.reload(index))
        measure = menu.addAction("Measure this image", lambda: self.lookahead.measure([index]))
        measure.setEnabled(entry.source.truth is not None)
        return menu

    def _show_menu(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        if index.isValid():
            self.menu_of(index.row()).popup(self.view.viewport().mapToGlobal(place))

    def _show_folder(self, folder: Path) -> None:
        if not show_folder(folder):
            self._session.failed.emit(Problem("No file manager could be opened.", f"The image is in {folder}"))

    # ------------------------------------------------------------------------------------------------ what is shown

    def _show_entries(self) -> None:
        if self.filter.text() != self._session.filter_text:
            self.filter.blockSignals(True)
            self.filter.setText(self._session.filter_text)
            self.filter.blockSignals(False)
        self.thumbnails.try_unreadable_again()
        self._stack.setCurrentIndex(1 if self._session.entries else 0)
        self._show_order()

    def _show_order(self) -> None:
        self.model.begin_anew()
        self._rows.setCurrentIndex(0 if self._session.order or not self._session.entries else 1)
        self.view.tell_again()
        self._show_current(self._session.index)

    def _show_current(self, index: int) -> None:
        self.view.show_row(self._session.row_of(index))

    def _repaint_rows(self) -> None:
        """Shows which PQ are up to date, and in which colours."""
        self.view.viewport().update()

    def _follow_results(self) -> None:
        if self._session.order_follows_results and not self._follow.isActive():
            self._follow.start()

    def _rearrange(self) -> None:
        """Brings the order up to date and leaves the list where it is scrolled to: nobody asked it to move."""
        bar = self.view.verticalScrollBar()
        place = bar.value()
        self._session.rearrange()
        bar.setValue(place)

    def _open(self, chosen: QModelIndex) -> None:
        index = self._session.order[chosen.row()]
        if index != self._session.index:
            self._session.open_index(index)

    def _retry(self, chosen: QModelIndex) -> None:
        if self._session.order[chosen.row()] == self._session.index:
            self._session.retry()

    def _want_thumbnails(self, rows: list[int]) -> None:
        self.thumbnails.want([self.model.entry(row).source.path for row in rows])

    def _take_unreadable(self, path: str, sentence: str) -> None:
        """Marks a picture whose thumbnail could not be made; it is one of those on screen, or near them."""
        for index, entry in enumerate(self._session.entries):
            if entry.source.path == path:
                self._session.take_problem(index, sentence)


def _hint(text: str) -> QLabel:
    label = QLabel(text)
    label.setContentsMargins(16, 16, 16, 16)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
    return label
