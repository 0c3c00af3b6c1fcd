from __future__ import annotations

import time

import numpy as np
import psutil
import pytest
import torch

from lpsnet.config import load_config
from lpsnet.model.complexity import Complexity, measure_complexity, with_peak_memory
from lpsnet.model.lpsnet import build_lpsnet


def count(size: tuple[int, int], *overrides: str, preset: str = "coco_r50", num_classes: int = 133) -> Complexity:
    """Counts on the meta device: shapes flow, numbers do not."""
    with torch.device("meta"):
        model = build_lpsnet(load_config(preset, overrides).model, num_classes, load_backbone_weights=False)
    return measure_complexity(model, size)


def test_parts_cost_what_the_method_expects_at_800() -> None:
    complexity = count((800, 800))
    giga = {part.part: part.macs / 1e9 for part in complexity.parts}
    expected = {
        "backbone": 52.1,
        "FPN": 36.3,
        "context": 5.9,
        "P6 + P7": 0.13,
        "box head": 31.6,
        "semantic head": 29.5,
    }
    assert giga == pytest.approx(expected, rel=0.02)
    assert complexity.macs / 1e9 == pytest.approx(155.6, rel=0.002)
    assert complexity.peak_bytes is None


@pytest.mark.parametrize(("size", "expected"), [((800, 1066), 211.6), ((800, 1333), 261.4)])
def test_larger_inputs_are_counted_with_their_padding(size: tuple[int, int], expected: float) -> None:
    assert count(size).macs / 1e9 == pytest.approx(expected, rel=0.002)


@pytest.mark.parametrize(
    ("override", "part", "expected"),
    [
        ("model.backbone.stride_in_1x1=true", "backbone", 49.2),
        ("model.semantic_head.layers=3", "semantic head", 63.1),
        ("model.semantic_head.layers=1", "semantic head", 20.6),
        ("model.semantic_head.channels=64", "semantic head", 13.9),
        ("model.semantic_head.deformable=false", "semantic head", 26.2),
        ("model.context=none", "context", 0.0),
    ],
)
def test_ablations_cost_what_the_method_expects(override: str, part: str, expected: float) -> None:
    costs = {cost.part: cost.macs / 1e9 for cost in count((800, 800), override).parts}
    assert costs[part] == pytest.approx(expected, rel=0.005)


def test_every_parameter_is_in_one_part() -> None:
    with torch.device("meta"):
        model = build_lpsnet(load_config("demo").model, 12)
    complexity = measure_complexity(model, (64, 64))
    assert complexity.parameters == sum(parameter.numel() for parameter in model.parameters())


def test_the_peak_holds_the_weights_and_the_mode_stays() -> None:
    model = build_lpsnet(load_config("demo").model, 12)
    complexity = measure_complexity(model, (64, 64))
    assert complexity.peak_bytes is not None
    assert 4 * complexity.parameters < complexity.peak_bytes < psutil.virtual_memory().total
    assert model.training


def test_memory_that_is_given_back_counts() -> None:
    def work() -> None:
        block = np.ones(25_000_000)
        time.sleep(0.1)
        del block

    before = psutil.Process().memory_info().rss
    _, peak = with_peak_memory(work, torch.device("cpu"))
    assert peak is not None
    assert peak - before > 190_000_000
