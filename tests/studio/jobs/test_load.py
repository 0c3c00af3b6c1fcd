from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from lpsnet_studio.jobs import kernel_memory
from lpsnet_studio.jobs.load import LoadFile, LoadMeter


def samples_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_tree_of_processes_is_measured_together() -> None:
    computes = "x = bytearray(60 << 20); print(1, flush=True)\nwhile 1: pass"
    busy = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {computes!r}]); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", busy], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        meter = LoadMeter(process.pid)
        first = meter.sample()
        time.sleep(0.5)
        second = meter.sample()
        assert (first["processes"], second["processes"]) == (2, 2)
        assert "cpu_percent" not in first
        assert 5 < second["cpu_percent"] < 150
        assert first["cores"] == second["cores"] <= (psutil.cpu_count() or 1)
        assert second["rss_bytes"] > 60 << 20
        assert meter.peak_rss == max(first["rss_bytes"], second["rss_bytes"])
    finally:
        for child in psutil.Process(process.pid).children():
            child.kill()
        process.kill()
        process.wait()


def test_a_process_that_is_gone_has_no_load() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert LoadMeter(process.pid).sample()["processes"] == 0


def test_gpus_are_told_by_nvidia_smi(tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho '0, 87, 40536, 81559'\necho '1, [N/A], 10, 81559'\n")
    program.chmod(0o755)
    gpus = LoadMeter(os.getpid(), str(program)).sample()["gpus"]
    assert gpus[0] == {"percent": 87, "memory_bytes": 40536 << 20, "memory_total_bytes": 81559 << 20}
    assert gpus[1] == {"memory_bytes": 10 << 20, "memory_total_bytes": 81559 << 20}


def test_a_driver_in_trouble_is_asked_no_more(tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\nexit 9\n")
    program.chmod(0o755)
    meter = LoadMeter(os.getpid(), str(program))
    assert all("gpus" not in meter.sample() for _ in range(6))
    assert (tmp_path / "asked").read_text().splitlines() == ["asked"] * 3


def test_a_load_file_stays_small_keeps_its_order_and_its_latest(tmp_path: Path) -> None:
    path = tmp_path / "load.jsonl"
    load = LoadFile(path, most_bytes=2_000)
    for number in range(1000):
        load.append({"time": number})
    times = [sample["time"] for sample in samples_in(path)]
    assert path.stat().st_size <= 2_100
    assert times == sorted(times)
    assert times[0] == 0
    assert times[-20:] == list(range(980, 1000))
    assert len(times) > 60


def test_a_torn_line_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "load.jsonl"
    path.write_text('{"time": 1}\n{"ti')
    LoadFile(path).append({"time": 3})
    assert path.read_text() == '{"time": 1}\n{"ti\n{"time": 3}\n'


def test_a_full_disk_costs_the_sample_alone(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / "load.jsonl").symlink_to("/dev/full")
    LoadFile(tmp_path / "load.jsonl").append({"time": 1})


def test_the_kernel_tells_of_its_memory_group_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_memory, "_group_folders", lambda: [tmp_path / "gone", tmp_path])
    (tmp_path / "memory.max").write_text("1048576\n")
    (tmp_path / "memory.events").write_text("low 0\noom 3\noom_kill 2\noom_group_kill 0\n")
    assert kernel_memory.memory_total() == 1 << 20
    assert kernel_memory.oom_kills() == 2
    (tmp_path / "memory.max").write_text("max\n")
    assert kernel_memory.memory_total() > 1 << 20
