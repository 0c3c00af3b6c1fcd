"""Id maps and segment tables as a project keeps them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from lpsnet_studio.annotator.bases import decode_ids, decode_segments, encode_ids, encode_segments
from lpsnet_studio.annotator.edits import SegmentInfo


@given(arrays(np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_an_id_map_comes_back_and_any_tool_can_read_it(ids: np.ndarray) -> None:
    content = encode_ids(ids)
    back = decode_ids(content)
    assert back.dtype == np.uint16
    assert back.flags.c_contiguous
    assert back.flags.writeable
    np.testing.assert_array_equal(back, ids)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), ids)


@pytest.mark.parametrize(
    "ids", [np.zeros((2, 2), np.int32), np.zeros((0, 3), np.uint16), np.zeros((1, 2, 3), np.uint16)]
)
def test_other_arrays_are_refused(ids: np.ndarray) -> None:
    with pytest.raises(ValueError, match="an id map is uint16"):
        encode_ids(ids)


@given(st.data())
def test_a_damaged_id_map_is_refused_or_has_another_size(data: st.DataObject) -> None:
    content = encode_ids(np.arange(99 * 98, dtype=np.uint16).reshape(99, 98))
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(ValueError, match="the id map is damaged"):
        decode_ids(content[:cut])


def test_a_bit_that_tipped_over_is_noticed() -> None:
    content = bytearray(encode_ids(np.arange(99 * 98, dtype=np.uint16).reshape(99, 98)))
    for place in range(8, len(content), 97):
        damaged = bytes(content[:place]) + bytes([content[place] ^ 0x10]) + bytes(content[place + 1 :])
        with pytest.raises(ValueError, match="the id map is damaged"):
            decode_ids(damaged)


infos = st.builds(SegmentInfo, st.integers(1, 10**6), st.booleans(), st.booleans(), st.none() | st.floats(0, 1))


@given(st.dictionaries(st.integers(1, 65535), infos))
def test_a_segment_table_comes_back(segments: dict[int, SegmentInfo]) -> None:
    assert decode_segments(encode_segments(segments)) == segments


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"x": [1, 0, 0, null]}', '{"1": [0, 0, 0, null]}', '{"1": 3}', "null"]
)
def test_a_damaged_segment_table_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match="the segment table is damaged"):
        decode_segments(content)
