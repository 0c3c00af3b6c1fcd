"""Networks on disk: a safetensors file that carries its own config and categories, and never code."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from lpsnet.categories import Categories
from lpsnet.config import Config, PanopticSource, apply_overrides, parse_config
from lpsnet.formats.atomic import write_atomically
from lpsnet.model.lpsnet import LPSNet, build_lpsnet
from lpsnet.model.tensor_files import is_pytorch_file, read_tensors, safetensors_flaw
from lpsnet.model_card import card_text, training_notes, with_export_note

__all__ = [
    "Checkpoint",
    "MismatchError",
    "card_text",
    "export_checkpoint",
    "load_checkpoint",
    "network_from",
    "save_checkpoint",
]

_FORMAT = "lpsnet-checkpoint-1"
_SHOWN = 3
"""How many mismatches a message lists."""
_DETAILED = 20
"""How many its details list."""
_CLASSIFIER = "semantic_head.classify.bias"
"""As long as there are classes."""


class MismatchError(ValueError):
    """Weights that are not those of the network that is wanted.

    Args:
        what: which weights, and what they should fit.
        problems: how they differ, one clause each.

    Attributes:
        problems: likewise.
    """

    def __init__(self, what: str, problems: Sequence[str]) -> None:
        super().__init__(f"{what}: {_listed(problems)}")
        self.problems = tuple(problems)

    @property
    def details(self) -> str:
        """How many mismatches of each kind there are, and the first 20 of them, one a line, of every kind some."""
        ends = {"missing": " is missing", "unexpected": " is unexpected", "different": ""}
        kinds: dict[str, list[str]] = {kind: [] for kind in ends}
        for problem in self.problems:
            kinds[next(kind for kind, end in ends.items() if problem.endswith(end))].append(problem)
        met = {kind: found for kind, found in kinds.items() if found}
        share = _DETAILED // max(len(met), 1)
        shown = [problem for found in met.values() for problem in found[:share]]
        counts = ", ".join(f"{len(found)} {kind}" for kind, found in met.items())
        left = len(self.problems) - len(shown)
        more = [f"and {left} more"] if left else []
        return "\n".join([f"{len(self.problems)} mismatches: {counts}", *shown, *more])


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """What a checkpoint file holds.

    Attributes:
        path: where it was read from.
        config: what the network was built from.
        categories: its classes.
        state: its parameters and buffers by name.
        card: what else the writer noted: training data, schedule, figures; see :func:`card_text`.
        changes: settings that were changed when it was read, by name: the file's value, and the one in ``config``.
    """

    path: Path
    config: Config
    categories: Categories
    state: Mapping[str, Tensor]
    card: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


def save_checkpoint(
    path: str | Path,
    model: LPSNet,
    config: Config,
    categories: Categories,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Writes a network, its config and its categories as one file, whole or not at all.

    Args:
        path: of the file; an existing one is replaced at the very end.
        model: as ``config`` builds it; not one prepared for inference, whose norms are gone.
        config: stored as JSON.
        categories: stored as JSON.
        extra: further notes that JSON can hold, free text under ``text``; :attr:`Checkpoint.card` when read.

    Raises:
        OSError: naming the file, if it could not be written; what stood there before is then untouched.
        MismatchError: if ``model`` is not what ``config`` builds for ``categories``.
    """
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    problems = _state_problems(state, config, len(categories))
    if problems:
        raise MismatchError(f"the network is not what config {config.name} builds", problems)
    _write(Path(path), state, config, categories, extra or {})


def export_checkpoint(checkpoint: Checkpoint, path: str | Path, *, text: str | None = None, half: bool = False) -> None:
    """Writes a checkpoint for others: without the paths of the machine that trained it, with a card for people.

    The notes of the checkpoint are kept. Where settings or precision are not those that its figures were measured with,
    a further note says so.

    Args:
        checkpoint: as :func:`load_checkpoint` read it, its overrides included.
        path: of the new file; an existing one is replaced at the very end.
        text: the card; None keeps what the checkpoint has.
        half: weights of convolutions and linear layers in half precision, which takes half the room. Norms and biases
            stay as they are, and a network is computed in full precision whatever its file holds.

    Raises:
        OSError: naming the file, if it could not be written; what stood there before is then untouched.
        ValueError: naming the tensor, if a weight is too large for half precision.
    """
    state = {name: _halved(name, tensor) if half else tensor for name, tensor in checkpoint.state.items()}
    halved = any(state[name].dtype != tensor.dtype for name, tensor in checkpoint.state.items())
    card = _notes(checkpoint) | ({} if text is None else {"text": text})
    card = with_export_note(card, checkpoint.changes, halved=halved)
    _write(Path(path), state, _without_paths(checkpoint.config), checkpoint.categories, card)


