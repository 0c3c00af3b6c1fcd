from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import FeaturePyramidNetwork

from lpsnet.model.norm import group_count
from lpsnet.model.pyramid import Context, FeaturePyramid, GlobalContext, PyramidPooling

WIDTHS = (8, 16, 32, 64)


def features(height: int, width: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(2, channels, -(-height // stride), -(-width // stride), generator=generator)
        for channels, stride in zip(WIDTHS, (4, 8, 16, 32), strict=True)
    ]


@pytest.mark.parametrize("size", [(64, 96), (70, 50)], ids=["even", "odd"])
def test_without_context_p2_to_p5_equal_torchvisions(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    ours = FeaturePyramid(WIDTHS, 24, context="none")
    theirs = FeaturePyramidNetwork(list(WIDTHS), 24)
    for i in range(4):
        theirs.inner_blocks[i][0].load_state_dict(ours.laterals[i].state_dict())
        theirs.layer_blocks[i][0].load_state_dict(ours.outputs[i].state_dict())
    maps = features(*size)
    expected = theirs({str(i): feature for i, feature in enumerate(maps)})
    for i, level in enumerate(ours(maps)[:4]):
        torch.testing.assert_close(level, expected[str(i)])


def test_p6_and_p7_halve_p5_with_a_relu_between() -> None:
    pyramid = FeaturePyramid(WIDTHS, 24)
    *_, p5, p6, p7 = pyramid(features(160, 416))
    assert [tuple(level.shape[2:]) for level in (p5, p6, p7)] == [(5, 13), (3, 7), (2, 4)]
    torch.testing.assert_close(p6, F.conv2d(p5, pyramid.p6.weight, pyramid.p6.bias, stride=2, padding=1))
    torch.testing.assert_close(p7, F.conv2d(p6.relu(), pyramid.p7.weight, pyramid.p7.bias, stride=2, padding=1))


@pytest.mark.parametrize(("context", "kind"), [("ppm", PyramidPooling), ("gap", GlobalContext), ("none", type(None))])
def test_context_reaches_p5_and_the_top_down_path(context: Context, kind: type) -> None:
    pyramid = FeaturePyramid(WIDTHS, 24, context=context)
    assert isinstance(pyramid.context, kind)
    maps = features(64, 96)
    before = pyramid(maps)
    if pyramid.context is None:
        return
    last = pyramid.context.norm if isinstance(pyramid.context, PyramidPooling) else pyramid.context.linear
    nn.init.constant_(last.bias, 5.0)
    assert all((old - new).abs().max() > 0.1 for old, new in zip(before, pyramid(maps), strict=True))


def test_pyramid_pooling_equals_its_definition() -> None:
    torch.manual_seed(0)
    ppm = PyramidPooling(64, 24)
    c5 = torch.randn(2, 64, 5, 7)
    joined = [c5]
    for size, branch in zip((1, 2, 3, 6), ppm.branches, strict=True):
        pooled = F.conv2d(F.adaptive_avg_pool2d(c5, size), branch[1].weight)
        assert pooled.shape[1] == 64 // 4
        normed = F.group_norm(pooled, 4, branch[2].weight, branch[2].bias).relu()
        joined.append(F.interpolate(normed, size=(5, 7), mode="bilinear", align_corners=False))
    expected = F.group_norm(F.conv2d(torch.cat(joined, 1), ppm.join.weight, padding=1), 6)
    torch.testing.assert_close(ppm(c5), expected, rtol=1e-4, atol=1e-5)
    assert expected.min() < 0, "no ReLU before the sum"
    assert PyramidPooling(64, 24, relu=True)(c5).min() >= 0


def test_a_batch_of_one_can_be_trained_though_a_bin_is_one_pixel() -> None:
    pyramid = FeaturePyramid(WIDTHS, 24).train()
    pyramid([feature[:1] for feature in features(32, 32)])[3].sum().backward()
    assert all(branch[1].weight.grad is not None for branch in pyramid.context.branches)  # type: ignore[union-attr]


@pytest.mark.parametrize(("channels", "groups"), [(512, 32), (128, 32), (96, 24), (64, 16), (48, 12), (20, 5), (2, 1)])
def test_groups_divide_the_channels(channels: int, groups: int) -> None:
    assert group_count(channels) == groups
