"""Both palettes can be read, and icons follow them."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from lpsnet_studio.theme import DARK, LIGHT, Palette, Theme, contrast


def test_contrast_as_the_standard_defines_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#abcdef", "#abcdef") == 1


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_text_stands_out_from_everything_behind_it(palette: Palette) -> None:
    for background in (palette.window, palette.panel, palette.raised):
        for text in (palette.text, palette.dim, palette.kept, palette.contested, palette.discarded):
            assert contrast(text, background) >= 4.5, (text, background)
    assert contrast(palette.on_accent, palette.accent) >= 4.5


def test_applying_a_theme_gives_it_to_the_application(qapp: QApplication, qtbot: Any) -> None:
    theme = Theme()
    with qtbot.waitSignal(theme.changed):
        theme.apply("light")
    assert qapp.palette().window().color() == QColor(LIGHT.window)
    assert qapp.palette().highlight().color() == QColor(LIGHT.accent)
    theme.apply("dark")
    assert qapp.palette().text().color() == QColor(DARK.text)


def test_icons_are_drawn_in_the_palette(theme: Theme) -> None:
    def inked(color: str) -> bool:
        image = theme.pixmap("discarded", None, 20).toImage()
        pixels = [image.pixelColor(x, y) for x in range(20) for y in range(20)]
        return any(pixel.alpha() == 255 and pixel.name() == color for pixel in pixels)

    assert inked(DARK.text)
    theme.apply("light")
    assert inked(LIGHT.text)
    assert not inked(DARK.text)


def test_a_missing_icon_is_said(theme: Theme) -> None:
    with pytest.raises(FileNotFoundError, match=r"icons/no-such\.svg"):
        theme.icon("no-such")
