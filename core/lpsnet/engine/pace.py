"""How fast a training goes, and the means of what it reports."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Pace"]


@dataclass(slots=True)
class Pace:
    """Losses and times since they were last reported.

    Attributes:
        first_iteration: how many were done before this process began.
        batch: pictures an iteration.
    """

    first_iteration: int
    batch: int
    _began: float = field(default_factory=time.perf_counter)
    _reported: float = field(default_factory=time.perf_counter)
    _losses: list[Mapping[str, float]] = field(default_factory=list)
    _gradient_norms: list[float] = field(default_factory=list)

    def add(self, losses: Mapping[str, float], gradient_norm: float) -> None:
        """Counts an iteration."""
        self._losses.append(losses)
        self._gradient_norms.append(gradient_norm)

    def leave_out(self, seconds: float) -> None:
        """Takes time that went into something else, which the pictures a second must not pay for."""
        self._reported += seconds

    def mean_losses(self) -> dict[str, float]:
        """Returns the mean of each loss."""
        return {name: sum(losses[name] for losses in self._losses) / len(self._losses) for name in self._losses[0]}

    def mean_gradient_norm(self) -> float:
        """Returns the mean of the finite lengths; fp16 skips iterations whose gradient overflowed."""
        finite = [norm for norm in self._gradient_norms if math.isfinite(norm)]
        return sum(finite) / len(finite) if finite else math.nan

    def images_per_second(self) -> float:
        """Returns how many pictures were worked through in a second, since the last report."""
        return len(self._losses) * self.batch / max(time.perf_counter() - self._reported, 1e-9)

    def seconds_per_iteration(self, iteration: int) -> float:
        """Returns the mean time of all iterations of this process, evaluations and checkpoints included."""
        return (time.perf_counter() - self._began) / max(iteration - self.first_iteration, 1)

    def begin_anew(self) -> None:
        """Forgets what has been reported."""
        self._losses.clear()
        self._gradient_norms.clear()
        self._reported = time.perf_counter()
