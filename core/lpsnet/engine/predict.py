"""Prediction over files: pictures, folders and COCO panoptic data sets in, COCO panoptic JSON + PNG out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lpsnet.analysis.inspection_file import save_inspection
from lpsnet.categories import Categories
from lpsnet.checkpoint import load_checkpoint
from lpsnet.config import load_config
from lpsnet.engine.failures import failure_sentence, is_device_lost
from lpsnet.engine.network import ReadyNetwork, load_network
from lpsnet.engine.output_folder import INSPECTIONS, OVERLAYS, PredictionWriter, make_folder, refuse_replacing
from lpsnet.events import PictureDone
from lpsnet.formats.atomic import write_atomically
from lpsnet.formats.coco_panoptic import (
    CocoPanopticDataset,
    CocoPanopticWriter,
    ImageId,
    Record,
    read_coco_panoptic,
)
from lpsnet.images import list_images, read_image
from lpsnet.inspection import Inspection
from lpsnet.overlay import render_overlay
from lpsnet.structures import InspectionSettings, PanopticSegmentation, Stage

__all__ = [
    "Picture",
    "PredictionSummary",
    "Predictor",
    "collect_pictures",
    "parse_oracles",
    "predict_pictures",
    "prepare_output",
]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One image to segment.

    Attributes:
        name: shown to people; the file name.
        path: the file.
        image_id: its id in the output.
        record: its entry in a COCO panoptic data set; None for a picture on its own.
        dataset: that data set.
    """

    name: str
    path: Path
    image_id: ImageId
    record: Record | None = None
    dataset: CocoPanopticDataset | None = None

    def read_image(self) -> NDArray[np.uint8]:
        """Reads the picture, RGB uint8 ``[H, W, 3]``, turned as its EXIF says unless the data set means it unturned.

        Raises:
            ValueError: naming the file, if it is no picture, or not of the size that its data set states.
        """
        return read_image(self.path, stated_size=None if self.record is None else self.record.size)

    def read_truth(self, categories: Categories) -> PanopticSegmentation:
        """Reads the ground truth in the indices of ``categories``.

        Raises:
            ValueError: naming the file, if there is none, it is damaged, or it has classes that ``categories`` lacks.
        """
        if self.record is None or self.dataset is None:
            raise ValueError(f"{self.path}: an oracle needs ground truth; give the COCO panoptic JSON file instead")
        table = self.dataset.categories.indices_in(categories)
        if table is None:
            raise ValueError(f"{self.dataset.path}: has classes that are not among those to predict")
        return self.dataset.read_segmentation(self.record).with_labels(table)


@dataclass(frozen=True, slots=True)
class PredictionSummary:
    """What a batch came to.

    Attributes:
        done: how many pictures were segmented and written.
        failures: one sentence for each that was not.
        json_path: the COCO panoptic file that was written.
        seconds: for all of them.
        complete: False if it was stopped, or the CUDA device failed, before every picture had its turn.
    """

    done: int
    failures: tuple[str, ...]
    json_path: Path
    seconds: float
    complete: bool


def collect_pictures(
    inputs: Sequence[Path], *, images_dir: Path | None = None, pngs_dir: Path | None = None
) -> tuple[tuple[Picture, ...], tuple[str, ...]]:
    """Finds the pictures behind files, folders and COCO panoptic JSON files.

    Ids from a data set are kept where no other picture has them; other pictures are numbered after the largest.

    Args:
        inputs: files, folders and JSON files.
        images_dir: folder of the photos of the one JSON file among them; by default searched around it.
        pngs_dir: folder of its PNGs; by default the JSON's name without its suffix.

    Returns:
        The pictures in the order given, and a sentence for every input that could not be read.

    Raises:
        ValueError: if a folder is given, but not just one JSON file.
        OSError: if there is no such folder.
    """
    _check_folders(inputs, images_dir, pngs_dir)
    found: list[Picture] = []
    failures: list[str] = []
    for path in inputs:
        try:
            found.extend(_pictures_in(path, images_dir, pngs_dir))
        except (ValueError, OSError) as error:
            failures.append(str(error))
    return _with_unique_ids(found), tuple(failures)


def _check_folders(inputs: Sequence[Path], images_dir: Path | None, pngs_dir: Path | None) -> None:
    """Checks that folders which are named are there, and that it is clear whose they are."""
    folders = [folder for folder in (images_dir, pngs_dir) if folder is not None]
    data_sets = sum(_is_data_set(path) for path in inputs)
    if folders and data_sets != 1:
        given = f"{data_sets} are given; predict them one by one" if data_sets else "none is given"
        raise ValueError(f"--images and --pngs say where the files of one COCO panoptic JSON file lie, and {given}")
    for folder in folders:
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder}: there is no such folder")


