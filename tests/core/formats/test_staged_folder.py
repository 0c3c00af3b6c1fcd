"""A folder takes another's place whole or not at all, whatever fails in between."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lpsnet.formats import staged_folder
from lpsnet.formats.staged_folder import StagedFolder, clear_leftovers

OLD, NEW = {"index": b"old", "maps/1": b"one", "maps/2": b"two"}, {"index": b"new", "maps/1": b"eins"}


def _fill(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        os.makedirs((folder / name).parent, exist_ok=True)  # noqa: PTH103 - Path.mkdir is to fail
        (folder / name).write_bytes(content)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(params=["exchanged", "set aside"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of swapping: in one step, and where the system has none."""
    if request.param == "set aside":
        monkeypatch.setattr(staged_folder, "_exchange", lambda first, second: False)
    return request.param


def test_a_new_folder_takes_the_place_of_an_old_one_and_nothing_else_is_left(tmp_path: Path, way: str) -> None:
    target = tmp_path / "export"
    _fill(target, OLD)
    target.chmod(0o750)
    with StagedFolder(target) as staged:
        _fill(staged.path, NEW)
        assert _files(target) == OLD
    assert _files(tmp_path) == {f"export/{name}": content for name, content in NEW.items()}
    assert stat.S_IMODE(target.stat().st_mode) == 0o750
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_folders_above_are_made_and_removed_again_if_nothing_comes_of_it(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), StagedFolder(tmp_path / "a" / "b" / "export") as staged:  # noqa: PT012
        _fill(staged.path, NEW)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with StagedFolder(tmp_path / "a" / "b" / "export") as staged:
        _fill(staged.path, NEW)
    assert _files(tmp_path / "a" / "b" / "export") == NEW


def test_an_empty_folder_and_a_link_to_one_are_filled(tmp_path: Path, way: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with StagedFolder(tmp_path / "link") as staged:
        _fill(staged.path, NEW)
    assert (tmp_path / "link").is_symlink()
    assert _files(tmp_path / "real") == NEW


def test_a_file_in_the_place_stays(tmp_path: Path, way: str) -> None:
    (tmp_path / "export").write_bytes(b"mine")
    with (
        pytest.raises(OSError, match="export could not be written: a file has this name"),
        StagedFolder(tmp_path / "export") as staged,
    ):
        _fill(staged.path, NEW)
    assert _files(tmp_path) == {"export": b"mine"}


def test_a_name_of_the_greatest_length_is_exported_to(tmp_path: Path) -> None:
    with StagedFolder(tmp_path / ("x" * 255)) as staged:
        _fill(staged.path, NEW)
    assert _files(tmp_path / ("x" * 255)) == NEW


def test_every_step_that_fails_leaves_the_old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """The calls that change the disk are counted once, then each in turn fails."""
    target = tmp_path / "export"
    _fill(target, OLD)
    steps = _count_steps(monkeypatch, lambda: _publish(target), fail_at=None)
    assert steps >= 5
    assert _files(target) == NEW
    for step in range(steps):
        _publish(target, OLD)
        failure = _failure_of(lambda: _count_steps(monkeypatch, lambda: _publish(target), fail_at=step))  # noqa: B023
        if failure is None:  # what failed was only to tidy up
            assert _files(target) == NEW
        else:
            assert failure == f"{target} could not be written: no space left on device"
            assert _files(tmp_path) == {f"export/{name}": content for name, content in OLD.items()}


def _failure_of(run: Callable[[], object]) -> str | None:
    try:
        run()
    except OSError as error:
        return str(error)
    return None


def _publish(target: Path, files: dict[str, bytes] = NEW) -> None:
    with StagedFolder(target) as staged:
        _fill(staged.path, files)


def _count_steps(monkeypatch: pytest.MonkeyPatch, run: Callable[[], None], *, fail_at: int | None) -> int:
    count = 0

    def failing(real: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count - 1 == fail_at:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("mkdir", "rename", "chmod"):
            patch.setattr(Path, name, failing(getattr(Path, name)))
        for name in ("_exchange", "locked_by_opening", "_sync_tree"):
            patch.setattr(staged_folder, name, failing(getattr(staged_folder, name)))
        run()
    return count


def test_what_a_killed_run_left_is_cleared_and_a_running_one_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "export"
    killed = _child(target, "wait()", "")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert len(list(tmp_path.iterdir())) == 1
    running = StagedFolder(target)
    assert list(tmp_path.iterdir()) == [running.path.parent]
    clear_leftovers(target)
    assert running.path.is_dir()
    running.discard()
    assert list(tmp_path.iterdir()) == []


def test_an_old_folder_that_was_set_aside_when_the_run_was_killed_comes_back(tmp_path: Path) -> None:
    target = tmp_path / "export"
    _fill(target, OLD)
    killed = _child(target, "staged.publish()", "folder._exchange = lambda a, b: False\nfolder.Path.rename = once_only")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not target.exists()
    clear_leftovers(target)
    assert _files(tmp_path) == {f"export/{name}": content for name, content in OLD.items()}


def _child(target: Path, then: str, before: str) -> subprocess.Popen[str]:
    """A process that stages a folder, does something, and waits to be killed."""
    code = """
        import sys, time
        from pathlib import Path
        from lpsnet.formats import staged_folder as folder

        real, calls = Path.rename, []

        def wait():
            print("ready", flush=True)
            time.sleep(60)

        def once_only(path, to):
            if calls:
                wait()
            calls.append(path)
            return real(path, to)

    """
    lines = [textwrap.dedent(code), before, "staged = folder.StagedFolder(sys.argv[1])"]
    lines += ["(staged.path / 'index').write_bytes(b'new')", then]
    child = subprocess.Popen([sys.executable, "-c", "\n".join(lines), str(target)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="where the exchange is known to be had")
def test_at_no_moment_is_there_no_folder(tmp_path: Path) -> None:
    """Another process looks all the while."""
    target = tmp_path / "export"
    _publish(target, OLD)
    code = "import os, sys\nprint('ready', flush=True)\nlost = 0\nwhile os.path.exists(sys.argv[2]):\n"
    code += (
        "    try: lost += open(sys.argv[1]).read() not in ('old', 'new')\n    except OSError: lost += 1\nprint(lost)"
    )
    (tmp_path / "go on").touch()
    looker = subprocess.Popen(
        [sys.executable, "-c", code, str(target / "index"), str(tmp_path / "go on")], stdout=subprocess.PIPE, text=True
    )
    assert looker.stdout is not None
    assert looker.stdout.readline() == "ready\n"
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        _publish(target, OLD)
        _publish(target, NEW)
    (tmp_path / "go on").unlink()
    assert looker.stdout.readline() == "0\n"
    looker.wait()
    assert os.listdir(tmp_path) == ["export"]  # noqa: PTH208


def test_the_names_of_the_folders_above_reach_the_disk(tmp_path: Path, synced: list[Path]) -> None:
    with StagedFolder(tmp_path / "new" / "deep" / "export"):
        pass
    assert {tmp_path, tmp_path / "new", tmp_path / "new" / "deep"} <= set(synced)
