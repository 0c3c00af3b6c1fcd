"""The band over the canvas that says what must be known to read the picture."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from lpsnet_studio.chrome.notices import notices
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme

__all__ = ["Banner"]


class Banner(QWidget):
    """Sentences across the top of the canvas; hidden when there is nothing to say.

    Args:
        session: what is open.
        theme: gives icon and colours.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._session, self._theme = session, theme
        # One line whatever is said: a band that grew would shift the photo under the eyes of who compares two results.
        self._icon, self.text = QLabel(), ElidedLabel()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(8)
        layout.addWidget(self._icon)
        layout.addWidget(self.text, 1)
        for signal in (
            session.model_changed,
            session.picture_changed,
            session.settings_changed,
            session.result_changed,
            session.busy_changed,
        ):
            signal.connect(self._refresh)
        theme.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        sentences = notices(self._session)
        self.text.setText(" ".join(sentences))
        self._icon.setPixmap(self._theme.pixmap("warning", self._theme.palette.contested))
        self.setVisible(bool(sentences))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a tint and a hairline below."""
        painter = QPainter(self)
        tint = QColor(self._theme.palette.contested)
        tint.setAlpha(34)
        painter.fillRect(self.rect(), tint)
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(self._theme.palette.line))
