"""How the window looks: Fusion with two palettes of its own, and line icons drawn in the palette's colours.

Segment colours are data and never follow the theme. Setting Qt's colour scheme does nothing on most platforms, so the
palettes are set outright.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from lpsnet.assets import resource

__all__ = [
    "DARK",
    "ICON_SIZE",
    "LIGHT",
    "THEME_CHOICES",
    "Palette",
    "Theme",
    "ThemeChoice",
    "ThemeName",
    "caption_font",
    "contrast",
    "figure_font",
]

ThemeName = Literal["dark", "light"]
ThemeChoice = Literal["dark", "light", "system"]
"""One of the two, or whichever the system has."""
THEME_CHOICES: tuple[ThemeChoice, ...] = ("dark", "light", "system")
ICON_SIZE = QSize(20, 20)
"""What icons are drawn for; at any other size they are blurred."""
_BODY_PIXELS = 13
_CAPTION_PIXELS = 11


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme, ``#rrggbb``.

    Attributes:
        window: behind everything.
        panel: docks and lists.
        raised: controls.
        line: hairlines.
        text: body.
        dim: captions.
        accent: selection and focus, nothing else.
        on_accent: text on the accent.
        kept: a step that was kept; never the only sign.
        contested: contested pixels and warnings; never the only sign.
        discarded: a step that was discarded and failures; never the only sign.
    """

    window: str
    panel: str
    raised: str
    line: str
    text: str
    dim: str
    accent: str
    on_accent: str
    kept: str
    contested: str
    discarded: str


DARK = Palette(
    window="#1b1d21",
    panel="#22252a",
    raised="#2a2e34",
    line="#363b43",
    text="#e4e7eb",
    dim="#9aa3ad",
    accent="#4aa3ff",
    on_accent="#1b1d21",
    kept="#5cc98b",
    contested="#e5b454",
    discarded="#f58078",
)
LIGHT = Palette(
    window="#f4f5f7",
    panel="#ffffff",
    raised="#ffffff",
    line="#d9dde3",
    text="#1b1f24",
    dim="#5c6670",
    accent="#0b6bcb",
    on_accent="#ffffff",
    kept="#1a7a3c",
    contested="#8a5a00",
    discarded="#c0342b",
)


