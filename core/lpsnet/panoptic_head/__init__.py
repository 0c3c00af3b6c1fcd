"""The panoptic head (paper section 3.4): pastes boxes onto a semantic map, without a parameter to learn.

Boxes come by descending confidence. The mask of a box is the pixels of its class inside it. A mask that earlier ones
cover too much is discarded; otherwise its free pixels become its own, and the pixels it shares with earlier boxes go to
whoever the conflict strategy prefers. Stuff fills what is left.

The head needs boxes, a label map and nothing else of this network; border-ness maps are optional. It works on numpy
arrays with OpenCV and knows no framework. The parts:

- :mod:`~lpsnet.panoptic_head.merging`: the merge;
- :mod:`~lpsnet.panoptic_head.contests`: who a contested pixel goes to;
- :mod:`~lpsnet.panoptic_head.steps`: what a step of a merge looks like, in pixels and in words;
- :mod:`~lpsnet.panoptic_head.inputs`: boxes and label maps of any origin, checked.
"""

from __future__ import annotations

from lpsnet.panoptic_head.contests import Conflict
from lpsnet.panoptic_head.merging import Leftovers, merge
from lpsnet.panoptic_head.steps import candidate_mask, contested_mask, explain_step, told_apart

__all__ = ["Conflict", "Leftovers", "candidate_mask", "contested_mask", "explain_step", "merge", "told_apart"]
