"""One writes a project at a time; the others hear who."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from lpsnet_studio.annotator import project_lock
from lpsnet_studio.annotator.project_errors import ProjectBusy, ProjectReadOnly
from lpsnet_studio.annotator.project_lock import LOCK, Occupant, ProjectLock, refusal_of

_HOLD = """
import sys
from pathlib import Path
from lpsnet_studio.annotator.project_lock import ProjectLock
lock = ProjectLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_another_process_hears_who_holds_a_project_and_has_it_when_that_one_dies(tmp_path: Path) -> None:
    begun = time.time()
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(ProjectBusy, match=r"is open in another LPSNet Studio \(process") as raised:
        ProjectLock(tmp_path)
    assert raised.value.pid == holder.pid
    assert raised.value.host == socket.gethostname()
    assert raised.value.is_certain
    assert begun - 5 <= raised.value.since <= time.time()
    holder.kill()
    holder.communicate()
    ProjectLock(tmp_path).release()


def test_this_process_has_a_project_once(tmp_path: Path) -> None:
    lock = ProjectLock(tmp_path)
    with pytest.raises(ProjectBusy, match="open in this Studio already"):
        ProjectLock(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(ProjectBusy, match="open in this Studio already"):
        ProjectLock(tmp_path / "link")
    # Being asked has not given it up.
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    other = subprocess.run(command, capture_output=True, text=True, check=False, input="")
    assert "ProjectBusy" in other.stderr
    lock.release()
    lock.release()
    assert (tmp_path / LOCK).read_bytes() == b""
    ProjectLock(tmp_path).release()


def _leave(folder: Path, occupant: Occupant) -> None:
    import json

    (folder / LOCK).write_text(json.dumps(asdict(occupant)))


def test_on_a_network_without_locks_one_that_did_not_give_up_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _leave(tmp_path, replace(Occupant.here(), host="another machine", pid=4711, user="anna"))
    ProjectLock(tmp_path).release()  # on a disk of this machine, having the lock is proof
    _leave(tmp_path, replace(Occupant.here(), host="another machine", pid=4711, user="anna"))
    monkeypatch.setattr(project_lock, "is_on_network", lambda folder: True)
    with pytest.raises(
        ProjectBusy, match=r"may be open in another .* \(process 4711 of anna on another machine"
    ) as raised:
        ProjectLock(tmp_path)
    assert not raised.value.is_certain
    ProjectLock(tmp_path, take_over=True).release()
    ProjectLock(tmp_path).release()


def test_on_a_network_a_process_of_this_machine_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project_lock, "is_on_network", lambda folder: True)
    parent = replace(Occupant.here(), pid=os.getppid(), started=time.time() - 1e7)
    _leave(tmp_path, parent)  # its number, but not its start: another process has the number now
    ProjectLock(tmp_path).release()
    import psutil

    _leave(tmp_path, replace(parent, started=psutil.Process(parent.pid).create_time()))
    with pytest.raises(ProjectBusy) as raised:
        ProjectLock(tmp_path)
    assert raised.value.is_certain


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff\xfe", b'{"host": 1}'])
def test_a_lock_file_that_says_nothing_keeps_nobody_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LOCK).write_bytes(content)
    ProjectLock(tmp_path).release()


def test_a_folder_that_cannot_be_written_is_for_reading(tmp_path: Path) -> None:
    (tmp_path / LOCK).mkdir()
    with pytest.raises(ProjectReadOnly, match="can only be opened to read"):
        ProjectLock(tmp_path)


def test_why_a_project_cannot_be_changed_is_known_without_touching_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal_of(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    lock = ProjectLock(tmp_path)
    here = refusal_of(tmp_path)
    assert isinstance(here, ProjectBusy)
    assert here.pid == os.getpid()
    lock.release()
    assert refusal_of(tmp_path) is None
    _leave(tmp_path, replace(Occupant.here(), host="another machine", pid=4711, user="anna"))
    before = (tmp_path / LOCK).read_bytes(), (tmp_path / LOCK).stat().st_mtime_ns
    assert refusal_of(tmp_path) is None  # on a disk of this machine the lock is what counts
    monkeypatch.setattr(project_lock, "is_on_network", lambda folder: True)
    elsewhere = refusal_of(tmp_path)
    assert isinstance(elsewhere, ProjectBusy)
    assert not elsewhere.is_certain
    assert ((tmp_path / LOCK).read_bytes(), (tmp_path / LOCK).stat().st_mtime_ns) == before


def test_where_the_system_does_not_tell_who_holds_a_file_what_it_says_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psutil

    def refuse(path: Path) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(project_lock, "holder_of", refuse)
    parent = replace(Occupant.here(), pid=os.getppid(), started=psutil.Process(os.getppid()).create_time())
    _leave(tmp_path, parent)
    assert isinstance(refusal_of(tmp_path), ProjectBusy)
    _leave(tmp_path, replace(parent, started=1.0))
    assert refusal_of(tmp_path) is None
