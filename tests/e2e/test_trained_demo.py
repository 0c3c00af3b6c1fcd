"""The demo with a trained network, through the real service: what is shown is what the network predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lpsnet.checkpoint import save_checkpoint
from lpsnet.config import load_config
from lpsnet.formats.coco_panoptic import read_coco_panoptic
from lpsnet.model.lpsnet import build_lpsnet
from lpsnet_studio import demo, demo_network
from lpsnet_studio.app import parse_arguments
from lpsnet_studio.chrome.model_words import network_words
from lpsnet_studio.chrome.notices import notices
from lpsnet_studio.render import render
from lpsnet_studio.settings import Folders
from lpsnet_studio.studio import Studio

SMALL = ["model.channels=32", "model.semantic_head.channels=16", "model.backbone.width=0.25", "input.short_side=96"]


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint of random weights in the place of the one that comes with the Studio."""
    path = tmp_path / "lpsnet_demo.safetensors"
    config = load_config("demo", SMALL)
    torch.manual_seed(0)
    model = build_lpsnet(config.model, len(demo.categories()))
    save_checkpoint(path, model, config, demo.categories(), {"text": "Trained for a test."})
    monkeypatch.setattr(demo_network, "demo_checkpoint", lambda: path)
    return path


def test_the_demo_shows_what_its_network_predicts(checkpoint: Path, tmp_path: Path, qtbot: Any) -> None:
    options = parse_arguments(["--demo", "--render", str(tmp_path / "out")])
    studio = Studio(options, Folders.under(tmp_path / "home"))
    qtbot.addWidget(studio.window)
    render(studio, options.render)
    session = studio.session
    assert session.model is not None
    assert (session.model.trained, session.model.origin) == (True, str(checkpoint))
    assert network_words(session).startswith("LPSNet demo · 96 px")
    assert notices(session) == []
    result, truth = session.result, session.truth
    assert result is not None
    assert truth is not None
    assert result.settings.needs_network
    assert "network" in {stage.stage for stage in result.stages if stage.ran}
    assert result.quality_words().startswith("PQ ")
    assert session.current is not None
    assert session.current.measured is not None
    assert session.current.measured.network == session.model.identity
    predicted = result.trace.segmentation()
    assert not np.array_equal(predicted.ids, truth.ids)
    saved = read_coco_panoptic(tmp_path / "out" / "panoptic.json")
    np.testing.assert_array_equal(saved.read_segmentation(saved.records[0]).ids, predicted.ids)
