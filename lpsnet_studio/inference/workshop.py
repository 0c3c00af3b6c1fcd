"""What the service's lanes use: reading, loading, and words for what goes wrong."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import torch

from lpsnet.decoding import NonFiniteOutput
from lpsnet.engine.network import is_out_of_memory, load_network
from lpsnet.inspection import MissingNetworkError, MissingTruthError
from lpsnet_studio.inference.bench import ClassesDifferError, ImageBench, LoadedNetwork
from lpsnet_studio.inference.messages import (
    DatasetListed,
    Failed,
    ImageSource,
    ListDataset,
    LoadModel,
    ModelCard,
)
from lpsnet_studio.inference.pictures import Picture, PictureReader

__all__ = ["TorchWorkshop", "available_devices", "torch_version"]

_POISONED = 71
_LESS_MEMORY = "Choose a smaller input side or a smaller picture, close other programs, or run on the CPU."


class TorchWorkshop:
    """Reads pictures, loads networks, and says in words what went wrong."""

    def __init__(self) -> None:
        self._reader = PictureReader()

    def read(self, source: ImageSource) -> Picture:
        """Reads a picture; see :meth:`PictureReader.read`."""
        return self._reader.read(source)

    def is_unchanged(self, picture: Picture) -> bool:
        """Whether a picture's files are as they were when it was read."""
        return self._reader.is_unchanged(picture)

    def list_dataset(self, request: ListDataset) -> DatasetListed:
        """Lists a data set; see :meth:`PictureReader.list_dataset`."""
        return self._reader.list_dataset(request)

    def load(self, request: LoadModel) -> LoadedNetwork:
        """Loads a trained network, or makes an untrained one.

        Raises:
            OSError: if a file cannot be read.
            ValueError: naming the file or the field, if something in it is wrong.
        """
        ready = load_network(
            checkpoint=Path(request.checkpoint) if request.checkpoint is not None else None,
            config=request.config if request.checkpoint is None else None,
            overrides=request.overrides,
            device=request.device,
        )
        card = ModelCard(
            name=ready.name,
            trained=ready.trained,
            origin=ready.origin,
            backbone=ready.config.model.backbone.name,
            parameters=ready.parameters,
            device=str(ready.device),
            device_reason=ready.device_reason,
            short_side=ready.config.input.short_side,
            categories=ready.categories,
            settings=ready.config.inspection,
        )
        return LoadedNetwork(ready, card)

    def bench(self, picture: Picture, network: LoadedNetwork | None) -> ImageBench:
        """Prepares an image for its stages."""
        return ImageBench(picture, network)

    def failure(self, request: int, error: Exception) -> Failed:
        """Says what went wrong.

        After a fault of CUDA every later call would fail too: then the process ends, and the Studio starts another one.
        """
        details = "".join(traceback.format_exception(error))
        if is_out_of_memory(error):
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            return Failed(request, "out-of-memory", "There is not enough memory for this.", _LESS_MEMORY, details)
        if _is_cuda_fault(error):
            sys.stderr.write(details)
            sys.stderr.flush()
            os._exit(_POISONED)
        match error:
            case MissingNetworkError() | ClassesDifferError():
                advice = "Load a network that fits, or turn both oracles on where there is ground truth."
                return Failed(request, "not-possible", _sentence(error), advice)
            case MissingTruthError():
                advice = "Open the image from a COCO panoptic data set, or turn the oracles off."
                return Failed(request, "not-possible", _sentence(error), advice)
            case NonFiniteOutput():
                advice = "The network's weights are damaged, or its training diverged: load another checkpoint."
                return Failed(request, "bad-input", _sentence(error), advice, details)
            case ValueError() | OSError():
                return Failed(request, "bad-input", _sentence(error), details=details)
        sentence = f"A fault of the program: {type(error).__name__}: {error}"
        return Failed(request, "internal", sentence, "Please report it with the details.", details)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    text = str(error)
    return text[:1].upper() + text[1:] if " " in text.split(":")[0] else text


def _is_cuda_fault(error: Exception) -> bool:
    return isinstance(error, RuntimeError) and "CUDA error" in str(error)


def torch_version() -> str:
    """Returns torch's version."""
    return str(torch.__version__)


def available_devices() -> tuple[str, ...]:
    """Returns what a network could run on, for example ``("cpu", "cuda:0 NVIDIA H100")``."""
    cards = (f"cuda:{index} {torch.cuda.get_device_name(index)}" for index in range(torch.cuda.device_count()))
    return ("cpu", *cards)
