from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate
from torch.utils._python_dispatch import TorchDispatchMode

from lpsnet.decoding import NonFiniteOutput, next_best_stuff, semantic_labels, semantics
from lpsnet.model.output import NetworkOutput
from tests.core.decoding_outputs import blobs, make_output, noise, padded

NEAR_TIE = 1e-5


def sampled(output: NetworkOutput, size: tuple[int, int]) -> Tensor:
    """Every class at every pixel, ``[C, H, W]`` float64, by torch's own point sampler."""
    logits = output.semantic_logits.double()
    height, width = logits.shape[-2:]
    (input_height, input_width), (image_height, image_width) = output.image_sizes[0], size
    y = (torch.arange(image_height).double() + 0.5) * input_height / image_height
    x = (torch.arange(image_width).double() + 0.5) * input_width / image_width
    grid = torch.stack(torch.meshgrid(y / (4 * height), x / (4 * width), indexing="ij")[::-1], dim=-1) * 2 - 1
    return grid_sample(logits, grid[None], mode="bilinear", padding_mode="border", align_corners=False)[0]


def shortfall(scores: Tensor, labels: np.ndarray) -> Tensor:
    """How far the chosen class's score lies below the best one's, ``[H, W]``."""
    chosen = scores.gather(0, torch.from_numpy(labels.astype(np.int64))[None])[0]
    return scores.amax(0) - chosen


def wrong_pixels(output: NetworkOutput, labels: np.ndarray) -> int:
    """Pixels whose label is not the argmax, near-ties aside."""
    return int((shortfall(sampled(output, labels.shape), labels) >= NEAR_TIE).sum())


