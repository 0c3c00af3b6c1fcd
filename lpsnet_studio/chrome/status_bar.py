"""The status bar: hint | cursor | segment | zoom | device and timings | what is busy."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QProgressBar, QSizePolicy, QStatusBar, QToolButton

from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme, figure_font

__all__ = ["StatusBar", "device_words"]

_PATIENCE_MILLISECONDS = 400
"""Work that ends sooner is not announced."""
_HINT = "Wheel zooms · middle or Space-drag pans · click selects"
_STATES = {
    "starting": "starting the inference service",
    "restarting": "the inference service was lost and starts again",
    "unavailable": "the inference service cannot be started",
}


def device_words(session: Session) -> str:
    """Returns where the network runs and why, what it is, and how long the last result took."""
    if session.service_state in _STATES:
        return _STATES[session.service_state]
    model, parts = session.model, []
    if model is not None:
        device = "CPU" if model.device == "cpu" else model.device
        parts += [f"{device} ({model.device_reason})" if model.device_reason else device, model.name]
    if session.result is not None:
        seconds = sum(stage.seconds for stage in session.result.stages if stage.ran)
        parts.append(f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms")
    return " · ".join(parts) or "no network"


class StatusBar(QStatusBar):
    """What is under the mouse, where the network runs, and what is busy.

    Args:
        session: what is open.
        theme: gives the icon of the cancel button.
        cancel: withdraws what is busy.
    """

    def __init__(self, session: Session, theme: Theme, cancel: Callable[[], None]) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.setSizeGripEnabled(False)
        self._hint, self._cursor, self._segment = ElidedLabel(_HINT), QLabel(), ElidedLabel()
        self._zoom, self._device, self._step = QLabel(), ElidedLabel(), ElidedLabel()
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
        for label in (self._cursor, self._segment, self._zoom, self._device, self._step):
            label.setFont(figure_font(self.font()))
            label.setContentsMargins(8, 0, 8, 0)
            self.addPermanentWidget(label)
        self.addPermanentWidget(self._bar)
        self.addPermanentWidget(self._cancel)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MILLISECONDS)
        self._patience.timeout.connect(self._show_busy)
        self._hide_busy()
        session.pointed_changed.connect(self._show_pointed)
        session.busy_changed.connect(self._take_busy)
        for signal in (session.model_changed, session.result_changed, session.service_changed):
            signal.connect(self._show_device)
        theme.changed.connect(self._show_icon)
        self._show_icon()
        self._show_device()

    def show_zoom(self, scale: float) -> None:
        """Shows the zoom."""
        self._zoom.setText(f"{100 * scale:.0f} %")

    def _show_pointed(self) -> None:
        pointed, result = self._session.pointed, self._session.result
        self._cursor.setText("" if pointed is None else f"x {pointed.x} y {pointed.y}")
        owner = "" if pointed is None or result is None else result.describe(pointed.owner) or "void"
        self._segment.setText(owner)

    def _show_device(self) -> None:
        self._device.setText(device_words(self._session))
        result = self._session.result
        if result is None:
            self._device.setToolTip("")
        else:
            self._device.setToolTip(
                "\n".join(
                    f"{stage.stage}: {1000 * stage.seconds:.0f} ms" + ("" if stage.ran else " (kept)")
                    for stage in result.stages
                )
            )

    def _take_busy(self) -> None:
        if self._session.busy is None:
            self._patience.stop()
            self._hide_busy()
        elif self._bar.isVisible():
            self._show_busy()
        elif not self._patience.isActive():
            self._patience.start()

    def _show_busy(self) -> None:
        busy = self._session.busy
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

    def _show_icon(self) -> None:
        self._cancel.setIcon(self._theme.icon("cancel"))
