"""A file of lines that grows, is cut short, replaced, removed and torn, read line by line."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.growing_file import LONGEST_LINE, GrowingFile, NewLines

ALL = 1000


def read(file: GrowingFile, most: int = ALL) -> NewLines:
    return file.read_new(most)


@given(
    pieces=st.lists(st.binary(max_size=30).map(lambda content: content.replace(b"x", b"\n")), max_size=12),
    most=st.integers(1, 5),
)
def test_every_line_is_read_once_however_it_came(pieces: list[bytes], most: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lines"
        file, found = GrowingFile(path), []
        for piece in pieces:
            with path.open("ab") as stream:
                stream.write(piece)
            new = read(file, most)
            assert not new.is_anew
            assert new.has_more == (len(new.lines) == most)
            found += new.lines
        while (new := read(file, most)).lines:
            found += new.lines
    whole = b"".join(pieces)
    assert found == [line + b"\n" for line in whole.split(b"\n")[:-1]]


def test_a_line_waits_for_its_end(tmp_path: Path) -> None:
    file, path = GrowingFile(tmp_path / "lines"), tmp_path / "lines"
    assert read(file) == NewLines([], is_anew=False, has_more=False), "it is not there yet"
    path.write_bytes(b"one\ntw")
    assert read(file).lines == [b"one\n"]
    assert read(file).lines == []
    path.write_bytes(b"one\ntwo\n")
    assert read(file) == NewLines([b"two\n"], is_anew=False, has_more=False)


@pytest.mark.parametrize("how", ["shorter", "emptied", "replaced", "removed"])
def test_what_was_read_is_void_once_the_file_is_another(tmp_path: Path, how: str) -> None:
    path, other = tmp_path / "lines", tmp_path / "other"
    path.write_bytes(b"one\ntwo\n")
    file = GrowingFile(path)
    assert read(file, 1) == NewLines([b"one\n"], is_anew=False, has_more=True)
    match how:
        case "shorter":
            path.write_bytes(b"a\n")
        case "emptied":
            path.write_bytes(b"")
        case "replaced":
            other.write_bytes(b"a\nb\nc\n")
            other.replace(path)
        case "removed":
            path.unlink()
    content = path.read_bytes() if path.exists() else b""
    assert read(file) == NewLines(content.splitlines(keepends=True), is_anew=True, has_more=False)
    assert file.restarts == 1
    assert read(file) == NewLines([], is_anew=False, has_more=False)
    with path.open("ab") as stream:
        stream.write(b"more\n")
    assert read(file) == NewLines([b"more\n"], is_anew=False, has_more=False)


def test_a_file_that_comes_back_is_read_once(tmp_path: Path) -> None:
    path, away = tmp_path / "lines", tmp_path / "away"
    path.write_bytes(b"one\n")
    file = GrowingFile(path)
    read(file)
    path.rename(away)
    assert read(file).is_anew
    away.rename(path)
    assert read(file) == NewLines([b"one\n"], is_anew=False, has_more=False)


def test_a_line_without_an_end_is_gone_past_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"x" * (2 * LONGEST_LINE + 5))
    file = GrowingFile(path)
    assert read(file, 1) == NewLines([b"x" * LONGEST_LINE], is_anew=False, has_more=True)
    assert read(file, 9) == NewLines([b""], is_anew=False, has_more=False)
    with path.open("ab") as stream:
        stream.write(b"\nwhole\n")
    assert read(file).lines == [b"", b"whole\n"]


def test_reading_can_be_stopped_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntwo\nthree\n")
    file = GrowingFile(path)
    assert next(file.lines()) == b"one\n"
    assert list(file.lines()) == [b"two\n", b"three\n"]


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read(GrowingFile(tmp_path))


def test_a_file_that_was_written_anew_in_place_is_read_from_its_beginning(tmp_path: Path) -> None:
    """Cut off and written again between two calls, by as much or more than there was."""
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntwo\n")
    file = GrowingFile(path)
    assert file.read_new(10).lines == [b"one\n", b"two\n"]
    assert file.read_new(10).lines == []
    assert file.restarts == 0
    for content in (b"one\ntoo\n", b"first\nsecond\nthird\n"):
        path.write_bytes(content)
        new = file.read_new(10)
        assert (new.lines, new.is_anew) == (content.splitlines(keepends=True), True)
    with path.open("ab") as stream:
        stream.write(b"fourth\n")
    assert file.read_new(10) == NewLines([b"fourth\n"], is_anew=False, has_more=False)
