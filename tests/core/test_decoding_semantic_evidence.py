"""How sure the semantic head is: every map against the softmax written out with numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lpsnet import decoding
from lpsnet.decoding import NonFiniteOutput
from tests.core.decoding_outputs import blobs, make_output, noise, padded

SIZE = (53, 70)
"""Neither a multiple of 4 nor of 32."""


def _grid(size: tuple[int, int]) -> tuple[int, int]:
    height, width = padded(size)
    return height // 4, width // 4


@pytest.fixture(params=[2, 7, 300])
def logits(request: pytest.FixtureRequest) -> torch.Tensor:
    return 2 * noise(request.param, _grid(SIZE), seed=request.param)


def _softmax(logits: torch.Tensor) -> np.ndarray:
    """``[C, 14, 18]`` in double precision: a quarter of 53×70, rounded up."""
    values = np.exp(logits.numpy().astype(np.float64))[:, :14, :18]
    return values / values.sum(0)


def test_the_probabilities_cover_the_cells_that_touch_the_image(logits: torch.Tensor) -> None:
    probabilities = decoding.semantic_probabilities(make_output(logits, SIZE))
    assert probabilities.is_contiguous()
    np.testing.assert_allclose(probabilities.numpy(), _softmax(logits), atol=1e-6)


def test_every_map_is_what_numpy_makes_of_the_softmax(logits: torch.Tensor) -> None:
    probabilities, expected = decoding.semantic_probabilities(make_output(logits, SIZE)), _softmax(logits)
    ranked = np.sort(expected, axis=0)
    entropy = -(expected * np.log(expected)).sum(0) / np.log(len(expected))
    np.testing.assert_allclose(decoding.class_probability(probabilities, 1), expected[1], atol=1e-6)
    np.testing.assert_allclose(decoding.entropy(probabilities), entropy, atol=1e-5)
    np.testing.assert_allclose(decoding.margin(probabilities), ranked[-1] - ranked[-2], atol=1e-6)
    np.testing.assert_array_equal(decoding.next_best(probabilities), np.argsort(expected, axis=0)[-2])
    assert decoding.next_best(probabilities).dtype == (np.uint8 if len(expected) < 255 else np.uint16)
    for values in (decoding.class_probability(probabilities, 0), decoding.entropy(probabilities)):
        assert values.dtype == np.float32
        assert values.shape == (14, 18)


def test_the_ends_of_the_scales_are_reached() -> None:
    logits = torch.zeros(5, *_grid(SIZE))
    logits[3, :, 5:] = 200.0
    probabilities = decoding.semantic_probabilities(make_output(logits, SIZE))
    entropy, margin = decoding.entropy(probabilities), decoding.margin(probabilities)
    np.testing.assert_allclose(entropy[:, :5], 1, atol=1e-6)
    np.testing.assert_allclose(margin[:, :5], 0, atol=1e-6)
    assert (entropy[:, 5:] == 0).all()
    assert (margin[:, 5:] == 1).all()


def test_of_equally_likely_classes_the_first_is_the_better() -> None:
    logits = torch.zeros(4, *_grid(SIZE))
    logits[0] = -1
    logits[3, :, 5:] = 2
    next_best = decoding.next_best(decoding.semantic_probabilities(make_output(logits, SIZE)))
    assert (next_best[:, :5] == 2).all()
    assert (next_best[:, 5:] == 1).all()


def test_one_class_alone_is_certain_and_has_no_second_best() -> None:
    probabilities = decoding.semantic_probabilities(make_output(torch.zeros(1, *_grid(SIZE)), SIZE))
    assert (decoding.entropy(probabilities) == 0).all()
    assert (decoding.margin(probabilities) == 1).all()
    with pytest.raises(ValueError, match="no second-best"):
        decoding.next_best(probabilities)


def test_a_map_does_not_share_the_callers_probabilities() -> None:
    probabilities = decoding.semantic_probabilities(make_output(noise(3, _grid(SIZE), 1), SIZE))
    before = probabilities.clone()
    for values in (
        decoding.class_probability(probabilities, 0),
        decoding.entropy(probabilities),
        decoding.margin(probabilities),
    ):
        values[:] = 9
    assert torch.equal(probabilities, before)


@pytest.mark.parametrize("image", [SIZE, (106, 35), (7, 9)])
def test_a_cells_probability_is_that_of_the_image_point_at_its_centre(image: tuple[int, int]) -> None:
    """The placement is checked against the sampling that decides labels, at pixels whose centre is a cell's."""
    output = make_output(blobs(6, _grid(SIZE), seed=4), SIZE)
    probabilities = decoding.semantic_probabilities(output)
    placement = decoding.semantic_placement(output, size=image)
    across, down = placement.centres((14, 18))
    for row, y in enumerate(down):
        for column, x in enumerate(across):
            if (x - 0.5) % 1 < 1e-9 and (y - 0.5) % 1 < 1e-9 and x < image[1] and y < image[0]:
                at = decoding.probabilities_at(output, image, int(x), int(y))
                np.testing.assert_allclose(at, probabilities[:, row, column].numpy(), atol=1e-6)


def test_some_cells_lie_on_a_pixels_centre() -> None:
    output = make_output(noise(3, (16, 24), 1), (60, 80))
    placement = decoding.semantic_placement(output, size=(15, 20))
    assert (placement.x0, placement.y0, placement.step_x, placement.step_y) == (0.5, 0.5, 1, 1)
    probabilities = decoding.semantic_probabilities(output)
    for x, y in ((0, 0), (3, 2), (19, 14)):
        at = decoding.probabilities_at(output, (15, 20), x, y)
        np.testing.assert_allclose(at, probabilities[:, y, x].numpy(), atol=1e-6)


def test_the_best_class_at_a_pixel_is_its_label() -> None:
    output = make_output(noise(9, _grid(SIZE), seed=5), SIZE)
    size = (80, 100)
    labels = decoding.semantic_labels(output, size=size)
    for x, y in np.random.default_rng(0).integers(0, (100, 80), (60, 2)).tolist():
        at = decoding.probabilities_at(output, size, x, y)
        assert at.dtype == np.float32
        assert at.sum() == pytest.approx(1, abs=1e-5)
        assert at.argmax() == labels[y, x]


def test_what_cannot_be_read_is_said() -> None:
    output = make_output(noise(3, _grid(SIZE), 1), SIZE)
    probabilities = decoding.semantic_probabilities(output)
    for label in (-1, 3):
        with pytest.raises(ValueError, match="the network knows 3"):
            decoding.class_probability(probabilities, label)
    with pytest.raises(ValueError, match="not a pixel"):
        decoding.probabilities_at(output, (10, 20), 20, 0)
    logits = noise(3, _grid(SIZE), 1)
    logits[1, 2, 3] = float("nan")
    with pytest.raises(NonFiniteOutput, match="1 of"):
        decoding.semantic_probabilities(make_output(logits, SIZE))
