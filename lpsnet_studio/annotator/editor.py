"""The editor of one image: everything that can be done to its segments, each as one step of undo; no Qt.

Whatever is refused is said in a sentence by the ``refused`` signal, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from lpsnet_studio.annotator.class_finding import digits_of
from lpsnet_studio.annotator.editor_options import EditorOptions, Target
from lpsnet_studio.annotator.recent_classes import RecentClasses
from lpsnet_studio.annotator.shape_commands import Contest, ShapeCommands
from lpsnet_studio.annotator.stroke_in_hand import Stroke

__all__ = ["Contest", "Editor", "EditorOptions", "Stroke", "Target"]


class Editor(ShapeCommands):
    """One image under correction: its document, selection, options and commands.

    The parts: :mod:`~lpsnet_studio.annotator.editor_core` holds the state and makes edits,
    :mod:`~lpsnet_studio.annotator.segment_commands` are the commands on whole segments,
    :mod:`~lpsnet_studio.annotator.shape_commands` those on their shapes.
    """

    @property
    def recent_classes(self) -> RecentClasses:
        """The classes that were used last, to be kept for the next image."""
        return self._recent

    def recall(self, recent: RecentClasses) -> None:
        """Knows classes as recent that were used on another image."""
        self._recent = recent.still_there(self.labels)

    @property
    def digits(self) -> Mapping[int, str]:
        """The digit that picks a class, by the class's id."""
        return digits_of(self.labels, self._recent.places)
