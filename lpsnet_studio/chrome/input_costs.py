"""What other input sizes would cost, reckoned from the one of now; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from lpsnet.structures import Stage
from lpsnet_studio.inference.messages import ModelCard
from lpsnet_studio.session import Session

__all__ = ["LARGEST_SIDE", "SMALLEST_SIDE", "InputCost", "forward_seconds", "input_cost", "offered_sides"]

SMALLEST_SIDE, LARGEST_SIDE = 32, 8192
_OFFERED = (256, 384, 512, 640, 800, 1024)
_STRIDE = 32
"""The network pads its input to multiples of it."""


@dataclass(frozen=True, slots=True)
class InputCost:
    """What one forward costs at an input size.

    Attributes:
        short_side: in pixels.
        size: ``(height, width)`` of the input.
        share: of the padded input's area of now; time and working memory go with it.
        macs: multiply-adds; 0 if unknown.
        seconds: for the network; None if it has not run.
    """

    short_side: int
    size: tuple[int, int]
    share: float
    macs: int
    seconds: float | None


def offered_sides(card: ModelCard) -> tuple[int, ...]:
    """Returns the short sides to choose from, the config's own among them."""
    own = {card.own_short_side} if card.own_short_side else set()
    return tuple(sorted({*_OFFERED, card.short_side, *own}))


def input_cost(card: ModelCard, short_side: int, picture: tuple[int, int], seconds: float | None) -> InputCost:
    """Reckons what a forward would cost at another input size.

    Args:
        card: of the network as it is loaded.
        short_side: asked about.
        picture: ``(H, W)``, whose proportions the input has.
        seconds: that the last forward on this picture took; None if unknown.
    """
    size, size_now = _input_size(card, short_side, picture), _input_size(card, card.short_side, picture)
    share = _padded_area(size) / _padded_area(size_now)
    macs = round(card.macs * _padded_area(size) / _padded_area(card.input_size))
    return InputCost(short_side, size, share, macs, None if seconds is None else seconds * share)


def forward_seconds(session: Session) -> float | None:
    """Returns how long the last forward took; None if the result shown needed none."""
    stages = () if session.result is None else session.result.stages
    return next((stage.seconds for stage in stages if stage.stage is Stage.NETWORK and stage.seconds > 0), None)


def _input_size(card: ModelCard, short_side: int, picture: tuple[int, int]) -> tuple[int, int]:
    """Returns the input's size: the cap of the long side goes in proportion, and no side is below the least."""
    scale = short_side / min(picture)
    if card.long_side_cap:
        scale = min(scale, card.long_side_cap * short_side / card.short_side / max(picture))
    height, width = (max(SMALLEST_SIDE, round(side * scale)) for side in picture)
    return height, width


def _padded_area(size: tuple[int, int]) -> int:
    height, width = (-(-side // _STRIDE) * _STRIDE for side in size)
    return height * width
