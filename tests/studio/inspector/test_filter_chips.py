"""Choices with counts are whole at any width: in words, in icons, or on several lines."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QRect
from PySide6.QtTest import QTest

from lpsnet_studio.inspector.filter_chips import Chip, FilterChips

CHIPS = (Chip("all", "All."), Chip("TP", "Right.", title="TP"), Chip("void", "Neither.", "void", "dim", apart=True))


@pytest.fixture
def chips(qtbot: Any, theme: Any) -> FilterChips:
    made = FilterChips(CHIPS, theme)
    qtbot.addWidget(made)
    made.show_counts({"all": 12_345, "TP": 9_876, "void": 123})
    return made


def set_width(chips: FilterChips, width: int) -> list[QRect]:
    chips.resize(width, chips.height())
    chips.show()
    QTest.qWait(20)
    return [button.geometry() for button in chips.buttons.values()]


@pytest.mark.parametrize("width", [84, 130, 180, 230, 400])
def test_every_choice_is_whole_and_none_lies_over_another(chips: FilterChips, width: int) -> None:
    places = set_width(chips, width)
    for button, place in zip(chips.buttons.values(), places, strict=True):
        assert place.width() >= button.sizeHint().width()
        assert QRect(0, 0, width, chips.height()).contains(place)
    assert not any(one.intersects(other) for at, one in enumerate(places) for other in places[:at])


def test_words_come_before_icons_and_icons_before_lines(chips: FilterChips) -> None:
    wide = set_width(chips, 400)
    assert not chips.brief
    assert chips.buttons["void"].text() == "Void 123"
    assert len({place.top() for place in wide}) == 1
    less = set_width(chips, chips.sizeHint().width() - 1)
    assert chips.brief
    assert chips.buttons["void"].text() == "123"
    assert len({place.top() for place in less}) == 1
    one_line = chips.height()
    narrow = set_width(chips, 100)
    assert chips.height() > one_line
    assert [place.top() for place in narrow] == sorted(place.top() for place in narrow)
    assert chips.buttons["void"].toolTip() == "Void 123\nNeither."
    assert chips.minimumSizeHint().width() == 0


def test_counts_that_grow_go_to_another_line(chips: FilterChips) -> None:
    chips.show_counts(dict.fromkeys(chips.buttons, 1))
    set_width(chips, chips.sizeHint().width())
    one_line = chips.height()
    chips.show_counts(dict.fromkeys(chips.buttons, 1_000_000))
    assert chips.height() > one_line
