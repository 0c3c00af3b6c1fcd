"""The last steps of a picture: what falls from the sky, and what a camera adds."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.scenes.arithmetic import blurred
from lpsnet.scenes.canvas import Canvas, ellipse_points
from lpsnet.scenes.chance import Chance
from lpsnet.scenes.weather import Picture, Weather

__all__ = ["finish_picture"]


def finish_picture(canvas: Canvas, weather: Weather, chance: Chance) -> NDArray[np.uint8]:
    """Returns the picture ``[H, W, 3]``: the light's tint, bloom, rain or snow, soft focus, darker corners, grain."""
    picture = _lit(canvas, weather)
    if weather.falling:
        _let_fall(picture, weather, chance)
    if chance.falls(0.3):
        picture = _soft_focus(picture)
    picture *= _vignette(canvas.height, canvas.width)[:, :, None]
    _add_grain(picture, chance.uniform(1.0, 2.6) + (0.8 if weather.dark else 0.0), chance)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _lit(canvas: Canvas, weather: Weather) -> Picture:
    """Returns the picture in its light: bright parts bloom, and what gives light at night keeps its own."""
    picture: Picture = canvas.final_color().astype(np.float32)
    tint = np.asarray(weather.tint, np.float32)
    if canvas.glow is None:
        picture *= tint
        bright = np.clip(picture - 190, 0, 255)
        strength = np.float32(0.35)
    else:
        glow = canvas.final_glow().astype(np.float32)[:, :, None] / np.float32(255)
        # Lamps are warmer than the night around them.
        picture *= tint + (np.asarray((1.08, 1.0, 0.86), np.float32) - tint) * glow
        bright = picture * np.clip(glow * np.float32(4) - np.float32(3), 0, 1)
        strength = np.float32(1.5)
    side = max(canvas.width // 25, 3)
    picture += strength * blurred(bright.astype(np.uint8), side, side)
    return picture


def _let_fall(picture: Picture, weather: Weather, chance: Chance) -> None:
    """Draws streaks of rain or flakes of snow, the near ones larger and fewer."""
    height, width = picture.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    unit, slant = height / 384, chance.uniform(-0.25, 0.25)
    rain = weather.falling == "rain"
    for _ in range(int(420 * width / height) if rain else int(560 * width / height)):
        near = chance.random() * chance.random()
        x, y = chance.uniform(-0.1, 1.1) * width, chance.uniform(-0.1, 1.0) * height
        if rain:
            length, half = (6 + 34 * near) * unit, (0.28 + 0.42 * near) * unit
            outline = np.array([(x, y), (x + 2 * half, y), (x + slant * length, y + length)])
        else:
            radius = (0.55 + 2.1 * near) * unit
            outline = ellipse_points((x, y), (radius, radius))
        cv2.fillConvexPoly(mask, np.rint(outline * 16).astype(np.int32), (int(90 + 165 * near),), cv2.LINE_AA, 4)
    opacity = mask.astype(np.float32)[:, :, None] * np.float32((0.42 if rain else 0.8) / 255)
    tone = np.asarray((206, 214, 224) if rain else (246, 248, 252), np.float32)
    picture += (tone - picture) * opacity


def _soft_focus(picture: Picture) -> Picture:
    """Returns the picture a little out of focus: weights 1, 2, 1 down and across."""
    for axis in (0, 1):
        ends = [(1, 1) if axis == side else (0, 0) for side in range(3)]
        wide = np.pad(picture, ends, mode="edge")
        first, last = (wide[:-2], wide[2:]) if axis == 0 else (wide[:, :-2], wide[:, 2:])
        picture = np.float32(0.25) * (first + last) + np.float32(0.5) * picture
    return picture


def _vignette(height: int, width: int) -> NDArray[np.float32]:
    """Returns how much light reaches every pixel, ``[H, W]``: less in the corners."""
    y = (np.arange(height, dtype=np.float32) * np.float32(2 / (height - 1)) - 1)[:, None]
    x = np.arange(width, dtype=np.float32) * np.float32(2 / (width - 1)) - 1
    radius = (x * x + y * y) / np.float32(2)
    return np.asarray(1 - np.float32(0.16) * radius * np.sqrt(radius), np.float32)


def _add_grain(picture: Picture, strength: float, chance: Chance) -> None:
    """Adds the noise of a sensor: mostly of brightness, a little of colour; ``strength`` in grey levels."""
    noise = chance.bytes(5, *picture.shape[:2])
    # The difference of two even numbers in 0 … 255 has a spread of 104.5, one alone of 73.9.
    luma = noise[0].astype(np.float32) - noise[1]
    picture += (luma * np.float32(strength / 104.5))[:, :, None]
    for channel in range(3):
        picture[:, :, channel] += (noise[2 + channel] - np.float32(127.5)) * np.float32(0.8 / 73.9)
