"""What of the segments is right and what is wrong, in colour and in pattern, so that neither is needed to tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.errors import ErrorPixel
from lpsnet_studio.canvas.colors import Table, color_table, colored
from lpsnet_studio.canvas.layers import IndexLayer
from lpsnet_studio.canvas.sampling import Grid, IndexMap, IndexSource

__all__ = ["VerdictLayer", "verdict_swatch"]

_STRIPE = 4.0
"""Width of a stripe on the screen, in pixels of the view."""
_RIGHT, _WRONG, _MISSED, _IGNORED = (62, 184, 112), (232, 72, 60), (245, 178, 46), (190, 196, 204)
_DARK = (22, 24, 28)
_FAINT, _STRONG = 0.3, 0.95


def _table(*looks: tuple[tuple[int, int, int], float]) -> Table:
    """Returns the colour and opacity of every value of an error map."""
    colors, opacity = zip(*looks, strict=True)
    return color_table(np.array(colors, np.uint8), np.array(opacity))


_CLEAR = (_DARK, 0.0)
_GROUND = _table(
    _CLEAR, (_RIGHT, 0.5), (_WRONG, _FAINT), (_MISSED, _FAINT), (_IGNORED, 2 * _FAINT), ((120, 40, 20), 0.4)
)
"""Between the stripes."""
_RISING = _table(_CLEAR, (_RIGHT, 0.5), (_WRONG, _STRONG), (_MISSED, _FAINT), (_IGNORED, 2 * _FAINT), (_WRONG, _STRONG))
"""In the stripes that go up to the right: what was predicted wrongly."""
_FALLING = _table(
    _CLEAR, (_RIGHT, 0.5), (_WRONG, _FAINT), (_MISSED, _STRONG), (_IGNORED, 2 * _FAINT), (_MISSED, _STRONG)
)
"""In those that go down to the right: what was missed."""
_CROSSING = _table(_CLEAR, (_RIGHT, 0.5), (_WRONG, _STRONG), (_MISSED, _STRONG), (_DARK, _STRONG), (_MISSED, _STRONG))
"""Where the two cross, which dots what is ignored."""
_LOOKS = (_GROUND, _RISING, _FALLING, _CROSSING)
_WOVEN: Table = np.stack(_LOOKS, axis=1).reshape(-1)
"""A colour for every value of an error map in each of the four looks."""


class VerdictLayer(IndexLayer):
    """An error map: right is plain green, wrong red rising stripes, missed amber falling ones, ignored grey dotted.

    Pixels that are both wrong and missed are striped both ways.
    """

    def _painted(
        self, source: IndexSource, tables: tuple[Table, Table | None], grid: Grid, ratio: float
    ) -> NDArray[np.int32]:
        """Returns a map on a grid, in colours of its own."""
        weave = _weave(grid, max(round(_STRIPE * ratio), 1))
        weave += source.sample(grid).astype(np.uint8, copy=False) * np.uint8(len(_LOOKS))
        return colored(weave, _WOVEN)


def _weave(grid: Grid, width: int) -> NDArray[np.uint8]:
    """Returns ``[H, W]`` which of the four looks a screen pixel has: 1 in rising stripes, plus 2 in falling ones.

    Args:
        grid: the screen pixels.
        width: of a stripe, in screen pixels.
    """
    # A quarter keeps the phase from tipping over where the image lies on whole or half pixels of the screen.
    across = np.arange(grid.width) + int(np.floor(grid.x / grid.step_x + 0.25))
    down = np.arange(grid.height) + int(np.floor(grid.y / grid.step_y + 0.25))
    period = np.arange(2 * width)[:, None]
    rising, falling = (across + period) // width % 2 == 0, (across - period) // width % 2 == 0
    # The rows repeat, so that few of them are computed.
    return (rising + 2 * falling).astype(np.uint8).take(down % (2 * width), axis=0)


def verdict_swatch(value: ErrorPixel, size: int, ratio: float = 1.0) -> NDArray[np.int32]:
    """Returns a square of what the layer paints for a value, premultiplied ARGB, in device pixels."""
    side = round(size * ratio)
    layer = VerdictLayer(None)
    layer.set_map(IndexMap(np.full((side, side), value, np.uint8)))
    return layer.colors(Grid.of_image(side, side), ratio)
