"""Colours and ids side by side: the canvas, the camera, and the pen that objects are drawn with."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Camera", "Canvas", "Color", "Pen", "Points", "ellipse_points", "mix", "shade", "smooth"]

Color = tuple[float, float, float]
"""RGB, 0 … 255."""
Points = Sequence[tuple[float, float]] | NDArray[np.float64]

_SUBPIXEL_BITS = 4
_REACH = 200_000
"""Fixed-point positions beyond this are clipped, far off any canvas."""


def mix(first: Color, second: Color, share: float) -> Color:
    """Returns ``first`` moved towards ``second`` by a share in [0, 1]."""
    r, g, b = (a + (c - a) * share for a, c in zip(first, second, strict=True))
    return r, g, b


def shade(color: Color, factor: float) -> Color:
    """Returns a colour lit ``factor`` times as bright."""
    r, g, b = (min(max(part * factor, 0.0), 255.0) for part in color)
    return r, g, b


_TURNS = np.linspace(0, 2 * np.pi, 28, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1)


def ellipse_points(
    center: tuple[float, float], radii: tuple[float, float], angle: float = 0.0, start: float = 0.0, end: float = 360.0
) -> NDArray[np.float64]:
    """Returns the outline of an ellipse, or of its sector from ``start`` to ``end`` degrees, as ``[N, 2]``."""
    unit = _CIRCLE
    if end - start < 360:
        turns = np.radians(np.linspace(start, end, 25))
        unit = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    outline = unit * radii
    if angle:
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        outline = outline @ np.array([[c, s], [-s, c]])
    return outline + center


def smooth(points: Points, rounds: int = 2) -> NDArray[np.float64]:
    """Returns a closed polygon with its corners cut (Chaikin), which rounds it."""
    outline = np.asarray(points, np.float64)
    for _ in range(rounds):
        following = np.roll(outline, -1, axis=0)
        outline = np.stack([0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following], axis=1)
        outline = outline.reshape(-1, 2)
    return outline


class Canvas:
    """A picture and its id map, drawn together at twice the final resolution.

    Positions are in pixels of the final picture. Every shape covers exactly the same samples of both.

    Args:
        height: of the final picture.
        width: likewise.
        colored: False draws ids only, at the final resolution, to learn what would be visible.

    Attributes:
        samples: samples per pixel along either side.
        color: uint8 ``[samples·height, samples·width, 3]``.
        ids: int32 ``[samples·height, samples·width]``.
    """

    def __init__(self, height: int, width: int, *, colored: bool = True) -> None:
        self.height, self.width, self.colored = height, width, colored
        self.samples = 2 if colored else 1
        shape = (height * self.samples, width * self.samples)
        self.color: NDArray[np.uint8] = np.zeros((*shape, 3) if colored else (0, 0, 3), np.uint8)
        self.ids: NDArray[np.int32] = np.zeros(shape, np.int32)

    def polygon(self, points: Points, color: Color, identity: int | None) -> None:
        """Fills a polygon; with no identity only its colour changes, the ids under it stay."""
        corners = self._fixed_point(points)
        if identity is not None:
            cv2.fillPoly(self.ids, [corners], identity, cv2.LINE_8, _SUBPIXEL_BITS)
        if self.colored:
            cv2.fillPoly(self.color, [corners], color, cv2.LINE_8, _SUBPIXEL_BITS)

    def veil(self, points: Points, color: Color, opacity: float, identity: int | None) -> None:
        """Fills a polygon whose ground shines through."""
        corners = self._fixed_point(points)
        if identity is not None:
            cv2.fillPoly(self.ids, [corners], identity, cv2.LINE_8, _SUBPIXEL_BITS)
        window = self.window(points)
        if not self.colored or window is None:
            return
        rows, columns = window
        patch = self.color[rows, columns]
        offset = np.array([columns.start, rows.start], np.int32) << _SUBPIXEL_BITS
        painted = patch.copy()
        cv2.fillPoly(painted, [corners - offset], color, cv2.LINE_8, _SUBPIXEL_BITS)
        cv2.addWeighted(painted, opacity, patch, 1 - opacity, 0, dst=patch)

    def window(self, points: Points) -> tuple[slice, slice] | None:
        """Returns the samples around some points as slices of rows and columns, None if none is on the canvas."""
        corners = np.asarray(points, np.float64) * self.samples
        low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
        high = np.ceil(corners.max(axis=0)).astype(int) + 2
        x1, y1 = min(high[0], self.ids.shape[1]), min(high[1], self.ids.shape[0])
        return None if low[0] >= x1 or low[1] >= y1 else (slice(low[1], y1), slice(low[0], x1))

    def _fixed_point(self, points: Points) -> NDArray[np.int32]:
        # Sample centres lie at half positions: the shift keeps shapes where they were asked for.
        unit = 1 << _SUBPIXEL_BITS
        scaled = np.asarray(points, np.float64) * (self.samples * unit) - (unit / 2 - 0.5)
        return np.minimum(np.maximum(scaled, -_REACH), _REACH).astype(np.int32)

    def final_color(self) -> NDArray[np.uint8]:
        """Returns the picture at its final resolution, edges smoothed by averaging."""
        return np.asarray(cv2.resize(self.color, (self.width, self.height), interpolation=cv2.INTER_AREA), np.uint8)

    def final_ids(self) -> NDArray[np.int32]:
        """Returns the id map at its final resolution: the id that most samples of a pixel carry."""
        a, b, c, d = (self.ids[row::2, column::2] for row in (0, 1) for column in (0, 1))
        first_leads = (a == b) | (a == c) | (a == d)
        second_leads = (b == c) | (b == d)
        return np.where(first_leads, a, np.where(second_leads, b, np.where(c == d, c, a)))


@dataclass(frozen=True)
class Camera:
    """A pinhole camera over flat ground.

    World coordinates are metres: X right of the street's middle, Y up, Z ahead.

    Attributes:
        focal: focal length in pixels.
        x: where the camera stands across the street.
        height: of the camera over the ground.
        horizon: pixel row of the horizon.
        vanishing_x: pixel column where the street vanishes.
        bottom: pixel row of the picture's lower edge.
    """

    focal: float
    x: float
    height: float
    horizon: float
    vanishing_x: float
    bottom: float

    def scale(self, z: float) -> float:
        """Returns pixels per metre at depth ``z``."""
        return self.focal / z

    def point(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Returns the pixel position of a world point."""
        return (
            self.vanishing_x + self.focal * (x - self.x) / z,
            self.horizon + self.focal * (self.height - y) / z,
        )

    def points(self, corners: Sequence[tuple[float, float, float]]) -> list[tuple[float, float]]:
        """Returns the pixel positions of world points."""
        return [self.point(*corner) for corner in corners]

    @property
    def nearest(self) -> float:
        """Depth at which the ground leaves the picture."""
        return self.focal * self.height / (self.bottom - self.horizon)

    def ground_strip(self, x0: float, x1: float, z0: float, z1: float) -> list[tuple[float, float]]:
        """Returns the picture of a rectangle on the ground."""
        z0, z1 = max(z0, 0.8 * self.nearest), max(z1, 0.81 * self.nearest)
        return self.points([(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)])


