"""Colours and ids side by side: the canvas, the camera, and the pen that objects are drawn with."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.scenes.arithmetic import cosine, sine

__all__ = ["Camera", "Canvas", "Color", "Pen", "Points", "ellipse_points", "mix", "shade", "smooth"]

Color = tuple[float, float, float]
"""RGB, 0 … 255."""
Points = Sequence[tuple[float, float]] | NDArray[np.float64]

_SUBPIXEL_BITS = 4
_REACH = 200_000
"""Fixed-point positions beyond this are clipped, far off any canvas."""


def mix(first: Color, second: Color, share: float) -> Color:
    """Returns ``first`` moved towards ``second`` by a share in [0, 1]."""
    (r, g, b), (x, y, z) = first, second
    return r + (x - r) * share, g + (y - g) * share, b + (z - b) * share


def shade(color: Color, factor: float) -> Color:
    """Returns a colour lit ``factor`` ≥ 0 times as bright."""
    r, g, b = color
    return min(r * factor, 255.0), min(g * factor, 255.0), min(b * factor, 255.0)


def _arc(start: float, end: float, count: int) -> NDArray[np.float64]:
    """Returns points of the unit circle ``[count, 2]``, from one angle in degrees to another."""
    step = (end - start) / (count - 1)
    turns = [start + step * k for k in range(count)]
    return np.array([(cosine(turn), sine(turn)) for turn in turns])


_CIRCLE = _arc(0, 360, 29)[:-1]


def ellipse_points(
    center: tuple[float, float], radii: tuple[float, float], start: float = 0.0, end: float = 360.0
) -> NDArray[np.float64]:
    """Returns the outline of an ellipse, or of its sector from ``start`` to ``end`` degrees, as ``[N, 2]``."""
    unit = _CIRCLE if end - start >= 360 else _arc(start, end, 25)
    return unit * radii + center


def smooth(points: Points, rounds: int = 2) -> NDArray[np.float64]:
    """Returns a closed polygon with its corners cut (Chaikin), which rounds it."""
    outline = np.asarray(points, np.float64)
    for _ in range(rounds):
        following = np.concatenate([outline[1:], outline[:1]])
        cut = np.empty((2 * len(outline), 2))
        cut[0::2] = 0.75 * outline + 0.25 * following
        cut[1::2] = 0.25 * outline + 0.75 * following
        outline = cut
    return outline


class Canvas:
    """A picture and its id map, drawn together by the same calls at twice the final resolution.

    Positions are in pixels of the final picture. Every shape covers exactly the same samples of both.

    Args:
        height: of the final picture.
        width: likewise.
        colored: False draws ids only, which is faster.
        samples: samples per pixel along either side: 2, or 1 for a rough picture.
        glowing: also keep how much light each sample gives off by itself.

    Attributes:
        color: uint8 ``[samples·height, samples·width, 3]``; empty if not coloured.
        ids: uint8 ``[samples·height, samples·width]``.
        glow: uint8, the same shape, 0 … 255; None if nothing glows.
    """

    def __init__(
        self, height: int, width: int, *, colored: bool = True, samples: int = 2, glowing: bool = False
    ) -> None:
        self.height, self.width, self.samples, self.colored = height, width, samples, colored
        shape = (height * samples, width * samples)
        # One array holds colours and ids, so that one call fills both.
        self._pixels: NDArray[np.uint8] = np.zeros((*shape, 4) if colored else shape, np.uint8)
        self.color = self._pixels[:, :, :3] if colored else np.zeros((0, 0, 3), np.uint8)
        self.ids: NDArray[np.uint8] = self._pixels[:, :, 3] if colored else self._pixels
        self.glow: NDArray[np.uint8] | None = np.zeros(shape, np.uint8) if glowing else None
        self._scale = float(samples << _SUBPIXEL_BITS)

    def polygon(self, points: Points, color: Color, identity: int, glow: int = 0) -> None:
        """Fills a polygon that every row crosses at most twice, as convex ones are.

        How OpenCV fills any other polygon depends on its version.

        Args:
            points: corners in pixels.
            color: of the picture.
            identity: of the id map.
            glow: the light that it gives off by itself, 0 … 255.
        """
        corners = self._fixed_point(points)
        value = (*color, identity) if self.colored else (identity,)
        cv2.fillConvexPoly(self._pixels, corners, value, 8, _SUBPIXEL_BITS)
        if self.glow is not None:
            cv2.fillConvexPoly(self.glow, corners, (glow,), 8, _SUBPIXEL_BITS)

    def discs(self, outlines: NDArray[np.float64], colors: Sequence[Color], identity: int) -> None:
        """Fills convex outlines ``[K, N, 2]`` in their order, one colour each."""
        pixels, glow = self._pixels, self.glow
        for corners, color in zip(self._fixed_point(outlines), colors, strict=True):
            value = (*color, identity) if self.colored else (identity,)
            cv2.fillConvexPoly(pixels, corners, value, 8, _SUBPIXEL_BITS)
            if glow is not None:
                cv2.fillConvexPoly(glow, corners, (0,), 8, _SUBPIXEL_BITS)

    def veil(self, points: Points, color: Color, opacity: float, identity: int) -> None:
        """Fills a polygon as :meth:`polygon` does, but its ground shines through."""
        corners = self._fixed_point(points)
        window = self.window(points)
        if window is None:
            return
        mask = np.zeros((window[0].stop - window[0].start, window[1].stop - window[1].start), np.uint8)
        corners -= np.array([window[1].start, window[0].start], np.int32) << _SUBPIXEL_BITS
        cv2.fillConvexPoly(mask, corners, (1,), 8, _SUBPIXEL_BITS)
        inside = mask > 0
        self.ids[window][inside] = identity
        if self.colored:
            patch = self.color[window]
            ground = patch[inside].astype(np.float32)
            patch[inside] = (ground + (np.asarray(color, np.float32) - ground) * np.float32(opacity)).astype(np.uint8)

    def window(self, points: Points) -> tuple[slice, slice] | None:
        """Returns the samples around some points as slices of rows and columns, None if none is on the canvas."""
        corners = np.asarray(points, np.float64) * self.samples
        low, high = corners.min(axis=0), corners.max(axis=0)
        x0, y0 = max(math.floor(low[0]) - 1, 0), max(math.floor(low[1]) - 1, 0)
        x1, y1 = min(math.ceil(high[0]) + 2, self.ids.shape[1]), min(math.ceil(high[1]) + 2, self.ids.shape[0])
        return None if x0 >= x1 or y0 >= y1 else (slice(y0, y1), slice(x0, x1))

    def _fixed_point(self, points: Points) -> NDArray[np.int32]:
        # Sample centres lie at half positions: the shift keeps shapes where they were asked for.
        scaled = np.asarray(points, np.float64) * self._scale
        scaled -= (1 << _SUBPIXEL_BITS) / 2 - 0.5
        np.maximum(scaled, -_REACH, out=scaled)
        np.minimum(scaled, _REACH, out=scaled)
        return scaled.astype(np.int32)

    def final_color(self) -> NDArray[np.uint8]:
        """Returns the picture at its final resolution, edges smoothed by averaging."""
        return self._averaged(self._pixels)[:, :, :3]

    def final_glow(self) -> NDArray[np.uint8]:
        """Returns the glow at its final resolution, nothing if nothing glows."""
        if self.glow is None:
            return np.zeros((self.height, self.width), np.uint8)
        return self._averaged(self.glow)

    def _averaged(self, samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self.samples == 1:
            return samples.copy()
        pairs = samples[0::2].astype(np.uint16)
        pairs += samples[1::2]
        fours = pairs[:, 0::2] + pairs[:, 1::2]
        fours += 2
        fours >>= 2
        return fours.astype(np.uint8)

    def replace_color(self, top: int, picture: NDArray[np.uint8]) -> None:
        """Puts pixels of the final resolution ``[rows, W, 3]`` in place of the samples from row ``top`` on."""
        rows = self.color[top * self.samples : (top + len(picture)) * self.samples]
        for row in range(self.samples):
            for column in range(self.samples):
                rows[row :: self.samples, column :: self.samples] = picture

    def replace_glow(self, top: int, glow: NDArray[np.uint8]) -> None:
        """Puts pixels of glow ``[rows, W]`` likewise in place; does nothing if nothing glows."""
        if self.glow is not None:
            rows = slice(top * self.samples, (top + len(glow)) * self.samples)
            self.glow[rows] = np.repeat(np.repeat(glow, self.samples, axis=0), self.samples, axis=1)

    def final_ids(self) -> NDArray[np.int32]:
        """Returns the id map at its final resolution: the id that most samples of a pixel carry."""
        a, b, c, d = (np.ascontiguousarray(self.ids[row::2, column::2]) for row in (0, 1) for column in (0, 1))
        first_leads = (a == b) | (a == c) | (a == d)
        second_leads = (b == c) | (b == d)
        return np.where(first_leads, a, np.where(second_leads, b, np.where(c == d, c, a))).astype(np.int32)


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
        up: 1; -1 sees what stands on the ground mirrored in it.
    """

    focal: float
    x: float
    height: float
    horizon: float
    vanishing_x: float
    bottom: float
    up: int = 1

    def mirrored(self) -> Camera:
        """Returns the camera that sees everything as a wet ground shows it: upside down."""
        return replace(self, up=-self.up)

    def scaled(self, factor: float) -> Camera:
        """Returns the camera of the same picture at ``factor`` times its size."""
        return replace(
            self,
            focal=self.focal * factor,
            horizon=self.horizon * factor,
            vanishing_x=self.vanishing_x * factor,
            bottom=self.bottom * factor,
        )

    def scale(self, z: float) -> float:
        """Returns pixels per metre at depth ``z``."""
        return self.focal / z

    def point(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Returns the pixel position of a world point."""
        return (
            self.vanishing_x + self.focal * (x - self.x) / z,
            self.horizon + self.focal * (self.height - self.up * y) / z,
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
        snow: 0 … 1, how much of it lies on what is drawn.

    Attributes:
        detail: samples of the canvas per metre of the drawing; what is far needs fewer shapes.
        snow: as given.
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
        snow: float = 0.0,
    ) -> None:
        self.canvas, self.identity, self.snow = canvas, identity, snow
        self._haze_color, self._haze_share = haze
        scale = camera.scale(foot[1]) * size
        self.detail = scale * canvas.samples
        self._axes = np.array([-scale if mirrored else scale, -scale * camera.up])
        self._origin = np.array(camera.point(foot[0], 0.0, foot[1]))
        self._mirrored = mirrored
        self._drawn: list[NDArray[np.float64]] = []

    @property
    def sunward(self) -> int:
        """1 if the drawing's right is the picture's right, -1 if it is mirrored."""
        return -1 if self._mirrored else 1

    def _pixels(self, points: Points) -> NDArray[np.float64]:
        pixels: NDArray[np.float64] = np.asarray(points, np.float64) * self._axes + self._origin
        self._drawn.append(pixels)
        return pixels

    def _hazy(self, color: Color) -> Color:
        return mix(color, self._haze_color, self._haze_share)

    def polygon(self, points: Points, color: Color, glow: int = 0) -> None:
        """Fills a polygon; ``glow`` is the light it gives off by itself, 0 … 255."""
        self.canvas.polygon(self._pixels(points), self._hazy(color), self.identity, glow)

    def rounded(self, points: Points, color: Color, glow: int = 0) -> None:
        """Fills a polygon with rounded corners."""
        self.polygon(smooth(points), color, glow)

    def rectangle(self, u0: float, v0: float, u1: float, v1: float, color: Color, glow: int = 0) -> None:
        """Fills a rectangle."""
        self.polygon([(u0, v0), (u1, v0), (u1, v1), (u0, v1)], color, glow)

    def ellipse(self, u: float, v: float, ru: float, rv: float, color: Color, glow: int = 0) -> None:
        """Fills an ellipse."""
        self.polygon(ellipse_points((u, v), (ru, rv)), color, glow)

    def discs(self, centers: NDArray[np.float64], radii: NDArray[np.float64], colors: Sequence[Color]) -> None:
        """Fills discs, slightly flattened, in their order: centres ``[K, 2]``, radii ``[K]``."""
        # A small disc needs few corners.
        unit = _CIRCLE if float(radii.max()) * self.detail > 12 else _CIRCLE[::3]
        outlines = centers[:, None] + radii[:, None, None] * (unit * (1.0, 0.85))
        pixels = self._pixels(outlines.reshape(-1, 2)).reshape(outlines.shape)
        self.canvas.discs(pixels, [self._hazy(color) for color in colors], self.identity)

    def veil(self, points: Points, color: Color, opacity: float) -> None:
        """Fills a polygon whose ground shines through."""
        self.canvas.veil(self._pixels(points), self._hazy(color), opacity, self.identity)

    def stroke(self, points: Points, width: float, color: Color, end_width: float | None = None) -> None:
        """Draws a line with round joints that tapers evenly from ``width`` to ``end_width``."""
        path = [(float(u), float(v)) for u, v in points]
        taper = ((width if end_width is None else end_width) - width) / max(len(path) - 1, 1)
        radii = [(width + taper * index) / 2 for index in range(len(path))]
        for index, ((u0, v0), (u1, v1)) in enumerate(itertools.pairwise(path)):
            du, dv = u1 - u0, v1 - v0
            length = max(math.sqrt(du * du + dv * dv), 1e-9)
            nu, nv = -dv / length, du / length
            r0, r1 = radii[index], radii[index + 1]
            quad = [(u0 + nu * r0, v0 + nv * r0), (u1 + nu * r1, v1 + nv * r1)]
            self.polygon([*quad, (u1 - nu * r1, v1 - nv * r1), (u0 - nu * r0, v0 - nv * r0)], color)
        if width * self.detail > 3:
            for (u, v), radius in zip(path, radii, strict=True):
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
        gain = (1 + strength * (0.7 * side * across[None, :] + 0.5 * upward[:, None])).astype(np.float32)
        patch = self.canvas.color[rows, columns]
        lit = np.minimum(patch * np.maximum(gain, 0)[:, :, None], np.float32(255)).astype(np.uint8)
        np.copyto(patch, lit, where=own[:, :, None])
