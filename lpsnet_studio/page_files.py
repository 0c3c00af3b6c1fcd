"""Writes the Why page as a file that needs nothing else; meant to be called in a worker."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QEventLoop, QIODevice, QMarginsF
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument

from lpsnet.analysis.report import WhyPage
from lpsnet.analysis.report_html import page_html
from lpsnet.formats.atomic import write_atomically

__all__ = ["PAGE_ENDINGS", "pdf_of", "save_page"]

PAGE_ENDINGS = (".html", ".pdf")
_MARGIN_MILLIMETRES = 12.0
_DOTS_PER_INCH = 96
"""Of the lay-out: a pixel of the page's pictures is a pixel of CSS, whatever the printer can do."""


def save_page(page: WhyPage, path: Path) -> Path:
    """Writes the page with its pictures as HTML, or as PDF if the name ends so; returns the path.

    Raises:
        OSError: one sentence naming the file, if it cannot be written; what was there stays.
    """
    content = pdf_of(page) if path.suffix.lower() == ".pdf" else page_html(page).encode("utf-8")
    write_atomically(path, content)
    return path


def pdf_of(page: WhyPage) -> bytes:
    """Returns the page as PDF on A4, dark on white, its words as text."""
    _loop = (
        QEventLoop()
    )  # A document's lay-out starts timers, which a thread can have only with a dispatcher of events.
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(f"Why: {page.subject.file}")
    writer.setCreator("LPSNet Studio")
    writer.setResolution(_DOTS_PER_INCH)
    margins = QMarginsF(*[_MARGIN_MILLIMETRES] * 4)
    layout = QPageLayout(
        QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter
    )
    writer.setPageLayout(layout)
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setPageSize(layout.paintRectPixels(_DOTS_PER_INCH).size().toSizeF())
    document.setHtml(page_html(page, scheme="light"))
    document.print_(writer)
    del writer  # which ends the file
    buffer.close()
    return content.data()
