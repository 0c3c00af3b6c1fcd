"""The image list."""

from __future__ import annotations

from lpsnet_studio.commands.workplace import Workplace

__all__ = ["ImageCommands"]


class ImageCommands:
    """Goes through the image list, finds in it, and measures it."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        place.images.lookahead.prefetch(place.settings.preferences.prefetch)

    def previous_image(self) -> None:
        """Opens the image above."""
        self._place.session.step_image(-1)

    def next_image(self) -> None:
        """Opens the image below."""
        self._place.session.step_image(1)

    def find_image(self) -> None:
        """Lets the user type a part of a name."""
        self._place.images.find()

    def reload_image(self) -> None:
        """Reads the current image from disk again."""
        self._place.images.reload(self._place.session.index)

    def measure_all(self) -> None:
        """Inspects every image that is shown and has ground truth, in the background."""
        if not self._place.images.lookahead.measure_shown():
            self._place.notifications.show_info("Every image shown has been measured with the settings of now.")

    def worst_first(self, on: bool) -> None:
        """Lists images by their PQ, the worst in view, or in their own order."""
        self._place.session.show_worst_first(on)
        if on:
            self._place.images.view.scrollToTop()

    def prefetch(self, on: bool) -> None:
        """Switches the fetching of the next image."""
        self._place.settings.change(prefetch=on)
        self._place.images.lookahead.prefetch(on)
