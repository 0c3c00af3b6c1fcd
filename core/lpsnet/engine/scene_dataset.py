"""Drawn scenes as a COCO panoptic data set on disk; needs no torch."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import psutil

from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter
from lpsnet.processes import called_by_many
from lpsnet.scenes import WEATHERS, draw_scene, scene_categories
from lpsnet.structures import PanopticSegmentation

__all__ = ["JSON_NAME", "SceneRequest", "write_scenes"]

JSON_NAME = "panoptic_scenes.json"
_GENERATOR = "lpsnet scenes"
_PHOTO = re.compile(r"scene-\d{6,}\.png")
_MARK = ".panoptic_scenes.unfinished"
"""Beside the JSON while a data set is being written; a run that was killed leaves it."""
_STAGED = re.compile(r"\.[0-9a-f]{16}\.tmp")
"""What :mod:`lpsnet.formats.atomic` calls files on their way."""
_LONGEST_SIDE = 8192
_MOST_SCENES = 1_000_000


@dataclass(frozen=True, slots=True)
class SceneRequest:
    """Which scenes to draw.

    Attributes:
        first_seed: of the first scene; the others follow one by one.
        count: number of scenes.
        height: of every picture, in pixels.
        width: likewise.
        weather: one of :data:`lpsnet.scenes.WEATHERS`; None leaves it to the seeds.
    """

    first_seed: int
    count: int
    height: int = 384
    width: int = 512
    weather: str | None = None

    def __post_init__(self) -> None:
        """Checks the values.

        Raises:
            ValueError: in one sentence, in the words of the command line.
        """
        if not 1 <= self.count <= _MOST_SCENES:
            raise ValueError(f"--count must lie between 1 and {_MOST_SCENES}, not {self.count}")
        if self.first_seed < 0:
            raise ValueError(f"--seed must be 0 or more, not {self.first_seed}")
        for option, side in (("--height", self.height), ("--width", self.width)):
            if not 64 <= side <= _LONGEST_SIDE:
                raise ValueError(f"{option} must lie between 64 and {_LONGEST_SIDE}, not {side}")
        if self.weather is not None and self.weather not in WEATHERS:
            raise ValueError(f"--weather must be one of {', '.join(WEATHERS)}, not {self.weather!r}")

    @property
    def seeds(self) -> range:
        """The seed of every scene."""
        return range(self.first_seed, self.first_seed + self.count)


def _photo_name(seed: int) -> str:
    """Returns the file name of a scene's picture, which is that of its id PNG too."""
    return f"scene-{seed:06d}.png"


def write_scenes(
    out: Path,
    request: SceneRequest,
    *,
    processes: int = 1,
    overwrite: bool = False,
    on_done: Callable[[str], None] = lambda _: None,
) -> Path:
    """Writes ``images/*.png``, ``annotations/panoptic_scenes.json`` and ``annotations/panoptic_scenes/*.png``.

    The image ids are the seeds. The same request gives the same files. Whatever stops the work, an older data set of
    drawn scenes in ``out`` stays whole; once the new one is complete, pictures that only the older one had are removed.
    What a run that was killed has left there is removed first.

    Args:
        out: the folder; it is made.
        request: which scenes.
        processes: how many draw at once.
        overwrite: replace files of the same names even if they are not drawn scenes.
        on_done: told the file name of every scene that is written.

    Returns:
        The JSON file.

    Raises:
        ValueError: if files stand there that are not drawn scenes, or another run is writing there.
        OSError: one sentence naming the file that cannot be written, or saying that the memory did not suffice.
    """
    json_path, photos = out / "annotations" / JSON_NAME, out / "images"
    _clear_up(json_path, photos)
    older = _own_photos(json_path)
    if not overwrite:
        _refuse_strangers(json_path, photos, request, older)
    header = {
        "info": {
            "description": f"Procedural street scenes, seeds {request.seeds[0]} to {request.seeds[-1]}",
            "generator": _GENERATOR,
            "weather": request.weather or "by seed",
        }
    }
    with (
        CocoPanopticWriter(json_path, None, scene_categories(), header=header) as writer,
        _marked(json_path, photos, request, older or set()),
    ):
        for seed, (photo, segmentation) in zip(request.seeds, _drawn(request, processes), strict=True):
            name = _photo_name(seed)
            writer.add_file(photos / name, photo)
            writer.add(seed, name, segmentation)
            on_done(name)
        writer.close()
    written = {_photo_name(seed) for seed in request.seeds}
    for name in (older or set()) - written:
        (photos / name).unlink(missing_ok=True)
        (writer.pngs_dir / name).unlink(missing_ok=True)
    json_path.with_name(_MARK).unlink(missing_ok=True)
    return json_path


