"""Light, sky, haze and texture: what makes a scene's mood."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.scenes.canvas import SUPERSAMPLING, Camera, Canvas, Color

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
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        rows = max(2, math.ceil(height / cell[0] * 2**octave))
        columns = max(2, math.ceil(width / cell[1] * 2**octave))
        grid = rng.standard_normal((rows, columns), np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(0.5**octave)
    return (total - total.mean()) / max(float(total.std()), 1e-6)


def paint_sky(canvas: Canvas, camera: Camera, weather: Weather, identity: int, rng: np.random.Generator) -> None:
    """Fills the whole canvas with sky: a gradient, the sun's glow, and clouds that flatten towards the horizon."""
    canvas.ids[:] = identity
    height, width = canvas.ids.shape
    horizon = max(camera.horizon * SUPERSAMPLING, 1)
    depth = np.clip(np.arange(height, dtype=np.float32) / horizon, 0, 1)[:, None, None]
    sky = np.asarray(weather.zenith, np.float32) * (1 - depth) ** 1.3
    sky = sky + np.asarray(weather.horizon, np.float32) * (1 - (1 - depth) ** 1.3)
    sky = np.repeat(sky, width, axis=1)

    x = (np.arange(width, dtype=np.float32)[None, :] / width - 0.5) * 2 - weather.sun
    y = np.arange(height, dtype=np.float32)[:, None] / horizon - (1 - weather.sun_height)
    distance = x**2 + (0.8 * y) ** 2
    glow = (0.75 * np.exp(-distance / 0.16) + np.exp(-distance / 0.004)) * (1 - 0.8 * weather.cloudiness)
    sky += (np.asarray(weather.glow, np.float32) - sky) * np.clip(glow, 0, 1)[:, :, None]

    noise = fractal_noise(rng, height, width, (height / 7, width / 3), 5)
    cover = np.clip((noise + 2.4 * weather.cloudiness - 1.25) * 0.8, 0, 1) * np.clip(1.25 - depth[:, :, 0], 0, 1)
    lit = np.clip(1 - 0.10 * np.roll(noise, 12, axis=0) * cover, 0.82, 1.05)[:, :, None]
    sky += (np.asarray(weather.cloud, np.float32) * lit - sky) * (0.9 * cover)[:, :, None]
    canvas.color[:] = np.clip(sky, 0, 255).astype(np.uint8)


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
    top = int(min(max(camera.horizon * SUPERSAMPLING + 2, 0), height - 1))
    rows = (np.arange(top, height, dtype=np.float32) + 0.5) / SUPERSAMPLING
    columns = (np.arange(width, dtype=np.float32) + 0.5) / SUPERSAMPLING
    z = camera.focal * camera.height / (rows - camera.horizon)
    x = (columns[None, :] - camera.vanishing_x) * z[:, None] / camera.focal
    tile = 512
    noise = fractal_noise(rng, tile, tile, (64, 64), 6)
    ids = canvas.ids[top:]
    ground = canvas.color[top:].astype(np.float32)
    for identity, (strength, metres) in roughness.items():
        own = ids == identity
        if not own.any():
            continue
        texels = np.float32(64 / metres)
        sampled = cv2.remap(
            noise,
            np.ascontiguousarray(x * texels % tile),
            np.ascontiguousarray(np.broadcast_to((z * texels % tile)[:, None], x.shape)),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        fade = np.clip(1.4 - z / 60, 0.15, 1)[:, None]
        ground += np.where(own, sampled * fade * np.float32(strength), np.float32(0))[:, :, None]
    color = np.asarray(weather.horizon, np.float32)
    share = np.asarray([weather.haze(float(depth))[1] for depth in z], np.float32)[:, None, None]
    on_ground = np.isin(ids, list(roughness))[:, :, None]
    hazy = np.clip(ground + (color - ground) * share, 0, 255).astype(np.uint8)
    np.copyto(canvas.color[top:], hazy, where=on_ground)


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
