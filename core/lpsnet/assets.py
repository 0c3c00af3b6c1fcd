"""Where the files of ``resources/`` are: the same from a checkout and from an installed wheel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["demo_checkpoint", "resource", "resources_folder"]


def resources_folder() -> Path:
    """Returns the folder that holds configs, categories, icons and the demo.

    A checkout's own folder wins over the copy inside an installed package: an editable install may leave a stale one.
    """
    checkout = Path(__file__).parents[2] / "resources"
    if (checkout / "configs").is_dir() and (checkout.parent / "pyproject.toml").is_file():
        return checkout
    return Path(__file__).parent / "_resources"


def resource(*parts: str) -> Path:
    """Returns the path of one file under ``resources/``.

    Raises:
        FileNotFoundError: if there is none.
    """
    path = resources_folder().joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(f"{path}: this installation lacks the resource {'/'.join(parts)}")
    return path


def demo_checkpoint() -> Path | None:
    """Returns the checkpoint of the network that was trained on drawn scenes; None where it was left out."""
    path = resources_folder() / "demo" / "lpsnet_demo.safetensors"
    return path if path.is_file() else None