def _is_data_set(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _pictures_in(path: Path, images_dir: Path | None, pngs_dir: Path | None) -> list[Picture]:
    if _is_data_set(path):
        dataset = read_coco_panoptic(path, images_dir=images_dir, pngs_dir=pngs_dir)
        return [
            Picture(record.file_name, record.image_path, record.image_id, record, dataset)
            for record in dataset.records
            if record.image_path is not None
        ] or _no_photos(dataset)
    if path.is_dir():
        pictures = list_images(path)
        if not pictures:
            raise ValueError(f"{path}: holds no pictures")
        return [Picture(picture.name, picture, 0) for picture in pictures]
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file or folder")
    return [Picture(path.name, path, 0)]


def _no_photos(dataset: CocoPanopticDataset) -> list[Picture]:
    if dataset.records:
        raise FileNotFoundError(dataset.photos_problem)
    raise ValueError(f"{dataset.path}: lists no images")


def _with_unique_ids(pictures: Sequence[Picture]) -> tuple[Picture, ...]:
    following = max((picture.image_id for picture in pictures if isinstance(picture.image_id, int)), default=0)
    taken: set[ImageId] = set()
    result = []
    for picture in pictures:
        identity = picture.image_id
        if picture.record is None or identity in taken:
            following += 1
            identity = following
        taken.add(identity)
        result.append(replace(picture, image_id=identity))
    return tuple(result)


def parse_oracles(text: str) -> frozenset[str]:
    """Reads ``semantic``, ``boxes`` or both, separated by a comma.

    Raises:
        ValueError: naming the word that is neither.
    """
    words = {word.strip() for word in text.split(",") if word.strip()}
    for word in sorted(words - {"semantic", "boxes"}):
        raise ValueError(f"--oracle knows semantic and boxes, not {word!r}")
    return frozenset(words)


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """What turns a picture into a panoptic segmentation.

    Attributes:
        categories: the classes of the result.
        settings: of every stage after the network.
        network: None where both oracles stand for it.
    """

    categories: Categories
    settings: InspectionSettings
    network: ReadyNetwork | None = None

    @classmethod
    def create(
        cls,
        *,
        checkpoint: Path | None,
        config: str | None,
        overrides: Sequence[str] = (),
        device: str = "auto",
        oracles: frozenset[str] = frozenset(),
        stuff_limit: int | None = None,
        fallback_categories: Categories | None = None,
    ) -> Predictor:
        """Readies the network that is asked for, or none if both oracles stand for it.

        Args:
            checkpoint: a trained network.
            config: a preset or YAML file.
            overrides: changes to the config.
            device: see :func:`lpsnet.engine.devices.choose_device`.
            oracles: ``semantic``, ``boxes`` or both.
            stuff_limit: replaces the config's.
            fallback_categories: the classes to use where neither checkpoint nor config says any.

        Raises:
            OSError: if a file cannot be read.
            ValueError: if it is not said which network, or something in a file is wrong.
        """
        if checkpoint is not None and config is not None:
            raise ValueError("--checkpoint brings its own config: give --checkpoint or --config, not both")
        if checkpoint is None and config is None and (len(oracles) < 2 or overrides):
            wanted = "say which network" if len(oracles) < 2 else "--set changes a config: say which"
            raise ValueError(f"{wanted}: --checkpoint FILE, or --config NAME for an untrained one")
        network, settings, categories = None, InspectionSettings(), fallback_categories
        if len(oracles) < 2:
            network = load_network(checkpoint=checkpoint, config=config, overrides=overrides, device=device)
            settings, categories = network.config.inspection, network.categories
        elif checkpoint is not None:
            loaded = load_checkpoint(checkpoint, overrides)
            settings, categories = loaded.config.inspection, loaded.categories
        elif config is not None:
            chosen = load_config(config, overrides)
            settings, categories = chosen.inspection, chosen.load_categories()
        if categories is None:
            raise ValueError("oracles need ground truth: give a COCO panoptic JSON file")
        settings = replace(settings, semantic_oracle="semantic" in oracles, box_oracle="boxes" in oracles)
        if stuff_limit is not None:
            settings = replace(settings, stuff_limit=stuff_limit)
        return cls(categories, settings, network)

    def inspect(self, picture: Picture) -> Inspection:
        """Reads a picture, with its ground truth if an oracle needs it, and merges it.

        Raises:
            OSError: if a file cannot be read.
            ValueError: in one sentence naming the file and the cause.
        """
        oracles = self.settings.semantic_oracle or self.settings.box_oracle
        inspection = Inspection(
            picture.read_image(),
            self.categories,
            run_network=None if self.network is None else self.network.run,
            truth=picture.read_truth(self.categories) if oracles else None,
            settings=self.settings,
        )
        inspection.run(through=Stage.MERGE)
        return inspection


def prepare_output(out: Path, pictures: Sequence[Picture]) -> None:
    """Makes the folder to write to, unless writing there would replace what is to be read.

    Raises:
        OSError: in one sentence naming the folder, if it cannot be made.
        ValueError: naming the file that would be replaced.
    """
    refuse_replacing(_files_of(pictures), out / "panoptic.json", (out / "panoptic", out / OVERLAYS, out / INSPECTIONS))
    make_folder(out)


def _files_of(pictures: Sequence[Picture]) -> Iterator[Path]:
    for picture in pictures:
        if picture.dataset is not None:
            yield picture.dataset.path
        yield picture.path
        if picture.record is not None and picture.record.png_path is not None:
            yield picture.record.png_path


def predict_pictures(
    predictor: Predictor,
    pictures: Sequence[Picture],
    out: Path,
    *,
    overlay: bool = False,
    inspections: bool = False,
    on_done: Callable[[PictureDone], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> PredictionSummary:
    """Segments pictures one by one and writes ``panoptic.json`` and ``panoptic/*.png``.

    One bad picture never stops the others, and whatever stops the batch, the pictures that are done are written. Where
    none is, an older result in ``out`` stays as it was; else it is replaced, and its PNGs that no new one replaces are
    removed.

    Args:
        predictor: see :class:`Predictor`.
        pictures: what to segment.
        out: the folder to write to, see :func:`prepare_output`.
        overlay: also write ``overlays/*.png``.
        inspections: also write ``inspections/*.npz`` and ``*.json``, everything that was found about each picture
            (:mod:`lpsnet.analysis.inspection_file`), with ground truth where oracles have read it.
        on_done: told of every picture that is done or has failed.
        should_stop: asked between pictures; once it says so, the others are left.

    Raises:
        OSError: if ``out`` cannot be made.
        ValueError: if writing there would replace an input.
    """
    prepare_output(out, pictures)
    started = time.perf_counter()
    writer = PredictionWriter(out, predictor.categories)
    folders = _Folders(out / OVERLAYS if overlay else None, out / INSPECTIONS if inspections else None)
    failures, complete = _predict_each(predictor, pictures, writer, folders, on_done, should_stop)
    done = len(writer)
    try:
        writer.close() if done else writer.discard()
    except OSError as error:
        failures.append(str(error))
        done = 0
    return PredictionSummary(done, tuple(failures), writer.json_path, time.perf_counter() - started, complete)


@dataclass(frozen=True, slots=True)
class _Folders:
    """Where to write what is asked for beside the predictions; None for what is not."""

    overlays: Path | None
    inspections: Path | None


def _predict_each(
    predictor: Predictor,
    pictures: Sequence[Picture],
    writer: CocoPanopticWriter,
    folders: _Folders,
    on_done: Callable[[PictureDone], None],
    should_stop: Callable[[], bool],
) -> tuple[list[str], bool]:
    """Returns a sentence for every picture that failed, and whether every picture had its turn."""
    failures: list[str] = []
    for position, picture in enumerate(pictures):
        if should_stop():
            return failures, False
        problem, seconds, error = "", math.nan, None
        try:
            inspection = predictor.inspect(picture)
            seconds = math.fsum(stage.seconds for stage in inspection.run(through=Stage.MERGE))
            png = writer.add(picture.image_id, picture.name, inspection.trace.segmentation())
            if folders.overlays is not None:
                _write_overlay(folders.overlays / png.name, inspection, predictor.categories)
            if folders.inspections is not None:
                _write_inspection(folders.inspections / f"{png.stem}.npz", inspection, picture, predictor.network)
        except KeyboardInterrupt:
            failures.append(f"stopped by the user: {len(pictures) - position} pictures were not segmented")
            return failures, False
        except Exception as fault:
            error, seconds = fault, math.nan
            problem = failure_sentence(str(picture.path), fault, names=(picture.name,))
            failures.append(problem)
        on_done(
            PictureDone(
                file_name=picture.name,
                image_id=picture.image_id,
                done=position + 1,
                pictures=len(pictures),
                seconds=seconds,
                problem=problem,
            )
        )
        if error is not None and is_device_lost(error):
            failures.append(f"the CUDA device failed: {len(pictures) - position - 1} more were not tried")
            return failures, False
    return failures, True


def _write_inspection(path: Path, inspection: Inspection, picture: Picture, network: ReadyNetwork | None) -> None:
    make_folder(path.parent)
    inspection.run()
    save_inspection(path, inspection.saved(name=picture.name, network=None if network is None else network.facts))


def _write_overlay(path: Path, inspection: Inspection, categories: Categories) -> None:
    make_folder(path.parent)
    drawn = render_overlay(inspection.image, inspection.trace.segmentation(), categories)
    write_atomically(path, lambda stream: Image.fromarray(drawn).save(stream, "PNG"))
