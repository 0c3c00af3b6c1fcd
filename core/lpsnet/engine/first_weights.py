"""The weights that a training begins with: drawn by its seed, a pretrained backbone's, or another training's."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from lpsnet.categories import Categories
from lpsnet.checkpoint import load_checkpoint
from lpsnet.config import Config, expand_path
from lpsnet.events import Note
from lpsnet.model.lpsnet import LPSNet, build_lpsnet

__all__ = ["first_network"]

_CLASSIFIER = "semantic_head.classify."
_SHOWN = 4
"""How many tensors a message names."""


def first_network(config: Config, categories: Categories, *, resumed: bool) -> tuple[LPSNet, list[Note]]:
    """Builds the network of a training, and says what its weights are.

    Args:
        config: its model, seed and ``training.start_from`` are followed.
        categories: what is learnt.
        resumed: True leaves the weights to the state that will be loaded: no file of weights is read.

    Raises:
        OSError: if weights cannot be read or downloaded.
        ValueError: naming the file, if they are damaged or do not fit.
    """
    torch.manual_seed(config.training.seed)
    model = build_lpsnet(config.model, len(categories), load_backbone_weights=not resumed and not _starts_from(config))
    if resumed or config.training.start_from is None:
        return model, []
    return model, _take_over(model, expand_path(config.training.start_from), categories)


def _starts_from(config: Config) -> bool:
    return config.training.start_from is not None


def _take_over(model: LPSNet, path: Path, categories: Categories) -> list[Note]:
    """Loads what fits of a checkpoint's weights, and says what did not.

    The classifier fits only if the classes are the same, in the same order: a row of it would else mean another class.

    Raises:
        OSError: if the file cannot be read.
        ValueError: naming the file, if it is damaged, nothing in it fits, or it leaves random what does not learn.
    """
    checkpoint = load_checkpoint(path)
    same_classes = [entry.name for entry in checkpoint.categories] == [entry.name for entry in categories]
    wanted = {name: tensor for name, tensor in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    fitting = {
        name: tensor
        for name, tensor in checkpoint.state.items()
        if name in wanted and wanted[name].shape == tensor.shape and (same_classes or not name.startswith(_CLASSIFIER))
    }
    if not fitting:
        raise ValueError(f"{path}: none of its weights fits this network")
    fresh = [name for name in wanted if name not in fitting]
    fixed = next((name for name in fresh if name not in _learnt(model)), None)
    if fixed is not None:
        raise ValueError(
            f"{path}: its {fixed} does not fit, and this network would keep it random: set model.backbone.freeze=false"
        )
    model.load_state_dict(fitting, strict=False)
    notes = [Note(text=f"the training starts from {path}: {len(fitting)} of {len(wanted)} tensors")]
    if not same_classes:
        told = f"its {len(checkpoint.categories)} classes are not these {len(categories)}: the classifier starts afresh"
        notes.append(Note(text=f"{path}: {told}", level="warning"))
    others = [name for name in fresh if same_classes or not name.startswith(_CLASSIFIER)]
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        told = f"start afresh, as it lacks them or has them in another shape: {', '.join(others[:_SHOWN])}{more}"
        notes.append(Note(text=f"{path}: {told}", level="warning"))
    return notes


def _learnt(model: nn.Module) -> set[str]:
    """Returns the tensors that training changes: parameters that learn, and the statistics of live norms."""
    learnt = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    live = [name for name, module in model.named_modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    return learnt | {f"{name}.{statistic}" for name in live for statistic in ("running_mean", "running_var")}
