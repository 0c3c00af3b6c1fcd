from __future__ import annotations

import threading
import time

import pytest
import torch

from lpsnet.config import load_config
from lpsnet.model.cancellation import Cancelled, cancellable, check_cancelled
from lpsnet.model.lpsnet import LPSNet, build_lpsnet


@pytest.fixture(scope="module")
def network() -> LPSNet:
    torch.manual_seed(0)
    return build_lpsnet(load_config("demo").model, 12).eval()


def test_a_forward_ends_before_the_next_layer(network: LPSNet) -> None:
    asked = 0

    def at_the_tenth() -> bool:
        nonlocal asked
        asked += 1
        return asked >= 10

    with torch.inference_mode(), cancellable(network, at_the_tenth), pytest.raises(Cancelled):
        network(torch.randn(1, 3, 64, 64))
    assert asked == 10


def test_the_network_is_as_before_afterwards(network: LPSNet) -> None:
    images = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        expected = network(images).semantic_logits
        with pytest.raises(Cancelled), cancellable(network, lambda: True):
            network(images)
        assert torch.equal(network(images).semantic_logits, expected)
        with cancellable(network, lambda: False):
            assert torch.equal(network(images).semantic_logits, expected)
    assert not any(layer._forward_pre_hooks for layer in network.modules())
    check_cancelled()


def test_another_threads_forward_goes_on(network: LPSNet) -> None:
    """What ends inside a layer is a matter of the thread that asked."""
    failures: list[BaseException] = []

    def unconcerned() -> None:
        try:
            check_cancelled()
        except BaseException as error:
            failures.append(error)

    with cancellable(torch.nn.Module(), lambda: True):
        thread = threading.Thread(target=unconcerned)
        thread.start()
        thread.join()
        with pytest.raises(Cancelled):
            check_cancelled()
    assert failures == []


def test_cancelling_is_honoured_quickly(network: LPSNet) -> None:
    images = torch.randn(1, 3, 608, 800)

    def run_until_stopped() -> None:
        while True:
            network(images)

    stop_at = time.perf_counter() + 0.1
    with torch.inference_mode(), cancellable(network, lambda: time.perf_counter() >= stop_at):
        with pytest.raises(Cancelled):
            run_until_stopped()
        assert time.perf_counter() - stop_at < 0.5
