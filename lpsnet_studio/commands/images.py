"""The image list."""

from __future__ import annotations

from lpsnet_studio.commands.workplace import Workplace

__all__ = ["ImageCommands"]


class ImageCommands:
    """Goes through the image list, finds in it, and measures it."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def previous_image(self) -> None:
        """Opens the image above."""
        self._place.session.step_image(-1)

    def next_image(self) -> None:
        """Opens the image below."""
        self._place.session.step_image(1)

    def find_image(self) -> None:
        """Lets the user type a part of a name."""
        raise NotImplementedError

    def reload_image(self) -> None:
        """Reads the current image from disk again."""
        raise NotImplementedError

    def measure_all(self) -> None:
        """Inspects every image that has ground truth, in the background."""
        raise NotImplementedError

    def worst_first(self, on: bool) -> None:
        """Lists images by their PQ, or in natural order."""
        raise NotImplementedError

    def prefetch(self, on: bool) -> None:
        """Switches prefetching."""
        raise NotImplementedError
