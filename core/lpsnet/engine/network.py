"""A network ready to run: its weights, its device, and what is to be said about both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.checkpoint import Checkpoint, load_checkpoint, network_from
from lpsnet.config import Config, InputConfig, expand_path, load_config
from lpsnet.data.transforms import network_input
from lpsnet.engine.devices import choose_device
from lpsnet.model.cancellation import cancellable
from lpsnet.model.inference import prepare_for_inference
from lpsnet.model.lpsnet import LPSNet
from lpsnet.model.output import NetworkOutput

__all__ = ["ReadyNetwork", "is_out_of_memory", "load_network"]


@dataclass(frozen=True, slots=True, eq=False)
class ReadyNetwork:
    """A network prepared for inference on its device: it can be neither trained nor saved.

    Attributes:
        model: the network.
        config: what it was built from.
        categories: its classes.
        device: where it runs.
        device_reason: why there, in words.
        trained: False if any of its weights are random.
        origin: the checkpoint's path, the YAML file's, or the preset's name.
        parameters: how many numbers the network learns or has learnt.
        own_input: the input that the checkpoint or config asks for; the config's may be of another size.
        card: what the checkpoint's writer noted; empty for an untrained network.
    """

    model: LPSNet
    config: Config
    categories: Categories
    device: torch.device
    device_reason: str
    trained: bool
    origin: str
    parameters: int
    own_input: InputConfig
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The config's name."""
        return self.config.name

    @property
    def device_words(self) -> str:
        """The device and why, for people: ``cpu (no CUDA device)``."""
        return f"{self.device} ({self.device_reason})"

    @property
    def facts(self) -> dict[str, str]:
        """What is to be said of the network in a file of its results, by name, in words."""
        rules = self.config.input
        cap = "" if rules.long_side_cap is None else f", long side at most {rules.long_side_cap}"
        return {
            "config": self.name,
            "origin": Path(self.origin).name,
            "weights": "trained" if self.trained else "random",
            "parameters": str(self.parameters),
            "classes": str(len(self.categories)),
            "device": self.device_words,
            "input": f"short side {rules.short_side}{cap}",
        }

    def run(self, image: NDArray[np.uint8], should_stop: Callable[[], bool] | None = None) -> NetworkOutput:
        """Runs the network on one image.

        Args:
            image: RGB uint8 ``[H, W, 3]``.
            should_stop: asked between layers; the forward ends with ``Cancelled`` once it returns True.

        Raises:
            ValueError: if the image is too small or too elongated for the input size.
            lpsnet.model.cancellation.Cancelled: if it was stopped.
        """
        rules = self.config.input
        x = network_input(
            image, short_side=rules.short_side, long_side_cap=rules.long_side_cap, mean=rules.mean, std=rules.std
        )
        with torch.inference_mode(), cancellable(self.model, should_stop or _never):
            output: NetworkOutput = self.model([x.to(self.device)])
        return output


def load_network(
    *,
    checkpoint: Path | None = None,
    config: str | Path | None = None,
    overrides: Sequence[str] = (),
    short_side: int = 0,
    device: str = "auto",
) -> ReadyNetwork:
    """Loads a trained network from a checkpoint, or makes an untrained one from a config.

    Given both, the checkpoint's weights follow the config, whose network must be of the same structure: its input and
    inspection, and the data it names, stand for the checkpoint's own.

    The untrained network's weights are drawn from a fixed seed. Of pretrained backbone weights only a local file is
    read: nothing is downloaded for a network that cannot predict anything yet.

    Args:
        checkpoint: a checkpoint; it carries its own config.
        config: a preset or YAML file.
        overrides: changes to the config; only ``input`` and ``inspection`` may change of a checkpoint's own.
        short_side: of the input, in pixels, its long side's cap in proportion; 0 for what the config asks for.
        device: see :func:`lpsnet.engine.devices.choose_device`.

    Raises:
        OSError: if a file cannot be read.
        ValueError: naming the file or the field, if something in it is wrong, the checkpoint does not fit the config,
            the device does not exist, or neither checkpoint nor config is given.
    """
    if checkpoint is None and config is None:
        raise ValueError("a network comes from a checkpoint or from a config: give one of the two")
    place, reason = choose_device(device)
    card: Mapping[str, Any] = {}
    if checkpoint is not None:
        loaded, final, model = _load_trained(checkpoint, config, overrides)
        categories = loaded.categories
        card = loaded.card
    else:
        final = load_config(config or "", overrides)
        categories = final.load_categories()
        weights = final.model.backbone.weights
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            is_local = weights is not None and expand_path(weights).is_file()
            model = network_from(final, len(categories), backbone_weights=is_local)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    own_input = final.input
    if short_side:
        final = final.model_copy(update={"input": own_input.scaled_to(short_side)})
    return ReadyNetwork(
        model=prepare_for_inference(model).to(place),
        config=final,
        categories=categories,
        device=place,
        device_reason=reason,
        trained=checkpoint is not None,
        origin=str(checkpoint or config),
        parameters=parameters,
        own_input=own_input,
        card=card,
    )


def _load_trained(path: Path, config: str | Path | None, overrides: Sequence[str]) -> tuple[Checkpoint, Config, LPSNet]:
    """Returns a checkpoint, the config that its network follows, and the network."""
    if config is None:
        loaded = load_checkpoint(path, overrides)
        return loaded, loaded.config, network_from(loaded.config, len(loaded.categories), loaded)
    loaded, final = load_checkpoint(path), load_config(config, overrides)
    wanted = final.load_categories()
    model = network_from(final, len(wanted), loaded)
    for own, other in zip(loaded.categories, wanted, strict=True):
        if (own.id, own.name) != (other.id, other.name):
            raise ValueError(
                f"{path} does not fit config {final.name}: its class {own.name!r} (id {own.id}) is {other.name!r} (id "
                f"{other.id}) there"
            )
    return loaded, final, model


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on the CPU or on a CUDA device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def _never() -> bool:
    return False
