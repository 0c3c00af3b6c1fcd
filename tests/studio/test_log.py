"""The log: bounded, one file a Studio, and a trace of every hard crash, told once."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpsnet_studio.log import SERVICE_LOGGER, Log, tail_of

MEGABYTE = 1_000_000


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    made = Log(tmp_path)
    yield made
    made.close()


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs code that has a log in ``folder``, in a process of its own."""
    start = "import sys, logging, ctypes\nfrom pathlib import Path\nfrom lpsnet_studio.log import Log\n"
    return subprocess.run(
        [sys.executable, "-c", f"{start}log = Log(Path(sys.argv[1]))\n{code}", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_service_has_a_file_of_its_own(log: Log) -> None:
    logging.getLogger("lpsnet_studio.window").info("from the window")
    logging.getLogger(SERVICE_LOGGER).info("from the service")
    assert [line.endswith("from the window") for line in tail_of(log.studio, 5)] == [True]
    assert [line.endswith("from the service") for line in tail_of(log.service, 5)] == [True]


def test_it_never_grows_beyond_its_bound(log: Log, tmp_path: Path) -> None:
    for _ in range(1500):
        logging.getLogger("lpsnet_studio").info("x" * 9000)
        logging.getLogger(SERVICE_LOGGER).info("y" * 9000)
    logging.getLogger("lpsnet_studio").info("z" * 30 * MEGABYTE)
    written = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert 6 * MEGABYTE < written <= 9 * MEGABYTE
    assert "characters left out" in tail_of(log.studio, 5)[-2]


def test_the_last_lines_are_found_across_a_rotation(tmp_path: Path) -> None:
    (tmp_path / "studio.log.1").write_text("one\ntwo\nthree\n")
    (tmp_path / "studio.log").write_text("four\n")
    assert tail_of(tmp_path / "studio.log", 3) == ["two", "three", "four"]
    assert tail_of(tmp_path / "studio.log", 1) == ["four"]
    assert tail_of(tmp_path / "absent.log", 3) == []
    assert tail_of(None, 3) == []


def test_names_that_are_no_text_can_be_logged(log: Log) -> None:
    logging.getLogger("lpsnet_studio").warning("%s", "photo-\udce4.png")
    assert tail_of(log.studio, 1)[0].endswith(r"photo-\udce4.png")


def test_two_studios_write_to_files_of_their_own(log: Log, tmp_path: Path) -> None:
    logging.getLogger("lpsnet_studio").info("the first one")
    done = run("logging.info('the second one'); print(log.studio.name, log.service.name)", tmp_path)
    assert done.stdout.split() == ["studio-2.log", "service-2.log"], done.stderr
    assert "the second one" in (tmp_path / "studio-2.log").read_text()
    assert "the second one" not in (tmp_path / "studio.log").read_text()


def test_a_killed_studio_gives_its_files_back(tmp_path: Path) -> None:
    for _ in range(2):
        done = run("print(log.studio.name, flush=True); import os; os.kill(os.getpid(), 9)", tmp_path)
        assert done.stdout.split() == ["studio.log"], done.stderr


def test_without_a_folder_the_terminal_must_do(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = run("log.catch_crashes(); logging.warning('still said'); log.close(); print(log.studio)", blocked / "state")
    assert done.returncode == 0
    assert done.stdout == "None\n"
    assert "no log file can be written" in done.stderr
    assert "still said" in done.stderr


def test_a_hard_crash_is_told_at_the_next_start_once(tmp_path: Path) -> None:
    crashed = run("log.catch_crashes()\ndef look_at_nothing(): ctypes.string_at(0)\nlook_at_nothing()", tmp_path)
    assert crashed.returncode < 0
    log = Log(tmp_path)
    try:
        crash = log.last_crash
        assert crash is not None
        assert "Segmentation fault" in crash.trace
        assert "look_at_nothing" in crash.trace
        assert crash.path.read_text() == crash.trace
    finally:
        log.close()
    again = Log(tmp_path)
    again.close()
    assert again.last_crash is None
    assert crash.path.is_file(), "the trace stays for a report"


def test_a_crash_of_a_second_studio_is_told_too(log: Log, tmp_path: Path) -> None:
    assert run("log.catch_crashes(); ctypes.string_at(0)", tmp_path).returncode < 0
    log.close()
    later = Log(tmp_path)
    later.close()
    assert later.last_crash is not None
    assert "Segmentation fault" in later.last_crash.trace


def test_an_orderly_end_leaves_no_trace(tmp_path: Path) -> None:
    assert run("log.catch_crashes(); log.close()", tmp_path).returncode == 0
    assert not list(tmp_path.glob("*crash*"))


@pytest.mark.parametrize("name", ["studio.log", "service.log", "crash.txt", "last-crash.txt", "studio.log.1"])
def test_a_folder_in_the_place_of_a_file_is_no_failure(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    if name == "last-crash.txt":
        (tmp_path / "crash.txt").write_text("Segmentation fault")
    done = run("log.catch_crashes(); logging.warning('still said'); log.close()", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "still said" in done.stderr


def test_a_lock_that_cannot_be_opened_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "studio-1.lock").mkdir()
    log = Log(tmp_path)
    log.close()
    assert log.studio == tmp_path / "studio-2.log"


def test_the_crash_file_of_a_running_studio_is_left_to_it(log: Log, tmp_path: Path) -> None:
    log.catch_crashes()
    (tmp_path / "crash.txt").write_text("is being written")
    (tmp_path / "crash-3.txt").write_text("of a run before")
    done = run("print(log.last_crash.trace)", tmp_path)
    assert done.stdout == "of a run before\n", done.stderr
    assert (tmp_path / "crash.txt").read_text() == "is being written"


def test_of_studios_that_start_at_once_one_tells_of_the_crash(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom lpsnet_studio.log import Log\n"
        "print(flush=True); sys.stdin.readline()\nlog = Log(Path(sys.argv[1]))\n"
        "print(log.last_crash is not None, flush=True); sys.stdin.readline()"
    )
    (tmp_path / "crash.txt").write_text("Segmentation fault")
    command = [sys.executable, "-c", code, str(tmp_path)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for each in started:
        assert each.stdout is not None
        each.stdout.readline()
    for each in started:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    told = [each.stdout.readline().strip() for each in started if each.stdout is not None]
    errors = [each.communicate("\n", timeout=30)[1] for each in started]
    assert sorted(told) == ["False", "False", "False", "True"]
    assert errors == [""] * 4


def test_without_a_terminal_there_is_nothing_to_complain_to(tmp_path: Path) -> None:
    code = "sys.stderr = None\nlog.catch_crashes(); logging.warning('unheard'); log.close()"
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert run(code, blocked / "state").returncode == 0
