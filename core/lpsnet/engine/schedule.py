"""How long a training takes and how its learning rate goes (paper section 4; method rows 58, 59, 61, 62)."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from lpsnet.config import OptimizerConfig, ScheduleConfig, TrainingConfig

__all__ = ["Schedule", "scaled_words"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """The schedule of a run, its numbers scaled to the run's batch.

    Attributes:
        iterations: how many.
        lr: learning rate at full height.
        decay: ``steps`` or ``cosine``, down to 0.
        steps: iterations after which the rate is multiplied by ``gamma``.
        gamma: see ``steps``.
        warmup: iterations over which the rate grows, in equal steps.
        warmup_factor: share of its height that it starts from.
        note: how the batch changed the config's numbers, in a sentence; empty if it did not.
    """

    iterations: int
    lr: float
    decay: str
    steps: tuple[int, ...]
    gamma: float
    warmup: int
    warmup_factor: float
    note: str = ""

    @classmethod
    def for_batch(cls, schedule: ScheduleConfig, optimizer: OptimizerConfig, batch: int) -> Schedule:
        """Scales a config's numbers: with a k-th of the batch, k times the iterations at a k-th of the rate."""
        share = batch / schedule.batch
        iterations = max(1, round(schedule.iterations / share))
        lr = optimizer.lr * share
        steps = tuple(round(step / share) for step in schedule.steps) if schedule.decay == "steps" else ()
        warmup = round(schedule.warmup / share)
        note = ""
        if share != 1:
            note = (
                f"the schedule is meant for batches of {schedule.batch}; with {batch} the learning rate is {lr:g} "
                f"instead of {optimizer.lr:g}, and there are {iterations} iterations instead of {schedule.iterations}"
            )
            if steps:
                note += f", with steps at {', '.join(str(step) for step in steps)}"
        return cls(
            iterations=iterations,
            lr=lr,
            decay=schedule.decay,
            steps=steps,
            gamma=schedule.gamma,
            warmup=warmup,
            warmup_factor=schedule.warmup_factor,
            note=note,
        )

    def lr_at(self, iteration: int) -> float:
        """Returns the learning rate of an iteration, counted from 0."""
        height = self.lr
        if iteration < self.warmup:
            height *= self.warmup_factor + (1 - self.warmup_factor) * iteration / self.warmup
        if self.decay == "cosine":
            return height * 0.5 * (1 + math.cos(math.pi * min(1.0, iteration / self.iterations)))
        return height * self.gamma ** bisect_right(self.steps, iteration)


def scaled_words(training: TrainingConfig) -> str:
    """Returns what the batch makes of a config's schedule, in a few words; empty if it is the batch that it is for.

    Such as ``60 iterations of 2 pictures, learning rate 0.5 ×``.
    """
    if training.batch == training.schedule.batch:
        return ""
    count = Schedule.for_batch(training.schedule, training.optimizer, training.batch).iterations
    iterations = "1 iteration" if count == 1 else f"{count:,} iterations"
    pictures = "1 picture" if training.batch == 1 else f"{training.batch} pictures"
    return f"{iterations} of {pictures}, learning rate {training.batch / training.schedule.batch:.3g} ×"