def contrast(first: str, second: str) -> float:
    """Returns the contrast ratio of two ``#rrggbb`` colours, 1 … 21 (WCAG 2.1)."""
    brighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    channels = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class Theme(QObject):
    """The theme of the running application.

    Attributes:
        name: which of the two is on.
        palette: its colours.
        changed: emitted after another theme was applied; icons must then be asked for again.
    """

    changed = Signal()

    def __init__(self, name: ThemeName = "dark", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name: ThemeName = name
        self.palette = DARK if name == "dark" else LIGHT
        self._icons: dict[tuple[str, str], QIcon] = {}
        self._follows_system = False
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    def choose(self, choice: str) -> None:
        """Gives the application a theme, now and, for ``system``, whenever the system changes its own.

        Args:
            choice: one of :data:`THEME_CHOICES`; anything else is taken for ``dark``.
        """
        if choice == "system":
            self._follows_system = True
            self._follow_system()
        else:
            self.apply("light" if choice == "light" else "dark")

    def _follow_system(self) -> None:
        """Applies the system's theme; dark where it has none."""
        if self._follows_system:
            is_light = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
            self.apply("light" if is_light else "dark")
            self._follows_system = True

    def apply(self, name: ThemeName) -> None:
        """Gives the application one of the two themes, whatever the system does."""
        self._follows_system = False
        self.name = name
        self.palette = DARK if name == "dark" else LIGHT
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.setStyle("Fusion")
            application.setPalette(_qt_palette(self.palette))
            for kind in ("QCheckBox", "QRadioButton"):
                application.setPalette(_box_palette(self.palette), kind)
            application.setStyleSheet(_style_sheet(self.palette))
            font = application.font()
            font.setPixelSize(_BODY_PIXELS)
            application.setFont(font)
        self._icons.clear()
        self.changed.emit()

    def icon(self, name: str, color: str | None = None) -> QIcon:
        """Returns an icon of ``resources/icons``.

        Args:
            name: file name without suffix.
            color: ``#rrggbb``; None for the text colour.

        Raises:
            FileNotFoundError: if there is no such icon.
        """
        key = (name, color or self.palette.text)
        if key not in self._icons:
            icon = QIcon()
            disabled = _blend(self.palette.dim, self.palette.window, 0.5)
            for mode, tint in ((QIcon.Mode.Normal, key[1]), (QIcon.Mode.Disabled, disabled)):
                for scale in (1, 2):
                    icon.addPixmap(_tinted(name, tint, scale), mode)
            self._icons[key] = icon
        return self._icons[key]

    def pixmap(self, name: str, color: str | None = None, size: int = 16) -> QPixmap:
        """Returns an icon as a picture of a size in pixels."""
        return self.icon(name, color).pixmap(QSize(size, size))


def caption_font(base: QFont) -> QFont:
    """Returns the font of captions."""
    font = QFont(base)
    font.setPixelSize(_CAPTION_PIXELS)
    return font


def figure_font(base: QFont) -> QFont:
    """Returns a font whose figures all have one width, where the system's font has such."""
    font = QFont(base)
    if hasattr(QFont, "setFeature"):
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _tinted(name: str, color: str, scale: int) -> QPixmap:
    """Returns an icon in a colour."""
    image = QImage(_stencil(name, scale))
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(image.rect(), QColor(color))
    painter.end()
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(scale)
    return pixmap


@cache
def _stencil(name: str, scale: int) -> QImage:
    """Returns an icon in black on nothing, drawn once for all colours."""
    from PySide6.QtSvg import QSvgRenderer

    source = resource("icons", f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", "#000000")
    image = QImage(ICON_SIZE * scale, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(image.rect()))
    painter.end()
    return image


def _blend(first: str, second: str, share: float) -> str:
    one, other = QColor(first), QColor(second)
    mixed = (round(a * share + b * (1 - share)) for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _qt_palette(colors: Palette) -> QPalette:
    roles = QPalette.ColorRole
    palette = QPalette()
    for role, color in (
        (roles.Window, colors.window),
        (roles.WindowText, colors.text),
        (roles.Base, colors.panel),
        (roles.AlternateBase, colors.window),
        (roles.Text, colors.text),
        (roles.PlaceholderText, colors.dim),
        (roles.Button, colors.raised),
        (roles.ButtonText, colors.text),
        (roles.BrightText, colors.discarded),
        (roles.ToolTipBase, colors.raised),
        (roles.ToolTipText, colors.text),
        (roles.Highlight, colors.accent),
        (roles.HighlightedText, colors.on_accent),
        (roles.Link, colors.accent),
        (roles.LinkVisited, colors.accent),
        (roles.Light, _blend(colors.raised, colors.text, 0.9)),
        (roles.Midlight, colors.raised),
        (roles.Mid, colors.line),
        (roles.Dark, colors.line),
        (roles.Shadow, colors.window),
    ):
        palette.setColor(role, QColor(color))
    if hasattr(roles, "Accent"):
        palette.setColor(roles.Accent, QColor(colors.accent))
    off = QColor(_blend(colors.dim, colors.panel, 0.75))
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, off)
    palette.setColor(QPalette.ColorGroup.Disabled, roles.Highlight, QColor(colors.line))
    return palette


def _box_palette(colors: Palette) -> QPalette:
    """Returns the palette of boxes to check: Fusion outlines them darker than the window, which hides them there."""
    palette = _qt_palette(colors)
    is_dark = QColor(colors.window).lightness() < 128
    palette.setColor(QPalette.ColorRole.Base, QColor(colors.line if is_dark else colors.panel))
    return palette


def _style_sheet(colors: Palette) -> str:
    """Returns the few rules that a palette cannot express: hairlines instead of bevels."""
    return f"""
        QToolTip {{ border: 1px solid {colors.line}; padding: 4px; }}
        QMainWindow::separator {{ background: {colors.line}; width: 1px; height: 1px; margin: 2px; }}
        QDockWidget::title {{ padding: 6px 8px; background: {colors.window}; }}
        QToolBar {{ border: none; spacing: 2px; padding: 2px 4px; }}
        QStatusBar::item {{ border: none; }}
        QAbstractItemView {{ border: none; outline: none; }}
        QScrollArea {{ border: none; }}
        QLineEdit {{ padding: 2px 4px; }}
        QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{ padding: 0; }}
        QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
        QListView::item {{ padding: 4px 8px; }}
        QHeaderView::section {{ background: {colors.panel}; color: {colors.dim}; border: none;
            border-bottom: 1px solid {colors.line}; padding: 4px 6px; }}
        QToolButton:focus {{ border: 1px solid {colors.accent}; border-radius: 4px; }}
        #offer, #recent {{ border: 1px solid {colors.line}; border-radius: 6px; background: {colors.raised};
            padding: 4px 12px; }}
        #recent {{ border-color: transparent; background: transparent; padding: 0; }}
        #offer:hover, #recent:hover {{ background: {_blend(colors.raised, colors.line, 0.5)}; }}
        #offer:focus, #recent:focus {{ border: 2px solid {colors.accent}; }}
        #chip {{ background: {colors.raised}; color: {colors.text}; border: 1px solid {colors.line};
            border-radius: 4px; padding: 2px 6px; }}
    """
