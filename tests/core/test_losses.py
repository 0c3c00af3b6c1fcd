from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import exp, floor, log
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torchvision.ops import generalized_box_iou_loss

from lpsnet.config import load_config
from lpsnet.data.batches import BatchTargets, TrainingExample, collate, level_sizes
from lpsnet.losses import Losses, Normalisers, box_losses, compute_losses, count_normalisers, sum_of
from lpsnet.model.lpsnet import build_lpsnet
from lpsnet.model.output import NetworkOutput
from lpsnet.structures import PanopticSegmentation
from lpsnet.targets import IGNORED, NEGATIVE, POSITIVE, TargetRules, location_targets, semantic_target

STRIDES = (8, 16, 32, 64, 128)
FARTHEST = exp(8) * 128
"""The greatest distance that the box head can predict."""


# ----------------------------------------------------------------------------------------------------- random batches


@dataclass(frozen=True)
class Batch:
    """A network's output that asks for gradients, and targets for it."""

    output: NetworkOutput
    targets: BatchTargets

    @property
    def maps(self) -> tuple[Tensor, ...]:
        return (*self.output.ltrb, *self.output.borderness_logits, self.output.semantic_logits)

    def losses(self, normalisers: Normalisers | None = None, *, semantic_stride: int = 1, **switches: Any) -> Losses:
        """The losses, by default divided by the batch's own counts."""
        if normalisers is None:
            counted = count_normalisers(self.targets, semantic_stride=semantic_stride)
            normalisers = Normalisers.of_iteration(counted.as_tensor(), processes=1)
        return compute_losses(self.output, self.targets, normalisers, semantic_stride=semantic_stride, **switches)

    def take(self, images: Sequence[int]) -> Batch:
        """Some of the images; their gradients reach the maps of the whole."""
        rows = list(images)
        output, targets = self.output, self.targets
        weights = targets.pixel_weights
        return Batch(
            replace(
                output,
                ltrb=tuple(level[rows] for level in output.ltrb),
                borderness_logits=tuple(level[rows] for level in output.borderness_logits),
                semantic_logits=output.semantic_logits[rows],
                image_sizes=tuple(output.image_sizes[row] for row in rows),
            ),
            BatchTargets(
                targets.ltrb[rows],
                targets.borderness[rows],
                targets.state[rows],
                targets.labels[rows],
                None if weights is None else weights[rows],
            ),
        )


