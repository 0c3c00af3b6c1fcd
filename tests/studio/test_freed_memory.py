"""What an image left behind in memory is given back once another has come, and not before."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from typing import Any

import pytest

from lpsnet_studio import freed_memory
from lpsnet_studio.freed_memory import FreedMemory, give_back_freed_memory
from lpsnet_studio.session import Session

_FREED_IN_A_THREAD = """
import threading
from pathlib import Path
import psutil
from lpsnet_studio.freed_memory import give_back_freed_memory
give_back_freed_memory()
kept = []
def work():
    # Blocks this small lie in the thread's arena, and the last of them holds all the others there.
    blocks = [bytearray(100_000) for _ in range(600)]
    kept.append(blocks[-1])
thread = threading.Thread(target=work)
thread.start()
thread.join()
held = psutil.Process().memory_info().rss
assert give_back_freed_memory()
print((held - psutil.Process().memory_info().rss) / 2**20)
"""


def _has_malloc_trim() -> bool:
    return sys.platform.startswith("linux") and hasattr(ctypes.CDLL(None), "malloc_trim")


@pytest.mark.skipif(not _has_malloc_trim(), reason="the C library here has no malloc_trim")
def test_what_a_thread_freed_goes_back_to_the_system() -> None:
    run = subprocess.run([sys.executable, "-c", _FREED_IN_A_THREAD], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert float(run.stdout) > 40


def test_a_library_that_cannot_give_back_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freed_memory, "_malloc_trim", lambda: None)
    assert not give_back_freed_memory()


def test_it_is_given_back_once_after_images_have_come_and_gone(
    qtbot: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freed_memory, "QUIET", 50)
    given: list[int] = []
    keeper = FreedMemory(session, give_back=lambda: given.append(1))
    qtbot.wait(120)
    assert given == []
    for _ in range(3):
        session.picture_changed.emit()
    assert given == []
    qtbot.waitUntil(lambda: bool(given), timeout=2000)
    qtbot.wait(120)
    assert given == [1]
    keeper.deleteLater()
