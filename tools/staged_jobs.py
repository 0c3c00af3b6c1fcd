"""Jobs to take pictures of: a training that has finished, an evaluation, and one that has failed, all real."""

from __future__ import annotations

import atexit
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lpsnet.assets import demo_checkpoint
from lpsnet_studio.jobs.launch import launch
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, TrainSpec
from lpsnet_studio.jobs.status import read_status

__all__ = ["StagedJobs", "staged_jobs"]

_SECONDS = 900.0
_SETTINGS = (
    "input.short_side=320",
    "input.long_side_cap=512",
    "data.augmentation.crop=[256,256]",
    "data.workers=0",
    "data.train.count=64",
    "data.val.count=3",
    "training.batch=2",
    "training.precision=fp32",
    "training.optimizer.lr=0.0002",
    "training.schedule.batch=2",
    "training.schedule.iterations=60",
    "training.schedule.warmup=4",
    "training.log_every=1",
    "training.evaluate_every=20",
    "training.checkpoint_every=20",
    "training.samples=3",
)
_NO_DATA = (
    "data.train.kind=coco_panoptic",
    "data.train.annotations=/data/street/annotations/panoptic_train.json",
)


@dataclass(frozen=True, slots=True)
class StagedJobs:
    """Run directories.

    Attributes:
        trained: of a training that has finished.
        measured: of an evaluation.
        failed: of a training whose data was not there.
    """

    trained: Path
    measured: Path
    failed: Path


@cache
def staged_jobs() -> StagedJobs:
    """Runs the jobs, one after the other, in a folder that goes with the program."""
    folder = tempfile.TemporaryDirectory(prefix="lpsnet-runs-")
    atexit.register(folder.cleanup)
    jobs = StagedJobs(*(Path(folder.name) / name for name in ("street", "street-evaluation", "street-own-data")))
    checkpoint = demo_checkpoint()
    begun = () if checkpoint is None else (f"training.start_from={checkpoint}",)
    _run(TrainSpec("demo", (*_SETTINGS, *begun), jobs.trained, ("cpu",)))
    _run(EvaluateSpec(jobs.trained, "scenes:900000+12", jobs.measured, device="cpu"))
    _run(TrainSpec("demo", _NO_DATA, jobs.failed, ("cpu",)))
    return jobs


def _run(spec: JobSpec) -> None:
    launch(spec)
    end = time.monotonic() + _SECONDS
    while read_status(spec.folder).state.is_alive:
        if time.monotonic() > end:
            sys.exit(f"{spec.folder}: the job did not end within {_SECONDS:.0f} s")
        time.sleep(0.5)
