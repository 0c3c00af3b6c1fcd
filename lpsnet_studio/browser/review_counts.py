"""How many images have come how far, in a line of buttons that list only these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from lpsnet_studio.arrangement import REVIEW_TOKENS, Query
from lpsnet_studio.flow_layout import FlowLayout
from lpsnet_studio.session import Session
from lpsnet_studio.state import REVIEW_WORDS, Review
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["ReviewCounts", "review_icon"]

_SIGNS: Mapping[Review, tuple[str, str]] = {
    "todo": ("review-todo", "dim"),
    "in_progress": ("review-in-progress", "contested"),
    "done": ("done", "kept"),
    "approved": ("approve", "kept"),
    "outside": ("review-outside", "dim"),
}
"""By how far an image has come: an icon, whose shape tells it by itself, and a colour of the palette."""
_BUTTON_ICON = 16


def review_icon(theme: Theme, review: Review, *, on_accent: bool = False) -> QIcon:
    """Returns the sign of how far an image has come.

    Args:
        theme: gives icons and colours.
        review: how far; not empty.
        on_accent: whether it lies on the colour of what is selected.
    """
    name, color = _SIGNS[review]
    return theme.icon(name, theme.palette.on_accent if on_accent else getattr(theme.palette, color))


class ReviewCounts(QWidget):
    """One button for each state, with how many images of the list have it; those outside the project if there are any.

    Signals:
        chosen: the state whose button was clicked, a :data:`~lpsnet_studio.state.Review`.

    Args:
        session: whose images are counted, and whose filter says which button is down.
        theme: gives icons and colours.

    Attributes:
        buttons: by state.
    """

    chosen = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.buttons: dict[Review, QToolButton] = {}
        layout = FlowLayout(self, 2)
        for review in REVIEW_WORDS:
            button = self.buttons[review] = QToolButton()
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(_BUTTON_ICON, _BUTTON_ICON))
            button.setFont(figure_font(caption_font(self.font())))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, review=review: self._choose(review))
            layout.addWidget(button)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        for signal in (session.reviews_changed, session.entries_changed):
            signal.connect(self.show_counts)
        session.order_changed.connect(self.show_chosen)
        theme.changed.connect(self._show_icons)
        self._show_icons()
        self.show_counts()

    @property
    def is_of_use(self) -> bool:
        """Whether a project is open that could tell of the images."""
        return any(entry.review for entry in self._session.entries[:1])

    def show_counts(self) -> None:
        """Shows how many images have come how far, of the whole list."""
        counts = Counter(entry.review for entry in self._session.entries)
        for review, button in self.buttons.items():
            count = counts[review]
            button.setText(f"{count:,}")
            images = "1 image" if count == 1 else f"{count:,} images"
            button.setAccessibleName(f"{REVIEW_WORDS[review]}: {images}")
            button.setVisible(review != "outside" or count > 0)
        self.show_chosen()

    def show_chosen(self) -> None:
        """Shows which of them the filter asks for."""
        asked = Query.parse(self._session.filter_text).reviews
        for review, button in self.buttons.items():
            is_on = asked == {review}
            button.setChecked(is_on)
            what = "lists all again" if is_on else f"lists only these ({REVIEW_TOKENS[review]})"
            button.setToolTip(f"{button.accessibleName()}. A click {what}.")

    def _choose(self, review: Review) -> None:
        self.show_chosen()  # the filter says what is down, not the click
        self.chosen.emit(review)

    def _show_icons(self) -> None:
        for review, button in self.buttons.items():
            button.setIcon(review_icon(self._theme, review))
