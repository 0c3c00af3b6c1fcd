"""Light, sky, haze and weather: what makes a scene's mood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet.scenes.arithmetic import exponential, logarithm, unrepeated_noise
from lpsnet.scenes.canvas import Camera, Canvas, Color
from lpsnet.scenes.chance import Chance

__all__ = ["WEATHERS", "Weather", "choose_weather", "paint_sky"]

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Weather:
    """The light and weather of one scene.

    Attributes:
        name: one of :data:`WEATHERS`.
        zenith: colour of the sky overhead.
        horizon: colour of the sky at the horizon, which is that of the haze.
        glow: colour around the sun or the moon.
        cloud: colour of the clouds.
        tint: gain of the three channels over the whole picture, but for what gives light itself.
        shadow: how much light a shadow takes away, 0 … 1.
        clarity: depth in metres at which haze takes two thirds.
        wet: how much the ground mirrors, 0 … 1.
        snow: how much snow lies, 0 … 1.
        dark: whether windows, lamps and signs are lit.
        falling: what falls: ``rain``, ``snow`` or nothing.
        cloudiness: 0 clear … 1 overcast.
        sun: where it stands, -1 left … 1 right.
        sun_height: 0 at the horizon … 1 high.
    """

    name: str
    zenith: Color
    horizon: Color
    glow: Color
    cloud: Color
    tint: Color
    shadow: float
    clarity: float
    cloudiness: float
    sun: float
    sun_height: float
    wet: float = 0.0
    snow: float = 0.0
    dark: bool = False
    falling: str = ""

    def haze(self, z: float) -> tuple[Color, float]:
        """Returns the haze's colour and share at depth ``z``."""
        return self.horizon, 0.85 * (1 - exponential(-z / self.clarity))

    def hazes(self, z: NDArray[np.float64]) -> NDArray[np.float32]:
        """Returns the haze's share at depths up to some thousand metres."""
        return (0.85 * (1 - exponential(-z / self.clarity))).astype(np.float32)


_MOODS: dict[str, dict[str, Any]] = {
    "noon": {
        "zenith": (62, 128, 205), "horizon": (196, 220, 238), "glow": (255, 250, 232), "cloud": (250, 251, 253),
        "tint": (1.0, 1.0, 1.0), "shadow": 0.48, "clarity": 240.0,
    },
    "evening": {
        "zenith": (84, 112, 176), "horizon": (250, 206, 160), "glow": (255, 226, 170), "cloud": (255, 214, 188),
        "tint": (1.07, 0.985, 0.89), "shadow": 0.50, "clarity": 150.0,
    },
    "morning": {
        "zenith": (108, 162, 206), "horizon": (238, 230, 206), "glow": (255, 244, 208), "cloud": (255, 246, 232),
        "tint": (1.03, 1.0, 0.95), "shadow": 0.42, "clarity": 95.0,
    },
    "overcast": {
        "zenith": (150, 165, 182), "horizon": (212, 218, 224), "glow": (224, 228, 232), "cloud": (232, 235, 238),
        "tint": (0.97, 0.99, 1.02), "shadow": 0.24, "clarity": 130.0,
    },
    "dusk": {
        "zenith": (44, 58, 112), "horizon": (232, 158, 138), "glow": (255, 196, 150), "cloud": (206, 136, 150),
        "tint": (0.94, 0.86, 0.95), "shadow": 0.36, "clarity": 140.0,
    },
    "rain": {
        "zenith": (106, 118, 134), "horizon": (176, 186, 196), "glow": (196, 202, 208), "cloud": (168, 176, 186),
        "tint": (0.90, 0.94, 0.99), "shadow": 0.12, "clarity": 95.0, "wet": 1.0, "falling": "rain",
    },
    "fog": {
        "zenith": (196, 203, 209), "horizon": (212, 216, 219), "glow": (232, 232, 228), "cloud": (214, 218, 222),
        "tint": (0.99, 1.0, 1.01), "shadow": 0.10, "clarity": 36.0,
    },
    "snow": {
        "zenith": (172, 186, 204), "horizon": (222, 228, 234), "glow": (240, 240, 240), "cloud": (230, 234, 240),
        "tint": (0.97, 0.99, 1.03), "shadow": 0.20, "clarity": 110.0, "snow": 1.0, "falling": "snow",
    },
    "night": {
        "zenith": (34, 44, 84), "horizon": (98, 104, 140), "glow": (216, 220, 232), "cloud": (96, 100, 130),
        "tint": (0.60, 0.62, 0.78), "shadow": 0.25, "clarity": 130.0, "dark": True,
    },
}  # fmt: skip
_WEIGHTS = {
    "noon": 0.24, "evening": 0.16, "morning": 0.13, "overcast": 0.11, "dusk": 0.08,
    "rain": 0.09, "fog": 0.05, "snow": 0.07, "night": 0.07,
}  # fmt: skip
WEATHERS = tuple(_MOODS)
"""The names of every weather."""


