"""One iteration of training: forward, losses, backward, and a step of the optimiser (paper sections 3.5 and 4).

The pictures of an iteration may be shared by processes and worked through in parts: losses are divided by counts over
all of them, so that neither changes the gradient.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lpsnet.config import Config
from lpsnet.data.batches import TrainingBatch
from lpsnet.data.transforms import normalise
from lpsnet.engine.distributed import Processes
from lpsnet.engine.optimizers import set_learning_rate
from lpsnet.engine.stopping import StopReason, StopRequest, agreed_reason
from lpsnet.engine.validation import half_precision
from lpsnet.losses import Normalisers, compute_losses, count_normalisers, sum_of
from lpsnet.model.lpsnet import LPSNet

__all__ = ["LOSSES", "SMALLEST_SCALE", "StepResult", "TrainingStep"]

LOSSES = ("total", "box", "borderness", "semantic")
"""The names of the losses, the weighted sum first."""

SMALLEST_SCALE = 2.0**-13
"""What fp16 losses are multiplied by, at least: a gradient that overflows even then is not the scale's fault."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What an iteration led to, the same on every process.

    Attributes:
        losses: by name, over the pictures of all processes.
        gradient_norm: length of the gradient before clipping.
        not_finite: what was infinite or not a number, in words, so that no step was taken; empty if nothing was.
        stop: what any of the processes was asked meanwhile.
    """

    losses: Mapping[str, float]
    gradient_norm: float
    not_finite: str
    stop: StopReason | None


class TrainingStep:
    """Does iterations; every process of a training holds one.

    Args:
        model: on this process's device; with several processes they all become like the first one's.
        config: its input, targets, loss and training are followed.
        processes: all of them must do every iteration.
        optimizer: of the model's parameters.
        scaler: enabled for fp16 only.
    """

    def __init__(
        self,
        model: LPSNet,
        config: Config,
        processes: Processes,
        optimizer: torch.optim.Optimizer,
        scaler: torch.amp.GradScaler,
    ) -> None:
        self._model = model
        self._config = config
        self._processes = processes
        self._optimizer = optimizer
        self._scaler = scaler
        self._replica: nn.Module = model
        if processes.count > 1:
            # Running statistics are each process's own until they are wanted: see validation.
            self._replica = DistributedDataParallel(model, broadcast_buffers=False)

    def __call__(self, parts: Sequence[TrainingBatch], lr: float, request: StopRequest) -> StepResult:
        """Does one iteration.

        Args:
            parts: this process's share of the pictures.
            lr: learning rate.
            request: what this process was asked so far.
        """
        normalisers = self._normalisers(parts)
        self._optimizer.zero_grad(set_to_none=True)
        sums = torch.zeros(len(LOSSES), dtype=torch.float64, device=self._processes.device)
        for number, part in enumerate(parts, start=1):
            with self._gradients_averaged(number == len(parts)):
                sums += self._forward_and_backward(part, normalisers)
        told = self._processes.sum(torch.cat((sums.cpu(), request.as_tensor())))
        losses = dict(zip(LOSSES, (told[: len(LOSSES)] / self._processes.count).tolist(), strict=True))
        gradient_norm = self._clipped_gradient_norm()
        not_finite = self._not_finite(losses, gradient_norm)
        if not not_finite:
            set_learning_rate(self._optimizer, lr)
            self._scaler.step(self._optimizer)
            self._scaler.update()
        return StepResult(losses, gradient_norm, not_finite, agreed_reason(told[len(LOSSES) :]))

    def _normalisers(self, parts: Sequence[TrainingBatch]) -> Normalisers:
        """Counts over the pictures of all processes (method rows 24, 25)."""
        stride = self._config.loss.semantic_stride
        counts = sum_of([count_normalisers(part.targets, semantic_stride=stride) for part in parts])
        return Normalisers.of_iteration(self._processes.sum(counts), self._processes.count)

    def _gradients_averaged(self, last: bool) -> AbstractContextManager[object]:
        """Averages gradients over the processes with an iteration's last part, not before."""
        if last or not isinstance(self._replica, DistributedDataParallel):
            return nullcontext()
        return self._replica.no_sync()

    def _forward_and_backward(self, part: TrainingBatch, normalisers: Normalisers) -> Tensor:
        """Adds a part's gradients; returns its losses in the order of :data:`LOSSES`, ``[4]`` float64."""
        device, rules, weights = self._processes.device, self._config.input, self._config.loss
        with_borderness = self._config.targets.borderness != "none"
        images = [normalise(image.to(device), rules.mean, rules.std) for image in part.images]
        with half_precision(device, self._config.training.precision):
            output = self._replica(images)
        losses = compute_losses(
            output,
            part.targets.to(device),
            normalisers,
            box_loss=weights.box,
            weigh_boxes_by_borderness=weights.weigh_boxes_by_borderness and with_borderness,
            semantic_stride=weights.semantic_stride,
        )
        total = losses.total(
            box_weight=weights.box_weight,
            borderness_weight=weights.borderness_weight if with_borderness else 0.0,
            semantic_weight=weights.semantic_weight,
        )
        self._scaler.scale(total).backward()  # type: ignore[no-untyped-call]
        return torch.stack([total, losses.box, losses.borderness, losses.semantic]).detach().double()

    def _clipped_gradient_norm(self) -> float:
        """Shortens the gradient where the config says so; returns how long it was."""
        self._scaler.unscale_(self._optimizer)
        longest = self._config.training.optimizer.clip_norm
        return float(nn.utils.clip_grad_norm_(self._model.parameters(), longest or math.inf))

    def _not_finite(self, losses: Mapping[str, float], gradient_norm: float) -> str:
        broken = [f"{name} {value}" for name, value in losses.items() if not math.isfinite(value)]
        if not broken and not math.isfinite(gradient_norm):
            broken = [self._overflow()] if self._scaler.is_enabled() else [f"length of the gradient {gradient_norm}"]
        return ", ".join(filter(None, broken))

    def _overflow(self) -> str:
        """With fp16 a gradient overflows now and then: the scaler skips the iteration, and scales less from then on."""
        scale = self._scaler.get_scale()
        if scale / 2 >= SMALLEST_SCALE:
            return ""
        return f"the gradient overflows in fp16 even with losses multiplied by {scale:.2g}, the least that is tried"