def _notes(checkpoint: Checkpoint) -> dict[str, Any]:
    """Returns a card whose notes on data tell a file's name, not where it lay, with what older trainings left out."""
    card = dict(checkpoint.card)
    if "iteration" in card:
        training = checkpoint.config.training
        card = training_notes(training.batch, training.optimizer.name, checkpoint.categories) | card
    data = checkpoint.config.data
    for source in (data.train, data.val):
        if isinstance(source, PanopticSource):
            for name in ("data", "measured on"):
                if isinstance(card.get(name), str):
                    card[name] = card[name].replace(source.annotations, Path(source.annotations).name)
    return card


def _halved(name: str, tensor: Tensor) -> Tensor:
    if tensor.ndim < 2 or not tensor.is_floating_point():
        return tensor
    halved = tensor.half()
    if not bool(halved.isfinite().all()):
        raise ValueError(f"{name} has weights too large for half precision: export it without")
    return halved


def _without_paths(config: Config) -> Config:
    """Leaves out where data, first weights and category files lay: a stranger has no use for it."""
    data = config.data.model_copy(
        update={name: None for name in ("train", "val") if isinstance(getattr(config.data, name), PanopticSource)}
    )
    training = config.training.model_copy(update={"start_from": None})
    weights = config.model.backbone.weights
    # Whether there were any says which layers are frozen: the name stays.
    backbone = config.model.backbone.model_copy(update={"weights": weights and Path(weights).name})
    model = config.model.model_copy(update={"backbone": backbone})
    return config.model_copy(
        update={"data": data, "training": training, "model": model, "categories": Path(config.categories).name}
    )


def _write(
    path: Path, state: Mapping[str, Tensor], config: Config, categories: Categories, card: Mapping[str, Any]
) -> None:
    metadata = {
        "format": _FORMAT,
        "config": config.model_dump_json(),
        "categories": json.dumps(categories.to_json()),
        "card": json.dumps(dict(card)),
    }
    write_atomically(path, safetensors.torch.save(dict(state), metadata))


def load_checkpoint(path: str | Path, overrides: Sequence[str] = ()) -> Checkpoint:
    """Reads a checkpoint; nothing in it is ever run.

    Args:
        path: of a file that :func:`save_checkpoint` wrote.
        overrides: changes to its config such as ``input.short_side=882``; only ``input`` and ``inspection`` may change.

    Raises:
        OSError: in one sentence naming the file, if it is not there, or cannot be read.
        ValueError: in one sentence naming the file, if it is truncated, a pickle, not an LPSNet checkpoint, or an
            override is wrong.
    """
    path = Path(path)
    _refuse_unreadable(path)
    if is_pytorch_file(path):
        read_tensors(path)
        raise ValueError(f"{path}: a PyTorch file without config and categories, not an LPSNet checkpoint")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path}: {safetensors_flaw(path, error)}") from None
    if metadata.get("format") != _FORMAT:
        raise ValueError(f"{path}: not an LPSNet checkpoint: its format is {metadata.get('format', 'not given')!r}")
    content = {name: _json(path, metadata, name) for name in ("config", "categories", "card")}
    read = copy.deepcopy(content["config"])
    _override(content["config"], overrides)
    if not isinstance(content["categories"], list) or not isinstance(content["card"], dict):
        raise ValueError(f"{path}: its categories or its card are not what a checkpoint holds")
    config = parse_config(content["config"], f"{path}: config")
    return Checkpoint(
        path=path,
        config=config,
        categories=Categories.from_json(content["categories"], str(path)),
        state=read_tensors(path),
        card=content["card"],
        changes=_changes(parse_config(read, f"{path}: config"), config) if overrides else {},
    )


