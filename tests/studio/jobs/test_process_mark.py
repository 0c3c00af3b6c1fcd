from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import psutil
import pytest

from lpsnet_studio.jobs.process_mark import ProcessMark


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_process_is_known_again_after_a_way_through_json() -> None:
    mark = ProcessMark.of(os.getpid())
    assert ProcessMark.from_json(json.loads(json.dumps(mark.to_json()))) == mark
    assert mark.is_alive
    assert mark.create_time == psutil.Process().create_time()


@pytest.mark.parametrize(
    "content", [None, [], {}, {"pid": 1}, {"pid": "1", "create_time": 1.0}, {"pid": -1, "create_time": 1}]
)
def test_damage_marks_no_process(content: object) -> None:
    assert ProcessMark.from_json(content) is None


def test_another_process_with_the_same_number_is_not_meant() -> None:
    mark = ProcessMark.of(os.getpid())
    by_time_alone = ProcessMark(mark.pid, mark.create_time)
    assert by_time_alone.is_alive
    assert not replace(by_time_alone, create_time=mark.create_time - 60).is_alive
    if mark.boot_ticks is not None:
        assert not replace(mark, boot_ticks=mark.boot_ticks - 1).is_alive
        assert not replace(mark, boot="an earlier start of the machine").is_alive


def test_a_clock_that_was_set_changes_nothing_where_the_kernel_counts() -> None:
    mark = ProcessMark.of(os.getpid())
    if mark.boot_ticks is None:
        pytest.skip("this system does not count")
    assert replace(mark, create_time=mark.create_time - 3600).is_alive


def test_a_zombie_is_not_alive(child: subprocess.Popen[bytes]) -> None:
    mark = ProcessMark.of(child.pid)
    assert mark.is_alive
    child.kill()
    deadline = time.monotonic() + 20
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not mark.is_alive
    child.wait()
    assert not mark.is_alive
