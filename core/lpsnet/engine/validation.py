"""Measuring a network in the middle of its training: panoptic quality, mean IoU, and a few predictions as pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lpsnet.config import Config
from lpsnet.data.sources import PictureSource
from lpsnet.data.transforms import network_input
from lpsnet.engine.distributed import Processes
from lpsnet.engine.evaluate import evaluate
from lpsnet.engine.evaluation import Evaluation, mean_figures
from lpsnet.engine.samples import Samples
from lpsnet.metrics.mean_iou import MeanIoU, SemanticCounts
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts
from lpsnet.model.lpsnet import LPSNet
from lpsnet.model.output import NetworkOutput

__all__ = ["Validation", "half_precision", "validate"]

_SHOWN_FAILURES = 3


@dataclass(frozen=True, eq=False)
class Validation:
    """How well a network in training segments the pictures that it is measured on.

    Attributes:
        panoptic: over all of them, the same on every process.
        semantics: likewise.
        images: how many were measured.
        failures: one sentence for each of the others, by process.
        samples: the pictures of predictions that this process wrote.
    """

    panoptic: PanopticQuality
    semantics: MeanIoU
    images: int
    failures: tuple[str, ...] = ()
    samples: tuple[Path, ...] = ()

    @property
    def figures(self) -> dict[str, float | None]:
        """The figures of :class:`lpsnet.events.Evaluated` by name; None where there is no class."""
        return mean_figures(self.panoptic, self.semantics)

    @property
    def failure_words(self) -> str:
        """How many pictures could not be measured, and why the first of them."""
        more = len(self.failures) - _SHOWN_FAILURES
        first = [*self.failures[:_SHOWN_FAILURES], *([f"and {more} more"] if more > 0 else [])]
        wanted = self.images + len(self.failures)
        return f"{len(self.failures)} of {wanted} pictures could not be measured: {'; '.join(first)}"


def validate(
    model: LPSNet,
    config: Config,
    source: PictureSource,
    processes: Processes,
    samples: Path,
    should_stop: Callable[[], bool],
) -> Validation | None:
    """Measures a network on every picture of a source, shared among the processes.

    A picture that cannot be read or segmented is named and left out. Average precision is not measured.

    Args:
        model: in any mode; it is left in training mode, and its running statistics are the first process's.
        config: its input, inspection, precision and number of samples are followed.
        source: the pictures.
        processes: all of them must call this.
        samples: where the first process puts pictures of its first predictions.
        should_stop: asked between pictures; the measurement is given up once it returns True on any process.

    Returns:
        What was measured; None if it was given up.

    Raises:
        OSError: if a sample cannot be written.
        ValueError: saying why, if not one picture could be measured, or the CUDA device failed.
    """
    gallery = Samples(samples, config.training.samples if processes.is_first else 0, source.categories)
    processes.copy_from_first(model.buffers())
    with _measured(model), processes.failing_together():
        own = evaluate(
            _Runner(model, config, processes.device),
            source,
            config.inspection,
            pictures=range(processes.rank, len(source), processes.count),
            average_precision=False,
            on_prediction=gallery.add,
            should_stop=should_stop,
        )
        if not own.complete and not should_stop():
            raise ValueError("; ".join(own.failures[-2:]))
    if processes.sum(torch.tensor(int(not own.complete))):
        return None
    return _joined(own, processes, tuple(gallery.written))


def _joined(own: Evaluation, processes: Processes, samples: tuple[Path, ...]) -> Validation:
    """Puts together what the processes measured.

    Raises:
        ValueError: on every process, if there is nothing.
    """
    counts, categories = own.panoptic.counts, own.panoptic.categories
    tp, fp, fn = processes.sum(torch.from_numpy(np.stack([counts.tp, counts.fp, counts.fn]))).numpy()
    iou = processes.sum(torch.from_numpy(counts.iou)).numpy()
    confusion = processes.sum(torch.from_numpy(own.semantics.counts.confusion)).numpy()
    found = Validation(
        PanopticQuality(QualityCounts(tp, fp, fn, iou), categories),
        MeanIoU(SemanticCounts(confusion), categories),
        images=int(processes.sum(torch.tensor(own.measured))),
        failures=tuple(failure for failures in processes.gathered(own.failures) for failure in failures),
        samples=samples,
    )
    if not found.images:
        raise ValueError(f"{own.data}: {found.failure_words}")
    return found


# ------------------------------------------------------------------------------------------------------- the network


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
