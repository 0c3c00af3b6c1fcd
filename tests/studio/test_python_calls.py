"""What is copied as Python runs, and computes what the window shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lpsnet.assets import demo_checkpoint as shipped_checkpoint
from lpsnet_studio import demo
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.messages import Sight
from lpsnet_studio.python_calls import python_calls
from lpsnet_studio.session import Session
from lpsnet_studio.state import Entry, NetworkChoice
from tests.studio.direct_service import DirectService

CHECKPOINT = shipped_checkpoint()
needs_network = pytest.mark.skipif(CHECKPOINT is None, reason="this checkout has no demo network")
SIDE = 128


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo.prepare(tmp_path_factory.mktemp("scenes"), size=(96, 128))


@pytest.fixture
def service() -> DirectService:
    return DirectService()


@pytest.fixture
def session(service: DirectService) -> Session:
    return Session(service)


def _open(session: Session, service: DirectService, scenes: Path, *, network: bool = True) -> None:
    if network:
        session.load_model(NetworkChoice(checkpoint=str(CHECKPOINT), device="cpu", short_side=SIDE))
    else:
        session.change_settings(box_oracle=True, semantic_oracle=True)
    session.open_dataset(scenes)
    service.answer(session)
    assert session.result is not None, service.failures


def _run(session: Session, sight: Sight | None = None) -> dict[str, Any]:
    text = python_calls(session, sight)
    names: dict[str, Any] = {}
    exec(compile(text, "copied", "exec"), names)
    return names


def _assert_same(names: dict[str, Any], session: Session) -> None:
    result, made = session.result, names["inspection"]
    assert result is not None
    assert made.settings == result.settings
    assert np.array_equal(made.labels, result.labels)
    assert np.array_equal(made.detections.boxes, result.detections.boxes)
    assert np.array_equal(made.trace.owners, result.trace.owners)
    assert np.array_equal(names["owners"], session.owners)
    assert (made.quality is None) == (result.quality is None)
    if result.quality is not None:
        assert np.array_equal(made.quality.counts.tp, result.quality.counts.tp)
        assert np.array_equal(made.quality.counts.iou, result.quality.counts.iou)


def test_with_both_oracles_no_network_is_loaded(session: Session, service: DirectService, scenes: Path) -> None:
    _open(session, service, scenes, network=False)
    session.change_settings(conflict="smallest", stuff_limit=40)
    service.answer(session)
    session.seek(3)
    assert "load_network" not in python_calls(session, None)
    _assert_same(_run(session), session)


@needs_network
def test_a_networks_result_is_made_again_bit_for_bit(session: Session, service: DirectService, scenes: Path) -> None:
    _open(session, service, scenes)
    session.change_settings(score_threshold=0.1, overlap_threshold=0.55, use_borderness=False)
    service.answer(session)
    session.seek(2)
    text = python_calls(session, None)
    assert "replace(network.config.inspection, " in text
    assert "nms_iou" not in text
    _assert_same(_run(session), session)


@needs_network
@pytest.mark.parametrize(
    "sight",
    [
        Sight("borderness"),
        Sight("borderness", level=4),
        Sight("target", target="extreme"),
        Sight("difference", target="box"),
        Sight("class", label=3),
        Sight("entropy"),
        Sight("margin"),
        Sight("next_best"),
    ],
    ids=lambda sight: f"{sight.kind}{sight.level}",
)
def test_the_map_over_the_image_is_made_again(
    session: Session, service: DirectService, scenes: Path, sight: Sight
) -> None:
    _open(session, service, scenes)
    examination = Examination(session)
    examination.show(sight)
    service.answer(session)
    heat = examination.shown_map
    assert heat is not None, examination.problem_of(sight)
    assert np.array_equal(_run(session, sight)["heat"], heat.values, equal_nan=True)


@needs_network
def test_a_picture_without_ground_truth_and_with_a_difficult_name(
    session: Session, service: DirectService, scenes: Path, tmp_path: Path
) -> None:
    photo = next(path for path in scenes.parent.rglob("*") if path.suffix in (".png", ".jpg"))
    path = tmp_path / 'it\'s "quoted" {braces} \\n.png'
    path.write_bytes(photo.read_bytes())
    from lpsnet_studio.inference.messages import ImageSource

    session.load_model(NetworkChoice(checkpoint=str(CHECKPOINT), device="cpu", short_side=SIDE))
    session.set_entries([Entry(path.name, ImageSource(str(path)))])
    service.answer(session)
    assert "truth" not in python_calls(session, None)
    _assert_same(_run(session), session)