def _own_photos(json_path: Path) -> set[str] | None:
    """Returns the pictures of an older data set of drawn scenes; None if there is none."""
    try:
        content = json.loads(json_path.read_bytes())
        if content["info"]["generator"] != _GENERATOR:
            return None
        names = {str(image["file_name"]) for image in content["images"]}
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return {name for name in names if _PHOTO.fullmatch(name)}


def _refuse_strangers(json_path: Path, photos: Path, request: SceneRequest, older: set[str] | None) -> None:
    """Checks that nothing would be replaced but an older data set of drawn scenes."""
    if os.path.lexists(json_path) and older is None:
        raise ValueError(f"{json_path} is not a data set of drawn scenes; choose another --out, or give --overwrite")
    for name in sorted({_photo_name(seed) for seed in request.seeds} - (older or set())):
        for path in (photos / name, json_path.with_suffix("") / name):
            if os.path.lexists(path):
                raise ValueError(
                    f"{path} is there already, perhaps from a run that was killed; choose another --out, or give "
                    "--overwrite"
                )


# --------------------------------------------------------------------------------------------- runs that were killed


@contextlib.contextmanager
def _marked(json_path: Path, photos: Path, request: SceneRequest, older: set[str]) -> Iterator[None]:
    """Leaves a mark for the next run that says what this one may leave behind; an error, which clears up, removes it.

    Noted are the files that were not there before, and those of the older data set, which go when it is replaced.
    """
    folders = (photos, json_path.with_suffix(""))
    free = [
        [name for name in map(_photo_name, request.seeds) if not os.path.lexists(folder / name)] for folder in folders
    ]
    me = psutil.Process()
    content = {"pid": me.pid, "started": me.create_time(), "free": free, "older": sorted(older)}
    mark = json_path.with_name(_MARK)
    try:
        mark.write_text(json.dumps(content))
        yield
    except BaseException:
        mark.unlink(missing_ok=True)
        raise


def _clear_up(json_path: Path, photos: Path) -> None:
    """Removes what a run that was killed has left: files on their way, and pictures that no JSON names.

    Raises:
        ValueError: if the run is still going on.
    """
    mark = json_path.with_name(_MARK)
    try:
        content = json.loads(mark.read_bytes())
        pid, started = int(content["pid"]), float(content["started"])
        (free_photos, free_pngs), older = content["free"], content["older"]
        leftovers = {photos: {*free_photos, *older}, json_path.with_suffix(""): {*free_pngs, *older}}
    except (OSError, ValueError, LookupError, TypeError):
        return
    if _is_running(pid, started):
        raise ValueError(f"another run, process {pid}, is writing to {photos.parent}; wait for its end")
    named = _own_photos(json_path)
    if named is None and os.path.lexists(json_path):
        return  # Someone put another data set there, which may use the pictures.
    for folder, names in leftovers.items():
        for name in names - (named or set()):
            if isinstance(name, str) and _PHOTO.fullmatch(name):
                (folder / name).unlink(missing_ok=True)
    for folder in (json_path.parent, *leftovers):
        with contextlib.suppress(FileNotFoundError):
            for path in [path for path in folder.iterdir() if _STAGED.fullmatch(path.name)]:
                path.unlink(missing_ok=True)
    mark.unlink(missing_ok=True)


def _is_running(pid: int, started: float) -> bool:
    """Whether a process still runs; another one may have got its number since."""
    try:
        return abs(psutil.Process(pid).create_time() - started) < 1.0
    except (psutil.Error, ValueError):
        return False


# ------------------------------------------------------------------------------------------------------------ drawing

_Drawn = tuple[bytes, PanopticSegmentation]


def _draw(seed: int, request: SceneRequest) -> _Drawn:
    """Returns a scene's picture as a PNG, and its truth."""
    scene = draw_scene(seed, request.height, request.width, weather=request.weather)
    done, content = cv2.imencode(".png", cv2.cvtColor(scene.image, cv2.COLOR_RGB2BGR))
    if not done:
        raise OSError(f"{_photo_name(seed)} could not be encoded")
    return content.tobytes(), scene.segmentation


def _drawn(request: SceneRequest, processes: int) -> Iterator[_Drawn]:
    """Yields every scene in order, drawing a few ahead of what is asked for."""
    try:
        yield from called_by_many(partial(_draw, request=request), request.seeds, processes)
    except (MemoryError, cv2.error, BrokenProcessPool) as error:
        raise OSError(
            f"scenes of {request.width} × {request.height} need more memory than there is: choose smaller ones, or "
            "fewer --processes"
        ) from error
