"""``lpsnet export``: writes a trained network for others to use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lpsnet.cli.app import meant_checkpoint, results

__all__ = ["export"]


def export(
    checkpoint: Annotated[
        Path, typer.Option(help="The trained network (safetensors), or the folder of a run: its best one.")
    ],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    card: Annotated[Path | None, typer.Option(help="A text file for people: data, command, figures, limits.")] = None,
    half: Annotated[bool, typer.Option("--half", help="Weights in half precision: half the size.")] = False,
    override: Annotated[
        list[str] | None, typer.Option("--set", help="Change the config, such as inspection.score_threshold=0.15.")
    ] = None,
) -> None:
    """Writes a trained network as one file with its config, categories and model card, and no path of this machine."""
    from lpsnet.checkpoint import export_checkpoint, load_checkpoint

    checkpoint = meant_checkpoint(checkpoint)
    if out.resolve() == checkpoint.resolve():
        raise ValueError(f"{out}: the export would replace the checkpoint; choose another --out")
    text = None if card is None else _card_of(card)
    export_checkpoint(load_checkpoint(checkpoint, override or ()), out, text=text, half=half)
    results().print(f"{out}, {out.stat().st_size / 1e6:.1f} MB", soft_wrap=True)


def _card_of(path: Path) -> str:
    """Reads a model card.

    Raises:
        ValueError: in one sentence naming the file, if it is not there, or is not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: the model card is not text") from None
    except FileNotFoundError:
        raise ValueError(f"{path}: there is no such model card") from None
    except OSError as error:
        raise ValueError(f"{path}: the model card cannot be read ({error.strerror or error})") from None
