"""A prediction is corrected to its truth with few coarse gestures, to the last pixel with more, and exported so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts, count_quality
from lpsnet_studio.annotator.exporting import ExportedImage, ExportFormat, export
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.importing import ImportedImage, import_annotations, open_source
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.project import Status
from tests.studio.annotator.corrections import (
    ACTIONS_PER_SEGMENT,
    LEAST_RADIUS,
    MOST_POINTS,
    Corrected,
    Correction,
    correct_images,
    pooled,
)
from tests.studio.annotator.panoptic_rules import panoptic_faults


def exported(correction: Correction, identity: int) -> ExportedImage:
    """Returns an image as its project would export it, in its present state."""
    document = correction.editor.document
    return ExportedImage(
        identity,
        correction.image.name,
        Status.DONE,
        document.size,
        lambda: IdMap(document.ids.copy(), dict(document.segments)),
    )


def check_export(corrected: Corrected, out: Path) -> float:
    """Exports the images as they are, holds the files against the format's rules, and returns their PQ when imported.

    Args:
        corrected: the images.
        out: the folder to make.
    """
    corrections, categories = corrected.corrections, corrected.corrections[0].categories
    labels = LabelSet.of(categories)
    images = [exported(correction, place) for place, correction in enumerate(corrections, start=1)]
    report = export(images, labels, ExportFormat.COCO_PANOPTIC, out, only_done=True)
    assert (report.images, report.failed, report.strangers, report.void) == (len(corrections), (), {}, ())
    assert panoptic_faults(report.path) == []

    back: dict[str, ImportedImage] = {}
    told = import_annotations(open_source(report.path), labels, lambda image: back.update({image.source.name: image}))
    assert (told.images, told.segments, told.skipped, told.overlaps) == (len(corrections), report.segments, (), ())
    counts = QualityCounts.zeros(len(categories))
    for correction in corrections:
        id_map = back[correction.image.name].id_map
        np.testing.assert_array_equal(id_map.ids, correction.editor.document.ids)
        counts += count_quality(id_map.measured(labels).segmentation, correction.image.truth, len(categories))
    quality = 100 * PanopticQuality(counts, categories).all.pq
    assert quality == pooled(corrections, categories)
    return quality


def check(corrected: Corrected, record_property: Callable[[str, object], None], out: Path) -> None:
    record_property("actions", corrected.table())
    assert corrected.before < 60
    assert corrected.coarse >= 95
    assert corrected.fine == 100
    assert check_export(corrected, out / "fine") == corrected.fine
    for correction, figures in zip(corrected.corrections, corrected.figures, strict=True):
        assert set(correction.spent) <= set(correction.wrong)
        assert max(correction.spent.values()) <= ACTIONS_PER_SEGMENT
        assert figures.coarse <= ACTIONS_PER_SEGMENT * figures.wrong
        assert correction.longest_stroke <= MOST_POINTS
        assert correction.thinnest_brush >= LEAST_RADIUS
        assert len(correction.journal) >= correction.actions == figures.coarse + figures.fine
        assert correction.editor.document.is_consistent()
        for _ in range(figures.fine):
            assert correction.editor.undo() is not None
    assert check_export(corrected, out / "coarse") == corrected.coarse
    for correction in corrected.corrections:
        document = correction.editor.document
        while correction.editor.undo() is not None:
            pass
        prediction = correction.image.prediction
        number_of = {0: 0, **document.number_of}
        np.testing.assert_array_equal(document.ids, np.vectorize(number_of.__getitem__)(prediction.ids))
        assert len(document.segments) == len(prediction.segments)


def test_two_predictions_are_corrected(
    shared_data: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    check(correct_images(shared_data, 2), record_property, tmp_path)


@pytest.mark.slow
def test_ten_predictions_are_corrected(
    shared_data: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    check(correct_images(shared_data, 10), record_property, tmp_path)
