"""How a project's database is opened, in every place and state it can be in."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lpsnet_studio.annotator import database
from lpsnet_studio.annotator.database import DATABASE, is_on_network, open_to_read, open_to_write
from lpsnet_studio.annotator.project_errors import ProjectDamaged, ProjectError
from lpsnet_studio.annotator.schema import APPLICATION_ID, VERSION, create_at_version, migrate, version_of
from lpsnet_studio.annotator.store import ProjectStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of the newest version, in the journal mode that it has on a disk of this machine."""
    place = tmp_path / DATABASE
    with closing(open_to_write(place, create=True, on_network=False)) as connection:
        migrate(connection)
    return place


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


@pytest.mark.parametrize(("on_network", "journal"), [(False, "wal"), (True, "delete")])
def test_every_commit_waits_for_the_disk(path: Path, on_network: bool, journal: str) -> None:
    with closing(open_to_write(path, on_network=on_network)) as connection:
        assert _pragma(connection, "synchronous") == 2  # FULL
        assert _pragma(connection, "journal_mode") == journal
        assert _pragma(connection, "foreign_keys") == 1
        assert connection.isolation_level is None


def test_on_a_mac_the_drive_itself_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with closing(open_to_write(path, on_network=False)) as connection:
        assert _pragma(connection, "fullfsync") == 1
        assert _pragma(connection, "checkpoint_fullfsync") == 1


def _without_shared_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has files be locked as a folder on a network may have it: without memory that processes share."""

    def connect(path: Path, mode: str) -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?mode={mode}&vfs=unix-dotfile"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    monkeypatch.setattr(database, "_connect", connect)


@pytest.mark.skipif(os.name != "posix", reason="SQLite's lock files are POSIX's")
def test_where_no_memory_is_shared_an_ordinary_journal_takes_over_what_a_log_holds(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    with closing(open_to_write(path, on_network=False)) as connection:
        connection.execute("INSERT INTO labels VALUES (1, '{}')")
        for ending in ("", "-wal"):
            shutil.copyfile(f"{path}{ending}", moved / f"{DATABASE}{ending}")
    _without_shared_memory(monkeypatch)
    with closing(open_to_write(moved / DATABASE)) as connection:
        assert _pragma(connection, "journal_mode") == "delete"
        assert _pragma(connection, "synchronous") == 2
        assert connection.execute("SELECT content FROM labels").fetchone() == ("{}",)
        connection.execute("UPDATE labels SET content = '[]'")
    with closing(open_to_write(moved / DATABASE)) as connection:
        assert connection.execute("SELECT content FROM labels").fetchone() == ("[]",)


def test_the_filing_system_tells_whether_a_folder_is_on_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace as Partition

    import psutil

    assert not is_on_network(tmp_path)
    mounts = [
        Partition(mountpoint="/", fstype="ext4", opts="rw"),
        Partition(mountpoint=str(tmp_path), fstype="nfs4", opts="rw"),
        Partition(mountpoint=str(tmp_path / "local"), fstype="xfs", opts="rw"),
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: mounts)
    (tmp_path / "share").mkdir()
    (tmp_path / "local").mkdir()
    assert is_on_network(tmp_path / "share")
    assert not is_on_network(tmp_path / "local")


def test_another_programs_file_is_not_touched(tmp_path: Path) -> None:
    other = tmp_path / DATABASE
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = other.read_bytes()
    for opened in (open_to_write, open_to_read):
        with pytest.raises(ProjectError, match="is not the database of an annotation project"):
            opened(other)
    assert other.read_bytes() == before
    other.write_bytes(b"a note, and no database at all, which is long enough to be taken for one" * 20)
    for opened in (open_to_write, open_to_read):
        with pytest.raises(ProjectDamaged, match="is damaged"):
            opened(other)


def test_a_newer_programs_project_is_refused_in_a_sentence(path: Path) -> None:
    with closing(open_to_write(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(ProjectError, match=f"written by a newer LPSNet Studio .version {VERSION + 1}"):
        open_to_read(path)


def _left_by_a_crash(path: Path, folder: Path) -> Path:
    """Copies a database together with a log that nobody brought into it."""
    folder.mkdir()
    with closing(open_to_write(path, on_network=False)) as connection:
        connection.execute('INSERT INTO labels VALUES (1, \'{"from": "the log"}\')')
        for ending in ("", "-wal"):
            shutil.copyfile(f"{path}{ending}", folder / f"{DATABASE}{ending}")
    return folder / DATABASE


def _let_everybody_come_to(folder: Path) -> None:
    """Opens the folders around one, which are those of the tests alone."""
    own = [place for place in folder.parents if place.stat().st_mode & 0o777 == 0o700 and place != Path.home()]
    for place in own:
        place.chmod(0o755)


_READ_AS_NOBODY = """
import os, sys
from pathlib import Path
from lpsnet_studio.annotator.database import open_to_read
os.setgid(65534)
os.setuid(65534)
found = open_to_read(Path(sys.argv[1]))
print(found.is_copy, found.connection.execute("SELECT count(*), max(content) FROM labels").fetchone())
found.close()
"""


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    ("has_log", "answer"), [(False, "False (0, None)"), (True, 'True (1, \'{"from": "the log"}\')')]
)
def test_a_write_protected_folder_is_read(path: Path, tmp_path: Path, has_log: bool, answer: str) -> None:
    folder = _left_by_a_crash(path, tmp_path / "left").parent if has_log else tmp_path / "whole"
    if not has_log:
        folder.mkdir()
        shutil.copyfile(path, folder / DATABASE)
    folder.chmod(0o755)
    _let_everybody_come_to(folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    command = [sys.executable, "-c", _READ_AS_NOBODY, str(folder / DATABASE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "HOME": "/tmp"})
    assert done.stdout.strip() == answer, done.stderr
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


_OPEN_AS_NOBODY = """
import os, sys
from pathlib import Path
import psutil
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.lock_look import look_at_lock
os.setgid(65534)
os.setuid(65534)
desk = Desk(lambda work, done, **_: done(work()), lambda call: call())
desk.told.connect(lambda problem: print(problem.sentence))
desk.open_project(Path(sys.argv[1]))
print(desk.store is not None and desk.store.is_read_only, look_at_lock(Path(sys.argv[1])).is_free, desk.shut())
"""


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another user")
def test_a_write_protected_database_in_a_folder_that_is_not_opens_to_read(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    ProjectStore.create(folder).close()
    for place in (folder, *folder.iterdir()):
        os.chown(place, 65534, 65534)
    (folder / DATABASE).chmod(0o444)
    _let_everybody_come_to(folder)
    command = [sys.executable, "-c", _OPEN_AS_NOBODY, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "HOME": "/tmp"})
    assert done.stdout.strip() == "True False", done.stderr


def test_what_a_crash_left_in_the_log_is_there(path: Path, tmp_path: Path) -> None:
    with closing(open_to_write(_left_by_a_crash(path, tmp_path / "left"))) as connection:
        assert connection.execute("SELECT content FROM labels").fetchone() == ('{"from": "the log"}',)


# ------------------------------------------------------------------------------------------------------------ versions


def _old_project(path: Path) -> None:
    """Makes a project as version 1 did, by hand."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        create_at_version(connection, 1)
        connection.execute("INSERT INTO labels VALUES (1, '[\"cat\"]')")
        for image, status in ((1, "done"), (2, "todo"), (5, "in_progress")):
            values = (image, f"{image}.png", 24, 32, image, status)
            connection.execute("INSERT INTO images VALUES (?, ?, 1, ?, ?, 0, 0, ?, ?)", values)
        connection.execute("INSERT INTO bases VALUES (5, x'01', '{}', 'the network')")
        for sequence in (1, 2, 3):
            connection.execute("INSERT INTO edits VALUES (5, ?, 'Brush', 2.5, x'02')", (sequence,))
        connection.execute("INSERT INTO cursors VALUES (5, 2)")
        connection.execute("INSERT INTO session VALUES (1, 'old host', 77, 1.0, 2.0)")


