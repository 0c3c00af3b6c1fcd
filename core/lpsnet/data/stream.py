"""The endless stream of training examples, in which every random choice is a function of seed and position.

A run that goes on from position p therefore sees what an unbroken run would have seen, and processes that share the
positions see together what one process alone would: there is no state to save.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler

from lpsnet.config import Config
from lpsnet.data.augmentation import Augmentation, augmented
from lpsnet.data.batches import TrainingBatch, TrainingExample, collate
from lpsnet.data.sources import PictureSource
from lpsnet.data.transforms import as_tensor
from lpsnet.data.workers import become_worker, prepared_by
from lpsnet.targets import TargetRules, location_targets, semantic_target

__all__ = ["BadPicture", "ExampleStream", "StreamPositions", "training_batches"]

_AHEAD = 2
"""Batches that each worker prepares before they are asked for: of COCO's sixteen pictures one holds 90 MB."""
_ORDER, _CHANGES = 0, 1
"""Which of a seed's two sequences: the order of an epoch, the changes of a position."""


@dataclass(frozen=True, slots=True)
class BadPicture:
    """A picture that could not be read: a worker's exception would lose its type and gain a traceback on the way."""

    sentence: str


class ExampleStream(Dataset["TrainingExample | BadPicture"]):
    """Training examples by position in the stream; position p lies in epoch ``p // len(source)``.

    Args:
        source: the pictures.
        config: its input, augmentation, targets and loss are followed.
        strides: of the network's levels.
        seed: of every random choice.
    """

    def __init__(self, source: PictureSource, config: Config, strides: Sequence[int], seed: int) -> None:
        self._source = source
        self._input = config.input
        self._strides = tuple(strides)
        self._seed = seed
        changes = config.data.augmentation
        self._augmentation = Augmentation(
            config.input.short_side,
            config.input.long_side_cap,
            flip=changes.flip,
            scale=changes.scale,
            long_side=changes.long_side,
            crop=changes.crop,
            color=changes.color,
        )
        self._rules = TargetRules(
            positives=config.targets.positives,
            borderness=config.targets.borderness,
            level_assignment=config.targets.level_assignment,
            borderness_negatives=config.targets.borderness_negatives,
            size_limits=config.targets.size_limits,
        )
        self._small = config.loss.small_thing_weight, config.loss.small_thing_area

    def __getitem__(self, position: int) -> TrainingExample | BadPicture:
        """Returns the example at a position, or why there is none."""
        try:
            return self._example(position)
        except (ValueError, OSError) as error:
            return BadPicture(str(error))

    def _example(self, position: int) -> TrainingExample:
        epoch, place = divmod(position, len(self._source))
        index = int(_epoch_order(self._seed, epoch, len(self._source))[place])
        picture = self._source.read(index)
        chance = np.random.default_rng((self._seed, _CHANGES, position))
        image, truth = augmented(picture.image, picture.truth, self._augmentation, chance)
        isthing = self._source.categories.isthing
        labels, weights = semantic_target(
            truth, isthing, small_thing_weight=self._small[0], small_thing_area=self._small[1]
        )
        void = np.iinfo(labels.dtype).max
        return TrainingExample(
            name=picture.name,
            image=as_tensor(image),
            levels=location_targets(truth, isthing, self._strides, self._rules),
            labels=torch.from_numpy(np.where(labels == void, -1, labels.astype(np.int16))),
            pixel_weights=None if weights is None else torch.from_numpy(weights),
        )


@lru_cache(maxsize=2)
def _epoch_order(seed: int, epoch: int, length: int) -> NDArray[np.intp]:
    return np.random.default_rng((seed, _ORDER, epoch)).permutation(length)


@dataclass(frozen=True, slots=True)
class StreamPositions(Sampler[list[int]]):
    """Which positions one process works on: of every batch, its share.

    Attributes:
        first_batch: where to begin.
        last_batch: before which to end.
        batch: pictures of a batch over all processes.
        share: how many of them one process takes.
        rank: which process.
    """

    first_batch: int
    last_batch: int
    batch: int
    share: int
    rank: int

    def __len__(self) -> int:
        return self.last_batch - self.first_batch

    def __iter__(self) -> Iterator[list[int]]:
        for number in range(self.first_batch, self.last_batch):
            begin = number * self.batch + self.rank * self.share
            yield list(range(begin, begin + self.share))


def training_batches(
    stream: ExampleStream, positions: StreamPositions, *, strides: Sequence[int], divisor: int, workers: int
) -> Generator[TrainingBatch]:
    """Yields batches prepared by worker processes, in order; closing it ends them.

    Args:
        stream: the examples.
        positions: which of them.
        strides: of the network's levels.
        divisor: of the padded size.
        workers: how many processes; 0 prepares them here.

    Raises:
        ValueError: in one sentence naming the file, if a picture cannot be read.
        ChildProcessError: in one sentence, if a worker was killed.
    """
    loader: DataLoader[TrainingExample | BadPicture] = DataLoader(
        stream,
        batch_sampler=positions,
        num_workers=workers,
        collate_fn=partial(_collate, strides=tuple(strides), divisor=divisor),
        worker_init_fn=become_worker,
        prefetch_factor=_AHEAD if workers else None,
        # Without one of its own it would draw a number from torch's, and a resumed run be out of step with an unbroken.
        generator=torch.Generator(),
    )
    for batch in prepared_by(loader):
        if isinstance(batch, BadPicture):
            raise ValueError(batch.sentence)
        yield batch


def _collate(
    examples: Sequence[TrainingExample | BadPicture], strides: Sequence[int], divisor: int
) -> TrainingBatch | BadPicture:
    bad = next((example for example in examples if isinstance(example, BadPicture)), None)
    if bad is not None:
        return bad
    return collate([example for example in examples if isinstance(example, TrainingExample)], strides, divisor)
