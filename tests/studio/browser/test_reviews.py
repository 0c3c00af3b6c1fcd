"""The image list says how far images have come in a project: by a sign, in words, in counts, and by filters."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from lpsnet_studio.browser.image_list import ImageList
from lpsnet_studio.browser.image_model import Role
from lpsnet_studio.browser.image_row import ROW_HEIGHT
from lpsnet_studio.browser.review_counts import review_icon
from lpsnet_studio.session import Session
from lpsnet_studio.state import REVIEW_WORDS, Measured, Review
from lpsnet_studio.theme import DARK, LIGHT, Theme, contrast
from tests.studio.hand_made import entries

STATES: tuple[Review, ...] = tuple(REVIEW_WORDS)


@pytest.fixture
def made(session: Session, theme: Theme, tmp_path: Path, qtbot: Any) -> Iterator[ImageList]:
    """A list of ten images, each state twice, as annotators see it."""
    shown = ImageList(session, theme, tmp_path)
    qtbot.addWidget(shown)
    session.set_entries(entries(10))
    session.take_measured(0, Measured(0.5, session.settings, ""))
    tell(session)
    shown.show_reviews(True)
    shown.resize(250, 500)
    shown.show()
    yield shown
    shown.close_thumbnails()


def tell(session: Session, **notes: str) -> None:
    session.take_reviews({index: (STATES[index % 5], notes.get(f"of_{index}", "")) for index in range(10)})


def told(made: ImageList, row: int, role: int) -> Any:
    return made.model.data(made.model.index(row, 0), role)


def test_a_row_says_how_far_its_image_has_come_where_one_annotates_and_its_pq_elsewhere(made: ImageList) -> None:
    assert [told(made, row, Role.REVIEW) for row in range(5)] == list(STATES)
    assert told(made, 0, Role.PQ) is None
    assert "To do" in told(made, 0, Qt.ItemDataRole.ToolTipRole)
    assert told(made, 4, Qt.ItemDataRole.AccessibleTextRole).endswith(", Not in the project")
    made.show_reviews(False)
    assert told(made, 0, Role.REVIEW) == ""
    assert told(made, 0, Role.PQ) == "50.0"
    assert "To do" not in told(made, 0, Qt.ItemDataRole.ToolTipRole)
    assert not made.foot.reviews.isVisible()


def test_a_note_is_read_where_the_image_is_listed_and_is_no_markup(made: ImageList, session: Session) -> None:
    tell(session, of_3="<b>the kite</b> is missing")
    assert "Note: &lt;b&gt;the kite&lt;/b&gt; is missing" in told(made, 3, Qt.ItemDataRole.ToolTipRole)
    assert "Note: <b>the kite</b> is missing" in told(made, 3, Qt.ItemDataRole.AccessibleTextRole)
    made.filter.setText("is:noted")
    assert list(session.order) == [3]


def painted(made: ImageList, row: int, width: int, *, selected: bool) -> Any:
    """Returns the right part of a row, where its sign is."""
    canvas = QPixmap(width, ROW_HEIGHT)
    canvas.fill(Qt.GlobalColor.black)
    option = QStyleOptionViewItem()
    option.rect, option.font = QRect(0, 0, width, ROW_HEIGHT), made.view.font()
    if selected:
        option.state |= QStyle.StateFlag.State_Selected
    painter = QPainter(canvas)
    made.view.itemDelegate().paint(painter, option, made.model.index(row, 0))
    painter.end()
    return canvas.copy(width - 30, 0, 30, ROW_HEIGHT).toImage()


@pytest.mark.parametrize("theme_name", ["dark", "light"])
@pytest.mark.parametrize("width", [120, 250])
def test_every_state_has_a_sign_in_every_width(made: ImageList, theme: Theme, theme_name: Any, width: int) -> None:
    theme.apply(theme_name)
    for selected in (False, True):
        pictures = [painted(made, row, width, selected=selected) for row in range(5)]
        for one, other in itertools.combinations(pictures, 2):
            assert one != other
    made.show_reviews(False)
    assert painted(made, 3, width, selected=False) != pictures[3]


def test_signs_are_told_apart_by_their_shape_alone(theme: Theme) -> None:
    shapes = [
        review_icon(theme, review, on_accent=True)
        .pixmap(QSize(20, 20))
        .toImage()
        .convertToFormat(QImage.Format.Format_ARGB32)
        for review in STATES
    ]
    for one, other in itertools.combinations(shapes, 2):
        differing = sum(
            abs(one.pixelColor(x, y).alpha() - other.pixelColor(x, y).alpha()) > 128
            for x in range(20)
            for y in range(20)
        )
        assert differing >= 8


def test_signs_stand_out_from_what_they_lie_on() -> None:
    for palette in (DARK, LIGHT):
        for color in (palette.dim, palette.contested, palette.kept):
            assert contrast(color, palette.panel) >= 3
            assert contrast(color, palette.window) >= 3
        assert contrast(palette.on_accent, palette.accent) >= 3


def test_the_foot_counts_the_states_and_a_click_lists_one_of_them(made: ImageList, session: Session) -> None:
    buttons = made.foot.reviews.buttons
    assert [button.text() for button in buttons.values()] == ["2"] * 5
    assert buttons["in_progress"].accessibleName() == "In progress: 2 images"
    assert "is:in-progress" in buttons["in_progress"].toolTip()
    buttons["in_progress"].click()
    assert made.filter.text() == "is:in-progress"
    assert list(session.order) == [1, 6]
    assert [name for name, button in buttons.items() if button.isChecked()] == ["in_progress"]
    assert [button.text() for button in buttons.values()] == ["2"] * 5, "all images are counted, whatever is listed"
    buttons["done"].click()
    assert made.filter.text() == "is:done"
    assert "lists all" in buttons["done"].toolTip()
    buttons["done"].click()
    assert made.filter.text() == ""
    assert not any(button.isChecked() for button in buttons.values())
    assert len(session.order) == 10


def test_a_click_leaves_what_else_was_typed(made: ImageList, session: Session) -> None:
    made.filter.setText("6 is:todo")
    made.foot.reviews.buttons["in_progress"].click()
    assert made.filter.text() == "6 is:in-progress"
    assert list(session.order) == [6]
    made.filter.setText("zebra")
    made.foot.reviews.buttons["todo"].click()
    assert made.filter.text() == "zebra is:todo"
    assert made.foot.reviews.buttons["todo"].isChecked(), "although nothing is listed before and after"


def test_counts_follow_what_is_done_and_are_away_without_a_project(made: ImageList, session: Session) -> None:
    buttons = made.foot.reviews.buttons
    session.take_reviews({4: ("todo", ""), 9: ("approved", "")})
    assert [button.text() for button in buttons.values()] == ["3", "2", "2", "3", "0"]
    assert not buttons["outside"].isVisible()
    assert buttons["todo"].isVisible()
    session.take_reviews(dict.fromkeys(range(10), ("", "")))
    assert not made.foot.reviews.isVisible()
    session.set_entries(entries(3))
    assert not made.foot.reviews.isVisible()


def test_a_list_of_what_is_to_do_follows_what_is_done_after_a_while(
    made: ImageList, session: Session, qtbot: Any
) -> None:
    made.filter.setText("is:todo")
    session.take_reviews({0: ("done", "")})
    assert list(session.order) == [0, 5], "nothing jumps away under the mouse"
    qtbot.waitUntil(lambda: list(session.order) == [5])
    assert session.index == 0, "what is open stays so"


def test_ten_thousand_images_are_told_of_at_once(made: ImageList, session: Session) -> None:
    session.set_entries(entries(10_000))
    changes: list[tuple[int, int]] = []
    made.model.dataChanged.connect(lambda first, last, _roles: changes.append((first.row(), last.row())))
    session.take_reviews(dict.fromkeys(range(10_000), ("todo", "")))
    assert changes == [(0, 9_999)]
    assert made.foot.reviews.buttons["todo"].text() == "10,000"
