"""Light, sky, haze and texture: what makes a scene's mood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.scenes.canvas import Camera, Canvas, Color

__all__ = ["Weather", "choose_weather", "fractal_noise", "grade", "paint_sky", "texture_ground"]

Noise = NDArray[np.float32]


@dataclass(frozen=True)
class Weather:
    """The light of one scene.

    Attributes:
        zenith: colour of the sky overhead.
        horizon: colour of the sky at the horizon, which is that of the haze.
        glow: colour around the sun.
        cloud: colour of the clouds.
        cloudiness: 0 clear … 1 overcast.
        tint: gain of the three channels over the whole picture.
        sun: where it stands, -1 left … 1 right.
        sun_height: 0 at the horizon … 1 high.
        shadow: how much light a shadow takes away, 0 … 1.
        clarity: depth in metres at which haze takes two thirds.
    """

    zenith: Color
    horizon: Color
    glow: Color
    cloud: Color
    cloudiness: float
    tint: Color
    sun: float
    sun_height: float
    shadow: float
    clarity: float

    def haze(self, z: float) -> tuple[Color, float]:
        """Returns the haze's colour and share at depth ``z``."""
        return self.horizon, 0.85 * (1 - math.exp(-z / self.clarity))


_MOODS: dict[str, dict[str, Color | float]] = {
    "noon": {
        "zenith": (62, 128, 205), "horizon": (196, 220, 238), "glow": (255, 250, 232), "cloud": (250, 251, 253),
        "tint": (1.0, 1.0, 1.0), "shadow": 0.48, "clarity": 240.0,
    },
    "evening": {
        "zenith": (84, 112, 176), "horizon": (250, 206, 160), "glow": (255, 226, 170), "cloud": (255, 214, 188),
        "tint": (1.07, 0.985, 0.89), "shadow": 0.50, "clarity": 150.0,
    },
    "overcast": {
        "zenith": (150, 165, 182), "horizon": (212, 218, 224), "glow": (224, 228, 232), "cloud": (232, 235, 238),
        "tint": (0.97, 0.99, 1.02), "shadow": 0.24, "clarity": 130.0,
    },
    "dusk": {
        "zenith": (44, 58, 112), "horizon": (232, 158, 138), "glow": (255, 196, 150), "cloud": (206, 136, 150),
        "tint": (0.94, 0.86, 0.95), "shadow": 0.36, "clarity": 140.0,
    },
    "morning": {
        "zenith": (108, 162, 206), "horizon": (238, 230, 206), "glow": (255, 244, 208), "cloud": (255, 246, 232),
        "tint": (1.03, 1.0, 0.95), "shadow": 0.42, "clarity": 95.0,
    },
}  # fmt: skip
_MOOD_WEIGHTS = {"noon": 0.34, "evening": 0.24, "morning": 0.18, "overcast": 0.14, "dusk": 0.10}


def choose_weather(rng: np.random.Generator) -> Weather:
    """Draws a mood, and within it clouds and the place of the sun."""
    name = str(rng.choice(list(_MOOD_WEIGHTS), p=list(_MOOD_WEIGHTS.values())))
    low_sun = name in ("evening", "dusk", "morning")
    return Weather(
        **_MOODS[name],  # type: ignore[arg-type]
        cloudiness=float(rng.uniform(0.75, 1.0) if name == "overcast" else rng.uniform(0.1, 0.6)),
        sun=float(rng.uniform(-1, 1)),
        sun_height=float(rng.uniform(0.05, 0.35) if low_sun else rng.uniform(0.5, 1.0)),
    )