def choose_weather(chance: Chance, name: str | None = None) -> Weather:
    """Draws a mood, and within it clouds and the place of the sun.

    Args:
        chance: source of chance; as much is drawn from it whatever the name.
        name: one of :data:`WEATHERS`; None lets chance choose.
    """
    drawn = chance.pick(tuple(_WEIGHTS), tuple(_WEIGHTS.values()))
    name = drawn if name is None else name
    covered, low_sun = name in ("overcast", "rain", "fog", "snow"), name in ("evening", "dusk", "morning")
    cloudiness, sun, height = chance.random(), chance.uniform(-1, 1), chance.random()
    return Weather(
        name=name,
        **_MOODS[name],
        cloudiness=0.75 + 0.25 * cloudiness if covered else 0.1 + 0.5 * cloudiness,
        sun=sun,
        sun_height=0.05 + 0.3 * height if low_sun else 0.5 + 0.5 * height,
    )


def _power(base: NDArray[np.float64], exponent: float) -> NDArray[np.float32]:
    """Returns numbers in [0, 1] to a power."""
    values = [exponential(exponent * logarithm(part)) if part > 0 else 0.0 for part in base.tolist()]
    return np.array(values, np.float32)


def paint_sky(canvas: Canvas, camera: Camera, weather: Weather, identity: int, chance: Chance) -> None:
    """Fills the canvas with sky: a gradient, the sun's glow or stars, and clouds that flatten towards the horizon."""
    canvas.ids[:] = identity
    if not canvas.colored:
        return
    width, height = canvas.width, max(min(int(camera.horizon) + 4, canvas.height), 8)
    y, x = np.arange(height, dtype=np.float64)[:, None], np.arange(width, dtype=np.float64)
    depth = np.clip(y / camera.horizon, 0, 1)
    rise = _power(1 - depth[:, 0], 1.3)[:, None, None]
    zenith, low = np.asarray(weather.zenith, np.float32), np.asarray(weather.horizon, np.float32)
    sky: Picture = np.repeat(low + (zenith - low) * rise, width, axis=1)

    across, above = (x / width - 0.5) * 2 - weather.sun, 0.8 * (y / camera.horizon - (1 - weather.sun_height))
    # The bell of a distance is the product of the bells of its two parts.
    wide = exponential(across * across / -0.16) * exponential(above * above / -0.16)
    narrow = exponential(np.maximum(across * across / -0.004, -40)) * exponential(
        np.maximum(above * above / -0.004, -40)
    )
    strength = (1 - 0.8 * weather.cloudiness) * (0.4 if weather.dark else 0.75)
    halo = np.minimum(strength * wide + (1 - 0.8 * weather.cloudiness) * narrow, 1).astype(np.float32)
    sky += (np.asarray(weather.glow, np.float32) - sky) * halo[:, :, None]
    if weather.dark:
        _sprinkle_stars(sky, chance)

    noise = unrepeated_noise(chance.bits, height, width, (4, 3), 5)
    thick = np.clip((noise + np.float32(2.4 * weather.cloudiness - 1.25)) * np.float32(0.8), 0, 1)
    cover = thick * np.clip(1.25 - depth, 0, 1).astype(np.float32)
    # The underside of a cloud, where the noise grows upwards, is darker.
    slope = np.zeros_like(noise)
    slope[1:-1] = (noise[:-2] - noise[2:]) * np.float32(height / 56)
    lit = np.clip(1 - np.float32(0.14) * np.clip(slope, -0.6, 1) * cover, 0.8, 1.06)[:, :, None]
    sky += (np.asarray(weather.cloud, np.float32) * lit - sky) * (np.float32(0.9) * cover)[:, :, None]
    canvas.replace_color(0, np.clip(sky, 0, 255).astype(np.uint8))
    canvas.replace_glow(0, np.full((height, width), 150 if weather.dark else 0, np.uint8))


def _sprinkle_stars(sky: Picture, chance: Chance) -> None:
    height, width = sky.shape[:2]
    for _ in range(140):
        row, column = int(height * chance.random() * chance.random()), chance.below(width)
        sky[row, column] = np.minimum(sky[row, column] + np.float32(chance.uniform(30, 150)), 255)
