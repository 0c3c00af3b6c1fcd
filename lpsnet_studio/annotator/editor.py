"""The editor of one image: everything that can be done to its segments, each as one step of undo; no Qt.

Whatever is refused is said in a sentence by the ``refused`` signal, and changes nothing.
"""

from __future__ import annotations

from lpsnet_studio.annotator.editor_options import EditorOptions, Target
from lpsnet_studio.annotator.shape_commands import Contest, ShapeCommands
from lpsnet_studio.annotator.stroke_in_hand import Stroke

__all__ = ["Contest", "Editor", "EditorOptions", "Stroke", "Target"]


class Editor(ShapeCommands):
    """One image under correction: its document, selection, options and commands.

    The parts: :mod:`~lpsnet_studio.annotator.editor_core` holds the state and makes edits,
    :mod:`~lpsnet_studio.annotator.segment_commands` are the commands on whole segments,
    :mod:`~lpsnet_studio.annotator.shape_commands` those on their shapes.
    """