def fractal_noise(
    rng: np.random.Generator, height: int, width: int, cell: tuple[float, float], octaves: int = 4
) -> Noise:
    """Returns smooth noise ``[height, width]`` with mean 0 and spread 1.

    Args:
        rng: source of chance.
        height: rows.
        width: columns.
        cell: rows and columns of the coarsest feature.
        octaves: each next one is half as large and half as strong.
    """
    total: Noise = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        rows = max(2, math.ceil(height / cell[0] * 2**octave))
        columns = max(2, math.ceil(width / cell[1] * 2**octave))
        grid = rng.standard_normal((rows, columns), np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(0.5**octave)
    spread = np.float32(max(float(total.std()), 1e-6))
    return np.asarray((total - total.mean()) / spread, np.float32)


def paint_sky(canvas: Canvas, camera: Camera, weather: Weather, identity: int, rng: np.random.Generator) -> None:
    """Fills the canvas with sky: a gradient, the sun's glow, and clouds that flatten towards the horizon."""
    canvas.ids[:] = identity
    width, height = canvas.width, min(int(camera.horizon) + 4, canvas.height)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    depth = np.clip(y / camera.horizon, 0, 1)
    rise = (1 - depth[:, :1, None]) ** np.float32(1.3)
    zenith, low = np.asarray(weather.zenith, np.float32), np.asarray(weather.horizon, np.float32)
    sky = np.repeat(low + (zenith - low) * rise, width, axis=1)

    across = (x / width - 0.5) * 2 - np.float32(weather.sun)
    above = y / camera.horizon - np.float32(1 - weather.sun_height)
    distance = across**2 + (0.8 * above) ** 2
    glow = (0.75 * np.exp(-distance / 0.16) + np.exp(-distance / 0.004)) * np.float32(1 - 0.8 * weather.cloudiness)
    sky += (np.asarray(weather.glow, np.float32) - sky) * np.clip(glow, 0, 1)[:, :, None]

    noise = fractal_noise(rng, height, width, (height / 4, width / 3), 5)
    cover = np.clip((noise + 2.4 * weather.cloudiness - 1.25) * 0.8, 0, 1) * np.clip(1.25 - depth, 0, 1)
    # The underside of a cloud, where the noise grows upwards, is darker.
    underside = np.clip(np.gradient(noise, axis=0) * -6, -0.6, 1)
    lit = np.clip(1 - 0.14 * underside * cover, 0.8, 1.06)[:, :, None]
    sky += (np.asarray(weather.cloud, np.float32) * lit - sky) * (0.9 * cover)[:, :, None]
    size = (canvas.ids.shape[1], height * canvas.samples)
    canvas.color[: size[1]] = cv2.resize(np.clip(sky, 0, 255).astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)


def texture_ground(
    canvas: Canvas,
    camera: Camera,
    weather: Weather,
    roughness: dict[int, tuple[float, float]],
    rng: np.random.Generator,
) -> None:
    """Gives the ground grain in perspective, and haze.

    Args:
        canvas: holds flat-coloured ground.
        camera: for the perspective.
        weather: for the haze.
        roughness: per id the strength of the texture in grey levels, and its size in metres.
        rng: source of chance.
    """
    height, width = canvas.ids.shape
    top = int(min(max(camera.horizon * canvas.samples + 2, 0), height - 1))
    rows = (np.arange(top, height, dtype=np.float32) + 0.5) / canvas.samples
    columns = (np.arange(width, dtype=np.float32) + 0.5) / canvas.samples
    z = (camera.focal * camera.height / (rows - camera.horizon)).astype(np.float32)[:, None]
    x = (columns[None, :] - np.float32(camera.vanishing_x)) * z / np.float32(camera.focal)
    noise = fractal_noise(rng, _TILE, _TILE, (64, 64), 6)
    ids = canvas.ids[top:]
    ground = canvas.color[top:].astype(np.float32)
    for identity, (strength, metres) in roughness.items():
        own = ids == identity
        if strength == 0 or not own.any():
            continue
        texels = np.float32(64 / metres)
        across, ahead = _mirrored(x * texels), _mirrored(np.repeat(z, width, axis=1) * texels)
        sampled = cv2.remap(noise, across, ahead, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        fade = np.clip(np.float32(1.4) - z / 60, 0.15, 1) * np.float32(strength)
        ground += (sampled * fade * own)[:, :, None]
    share = np.asarray([weather.haze(float(depth))[1] for depth in z[:, 0]], np.float32)[:, None, None]
    ground += (np.asarray(weather.horizon, np.float32) - ground) * share
    canvas.color[top:] = np.clip(ground, 0, 255).astype(np.uint8)


_TILE = 512


def _mirrored(position: NDArray[Any]) -> Noise:
    """Returns positions in the noise tile that run to and fro, so that no seam shows."""
    period = np.float32(2 * _TILE - 2)
    return np.asarray(np.abs(position % period - np.float32(_TILE - 1)), np.float32)


def grade(image: NDArray[np.uint8], weather: Weather, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Finishes a picture as a camera would: the light's tint, a soft bloom, falling-off corners and grain."""
    height, width = image.shape[:2]
    picture = image.astype(np.float32) * np.asarray(weather.tint, np.float32)
    bright = np.clip(picture - 190, 0, None)
    picture += 0.35 * np.asarray(cv2.GaussianBlur(bright, (0, 0), width / 60), np.float32)
    y, x = np.ogrid[-1 : 1 : complex(height), -1 : 1 : complex(width)]
    picture *= (1 - 0.16 * ((x**2 + y**2) / 2) ** 1.5).astype(np.float32)[:, :, None]
    grain = rng.standard_normal((height, width, 1), np.float32) * rng.uniform(1.2, 3.2)
    picture += grain + rng.standard_normal((height, width, 3), np.float32) * 0.8
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
