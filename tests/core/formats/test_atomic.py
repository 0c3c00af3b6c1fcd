"""A file is written whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from lpsnet.formats.atomic import write_atomically


def test_bytes_and_writers_replace_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, b"first")
    path.chmod(0o640)
    write_atomically(str(path), lambda stream: stream.write(b"second") and None)
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_bytes(b"precious")
    (tmp_path / "folder").mkdir()
    link = tmp_path / "folder" / "a.txt"
    link.symlink_to(tmp_path / "outside.txt")
    write_atomically(link, b"new")
    assert (tmp_path / "outside.txt").read_bytes() == b"precious"
    assert link.read_bytes() == b"new"
    assert not link.is_symlink()


@pytest.mark.parametrize("error", [RuntimeError("bad"), KeyboardInterrupt()])
def test_a_writer_that_fails_leaves_no_trace(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def fail(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise error

    with pytest.raises(type(error)):
        write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"a\.txt could not be written: no such file or directory") as caught:
        write_atomically(tmp_path / "none" / "a.txt", b"")
    assert str(caught.value).startswith(str(tmp_path / "none" / "a.txt"))
    assert "Errno" not in str(caught.value)


def test_the_longest_name_a_folder_can_hold_is_written_and_a_longer_one_refused(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    for content in (b"first", b"second"):
        write_atomically(path, content)
        assert path.read_bytes() == content
    longer = tmp_path / ("n" * 256)
    with pytest.raises(OSError, match="could not be written: file name too long") as caught:
        write_atomically(longer, b"")
    assert str(caught.value).startswith(str(longer))
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="file size limits are POSIX")
def test_a_limit_met_while_writing_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    program = (
        "import resource, sys\n"
        "from lpsnet.formats.atomic import write_atomically\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    write_atomically(sys.argv[1], bytes(100_000))\n"
        "except OSError as error:\n"
        "    sys.stdout.write(str(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == f"{path} could not be written: file too large"
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]
