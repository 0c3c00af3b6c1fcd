from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lpsnet.model.box_head import BoxHead
from lpsnet.model.deformable import DeformableConv2d
from lpsnet.model.semantic_head import SemanticHead

STRIDES = (8, 16, 32)


def levels(channels: int = 16) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, channels, 12 // 2**i, 16 // 2**i, generator=generator) for i in range(3)]


def raw_values(head: BoxHead, features: Tensor) -> Tensor:
    return F.conv2d(head.tower(features), head.predict.weight, head.predict.bias, padding=1)


def test_exp_distances_are_stride_times_exp_of_the_scaled_value() -> None:
    head = BoxHead(16, STRIDES)
    nn.init.normal_(head.predict.weight, std=0.5)
    with torch.no_grad():
        head.scales.copy_(torch.tensor([0.5, 1.0, 2.0]))
    ltrb, borderness_logits = head(levels())
    for i, features in enumerate(levels()):
        raw = raw_values(head, features)
        torch.testing.assert_close(ltrb[i], STRIDES[i] * (head.scales[i] * raw[:, :4]).clamp(max=8).exp())
        torch.testing.assert_close(borderness_logits[i], raw[:, 4:])


def test_relu_distances_are_stride_times_the_positive_part() -> None:
    head = BoxHead(16, STRIDES, activation="relu")
    nn.init.normal_(head.predict.weight, std=0.5)
    ltrb, _ = head(levels())
    assert min(float(level.detach().min()) for level in ltrb) == 0.0
    torch.testing.assert_close(ltrb[1], 16 * raw_values(head, levels()[1])[:, :4].relu())


def test_distances_stay_finite_whatever_the_weights() -> None:
    head = BoxHead(16, STRIDES)
    nn.init.constant_(head.predict.bias, 1e4)
    ltrb, _ = head(levels())
    torch.testing.assert_close(ltrb[0], torch.full_like(ltrb[0], 8 * math.exp(8)))


def test_an_untrained_head_starts_at_its_prior_and_one_stride() -> None:
    ltrb, borderness_logits = BoxHead(16, STRIDES, borderness_prior=0.01)(levels())
    assert abs(float(borderness_logits[0].detach().sigmoid().mean()) - 0.01) < 0.005
    assert abs(float(ltrb[2].detach().mean()) - 32) < 8
    assert float(BoxHead(16, STRIDES, borderness_prior=0.5).predict.bias[4].detach()) == 0.0


def test_towers_are_built_as_asked() -> None:
    plain = BoxHead(16, STRIDES, layers=2, norm="none")
    assert [type(layer) for layer in plain.tower] == [nn.Conv2d, nn.Identity, nn.ReLU] * 2
    assert [type(layer) for layer in BoxHead(16, STRIDES).tower] == [nn.Conv2d, nn.GroupNorm, nn.ReLU] * 4


@pytest.mark.parametrize(
    ("layers", "widths"), [(1, [(16, 8)]), (2, [(16, 8), (8, 8)]), (3, [(16, 16), (16, 8), (8, 8)])]
)
@pytest.mark.parametrize("deformable", [True, False])
def test_semantic_towers_narrow_in_the_last_two_layers(
    layers: int, widths: list[tuple[int, int]], deformable: bool
) -> None:
    head = SemanticHead(16, 8, 5, layers=layers, deformable=deformable, num_levels=3)
    kind = DeformableConv2d if deformable else nn.Conv2d
    convolutions = [layer for layer in head.tower if isinstance(layer, kind)]
    assert [(layer.weight.shape[1], layer.weight.shape[0]) for layer in convolutions] == widths
    assert head(levels()).shape == (2, 5, 12, 16)


def test_semantic_levels_share_the_tower_and_meet_at_the_finest_size() -> None:
    torch.manual_seed(0)
    head = SemanticHead(16, 8, 5, num_levels=3)
    towers = [head.tower(features) for features in levels()]
    joined = [F.interpolate(tower, size=(12, 16), mode="bilinear", align_corners=False) for tower in towers]
    expected = F.conv2d(torch.cat(joined, 1), head.classify.weight, head.classify.bias)
    torch.testing.assert_close(head(levels()), expected)


def test_what_leaves_the_heads_is_not_rounded_to_half_precision() -> None:
    """The last layers take half-precision features and compute in float32: fewer bits would show in every value."""
    box_head, semantic_head = BoxHead(16, STRIDES), SemanticHead(16, 8, 5, deformable=False, num_levels=3)
    with torch.autocast("cpu", torch.bfloat16):
        ltrb, borderness_logits = box_head(levels())
        semantic_logits = semantic_head(levels())
    for values in (*ltrb, *borderness_logits, semantic_logits):
        assert values.dtype == torch.float32
        fine = values != values.bfloat16().float()
        assert float(fine.float().mean()) > 0.9
