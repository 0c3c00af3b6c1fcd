"""Is the memory that ``lpsnet check-run`` foretells the memory that a training takes?

For each of a few small trainings it is foretold, then a few iterations and an evaluation are run in a process of their
own, and the most memory of that process and its workers is watched: resident of one process, shared pages counted once
where there are several. Its exit is not watched: a process that imported torch then pages in 120 MB of its libraries.
Run as ``python benchmarks/memory_estimate.py``; it takes about two minutes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from _machine import describe_machine, markdown_table

NETWORK = {
    "tiny": ["model.backbone.width=0.5", "model.channels=64", "model.box_head.layers=2"],
    "wide": ["model.backbone.width=1.0", "model.channels=128"],
}
CASES = (
    ("tiny", (256, 320), 1, 0, "fp32"),
    ("tiny", (384, 512), 2, 0, "fp32"),
    ("tiny", (480, 640), 4, 0, "fp32"),
    ("tiny", (480, 640), 4, 0, "bf16"),
    ("wide", (384, 512), 2, 2, "fp32"),
)
"""Network, size of the scenes, batch, workers, precision."""


def main() -> None:
    print(describe_machine())
    rows: list[tuple[object, ...]] = [
        ("network", "scenes", "batch", "workers", "precision", "foretold, MB", "taken, MB", "foretold / taken")
    ]
    for network, (height, width), batch, workers, precision in CASES:
        settings = [
            *NETWORK[network],
            *(f"data.{part}.{name}={side}" for part in ("train", "val") for name, side in sizes(height, width)),
            "data.train.count=50",
            "data.val.count=2",
            "data.augmentation={}",
            f"data.workers={workers}",
            f"input.short_side={height}",
            "loss.small_thing_weight=1",
            f"training.batch={batch}",
            f"training.schedule.batch={batch}",
            "training.schedule.iterations=4",
            "training.schedule.warmup=0",
            f"training.precision={precision}",
        ]
        with tempfile.TemporaryDirectory() as folder:
            words = ["--config", "demo", "--device", "cpu", "--run-dir", str(Path(folder) / "run"), *settings]
            estimate, taken = foretold(words), watched(words, Path(folder) / "run" / "events.jsonl")
        figures = round(estimate / 1e6), round(taken / 1e6), estimate / taken
        rows.append((network, f"{height} × {width}", batch, workers, precision, *figures))
    print(markdown_table(rows))


def sizes(height: int, width: int) -> tuple[tuple[str, int], ...]:
    return ("height", height), ("width", width)


def foretold(words: list[str]) -> int:
    command = [sys.executable, "-m", "lpsnet.cli", "check-run", "train", *words, "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(json.loads(done.stdout)["estimates"]["memory_bytes"])


def watched(words: list[str], events: Path) -> int:
    """Trains, and returns the most bytes that were held at a time until the events tell of the end."""
    command = [sys.executable, "-m", "lpsnet.cli", "train", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
        process, most = psutil.Process(child.pid), 0
        while child.poll() is None and not has_ended(events):
            most = max(most, held(process))
            time.sleep(0.005)
        _, complaint = child.communicate()
        if child.returncode:
            raise SystemExit(complaint)
    return most


def has_ended(events: Path) -> bool:
    return events.exists() and b'"stopped"' in events.read_bytes()


def held(process: psutil.Process) -> int:
    try:
        workers = process.children(recursive=True)
        if not workers:
            return int(process.memory_info().rss)
        return sum(int(each.memory_full_info().pss) for each in (process, *workers))
    except psutil.Error:
        return 0


if __name__ == "__main__":
    main()
