"""The weights that a training begins with: whether they are there and fit; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlparse

import torch
from torchvision.models import get_model_weights

from lpsnet.categories import Categories
from lpsnet.checkpoint import load_checkpoint
from lpsnet.config import Config, expand_path
from lpsnet.engine.first_weights import first_network
from lpsnet.engine.preflight.findings import Preflight
from lpsnet.model.backbone import ResNet, load_pretrained
from lpsnet.weight_files import WEIGHT_SUFFIXES

__all__ = ["check_first_weights"]


def check_first_weights(found: Preflight, config: Config, categories: Categories | None) -> None:
    """Looks for what a training begins with.

    Args:
        found: is told of it.
        config: its backbone's weights and ``training.start_from`` are followed.
        categories: what is learnt; None if they could not be read.
    """
    if config.training.start_from is not None:
        _check_start(found, config, categories)
    elif config.model.backbone.weights is not None:
        _check_backbone(found, config, config.model.backbone.weights)
    else:
        found.fine("model.backbone.weights", "none: the network learns from scratch")


def _check_start(found: Preflight, config: Config, categories: Categories | None) -> None:
    field, remedy = "training.start_from", "give the checkpoint of a network of this structure, or null"
    assert config.training.start_from is not None
    try:
        path = expand_path(config.training.start_from)
        if categories is None:
            load_checkpoint(path)
            return
        with torch.random.fork_rng(devices=[]):
            _, notes = first_network(config, categories, resumed=False)
    except (ValueError, OSError) as error:
        found.error(field, str(error), remedy)
        return
    for note in notes:
        if note.level == "warning":
            found.warning(field, note.text)
        else:
            found.fine(field, note.text)


def _check_backbone(found: Preflight, config: Config, weights: str) -> None:
    field = "model.backbone.weights"
    remedy = f"set {field} to a local file, or to null for a network that learns from scratch"
    body = config.model.backbone
    try:
        path = expand_path(weights)
        if path.suffix in WEIGHT_SUFFIXES or path.is_file():
            load_pretrained(ResNet(body.name, frozen=body.frozen, stride_in_1x1=body.stride_in_1x1), weights)
            found.fine(field, f"{path}: fits {body.name}")
            return
    except (ValueError, OSError) as error:
        found.error(field, str(error), remedy)
        return
    known = get_model_weights(body.name)
    if weights not in known.__members__:
        names = ", ".join(known.__members__)
        found.error(field, f"torchvision has no {body.name} weights named {weights!r}, and no such file exists", names)
        return
    entry = known[weights]
    kept = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(entry.url).path).name
    if kept.is_file():
        found.fine(field, f"{body.name} {weights}: {kept}")
    else:
        size = entry.meta.get("_file_size")
        room = f"{size:.0f} MB" if isinstance(size, int | float) else "a file"
        found.warning(field, f"{body.name} {weights} will be downloaded, {room}: that needs a network", remedy)