@pytest.mark.parametrize("make", [blobs, noise])
@pytest.mark.parametrize(
    ("image_size", "size"),
    [
        ((64, 96), (64, 96)),  # as it is
        ((75, 107), (75, 107)),  # padded
        ((75, 107), (211, 301)),  # the photo was larger than the input
        ((160, 224), (37, 51)),  # and smaller than its grid
        ((33, 127), (480, 640)),
        ((96, 64), (1, 1)),
    ],
)
def test_every_label_is_the_argmax_of_one_bilinear_sample(make, image_size, size):
    frame = padded(image_size)
    output = make_output(make(21, (frame[0] // 4, frame[1] // 4), seed=3), image_size)
    labels = semantic_labels(output, size=size)
    assert labels.shape == size
    assert labels.dtype == np.uint8
    assert wrong_pixels(output, labels) == 0


@pytest.mark.parametrize("make", [blobs, noise])
def test_at_input_size_labels_are_those_of_interpolate_and_argmax(make):
    output = make_output(make(133, (56, 80), seed=5), (217, 309))
    full = interpolate(output.semantic_logits, scale_factor=4, mode="bilinear", align_corners=False)
    full = full[0, :, :217, :309]
    labels = semantic_labels(output, size=(217, 309))
    different = full.argmax(0).numpy() != labels
    best, second = full.topk(2, dim=0).values
    near_ties = (best - second < NEAR_TIE).numpy()
    assert (different & ~near_ties).sum() == 0
    assert different.sum() <= near_ties.sum() < labels.size / 1000


@given(
    image_size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    classes=st.integers(1, 5),
    seed=st.integers(0, 2**16),
    distinct=st.integers(1, 4),
)
@settings(max_examples=150, deadline=None)
def test_labels_are_argmaxes_whatever_the_sizes_and_however_many_ties(image_size, size, classes, seed, distinct):
    frame = padded(image_size)
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randint(distinct, (classes, frame[0] // 4, frame[1] // 4), generator=generator).float()
    output = make_output(logits, image_size)
    assert wrong_pixels(output, semantic_labels(output, size=size)) == 0


@pytest.mark.parametrize("make", [blobs, noise])
def test_the_sparse_and_the_dense_path_agree(make, monkeypatch):
    output = make_output(make(19, (40, 56), seed=7), (150, 220))
    monkeypatch.setattr(semantics, "_SPARSE_LIMIT", 1.0)
    sparse = semantic_labels(output, size=(301, 440))
    monkeypatch.setattr(semantics, "_SPARSE_LIMIT", -1.0)
    dense = semantic_labels(output, size=(301, 440))
    scores = sampled(output, (301, 440))
    assert (shortfall(scores, sparse) < NEAR_TIE).all()
    assert (shortfall(scores, dense) < NEAR_TIE).all()
    assert (sparse != dense).mean() < 1e-4


def test_a_band_or_chunk_border_does_not_show(monkeypatch):
    output = make_output(noise(7, (16, 24), seed=1), (64, 96))
    whole = semantic_labels(output, size=(200, 300))
    monkeypatch.setattr(semantics, "_CPU_CHUNK_BYTES", 1)
    np.testing.assert_array_equal(semantic_labels(output, size=(200, 300)), whole)
    monkeypatch.setattr(semantics, "_SPARSE_LIMIT", 1.0)
    assert wrong_pixels(output, semantic_labels(output, size=(40, 60))) == 0


class _LargestTensor(TorchDispatchMode):
    """Remembers the number of elements of the largest tensor any operator returned."""

    def __init__(self):
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in torch.utils._pytree.tree_leaves(result):
            if isinstance(tensor, Tensor):
                self.elements = max(self.elements, tensor.numel())
        return result


@pytest.mark.parametrize("make", [blobs, noise])
def test_all_classes_at_image_size_never_exist_at_once(make):
    output = make_output(make(133, (104, 136), seed=2), (416, 544))
    with _LargestTensor() as largest:
        semantic_labels(output, size=(832, 1088))
    assert output.semantic_logits.numel() <= largest.elements < 133 * 832 * 1088 / 40


@pytest.mark.parametrize("sparse_limit", [1.0, -1.0])
def test_an_image_far_larger_than_its_grid_takes_no_more_memory_than_a_chunk(monkeypatch, sparse_limit):
    output = make_output(noise(21, (8, 8), seed=3), (32, 32))
    monkeypatch.setattr(semantics, "_SPARSE_LIMIT", sparse_limit)
    monkeypatch.setattr(semantics, "_CPU_CHUNK_BYTES", 60_000)
    with _LargestTensor() as largest:
        labels = semantic_labels(output, size=(411, 573))
    assert output.semantic_logits.numel() < largest.elements <= 60_000 / 4
    assert wrong_pixels(output, labels) == 0


def test_more_classes_than_a_byte_holds():
    output = make_output(noise(300, (8, 16), seed=4), (32, 64))
    labels = semantic_labels(output, size=(50, 90))
    assert labels.dtype == np.uint16
    assert labels.max() > 255
    assert wrong_pixels(output, labels) == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_are_sampled_in_single_precision(dtype):
    output = make_output(blobs(12, (24, 32), seed=6).to(dtype), (96, 128))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        labels = semantic_labels(output, size=(201, 270))
    assert wrong_pixels(output, labels) == 0


def test_next_best_stuff_is_the_argmax_over_stuff_wherever_it_stands_in_the_list():
    isthing = np.array([False, True, True, False, True, False, True])
    output = make_output(blobs(7, (32, 40), seed=8), (120, 150))
    labels = next_best_stuff(output, size=(333, 251), isthing=isthing)
    scores = sampled(output, (333, 251))
    scores[torch.from_numpy(isthing)] = -torch.inf
    assert labels.dtype == np.uint8
    assert (shortfall(scores, labels) < NEAR_TIE).all()


def test_next_best_stuff_is_the_label_itself_where_that_is_stuff():
    isthing = np.array([True, False, False, True, False])
    output = make_output(blobs(5, (32, 40), seed=9), (128, 160))
    labels = semantic_labels(output, size=(128, 160))
    stuff = ~isthing[labels]
    assert 0 < stuff.sum() < stuff.size
    fallback = next_best_stuff(output, size=(128, 160), isthing=isthing)
    np.testing.assert_array_equal(fallback[stuff], labels[stuff])


def test_next_best_stuff_refuses_classes_that_do_not_fit():
    output = make_output(noise(4, (8, 8), seed=1), (32, 32))
    with pytest.raises(ValueError, match="no stuff class"):
        next_best_stuff(output, size=(32, 32), isthing=np.ones(4, bool))
    with pytest.raises(ValueError, match="3 class kinds do not belong to 4 classes"):
        next_best_stuff(output, size=(32, 32), isthing=np.ones(3, bool))


def test_several_images_at_once_are_refused():
    output = make_output(noise(4, (8, 8), seed=1), (32, 32))
    with pytest.raises(ValueError, match=r"one image, not of 2: pass output\[n\]"):
        semantic_labels(replace(output, image_sizes=((32, 32), (32, 32))), size=(32, 32))


def test_an_image_without_pixels_is_refused():
    output = make_output(noise(4, (8, 8), seed=1), (32, 32))
    with pytest.raises(ValueError, match="0×32 pixels"):
        semantic_labels(output, size=(0, 32))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_logits_that_are_not_finite_are_refused_with_their_number(bad):
    logits = noise(4, (8, 8), seed=1)
    logits[2, 3, 4] = logits[0, 0, 0] = bad
    with pytest.raises(NonFiniteOutput, match="2 of 256 values of the semantic logits are NaN or infinite"):
        semantic_labels(make_output(logits, (32, 32)), size=(32, 32))


def test_finite_logits_whose_sum_overflows_are_accepted():
    logits = torch.full((3, 8, 8), 3e38)
    logits[1] = 3.2e38
    assert (semantic_labels(make_output(logits, (32, 32)), size=(40, 40)) == 1).all()
