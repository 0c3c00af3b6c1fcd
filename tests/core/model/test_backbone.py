from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn
from torchvision.models import resnet18, resnet50
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.ops import FrozenBatchNorm2d

from lpsnet.model.backbone import ResNet, load_pretrained


def randomise_norms(module: nn.Module) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.1)
            nn.init.normal_(layer.running_mean, std=0.1)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)


@pytest.mark.parametrize(("name", "reference"), [("resnet18", resnet18), ("resnet50", resnet50)])
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_with_torchvisions_weights_it_is_torchvisions_network(
    tmp_path: Path, name: str, reference: type[nn.Module], suffix: str
) -> None:
    torch.manual_seed(0)
    theirs = reference(weights=None).eval()
    randomise_norms(theirs)
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save(theirs.state_dict(), path)
    else:
        safetensors.torch.save_file(theirs.state_dict(), path)
    ours = ResNet(name, frozen=True)
    load_pretrained(ours, str(path))
    ours, theirs = ours.double(), theirs.double()
    stages = {f"layer{i}": f"c{i + 1}" for i in range(1, 5)}
    images = torch.randn(1, 3, 64, 96, dtype=torch.float64)
    with torch.inference_mode():
        for our_stage, their_stage in zip(
            ours(images), create_feature_extractor(theirs, stages)(images).values(), strict=True
        ):
            torch.testing.assert_close(our_stage, their_stage)


def test_stride_in_1x1_moves_the_stride_and_keeps_the_sizes() -> None:
    images = torch.randn(1, 3, 64, 64)
    caffe, usual = (ResNet("resnet50", stride_in_1x1=moved).eval() for moved in (True, False))
    assert [stage.shape for stage in caffe(images)] == [stage.shape for stage in usual(images)]
    assert caffe.layer2[0].conv1.stride == (2, 2)
    assert caffe.layer2[0].conv2.stride == (1, 1)
    assert caffe.layer1[0].conv1.stride == (1, 1)


def test_frozen_means_norms_stem_and_res2() -> None:
    frozen, live = ResNet("resnet18", frozen=True), ResNet("resnet18")
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in frozen.modules())
    assert any(isinstance(layer, FrozenBatchNorm2d) for layer in frozen.modules())
    still = {name for name, parameter in frozen.named_parameters() if not parameter.requires_grad}
    assert still == {name for name, _ in frozen.named_parameters() if name.startswith(("conv1.", "layer1."))}
    assert all(parameter.requires_grad for parameter in live.parameters())


@pytest.mark.parametrize(("width", "channels"), [(1.0, (64, 128, 256, 512)), (0.5, (32, 64, 128, 256))])
def test_width_scales_channels(width: float, channels: tuple[int, ...]) -> None:
    backbone = ResNet("resnet18", width=width).eval()
    assert backbone.out_channels == channels
    assert tuple(stage.shape[1] for stage in backbone(torch.zeros(1, 3, 32, 32))) == channels


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r18.pth"
    torch.save(resnet18(weights=None).state_dict(), path)
    with pytest.raises(ValueError, match=r"r18\.pth do not fit resnet50: the file lacks layer1\.0\.conv3\.weight"):
        load_pretrained(ResNet("resnet50", frozen=True), str(path))
    with pytest.raises(ValueError, match=r"has another shape at conv1\.weight"):
        load_pretrained(ResNet("resnet18", width=0.5), str(path))


def test_a_file_of_weights_may_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS", str(tmp_path))
    backbone, other = ResNet("resnet18", frozen=True), ResNet("resnet18", frozen=True)
    safetensors.torch.save_file(other.state_dict(), tmp_path / "mine.safetensors")
    load_pretrained(backbone, "$WEIGHTS/mine.safetensors")
    assert torch.equal(backbone.conv1.weight, other.conv1.weight)


def test_unknown_weights_are_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no resnet50 weights named 'IMAGENET21K'.*IMAGENET1K_V1, IMAGENET1K_V2"):
        load_pretrained(ResNet("resnet50"), "IMAGENET21K")


def test_a_failed_download_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
    with pytest.raises(OSError, match=r"could not be downloaded .*local file, or to null"):
        load_pretrained(ResNet("resnet18"), "IMAGENET1K_V1")


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("harmed"),)  # type: ignore[return-value]


def test_a_pickle_is_refused_and_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps({"conv1.weight": Harmful()}, protocol=2))
    with pytest.raises(ValueError, match=r"weights\.pth: a pickle that holds more than tensors"):
        load_pretrained(ResNet("resnet18"), str(path))
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_truncated_file_is_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    tensors = {"conv1.weight": torch.zeros(64, 3, 7, 7)}
    if suffix == ".pth":
        torch.save(tensors, path)
    else:
        safetensors.torch.save_file(tensors, path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ValueError, match=f"weights{suffix}: not a whole"):
        load_pretrained(ResNet("resnet18"), str(path))


def test_tensors_may_stand_under_a_key(tmp_path: Path) -> None:
    theirs = resnet18(weights=None)
    torch.save({"model": theirs.state_dict(), "epoch": 3}, tmp_path / "run.pt")
    ours = ResNet("resnet18")
    load_pretrained(ours, str(tmp_path / "run.pt"))
    assert torch.equal(ours.conv1.weight, theirs.conv1.weight)
