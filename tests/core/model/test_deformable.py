from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import deform_conv2d

from lpsnet.model import deformable
from lpsnet.model.cancellation import Cancelled, cancellable
from lpsnet.model.deformable import DeformableConv2d, deformable_conv2d

Inputs = tuple[Tensor, Tensor, Tensor, Tensor]


def make_inputs(
    images: int = 2,
    channels: int = 16,
    out_channels: int = 8,
    size: tuple[int, int] = (19, 23),
    kernel: int = 3,
    spread: float = 1.0,
    dtype: torch.dtype = torch.float32,
) -> Inputs:
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int, std: float = 1.0) -> Tensor:
        return (torch.randn(shape, generator=generator, dtype=dtype) * std).requires_grad_()

    return (
        draw(images, channels, *size),
        draw(images, 2 * kernel**2, *size, std=spread),
        draw(out_channels, channels, kernel, kernel, std=(channels * kernel**2) ** -0.5),
        draw(out_channels),
    )


@pytest.fixture(params=[1, 2**30], ids=["many blocks", "one block"])
def block_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deformable, "_BLOCK_BYTES", request.param)


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("spread", [0.0, 0.7, 10.0, 1e6], ids=["zero offsets", "near", "partly outside", "all outside"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_it_equals_torchvision_with_gradients(spread: float, layout: torch.memory_format) -> None:
    x, offset, weight, bias = make_inputs(spread=spread)
    x = x.detach().to(memory_format=layout).requires_grad_()
    ours = deformable_conv2d(x, offset, weight, bias)
    theirs = deform_conv2d(x, offset, weight, bias, padding=1)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    grad = torch.randn(theirs.shape, generator=torch.Generator().manual_seed(1))
    inputs = (x, offset, weight, bias)
    for name, our_grad, their_grad in zip(
        ("x", "offset", "weight", "bias"),
        torch.autograd.grad(ours, inputs, grad),
        torch.autograd.grad(theirs, inputs, grad),
        strict=True,
    ):
        torch.testing.assert_close(our_grad, their_grad, rtol=1e-4, atol=1e-4, msg=lambda text, n=name: f"{n}: {text}")


@pytest.mark.parametrize(("kernel", "size"), [(1, (1, 7)), (5, (9, 9)), (3, (1, 1))])
def test_other_kernels_and_tiny_maps(kernel: int, size: tuple[int, int]) -> None:
    x, offset, weight, bias = make_inputs(size=size, kernel=kernel, spread=2.0)
    theirs = deform_conv2d(x, offset, weight, bias, padding=kernel // 2)
    torch.testing.assert_close(deformable_conv2d(x, offset, weight, bias, kernel // 2), theirs, rtol=1e-4, atol=1e-4)


def test_without_offsets_it_is_a_plain_convolution() -> None:
    x, offset, weight, bias = make_inputs(spread=0.0)
    torch.testing.assert_close(
        deformable_conv2d(x, offset, weight, bias), F.conv2d(x, weight, bias, padding=1), rtol=1e-4, atol=1e-5
    )


def test_an_offset_by_whole_pixels_shifts_the_image() -> None:
    x, offset, weight, _ = make_inputs(spread=0.0)
    shifted = offset.detach().clone()
    shifted[:, 0::2] = 2.0  # dy
    shifted[:, 1::2] = -1.0  # dx
    expected = F.conv2d(F.pad(x, (1, 0, 0, 2))[:, :, 2:, :-1], weight, padding=1)
    inner = (..., slice(1, -3), slice(2, -1))
    torch.testing.assert_close(deformable_conv2d(x, shifted, weight, None)[inner], expected[inner])


@pytest.mark.usefixtures("block_bytes")
def test_gradients_equal_differences() -> None:
    x, offset, weight, bias = make_inputs(1, 3, 2, (4, 5), spread=0.8, dtype=torch.float64)
    assert torch.autograd.gradcheck(deformable_conv2d, (x, offset, weight, bias))
    assert torch.autograd.gradcheck(lambda *inputs: deformable_conv2d(*inputs, None), (x, offset, weight))


def test_inputs_that_need_no_gradient_get_none() -> None:
    x, offset, weight, bias = make_inputs()
    deformable_conv2d(x.detach(), offset, weight, bias.detach()).sum().backward()
    assert offset.grad is not None
    assert weight.grad is not None
    assert x.grad is None
    assert bias.grad is None


def test_it_stays_in_float32_under_autocast() -> None:
    layer = DeformableConv2d(16, 8)
    torch.nn.init.normal_(layer.offset.weight, std=0.1)
    x = torch.randn(1, 16, 12, 10)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = layer(x)
        from_half = layer(x.bfloat16())
    assert mixed.dtype == from_half.dtype == torch.float32
    torch.testing.assert_close(mixed, layer(x))
    mixed.sum().backward()
    assert layer.offset.weight.grad is not None


def test_a_layer_starts_as_a_plain_convolution_and_learns_its_offsets() -> None:
    layer = DeformableConv2d(16, 8)
    x = torch.randn(1, 16, 12, 10)
    torch.testing.assert_close(layer(x), F.conv2d(x, layer.weight, layer.bias, padding=1), rtol=1e-4, atol=1e-5)
    layer(x).square().sum().backward()
    assert layer.offset.weight.grad is not None
    assert layer.offset.weight.grad.abs().max() > 0


def test_not_a_number_is_passed_on_rather_than_read_from_anywhere() -> None:
    x, offset, weight, bias = make_inputs()
    offset = offset.detach().clone()
    offset[0, 0, 3, 4] = torch.nan
    result = deformable_conv2d(x, offset, weight, bias)
    assert result[0, :, 3, 4].isnan().all()
    assert result.isnan().sum() == result.shape[1]


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    x, offset, weight, bias = make_inputs()
    with pytest.raises(ValueError, match=r"offset must be \[2, 18, 19, 23\]"):
        deformable_conv2d(x, offset[:, :16], weight, bias)
    with pytest.raises(ValueError, match="weight expects 8 input channels, x has 16"):
        deformable_conv2d(x, offset, weight[:, :8], bias)


def test_it_ends_between_two_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deformable, "_BLOCK_BYTES", 1)
    x, offset, weight, bias = make_inputs()
    asked = 0

    def third_time() -> bool:
        nonlocal asked
        asked += 1
        return asked == 3

    with cancellable(torch.nn.Module(), third_time), pytest.raises(Cancelled):
        deformable_conv2d(x, offset, weight, bias)
    assert asked == 3
