"""From a labelled picture to one that trains: mirrored, rescaled, cut out and recoloured at random (rows 62–64, 66).

Targets are derived afterwards from the one resampled id map, so that image, masks and boxes cannot disagree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.data.transforms import input_size, resize_picture
from lpsnet.structures import PanopticSegmentation

__all__ = ["Augmentation", "augmented", "recoloured", "resample_ids"]

UInt8 = NDArray[np.uint8]
Int32 = NDArray[np.int32]
_SMALLEST_SIDE = 32


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How pictures vary.

    Attributes:
        short_side: of the network's input, see :func:`~lpsnet.data.transforms.input_size`.
        long_side_cap: likewise.
        flip: the share that is mirrored.
        scale: the input's size is multiplied by a number drawn from this range, small factors as often as great ones.
        long_side: the longer side is drawn from this range instead, in pixels, every length as often as another.
        crop: height and width of the part that is cut out, in input pixels; None for the whole.
        color: the strongest change of brightness, contrast and saturation, as a share.
    """

    short_side: int
    long_side_cap: int | None
    flip: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    long_side: tuple[int, int] | None = None
    crop: tuple[int, int] | None = None
    color: float = 0.0


def augmented(
    image: UInt8, truth: PanopticSegmentation, how: Augmentation, chance: np.random.Generator
) -> tuple[UInt8, PanopticSegmentation]:
    """Returns the picture and its truth as the network is to see them.

    Args:
        image: RGB uint8 ``[H, W, 3]``.
        truth: of the same size.
        how: see :class:`Augmentation`.
        chance: where every random choice comes from; the same state gives the same result.

    Returns:
        The picture, and the segments that are left of its truth, numbered from 1.
    """
    # Every number is drawn whether it is used or not: a switch changes what it says and nothing else.
    mirrored = chance.random() < how.flip
    size_share = chance.random()
    place = chance.random(2)
    tone = 1 + how.color * chance.uniform(-1, 1, 3)
    ids = truth.ids
    size = _varied_size((ids.shape[0], ids.shape[1]), how, size_share)
    if how.crop is not None:
        image, ids, size = _cut_out(image, ids, size, how.crop, place)
    image, ids = resize_picture(image, size), resample_ids(ids, size)
    if mirrored:
        image, ids = np.asarray(cv2.flip(image, 1), np.uint8), np.asarray(cv2.flip(ids, 1), np.int32)
    if how.color:
        image = recoloured(image, tone)
    return np.ascontiguousarray(image), _what_is_left(truth, ids)


def _varied_size(size: tuple[int, int], how: Augmentation, share: float) -> tuple[int, int]:
    """Returns the size that a picture takes, before anything is cut out of it, for a share drawn from [0, 1)."""
    if how.long_side is None:
        low, high = (math.log(bound) for bound in how.scale)
        size = input_size(size[0], size[1], how.short_side, how.long_side_cap)
        factor = math.exp(low + (high - low) * share)
    else:
        factor = (how.long_side[0] + (how.long_side[1] - how.long_side[0]) * share) / max(size)
    return max(_SMALLEST_SIDE, round(size[0] * factor)), max(_SMALLEST_SIDE, round(size[1] * factor))


def resample_ids(ids: Int32, size: tuple[int, int]) -> Int32:
    """Returns the id under the centre of every pixel of a map of another size, ``[h, w]`` (method row 66)."""
    if ids.shape == size:
        return ids
    rows, columns = (
        ((np.arange(length) + 0.5) * (full / length)).astype(np.intp)
        for length, full in zip(size, ids.shape, strict=True)
    )
    # In two steps: the second one copies whole rows.
    resampled: Int32 = ids.take(columns, axis=1).take(rows, axis=0)
    return resampled


def recoloured(image: UInt8, tone: NDArray[np.float64]) -> UInt8:
    """Changes the colours of a picture, all in one step: what is clipped in between would be lost.

    Args:
        image: RGB uint8 ``[H, W, 3]``.
        tone: factors of the brightness, of the contrast about the picture's mean, and of the saturation about each
            pixel's grey (0.299 R + 0.587 G + 0.114 B); 1 changes nothing.
    """
    brightness, contrast, saturation = (float(part) for part in tone)
    grey = np.array([0.299, 0.587, 0.114], np.float32)
    mixing = brightness * contrast * (saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * grey[None, :])
    mean = float(image.mean()) * brightness * (1 - contrast)
    mixed = cv2.transform(image, np.column_stack((mixing, np.full(3, mean, np.float32))).astype(np.float32))
    return np.asarray(mixed, np.uint8)


def _cut_out(
    image: UInt8, ids: Int32, size: tuple[int, int], crop: tuple[int, int], place: NDArray[np.float64]
) -> tuple[UInt8, Int32, tuple[int, int]]:
    """Cuts out of the picture, before it is resized to ``size``, what becomes ``crop`` or less afterwards."""
    windows, cut = [], []
    for full, resized, wanted, share in zip(ids.shape, size, crop, place, strict=True):
        kept = min(wanted, resized)
        length = max(1, round(full * kept / resized))
        begin = int(share * (full - length + 1))
        windows.append(slice(begin, begin + length))
        cut.append(kept)
    return image[windows[0], windows[1]], ids[windows[0], windows[1]], (cut[0], cut[1])


def _what_is_left(truth: PanopticSegmentation, ids: Int32) -> PanopticSegmentation:
    """Returns the segments of ``truth`` that a map of its ids still shows, numbered anew from 1 in the same order.

    A data set's ids go up to 2²⁴, and every table that they are looked up in would be as long. It works on horizontal
    runs, which are far fewer than pixels.
    """
    begins = np.ones(ids.shape, np.bool_)
    np.not_equal(ids[:, 1:], ids[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    shown, row = np.unique(ids.reshape(-1)[starts], return_inverse=True)
    still_there = set(shown.tolist())
    kept = [segment for segment in truth.segments if segment.id in still_there]
    number_of = {segment.id: number for number, segment in enumerate(kept, start=1)}
    numbers = np.array([number_of.get(identity, 0) for identity in shown.tolist()], np.int32)
    renumbered = np.repeat(numbers[row], np.diff(starts, append=ids.size)).reshape(ids.shape)
    return PanopticSegmentation.from_ids(
        renumbered,
        {number_of[segment.id]: segment.label for segment in kept},
        crowds={number_of[segment.id] for segment in kept if segment.iscrowd},
    )