def make_batch(
    seed: int,
    *,
    images: int = 2,
    classes: int = 3,
    size: tuple[int, int] = (32, 64),
    weighted: bool = False,
    dtype: torch.dtype = torch.float64,
    cells: tuple[int, int] | None = None,
) -> Batch:
    """Draws outputs and targets; a location is positive, negative or ignored, a pixel void, by chance."""
    chance = torch.Generator().manual_seed(seed)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=chance, dtype=dtype)

    levels = level_sizes(size, STRIDES)
    locations = sum(height * width for height, width in levels)
    height, width = cells or (size[0] // 4, size[1] // 4)
    state = torch.randint(-1, 2, (images, locations), generator=chance, dtype=torch.int8)
    positive = state == POSITIVE
    output = NetworkOutput(
        ltrb=tuple((uniform(images, 4, *level) * 40).requires_grad_() for level in levels),
        borderness_logits=tuple((uniform(images, 1, *level) * 8 - 4).requires_grad_() for level in levels),
        semantic_logits=(uniform(images, classes, height, width) * 8 - 4).requires_grad_(),
        strides=STRIDES,
        levels=(3, 4, 5, 6, 7),
        image_sizes=(size,) * images,
        padded_size=size,
    )
    targets = BatchTargets(
        ltrb=(uniform(images, locations, 4) * 40 + 0.5) * positive[..., None],
        borderness=uniform(images, locations) * positive,
        state=state,
        labels=torch.randint(-1, classes, (images, *size), generator=chance, dtype=torch.int16),
        pixel_weights=uniform(images, *size) * 3 + 1 if weighted else None,
    )
    return Batch(output, targets)


def total_of(losses: Losses) -> Tensor:
    return losses.total(box_weight=2.0, borderness_weight=1.5, semantic_weight=0.7)


def gradients(batch: Batch) -> list[Tensor]:
    assert all(level.grad is not None for level in batch.maps)
    return [level.grad for level in batch.maps if level.grad is not None]


# ------------------------------------------------------------------------------------------------- pixel by pixel, slow


def brute_force_losses(
    batch: Batch, kind: str, weigh: bool, stride: int
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """The sums of the three losses, and what each is divided by, in plain loops."""
    output, targets = batch.output, batch.targets
    box = borderness = semantic = 0.0
    positives = borderness_sum = pixels = 0.0
    for image in range(len(output)):
        location = -1
        for ltrb, logits in zip(output.ltrb, output.borderness_logits, strict=True):
            for i, j in product(range(ltrb.shape[2]), range(ltrb.shape[3])):
                location += 1
                state = int(targets.state[image, location])
                if state == IGNORED:
                    continue
                aim = float(targets.borderness[image, location])
                probability = 1 / (1 + exp(-logits[image, 0, i, j].item()))
                borderness -= aim * log(probability) + (1 - aim) * log(1 - probability)
                if state == POSITIVE:
                    loss = brute_force_box_loss(
                        ltrb[image, :, i, j].tolist(), targets.ltrb[image, location].tolist(), kind
                    )
                    box += loss * (aim if weigh else 1)
                    positives += 1
                    borderness_sum += aim
        for y in range(0, output.padded_size[0], stride):
            for x in range(0, output.padded_size[1], stride):
                label = int(targets.labels[image, y, x])
                if label < 0:
                    continue
                weight = 1.0 if targets.pixel_weights is None else float(targets.pixel_weights[image, y, x])
                logits_here = brute_force_sample(output.semantic_logits[image], y, x, output.padded_size)
                semantic += weight * (log(sum(exp(logit) for logit in logits_here)) - logits_here[label])
                pixels += weight
    divisor = borderness_sum if weigh else positives
    return (box, borderness, semantic), (max(divisor, 1.0), max(positives, 1.0), max(pixels, 1.0))


def brute_force_box_loss(predicted: Sequence[float], target: Sequence[float], kind: str) -> float:
    def area(left: float, top: float, right: float, bottom: float) -> float:
        return max(right + left, 0) * max(bottom + top, 0)

    intersection = area(*(min(a, b) for a, b in zip(predicted, target, strict=True)))
    union = area(*predicted) + area(*target) - intersection
    if kind == "iou":
        return -log((intersection + 1) / (union + 1))
    enclosing = area(*(max(a, b) for a, b in zip(predicted, target, strict=True)))
    return 1 - (intersection / union - (enclosing - union) / enclosing)


def brute_force_sample(logits: Tensor, y: int, x: int, size: tuple[int, int]) -> list[float]:
    """All classes at the centre of a pixel, between the centres of the four cells around it."""
    _, height, width = logits.shape
    v = min(max((y + 0.5) * height / size[0] - 0.5, 0), height - 1)
    u = min(max((x + 0.5) * width / size[1] - 0.5, 0), width - 1)
    sampled = [0.0] * len(logits)
    for i, row_weight in ((floor(v), 1 - (v - floor(v))), (floor(v) + 1, v - floor(v))):
        for j, column_weight in ((floor(u), 1 - (u - floor(u))), (floor(u) + 1, u - floor(u))):
            if row_weight and column_weight:
                for label, logit in enumerate(logits[:, i, j].tolist()):
                    sampled[label] += row_weight * column_weight * logit
    return sampled


@given(
    seed=st.integers(0, 2**31),
    images=st.integers(1, 2),
    classes=st.integers(1, 4),
    kind=st.sampled_from(["iou", "giou"]),
    weigh=st.booleans(),
    stride=st.integers(1, 4),
    weighted=st.booleans(),
)
@settings(deadline=None, max_examples=20)
def test_the_losses_are_those_of_plain_loops(
    seed: int, images: int, classes: int, kind: str, weigh: bool, stride: int, weighted: bool
) -> None:
    batch = make_batch(seed, images=images, classes=classes, size=(32, 32), weighted=weighted)
    losses = batch.losses(box_loss=kind, weigh_boxes_by_borderness=weigh, semantic_stride=stride)
    sums, divisors = brute_force_losses(batch, kind, weigh, stride)
    found = (losses.box, losses.borderness, losses.semantic)
    for loss, total, divisor in zip(found, sums, divisors, strict=True):
        assert loss.item() == pytest.approx(total / divisor, rel=1e-9)


@pytest.mark.parametrize("kind", ["iou", "giou"])
@pytest.mark.parametrize("stride", [1, 3])
def test_the_gradients_are_those_of_finite_differences(kind: str, stride: int) -> None:
    batch = make_batch(5, images=1, classes=2, size=(32, 32), weighted=True)

    def total(*maps: Tensor) -> Tensor:
        output = replace(batch.output, ltrb=maps[:5], borderness_logits=maps[5:10], semantic_logits=maps[10])
        return total_of(Batch(output, batch.targets).losses(box_loss=kind, semantic_stride=stride))

    assert torch.autograd.gradcheck(total, batch.maps)


# ----------------------------------------------------------------------------------------------------------- box loss


@pytest.mark.parametrize(
    ("predicted", "target", "iou", "giou"),
    [
        ((2, 3, 4, 5), (2, 3, 4, 5), 0, 0),
        ((1, 1, 1, 1), (2, 2, 2, 2), log(17 / 5), 1 - 4 / 16),
        ((2, 2, 2, 2), (1, 1, 1, 1), log(17 / 5), 1 - 4 / 16),
        ((1, 4, 1, 4), (4, 1, 4, 1), log(29 / 5), 1 - 4 / 28 + 36 / 64),
        ((0, 0, 8, 8), (8, 8, 0, 0), log(129 / 1), 1 + 128 / 256),
        ((0, 0, 0, 0), (2, 2, 2, 2), log(17), 1),
        ((0, 0, 0, 0), (0, 0, 0, 0), 0, 1),
    ],
)
def test_box_losses_by_hand(predicted: tuple[int, ...], target: tuple[int, ...], iou: float, giou: float) -> None:
    boxes = torch.tensor([predicted], dtype=torch.float64), torch.tensor([target], dtype=torch.float64)
    assert box_losses(*boxes, "iou").tolist() == pytest.approx([iou], abs=1e-12)
    assert box_losses(*boxes, "giou").tolist() == pytest.approx([giou], abs=1e-12)


def test_generalised_iou_is_torchvisions() -> None:
    chance = torch.Generator().manual_seed(0)
    predicted, target = torch.rand(2, 500, 4, generator=chance, dtype=torch.float64) * 100
    points = torch.rand(500, 2, generator=chance, dtype=torch.float64) * 1000

    def around(points: Tensor, ltrb: Tensor) -> Tensor:
        return torch.cat((points - ltrb[:, :2], points + ltrb[:, 2:]), dim=1)

    expected = generalized_box_iou_loss(around(points, predicted), around(points, target))
    torch.testing.assert_close(box_losses(predicted, target, "giou"), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["iou", "giou"])
def test_box_losses_of_any_distances_are_finite_and_not_negative(kind: str) -> None:
    sides = torch.tensor([0.0, 1e-12, 1e-3, 0.5, 40.0, 2000.0, FARTHEST])
    predicted = torch.cartesian_prod(sides, sides, sides, sides).requires_grad_()
    for target in (0.5, 300.0, 8192.0):
        losses = box_losses(predicted, torch.full_like(predicted, target), kind)
        (gradient,) = torch.autograd.grad(losses.sum(), predicted)
        assert losses.isfinite().all()
        assert gradient.isfinite().all()
        assert (losses >= -1e-6).all()


@pytest.mark.parametrize("kind", ["iou", "giou"])
@given(
    target=st.lists(st.floats(0.5, 500), min_size=4, max_size=4),
    side=st.integers(0, 3),
    change=st.one_of(st.floats(-0.4, -0.01), st.floats(0.01, 100)),
)
@settings(deadline=None, max_examples=30)
def test_a_side_away_from_its_target_is_drawn_back(kind: str, target: list[float], side: int, change: float) -> None:
    aim = torch.tensor([target], dtype=torch.float64)
    predicted = aim.clone()
    predicted[0, side] += change
    predicted.requires_grad_()
    loss = box_losses(predicted, aim, kind).sum()
    (gradient,) = torch.autograd.grad(loss, predicted)
    assert loss > 0
    assert gradient[0, side].sign() == np.sign(change)


def test_boxes_count_as_much_as_their_borderness_or_all_alike() -> None:
    batch = bare_batch()
    batch.targets.state[0, :2] = POSITIVE
    batch.targets.borderness[0, :2] = torch.tensor([0.5, 0.75])
    batch.targets.ltrb[0, :2] = torch.tensor([[2.0] * 4, [4.0] * 4])
    with torch.no_grad():
        batch.output.ltrb[0].fill_(1)
    first, second = log(17 / 5), log(65 / 5)
    assert batch.losses().box.item() == pytest.approx((0.5 * first + 0.75 * second) / 1.25)
    assert batch.losses(weigh_boxes_by_borderness=False).box.item() == pytest.approx((first + second) / 2)


# --------------------------------------------------------------------------------------------------- border-ness loss


def bare_batch(classes: int = 2) -> Batch:
    """One picture of which nothing is learnt; every prediction is 0."""
    batch = make_batch(0, images=1, classes=classes, size=(32, 32))
    with torch.no_grad():
        for level in batch.maps:
            level.zero_()
    targets = batch.targets
    targets.state.fill_(IGNORED)
    targets.labels.fill_(-1)
    targets.ltrb.zero_()
    targets.borderness.zero_()
    return batch


def test_negatives_are_added_to_the_sum_but_only_positives_divide_it() -> None:
    batch = bare_batch()
    batch.targets.state[0, :5] = torch.tensor([POSITIVE, POSITIVE, NEGATIVE, NEGATIVE, NEGATIVE])
    batch.targets.borderness[0, :2] = torch.tensor([0.5, 0.9])
    batch.targets.ltrb[0, :2] = 4
    assert batch.losses().borderness.item() == pytest.approx(5 * log(2) / 2)


def test_borderness_by_hand() -> None:
    batch = bare_batch()
    batch.targets.state[0, :3] = torch.tensor([POSITIVE, NEGATIVE, IGNORED])
    batch.targets.borderness[0, 0] = 0.25
    batch.targets.ltrb[0, 0] = 4
    with torch.no_grad():
        batch.output.borderness_logits[0].flatten()[:3] = torch.tensor([log(3), -log(4), 50])
    positive, negative = -0.25 * log(0.75) - 0.75 * log(0.25), -log(0.8)
    assert batch.losses().borderness.item() == pytest.approx(positive + negative)


# ------------------------------------------------------------------------------------------------------ semantic loss


def test_cross_entropy_by_hand() -> None:
    batch = bare_batch()
    with torch.no_grad():
        batch.output.semantic_logits[0, 0] = log(3)
    batch.targets.labels[0, 3, 5] = 0
    batch.targets.labels[0, 20:22, 7] = 1
    assert batch.losses().semantic.item() == pytest.approx((log(4 / 3) + 2 * log(4)) / 3)
    weights = torch.ones(1, 32, 32, dtype=torch.float64)
    weights[0, 3, 5] = 6
    weighted = Batch(batch.output, replace(batch.targets, pixel_weights=weights))
    assert weighted.losses().semantic.item() == pytest.approx((6 * log(4 / 3) + 2 * log(4)) / 8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("stride", [1, 2, 3, 4, 7])
@pytest.mark.parametrize(
    ("size", "cells"), [((32, 64), (8, 16)), ((50, 37), (13, 10)), ((32, 32), (1, 1)), ((9, 40), (9, 80))]
)
def test_semantics_are_read_off_the_map_at_full_size(
    size: tuple[int, int], cells: tuple[int, int], stride: int, weighted: bool
) -> None:
    batch = make_batch(2, size=size, cells=cells, weighted=weighted)
    found = batch.losses(Normalisers(1, 1, 1), semantic_stride=stride).semantic
    found.backward()
    ours = batch.output.semantic_logits.grad
    logits = batch.output.semantic_logits.detach().clone().requires_grad_()
    full = F.interpolate(logits, size=size, mode="bilinear", align_corners=False)[:, :, ::stride, ::stride]
    each = F.cross_entropy(full, batch.targets.labels[:, ::stride, ::stride].long(), ignore_index=-1, reduction="none")
    if batch.targets.pixel_weights is not None:
        each = each * batch.targets.pixel_weights[:, ::stride, ::stride]
    each.sum().backward()
    torch.testing.assert_close(found, each.sum())
    torch.testing.assert_close(ours, logits.grad)


@pytest.mark.parametrize(("y", "x"), [(0, 0), (0, 63), (31, 0), (31, 63), (1, 30), (17, 2), (2, 2), (29, 61)])
def test_every_pixel_alone_in_single_precision(y: int, x: int) -> None:
    batch = make_batch(3, images=1, dtype=torch.float32)
    batch.targets.labels.fill_(-1)
    batch.targets.labels[0, y, x] = 1
    full = F.interpolate(batch.output.semantic_logits, size=(32, 64), mode="bilinear", align_corners=False)
    expected = -full.log_softmax(dim=1)[0, 1, y, x]
    torch.testing.assert_close(batch.losses().semantic, expected, rtol=1e-5, atol=1e-5)


def test_logits_at_full_size_are_not_kept_for_the_gradient() -> None:
    batch = make_batch(4, images=3, classes=8, size=(64, 64), dtype=torch.float32)
    kept: list[int] = []

    def note(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        loss = batch.losses().semantic
    assert max(kept) < 8 * 64 * 64
    loss.backward()
    assert batch.output.semantic_logits.grad is not None


def test_the_order_of_channels_in_memory_makes_no_difference() -> None:
    batch = make_batch(6, dtype=torch.float32)
    last = batch.output.semantic_logits.detach().to(memory_format=torch.channels_last).requires_grad_()
    other = Batch(replace(batch.output, semantic_logits=last), batch.targets)
    for one in (batch, other):
        one.losses().semantic.backward()
    assert batch.losses().semantic.item() == other.losses().semantic.item()
    torch.testing.assert_close(last.grad, batch.output.semantic_logits.grad)


# ------------------------------------------------------------------------------------------------ what teaches nothing


def test_ignored_locations_and_void_pixels_teach_nothing() -> None:
    batch = make_batch(7)
    batch.targets.labels[:, :, 32:] = -1
    total_of(batch.losses()).backward()
    state, start = batch.targets.state, 0
    for ltrb, logits in zip(batch.output.ltrb, batch.output.borderness_logits, strict=True):
        here = state[:, start : start + ltrb[0, 0].numel()].reshape(len(ltrb), *ltrb.shape[2:])
        assert ltrb.grad is not None
        assert logits.grad is not None
        assert torch.equal(ltrb.grad.ne(0).any(dim=1), here == POSITIVE)
        assert torch.equal(logits.grad.ne(0).squeeze(1), here != IGNORED)
        start += ltrb[0, 0].numel()
    semantic = batch.output.semantic_logits.grad
    assert semantic is not None
    # The last labelled pixel, column 31, lies between the cells in columns 7 and 8.
    assert semantic[..., 9:].eq(0).all()
    assert semantic[..., :9].ne(0).all()


def example(size: tuple[int, int]) -> TrainingExample:
    """A picture with a small thing of class 0 on stuff of class 1, below a band of void."""
    ids = np.ones(size, np.int32)
    ids[size[0] // 4 : -8, 8 : size[1] // 2] = 2
    ids[:4] = 0
    truth = PanopticSegmentation.from_ids(ids, {1: 1, 2: 0})
    isthing = np.array([True, False])
    labels, weights = semantic_target(truth, isthing, small_thing_weight=3)
    assert weights is not None
    return TrainingExample(
        name="drawn",
        image=torch.randint(0, 256, (3, *size), generator=torch.Generator().manual_seed(0), dtype=torch.uint8),
        levels=location_targets(truth, isthing, STRIDES, TargetRules(borderness_negatives="all")),
        labels=torch.from_numpy(np.where(labels > 1, -1, labels.astype(np.int16))),
        pixel_weights=torch.from_numpy(weights),
    )


def test_padding_contributes_nothing() -> None:
    small = example((64, 96))
    alone = collate([small], STRIDES, 32).targets
    padded = collate([small, example((128, 128))], STRIDES, 32).targets
    weights = padded.pixel_weights
    assert weights is not None
    drawn = make_batch(8, images=1, classes=2, size=(64, 96))
    beyond = make_batch(9, images=1, classes=2, size=(128, 128)).output
    # Beyond the picture the network says what it likes; only the semantic cells at its edge reach into it.
    semantic = F.pad(drawn.output.semantic_logits, (0, 1, 0, 1), mode="replicate")
    output = replace(
        beyond,
        ltrb=pasted(drawn.output.ltrb, beyond.ltrb),
        borderness_logits=pasted(drawn.output.borderness_logits, beyond.borderness_logits),
        semantic_logits=pasted((semantic,), (beyond.semantic_logits,))[0],
    )
    first = BatchTargets(padded.ltrb[:1], padded.borderness[:1], padded.state[:1], padded.labels[:1], weights[:1])
    assert count_normalisers(first) == count_normalisers(alone)
    assert count_normalisers(alone).positives > 0
    found, expected = Batch(output, first).losses(), Batch(drawn.output, alone).losses()
    torch.testing.assert_close(found.box, expected.box)
    torch.testing.assert_close(found.borderness, expected.borderness)
    torch.testing.assert_close(found.semantic, expected.semantic)


def pasted(maps: Sequence[Tensor], frames: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Puts every map into the upper left of a frame."""
    filled = []
    for small, frame in zip(maps, frames, strict=True):
        large = frame.detach().clone()
        large[..., : small.shape[-2], : small.shape[-1]] = small.detach()
        filled.append(large)
    return tuple(filled)


@pytest.mark.parametrize("kind", ["iou", "giou"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_batch_that_teaches_nothing_gives_every_output_a_gradient_of_zero(
    kind: str, weighted: bool, stride: int
) -> None:
    batch = make_batch(10, weighted=weighted, dtype=torch.float32)
    batch.targets.state.fill_(IGNORED)
    batch.targets.labels.fill_(-1)
    assert count_normalisers(batch.targets) == Normalisers(0, 0, 0)
    losses = batch.losses(box_loss=kind, semantic_stride=stride)
    assert (losses.box.item(), losses.borderness.item(), losses.semantic.item()) == (0, 0, 0)
    total_of(losses).backward()
    assert all(gradient.eq(0).all() for gradient in gradients(batch))


def test_a_batch_of_negatives_alone_teaches_borderness_and_gives_boxes_a_gradient_of_zero() -> None:
    batch = make_batch(11)
    batch.targets.state[batch.targets.state == POSITIVE] = NEGATIVE
    batch.targets.borderness.zero_()
    losses = batch.losses()
    logits = torch.cat([level.flatten(1) for level in batch.output.borderness_logits], dim=1)
    expected = F.softplus(logits[batch.targets.state == NEGATIVE]).sum()
    torch.testing.assert_close(losses.borderness, expected)
    assert losses.box.item() == 0
    total_of(losses).backward()
    assert all(gradient.eq(0).all() for gradient in gradients(batch)[:5])


def test_positives_without_borderness_leave_the_box_loss_finite() -> None:
    batch = make_batch(12)
    batch.targets.borderness.zero_()
    losses = batch.losses()
    assert losses.box.item() == 0
    total_of(losses).backward()
    assert all(gradient.isfinite().all() for gradient in gradients(batch))


# --------------------------------------------------------------------------------------------------------- normalisers


def test_what_is_counted() -> None:
    batch = bare_batch()
    batch.targets.state[0, :4] = torch.tensor([POSITIVE, POSITIVE, NEGATIVE, IGNORED])
    batch.targets.borderness[0, :2] = torch.tensor([0.25, 0.5])
    batch.targets.labels[0, 0, :6] = 1
    batch.targets.labels[0, 5, 4] = 0
    assert count_normalisers(batch.targets) == Normalisers(positives=2, borderness=0.75, pixels=7)
    assert count_normalisers(batch.targets, semantic_stride=2).pixels == 3
    weights = torch.full((1, 32, 32), 1.5)
    weights[0, 0, 2] = 4
    weighted = replace(batch.targets, pixel_weights=weights)
    assert count_normalisers(weighted).pixels == 6 * 1.5 + 4
    assert count_normalisers(weighted, semantic_stride=2).pixels == 2 * 1.5 + 4


def test_counts_are_added_up_and_shared_among_processes() -> None:
    parts = [Normalisers(3, 1.5, 100), Normalisers(0, 0, 20)]
    assert sum_of(parts).tolist() == [3, 1.5, 120]
    assert sum_of(parts).dtype == torch.float64
    assert sum_of([]).tolist() == [0, 0, 0]
    assert Normalisers.of_iteration(sum_of(parts), processes=1) == Normalisers(3, 1.5, 120)
    assert Normalisers.of_iteration(sum_of(parts), processes=4) == Normalisers(0.75, 0.375, 30)
    assert Normalisers.of_iteration(torch.tensor([0, 0.3, 0]), processes=2) == Normalisers(0.5, 0.5, 0.5)


@given(
    seed=st.integers(0, 2**31),
    places=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=5),
    barren=st.integers(0, 4),
    processes=st.integers(1, 3),
    stride=st.integers(1, 3),
    weighted=st.booleans(),
    weigh=st.booleans(),
)
@settings(deadline=None, max_examples=25)
def test_parts_and_processes_change_neither_loss_nor_gradient(
    seed: int,
    places: list[tuple[int, int]],
    barren: int,
    processes: int,
    stride: int,
    weighted: bool,
    weigh: bool,
) -> None:
    """Each image goes to a process and to one of its parts; one image may hold nothing to learn."""
    switches = {"semantic_stride": stride, "weigh_boxes_by_borderness": weigh}
    whole = make_batch(seed, images=len(places), weighted=weighted)
    if barren < len(places):
        whole.targets.state[barren] = IGNORED
        whole.targets.labels[barren] = -1
    shares: dict[tuple[int, int], list[int]] = {}
    for image, (process, part) in enumerate(places):
        shares.setdefault((process % processes, part), []).append(image)

    total = total_of(whole.losses(**switches))
    total.backward()
    expected = [gradient.clone() for gradient in gradients(whole)]
    for level in whole.maps:
        level.grad = None

    parts = [whole.take(images) for images in shares.values()]
    sums = sum_of(count_normalisers(part.targets, semantic_stride=stride) for part in parts)
    normalisers = Normalisers.of_iteration(sums, processes)
    found = torch.zeros((), dtype=torch.float64)
    for part in parts:
        loss = total_of(part.losses(normalisers, **switches)) / processes
        loss.backward()
        found += loss.detach()
    torch.testing.assert_close(found, total.detach())
    for ours, theirs in zip(gradients(whole), expected, strict=True):
        torch.testing.assert_close(ours, theirs)


# ------------------------------------------------------------------------------------------------- sums and extremes


def test_the_total_is_the_weighted_sum() -> None:
    losses = Losses(torch.tensor(2.0), torch.tensor(3.0), torch.tensor(5.0))
    assert losses.total(box_weight=1, borderness_weight=10, semantic_weight=0.5).item() == 34.5


@pytest.mark.parametrize("kind", ["iou", "giou"])
@pytest.mark.parametrize("distance", [0.0, FARTHEST])
@pytest.mark.parametrize("logit", [-80.0, 80.0])
def test_extreme_outputs_give_finite_losses_and_gradients(kind: str, distance: float, logit: float) -> None:
    batch = make_batch(13, weighted=True, dtype=torch.float32)
    with torch.no_grad():
        for ltrb, logits in zip(batch.output.ltrb, batch.output.borderness_logits, strict=True):
            ltrb.fill_(distance)
            logits.fill_(logit)
        batch.output.semantic_logits.mul_(1e4)
    losses = batch.losses(box_loss=kind)
    total_of(losses).backward()
    assert total_of(losses).isfinite()
    assert all(gradient.isfinite().all() for gradient in gradients(batch))


@pytest.mark.parametrize(("logit", "aim", "expected"), [(80.0, 0.0, 80.0), (-80.0, 1.0, 80.0), (80.0, 1.0, 0.0)])
def test_sure_borderness_costs_its_logit_where_it_is_wrong(logit: float, aim: float, expected: float) -> None:
    batch = bare_batch()
    batch.targets.state[0, 0] = POSITIVE
    batch.targets.borderness[0, 0] = aim
    with torch.no_grad():
        batch.output.borderness_logits[0][0, 0, 0, 0] = logit
    assert batch.losses().borderness.item() == pytest.approx(expected)


def test_a_network_in_half_precision_is_taught_in_single() -> None:
    torch.manual_seed(0)
    small = ["model.channels=32", "model.semantic_head.channels=16", "model.backbone.width=0.25"]
    network = build_lpsnet(load_config("demo", small).model, 2).train()
    batch = collate([example((64, 96)), example((96, 64))], STRIDES, 32)
    with torch.autocast("cpu", torch.bfloat16):
        output = network([image / 64 - 2 for image in batch.images])
        inside = Batch(output, batch.targets).losses()
    losses = Batch(output, batch.targets).losses()
    for name in ("box", "borderness", "semantic"):
        loss = getattr(losses, name)
        assert loss.dtype == torch.float32
        assert loss.isfinite()
        assert loss.item() > 0
        assert getattr(inside, name).item() == loss.item()
    total_of(losses).backward()
    # In a fresh network some gradients are 0: its residual branches begin closed.
    strange = [
        name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.isfinite().all()
    ]
    assert strange == []
