"""One page that says what happened to the image, for someone who was not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QTextBrowser, QToolButton, QVBoxLayout, QWidget

from lpsnet.analysis.report import WhyPage
from lpsnet_studio.background import Background, Task, pass_on
from lpsnet_studio.examination import Examination
from lpsnet_studio.inspector.obstacles import obstacle_of
from lpsnet_studio.inspector.why_html import narrow_html
from lpsnet_studio.inspector.why_model import WhyMaterial, material_of, page_of
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme

__all__ = ["PageView", "WhyPanel"]

_PAUSE_MILLISECONDS = 200
"""How long nothing may change before a page is made."""
_STEP = 40
"""Pixels by which the panel must grow or shrink for its pictures to follow."""
_LEAST = QSize(240, 120)


class PageView(QTextBrowser):
    """A document to read, that loads nothing: its pictures are in it, and its links lead nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.setAccessibleName("Why")
        self.setToolTip("Why the result is what it is. Arrows and Page Down scroll, Ctrl+A and Ctrl+C copy.")
        self.document().setDocumentMargin(8)

    def loadResource(self, kind: int, name: QUrl) -> Any:
        """Loads pictures that the document itself carries, and nothing else."""
        return super().loadResource(kind, name) if name.scheme() == "data" else None


class WhyPanel(QWidget):
    """The page of the current image; it is made while the panel is shown, outside the GUI thread.

    Args:
        session: what is open.
        examination: knows what ground truth would gain.
        theme: the look.

    Attributes:
        page: what is shown; None if a sentence is shown in its place.
        view: where it is shown.
    """

    def __init__(self, session: Session, examination: Examination, theme: Theme) -> None:
        super().__init__()
        self._session, self._examination, self._theme = session, examination, theme
        self._background = Background(pass_on, self)
        self._making: Task | None = None
        self._shown_width = 0
        self._made_of: WhyMaterial | None = None
        self.page: WhyPage | None = None
        self.view = PageView()
        self.setFocusProxy(self.view)
        self._buttons = QHBoxLayout()
        self._buttons.setContentsMargins(8, 4, 8, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._buttons)
        layout.addWidget(self.view, 1)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MILLISECONDS)
        self._pause.timeout.connect(self._follow)
        for signal in (session.picture_changed, session.result_changed, session.model_changed, session.entry_changed):
            signal.connect(lambda *_: self._follow_soon())
        session.current_changed.connect(lambda _index: self._follow_soon())
        session.picture_changed.connect(self._forget_if_hidden)
        examination.gains_changed.connect(self._follow_soon)
        theme.changed.connect(self._show_page)

    def add_actions(self, actions: Mapping[str, QAction]) -> None:
        """Gives the page what takes it away."""
        button = QToolButton()
        button.setDefaultAction(actions["export_why"])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setAccessibleName(actions["export_why"].text().rstrip("…"))
        self._buttons.addWidget(button)
        self._buttons.addStretch(1)

    def minimumSizeHint(self) -> QSize:
        """Returns a size in which every line of the page can still be read."""
        return _LEAST

    # ---------------------------------------------------------------------------------------------------------- events

    def showEvent(self, event: QShowEvent) -> None:
        """Makes the page of now."""
        super().showEvent(event)
        self._follow_soon()

    def hideEvent(self, event: QHideEvent) -> None:
        """Makes no page that nobody sees."""
        super().hideEvent(event)
        self._pause.stop()
        self._withdraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lets pictures follow the width."""
        super().resizeEvent(event)
        if self.page is not None and abs(self._room() - self._shown_width) >= _STEP:
            self._pause.start()

    def changeEvent(self, event: QEvent) -> None:
        """Sets the page again in another font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self.page is not None:
            self._show_page()

    # ------------------------------------------------------------------------------------------------------- following

    def _follow_soon(self) -> None:
        if self.isVisible():
            self._pause.start()  # anew: while a slider is dragged, nothing is made that would slow it down

    def _forget_if_hidden(self) -> None:
        """Holds on to nothing of an image that was left while nobody saw the page."""
        if not self.isVisible():
            self.page = self._made_of = None
            self.view.clear()

    def _follow(self) -> None:
        """Has the page made that fits what is shown, or says why there is none."""
        self._withdraw()
        if obstacle := obstacle_of(self._session):
            self.page = None
            self.view.setPlainText(obstacle)
            return
        material = material_of(self._session, self._examination.want_gains())
        if material is None:  # a slider is being dragged: the page follows when it is released
            return
        if self.page is not None and self._made_of == material:
            self._show_page()
        else:
            self._making = self._background.run(lambda: page_of(material), lambda page: self._take(page, material))

    def _withdraw(self) -> None:
        if self._making is not None:
            self._background.withdraw(self._making)
            self._making = None

    def _take(self, page: WhyPage, material: WhyMaterial) -> None:
        if material.result is self._session.result:
            self.page, self._made_of = page, material
            self._show_page()

    def _show_page(self) -> None:
        page = self.page
        if page is None:
            return
        scheme, room = self._theme.name, self._room()
        self._background.run(lambda: narrow_html(page, scheme, room), lambda text: self._set(page, room, text))

    def _set(self, page: WhyPage, room: int, text: str) -> None:
        """Shows a document at the place to which the one before was read."""
        if page is not self.page:
            return
        self._shown_width = room
        bar = self.view.verticalScrollBar()
        place = bar.value()
        self.view.setHtml(text)
        bar.setValue(place)

    def _room(self) -> int:
        """Returns the width that the page has, beside a scroll bar."""
        bar = self.view.verticalScrollBar().sizeHint().width()
        return max(self.view.width() - bar - 2 * round(self.view.document().documentMargin()), 160)
