"""Measuring a network in the middle of its training: panoptic quality, and a few predictions as pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from lpsnet.categories import Categories
from lpsnet.config import Config
from lpsnet.data.sources import LabelledPicture, PictureSource
from lpsnet.data.transforms import network_input
from lpsnet.engine.distributed import Processes
from lpsnet.formats.atomic import write_atomically
from lpsnet.inspection import Inspection
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts
from lpsnet.model.lpsnet import LPSNet
from lpsnet.model.output import NetworkOutput
from lpsnet.overlay import render_overlay

__all__ = ["figures_of", "half_precision", "validate"]


_LARGEST_SAMPLE = (2048, 2048)
"""Width and height of a sample in pixels, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class _Runner:
    """Runs a network on pictures as inference does, in the precision that it is trained in."""

    model: LPSNet
    config: Config
    device: torch.device

    def __call__(self, image: NDArray[np.uint8]) -> NetworkOutput:
        rules = self.config.input
        x = network_input(image, rules.short_side, rules.long_side_cap, rules.mean, rules.std).to(self.device)
        images = x[None].to(memory_format=torch.channels_last)
        with torch.inference_mode(), half_precision(self.device, self.config.training.precision):
            output: NetworkOutput = self.model(images)
        return output


@contextmanager
def half_precision(device: torch.device, precision: str) -> Iterator[None]:
    """Makes the network compute in half precision where that is safe; ``fp32`` changes nothing."""
    dtype = torch.float16 if precision == "fp16" else torch.bfloat16
    with torch.autocast(device.type, dtype, enabled=precision != "fp32"):
        yield


@contextmanager
def _measured(model: LPSNet) -> Iterator[None]:
    """Puts a network into evaluation mode for a while."""
    model.eval()
    try:
        yield
    finally:
        model.train()


def validate(
    model: LPSNet,
    config: Config,
    source: PictureSource,
    processes: Processes,
    samples: Path,
    should_stop: Callable[[], bool],
) -> tuple[PanopticQuality, tuple[Path, ...]] | None:
    """Measures a network on every picture of a source, shared among the processes.

    Args:
        model: in any mode; it is left in training mode, and its running statistics are the first process's.
        config: its input, inspection, precision and number of samples are followed.
        source: the pictures.
        processes: all of them must call this.
        samples: where the first process puts pictures of its first predictions.
        should_stop: asked between pictures; the measurement is given up once it returns True on any process.

    Returns:
        The quality over all pictures, the same on every process, and the pictures that this one wrote; None if it was
        given up.

    Raises:
        OSError: if a picture cannot be read or a sample not be written.
        ValueError: naming the file, if a picture is damaged.
    """
    counts = QualityCounts.zeros(len(source.categories))
    written: list[Path] = []
    given_up = False
    processes.copy_from_first(model.buffers())
    with _measured(model), processes.failing_together():
        run = _Runner(model, config, processes.device)
        for index in range(processes.rank, len(source), processes.count):
            given_up = should_stop()
            if given_up:
                break
            picture = source.read(index)
            inspection = Inspection(
                picture.image,
                source.categories,
                run_network=run,
                truth=picture.truth,
                truth_areas=picture.truth_areas,
                settings=config.inspection,
            )
            inspection.run()
            assert inspection.quality is not None
            counts += inspection.quality.counts
            if processes.is_first and len(written) < config.training.samples:
                written.append(_write_sample(samples, len(written), picture, inspection, source.categories))
    if processes.sum(torch.tensor([float(given_up)], dtype=torch.float64)).any():
        return None
    return PanopticQuality(_summed(counts, processes), source.categories), tuple(written)


def _summed(counts: QualityCounts, processes: Processes) -> QualityCounts:
    columns = np.stack([counts.tp, counts.fp, counts.fn, counts.iou])
    tp, fp, fn, iou = processes.sum(torch.from_numpy(columns)).numpy()
    return QualityCounts(tp.astype(np.int64), fp.astype(np.int64), fn.astype(np.int64), iou)


def figures_of(quality: PanopticQuality) -> dict[str, float | None]:
    """Returns PQ, SQ and RQ for all classes, things and stuff; None where there is no class."""
    figures: dict[str, float | None] = {}
    for suffix, means in (("", quality.all), ("_things", quality.things), ("_stuff", quality.stuff)):
        for name, value in (("pq", means.pq), ("sq", means.sq), ("rq", means.rq)):
            figures[name + suffix] = None if math.isnan(value) else value
    return figures


def _write_sample(
    folder: Path, number: int, picture: LabelledPicture, inspection: Inspection, categories: Categories
) -> Path:
    """Draws the prediction beside the truth."""
    prediction = render_overlay(picture.image, inspection.trace.segmentation(), categories)
    truth = render_overlay(picture.image, picture.truth, categories)
    path = folder / f"{number:02d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    both = Image.fromarray(np.concatenate((prediction, truth), axis=1))
    both.thumbnail(_LARGEST_SAMPLE)
    write_atomically(path, lambda stream: both.save(stream, "PNG"))
    return path
