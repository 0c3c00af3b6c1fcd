"""Both palettes can be read, and icons follow them."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QLineEdit, QSpinBox

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


@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_pair_of_the_application_s_palette_can_be_read(name: str, qapp: QApplication) -> None:
    Theme().apply(name)
    palette, groups, roles = qapp.palette(), QPalette.ColorGroup, QPalette.ColorRole

    def ratio(
        text: QPalette.ColorRole, behind: QPalette.ColorRole, group: QPalette.ColorGroup = groups.Active
    ) -> float:
        return contrast(palette.color(group, text).name(), palette.color(group, behind).name())

    pairs = [
        (roles.WindowText, roles.Window),
        (roles.Text, roles.Base),
        (roles.Text, roles.AlternateBase),
        (roles.ButtonText, roles.Button),
        (roles.ToolTipText, roles.ToolTipBase),
        (roles.PlaceholderText, roles.Base),
        (roles.PlaceholderText, roles.Window),
        (roles.PlaceholderText, roles.Button),
        (roles.BrightText, roles.Window),
        (roles.HighlightedText, roles.Highlight),
    ]
    for text, behind in pairs:
        for group in (groups.Active, groups.Inactive):
            assert ratio(text, behind, group) >= 4.5, (text, behind, group)
    for text, behind in pairs[:4]:
        off, on = ratio(text, behind, groups.Disabled), ratio(text, behind)
        assert 2.5 <= off < 0.6 * on, (text, behind, off, "disabled text is dim, and can still be read")


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_the_focus_ring_stands_out_from_what_it_lies_on(palette: Palette) -> None:
    for behind in (palette.window, palette.panel, palette.raised):
        assert contrast(palette.accent, behind) >= 3


def test_the_system_s_theme_is_followed_until_another_is_chosen(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = [Qt.ColorScheme.Light]

    class Hints(QObject):
        colorSchemeChanged = Signal(Qt.ColorScheme)  # noqa: N815 — as Qt has it

        def colorScheme(self) -> Qt.ColorScheme:  # noqa: N802 — as Qt has it
            return scheme[0]

    hints = Hints()
    monkeypatch.setattr(QGuiApplication, "styleHints", lambda: hints)
    theme = Theme()
    theme.choose("system")
    assert theme.name == "light"
    for now, expected in (
        (Qt.ColorScheme.Dark, "dark"),
        (Qt.ColorScheme.Light, "light"),
        (Qt.ColorScheme.Unknown, "dark"),
    ):
        scheme[0] = now
        hints.colorSchemeChanged.emit(now)
        assert theme.name == expected
    theme.choose("light")
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.name == "light"
    theme.choose("nonsense")
    assert theme.name == "dark"


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


def test_text_keeps_off_the_edge_of_its_line_and_the_line_as_high_as_it_was(qtbot: Any, theme: Theme) -> None:
    line, number = QLineEdit("first"), QSpinBox()
    for widget in (line, number):
        qtbot.addWidget(widget)
        widget.show()
    line.setCursorPosition(0)
    caret = line.cursorRect().center().x()
    assert 4 <= caret <= 8
    assert line.sizeHint().height() >= QFontMetrics(line.font()).height() + 6
    number.lineEdit().setCursorPosition(0)
    assert number.lineEdit().cursorRect().center().x() <= 4
