"""Fixtures of the panels' tests: what the demo network makes of drawn scenes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lpsnet.assets import demo_checkpoint as shipped_checkpoint
from lpsnet.scenes import draw_scene

InspectScene = Callable[..., tuple[Any, Any]]


@pytest.fixture(scope="module")
def inspect_scene() -> InspectScene:
    """Returns what inspects the scene of a seed with the demo network; its first run is left to the test."""
    checkpoint = shipped_checkpoint()
    if checkpoint is None:
        pytest.skip("the demo network is not here")
    from lpsnet.engine.network import load_network
    from lpsnet.inspection import Inspection

    network = load_network(checkpoint=checkpoint, device="cpu")

    def inspect(seed: int, *, with_truth: bool = True) -> tuple[Any, Any]:
        scene = draw_scene(seed, 288, 384)
        truth = scene.segmentation if with_truth else None
        settings, categories = network.config.inspection, network.categories
        return Inspection(scene.image, categories, settings=settings, run_network=network.run, truth=truth), scene

    return inspect
