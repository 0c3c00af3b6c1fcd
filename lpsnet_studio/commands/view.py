"""The canvas, its overlays, and the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QWidget

from lpsnet_studio.availability import Mode
from lpsnet_studio.canvas.sampling import extent_of
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.session import Session

__all__ = ["ViewCommands"]


class ViewCommands:
    """Moves the canvas, shows and hides overlays, and changes the window's look."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self.show_segments_selected: Callable[[], object] | None = None
        """Shows the selected segments while they are corrected; set by who corrects them."""

    def show_mode(self, mode: Mode) -> None:
        """Shows the inspection, the annotation or jobs."""
        self._place.show_mode(mode)

    def fit(self) -> None:
        """Shows the whole image."""
        self._place.canvas.fit()

    def zoom_in(self) -> None:
        """Zooms in."""
        self._place.canvas.zoom_in()

    def zoom_out(self) -> None:
        """Zooms out."""
        self._place.canvas.zoom_out()

    def zoom_actual(self) -> None:
        """Shows one image pixel as one of the screen's."""
        self._place.canvas.zoom_to(1.0 / self._place.canvas.devicePixelRatioF())

    def zoom_selected(self) -> None:
        """Shows the selected segment as large as the view allows, or its place if it is not pasted yet."""
        if self.show_segments_selected is not None:
            self.show_segments_selected()
            return
        place = _place_of(self._place.session, self._place.session.selected)
        if place is not None:
            self._place.canvas.zoom_to_rectangle(place)

    def view_back(self) -> None:
        """Goes back to where the canvas looked before."""
        self._place.canvas.go_back()

    def view_forward(self) -> None:
        """Goes forward to where the canvas looked after that."""
        self._place.canvas.go_forward()

    def show_labels(self, on: bool) -> None:
        """Shows or hides the semantic map."""
        self._place.session.change_layer("labels", visible=on)

    def show_boxes(self, on: bool) -> None:
        """Shows or hides boxes."""
        self._place.session.change_layer("boxes", visible=on)

    def show_segments(self, on: bool) -> None:
        """Shows or hides segments."""
        self._place.session.change_layer("segments", visible=on)

    def show_void(self, on: bool) -> None:
        """Hatches what no segment owns, or not."""
        self._place.session.change_layer("void", visible=on)

    def show_heat(self, on: bool) -> None:
        """Shows or hides the map over the image."""
        self._place.session.change_layer("heat", visible=on)

    def show_verdicts(self, on: bool) -> None:
        """Marks what is right and wrong, or not."""
        self._place.session.change_layer("verdicts", visible=on)

    def show_candidates(self, on: bool) -> None:
        """Shows or hides boxes before they are merged."""
        self._place.session.change_layer("candidates", visible=on)

    def show_contours(self, on: bool) -> None:
        """Outlines segments, or not."""
        self._place.session.change_view(contours=on)

    def show_names(self, on: bool) -> None:
        """Names segments on the canvas, or not."""
        self._place.session.change_view(names=on)

    def hide_overlays(self, on: bool) -> None:
        """Shows the bare photo, or what lies over it again."""
        self._place.session.change_view(overlays=not on)

    def minimap(self, on: bool) -> None:
        """Shows or hides the minimap."""
        self._place.session.change_view(minimap=on)

    def light_theme(self, on: bool) -> None:
        """Switches the theme."""
        self._place.theme.apply("light" if on else "dark")
        self._place.settings.change(theme=self._place.theme.name)

    def motion(self, on: bool) -> None:
        """Switches motion."""
        self._place.session.change_view(motion=on)

    def full_screen(self, on: bool) -> None:
        """Gives the window the whole screen, or gives it back; a maximised one is so again."""
        window, full = self._place.window, Qt.WindowState.WindowFullScreen
        window.setWindowState(window.windowState() | full if on else window.windowState() & ~full)

    def next_area(self) -> None:
        """Gives the keyboard to the next part of the window."""
        self._focus_area(1)

    def previous_area(self) -> None:
        """Gives the keyboard to the part of the window before."""
        self._focus_area(-1)

    def _focus_area(self, by: int) -> None:
        areas, focused = self._place.areas(), self._place.window.focusWidget()
        start = -1 if by > 0 else 0
        for place, area in enumerate(areas):
            if focused is not None and (area is focused or area.isAncestorOf(focused)):
                start = place
        for distance in range(1, len(areas) + 1):
            if _give_keyboard(areas[(start + by * distance) % len(areas)]):
                return

    def reset_layout(self) -> None:
        """Puts every panel back."""
        self._place.reset_layout()


def _give_keyboard(area: QWidget) -> bool:
    """Focuses an area, or the first widget in it that Tab goes to; False if there is none."""
    for widget in (area, *area.findChildren(QWidget)):
        by_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        if by_tab and widget.isEnabled() and widget.isVisible() and widget.focusProxy() is None:
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            return True
    return False


def _place_of(session: Session, owner: int) -> QRectF | None:
    """Returns where in the photo a segment lies; where it will lie if it has no pixel at the merge position."""
    result, owners, picture = session.result, session.owners, session.picture
    if not owner or result is None or owners is None or picture is None:
        return None
    extent = extent_of(owners, owner) or extent_of(result.trace.owners, owner)
    if extent is None:
        return None
    height, width = picture.pixels.shape[:2]
    down, across = height / owners.shape[0], width / owners.shape[1]
    y0, x0, y1, x1 = extent
    return QRectF(x0 * across, y0 * down, (x1 - x0) * across, (y1 - y0) * down)
