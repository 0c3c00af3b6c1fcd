"""What the service's lanes use: reading, loading, and words for what goes wrong."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import psutil
import torch

from lpsnet.checkpoint import MismatchError, card_text
from lpsnet.data.transforms import input_size
from lpsnet.decoding import NonFiniteOutput
from lpsnet.engine.devices import device_options
from lpsnet.engine.network import ReadyNetwork, is_out_of_memory, load_network
from lpsnet.inspection import MissingNetworkError, MissingTruthError
from lpsnet.model.complexity import measure_complexity
from lpsnet.model.lpsnet import build_lpsnet
from lpsnet_studio.inference.bench import ClassesDifferError, ImageBench, LoadedNetwork
from lpsnet_studio.inference.messages import (
    DatasetListed,
    Device,
    Failed,
    ImageSource,
    ListDataset,
    LoadModel,
    MemoryUse,
    ModelCard,
)
from lpsnet_studio.inference.pictures import Picture, PictureReader
from lpsnet_studio.inference.saved_bench import NotInFileError, SavedBench
from lpsnet_studio.inference.workbench import Bench

__all__ = ["TorchWorkshop", "available_devices", "memory_use", "torch_version"]

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
        # Looked at before it is read: of a file that is replaced meanwhile, the next loading finds another version.
        version = _file_version(request.checkpoint or request.config)
        ready = load_network(
            checkpoint=Path(request.checkpoint) if request.checkpoint is not None else None,
            config=request.config if request.checkpoint is None else None,
            overrides=request.overrides,
            short_side=request.short_side,
            device=request.device,
        )
        return LoadedNetwork(ready, _card(ready, version))

    def bench(self, picture: Picture, network: LoadedNetwork | None) -> Bench:
        """Prepares an image, or what was saved of one, for its stages."""
        return ImageBench(picture, network) if picture.saved is None else SavedBench(picture, picture.saved)

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
            case NotInFileError():
                advice = "Open the picture itself and load a network, or turn back what was turned."
                return Failed(request, "not-possible", _sentence(error) + ".", advice)
            case MissingTruthError():
                advice = "Open the image from a COCO panoptic data set, or turn the oracles off."
                return Failed(request, "not-possible", _sentence(error), advice)
            case NonFiniteOutput():
                advice = "The network's weights are damaged, or its training diverged: load another checkpoint."
                return Failed(request, "bad-input", _sentence(error), advice, details)
            case MismatchError():
                return Failed(request, "mismatch", _sentence(error), details=error.details)
            case ValueError() | OSError():
                return Failed(request, "bad-input", _sentence(error), details=details)
        sentence = f"A fault of the program: {type(error).__name__}: {error}"
        return Failed(request, "internal", sentence, "Please report it with the details.", details)


def _card(ready: ReadyNetwork, version: str) -> ModelCard:
    rules = ready.config.input
    return ModelCard(
        name=ready.name,
        trained=ready.trained,
        origin=ready.origin,
        backbone=ready.config.model.backbone.name,
        parameters=ready.parameters,
        device=str(ready.device),
        device_reason=ready.device_reason,
        short_side=rules.short_side,
        categories=ready.categories,
        settings=ready.config.inspection,
        own_short_side=ready.own_input.short_side,
        long_side_cap=max(input_size(1, 10_000, rules.short_side, rules.long_side_cap)),
        file_bytes=Path(ready.origin).stat().st_size if ready.trained else 0,
        macs=_macs(ready),
        notes=card_text(ready.card),
        file_version=version,
    )


def _file_version(origin: str) -> str:
    """Tells one writing of a file from another by its size and time; empty if there is no such file."""
    try:
        status = Path(origin).stat()
    except (OSError, ValueError):
        return ""
    return f"{status.st_size} bytes of {status.st_mtime_ns}"


def _macs(ready: ReadyNetwork) -> int:
    """Counts the multiply-adds of one forward on a network without numbers, in a tenth of a second."""
    short_side = ready.config.input.short_side
    with torch.device("meta"):
        model = build_lpsnet(ready.config.model, len(ready.categories), load_backbone_weights=False)
    return measure_complexity(model, (short_side, round(short_side * 4 / 3))).macs


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


def available_devices() -> tuple[Device, ...]:
    """Returns what a network could run on, and what it could not and why."""
    return tuple(Device(option.name, option.words, option.problem) for option in device_options())


def memory_use() -> MemoryUse:
    """Returns how much memory this process takes."""
    # Asking a device that no network is on would start CUDA, which itself takes some hundred megabytes.
    count = torch.cuda.device_count() if torch.cuda.is_initialized() else 0
    held = sum(torch.cuda.memory_reserved(index) for index in range(count))
    return MemoryUse(psutil.Process().memory_info().rss, held)
