"""All that a training needs to go on as if it had never stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lpsnet.formats.atomic import write_atomically

__all__ = ["TrainingState", "load_training_state", "save_training_state"]

_FORMAT = "lpsnet-training-1"


@dataclass(frozen=True, slots=True, eq=False)
class TrainingState:
    """A training between two iterations. The order of pictures and their changes follow from the iteration.

    Attributes:
        iteration: how many are done.
        model: parameters and buffers by name.
        optimizer: what ``Optimizer.state_dict`` returns.
        scaler: what ``GradScaler.state_dict`` returns; empty where none is used.
        generator: the state of torch's random numbers.
        best_pq: the highest so far; below 0 before the first evaluation.
        evaluation_due: whether the network is to be measured before it learns on.
    """

    iteration: int
    model: dict[str, torch.Tensor]
    optimizer: dict[str, Any]
    scaler: dict[str, Any]
    generator: torch.Tensor
    best_pq: float
    evaluation_due: bool = False


def save_training_state(
    path: Path,
    *,
    iteration: int,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    best_pq: float,
    evaluation_due: bool,
) -> None:
    """Writes the state, whole or not at all.

    Raises:
        OSError: naming the file, if it cannot be written; the older state is then untouched.
    """
    content = {
        "format": _FORMAT,
        "iteration": iteration,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scaler": scaler.state_dict(),
        "generator": torch.get_rng_state(),
        "best_pq": best_pq,
        "evaluation_due": evaluation_due,
    }
    write_atomically(path, lambda stream: torch.save(content, stream))


def load_training_state(path: Path) -> TrainingState:
    """Reads a state; nothing in the file is ever run.

    Raises:
        OSError: if it cannot be read.
        ValueError: naming the file, if it is not a whole state.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no saved state to resume from")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if content.pop("format") != _FORMAT:
            raise ValueError("another format")
        return TrainingState(**content)
    except OSError:
        raise
    except Exception as error:
        raise ValueError(f"{path}: not a whole training state ({' '.join(str(error).split())[:200]})") from None
