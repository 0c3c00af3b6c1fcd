"""Small pictures of maps over the whole image; no Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.maps import HeatMap
from lpsnet.structures import Labels
from lpsnet_studio.canvas.colormaps import Scale, levels_of, sampled, scale_table
from lpsnet_studio.canvas.colors import color_table, colored
from lpsnet_studio.canvas.sampling import Grid

__all__ = ["fitted", "labels_picture", "map_picture"]

Picture = NDArray[np.int32]
"""``[h, w]`` premultiplied ARGB."""


def fitted(image: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """Returns the greatest height and width of an image's proportions that fit into a room, 1 at least."""
    (height, width), (most_high, most_wide) = image, room
    shrunk = min(most_high / max(height, 1), most_wide / max(width, 1))
    return max(round(height * shrunk), 1), max(round(width * shrunk), 1)


def map_picture(
    heat: HeatMap,
    scale: Scale,
    image: tuple[int, int],
    size: tuple[int, int],
    categories: Categories | None = None,
) -> Picture:
    """Draws a map over the whole image.

    Args:
        heat: the map.
        scale: how its numbers are coloured.
        image: ``(H, W)`` of the image.
        size: ``(h, w)`` of the picture.
        categories: where the numbers are class indices, the classes.
    """
    grid = Grid(0.0, 0.0, image[1] / size[1], image[0] / size[0], size[1], size[0])
    if categories is not None:
        return colored(sampled(heat, grid, smooth=False).astype(np.uint16), color_table(categories.colors))
    return colored(levels_of(sampled(heat, grid, smooth=scale.smooth), scale), scale_table(scale.colors))


def labels_picture(labels: Labels, categories: Categories, size: tuple[int, int]) -> Picture:
    """Draws a label map ``[H, W]`` in the colours of its classes, a pixel of it for each of the picture's."""
    rows, columns = (
        ((np.arange(count) + 0.5) * whole / count).astype(np.intp)
        for count, whole in zip(size, labels.shape, strict=True)
    )
    return colored(labels[np.ix_(rows, columns)], color_table(categories.colors))
