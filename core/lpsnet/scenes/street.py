"""The plan of a street: how wide it is, what lies on either side, and where the houses stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lpsnet.scenes.buildings import Block
from lpsnet.scenes.chance import Chance

__all__ = ["SideKind", "Street", "choose_street"]

SideKind = Literal["houses", "park", "canal"]


@dataclass(frozen=True)
class Street:
    """What the ground looks like.

    Attributes:
        road: half the width of the road.
        pavement: outer edge of both pavements.
        sides: what lies left and right beyond the pavements.
        crossing: depth of a crossing road's near edge; None without one.
        water: for each side, from where to where the canal runs; None where there is none.
        blocks: the buildings, farthest first.
    """

    road: float
    pavement: float
    sides: tuple[SideKind, SideKind]
    crossing: float | None
    water: tuple[tuple[float, float] | None, tuple[float, float] | None]
    blocks: tuple[Block, ...]


def choose_street(chance: Chance) -> Street:
    """Draws the widths, what lies on either side, and the buildings."""
    road = chance.uniform(2.8, 4.4)
    pavement = road + chance.uniform(2.0, 3.6)
    kinds: tuple[SideKind, ...] = ("houses", "park", "canal")
    sides = (chance.pick(kinds, (0.5, 0.32, 0.18)), chance.pick(kinds, (0.5, 0.32, 0.18)))
    crossing = chance.uniform(13, 30) if chance.falls(0.4) else None
    water: list[tuple[float, float] | None] = []
    blocks: list[Block] = []
    for side, kind in zip((-1, 1), sides, strict=True):
        bank = pavement + chance.uniform(0.6, 1.6)
        canal = (bank, bank + chance.uniform(5, 9)) if kind == "canal" else None
        water.append(canal)
        if kind == "park":
            setback, start = pavement + chance.uniform(16, 26), chance.uniform(25, 45)
        else:
            setback = canal[1] + 2.5 if canal else pavement + chance.uniform(0.0, 2.5)
            start = chance.uniform(5, 14)
        blocks += _row_of_blocks(side, setback, start, crossing, chance)
    blocks.sort(key=lambda block: -block.z0)
    return Street(road, pavement, sides, crossing, (water[0], water[1]), tuple(blocks))


def _row_of_blocks(side: int, x: float, start: float, crossing: float | None, chance: Chance) -> list[Block]:
    """Draws buildings along one side, leaving the crossing road free."""
    blocks, z = [], start
    tall = chance.falls(0.5)
    while z < 130:
        length = chance.uniform(8, 18)
        if crossing is not None and z < crossing + 9 and z + length > crossing - 2:
            z = crossing + 9.5
            crossing = None
            continue
        height = chance.uniform(9, 22) if tall and chance.falls(0.7) else chance.uniform(4.5, 8.5)
        gable = chance.uniform(1.8, 3.4) if height < 8.6 and chance.falls(0.75) else 0.0
        width = chance.uniform(8, 13)
        blocks.append(Block(side, x, width, z, z + length, height, gable, chance.seed()))
        z += length + (chance.uniform(1.5, 7) if chance.falls(0.45) else 0.0)
    return blocks
