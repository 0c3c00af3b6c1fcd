"""Run-length encodings against pycocotools' own, and what others may have written in their place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask

from lpsnet.formats.rle import encode_mask, mask_of_counts, unpack_counts

MASKS = hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@given(MASKS)
def test_what_pycocotools_packs_is_unpacked_into_the_same_mask(mask: np.ndarray) -> None:
    packed = coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"]
    (y0, x0, y1, x1), found = mask_of_counts(unpack_counts(packed), mask.shape)
    whole = np.zeros(mask.shape, bool)
    whole[y0:y1, x0:x1] = found
    assert (whole == mask).all()
    if mask.any():
        assert found.any(axis=0)[[0, -1]].all()
        assert found.any(axis=1)[[0, -1]].all()
    else:
        assert found.size == 0


@given(MASKS)
def test_a_mask_is_packed_as_pycocotools_does(mask: np.ndarray) -> None:
    height, width = mask.shape
    packed = encode_mask((0, 0, height, width), mask, (height, width))
    assert packed == coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"]


def test_runs_of_a_large_image_are_unpacked() -> None:
    shape = (5000, 7000)
    mask = np.zeros((3, 4), bool)
    mask[1:, 1:3] = True
    window, found = mask_of_counts(unpack_counts(encode_mask((4000, 6000, 4003, 6004), mask, shape)), shape)
    assert window == (4001, 6001, 4003, 6003)
    assert found.all()


@pytest.mark.parametrize(
    ("counts", "complaint"),
    [
        ([3, 4], "covers 7 pixels, but its image has 4 × 3"),
        ([3, 40], "covers 43 pixels"),
        ([], "covers 0 pixels"),
        ([14, -2], "a run of less than no pixels"),
    ],
)
def test_runs_that_do_not_fill_the_image_are_refused(counts: list[int], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        mask_of_counts(np.array(counts, np.int64), (3, 4))


@pytest.mark.parametrize(
    ("packed", "complaint"),
    [(b"P", "cut short"), (b"0P", "cut short"), (b"\x10", "no run-length"), (b"0 0", "no run-length"),
     (b"\xff", "no run-length"), (b"P" * 12 + b"0", "longer than any image")],
)  # fmt: skip
def test_what_is_no_packed_count_is_refused(packed: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        unpack_counts(packed)


@given(st.binary(max_size=40))
def test_no_packed_count_writes_beyond_the_image(packed: bytes) -> None:
    try:
        window, found = mask_of_counts(unpack_counts(packed), (5, 7))
    except ValueError:
        return
    assert found.shape == (window[2] - window[0], window[3] - window[1])
    assert window[2] <= 5
    assert window[3] <= 7
