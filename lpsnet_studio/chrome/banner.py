"""The band over the canvas that says what must be known to read the picture."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from lpsnet_studio.chrome.notices import notices
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme

__all__ = ["Banner", "ElidedLines"]

_MOST_LINES = 2


class ElidedLines(ElidedLabel):
    """Plain text that takes a second line where one does not suffice; what two have no room for is elided."""

    def __init__(self) -> None:
        super().__init__()
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        policy.setVerticalPolicy(QSizePolicy.Policy.Minimum)
        self.setSizePolicy(policy)

    @property
    def shown(self) -> str:
        """The lines that are painted, the last with an ellipsis if that is not all."""
        return "\n".join(self._lines(self.contentsRect().width()))

    def hasHeightForWidth(self) -> bool:
        """Returns that a narrow label is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Returns the height of one line or two."""
        margins = self.contentsMargins()
        lines = self._lines(width - margins.left() - margins.right())
        # As the text is painted: a line of a fractional height takes more than the metrics' whole pixels.
        room = self.fontMetrics().boundingRect(_ANYWHERE, 0, "\n".join(lines) or " ")
        return room.height() + margins.top() + margins.bottom()

    def sizeHint(self) -> QSize:
        """Returns the room of the text in one line, of which the layout gives what it has."""
        return QSize(super().sizeHint().width(), self.minimumSizeHint().height())

    def _lines(self, width: int) -> list[str]:
        """Breaks the text between words, and within one that is longer than a line, as paths are."""
        text, lines = self.text(), []
        layout = QTextLayout(text, self.font())
        layout.setTextOption(_BREAKING)
        layout.beginLayout()
        while len(lines) < _MOST_LINES and (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, 1))
            is_last = len(lines) == _MOST_LINES - 1
            end = len(text) if is_last else line.textStart() + line.textLength()
            lines.append(text[line.textStart() : end].rstrip())
        layout.endLayout()
        return [self.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]


_ANYWHERE = QRect(0, 0, 1 << 20, 1 << 20)
_BREAKING = QTextOption()
_BREAKING.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)


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
        # At most two lines: a band that grew with its text would take the photo's room, and shift it whenever two
        # results are compared.
        self._icon, self.text = QLabel(), ElidedLines()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(8)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
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
