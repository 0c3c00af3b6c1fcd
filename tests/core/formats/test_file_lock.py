"""Who holds a file, asked of the system."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpsnet.formats.file_lock import Holder, holder_of, locked_by_opening, locked_by_process

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks as POSIX has them")

HOLDS = """
import sys, time
from lpsnet.formats.file_lock import locked_by_process
stream = open(sys.argv[1], "a+b")
print(locked_by_process(stream), flush=True)
time.sleep(600)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lock"
    path.write_text("process 1 of nowhere")
    return path


@pytest.fixture
def holder(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the file."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(file)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"True\n"
    yield process
    process.kill()
    process.wait()


def test_the_process_that_holds_a_file_is_told_and_nobody_after_its_end(
    file: Path, holder: subprocess.Popen[bytes]
) -> None:
    assert holder_of(file) == Holder(holder.pid)
    with file.open("a+b") as stream:
        assert not locked_by_process(stream)
    holder.kill()
    holder.wait()
    assert holder_of(file) is None
    with file.open("a+b") as stream:
        assert locked_by_process(stream)


def test_a_copy_is_held_by_nobody_and_a_renamed_file_as_before(file: Path, holder: subprocess.Popen[bytes]) -> None:
    copy = shutil.copy2(file, file.with_name("copy"))
    assert holder_of(copy) is None
    assert holder_of(file.rename(file.with_name("renamed"))) == Holder(holder.pid)


@pytest.mark.usefixtures("holder")
def test_asking_changes_neither_the_file_nor_who_holds_it(file: Path) -> None:
    before = file.read_bytes(), file.stat().st_mtime_ns
    file.chmod(0o400)
    assert holder_of(file) == holder_of(file) is not None
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_what_is_not_there_is_held_by_nobody_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert holder_of(tmp_path / "absent") is None
    with pytest.raises(IsADirectoryError):
        holder_of(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.ENOTSUP])
def test_a_filing_system_without_locks_keeps_nobody_out_and_tells_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    import fcntl

    def refuses(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    for name in ("lockf", "flock", "fcntl"):
        monkeypatch.setattr(fcntl, name, refuses)
    with file.open("a+b") as stream:
        assert locked_by_process(stream)
        assert locked_by_opening(stream)
    with pytest.raises(OSError, match=os.strerror(number)):
        holder_of(file)


def test_an_opening_keeps_out_other_threads_of_its_process(file: Path) -> None:
    found: list[bool] = []

    def try_it() -> None:
        with file.open("a+b") as other:
            found.append(locked_by_opening(other))

    with file.open("a+b") as stream:
        assert locked_by_opening(stream)
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    try_it()
    assert found == [False, True]
