from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lpsnet.data.transforms import input_size, network_input

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.mark.parametrize(
    ("size", "short_side", "cap", "expected"),
    [
        ((480, 640), 800, None, (800, 1067)),
        ((640, 480), 800, None, (1067, 800)),
        ((427, 640), 800, None, (800, 1199)),
        ((200, 640), 800, None, (417, 1333)),  # the cap of 1333 rules
        ((200, 640), 882, None, (459, 1470)),  # in proportion: 1333 · 882 / 800
        ((1024, 2048), 1024, 2048, (1024, 2048)),
        ((20, 4000), 800, None, (32, 1333)),  # never below what the network takes
    ],
)
def test_input_sizes(size: tuple[int, int], short_side: int, cap: int | None, expected: tuple[int, int]) -> None:
    assert input_size(*size, short_side, cap) == expected


@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(32, 1200))
def test_an_input_fits_and_keeps_its_aspect(height: int, width: int, short_side: int) -> None:
    h, w = input_size(height, width, short_side)
    cap = round(1333 * short_side / 800)
    assert min(h, w) >= 32
    assert max(h, w) <= max(cap, 32)
    if min(h, w) > 32:
        scale = min(short_side / min(height, width), cap / max(height, width))
        assert abs(h - height * scale) <= 0.5
        assert abs(w - width * scale) <= 0.5


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="0×5 has no pixel"):
        input_size(0, 5, 800)


def test_values_are_normalised() -> None:
    image = np.arange(40 * 48 * 3, dtype=np.uint32).reshape(40, 48, 3).astype(np.uint8)
    x = network_input(image, 40, None, MEAN, STD)
    expected = (image / 255.0 - np.array(MEAN)) / np.array(STD)
    assert x.dtype == torch.float32
    np.testing.assert_allclose(x.permute(1, 2, 0).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("short_side", [32, 64, 300])
def test_resizing_equals_pillows_bilinear(short_side: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (100, 160, 3), dtype=np.uint8)
    x = network_input(image, short_side, None, (0, 0, 0), (1, 1, 1))
    height, width = x.shape[1:]
    expected = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(x.permute(1, 2, 0).numpy() * 255, expected, atol=1.01)


def test_a_read_only_picture_stays_untouched_and_silent(recwarn: pytest.WarningsRecorder) -> None:
    image = np.full((50, 60, 3), 7, np.uint8)
    image.flags.writeable = False
    assert network_input(image, 50, None, MEAN, STD).shape == (3, 50, 60)
    assert not recwarn.list


@pytest.mark.parametrize("shape", [(50, 60), (50, 60, 4), (3, 50, 60)])
def test_anything_but_rgb_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be RGB uint8"):
        network_input(np.zeros(shape, np.uint8), 50, None, MEAN, STD)
    with pytest.raises(ValueError, match="float64"):
        network_input(np.zeros((50, 60, 3)), 50, None, MEAN, STD)  # type: ignore[arg-type]
