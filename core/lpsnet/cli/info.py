"""``lpsnet info``: the presets and the device, every setting of one, or what a network costs and its card tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from lpsnet.cli.app import results

if TYPE_CHECKING:
    from lpsnet.config import Config

__all__ = ["info"]


def info(
    config: Annotated[str | None, typer.Option(help="A preset or YAML file.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint, instead of a config.")] = None,
    size: Annotated[str, typer.Option(help="Height x width of the network's input.")] = "800x800",
    override: Annotated[list[str] | None, typer.Option("--set", help="Change the config.")] = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print every setting instead, as YAML that is a config file again.")
    ] = False,
) -> None:
    """Prints the presets, or a network's parameters, multiply-adds by part, peak memory and a checkpoint's card."""
    from lpsnet.config import load_config, preset_names

    if config is None and checkpoint is None:
        if resolved or override:
            raise ValueError(f"{'--resolved' if resolved else '--set'} needs a config: give --config or --checkpoint")
        results().print("Presets: " + ", ".join(preset_names()))
        _print_devices()
        return
    if config is not None and checkpoint is not None:
        raise ValueError("--checkpoint brings its own config: give --checkpoint or --config, not both")
    if checkpoint is not None:
        from lpsnet.checkpoint import card_text, load_checkpoint

        loaded = load_checkpoint(checkpoint, override or ())
        if resolved:
            typer.echo(loaded.config.to_yaml(), nl=False)
            return
        _print_complexity(loaded.config, len(loaded.categories), _parse_size(size))
        _print_card(card_text(loaded.card))
        return
    chosen = load_config(config or "", override or ())
    if resolved:
        typer.echo(chosen.to_yaml(), nl=False)
        return
    _print_complexity(chosen, len(chosen.load_categories()), _parse_size(size))


def _print_devices() -> None:
    """Says which device would be used, and why not CUDA."""
    from lpsnet.engine.devices import choose_device

    device, reason = choose_device("auto")
    results().print(f"Device: {device} ({reason})")


def _print_complexity(config: Config, num_classes: int, size: tuple[int, int]) -> None:
    from lpsnet.engine.network import is_out_of_memory
    from lpsnet.model.complexity import measure_complexity
    from lpsnet.model.lpsnet import build_lpsnet

    model = build_lpsnet(config.model, num_classes, load_backbone_weights=False)
    try:
        found = measure_complexity(model, size)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise ValueError(f"--size {size[0]}x{size[1]}: there is not enough memory for one forward") from None
    table = Table("part", "parameters", "MACs")
    for part in found.parts:
        table.add_row(part.part, f"{part.parameters / 1e6:.2f} M", f"{part.macs / 1e9:.2f} G")
    table.add_section()
    table.add_row("total", f"{found.parameters / 1e6:.2f} M", f"{found.macs / 1e9:.2f} G")
    results().print(f"{config.name}, {num_classes} classes, input {size[0]}×{size[1]}")
    results().print(table)
    if found.peak_bytes is not None:
        results().print(f"peak memory of one forward: {found.peak_bytes / 2**30:.2f} GiB")


def _print_card(card: str) -> None:
    """Prints what a checkpoint's writer noted. No escape sequence of a stranger's file reaches the terminal."""
    if card:
        shown = "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in card)
        results().print(Text(f"\n{shown}"), soft_wrap=True)


def _parse_size(text: str) -> tuple[int, int]:
    """Reads ``HEIGHTxWIDTH``.

    Raises:
        ValueError: if it is not two whole numbers from 32 up.
    """
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 2 or not all(part.isdigit() and int(part) >= 32 for part in parts):
        raise ValueError(f"--size must be HEIGHTxWIDTH from 32x32 up, not {text!r}")
    return int(parts[0]), int(parts[1])
