"""The demo: drawn scenes with exact ground truth, written as a COCO panoptic data set like any other; no Qt.

Drawing holds Python's lock for a tenth of a second a scene, so the window never draws: it starts this module as a
process of its own, ``python -m lpsnet_studio.demo``, which prints a line after every scene.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache as computed_once
from importlib.util import find_spec
from pathlib import Path

from lpsnet.assets import resource
from lpsnet.categories import Categories

__all__ = [
    "COUNT",
    "FIRST_SEED",
    "FRESH_SEEDS",
    "PRESET",
    "Scenes",
    "categories",
    "draw",
    "draw_elsewhere",
    "forget_older",
    "main",
    "prepare",
]

PRESET = "demo"
FIRST_SEED = 32
COUNT = 12
FRESH_SEEDS = range(200_000, 1_000_000 - COUNT)
"""First seeds of sets that nobody has seen: below are those that the demo's network was trained on and measured with.

All have six digits, so that the names of the scenes are equally long.
"""
_SIZE = (576, 768)
_SETS_KEPT = 4
_NO_CONSOLE = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Keeps Windows from opening a console for the process that draws."""


@dataclass(frozen=True, slots=True)
class Scenes:
    """A set of scenes and its place in a cache.

    Attributes:
        cache: a folder for what can be made again.
        seed: of the first scene; the others follow it.
        count: how many.
        size: ``(H, W)`` in pixels.
    """

    cache: Path
    seed: int = FIRST_SEED
    count: int = COUNT
    size: tuple[int, int] = _SIZE

    @property
    def folder(self) -> Path:
        """Where the set lies: nowhere that an older generator or another size has drawn to."""
        height, width = self.size
        return self.cache / "demo" / f"{_generator()}-{width}x{height}-{self.seed}-{self.count}"

    @property
    def json_path(self) -> Path:
        """The data set's JSON file, which is written last."""
        return self.folder / "annotations" / "panoptic_scenes.json"

    @property
    def photos(self) -> Path:
        """The folder of its photos."""
        return self.folder / "scenes"


@computed_once
def categories() -> Categories:
    """Returns the classes of the scenes."""
    return Categories.load(resource("categories", "scenes.json"))


def prepare(cache: Path, seed: int = FIRST_SEED, size: tuple[int, int] = _SIZE) -> Path:
    """Draws one scene in this process and writes it with its truth; returns the data set's JSON file.

    Args:
        cache: a folder for what can be made again.
        seed: which scene.
        size: ``(H, W)`` in pixels.

    Raises:
        OSError: one sentence naming the file, if it cannot be written.
    """
    return draw(Scenes(cache, seed, 1, size), lambda _share: None)


def draw(scenes: Scenes, on_progress: Callable[[float], None]) -> Path:
    """Draws a set of scenes in this process; returns the data set's JSON file.

    Args:
        scenes: which, and where to.
        on_progress: told the share that is drawn, after every scene.

    Raises:
        OSError: one sentence naming the file, if it cannot be written.
    """
    import cv2

    from lpsnet.formats.atomic import write_atomically
    from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter
    from lpsnet.scenes import draw_scene, scene_categories

    scenes.photos.mkdir(parents=True, exist_ok=True)
    with CocoPanopticWriter(scenes.json_path, None, scene_categories()) as writer:
        for number in range(scenes.count):
            seed = scenes.seed + number
            scene = draw_scene(seed, *scenes.size)
            name = f"scene-{seed:06d}.png"
            _, content = cv2.imencode(".png", cv2.cvtColor(scene.image, cv2.COLOR_RGB2BGR))
            write_atomically(scenes.photos / name, content.tobytes())
            writer.add(seed, name, scene.segmentation)
            on_progress((number + 1) / scenes.count)
    return scenes.json_path


def draw_elsewhere(scenes: Scenes, on_progress: Callable[[float], None]) -> Path:
    """Draws a set of scenes in a process of its own, unless it lies there already; returns the JSON file.

    Args:
        scenes: which, and where to.
        on_progress: told the share that is drawn; whatever it raises ends the drawing.

    Raises:
        OSError: one sentence, if the scenes could not be drawn or written.
    """
    if scenes.json_path.is_file():
        return scenes.json_path
    command = [sys.executable, "-m", __name__, str(scenes.cache), str(scenes.seed), str(scenes.count)]
    command += [str(side) for side in scenes.size]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        creationflags=_NO_CONSOLE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            for line in process.stdout:
                on_progress(float(line))
        except BaseException:
            process.kill()
            raise
        complaint = process.stderr.read().strip()
    if process.returncode != 0:
        cause = complaint.splitlines()[-1] if complaint else f"it ended with status {process.returncode}"
        raise OSError(f"The scenes could not be drawn: {cause}")
    return scenes.json_path


def forget_older(cache: Path, shown: Path, most: int = _SETS_KEPT) -> None:
    """Removes sets of scenes from a cache, but for the latest ones and the one that is shown.

    Args:
        cache: a folder for what can be made again.
        shown: the JSON file of the set that is open.
        most: how many stay besides it.
    """
    folders = [folder for folder in (cache / "demo").iterdir() if folder.is_dir() and folder not in shown.parents]
    for folder in sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)[most:]:
        shutil.rmtree(folder, ignore_errors=True)


@computed_once
def _generator() -> str:
    """Returns a name that changes whenever the code that draws does."""
    digest = hashlib.sha256()
    spec = find_spec("lpsnet.scenes")
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        for path in sorted(Path(folder).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _tell_parent(share: float) -> None:
    sys.stdout.write(f"{share}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Draws a set of scenes as :func:`draw_elsewhere` asks for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="lpsnet_studio.demo")
    parser.add_argument("cache", type=Path)
    for name in ("seed", "count", "height", "width"):
        parser.add_argument(name, type=int)
    options = parser.parse_args(arguments)
    try:
        draw(
            Scenes(options.cache, options.seed, options.count, (options.height, options.width)),
            _tell_parent,
        )
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
