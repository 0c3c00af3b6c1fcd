"""The same seed gives the same bits: on any processor, with any number of threads, and from version to version."""

from __future__ import annotations

import ast
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lpsnet.scenes
from lpsnet.scenes.arithmetic import blurred, cosine, exponential, logarithm, periodic_noise, sine, unrepeated_noise
from lpsnet.scenes.canvas import Canvas, Points
from lpsnet.scenes.chance import Chance
from tests.core import scene_fingerprints
from tests.core.scene_fingerprints import SCENES, fingerprints

PINNED = {
    "usual": ("3534b717b94f19ad", "243670f338c4b708"),
    "noon": ("3ba9a32940a15e51", "68bdfaf20303b4b5"),
    "evening": ("4d4cbdafd96d0d6c", "e3e0c0062781fc5b"),
    "morning": ("82519612325df428", "312baaa017ae0869"),
    "overcast": ("ab5b4611b317e694", "50f2c377e91acd76"),
    "dusk": ("5ab97d759259f0a2", "9df508d1ba2b32e3"),
    "rain": ("751acfaf33de4907", "71aaa9c8c87ad2c5"),
    "fog": ("4a792fba4d6f6c7b", "58498b3bdc0b444c"),
    "snow": ("d1d370f17d73886d", "23e3c257cee75ed0"),
    "night": ("fa6ebfdda2065d72", "316e455fa9e3665a"),
    "smallest": ("68abf2ebf54bd599", "cf794a0096452117"),
    "odd": ("dd627eefe5ecdf0a", "918d92cb8291b5c9"),
    "portrait": ("02b0a8c87e3ed1aa", "89f695725ffa750d"),
    "large": ("cd76d1881fb34bbf", "d427d6782070cc92"),
}


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_what_it_always_was(name: str) -> None:
    picture, truth = fingerprints(name)
    assert (picture[:16], truth[:16]) == PINNED[name]


CIRCUMSTANCES: dict[str, tuple[dict[str, str], list[str]]] = {
    "one thread": ({"OMP_NUM_THREADS": "1"}, ["unthreaded"]),
    "OpenCV without its vector code": ({"OPENCV_IPP": "disabled", "OMP_NUM_THREADS": "2"}, ["plain"]),
    "a processor without AVX for OpenCV": ({"OPENCV_CPU_DISABLE": "SSE4.1,SSE4.2,AVX,FP16,AVX2,FMA3,AVX512-SKX"}, []),
    "a processor without AVX for numpy": ({"NPY_DISABLE_CPU_FEATURES": "<all>"}, []),
}


