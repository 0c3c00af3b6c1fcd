"""What lies between the image and the result: panels, maps and pins."""

from __future__ import annotations

from lpsnet_studio.commands.workplace import Workplace

__all__ = ["ExamineCommands"]


class ExamineCommands:
    """Opens the panels of the menu Inspect, and holds on to pixels.

    Args:
        place: what commands work with.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place
        place.canvas.marked.connect(self._pin)

    def show_panel(self, name: str) -> None:
        """Opens a panel, brings it to the front and gives it the keyboard."""
        self._place.enter_panel(name)

    def pin_pixel(self) -> None:
        """Holds on to the pixel under the mouse, and shows what is known of it."""
        pointed = self._place.session.pointed
        if pointed is not None:
            self._pin(pointed.x, pointed.y)

    def _pin(self, x: int, y: int) -> None:
        picture = self._place.session.picture
        height, width = (0, 0) if picture is None else picture.pixels.shape[:2]
        if 0 <= x < width and 0 <= y < height:
            self._place.examination.pin((x, y))
            self._place.show_panel("probe")

    def unpin_all(self) -> None:
        """Lets go of every pixel, or holds on to them again."""
        examination = self._place.examination
        count = len(examination.pins)
        if not count:
            examination.pin_again()
            return
        examination.unpin_all()
        pins = "the pin" if count == 1 else f"{count:,} pins"
        self._place.notifications.show_info(f"Removed {pins}; the same key brings them back.")

    def hide_map(self) -> None:
        """Takes the map away that lies over the image."""
        self._place.examination.show(None)

    def curtain(self, on: bool) -> None:
        """Shows the ground truth right of a line, or not."""
        self._place.session.change_view(comparison="curtain" if on else "off")

    def blink(self, on: bool) -> None:
        """Lets prediction and ground truth take turns, or not."""
        self._place.session.change_view(comparison="blink" if on else "off")
