"""From truth to targets and back: what a network is taught, decoded as if it had said it, is the truth again.

Every step in between has tests of its own; here they must agree on where pixels, locations and levels are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lpsnet.categories import Categories
from lpsnet.config import Config, PanopticSource, ScenesSource, load_config
from lpsnet.data.batches import TrainingBatch, level_sizes
from lpsnet.data.sources import LabelledPicture, PictureSource, open_source
from lpsnet.data.stream import ExampleStream, StreamPositions, training_batches
from lpsnet.decoding import semantic_labels
from lpsnet.inspection import Inspection
from lpsnet.losses import Normalisers, compute_losses, count_normalisers
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts
from lpsnet.model.lpsnet import BOX_LEVELS, BOX_STRIDES, DIVISOR
from lpsnet.model.output import NetworkOutput
from lpsnet.targets import POSITIVE

SCENES = ScenesSource(first_seed=900_000, count=6, height=192, width=256)
UNCHANGED = "data.augmentation={flip: 0}"
# Pictures of 192 x 256 are enlarged to 228 x 304, and padded: no size is a multiple of another.
SMALL = (UNCHANGED, "input={short_side: 228, long_side_cap: 400}", "targets.size_limits=[40, 80, 160, 320]")
LITERAL = ("targets.level_assignment=all", "targets.borderness_negatives=none")


@dataclass(frozen=True)
class OnlyOne:
    """One picture of a source, as a source."""

    source: PictureSource
    number: int

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def categories(self) -> Categories:
        return self.source.categories

    @property
    def files(self) -> Iterator[Path]:
        return self.source.files

    def __len__(self) -> int:
        return 1

    def identity(self, index: int) -> tuple[str, int | str]:
        return self.source.identity(self.number)

    def read(self, index: int) -> LabelledPicture:
        assert index == 0
        return self.source.read(self.number)


def batch_of(source: PictureSource, number: int, config: Config) -> TrainingBatch:
    """Returns the batch that a training makes of one picture."""
    stream = ExampleStream(OnlyOne(source, number), config, BOX_STRIDES, seed=0)
    positions = StreamPositions(first_batch=0, last_batch=1, batch=1, share=1, rank=0)
    return next(training_batches(stream, positions, strides=BOX_STRIDES, divisor=DIVISOR, workers=0))


def output_of(
    batch: TrainingBatch, ltrb: Sequence[Tensor], borderness: Sequence[Tensor], logits: Tensor
) -> NetworkOutput:
    """Returns a network's output for a batch of one picture."""
    height, width = batch.images[0].shape[1:]
    return NetworkOutput(
        ltrb=tuple(ltrb),
        borderness_logits=tuple(borderness),
        semantic_logits=logits,
        strides=BOX_STRIDES,
        levels=BOX_LEVELS,
        image_sizes=((int(height), int(width)),),
        padded_size=(int(batch.targets.labels.shape[1]), int(batch.targets.labels.shape[2])),
    )


def as_predicted(batch: TrainingBatch, classes: int) -> NetworkOutput:
    """Returns the output that says at every location and cell what its target says, and no box where there is none."""
    targets = batch.targets
    borderness = targets.borderness.clamp(1e-4, 1 - 1e-4).logit()
    borderness = borderness.masked_fill(targets.state != POSITIVE, -12.0)
    sizes = level_sizes((targets.labels.shape[1], targets.labels.shape[2]), BOX_STRIDES)
    lengths = [height * width for height, width in sizes]
    # A cell of the semantic map knows the shares of the classes among its 4 x 4 pixels.
    shares = F.one_hot(targets.labels.long() + 1, classes + 1)[..., 1:].permute(0, 3, 1, 2).float()
    return output_of(
        batch,
        [
            part.transpose(1, 2).reshape(1, 4, *size)
            for part, size in zip(targets.ltrb.split(lengths, dim=1), sizes, strict=True)
        ],
        [part.reshape(1, 1, *size) for part, size in zip(borderness.split(lengths, dim=1), sizes, strict=True)],
        (F.avg_pool2d(shares, 4) + 1e-4).log(),
    )


def inspected(
    picture: LabelledPicture, output: NetworkOutput, config: Config, categories: Categories, **settings: bool
) -> Inspection:
    inspection = Inspection(
        picture.image,
        categories,
        run_network=lambda _: output,
        truth=picture.truth,
        truth_areas=picture.truth_areas,
        settings=replace(config.inspection, stuff_limit=0, **settings),
    )
    inspection.run()
    return inspection


def quality_of(inspections: Sequence[Inspection], categories: Categories) -> PanopticQuality:
    counts = QualityCounts.zeros(len(categories))
    for inspection in inspections:
        assert inspection.quality is not None
        counts += inspection.quality.counts
    return PanopticQuality(counts, categories)