def _changes(before: Config, after: Config) -> dict[str, tuple[Any, Any]]:
    """Returns the settings in which two configs differ."""
    ours, theirs = (_flat(config.model_dump(mode="json")) for config in (before, after))
    return {name: (ours.get(name), value) for name, value in theirs.items() if ours.get(name) != value}


def _refuse_unreadable(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(f"{path}: a folder, where the file of a trained network is wanted")
    try:
        path.open("rb").close()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such file of a trained network") from None
    except OSError as error:
        raise OSError(f"{path}: the trained network cannot be read ({error.strerror or error})") from None


def network_from(
    config: Config, num_classes: int, checkpoint: Checkpoint | None = None, *, backbone_weights: bool = True
) -> LPSNet:
    """Builds the network of ``config``, with a checkpoint's weights where one is given.

    Args:
        config: what to build.
        num_classes: things and stuff together.
        checkpoint: its weights are loaded; pretrained backbone weights are then neither read nor downloaded.
        backbone_weights: without a checkpoint, False leaves out pretrained backbone weights.

    Raises:
        OSError: if backbone weights cannot be read or downloaded.
        MismatchError: if the checkpoint is of another architecture or class count, or its weights are not those that
            its config describes.
    """
    if checkpoint is None:
        return build_lpsnet(config.model, num_classes, load_backbone_weights=backbone_weights)
    problems = _architecture_problems(checkpoint, config, num_classes)
    problems = problems or _state_problems(checkpoint.state, config, num_classes)
    if problems:
        raise MismatchError(f"{checkpoint.path} does not fit config {config.name}", problems)
    network = build_lpsnet(config.model, num_classes, load_backbone_weights=False)
    network.load_state_dict(checkpoint.state, strict=False)
    return network


def _json(path: Path, metadata: Mapping[str, str], name: str) -> Any:
    try:
        return json.loads(metadata[name])
    except (KeyError, ValueError, RecursionError):
        raise ValueError(f"{path}: its {name} is missing or not JSON") from None


def _override(content: Any, overrides: Sequence[str]) -> None:
    for override in overrides:
        if override.split(".")[0].strip() not in ("input", "inspection"):
            raise ValueError(f"{override}: of a trained network only input and inspection settings may change")
    if isinstance(content, dict):
        apply_overrides(content, overrides)


def _architecture_problems(checkpoint: Checkpoint, config: Config, num_classes: int) -> list[str]:
    """Returns how the checkpoint's network differs by its config: class count, then fields."""
    problems = []
    if len(checkpoint.categories) != num_classes:
        problems.append(f"it has {len(checkpoint.categories)} classes where {num_classes} are wanted")
    ours, theirs = (_flat(settings.model.model_dump()) for settings in (config, checkpoint.config))
    # Where the first weights came from, and what training left alone, say nothing about the structure.
    fields = [name for name in ours if name not in ("backbone.weights", "backbone.freeze")]
    problems += [
        f"its model.{name} is {theirs[name]} where {ours[name]} is wanted"
        for name in fields
        if theirs[name] != ours[name]
    ]
    return problems


def _state_problems(state: Mapping[str, Tensor], config: Config, num_classes: int) -> list[str]:
    """Returns how parameters and buffers differ from those of the network that ``config`` builds."""
    with torch.device("meta"):
        expected = _shapes(build_lpsnet(config.model, num_classes, load_backbone_weights=False).state_dict())
    found = _shapes(state)
    problems = []
    told_apart = found.get(_CLASSIFIER, [num_classes])[0]
    if told_apart != num_classes:
        problems.append(f"it tells {told_apart} classes apart where {num_classes} are named")
    problems += [f"{name} is missing" for name in expected if name not in found]
    problems += [f"{name} is unexpected" for name in found if name not in expected]
    problems += [
        f"{name} is {found[name]} where {expected[name]} is wanted"
        for name in expected
        if name in found and found[name] != expected[name]
    ]
    return problems


def _shapes(state: Mapping[str, Tensor]) -> dict[str, list[int]]:
    """Leaves out the counters that live norms have and frozen ones lack: nothing is computed from them."""
    return {name: list(tensor.shape) for name, tensor in state.items() if not name.endswith("num_batches_tracked")}


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def _listed(problems: Sequence[str]) -> str:
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return "; ".join(problems[:_SHOWN]) + more
