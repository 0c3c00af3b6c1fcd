"""Pictures that need no files, and how examples and batches are compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from lpsnet.categories import Categories, Category
from lpsnet.data.batches import BatchTargets, TrainingBatch, TrainingExample
from lpsnet.data.sources import LabelledPicture
from lpsnet.structures import PanopticSegmentation

CATEGORIES = Categories(
    (
        Category(7, "road", False, (128, 64, 128)),
        Category(26, "car", True, (0, 0, 142)),
        Category(3, "dog", True, (9, 9, 9)),
    )
)


@dataclass(frozen=True)
class RandomPictures:
    """Noise of many sizes, with a few rectangles on void and road.

    Attributes:
        count: of the pictures.
        bad: the number of one that cannot be read.
    """

    count: int
    bad: int = -1

    @property
    def name(self) -> str:
        return f"{self.count} random pictures"

    @property
    def categories(self) -> Categories:
        return CATEGORIES

    @property
    def files(self) -> Iterator[Path]:
        return iter(())

    def __len__(self) -> int:
        return self.count

    def identity(self, index: int) -> tuple[str, int | str]:
        return f"picture {index}", index

    def read(self, index: int) -> LabelledPicture:
        if index == self.bad:
            raise ValueError(f"photo-{index}.jpg: the image is truncated or damaged (broken data stream)")
        chance = np.random.default_rng(index)
        height, width = (int(side) for side in chance.integers(40, 120, 2))
        ids = np.zeros((height, width), np.int32)
        ids[height // 2 :] = 4_000_000
        for number in range(1, 5):
            y, x = int(chance.integers(height - 20)), int(chance.integers(width - 20))
            ids[y : y + 20, x : x + 20] = 70_000 + number
        shown = set(np.unique(ids).tolist()) - {0}
        labels = {i: 0 if i == 4_000_000 else 1 + i % 2 for i in sorted(shown)}
        truth = PanopticSegmentation.from_ids(ids, labels, crowds={70_003} & shown)
        image = chance.integers(0, 256, (height, width, 3), dtype=np.uint8)
        return LabelledPicture(*self.identity(index), image, truth)


def assert_same(one: object, other: object) -> None:
    """Fails unless two examples, batches or parts of them hold the same values."""
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert isinstance(other, torch.Tensor)
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
    elif isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, tuple):
        assert isinstance(other, tuple)
        assert len(one) == len(other)
        for part, other_part in zip(one, other, strict=True):
            assert_same(part, other_part)
    elif isinstance(one, (TrainingExample, TrainingBatch, BatchTargets)) or hasattr(one, "ltrb"):
        for field in fields(one):  # type: ignore[arg-type]
            assert_same(getattr(one, field.name), getattr(other, field.name))
    else:
        assert one == other
