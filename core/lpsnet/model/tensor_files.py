"""Reading named tensors from a file without ever running what is in it."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

__all__ = ["is_pytorch_file", "read_tensors", "safetensors_flaw"]

_LENGTH = 8
"""Bytes before the header of a safetensors file, which say how long it is; a JSON object follows."""


def is_pytorch_file(path: Path) -> bool:
    """Tells whether a file begins as ``torch.save`` writes it: a zip archive, or a bare pickle."""
    with path.open("rb") as stream:
        return stream.read(2) in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def safetensors_flaw(path: Path, error: SafetensorError) -> str:
    """Returns in words what is wrong with a file that could not be read as safetensors.

    One that does not begin as such a file does is of another kind altogether, not a damaged one.
    """
    with path.open("rb") as stream:
        begin = stream.read(_LENGTH + 1)
    if len(begin) > _LENGTH and not begin.endswith(b"{"):
        return "neither a safetensors file nor a checkpoint that PyTorch can read safely"
    return f"not a whole safetensors file ({error})"


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Reads named tensors from a safetensors file, or from a PyTorch file that holds nothing else.

    A PyTorch file may hold the tensors at the top, or under ``model`` or ``state_dict``, as training scripts save them.

    Args:
        path: of either kind; its content tells which.

    Raises:
        OSError: if the file cannot be read.
        ValueError: naming the file, if it is truncated, or is a pickle that holds more than tensors.
    """
    content: Any
    if not is_pytorch_file(path):
        try:
            return load_file(path)
        except SafetensorError as error:
            raise ValueError(f"{path}: {safetensors_flaw(path, error)}") from None
    try:
        with path.open("rb") as stream:
            content = torch.load(stream, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise ValueError(
            f"{path}: a pickle that holds more than tensors; loading it could run code hidden in it, so it is refused"
        ) from None
    except (RuntimeError, EOFError, OSError, LookupError, TypeError, ValueError, AttributeError, struct.error) as error:
        raise ValueError(f"{path}: not a whole PyTorch file ({' '.join(str(error).split())})") from None
    for key in ("model", "state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise ValueError(f"{path}: holds no dictionary of named tensors")
    return {str(name): tensor for name, tensor in content.items()}