def misplaced(inspection: Inspection, picture: LabelledPicture, categories: Categories) -> list[float]:
    """Returns how far each box that was learnt is off the nearest thing's, in pixels of the picture."""
    things = [s.box for s in picture.truth.segments if categories[s.label].isthing and not s.iscrowd]
    boxes = np.array(things, float).reshape(-1, 4)
    found = inspection.detections
    return [float(np.abs(boxes - box).max(axis=1).min()) for box in found.boxes[found.borderness > 0.01]]


@pytest.mark.parametrize("rules", [(), LITERAL, ("targets.borderness=box",), ("targets.positives=box",)])
def test_targets_taken_for_predictions_are_the_truth_again(rules: tuple[str, ...]) -> None:
    config = load_config("demo", [*SMALL, *rules])
    categories = config.load_categories()
    scenes = open_source(SCENES, categories)
    decoded, ceiling = [], []
    for number in range(len(scenes)):
        picture, batch = scenes.read(number), batch_of(scenes, number, config)
        output = as_predicted(batch, len(categories))
        decoded.append(inspected(picture, output, config, categories))
        ceiling.append(inspected(picture, output, config, categories, box_oracle=True))
        wrong = misplaced(decoded[-1], picture, categories)
        assert len(wrong) > 3
        # A side of a mask is known to half a pixel of the network's input, and no worse than that.
        assert max(wrong) <= 0.5 * 192 / 228 + 1e-3
    quality, best = quality_of(decoded, categories), quality_of(ceiling, categories)
    assert quality.stuff.pq > 0.88
    # Some small things have no location, or none in whose middle it is.
    assert quality.things.pq > best.things.pq - 0.06


def test_the_semantic_map_is_learnt_where_it_is_read() -> None:
    """Decoded labels fit the truth best where they are, and worse by the same a pixel to either side."""
    config = load_config("demo", SMALL)
    categories = config.load_categories()
    scenes = open_source(SCENES, categories)
    agreeing = {(0, 0): 0, (0, 1): 0, (0, -1): 0, (1, 0): 0, (-1, 0): 0}
    for number in range(len(scenes)):
        picture = scenes.read(number)
        output = as_predicted(batch_of(scenes, number, config), len(categories))
        labels = semantic_labels(output, size=(192, 256))
        truth = picture.truth.labels(len(categories))
        for (y, x), count in agreeing.items():
            shifted = np.roll(labels, (y, x), axis=(0, 1))[2:-2, 2:-2]
            agreeing[y, x] = count + int((shifted == truth[2:-2, 2:-2]).sum())
    here = agreeing.pop((0, 0))
    right, left, down, up = (here - there for there in agreeing.values())
    assert here > 0.95 * len(scenes) * 188 * 252
    assert min(right, left) > 0.7 * max(right, left) > 0
    assert min(down, up) > 0.7 * max(down, up) > 0


def test_what_makes_the_losses_small_is_the_truth() -> None:
    """A network that could say anything learns one scene."""
    config = load_config("demo", SMALL)
    categories = config.load_categories()
    scenes = open_source(SCENES, categories)
    picture, batch = scenes.read(0), batch_of(scenes, 0, config)
    like = as_predicted(batch, len(categories))
    raw = [torch.zeros_like(level, requires_grad=True) for level in like.ltrb]
    borderness = [torch.zeros_like(level, requires_grad=True) for level in like.borderness_logits]
    logits = torch.zeros_like(like.semantic_logits, requires_grad=True)
    normalisers = Normalisers.of_iteration(count_normalisers(batch.targets).as_tensor(), 1)
    optimizer = torch.optim.Adam([*raw, *borderness, logits], lr=0.3)

    def said() -> NetworkOutput:
        boxes = [stride * level.exp() for stride, level in zip(BOX_STRIDES, raw, strict=True)]
        return output_of(batch, boxes, borderness, logits)

    for _ in range(60):
        losses = compute_losses(said(), batch.targets, normalisers)
        optimizer.zero_grad()
        losses.total(box_weight=1, borderness_weight=1, semantic_weight=1).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        learnt = inspected(picture, said(), config, categories)
    ceiling = inspected(picture, like, config, categories, box_oracle=True)
    quality, best = quality_of([learnt], categories), quality_of([ceiling], categories)
    assert quality.all.pq > best.all.pq - 0.05
    assert quality.things.pq > best.things.pq - 0.05


def test_targets_of_photos_are_the_truth_again(coco_mini: Path) -> None:
    config = load_config("coco_r50", ["input.short_side=480", UNCHANGED])
    categories = config.load_categories()
    photos = open_source(PanopticSource(annotations=str(coco_mini / "annotations/panoptic_val2017.json")), categories)
    decoded, ceiling = [], []
    for number in range(4):
        picture, batch = photos.read(number), batch_of(photos, number, config)
        output = as_predicted(batch, len(categories))
        decoded.append(inspected(picture, output, config, categories))
        ceiling.append(inspected(picture, output, config, categories, box_oracle=True))
        assert np.median(misplaced(decoded[-1], picture, categories)) < 1
    quality, best = quality_of(decoded, categories), quality_of(ceiling, categories)
    assert quality.all.pq > best.all.pq - 0.08
