"""The stream of examples: what comes at a position hangs on seed and position alone, whoever asks and whenever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.categories import Categories, Category
from lpsnet.config import Config
from lpsnet.data.batches import TrainingBatch, TrainingExample
from lpsnet.data.sources import LabelledPicture
from lpsnet.data.stream import BadPicture, ExampleStream, StreamPositions, training_batches
from lpsnet.model.lpsnet import BOX_STRIDES, DIVISOR
from lpsnet.structures import PanopticSegmentation
from tests.core.data.pictures import RandomPictures, assert_same

PLAIN = Config.model_validate(
    {
        "name": "a test",
        "categories": "scenes.json",
        "input": {"short_side": 64, "long_side_cap": 128},
        "data": {"augmentation": {"flip": 0}},
    }
)
CONFIG = Config.model_validate(
    PLAIN.model_dump()
    | {
        "data": {"augmentation": {"flip": 0.5, "scale": (0.6, 1.2), "crop": (48, 64), "color": 0.2}},
        "loss": {"small_thing_weight": 2},
    }
)


def stream(count: int = 7, *, bad: int = -1, seed: int = 3) -> ExampleStream:
    return ExampleStream(RandomPictures(count, bad), CONFIG, BOX_STRIDES, seed)


def batches(
    examples: ExampleStream, first: int, last: int, *, workers: int, share: int = 2, of: int = 1, rank: int = 0
) -> list[TrainingBatch]:
    positions = StreamPositions(first_batch=first, last_batch=last, batch=share * of, share=share, rank=rank)
    return list(training_batches(examples, positions, strides=BOX_STRIDES, divisor=DIVISOR, workers=workers))


# ------------------------------------------------------------------------------------------------------------ examples


def test_an_example_hangs_on_seed_and_position_alone() -> None:
    forwards = [stream()[position] for position in range(16)]
    one = stream()
    for position in (15, 3, 0, 8, 3, 7):
        assert_same(one[position], forwards[position])
    others = [stream(seed=4)[position] for position in range(16)]
    assert any(other.name != example.name for other, example in zip(others, forwards, strict=True))


def test_every_epoch_is_an_order_of_its_own_over_all_pictures() -> None:
    examples = stream(7)
    epochs = [[examples[7 * epoch + place].name for place in range(7)] for epoch in range(4)]
    for epoch in epochs:
        assert sorted(epoch) == [f"picture {index}" for index in range(7)]
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_a_picture_is_changed_otherwise_in_every_epoch() -> None:
    examples = stream(1)
    first, second = examples[0], examples[1]
    assert first.name == second.name
    assert first.image.shape != second.image.shape or not torch.equal(first.image, second.image)


def test_an_example_is_made_of_bytes_and_small_numbers() -> None:
    example = stream()[0]
    assert isinstance(example, TrainingExample)
    assert example.image.dtype == torch.uint8
    assert example.image.shape[1:] == example.labels.shape == example.pixel_weights.shape
    assert example.labels.dtype == torch.int16
    assert example.pixel_weights.dtype == torch.float32
    assert [level.state.shape for level in example.levels] == [
        tuple(len(range(stride // 2, side, stride)) for side in example.labels.shape) for stride in BOX_STRIDES
    ]


@dataclass(frozen=True)
class _ManyClasses(RandomPictures):
    """Pictures of one segment, whose class is the last of many."""

    classes: int = 400

    @property
    def categories(self) -> Categories:
        return Categories(tuple(Category(i + 1, str(i), True, (0, 0, 0)) for i in range(self.classes)))

    def read(self, index: int) -> LabelledPicture:
        ids = np.zeros((64, 64), np.int32)
        ids[:, 32:] = 9
        truth = PanopticSegmentation.from_ids(ids, {9: self.classes - 1})
        return LabelledPicture("half void", index, np.zeros((64, 64, 3), np.uint8), truth)


@pytest.mark.parametrize("classes", [1, 254, 255, 256, 400])
def test_void_is_minus_one_however_many_classes_there_are(classes: int) -> None:
    labels = ExampleStream(_ManyClasses(1, classes=classes), PLAIN, BOX_STRIDES, 0)[0].labels
    assert labels.dtype == torch.int16
    assert (labels[:, :32] == -1).all()
    assert (labels[:, 32:] == classes - 1).all()


# ------------------------------------------------------------------------------------------------------------- batches


@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_stream_goes_on_as_an_unbroken_one(workers: int) -> None:
    unbroken = batches(stream(), 0, 6, workers=0)
    assert len(unbroken) == 6
    assert_same(tuple(unbroken), tuple(batches(stream(), 0, 6, workers=workers)))
    assert_same(tuple(unbroken[4:]), tuple(batches(stream(), 4, 6, workers=workers)))


def test_several_processes_see_together_what_one_does() -> None:
    whole = [example for batch in batches(stream(), 0, 3, workers=0, share=4) for example in _single(batch)]
    for count in (2, 4):
        shares = [batches(stream(), 0, 3, workers=0, share=4 // count, of=count, rank=rank) for rank in range(count)]
        together = [example for number in range(3) for share in shares for example in _single(share[number])]
        assert_same(tuple(together), tuple(whole))


def _single(batch: TrainingBatch) -> list[tuple[str, torch.Tensor]]:
    return list(zip(batch.names, batch.images, strict=True))


@given(
    share=st.integers(1, 4),
    ranks=st.sampled_from([1, 2, 4]),
    accumulate=st.integers(1, 3),
    first=st.integers(0, 50),
    count=st.integers(1, 5),
)
def test_shares_and_parts_make_up_the_same_iterations(
    share: int, ranks: int, accumulate: int, first: int, count: int
) -> None:
    """As the trainer counts: ``accumulate`` batches of ``share`` pictures on each rank make an iteration."""
    iteration = share * ranks * accumulate
    seen: dict[int, list[int]] = {number: [] for number in range(first, first + count)}
    for rank in range(ranks):
        positions = StreamPositions(first * accumulate, (first + count) * accumulate, share * ranks, share, rank)
        mine = list(positions)
        assert len(mine) == len(positions) == count * accumulate
        for number, part in enumerate(mine):
            assert len(part) == share
            seen[first + number // accumulate] += part
    for number, places in seen.items():
        assert sorted(places) == list(range(number * iteration, (number + 1) * iteration))


@pytest.mark.parametrize("workers", [0, 1])
def test_preparing_draws_nothing_from_torch(workers: int) -> None:
    """A resumed run takes over the generator of the run that it goes on with: both must find it alike."""
    torch.manual_seed(5)
    before = torch.get_rng_state()
    batches(stream(), 0, 2, workers=workers)
    assert torch.equal(torch.get_rng_state(), before)


# -------------------------------------------------------------------------------------------------------- bad pictures


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_picture_is_named_in_one_sentence(workers: int) -> None:
    examples = stream(7, bad=2)
    order = [
        example.name if isinstance(example, TrainingExample) else "bad"
        for example in map(examples.__getitem__, range(7))
    ]
    before = order.index("bad") // 2
    positions = StreamPositions(first_batch=0, last_batch=20, batch=2, share=2, rank=0)
    prepared = training_batches(examples, positions, strides=BOX_STRIDES, divisor=DIVISOR, workers=workers)
    for number in range(before):
        assert list(next(prepared).names) == order[2 * number : 2 * number + 2]
    with pytest.raises(ValueError, match=r"^photo-2\.jpg: the image is truncated or damaged \(broken data stream\)$"):
        next(prepared)


def test_a_bad_picture_is_an_example_that_says_why() -> None:
    examples = stream(3, bad=1)
    found = [examples[position] for position in range(3)]
    assert [example for example in found if isinstance(example, BadPicture)] == [
        BadPicture("photo-1.jpg: the image is truncated or damaged (broken data stream)")
    ]


@dataclass(frozen=True)
class _Faulty(RandomPictures):
    def read(self, index: int) -> LabelledPicture:
        raise KeyError(index)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_fault_of_the_program_is_not_taken_for_a_bad_picture(workers: int) -> None:
    with pytest.raises(KeyError):
        batches(ExampleStream(_Faulty(2), CONFIG, BOX_STRIDES, 0), 0, 1, workers=workers)


def names(found: Sequence[TrainingBatch]) -> list[str]:
    return [name for batch in found for name in batch.names]


def test_batches_outnumber_the_pictures() -> None:
    """A stream has no end: three pictures fill batches of four over and over."""
    found = names(batches(stream(3), 0, 3, workers=0, share=4))
    assert sorted(found) == sorted(f"picture {index}" for index in range(3) for _ in range(4))
