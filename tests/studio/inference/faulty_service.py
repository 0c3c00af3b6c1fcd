"""The real service, with faults that a test can switch on while it runs.

``FAULTS`` in the environment names a file; whatever word it holds when a forward begins is the fault of that forward.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from lpsnet.engine.network import ReadyNetwork
from lpsnet.model.output import NetworkOutput
from lpsnet_studio.inference import service

_SLOW_LAYER = 0.05
_run = ReadyNetwork.run


def main() -> None:
    ReadyNetwork.run = run_with_fault  # type: ignore[method-assign]
    service.main()


def run_with_fault(network: ReadyNetwork, image: Any, should_stop: Callable[[], bool] | None = None) -> NetworkOutput:
    def slow_should_stop() -> bool:
        time.sleep(_SLOW_LAYER)
        return should_stop is not None and should_stop()

    match Path(os.environ["FAULTS"]).read_text():
        case "slow":
            return _run(network, image, slow_should_stop)
        case "out of memory":
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        case "out of main memory":
            torch.empty(1 << 58)
        case "cuda":
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        case "nan":
            output = _run(network, image, should_stop)
            with torch.inference_mode():
                output.semantic_logits[0, 3, 1, 1] = float("nan")
            return output
        case "bug":
            raise ZeroDivisionError("division by zero")
    return _run(network, image, should_stop)


if __name__ == "__main__":
    main()
