"""Measuring a network on pictures with ground truth: the columns of the paper's Table 1, and both its oracles."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from lpsnet.categories import Categories
from lpsnet.data.sources import LabelledPicture, PictureSource
from lpsnet.data.stream import BadPicture
from lpsnet.data.workers import become_worker, prepared_by
from lpsnet.engine.evaluation import (
    Cost,
    Durations,
    Evaluation,
    MeasuredNetwork,
    PictureQuality,
    SettingValue,
    Sweep,
    SweepPoint,
)
from lpsnet.engine.failures import failure_sentence, is_device_lost
from lpsnet.engine.network import ReadyNetwork
from lpsnet.engine.output_folder import PredictionWriter, make_folder, refuse_replacing
from lpsnet.events import PictureDone
from lpsnet.formats.coco_panoptic import CocoPanopticWriter
from lpsnet.inspection import Inspection, RunNetwork
from lpsnet.metrics.average_precision import AveragePrecision, encode_box_masks
from lpsnet.metrics.mean_iou import MeanIoU, SemanticCounts, count_semantics
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts
from lpsnet.model.complexity import measure_complexity, with_peak_memory
from lpsnet.model.lpsnet import build_lpsnet
from lpsnet.model.output import NetworkOutput
from lpsnet.structures import InspectionSettings, PanopticSegmentation, Stage

__all__ = ["SweepRequest", "evaluate", "evaluate_network"]

_T = TypeVar("_T")

_WARM_UPS = 2


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """A setting of the stages after the network, and the values to measure it at.

    Attributes:
        setting: a field of :class:`~lpsnet.structures.InspectionSettings`.
        values: different ones.
    """

    setting: str
    values: tuple[SettingValue, ...]

    def settings(self, base: InspectionSettings) -> tuple[InspectionSettings, ...]:
        """Returns the settings of every value.

        Raises:
            ValueError: naming the setting, if a value is out of range or not one of its choices.
        """
        changes: list[dict[str, object]] = [{self.setting: value} for value in self.values]
        return tuple(replace(base, **change) for change in changes)  # type: ignore[arg-type]


def evaluate_network(
    network: ReadyNetwork | None,
    source: PictureSource,
    settings: InspectionSettings,
    *,
    limit: int | None = None,
    sweep: SweepRequest | None = None,
    out: Path | None = None,
    workers: int = 0,
    on_done: Callable[[PictureDone], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Evaluation:
    """Measures a network that is ready to run, or ground truth in its place, and what it costs.

    The arguments are those of :func:`evaluate`; peak memory and multiply-adds are measured too.

    Args:
        network: None if both oracles are on.
        source: the pictures; its classes are the network's.
        settings: of every stage after the network.
        limit: measure only so many pictures, from the first on.
        sweep: likewise.
        out: folder that ``panoptic.json`` and ``panoptic/*.png`` of the predictions are written to; those of an
            earlier run are replaced.
        workers: likewise.
        on_done: likewise.
        should_stop: also asked between the network's layers.

    Raises:
        OSError: if a folder for the predictions cannot be made.
        ValueError: if they would replace a file of the source, or a value of the sweep is out of range.
    """
    writer = None if out is None else _writer(out, source)
    device = torch.device("cpu") if network is None else network.device
    wanted = len(source) if limit is None else min(limit, len(source))
    try:
        found, peak_bytes = with_peak_memory(
            lambda: evaluate(
                None if network is None else partial(network.run, should_stop=should_stop),
                source,
                settings,
                pictures=range(wanted),
                sweep=sweep,
                writer=writer,
                workers=workers,
                warm_ups=_WARM_UPS,
                on_done=on_done,
                should_stop=should_stop,
            ),
            device,
        )
    except BaseException:
        if writer is not None:
            writer.discard()
        raise
    cost = replace(found.cost, peak_bytes=peak_bytes)
    if network is None:
        return replace(found, cost=cost)
    return replace(
        found,
        network=_described(network),
        cost=replace(cost, macs=_mean_macs(network, found.cost.padded_sizes)),
    )


def evaluate(
    run_network: RunNetwork | None,
    source: PictureSource,
    settings: InspectionSettings,
    *,
    pictures: Sequence[int] | None = None,
    sweep: SweepRequest | None = None,
    writer: CocoPanopticWriter | None = None,
    average_precision: bool = True,
    workers: int = 0,
    warm_ups: int = 0,
    on_prediction: Callable[[LabelledPicture, PanopticSegmentation], None] = lambda _picture, _prediction: None,
    on_done: Callable[[PictureDone], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Evaluation:
    """Measures what a network makes of pictures, one by one.

    A picture that cannot be read or segmented is named and left out of every figure; the others go on.

    Args:
        run_network: from a picture to the network's output; None if both oracles are on.
        source: the pictures; its classes are the network's.
        settings: of every stage after the network.
        pictures: their numbers in the source; None for all of them.
        sweep: a setting to measure at several values too; the network runs once a picture nevertheless.
        writer: takes the predictions and is closed at the end, or discarded if there are none. If it fails, that is
            told among the failures, and the figures go on.
        average_precision: whether box and mask AP are measured, the one figure that costs time worth mentioning.
        workers: processes that read pictures ahead; 0 reads each when its turn comes, which disturbs no timing.
        warm_ups: how often the first picture runs before anything is timed.
        on_prediction: given every picture that was measured, and what was made of it; what it raises passes through.
        on_done: told of every picture that is done or has failed.
        should_stop: asked between pictures; once it says so, the figures so far are returned.

    Raises:
        ValueError: if a value of the sweep is out of range.
    """
    numbers = range(len(source)) if pictures is None else pictures
    inspector = _Inspector(None if run_network is None else _waited_for(run_network), source.categories, settings)
    swept = () if sweep is None else sweep.settings(settings)
    tally = _Tally(source.categories, swept, average_precision=average_precision)
    failures: list[str] = []
    predictions = _Predictions(writer, failures)
    turns = _Turns(source, numbers, on_done)
    complete, cold = True, warm_ups
    for picture in _read_ahead(source, numbers, workers):
        if should_stop():
            complete = False
            break
        if isinstance(picture, BadPicture):
            failures.append(picture.sentence)
            turns.failed(picture.sentence)
            continue
        try:
            while cold:
                inspector.timed(picture)
                cold -= 1
            prediction = tally.add(picture, *inspector.timed(picture))
        except Exception as error:
            if should_stop():
                complete = False
                break
            failures.append(failure_sentence(picture.name, error))
            turns.failed(failures[-1])
            if is_device_lost(error):
                failures.append(f"the CUDA device failed: {len(numbers) - turns.done} more were not tried")
                complete = False
                break
        else:
            predictions.add(picture, prediction)
            on_prediction(picture, prediction)
            turns.measured(tally.pictures[-1], tally.seconds[-1])
    predictions_path = predictions.close()
    return Evaluation(
        data=source.name,
        settings=settings,
        wanted=len(numbers),
        measured=len(tally.seconds),
        failures=tuple(failures),
        complete=complete and turns.done == len(numbers),
        panoptic=tally.panoptic(),
        detection=None if tally.precision is None else tally.precision.result(),
        semantics=MeanIoU(tally.semantics, source.categories),
        cost=tally.cost(warm_ups),
        predictions=predictions_path,
        sweep=None if sweep is None else tally.sweep(sweep, getattr(settings, sweep.setting)),
        pictures=tuple(tally.pictures),
    )


@dataclass(slots=True, eq=False)
class _Turns:
    """Tells of pictures as their turns come.

    Attributes:
        source: the pictures.
        numbers: those that have a turn.
        on_done: is told.
        done: how many had theirs.
    """

    source: PictureSource
    numbers: Sequence[int]
    on_done: Callable[[PictureDone], None]
    done: int = 0

    def measured(self, quality: PictureQuality, seconds: float) -> None:
        self.done += 1
        self.on_done(PictureDone(**asdict(quality), done=self.done, pictures=len(self.numbers), seconds=seconds))

    def failed(self, problem: str) -> None:
        file_name, image_id = self.source.identity(self.numbers[self.done])
        self.done += 1
        self.on_done(
            PictureDone(
                file_name=file_name, image_id=image_id, done=self.done, pictures=len(self.numbers), problem=problem
            )
        )


# ------------------------------------------------------------------------------------------------------------ reading


@dataclass(frozen=True, eq=False)
class _Readable(Dataset["LabelledPicture | BadPicture"]):
    """A source as torch's loader takes it; why a picture cannot be read is told in a sentence."""

    source: PictureSource

    def __getitem__(self, number: int) -> LabelledPicture | BadPicture:
        try:
            return self.source.read(number)
        except (ValueError, OSError) as error:
            return BadPicture(str(error))
        except Exception as error:
            return BadPicture(failure_sentence(f"picture {number + 1} of {self.source.name}", error))


def _read_ahead(source: PictureSource, numbers: Sequence[int], workers: int) -> Iterator[LabelledPicture | BadPicture]:
    """Yields every picture in order; if a reading process is killed, one sentence in place of all that are left."""
    loader: DataLoader[LabelledPicture | BadPicture] = DataLoader(
        _Readable(source),
        batch_size=None,
        sampler=numbers,
        num_workers=workers,
        collate_fn=_as_it_is,
        worker_init_fn=become_worker,
        generator=torch.Generator(),
    )
    try:
        yield from prepared_by(loader)
    except ChildProcessError:
        yield BadPicture("a process that reads pictures was killed, so not all were measured; try --workers 0")


def _as_it_is(picture: _T) -> _T:
    return picture


# -------------------------------------------------------------------------------------------------------- one picture


@dataclass(frozen=True, slots=True, eq=False)
class _Inspector:
    """Segments pictures and takes the time."""

    run_network: RunNetwork | None
    categories: Categories
    settings: InspectionSettings

    def timed(self, picture: LabelledPicture) -> tuple[Inspection, float]:
        """Returns a picture's inspection through its merge, and how many seconds it took."""
        inspection = Inspection(
            picture.image,
            self.categories,
            run_network=self.run_network,
            truth=picture.truth,
            truth_areas=picture.truth_areas,
            settings=self.settings,
        )
        started = time.perf_counter()
        inspection.run(through=Stage.MERGE)
        return inspection, time.perf_counter() - started


def _waited_for(run_network: RunNetwork) -> RunNetwork:
    """Makes a network's run end when its work has ended: CUDA returns as soon as the work is handed over."""

    def run(image: NDArray[np.uint8]) -> NetworkOutput:
        output = run_network(image)
        if output.semantic_logits.is_cuda:
            torch.cuda.synchronize(output.semantic_logits.device)
        return output

    return run


# --------------------------------------------------------------------------------------------------------- predictions


def _writer(out: Path, source: PictureSource) -> CocoPanopticWriter:
    refuse_replacing(source.files, out / "panoptic.json", (out / "panoptic",))
    make_folder(out)
    return PredictionWriter(out, source.categories)


class _Predictions:
    """Writes predictions as long as that succeeds: half a data set is none, but the figures go on.

    Args:
        writer: None where none are wanted.
        failures: takes a sentence, if something cannot be written.
    """

    def __init__(self, writer: CocoPanopticWriter | None, failures: list[str]) -> None:
        self._writer = writer
        self._failures = failures

    def add(self, picture: LabelledPicture, prediction: PanopticSegmentation) -> None:
        if self._writer is None:
            return
        try:
            self._writer.add(picture.image_id, picture.name, prediction)
        except (ValueError, OSError) as error:
            self._writer.discard()
            self._writer = None
            self._failures.append(f"no predictions are written: {error}")

    def close(self) -> Path | None:
        """Returns the JSON file that was written; None if there is none."""
        if self._writer is None:
            return None
        if not len(self._writer):
            self._writer.discard()
            return None
        try:
            return self._writer.close()
        except OSError as error:
            self._failures.append(f"no predictions are written: {error}")
            return None


# -------------------------------------------------------------------------------------------------------- the figures


class _Tally:
    """The figures of the pictures so far.

    Args:
        categories: the classes.
        swept: the settings of a sweep.
        average_precision: whether it is among the figures.
    """

    def __init__(self, categories: Categories, swept: Sequence[InspectionSettings], *, average_precision: bool) -> None:
        self.categories = categories
        self.quality = QualityCounts.zeros(len(categories))
        self.precision = AveragePrecision(categories) if average_precision else None
        self.semantics = SemanticCounts.zeros(len(categories))
        self.pictures: list[PictureQuality] = []
        self.seconds: list[float] = []
        self.network_seconds: list[float] = []
        self.padded_sizes: Counter[tuple[int, int]] = Counter()
        self._swept = tuple(swept)
        self._swept_quality = [self.quality for _ in swept]

    def add(self, picture: LabelledPicture, inspection: Inspection, seconds: float) -> PanopticSegmentation:
        """Adds a picture to every figure, or to none if it fails, and returns its prediction.

        Args:
            picture: what was segmented.
            inspection: through its merge.
            seconds: how long that took.
        """
        stages = {result.stage: result.seconds for result in inspection.run()}
        prediction = inspection.trace.segmentation()
        quality = _counts(inspection)
        detections, labels = inspection.detections, inspection.labels
        semantics = count_semantics(labels, picture.truth.labels(len(self.categories)), len(self.categories))
        swept = []
        for settings in self._swept:
            inspection.run(settings)
            swept.append(_counts(inspection))
        if self.precision is not None:
            self.precision.add(picture.image_id, picture.truth, detections, encode_box_masks(detections, labels))
        self.quality += quality
        self.semantics += semantics
        self._swept_quality = [counts + more for counts, more in zip(self._swept_quality, swept, strict=True)]
        self.pictures.append(PictureQuality.of(picture.image_id, picture.name, quality, self.categories))
        self.seconds.append(seconds)
        self.network_seconds.append(stages.get(Stage.NETWORK, 0.0))
        if inspection.has_output:
            self.padded_sizes[inspection.output.padded_size] += 1
        return prediction

    def panoptic(self) -> PanopticQuality:
        return PanopticQuality(self.quality, self.categories)

    def sweep(self, request: SweepRequest, in_force: SettingValue) -> Sweep:
        qualities = [PanopticQuality(counts, self.categories) for counts in self._swept_quality]
        points = zip(request.values, qualities, strict=True)
        return Sweep(request.setting, in_force, tuple(SweepPoint(*point) for point in points))

    def cost(self, warm_ups: int) -> Cost:
        return Cost(
            durations=Durations(tuple(self.network_seconds), tuple(self.seconds)),
            warm_ups=warm_ups,
            threads=torch.get_num_threads(),
            padded_sizes=dict(self.padded_sizes),
        )


def _counts(inspection: Inspection) -> QualityCounts:
    assert inspection.quality is not None
    return inspection.quality.counts


# -------------------------------------------------------------------------------------------------------- the network


def _described(network: ReadyNetwork) -> MeasuredNetwork:
    return MeasuredNetwork(
        name=network.name,
        origin=network.origin,
        trained=network.trained,
        parameters=network.parameters,
        input=network.config.input,
        device=network.device_words,
    )


def _mean_macs(network: ReadyNetwork, padded_sizes: Mapping[tuple[int, int], int]) -> float | None:
    """Returns the multiply-adds of one picture, the mean over pictures of several sizes; None of no picture."""
    if not padded_sizes:
        return None
    with torch.device("meta"):
        model = build_lpsnet(network.config.model, len(network.categories), load_backbone_weights=False)
    macs = [measure_complexity(model, size).macs * images for size, images in padded_sizes.items()]
    return sum(macs) / sum(padded_sizes.values())
