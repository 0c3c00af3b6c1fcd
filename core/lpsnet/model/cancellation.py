"""Ending a forward pass early, between layers and inside the long ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import nn

__all__ = ["Cancelled", "cancellable", "check_cancelled"]


class Cancelled(Exception):  # noqa: N818 - a decision of the caller, not an error
    """The forward pass was ended because its caller no longer wants the result."""


_should_stop: ContextVar[Callable[[], bool] | None] = ContextVar("should_stop", default=None)


@contextmanager
def cancellable(module: nn.Module, should_stop: Callable[[], bool]) -> Iterator[None]:
    """Makes every forward of ``module`` inside the block end with :class:`Cancelled` once ``should_stop`` says so.

    ``should_stop`` is asked before each layer, and between the parts of a layer that works in parts; it must be cheap.
    The module can be used again at once, cancelled or not.
    """

    def before_layer(_module: nn.Module, _inputs: object) -> None:
        if should_stop():
            raise Cancelled

    leaves = [layer for layer in module.modules() if next(layer.children(), None) is None]
    handles = [leaf.register_forward_pre_hook(before_layer) for leaf in leaves]
    token = _should_stop.set(should_stop)
    try:
        yield
    finally:
        _should_stop.reset(token)
        for handle in handles:
            handle.remove()


def check_cancelled() -> None:
    """Called between the parts of a long layer.

    Raises:
        Cancelled: inside a :func:`cancellable` block of this thread, once its ``should_stop`` says so.
    """
    should_stop = _should_stop.get()
    if should_stop is not None and should_stop():
        raise Cancelled
