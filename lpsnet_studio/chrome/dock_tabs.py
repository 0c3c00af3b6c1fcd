"""The tabs of panels that lie on each other: an icon and words, or all of them icons where words have no room."""

from __future__ import annotations

from functools import cache
from typing import TypeGuard

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QProxyStyle,
    QStyle,
    QStyleOption,
    QStyleOptionTab,
    QTabBar,
    QWidget,
)

from lpsnet_studio.actions.inspect_menu import INSPECT
from lpsnet_studio.theme import ICON_SIZE, Theme

__all__ = ["DockTabs", "shows_words"]

_ICONS = {
    "images": "open-image",
    "segments": "segments",
    "steps": "steps",
    "settings": "preferences",
    "layers": "layers",
    "annotation_segments": "segments",
    "annotation_classes": "labels",
    "annotation_checks": "warning",
    "annotation_history": "recent",
} | {entry.value: entry.icon for entry in INSPECT if entry.handler == "examine.show_panel"}
"""Icons by the panels' names."""
_CHANGES = (QEvent.Type.LayoutRequest, QEvent.Type.ChildPolished, QEvent.Type.Show)
_AROUND = 12
"""What a tab is wider than what stands in it."""
_BESIDE_ICON = 4
"""What Qt leaves between an icon and words."""
_DRESSED = "has_panel_tabs"


def shows_words(bar: QTabBar) -> bool:
    """Whether all words of a bar have room beside their icons."""
    words = (bar.tabText(place) for place in range(bar.count()))
    beside = ICON_SIZE.width() + _BESIDE_ICON + _AROUND
    return sum(bar.fontMetrics().horizontalAdvance(each) + beside for each in words) <= bar.width()


class DockTabs(QObject):
    """Gives the tabs of a window's docks their icons, wherever docks are moved to, and those of the theme.

    A bar without tabs does not take the keyboard.

    Args:
        window: whose docks they are, each called ``dock_`` and its panel's name.
        theme: gives the icons.
    """

    def __init__(self, window: QMainWindow, theme: Theme) -> None:
        super().__init__(window)
        self._window, self._theme = window, theme
        window.installEventFilter(self)
        theme.changed.connect(self._dress)
        self._dress()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows docks that were laid out in another way."""
        if event.type() in _CHANGES:
            self._dress()
        return False

    def _dress(self) -> None:
        bars = self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if not bars:
            return
        docks = self._window.findChildren(QDockWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        names = {dock.windowTitle(): dock.objectName().removeprefix("dock_") for dock in docks}
        for bar in bars:
            if bar.property(_DRESSED) is None:
                bar.setProperty(_DRESSED, True)
                bar.setStyle(_tab_style())
            # Where docks are put away Qt keeps the bar, without tabs and without a size, yet in the way of Tab.
            bar.setFocusPolicy(Qt.FocusPolicy.TabFocus if bar.count() else Qt.FocusPolicy.NoFocus)
            for place in range(bar.count()):
                name = names.get(bar.tabText(place), "")
                if name in _ICONS:
                    icon = self._theme.icon(_ICONS[name])
                    if bar.tabIcon(place).cacheKey() != icon.cacheKey():
                        bar.setTabIcon(place, icon)


class _TabStyle(QProxyStyle):
    """Makes tabs as wide as their icons, and draws nothing else, on a bar that has no room for all words.

    The tabs keep their words, which screen readers read and tooltips show.
    """

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        """Returns the icons' size, and the room around what stands in a tab."""
        if metric == QStyle.PixelMetric.PM_TabBarIconSize:
            return ICON_SIZE.width()
        if metric == QStyle.PixelMetric.PM_TabBarTabHSpace:
            return _AROUND
        return super().pixelMetric(metric, option, widget)

    def sizeFromContents(
        self, kind: QStyle.ContentsType, option: QStyleOption, size: QSize, widget: QWidget | None = None
    ) -> QSize:
        """Returns the room that a tab takes."""
        wanted = super().sizeFromContents(kind, option, size, widget)
        if kind == QStyle.ContentsType.CT_TabBarTab and _is_icon_alone(option, widget):
            wanted.setWidth(ICON_SIZE.width() + _AROUND)
        return wanted

    def drawControl(
        self, element: QStyle.ControlElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        """Draws a tab's icon in its middle where there is no room for words."""
        if element == QStyle.ControlElement.CE_TabBarTabLabel and _is_icon_alone(option, widget):
            option.icon.paint(painter, option.rect)
        else:
            super().drawControl(element, option, painter, widget)


def _is_icon_alone(option: QStyleOption, widget: QWidget | None) -> TypeGuard[QStyleOptionTab]:
    """Whether a tab is to be an icon without words."""
    is_tab = isinstance(option, QStyleOptionTab) and isinstance(widget, QTabBar)
    return is_tab and not option.icon.isNull() and not shows_words(widget)


@cache
def _tab_style() -> _TabStyle:
    """Returns the style of all bars; it lives as long as the application, for bars do not own theirs."""
    style = _TabStyle("Fusion")
    style.setParent(QApplication.instance())
    return style
