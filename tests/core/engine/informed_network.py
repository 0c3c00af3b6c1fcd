"""A network that has seen the ground truth, through a haze: its figures are neither all 0 nor all 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.data.sources import LabelledPicture
from lpsnet.model.output import NetworkOutput
from tests.core.decoding_outputs import LEVELS, STRIDES, padded

_LARGEST = (64, 128, 256, 512, 10_000)


def informed_network(
    pictures: Sequence[LabelledPicture], categories: Categories, haze: float
) -> Callable[[NDArray[np.uint8]], NetworkOutput]:
    """Returns a network for these pictures, whose sides must be multiples of 32.

    Args:
        pictures: those that it knows.
        categories: of the truths.
        haze: 0 for what the truth says at every cell and location; the larger, the more is wrong.
    """
    known = {picture.image.tobytes(): picture for picture in pictures}

    def run(image: NDArray[np.uint8]) -> NetworkOutput:
        return _hazy_output(known[image.tobytes()], categories, haze)

    return run


def _hazy_output(picture: LabelledPicture, categories: Categories, haze: float) -> NetworkOutput:
    height, width = picture.truth.ids.shape
    assert padded((height, width)) == (height, width)
    rng = np.random.default_rng(int(picture.image.sum()))
    labels = picture.truth.labels(len(categories))[2::4, 2::4]
    logits = haze * rng.normal(size=(len(categories), height // 4, width // 4))
    rows, columns = np.nonzero(labels < len(categories))
    logits[labels[rows, columns], rows, columns] += 6
    levels = [_level(picture, categories, level, haze, rng) for level in range(len(LEVELS))]
    return NetworkOutput(
        ltrb=tuple(torch.from_numpy(ltrb)[None].float() for ltrb, _ in levels),
        borderness_logits=tuple(torch.from_numpy(border)[None, None].float() for _, border in levels),
        semantic_logits=torch.from_numpy(logits)[None].float(),
        strides=STRIDES,
        levels=LEVELS,
        image_sizes=((height, width),),
        padded_size=(height, width),
    )


def _level(
    picture: LabelledPicture, categories: Categories, level: int, haze: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns distances ``[4, h_l, w_l]`` to the box of the thing under each location, and border-ness logits."""
    (height, width), stride = picture.truth.ids.shape, STRIDES[level]
    shape = -(-height // stride), -(-width // stride)
    ltrb, border = np.ones((4, *shape)), np.full(shape, -6.0)
    by_id = {segment.id: segment for segment in picture.truth.segments}
    for i, j in np.ndindex(*shape):
        x, y = stride // 2 + j * stride, stride // 2 + i * stride
        segment = by_id.get(int(picture.truth.ids[y, x])) if y < height and x < width else None
        if segment is None or not categories[segment.label].isthing or segment.iscrowd:
            continue
        x0, y0, x1, y1 = segment.box
        distances = np.array([x - x0, y - y0, x1 - x, y1 - y], float)
        smallest = _LARGEST[level - 1] if level else 0
        if smallest < distances.max() <= _LARGEST[level]:
            ltrb[:, i, j] = np.maximum(distances + haze * rng.normal(size=4), 0)
            border[i, j] = 2 + 0.5 * haze * rng.normal()
    return ltrb, border
