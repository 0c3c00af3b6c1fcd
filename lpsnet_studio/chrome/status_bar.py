"""The status bar: hint | cursor | segment | zoom | device · network and timings | memory | what is busy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QLabel, QMenu, QProgressBar, QSizePolicy, QStatusBar, QToolButton

from lpsnet_studio.background import Working
from lpsnet_studio.chrome.model_words import device_words, memory_words, network_words
from lpsnet_studio.chrome.status_parts import StatusPart
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.session import Session
from lpsnet_studio.state import Busy
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["StatusBar"]

_PATIENCE_MILLISECONDS = 400
"""Work that ends sooner is not announced."""
_HINT = "Wheel zooms · middle or Space-drag pans · click selects"
_LEAST_FOR_MEMORY = 800
"""In a narrower bar the memory is left out."""


class StatusBar(QStatusBar):
    """What is under the mouse, where the network runs, and what is busy.

    Args:
        session: what is open.
        theme: gives the icon of the cancel button.
        cancel: withdraws what is busy.
        actions: by id; the device's menu and the model card are opened from here.
    """

    def __init__(
        self, session: Session, theme: Theme, cancel: Callable[[], None], actions: Mapping[str, QAction]
    ) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._background: Working | None = None
        self._words_of_hint, self._words_at = _HINT, self._words_of_result
        self.setSizeGripEnabled(False)
        self._hint, self._cursor, self._segment = ElidedLabel(_HINT), QLabel(), ElidedLabel()
        self._zoom, self._memory, self._step = QLabel(), QLabel(), ElidedLabel()
        self._device, self._network, self._jobs = StatusPart("Device"), StatusPart("Network"), StatusPart("Jobs")
        self._bar = QProgressBar()
        self._bar.setFixedSize(96, 12)
        self._bar.setTextVisible(False)
        self._cancel = QToolButton()
        self._cancel.setAutoRaise(True)
        self._cancel.setToolTip("Cancel (Esc)")
        self._cancel.setAccessibleName("Cancel")
        self._cancel.clicked.connect(cancel)
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.addWidget(self._hint, 1)
        of_image = (self._cursor, self._segment, self._zoom)
        self._parts = (*of_image, self._device, self._network, self._memory, self._jobs, self._step)
        for label in self._parts:
            label.setFont(figure_font(self.font()))
            label.setContentsMargins(8, 0, 8, 0)
            self.addPermanentWidget(label)
        self._memory.setFont(figure_font(caption_font(self.font())))
        self._memory.setToolTip("Memory of the inference process")
        self._device.clicked.connect(lambda: self._open_menu(actions["device"].menu()))
        self._network.clicked.connect(actions["model_card"].trigger)
        self._jobs.clicked.connect(actions["jobs_mode"].trigger)
        self.show_jobs("")
        self.addPermanentWidget(self._bar)
        self.addPermanentWidget(self._cancel)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MILLISECONDS)
        self._patience.timeout.connect(self._show_busy)
        self._hide_busy()
        session.pointed_changed.connect(self._show_pointed)
        session.view_changed.connect(self._show_pointed)
        session.position_changed.connect(lambda *_: self._show_pointed())
        session.busy_changed.connect(self._take_busy)
        for signal in (session.model_changed, session.result_changed, session.service_changed):
            signal.connect(self._show_network)
        session.memory_changed.connect(self._show_memory)
        theme.changed.connect(self._show_theme)
        self._show_theme()
        self._show_network()

    def show_zoom(self, scale: float) -> None:
        """Shows the zoom."""
        self._zoom.setText(f"{100 * scale:.0f} %")

    def show_jobs(self, words: str, tip: str = "") -> None:
        """Shows how many jobs run and wait; nothing without words."""
        self._jobs.setText(words)
        self._jobs.setToolTip(as_tip(f"{tip}\nClick to show the jobs.".lstrip()))

    def show_image_parts(self, on: bool) -> None:
        """Shows or leaves out what is said of the image and how it is looked at."""
        self._hint.setText(self._words_of_hint if on else "")
        for label in (self._cursor, self._segment, self._zoom):
            label.setVisible(on)

    def show_hint(self, words: str = _HINT) -> None:
        """Says what the mouse does now, or is expected to do next."""
        self._words_of_hint = words
        self._hint.setText(words)

    def name_pixels_by(self, words_at: Callable[[], str] | None) -> None:
        """Has what is under the mouse named by somebody else; by the result of the inspection if that is None."""
        self._words_at = words_at or self._words_of_result
        self._show_pointed()

    def show_background(self, working: Working | None) -> None:
        """Shows what the window itself works on, while the service has nothing to do."""
        self._background = working
        self._take_busy()

    @property
    def _busy(self) -> Busy | Working | None:
        return self._session.busy or self._background

    def _show_pointed(self) -> None:
        pointed = self._session.pointed
        self._cursor.setText("" if pointed is None else f"x {pointed.x} y {pointed.y}")
        self._segment.setText(self._words_at())

    def _words_of_result(self) -> str:
        return self._session.pointed_words(before=self._session.view.contested == "before")

    def _show_network(self) -> None:
        self._device.setText(device_words(self._session))
        self._network.setText(network_words(self._session))
        model, result = self._session.model, self._session.result
        reason = "" if model is None else model.device_reason
        self._device.setToolTip(as_tip(f"{reason}\nClick to choose where the network runs.".lstrip()))
        stages = () if result is None else result.stages
        times = [f"{each.stage}: {1000 * each.seconds:.0f} ms{'' if each.ran else ' (kept)'}" for each in stages]
        card = [
            "No network is loaded: open a checkpoint in the menu Model." if model is None else "Click for the card."
        ]
        origin = [] if model is None else [model.origin]
        self._network.setToolTip(as_tip("\n".join(origin + times + card)))

    def _show_memory(self) -> None:
        self._memory.setText(memory_words(self._session.memory))
        self._memory.setVisible(bool(self._memory.text()) and self.width() >= _LEAST_FOR_MEMORY)

    def _open_menu(self, menu: QMenu | None) -> None:
        if menu is not None:
            menu.popup(self._device.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    @property
    def text(self) -> str:
        """Everything that it says now but the hint, as one line."""
        return " | ".join(label.text() for label in self._parts if not label.isHidden() and label.text())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offers to copy what it says."""
        text = self.text
        menu = QMenu(self)
        menu.addAction("Copy status").triggered.connect(lambda: QGuiApplication.clipboard().setText(text))
        menu.popup(event.globalPos())
        menu.aboutToHide.connect(menu.deleteLater)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves out what there is no room for."""
        super().resizeEvent(event)
        self._show_memory()

    def _take_busy(self) -> None:
        if self._busy is None:
            self._patience.stop()
            self._hide_busy()
        elif self._bar.isVisible():
            self._show_busy()
        elif not self._patience.isActive():
            self._patience.start()

    def _show_busy(self) -> None:
        busy = self._busy
        if busy is None:
            return
        self._step.setText(busy.step)
        self._bar.setRange(0, 0 if busy.fraction < 0 else 100)
        self._bar.setValue(round(100 * max(busy.fraction, 0)))
        for widget in (self._step, self._bar, self._cancel):
            widget.show()

    def _hide_busy(self) -> None:
        for widget in (self._step, self._bar, self._cancel):
            widget.hide()

    def _show_theme(self) -> None:
        self._memory.setStyleSheet(f"color: {self._theme.palette.dim}")
        self._cancel.setIcon(self._theme.icon("cancel"))
