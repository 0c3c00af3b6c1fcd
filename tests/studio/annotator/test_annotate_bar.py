"""The bar over the canvas takes little of its room, in a narrow window too."""

from __future__ import annotations

from typing import Any

import pytest

ROW = 40
"""Pixels that one line of tools takes at most."""


@pytest.mark.parametrize(("width", "rows"), [(1360, 1), (1000, 2), (700, 3), (480, 2)])
def test_tools_stand_beside_each_other(window: Any, qtbot: Any, width: int, rows: int) -> None:
    window.modes.show("annotate")
    window.resize(width, 600)
    tools = window.annotation.bar._tools
    qtbot.waitUntil(lambda: tools.height() <= rows * ROW, timeout=2000)
    about = window.annotation.bar._about
    assert about.geometry().top() >= tools.geometry().bottom() or about.geometry().left() >= tools.geometry().right()
