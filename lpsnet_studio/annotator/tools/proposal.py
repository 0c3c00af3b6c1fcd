"""Looking at what would be painted before it is, and taking it or leaving it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.strokes import Point
from lpsnet_studio.annotator.tools.base import NO_MODIFIERS, MaskShape, Modifiers, Preview, Tool

__all__ = ["ProposalTool"]


class ProposalTool(Tool):
    """Shows some pixels; Enter or a double click paints them, Escape leaves everything as it is.

    Args:
        editor: of the image.
        shapes: what would be painted.
        what: that in words, such as ``123 pixels of road``.
        accept: paints it.
        done: called afterwards, whether it was taken or left.
    """

    name = "Proposal"

    def __init__(
        self,
        editor: Editor,
        shapes: Sequence[MaskShape],
        what: str,
        accept: Callable[[], object],
        done: Callable[[], object],
    ) -> None:
        super().__init__(editor)
        self._shapes, self._what, self._accept, self._done = tuple(shapes), what, accept, done

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        return f"Enter fills {self._what}; Esc leaves everything as it is" if self._shapes else ""

    @property
    def preview(self) -> tuple[Preview, ...]:
        """What would be painted."""
        return self._shapes

    def double_click(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Takes the proposal."""
        self._end(self._accept)

    def key(self, key: str) -> bool:
        """Enter takes the proposal."""
        if key == "enter" and self._shapes:
            self._end(self._accept)
            return True
        return super().key(key)

    def cancel(self) -> bool:
        """Leaves the proposal."""
        return self._end(lambda: None)

    def _end(self, act: Callable[[], object]) -> bool:
        had, self._shapes = bool(self._shapes), ()
        if had:
            act()
            self._done()
        return had
