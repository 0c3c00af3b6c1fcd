"""Version, authors, and licences."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QTextBrowser, QVBoxLayout, QWidget

from lpsnet_studio.chrome import credits
from lpsnet_studio.theme import Theme

__all__ = ["About"]

_ENGLISH = "The Studio speaks English only. Names of files and classes may be in any language."


class About(QDialog):
    """Says what the Studio is, and on whose work and terms it stands.

    Args:
        theme: gives icon and colours.
        copy_diagnostics: puts what a report needs into the clipboard.
        parent: the window.
    """

    def __init__(self, theme: Theme, copy_diagnostics: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle("About LPSNet Studio")
        self.setMinimumSize(280, 180)
        icon = QLabel()
        icon.setPixmap(theme.pixmap("studio", theme.palette.accent, size=40))
        title = QLabel(credits.version_line())
        font = title.font()
        font.setPixelSize(20)
        title.setFont(font)
        title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(icon)
        head.addWidget(title, 1)
        self._text = QTextBrowser()
        self._text.setOpenExternalLinks(True)
        self._text.setAccessibleName("About LPSNet Studio")
        self._text.document().setDocumentMargin(0)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy diagnostics", QDialogButtonBox.ButtonRole.ActionRole)
        copy.setToolTip("Copy what a report needs to the clipboard")
        copy.setAutoDefault(False)
        copy.clicked.connect(lambda: copy_diagnostics())
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(16)
        column.addLayout(head)
        column.addWidget(self._text, 1)
        column.addWidget(buttons)
        theme.changed.connect(self._fill)
        self._fill()
        self._text.setFocus()
        self.resize(640, 560)

    @property
    def text(self) -> str:
        """Everything it says below its title."""
        return self._text.toPlainText()

    def _fill(self) -> None:
        colors = self._theme.palette
        self._text.setStyleSheet(f"QTextBrowser {{ background: {colors.window}; border: none; }}")
        self._text.document().setDefaultStyleSheet(
            f".head {{ font-weight: bold; margin-top: 16px; }} td {{ padding-right: 16px; }}"
            f"a {{ color: {colors.accent}; }} .dim {{ color: {colors.dim}; }}"
            f"pre {{ font-size: 11px; white-space: pre-wrap; }}"
        )
        place = self._text.verticalScrollBar().value()
        self._text.setHtml(_page())
        self._text.verticalScrollBar().setValue(place)


def _page() -> str:
    rows = "".join(
        f"<tr><td>{escape(library.name)}</td><td>{escape(library.version or 'not installed')}</td>"
        f"<td class='dim'>{escape(library.licence)}</td></tr>"
        for library in credits.libraries()
    )
    return (
        f"<p>{escape(credits.summary())}.</p>"
        f"<p>{escape(credits.authors())} · BSD 3-Clause License</p>"
        f"<p>{escape(_ENGLISH)}</p>"
        f"<p class='head'>The paper</p><p>{escape(credits.CITATION)}</p>"
        f"<p class='head'>Licence</p><pre>{escape(credits.licence())}</pre>"
        f"<p class='head'>Category tables</p><pre>{escape(credits.notice())}</pre>"
        f"<p class='head'>Qt and PySide6</p><p>{escape(credits.LGPL_NOTICE)}</p>"
        f"<p class='head'>Libraries</p><table cellspacing='0'>{rows}</table>"
    )
