"""What stands under the image list: how many there are, their PQ or how far they are, and how far measuring is."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.browser.review_counts import ReviewCounts
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.lookahead import Lookahead
from lpsnet_studio.session import Session
from lpsnet_studio.tally import pooled_pq
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["ImageFoot", "time_words"]

_PAUSE = 200
"""Milliseconds in which changes are gathered before the PQ is pooled anew."""
_LEAST_LEFT = 2
"""Seconds; what takes less is over before it is read."""


def time_words(seconds: float) -> str:
    """Returns a duration as people say it, for example ``3 min``."""
    if seconds < 55:
        return f"{max(5, round(seconds / 5) * 5)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class ImageFoot(QWidget):
    """Two lines under the list; the second is there while images are measured.

    Args:
        session: what is open.
        lookahead: measures.
        theme: gives the icon of the cancel button.

    Attributes:
        reviews: how many images have come how far, in the place of the PQ.
    """

    def __init__(self, session: Session, lookahead: Lookahead, theme: Theme) -> None:
        super().__init__()
        self._session, self._lookahead, self._theme = session, lookahead, theme
        font = figure_font(caption_font(self.font()))
        self.count, self.quality, self.reviews = QLabel(), ElidedLabel(), ReviewCounts(session, theme)
        self._shows_reviews = False
        self.quality.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.progress, self._bar, self.cancel = ElidedLabel(), QProgressBar(), QToolButton()
        for label in (self.count, self.quality, self.progress):
            label.setFont(font)
        for label in (self.quality, self.progress):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            label.setMinimumWidth(1)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        self.cancel.setAutoRaise(True)
        self.cancel.setToolTip("Stop measuring (Esc)")
        self.cancel.setAccessibleName("Stop measuring")
        self.cancel.clicked.connect(lookahead.stop_measuring)
        self._lay_out()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self._show_quality)
        for signal in (session.entries_changed, session.order_changed, session.settings_changed, session.model_changed):
            signal.connect(self._pool_soon)
        session.entry_changed.connect(lambda _index: self._pool_soon())
        for signal in (session.entries_changed, session.order_changed):
            signal.connect(self.show_count)
        session.current_changed.connect(lambda _index: self.show_count())
        for signal in (session.entries_changed, session.reviews_changed):
            signal.connect(self._choose_figures)
        lookahead.changed.connect(self._show_progress)
        theme.changed.connect(self._show_icon)
        self._show_icon()
        self.show_count()
        self._show_progress()
        self._choose_figures()

    def _lay_out(self) -> None:
        figures = QHBoxLayout()
        figures.setSpacing(8)
        figures.addWidget(self.count)
        figures.addWidget(self.quality, 1)
        self._measuring = QWidget()
        line = QHBoxLayout(self._measuring)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        told = QVBoxLayout()
        told.setSpacing(2)
        told.addWidget(self.progress)
        told.addWidget(self._bar)
        line.addLayout(told, 1)
        line.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.setSpacing(4)
        layout.addWidget(self._measuring)
        layout.addWidget(self.reviews)
        layout.addLayout(figures)

    def show_reviews(self, on: bool) -> None:
        """Shows how far images have come, or how good their results are."""
        self._shows_reviews = on
        self._choose_figures()

    def _choose_figures(self) -> None:
        self.reviews.setVisible(self._shows_reviews and self.reviews.is_of_use)
        self.quality.setVisible(not self._shows_reviews)

    def show_count(self) -> None:
        """Says the place of the open image, or how many images the filter leaves."""
        session = self._session
        shown, total = len(session.order), len(session.entries)
        if session.filter_text.strip():
            self.count.setText(f"{shown:,} of {total:,} listed")
            self.count.setToolTip("Images that fit the filter, of all")
        else:
            row = session.row_of(session.index)
            self.count.setText(f"{row + 1:,} of {total:,}" if row >= 0 else f"{total:,} images")
            self.count.setToolTip("Place of the open image in the list")

    def _pool_soon(self) -> None:
        if not self._pause.isActive():
            self._pause.start()

    def _show_quality(self) -> None:
        entries, is_up_to_date = self._session.entries, self._lookahead.is_up_to_date
        measured = (entries[index].measured for index in self._session.order)
        tallies = [each.tally for each in measured if each is not None and each.tally and is_up_to_date(each)]
        pq = pooled_pq(tallies)
        if pq is None:
            self.quality.setText("")
            self.quality.setToolTip("")
            return
        images = "1 image" if len(tallies) == 1 else f"{len(tallies):,} images"
        stand_ins = {entries[index].stand_in for index in self._session.order}
        name = "Agreement" if any(stand_ins) else "PQ"
        self.quality.setText(f"{name} {100 * pq:.1f}, {images}")
        against = f"Compared with {' and '.join(sorted(stand_ins))}, not with ground truth.\n" if any(stand_ins) else ""
        self.quality.setToolTip(
            f"{against}{name} of {images} taken together, as a data set's is computed: the counts of each class are "
            "summed over the images, then the classes are averaged. It is not the mean of the column.\n"
            "Only images of this list that were measured with the settings and the network of now are counted."
        )

    def _show_progress(self) -> None:
        measuring = self._lookahead.measuring
        self._measuring.setVisible(measuring is not None)
        if measuring is None:
            return
        finished, left = measuring.done + measuring.failed, self._lookahead.seconds_left
        is_last = measuring.total - finished < 2
        words = [f"{measuring.done:,} of {measuring.total:,} measured"]
        words += [f"{measuring.failed:,} failed"] if measuring.failed else []
        words += [] if left is None or left < _LEAST_LEFT or is_last else [f"{time_words(left)} left"]
        self.progress.setText(" · ".join(words))
        self.progress.setToolTip(
            "Each image is inspected with the settings that were there when measuring began. "
            "Opening and inspecting images goes first."
        )
        self._bar.setRange(0, measuring.total)
        self._bar.setValue(finished)

    def _show_icon(self) -> None:
        self.cancel.setIcon(self._theme.icon("cancel"))
