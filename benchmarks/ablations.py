"""Do the method's choices matter? One equal short training each on drawn scenes, indicative and no more.

Every variant is the `demo` network with a plain semantic head and differs from the first as its name says. It is
trained by `lpsnet train` on the same pictures in the same order for the same iterations, on one core. Its score
threshold is the best of a sweep on 100 scenes; the figures are those of 200 others at that threshold. What a training
is interrupted in is resumed by the next call, and what is finished is not run again; `--processes 2` trains two
variants side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from _machine import describe_machine, markdown_table

TRAIN, CHOOSE, MEASURE = (200_000, 3000), (50_000, 100), (60_000, 200)
"""First seed and number of the scenes that train, choose the threshold, and measure."""
HEIGHT, WIDTH = 256, 320
THRESHOLDS = "0.05,0.08,0.12,0.16,0.2,0.25,0.3,0.35,0.4,0.45,0.5"
CONFLICTS = "closest,highest,smallest"

BY_SIZE = [
    "targets.level_assignment=range",
    "targets.borderness_negatives=off_level",
    "model.box_head.borderness_prior=0.01",
]
EVERY_LEVEL = [
    "targets.level_assignment=all",
    "targets.borderness_negatives=none",
    "model.box_head.borderness_prior=0.5",
]
VARIANTS: dict[str, list[str]] = {
    "assignment (b), run border-ness, mask positives, PPM": [],
    "assignment (a): every level, no negatives": EVERY_LEVEL,
    "border-ness to the box (center-ness)": ["targets.borderness=box"],
    "no border-ness": [
        "targets.borderness=none",
        "inspection.use_borderness=false",
        "inspection.conflict=highest",
    ],
    "box positives": ["targets.positives=box"],
    "no context": ["model.context=none"],
    "assignment (b), every other location a negative": ["targets.borderness_negatives=all"],
    "assignment (b), second seed": ["training.seed=1"],
    "assignment (a), second seed": [*EVERY_LEVEL, "training.seed=1"],
}


def common(data: Path, iterations: int) -> list[str]:
    """Returns what every variant changes of the `demo` preset."""
    return [
        f"data.train={{kind: coco_panoptic, annotations: '{data}'}}",
        "data.val=null",
        "data.workers=1",
        "data.augmentation={flip: 0.5, color: 0.15}",
        f"input={{short_side: {HEIGHT}, long_side_cap: {2 * WIDTH}}}",
        "model.semantic_head.deformable=false",
        *BY_SIZE,
        "targets.size_limits=[32, 64, 128, 256]",
        "loss={semantic_stride: 2, small_thing_weight: 3}",
        "training.start_from=null",
        "training.batch=4",
        "training.precision=bf16",
        "training.optimizer={name: adamw, lr: 0.001, weight_decay: 0.02, clip_norm: 10}",
        f"training.schedule={{batch: 4, iterations: {iterations}, decay: cosine, warmup: 150, warmup_factor: 0.01}}",
        "training.log_every=50",
        "training.checkpoint_every=500",
    ]


def train(name: str, number: int, data: Path, out: Path, iterations: int) -> Path:
    """Trains a variant to the end of its schedule; returns its checkpoint."""
    folder = out / f"variant-{number}"
    finished = folder / "checkpoints" / "latest.safetensors"
    if (folder / "finished").is_file():
        return finished
    command = ["train", "--run-dir", str(folder)]
    if (folder / "checkpoints" / "state.pt").is_file():
        command += ["--resume"]
    else:
        command += ["--config", "demo", *common(data, iterations), *VARIANTS[name]]
    lpsnet(command, core=number, log=out / f"variant-{number}.log")
    (folder / "finished").touch()
    return finished


def measure(checkpoint: Path, out: Path, number: int) -> dict[str, Any]:
    """Chooses a variant's score threshold on some scenes and measures it on others."""
    report = out / f"variant-{number}.json"
    if not report.is_file():
        chosen = evaluate(checkpoint, CHOOSE, out / f"variant-{number}-sweep.json", number, [], THRESHOLDS)
        threshold = chosen["sweep"]["best"]
        settings = ["--set", f"inspection.score_threshold={threshold}"]
        evaluate(checkpoint, MEASURE, report, number, settings, "")
    return dict(json.loads(report.read_text()))


