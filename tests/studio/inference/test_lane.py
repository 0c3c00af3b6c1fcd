"""Lanes pick and do one job after another, however the program was started."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

LANES = """
import os, sys, threading, time

given, nobody = int(sys.argv[1]), 65534
from lpsnet_studio.inference.lane import start_lane  # before the rights to read it are given up

os.nice(given)
if os.geteuid() == 0:
    os.setgid(nobody)
    os.setuid(nobody)
told = []

def pick():
    return None if told else lambda: told.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

changed = threading.Condition()
start_lane("network", pick, changed, gives_way=4)
deadline = time.monotonic() + 5
while not told and time.monotonic() < deadline:
    time.sleep(0.01)
alive = "network" in {thread.name for thread in threading.enumerate()}
print(told, alive, os.getpriority(os.PRIO_PROCESS, 0))
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="only Linux gives threads a niceness")  # noqa: PTH112
@pytest.mark.parametrize("given", [0, 10, 19])
def test_a_lane_gives_way_to_its_process_however_nice_that_is(given: int) -> None:
    done = run(LANES, str(given))
    own = min(os.getpriority(os.PRIO_PROCESS, 0) + given, 19)
    assert done.stdout.strip() == f"[{min(own + 4, 19)}] True {own}", done.stderr


@pytest.mark.parametrize("where", ["pick", "job", "niceness"])
def test_a_lane_that_fails_ends_the_process(where: str) -> None:
    code = (
        "import threading, time\n"
        "from lpsnet_studio.inference import lane\n"
        "def fail(*_): raise LookupError('lost')\n"
        f"if {where!r} == 'niceness': lane._give_way = fail\n"
        f"pick = fail if {where!r} == 'pick' else lambda: fail\n"
        "lane.start_lane('network', pick, threading.Condition())\n"
        "time.sleep(30)\n"
    )
    done = run(code)
    assert done.returncode == 70
    assert "LookupError: lost" in done.stderr
