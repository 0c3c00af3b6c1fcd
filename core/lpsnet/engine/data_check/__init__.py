"""Every fault of a COCO panoptic data set, with file and field, where the reader refuses at the first.

The rules are the readers' own: what :func:`~lpsnet.formats.coco_panoptic.read_coco_panoptic`,
:meth:`~lpsnet.formats.coco_panoptic.CocoPanopticDataset.read_segmentation` or :func:`~lpsnet.images.read_image` refuses
is an error, and what they accept is at most a warning. A consequence of a fault that is named is not named again: the
pixels of a segment whose id is out of range belong to no segment, which is no second fault. Needs no torch. The parts:

- :mod:`~lpsnet.engine.data_check.check`: the whole, and its report;
- :mod:`~lpsnet.engine.data_check.categories_check`, :mod:`~lpsnet.engine.data_check.images_check`,
  :mod:`~lpsnet.engine.data_check.annotations_check`: the three lists of the JSON file and the files they name;
- :mod:`~lpsnet.engine.data_check.json_faults`, :mod:`~lpsnet.engine.data_check.files_ahead`: how JSON, photos and PNGs
  are read so that no fault ends the reading;
- :mod:`~lpsnet.engine.data_check.tally`: the facts.
"""

from __future__ import annotations

from lpsnet.engine.data_check.check import check_coco_panoptic

__all__ = ["check_coco_panoptic"]
