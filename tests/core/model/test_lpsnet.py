from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.ops import FrozenBatchNorm2d

from lpsnet.config import load_config
from lpsnet.model.inference import prepare_for_inference
from lpsnet.model.lpsnet import LPSNet, build_lpsnet

SMALL = ["model.channels=32", "model.semantic_head.channels=16", "model.backbone.width=0.25"]


def small_network(*overrides: str) -> LPSNet:
    torch.manual_seed(0)
    return build_lpsnet(load_config("demo", [*SMALL, *overrides]).model, 7)


def randomise(network: LPSNet) -> None:
    """Gives every norm statistics and every offset a value, so that nothing is silently the identity."""
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif name.endswith(("running_mean", "bias", "offset.weight")):
            tensor.add_(torch.randn_like(tensor) * 0.05)


@pytest.mark.parametrize("size", [(32, 32), (33, 70), (96, 64), (129, 160)])
@pytest.mark.parametrize("training", [False, True])
def test_every_size_gives_the_levels_of_its_padded_size(size: tuple[int, int], training: bool) -> None:
    output = small_network().train(training)(torch.randn(2, 3, *size))
    height, width = (-(-side // 32) * 32 for side in size)
    assert output.padded_size == (height, width)
    assert output.image_sizes == (size, size)
    assert output.semantic_logits.shape == (2, 7, height // 4, width // 4)
    assert output.levels == (3, 4, 5, 6, 7)
    for ltrb, logits, stride in zip(output.ltrb, output.borderness_logits, (8, 16, 32, 64, 128), strict=True):
        level = (-(-height // stride), -(-width // stride))
        assert ltrb.shape == (2, 4, *level)
        assert logits.shape == (2, 1, *level)
        assert ltrb.min() >= 0
    assert output.strides == (8, 16, 32, 64, 128)


def test_images_of_different_sizes_are_padded_to_one() -> None:
    network = small_network().eval()
    images = [torch.randn(3, 40, 64), torch.randn(3, 64, 50)]
    output = network(images)
    assert output.padded_size == (64, 64)
    assert output.image_sizes == ((40, 64), (64, 50))
    alone = network([images[1]])
    torch.testing.assert_close(output[1].semantic_logits, alone.semantic_logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(output[1].ltrb[0], alone.ltrb[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        ([], "at least one image"),
        (torch.zeros(1, 3, 31, 64), "31×64 is too small"),
        ([torch.zeros(3, 64, 64), torch.zeros(3, 64, 8)], "64×8 is too small"),
        (torch.zeros(1, 4, 64, 64), r"must be float \[3, H, W\]"),
        (torch.zeros(3, 64, 64), r"must be float \[3, H, W\]"),
        (torch.zeros(1, 3, 64, 64, dtype=torch.uint8), "torch.uint8"),
    ],
)
def test_what_is_no_image_is_refused(images: torch.Tensor | list[torch.Tensor], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        small_network()(images)


def test_the_same_seed_gives_the_same_network() -> None:
    first, second = small_network().state_dict(), small_network().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_every_parameter_learns() -> None:
    network = small_network().train()
    randomise(network)
    output = network(torch.randn(2, 3, 64, 96))
    loss = output.semantic_logits.square().mean()
    loss = loss + sum(level.log().square().mean() for level in output.ltrb)
    loss = loss + sum(level.square().mean() for level in output.borderness_logits)
    loss.backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []


def test_a_frozen_backbone_needs_no_download_when_a_checkpoint_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("weights were asked for")

    monkeypatch.setattr("lpsnet.model.lpsnet.load_pretrained", refuse)
    with torch.device("meta"):
        network = build_lpsnet(load_config("coco_r50").model, 133, load_backbone_weights=False)
    assert any(isinstance(layer, FrozenBatchNorm2d) for layer in network.modules())
    with pytest.raises(AssertionError), torch.device("meta"):
        build_lpsnet(load_config("coco_r50").model, 133)


def test_from_scratch_norms_are_live_and_nothing_is_frozen() -> None:
    with torch.device("meta"):
        network = build_lpsnet(load_config("coco_r50", ["model.backbone.weights=null"]).model, 133)
    assert not any(isinstance(layer, FrozenBatchNorm2d) for layer in network.modules())
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("frozen", [True, False])
def test_a_network_prepared_for_inference_computes_the_same(frozen: bool, tmp_path: Path) -> None:
    config = load_config("coco_r50", ["model.channels=32", "model.semantic_head.channels=16"])
    backbone = config.model.backbone.model_copy(update={"name": "resnet18", "freeze": frozen})
    torch.manual_seed(0)
    network = build_lpsnet(config.model.model_copy(update={"backbone": backbone}), 7, load_backbone_weights=False)
    randomise(network)
    network.eval()
    images = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        expected = network(images)
        prepared = prepare_for_inference(network)
        output = prepared(images)
    assert prepared is network
    assert not any(isinstance(layer, nn.BatchNorm2d | FrozenBatchNorm2d) for layer in prepared.modules())
    torch.testing.assert_close(output.semantic_logits, expected.semantic_logits, rtol=1e-3, atol=1e-4)
    for ours, theirs in zip(output.ltrb, expected.ltrb, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_mixed_precision_returns_float32() -> None:
    network = small_network().eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        output = network(torch.randn(1, 3, 64, 64))
    maps = (output.semantic_logits, *output.ltrb, *output.borderness_logits)
    assert {level.dtype for level in maps} == {torch.float32}
