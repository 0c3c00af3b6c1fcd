"""Folders that results are written to, and what must not be lost by that."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from lpsnet.categories import Categories
from lpsnet.formats.atomic import write_failure
from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter

__all__ = ["INSPECTIONS", "OVERLAYS", "PredictionWriter", "make_folder", "refuse_replacing"]

OVERLAYS = "overlays"
"""The folder beside the JSON file for predictions that are drawn over their pictures."""
INSPECTIONS = "inspections"
"""The folder beside the JSON file for everything that was found about each picture."""
_GENERATOR = "lpsnet predictions"


class PredictionWriter(CocoPanopticWriter):
    """Writes the predictions of a run: ``panoptic.json`` and ``panoptic/*.png`` in a folder.

    Once they are complete, what an earlier run's JSON named there and this one's does not is removed: its PNGs, and the
    overlays and inspections of the same names. Files of others are left alone, even where another program's JSON named
    them.

    Args:
        out: the folder.
        categories: the classes of the predictions.

    Raises:
        OSError: as :class:`CocoPanopticWriter`.
    """

    def __init__(self, out: Path, categories: Categories) -> None:
        super().__init__(out / "panoptic.json", None, categories, header={"info": {"generator": _GENERATOR}})
        self._earlier = _own_pngs(self.json_path)

    def close(self) -> Path:
        """Puts every file in its place as :class:`CocoPanopticWriter` does, then removes what they replace.

        Raises:
            OSError: one sentence naming the file, if something cannot be written; nothing is removed then.
        """
        if self._closed:
            return self.json_path
        super().close()
        for name in self._earlier:
            if name not in self._names:
                inspection = self.json_path.with_name(INSPECTIONS) / name
                for path in (
                    self.pngs_dir / name,
                    self.json_path.with_name(OVERLAYS) / name,
                    inspection.with_suffix(".npz"),
                    inspection.with_suffix(".json"),
                ):
                    with contextlib.suppress(OSError, ValueError):  # the JSON may name what is no file name
                        path.unlink(missing_ok=True)
        return self.json_path


def _own_pngs(json_path: Path) -> frozenset[str]:
    """Returns the PNGs that an earlier run of this program has named; none if the file is no such run's."""
    try:
        content = json.loads(json_path.read_bytes())
        if content["info"]["generator"] != _GENERATOR:
            return frozenset()
        names = {str(annotation["file_name"]) for annotation in content["annotations"]}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return frozenset()
    return frozenset(name for name in names if name.endswith(".png") and "\\" not in name and Path(name).name == name)


def refuse_replacing(files: Iterable[Path], json_path: Path, folders: Iterable[Path]) -> None:
    """Refuses to write a data set where another one lies that is still to be read.

    Args:
        files: that are to be read.
        json_path: the JSON file that would be written.
        folders: that other files would be written into.

    Raises:
        ValueError: naming the file that would or may be replaced.
    """
    target, homes = json_path.resolve(), {folder.resolve() for folder in folders}
    for file in files:
        resolved = file.resolve()
        if resolved == target:
            raise ValueError(f"{file}: predictions would replace this data set; choose another --out")
        if resolved.parent in homes:
            raise ValueError(f"{file}: predictions may replace this file; choose another --out")


def make_folder(path: Path) -> None:
    """Makes a folder to write to, and those above it.

    Raises:
        OSError: in one sentence naming the folder, if it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failure(path, error) from error
