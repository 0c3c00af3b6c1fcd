"""A list that is streamed reads as the same file read at once, and the same files are refused."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.formats.fields import FormatError, StreamedList, load_json

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["annotations", "images", "info", 'a"b']), values, max_size=4),
    st.sampled_from([None, 1, "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_streaming_changes_nothing(content: dict[str, Any], indent: Any, encoding: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_bytes(json.dumps(content, indent=indent, ensure_ascii=False).encode(encoding))
        read = load_json(path, streamed={"annotations"}).value
    assert list(read) == list(content)
    assert isinstance(read.get("annotations"), StreamedList) is isinstance(content.get("annotations"), list)
    assert {name: list(v) if isinstance(v, StreamedList) else v for name, v in read.items()} == content


@given(st.text('{}[]:," \n1eNa-', max_size=12).map(lambda middle: f'{{"annotations": [{middle}'))
def test_what_is_refused_whole_is_refused_streamed(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_text(text)
        outcomes = []
        for streamed in (set(), {"annotations"}):
            try:
                outcomes.append(load_json(path, streamed=streamed).items("annotations"))
            except FormatError as error:
                outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    "text", ["", "{", '{"annotations"', '{"annotations":', '{"annotations": [1,', '{"a": 1,}', "{} x"]
)
def test_a_file_that_is_cut_short_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cut.json"
    path.write_text(text)
    with pytest.raises(FormatError, match=r"cut\.json: not JSON, or cut short"):
        load_json(path, streamed={"annotations"})


def test_a_number_that_is_not_finite_is_named_inside_a_streamed_list(tmp_path: Path) -> None:
    path = tmp_path / "nan.json"
    path.write_text('{"annotations": [{"score": 1.5}, {"score": NaN}]}')
    with pytest.raises(FormatError, match=r"annotations\[1\]\.score is NaN, not a finite number"):
        load_json(path, streamed={"annotations"})


def test_a_streamed_list_may_be_gone_through_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"annotations": [{"id": 1}, {"id": 2}]}')
    content = load_json(path, streamed={"annotations"})
    assert [entry.whole("id", 0, 9) for entry in content.objects("annotations")] == [1, 2]
    assert [entry.where for entry in content.objects("annotations")] == ["annotations[0]", "annotations[1]"]
    assert len(content.value["annotations"]) == 2
