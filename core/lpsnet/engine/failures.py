"""What is said of one picture of a batch that fails, so that the others can go on, and of a batch that does."""

from __future__ import annotations

import logging

from lpsnet.engine.network import is_out_of_memory

__all__ = ["end_sentence", "failure_sentence", "is_device_lost"]

_log = logging.getLogger(__name__)

_OUT_OF_MEMORY = "not enough memory; try a smaller input, such as input.short_side=480"


def failure_sentence(subject: str, error: Exception, *, names: tuple[str, ...] = ()) -> str:
    """Says in one sentence what went wrong with a picture, naming it once.

    A fault that is no one's mistake but the program's is logged with its traceback.

    Args:
        subject: the picture, as the sentence begins.
        error: what it failed of.
        names: an error that holds one of them names the picture itself.
    """
    if is_out_of_memory(error):
        return f"{subject}: {_OUT_OF_MEMORY}"
    if not isinstance(error, ValueError | OSError):
        _log.error("a fault while segmenting %s", subject, exc_info=error)
        return f"{subject}: {type(error).__name__}: {error}"
    text = str(error)
    return text if any(name in text for name in (subject, *names)) else f"{subject}: {text}"


def end_sentence(error: BaseException) -> str:
    """Says in one sentence what ended a whole batch."""
    if is_out_of_memory(error):
        return _OUT_OF_MEMORY
    text = " ".join(str(error).split())
    if isinstance(error, ValueError | OSError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def is_device_lost(error: Exception) -> bool:
    """Whether every picture after this one would fail too: a CUDA context never recovers from a fault."""
    return "CUDA error" in str(error)
