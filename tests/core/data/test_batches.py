"""Batches: padded as the network pads, as many locations as it has, and nothing learnt outside the pictures."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lpsnet.config import ModelConfig
from lpsnet.data.batches import TrainingExample, collate, level_sizes
from lpsnet.losses import compute_losses, count_normalisers
from lpsnet.model.lpsnet import BOX_STRIDES, DIVISOR, LPSNet, build_lpsnet
from lpsnet.structures import PanopticSegmentation
from lpsnet.targets import IGNORED, NEGATIVE, POSITIVE, TargetRules, location_targets

CLASSES = 3
SIDE = st.integers(32, 200)


@pytest.fixture(scope="module")
def network() -> LPSNet:
    """As small as it can be, with every level."""
    torch.manual_seed(0)
    config = ModelConfig.model_validate(
        {
            "backbone": {"name": "resnet18", "width": 0.25},
            "channels": 32,
            "box_head": {"layers": 1},
            "semantic_head": {"channels": 32, "layers": 1, "deformable": False},
        }
    )
    return build_lpsnet(config, CLASSES).eval()


def example(height: int, width: int, *, weighted: bool = False, seed: int = 0) -> TrainingExample:
    """A picture of noise with one thing in its middle and stuff around it, and a void border on the left."""
    ids = np.full((height, width), 2, np.int32)
    ids[height // 4 : -height // 4, width // 4 : -width // 4] = 1
    ids[:, :3] = 0
    truth = PanopticSegmentation.from_ids(ids, {1: 1, 2: 0})
    labels = np.array([-1, 1, 0], np.int16)[ids]
    return TrainingExample(
        name=f"{height}×{width}",
        image=torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (3, height, width), np.uint8)),
        levels=location_targets(truth, np.array([False, True, True]), BOX_STRIDES, TargetRules()),
        labels=torch.from_numpy(labels),
        pixel_weights=torch.full((height, width), 2.0) if weighted else None,
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=3))
def test_targets_have_the_size_of_what_the_network_returns(network: LPSNet, sizes: list[tuple[int, int]]) -> None:
    batch = collate([example(*size) for size in sizes], BOX_STRIDES, DIVISOR)
    with torch.inference_mode():
        output = network([image.float() for image in batch.images])
    assert batch.targets.labels.shape == (len(sizes), *output.padded_size)
    expected = tuple((level.shape[2], level.shape[3]) for level in output.ltrb)
    assert level_sizes(output.padded_size, BOX_STRIDES) == expected
    locations = sum(height * width for height, width in expected)
    assert batch.targets.ltrb.shape == (len(sizes), locations, 4)
    assert batch.targets.borderness.shape == batch.targets.state.shape == (len(sizes), locations)


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_levels_halve_and_round_up(height: int, width: int) -> None:
    padded = (DIVISOR * -(-height // DIVISOR), DIVISOR * -(-width // DIVISOR))
    sizes = level_sizes(padded, BOX_STRIDES)
    assert sizes[2] == (padded[0] // 32, padded[1] // 32)
    for fine, coarse in pairwise(sizes[2:]):
        # A 3×3 convolution with stride 2 and a border of 1.
        assert coarse == tuple((side + 2 - 3) // 2 + 1 for side in fine)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(SIDE, SIDE, st.booleans()), min_size=1, max_size=3))
def test_pictures_lie_top_left_and_nothing_is_learnt_beside_them(examples: list[tuple[int, int, bool]]) -> None:
    singles = [example(height, width, weighted=weighted) for height, width, weighted in examples]
    targets = collate(singles, BOX_STRIDES, DIVISOR).targets
    padded = targets.labels.shape[1:]
    weighted = any(single.pixel_weights is not None for single in singles)
    assert (targets.pixel_weights is not None) == weighted
    for number, single in enumerate(singles):
        height, width = single.labels.shape
        inside = torch.zeros(padded, dtype=torch.bool)
        inside[:height, :width] = True
        assert torch.equal(targets.labels[number][:height, :width], single.labels)
        assert (targets.labels[number][~inside] == -1).all()
        if weighted:
            weights = targets.pixel_weights[number]
            assert (weights[inside] == (1 if single.pixel_weights is None else 2)).all()
            assert (weights[~inside] == 0).all()
        begin = 0
        for level, stride, (rows, columns) in zip(
            single.levels, BOX_STRIDES, level_sizes(tuple(padded), BOX_STRIDES), strict=True
        ):
            for i in range(rows):
                for j in range(columns):
                    place = (number, begin + i * columns + j)
                    x, y = stride // 2 + j * stride, stride // 2 + i * stride
                    if y < height and x < width:
                        assert targets.state[place] == int(level.state[i, j])
                        assert targets.borderness[place] == float(level.borderness[i, j])
                        assert targets.ltrb[place].tolist() == level.ltrb[i, j].tolist()
                    else:
                        assert targets.state[place] == IGNORED
                        assert targets.borderness[place] == 0
                        assert targets.ltrb[place].tolist() == [0, 0, 0, 0]
            begin += rows * columns


def test_batches_are_small_and_exact() -> None:
    """What travels from a worker: bytes for pictures and states, two bytes for classes."""
    batch = collate([example(64, 96, weighted=True), example(96, 64)], BOX_STRIDES, DIVISOR)
    assert batch.names == ("64×96", "96×64")
    assert [image.dtype for image in batch.images] == [torch.uint8] * 2
    assert [tuple(image.shape) for image in batch.images] == [(3, 64, 96), (3, 96, 64)]
    targets = batch.targets
    assert (targets.ltrb.dtype, targets.borderness.dtype) == (torch.float32, torch.float32)
    assert (targets.state.dtype, targets.labels.dtype) == (torch.int8, torch.int16)
    assert targets.pixel_weights is not None
    assert targets.pixel_weights.dtype == torch.float32
    assert set(targets.state.unique().tolist()) <= {POSITIVE, NEGATIVE, IGNORED}


def test_padding_changes_no_loss(network: LPSNet) -> None:
    """Whatever the network says outside a picture, the losses and their normalisers stay as they are."""
    batch = collate([example(64, 70), example(120, 90)], BOX_STRIDES, DIVISOR)
    with torch.inference_mode():
        output = network([image.float() / 255 for image in batch.images])
        counted = count_normalisers(batch.targets, semantic_stride=1)
        before = compute_losses(output, batch.targets, counted)
        height, width = 64, 70
        for stride, ltrb, borderness in zip(BOX_STRIDES, output.ltrb, output.borderness_logits, strict=True):
            rows, columns = (torch.arange(side) * stride + stride // 2 for side in ltrb.shape[2:])
            beside = (rows[:, None] >= height) | (columns[None, :] >= width)
            ltrb[0][:, beside] = 1e4
            borderness[0][:, beside] = 50.0
        after = compute_losses(output, batch.targets, counted)
    for name in ("box", "borderness", "semantic"):
        one, other = getattr(before, name), getattr(after, name)
        assert isinstance(one, Tensor)
        assert torch.isfinite(one)
        assert torch.equal(one, other)
    labelled = sum(int((single.labels >= 0).sum()) for single in (example(64, 70), example(120, 90)))
    assert int((batch.targets.labels >= 0).sum()) == labelled


def test_targets_move_whole_to_another_device() -> None:
    targets = collate([example(64, 64, weighted=True)], BOX_STRIDES, DIVISOR).targets.to(torch.device("meta"))
    for name in ("ltrb", "borderness", "state", "labels", "pixel_weights"):
        assert getattr(targets, name).device.type == "meta"
    assert collate([example(64, 64)], BOX_STRIDES, DIVISOR).targets.to(torch.device("meta")).pixel_weights is None
