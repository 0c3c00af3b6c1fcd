"""The batch that a training stopped at, kept for inspection."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import safetensors.torch
from torch import Tensor

from lpsnet.data.batches import TrainingBatch
from lpsnet.formats.atomic import write_atomically, write_failure

__all__ = ["save_stopped_batch"]


def save_stopped_batch(
    path: Path, parts: Sequence[TrainingBatch], *, iteration: int, losses: Mapping[str, float]
) -> None:
    """Writes pictures and targets, as the network and the losses were given them, to a safetensors file.

    Part p holds ``part.p.image.i``, RGB uint8 ``[3, h, w]``, and the fields of
    :class:`~lpsnet.data.batches.BatchTargets` as ``part.p.ltrb``, ``part.p.borderness``, … . The file's metadata says
    the ``iteration``, the ``losses``, and as ``names`` a list of the pictures' names for every part, all as JSON.

    Args:
        path: of the file; its folder is made if need be.
        parts: what this process worked on.
        iteration: how many were done before.
        losses: by name.

    Raises:
        OSError: naming the file, if it cannot be written.
    """
    content: dict[str, Tensor] = {}
    for number, part in enumerate(parts):
        tensors = {f"image.{index}": image for index, image in enumerate(part.images)}
        tensors |= {
            "ltrb": part.targets.ltrb,
            "borderness": part.targets.borderness,
            "state": part.targets.state,
            "labels": part.targets.labels,
        }
        if part.targets.pixel_weights is not None:
            tensors["pixel_weights"] = part.targets.pixel_weights
        content |= {f"part.{number}.{name}": tensor.contiguous() for name, tensor in tensors.items()}
    metadata = {
        "iteration": str(iteration),
        "losses": json.dumps({name: str(loss) for name, loss in losses.items()}),
        "names": json.dumps([part.names for part in parts]),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failure(path, error) from error
    write_atomically(path, safetensors.torch.save(content, metadata))