def evaluate(
    checkpoint: Path, scenes: tuple[int, int], report: Path, core: int, settings: list[str], thresholds: str
) -> dict[str, Any]:
    first, count = scenes
    command = ["evaluate", "--checkpoint", str(checkpoint), "--data", f"scenes:{first}+{count}@{HEIGHT}x{WIDTH}"]
    command += ["--json", str(report), *settings]
    if thresholds:
        command += ["--sweep", f"score_threshold={thresholds}"]
    lpsnet(command, core=core, log=report.with_suffix(".log"))
    return dict(json.loads(report.read_text()))


def lpsnet(arguments: list[str], *, core: int, log: Path) -> None:
    """Runs `lpsnet` on one core, as steady as a busy machine allows."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

    def keep_to_core() -> None:
        if hasattr(os, "sched_setaffinity"):
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, {cores[core % len(cores)]})

    with log.open("a") as stream:
        subprocess.run(
            [sys.executable, "-m", "lpsnet.cli", *arguments],
            check=True,
            env=environment,
            stdout=stream,
            stderr=stream,
            preexec_fn=keep_to_core,
        )


def run_variant(name: str, data: Path, out: Path, iterations: int) -> tuple[str, dict[str, Any]]:
    number = list(VARIANTS).index(name)
    checkpoint = train(name, number, data, out, iterations)
    return name, measure(checkpoint, out, number)


def compare_conflicts(out: Path) -> list[list[object]]:
    """Measures the three ways to settle contested pixels with the first variant's network."""
    threshold = json.loads((out / "variant-0.json").read_text())["settings"]["score_threshold"]
    rows: list[list[object]] = [["contested pixels go to", "PQ", "things"]]
    for conflict in CONFLICTS.split(","):
        report = out / f"conflict-{conflict}.json"
        settings = ["--set", f"inspection.score_threshold={threshold}", "--set", f"inspection.conflict={conflict}"]
        checkpoint = out / "variant-0" / "checkpoints" / "latest.safetensors"
        if not report.is_file():
            evaluate(checkpoint, MEASURE, report, 0, settings, "")
        panoptic = json.loads(report.read_text())["panoptic"]
        rows.append([conflict, 100 * panoptic["All"]["pq"], 100 * panoptic["Things"]["pq"]])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("build/ablations"), help="where trainings are kept")
    parser.add_argument("--iterations", type=int, default=2500, help="of every training, batches of 4")
    parser.add_argument("--processes", type=int, default=2, help="trainings side by side")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of variants")
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    data = out / "scenes" / "annotations" / "panoptic_scenes.json"
    if not data.is_file():
        first, count = TRAIN
        size = ["--height", str(HEIGHT), "--width", str(WIDTH)]
        command = ["scenes", "--out", str(out / "scenes"), "--seed", str(first), "--count", str(count), *size]
        subprocess.run([sys.executable, "-m", "lpsnet.cli", *command], check=True)
    names = [name for number, name in enumerate(VARIANTS) if arguments.only is None or number in arguments.only]
    with ThreadPoolExecutor(arguments.processes) as pool:
        run = partial(run_variant, data=data, out=out, iterations=arguments.iterations)
        reports = dict(pool.map(run, names))
    rows: list[list[object]] = [["variant", "PQ", "things", "stuff", "box AP", "mIoU", "threshold"]]
    for name, report in reports.items():
        panoptic = report["panoptic"]
        figures = [100 * panoptic[part]["pq"] for part in ("All", "Things", "Stuff")]
        figures += [100 * report["average_precision"]["box"]["ap"], 100 * report["semantics"]["miou"]]
        rows.append([name, *figures, report["settings"]["score_threshold"]])
    print(describe_machine(), "\n")
    print(f"{arguments.iterations} iterations of 4 scenes of {HEIGHT}×{WIDTH}; {MEASURE[1]} scenes measured\n")
    print(markdown_table(rows))
    if arguments.only is None or 0 in arguments.only:
        print()
        print(markdown_table(compare_conflicts(out)))


if __name__ == "__main__":
    main()