def _dump(connection: sqlite3.Connection) -> dict[str, list[object]]:
    return {
        "images": connection.execute(
            "SELECT id, path, position, status, note, done FROM images ORDER BY id"
        ).fetchall(),
        "bases": connection.execute("SELECT image, sequence, ids, source FROM bases").fetchall(),
        "edits": connection.execute("SELECT image, sequence, title, time, content FROM edits").fetchall(),
        "sessions": connection.execute("SELECT host, pid FROM sessions").fetchall(),
        "labels": connection.execute("SELECT content FROM labels").fetchall(),
    }


NEW = {
    "images": [(1, "1.png", 1, "done", "", 0), (2, "2.png", 2, "todo", "", 0), (5, "5.png", 5, "in_progress", "", 2)],
    "bases": [(5, 0, b"\x01", "the network")],
    "edits": [(5, sequence, "Brush", 2.5, b"\x02") for sequence in (1, 2, 3)],
    "sessions": [("old host", 77)],
    "labels": [('["cat"]',)],
}


def test_an_older_project_becomes_one_of_today(tmp_path: Path) -> None:
    _old_project(tmp_path / DATABASE)
    with closing(open_to_write(tmp_path / DATABASE)) as connection:
        migrate(connection)
        assert version_of(connection) == VERSION
        assert _pragma(connection, "application_id") == APPLICATION_ID
        assert _dump(connection) == NEW
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert _pragma(connection, "foreign_keys") == 1
        connection.execute("DELETE FROM images WHERE id = 5")
        assert _dump(connection)["edits"] == []


def test_migrating_is_all_or_nothing(tmp_path: Path) -> None:
    _old_project(tmp_path / DATABASE)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        before = list(connection.iterdump())
    for stop in range(1, 17):
        steps = iter(range(1, 100))

        def between(moment: str, steps: object = steps, stop: int = stop) -> None:
            if next(steps) == stop:  # type: ignore[call-overload]
                raise OSError("the disk is gone")

        with closing(open_to_write(tmp_path / DATABASE, on_network=True)) as connection:
            with pytest.raises(OSError, match="the disk is gone"):
                migrate(connection, between)
            assert version_of(connection) == 1
            assert list(connection.iterdump()) == before


def test_an_older_project_is_read_without_being_changed(tmp_path: Path) -> None:
    _old_project(tmp_path / DATABASE)
    before = (tmp_path / DATABASE).read_bytes()
    with closing(open_to_read(tmp_path / DATABASE)) as opened:
        assert opened.is_copy
        assert _dump(opened.connection) == NEW
    assert (tmp_path / DATABASE).read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [DATABASE]
