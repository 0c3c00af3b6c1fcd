"""The program as people start it, broken on purpose: exceptions, crashes, a failed start, a killed window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from lpsnet_studio import demo
from lpsnet_studio.app import complaint_about_display
from lpsnet_studio.inference.process import ServiceProcess
from lpsnet_studio.log import Log
from tests.studio.inference.conversation import shared_memory, wait_for_end

LONG = 120.0
PROJECT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="folders and signals of Linux")

SOON = """
import sys, ctypes
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from lpsnet_studio import app, studio

made = []
guard = studio.Studio.guard

def guard_and_break(self, log=None):
    made.append(self)
    QTimer.singleShot(300, lambda: soon(self))
    return guard(self, log)

studio.Studio.guard = guard_and_break
"""
"""Starts the Studio and calls ``soon(studio)`` when its window is there."""


def environment_of(home: Path) -> dict[str, str]:
    places = {name: str(home / name) for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    return {**os.environ, **places, "QT_QPA_PLATFORM": "offscreen", "HOME": str(home)}


def run(code: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Runs code in a process that has a home of its own."""
    command = [sys.executable, "-c", code]
    environment = environment_of(home)
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=LONG, cwd=home)


def studio_log(home: Path) -> str:
    return (home / "XDG_STATE_HOME" / "lpsnet-studio" / "studio.log").read_text(encoding="utf-8")


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_an_exception_wherever_it_comes_from_leaves_the_window_at_work(tmp_path: Path) -> None:
    done = run(
        SOON
        + """
import threading
from PySide6.QtWidgets import QWidget
from lpsnet_studio.chrome.crash_dialog import CrashDialog

class Painted(QWidget):
    def paintEvent(self, event):
        self.update()
        raise ZeroDivisionError("in paint")

def soon(studio):
    QTimer.singleShot(0, lambda: {}["in a slot"])
    studio.session.view_changed.connect(lambda: int("in a panel"))
    QTimer.singleShot(0, lambda: studio.session.change_view(names=True))
    threading.Thread(target=lambda: [][0]).start()
    studio.painted = Painted(studio.window)
    studio.painted.resize(20, 20)
    QTimer.singleShot(200, studio.painted.show)
    QTimer.singleShot(1500, lambda: end(studio))

def end(studio):
    dialogs = [each for each in QApplication.topLevelWidgets() if isinstance(each, CrashDialog)]
    print(len(dialogs), dialogs[0].isVisible(), dialogs[0].isModal())
    print(dialogs[0].words)
    for failure in studio.window.commands.help.failures():
        print(failure.words)
    studio.painted.hide()
    studio.window.close()

sys.exit(app.main([]))
""",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith("1 True False\n")
    assert "will not be shown again" in done.stdout
    for words in ("ZeroDivisionError: in paint", "KeyError: 'in a slot'", "ValueError: invalid literal", "IndexError"):
        assert words in done.stdout
    log = studio_log(tmp_path)
    assert log.count("Traceback") <= 12, "a storm does not flood the log"
    assert "LPSNet Studio ends with status 0" in log


def test_a_crash_is_told_calmly_at_the_next_start_and_then_no_more(tmp_path: Path) -> None:
    crashed = run(f"{SOON}\ndef soon(studio): ctypes.string_at(0)\napp.main([])", tmp_path)
    assert crashed.returncode == -signal.SIGSEGV
    look = (
        SOON
        + """
def soon(studio):
    notes = studio.window.notifications
    print(notes.texts)
    if notes.notes:
        notes.notes[0]._act()
        print("Segmentation fault" in QApplication.clipboard().text())
    studio.window.close()
sys.exit(app.main([]))
"""
    )
    told = run(look, tmp_path)
    assert "The Studio crashed last time." in told.stdout, told.stderr
    assert "~/XDG_STATE_HOME/lpsnet-studio/last-crash.txt" in told.stdout
    assert told.stdout.endswith("True\n")
    assert run(look, tmp_path).stdout == "[]\n"


def test_a_failed_start_is_a_sentence_and_a_status(tmp_path: Path) -> None:
    done = run(
        "import sys\nfrom lpsnet_studio import app, settings\n"
        "def fail(self, folder): raise RuntimeError('no preferences today')\n"
        "settings.Settings.__init__ = fail\nsys.exit(app.main([]))",
        tmp_path,
    )
    assert done.returncode == 1
    sentence = done.stderr.splitlines()[-1]
    assert sentence.startswith("lpsnet-studio: unexpected failure, RuntimeError: no preferences today; ")
    assert sentence.endswith("studio.log holds the details")
    assert "Traceback" in studio_log(tmp_path)
    assert "Python 3" in studio_log(tmp_path).splitlines()[0]


def test_without_a_display_it_says_what_to_do(tmp_path: Path) -> None:
    environment = environment_of(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "lpsnet_studio.app"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=LONG)
    assert done.returncode == 1
    assert done.stderr.startswith("lpsnet-studio: there is no display here: --render DIR")
    assert complaint_about_display({"WAYLAND_DISPLAY": "wayland-0"}) == ""


def test_qts_own_messages_are_in_the_log(tmp_path: Path) -> None:
    code = """
from PySide6.QtCore import qWarning
def soon(studio):
    qWarning("something odd about a screen")
    studio.window.close()
sys.exit(app.main([]))
"""
    assert run(SOON + code, tmp_path).returncode == 0
    assert "WARNING qt: something odd about a screen" in studio_log(tmp_path)


def test_the_trace_of_a_crashed_service_is_in_its_failure_and_in_its_log(tmp_path: Path) -> None:
    code = (
        "import sys, ctypes\nfrom lpsnet_studio.inference.process import become_service\n"
        "channel = become_service(sys.argv[1:])\n"
        "def look_at_nothing(): ctypes.string_at(0)\nlook_at_nothing()\n"
    )
    log = Log(tmp_path)
    try:
        process = ServiceProcess([sys.executable, "-c", code])
        assert process.wait(LONG)
        words = process.end_of_life()
        process.kill()
        assert log.service is not None
        written = log.service.read_text(encoding="utf-8")
    finally:
        log.close()
    assert words.startswith("ended by signal SIGSEGV")
    for told in (words, written):
        assert "Fatal Python error: Segmentation fault" in told
        assert "look_at_nothing" in told
    assert f" {process.pid} Fatal Python error" in written


def test_a_killed_studio_leaves_nothing_and_the_next_one_takes_its_place(tmp_path: Path) -> None:
    scene = demo.prepare(tmp_path / "scene")
    scratch = tmp_path / "temporary"
    scratch.mkdir()
    before = shared_memory()
    environment = environment_of(tmp_path) | {"TMPDIR": str(scratch)}
    command = [sys.executable, "-m", "lpsnet_studio.app", "--config", "demo", str(scene)]
    studio = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, cwd=tmp_path)
    state = tmp_path / "XDG_STATE_HOME" / "lpsnet-studio"
    log = state / "studio.log"
    wait_for(lambda: log.is_file() and "inference service is ready" in log.read_text(), "the service never came up")
    children = psutil.Process(studio.pid).children(recursive=True)
    assert children
    studio.kill()
    studio.wait()
    for child in children:
        wait_for_end(child.pid)
    assert shared_memory() <= before
    assert [path.name for path in scratch.iterdir() if not path.name.startswith("torchinductor_")] == []
    again = Log(state)
    again.close()
    assert again.studio == log
    assert again.last_crash is None, "who was killed did not crash"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [40, 300])
def test_nothing_grows_and_nothing_is_left(count: int) -> None:
    script = PROJECT / "benchmarks" / "leaks.py"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, str(script), "--images", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=1800)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4000:]}"
