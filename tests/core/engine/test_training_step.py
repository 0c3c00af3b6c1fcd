"""What one iteration changes, and what it must leave alone (method rows 3, 4, 39, 60)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d

from lpsnet.config import Config
from lpsnet.data.batches import TrainingBatch
from lpsnet.data.sources import open_source
from lpsnet.data.stream import ExampleStream, StreamPositions, training_batches
from lpsnet.engine import training_step
from lpsnet.engine.distributed import Processes
from lpsnet.engine.first_weights import first_network
from lpsnet.engine.optimizers import build_optimizer
from lpsnet.engine.stopping import StopRequest
from lpsnet.engine.training_step import SMALLEST_SCALE, TrainingStep
from lpsnet.model.deformable import DeformableConv2d
from lpsnet.model.lpsnet import BOX_STRIDES, DIVISOR, LPSNet
from lpsnet.model.output import NetworkOutput
from tests.core.engine.tiny_training import tiny_config, write_data_set

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
ALONE = Processes(0, 1, torch.device("cpu"), "asked for")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("step")
    write_data_set(path / "data", odd=())
    return path


def network_of(config: Config) -> LPSNet:
    model, _ = first_network(config, config.load_categories(), resumed=False)
    return model.to(memory_format=torch.channels_last).train()  # type: ignore[no-any-return,call-overload]


def first_batch(config: Config) -> TrainingBatch:
    assert config.data.train is not None
    source = open_source(config.data.train, config.load_categories())
    stream = ExampleStream(source, config, BOX_STRIDES, config.training.seed)
    positions = StreamPositions(first_batch=0, last_batch=1, batch=4, share=4, rank=0)
    return next(training_batches(stream, positions, strides=BOX_STRIDES, divisor=DIVISOR, workers=0))


def stepped(model: LPSNet, config: Config, lr: float) -> torch.optim.Optimizer:
    optimizer = build_optimizer(model, config.training.optimizer)
    step = TrainingStep(model, config, ALONE, optimizer, torch.amp.GradScaler("cpu", enabled=False))
    assert not step([first_batch(config)], lr, StopRequest()).not_finite
    return optimizer


def copy_of(model: LPSNet) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def changed(before: Mapping[str, Tensor], model: LPSNet) -> set[str]:
    return {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}


def test_an_iteration_of_sgd_is_the_rule_of_the_rows(folder: Path) -> None:
    """Norms, biases and scales follow the gradient alone; every weight is drawn towards 0 as well."""
    config = tiny_config(folder, optimizer={"name": "sgd", "lr": 9.0, "weight_decay": 0.3, "momentum": 0.9})
    model = network_of(config)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    stepped(model, config, lr=0.01)
    spared = {
        f"{place}.{name}".lstrip(".")
        for place, module in model.named_modules()
        for name, _ in module.named_parameters(recurse=False)
        if name in ("bias", "scales") or isinstance(module, nn.GroupNorm | nn.BatchNorm2d)
    }
    assert {"box_head.scales", "backbone.bn1.weight", "box_head.tower.1.weight"} < spared
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        decay = 0.0 if name in spared else 0.3
        expected = before[name] - 0.01 * (parameter.grad + decay * before[name])
        assert torch.allclose(parameter, expected, rtol=1e-5, atol=1e-8), name


def test_adamw_spares_the_same(folder: Path) -> None:
    config = tiny_config(folder, optimizer={"name": "adamw", "lr": 0.001, "weight_decay": 0.02})
    model = network_of(config)
    optimizer = build_optimizer(model, config.training.optimizer)
    decay = {id(tensor): group["weight_decay"] for group in optimizer.param_groups for tensor in group["params"]}
    assert {decay[id(tensor)] for tensor in model.parameters() if tensor.ndim > 1} == {0.02}
    assert {decay[id(tensor)] for tensor in model.parameters() if tensor.ndim <= 1} == {0.0}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_is_frozen_stays_to_the_last_bit_and_all_else_learns(folder: Path, precision: str) -> None:
    config = tiny_config(
        folder, backbone=True, precision=precision, optimizer={"name": "adamw", "lr": 0.001, "weight_decay": 0.1}
    )
    model = network_of(config)
    before = copy_of(model)
    stepped(model, config, lr=0.001)
    frozen = {name for name in before if name.startswith(("backbone.conv1.", "backbone.layer1."))}
    for place, module in model.named_modules():
        if isinstance(module, FrozenBatchNorm2d):
            frozen |= {f"{place}.{name}" for name, _ in module.named_buffers()}
    assert "backbone.layer4.1.bn2.running_var" in frozen
    # Pictures of 64 pixels have no location on P7, whose first one lies at 64; its weights are drawn towards 0 all the
    # same. The offsets of a deformable convolution begin at 0, and learn.
    assert changed(before, model) == set(before) - frozen - {"pyramid.p7.bias"}


def test_live_norms_follow_their_statistics(folder: Path) -> None:
    config = tiny_config(folder)
    model = network_of(config)
    before = copy_of(model)
    stepped(model, config, lr=0.001)
    statistics = {name for name in before if name.endswith(("running_mean", "running_var"))}
    assert statistics
    assert statistics <= changed(before, model)


def test_in_half_precision_losses_and_offsets_are_computed_in_single(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(folder, precision="bf16")
    model = network_of(config)
    seen: dict[str, set[torch.dtype]] = {"outputs": set(), "offsets": set(), "tower": set()}
    for module in model.modules():
        if isinstance(module, DeformableConv2d):
            module.offset.register_forward_hook(lambda _m, _i, offset: seen["offsets"].add(offset.dtype))
    model.box_head.tower[0].register_forward_hook(lambda _m, _i, features: seen["tower"].add(features.dtype))
    compute = training_step.compute_losses

    def watched(output: NetworkOutput, *args: object, **settings: object) -> object:
        assert not torch.is_autocast_enabled("cpu")
        seen["outputs"] |= {t.dtype for t in (*output.ltrb, *output.borderness_logits, output.semantic_logits)}
        return compute(output, *args, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(training_step, "compute_losses", watched)
    stepped(model, config, lr=0.001)
    assert seen == {"outputs": {torch.float32}, "offsets": {torch.float32}, "tower": {torch.bfloat16}}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_a_gradient_is_shortened_to_the_length_of_the_config(folder: Path) -> None:
    config = tiny_config(folder, optimizer={"name": "sgd", "lr": 1.0, "clip_norm": 0.5, "weight_decay": 0})
    model = network_of(config)
    stepped(model, config, lr=1e-9)
    lengths = [parameter.grad.norm() for parameter in model.parameters() if parameter.grad is not None]
    assert float(torch.stack(lengths).norm()) == pytest.approx(0.5, rel=1e-3)


def test_in_fp16_a_gradient_may_overflow_until_the_scale_is_at_its_floor(folder: Path) -> None:
    """The scaler halves its scale at every overflow; it has no end of its own."""
    config = tiny_config(folder)
    model = network_of(config)
    model.box_head.scales.register_hook(lambda gradient: gradient * float("inf"))
    optimizer = build_optimizer(model, config.training.optimizer)
    scaler = torch.amp.GradScaler("cpu", init_scale=2 * SMALLEST_SCALE)
    step = TrainingStep(model, config, ALONE, optimizer, scaler)
    before = copy_of(model)
    passed = step([first_batch(config)], 0.001, StopRequest())
    assert not passed.not_finite
    assert not math.isfinite(passed.gradient_norm)
    assert scaler.get_scale() == SMALLEST_SCALE
    stopped = step([first_batch(config)], 0.001, StopRequest())
    assert stopped.not_finite.startswith("the gradient overflows in fp16 even with losses multiplied by 0.00012")
    assert not {name for name in changed(before, model) if not name.endswith(BUFFERS)}, "no step was taken"