class Pen:
    """Draws one upright object in metres: u to the right of its foot, v up from the ground.

    Args:
        canvas: what is drawn on.
        camera: places the foot.
        foot: X and Z of the object's foot.
        identity: its id.
        haze: colour and share of the air between object and camera.
        mirrored: whether u runs to the left.
        size: metres of the picture per metre of the drawing.
    """

    def __init__(
        self,
        canvas: Canvas,
        camera: Camera,
        foot: tuple[float, float],
        identity: int,
        *,
        haze: tuple[Color, float],
        mirrored: bool = False,
        size: float = 1.0,
    ) -> None:
        self.canvas, self.identity = canvas, identity
        self._haze_color, self._haze_share = haze
        scale = camera.scale(foot[1]) * size
        self._axes = np.array([-scale if mirrored else scale, -scale])
        self._origin = np.array(camera.point(foot[0], 0.0, foot[1]))
        self._drawn: list[NDArray[np.float64]] = []

    def _pixels(self, points: Points) -> NDArray[np.float64]:
        pixels: NDArray[np.float64] = np.asarray(points, np.float64) * self._axes + self._origin
        self._drawn.append(pixels)
        return pixels

    def polygon(self, points: Points, color: Color) -> None:
        """Fills a polygon."""
        self.canvas.polygon(self._pixels(points), mix(color, self._haze_color, self._haze_share), self.identity)

    def rounded(self, points: Points, color: Color) -> None:
        """Fills a polygon with rounded corners."""
        self.polygon(smooth(points), color)

    def rectangle(self, u0: float, v0: float, u1: float, v1: float, color: Color) -> None:
        """Fills a rectangle."""
        self.polygon([(u0, v0), (u1, v0), (u1, v1), (u0, v1)], color)

    def ellipse(self, u: float, v: float, ru: float, rv: float, color: Color, angle: float = 0.0) -> None:
        """Fills an ellipse."""
        self.polygon(ellipse_points((u, v), (ru, rv), angle), color)

    def discs(self, centers: NDArray[np.float64], radii: NDArray[np.float64], colors: Sequence[Color]) -> None:
        """Fills discs, slightly flattened, in their order."""
        outlines = centers[:, None] + radii[:, None, None] * (_CIRCLE * (1.0, 0.85))
        pixels = self._pixels(outlines.reshape(-1, 2)).reshape(outlines.shape)
        for outline, color in zip(pixels, colors, strict=True):
            self.canvas.polygon(outline, mix(color, self._haze_color, self._haze_share), self.identity)

    def veil(self, points: Points, color: Color, opacity: float) -> None:
        """Fills a polygon whose ground shines through."""
        tinted = mix(color, self._haze_color, self._haze_share)
        self.canvas.veil(self._pixels(points), tinted, opacity, self.identity)

    def stroke(self, points: Points, width: float, color: Color, end_width: float | None = None) -> None:
        """Draws a line with round joints that tapers evenly from ``width`` to ``end_width``."""
        path = np.asarray(points, np.float64)
        widths = np.linspace(width, width if end_width is None else end_width, len(path)) / 2
        for index, (start, end) in enumerate(itertools.pairwise(path)):
            along = end - start
            normal = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
            r0, r1 = widths[index], widths[index + 1]
            self.polygon([start + normal * r0, end + normal * r1, end - normal * r1, start - normal * r0], color)
        for (u, v), radius in zip(path, widths, strict=True):
            self.ellipse(u, v, radius, radius, color)

    def light(self, side: float, strength: float = 0.22) -> None:
        """Lights what was drawn from one side (-1 left … 1 right) and from above, so that it looks round."""
        if not self.canvas.colored or not self._drawn:
            return
        outline = np.concatenate(self._drawn)
        window = self.canvas.window(outline)
        if window is None:
            return
        rows, columns = window
        own = self.canvas.ids[rows, columns] == self.identity
        (x0, y0), (x1, y1) = outline.min(axis=0) * self.canvas.samples, outline.max(axis=0) * self.canvas.samples
        across = (np.arange(columns.start, columns.stop) - (x0 + x1) / 2) / max((x1 - x0) / 2, 1)
        upward = ((y0 + y1) / 2 - np.arange(rows.start, rows.stop)) / max((y1 - y0) / 2, 1)
        gain = 1 + strength * (0.7 * side * across[None, :] + 0.5 * upward[:, None])
        patch = self.canvas.color[rows, columns]
        lit = np.clip(patch * gain[:, :, None], 0, 255).astype(np.uint8)
        np.copyto(patch, lit, where=own[:, :, None])