def _numpy_features() -> str:
    """Returns what this processor offers numpy beyond what numpy was built for, which is what can be switched off."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return " ".join(found)


@pytest.mark.parametrize("circumstance", CIRCUMSTANCES)
def test_no_processor_and_no_thread_changes_a_scene(circumstance: str) -> None:
    settings, words = CIRCUMSTANCES[circumstance]
    features = _numpy_features()
    if "<all>" in settings.values() and not features:
        pytest.skip("numpy uses nothing here that could be switched off")
    environment = {**os.environ, **{name: value.replace("<all>", features) for name, value in settings.items()}}
    done = subprocess.run(
        [sys.executable, str(Path(scene_fingerprints.__file__)), *words],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    found = {name: (picture[:16], truth[:16]) for name, (picture, truth) in json.loads(done.stdout).items()}
    assert found == PINNED


# ------------------------------------------------------------------------- what the code may use, so that this stays so

EXACT = {
    "math": {"ceil", "floor", "frexp", "pi", "sqrt"},
    "cv2": {"CV_32S", "LINE_AA", "boxFilter", "fillConvexPoly"},
    "np": {
        "any", "arange", "array", "asarray", "ascontiguousarray", "bincount", "bool_", "clip", "concatenate", "copyto",
        "count_nonzero", "empty", "flatnonzero", "float32", "float64", "full", "int32", "int64", "intp", "maximum",
        "minimum", "pad", "prod", "random", "repeat", "rint", "sqrt", "stack", "uint16", "uint64", "uint8", "where",
        "zeros", "zeros_like", "PCG64", "SeedSequence",
    },
}  # fmt: skip
"""What is fixed by IEEE 754, or works on integers. ``prod`` counts the elements of a shape."""
REDUCTIONS = {"sum", "mean", "std", "var", "dot", "cumsum", "normal", "standard_normal", "exponential"}


def _attributes(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yields module and name for every attribute that is taken from numpy, OpenCV or math, and array reductions."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        root = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in EXACT:
            yield root.id, node.attr
        elif node.attr in REDUCTIONS:
            yield "array", node.attr


def test_scenes_are_drawn_with_arithmetic_that_is_the_same_everywhere() -> None:
    folder = Path(lpsnet.scenes.__file__).parent
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    sources.pop("statistics.py")
    used = {pair for source in sources.values() for pair in _attributes(ast.parse(source))}
    assert {(module, name) for module, name in used if name not in EXACT.get(module, set())} == set()
    assert len(used) > 30
    powers = {
        (name, ast.unparse(node))
        for name, source in sources.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Pow, ast.MatMult))
    }
    assert powers == {("arithmetic.py", "4 ** octave"), ("chance.py", "2.0 ** (-53)")}


def test_every_polygon_is_one_that_all_versions_of_opencv_fill_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """``fillConvexPoly`` is right, and the same everywhere, for outlines that every row crosses at most twice."""
    original, counts = Canvas._fixed_point, []

    def crossing_counted(self: Canvas, points: Points) -> np.ndarray:
        fixed = original(self, points)
        for outline in fixed if fixed.ndim == 3 else [fixed]:
            steps = np.sign(np.diff(np.append(outline[:, 1], outline[0, 1])))
            steps = steps[steps != 0]
            counts.append(int((steps != np.roll(steps, 1)).sum()))
        return fixed

    monkeypatch.setattr(Canvas, "_fixed_point", crossing_counted)
    for name in ("usual", "rain", "snow", "night"):
        fingerprints(name)
    assert len(counts) > 10_000
    assert max(counts) == 2


# ---------------------------------------------------------------------------------------------------------- the numbers


def test_functions_are_those_of_mathematics() -> None:
    for x in np.linspace(-60, 20, 301).tolist():
        assert exponential(x) == pytest.approx(math.exp(x), rel=1e-12)
    grid = np.linspace(-40, 0, 1000)
    np.testing.assert_allclose(exponential(grid), np.exp(grid), rtol=1e-12)
    np.testing.assert_array_equal(exponential(grid), [exponential(x) for x in grid.tolist()])
    for x in np.geomspace(1e-6, 1e6, 301).tolist():
        assert logarithm(x) == pytest.approx(math.log(x), abs=1e-13)
    for degrees in np.linspace(-800, 800, 1601).tolist():
        assert sine(degrees) == pytest.approx(math.sin(math.radians(degrees)), abs=1e-14)
        assert cosine(degrees) == pytest.approx(math.cos(math.radians(degrees)), abs=1e-14)
    assert (sine(0), sine(90), sine(180), sine(270), cosine(0), cosine(180)) == (0, 1, 0, -1, 1, -1)


def test_blur_spreads_and_keeps_what_there_is() -> None:
    mask = np.zeros((41, 61), np.uint8)
    mask[20, 30] = 255
    spread = blurred(mask, 5, 3)
    assert np.count_nonzero(spread) == 9 * 5
    assert spread.sum() == pytest.approx(255, rel=0.02)
    assert spread.argmax() == 20 * 61 + 30
    np.testing.assert_array_equal(blurred(np.full((50, 50), 200, np.uint8), 301, 301), np.full((50, 50), 200))


def test_noise_has_no_bias_no_seam_and_the_spread_it_says() -> None:
    tile = periodic_noise(5, 256, 16, 4)
    assert abs(tile.mean()) < 0.2
    assert tile.std() == pytest.approx(1, abs=0.2)
    inside = np.abs(np.diff(tile, axis=0)).max()
    assert np.abs(tile[0] - tile[-1]).max() <= 1.2 * inside
    assert np.abs(tile[:, 0] - tile[:, -1]).max() <= 1.2 * inside
    sky = unrepeated_noise(Chance(3).bits, 200, 301, (24, 36), 3)
    assert sky.shape == (200, 301)
    assert sky.std() == pytest.approx(1, abs=0.2)


def test_chance_is_even() -> None:
    chance = Chance(11)
    drawn = [chance.random() for _ in range(20_000)]
    assert 0 <= min(drawn) < 0.001 < 0.999 < max(drawn) < 1
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.01)
    counts = np.bincount([chance.below(7) for _ in range(21_000)], minlength=8)
    assert counts[7] == 0
    assert counts[:7] == pytest.approx(np.full(7, 3000), rel=0.1)
    picked = [chance.pick("abc", (0.7, 0.0, 0.3)) for _ in range(10_000)]
    assert (picked.count("a"), picked.count("b")) == (pytest.approx(7000, rel=0.05), 0)
    levels = np.bincount(chance.bytes(3, 50_001).reshape(-1), minlength=256)
    assert levels.sum() == 150_003
    assert levels == pytest.approx(np.full(256, 586), rel=0.25)
    assert Chance(11).random() == Chance(11).random() != Chance(11, stream=1).random()
