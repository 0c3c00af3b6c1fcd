"""The command of a job: what is run, and the same to be copied into a terminal."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lpsnet.run_directory import RunDirectory
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec

__all__ = ["argv", "environment", "nodes_text", "shell_text"]

_GPU = re.compile(r"cuda:(\d+)")
_CMD_SIGNS = re.compile(r'[()%!^"<>&|]')
_PORT = 29500
"""Where the processes of several machines find each other, unless that is changed by hand; torchrun's own choice."""


def argv(spec: JobSpec, python: str = sys.executable) -> list[str]:
    """Returns the command of a job, to be run with :func:`environment` beside the usual variables.

    Args:
        spec: what to do.
        python: the interpreter.

    Raises:
        ValueError: in one sentence, if its devices cannot work together.
    """
    command = ["-m", "lpsnet.cli", spec.kind, *_arguments(spec)]
    count = len(spec.devices)
    if isinstance(spec, TrainSpec) and count > 1:
        _shared_device(spec.devices)
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
        return [python, *launcher, *command]
    return [python, *command]


def environment(spec: JobSpec, visible: str | None = None) -> dict[str, str]:
    """Returns the variables that the command needs besides the usual ones: which GPUs train together.

    Args:
        spec: what to do.
        visible: ``CUDA_VISIBLE_DEVICES`` of the program that counted the GPUs, by default this one's; ``cuda:1`` is
            then the second of those that it names.

    Raises:
        ValueError: in one sentence, if its devices cannot work together.
    """
    if len(spec.devices) < 2 or _shared_device(spec.devices) == "cpu":
        return {}
    numbers = [int(device.removeprefix("cuda:")) for device in spec.devices]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES") if visible is None else visible
    if not visible:
        return {"CUDA_VISIBLE_DEVICES": ",".join(map(str, numbers))}
    names = [name.strip() for name in visible.split(",")]
    if max(numbers) >= len(names):
        raise ValueError(f"cuda:{max(numbers)} is not among the GPUs that CUDA_VISIBLE_DEVICES={visible} leaves")
    return {"CUDA_VISIBLE_DEVICES": ",".join(names[number] for number in numbers)}


def shell_text(
    command: Sequence[str], variables: Mapping[str, str] | None = None, *, windows: bool = os.name == "nt"
) -> str:
    """Returns a command as one line for a terminal.

    Args:
        command: see :func:`argv`.
        variables: see :func:`environment`; set for this command alone, in ``cmd`` by removing them after it.
        windows: whether the terminal is Windows' ``cmd``, rather than a POSIX shell.
    """
    variables = variables or {}
    if windows:
        settings = [f'set "{name}={value}" &&' for name, value in variables.items()]
        after = [f'& set "{name}="' for name in variables]
        return " ".join([*settings, *map(_cmd_word, command), *after])
    settings = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return " ".join([*settings, shlex.join(command)])


def _cmd_word(word: str) -> str:
    """Returns a word as ``cmd`` passes it on; carets keep signs that mean something there, even its quotes, as text."""
    quoted = subprocess.list2cmdline([word])
    return _CMD_SIGNS.sub(r"^\g<0>", quoted) if _CMD_SIGNS.search(word) else quoted


def nodes_text(spec: TrainSpec, nodes: int, first: str = "HOST", python: str = "python") -> str:
    """Returns the commands that train one network on several machines, one a machine, to be copied there.

    Every machine must have the data and, for the first one's, the run directory under the same path.

    Args:
        spec: what to do; on each machine on as many GPUs as it names, or on all if it leaves that open.
        nodes: how many machines.
        first: the first machine's name or address, which the others must reach.
        python: the interpreter there.

    Raises:
        ValueError: in one sentence, if its devices cannot work together, or there are no machines.
    """
    if nodes < 1:
        raise ValueError(f"a training needs at least one machine, not {nodes}")
    variables = environment(spec, visible="")
    processes = str(len(spec.devices)) if spec.devices not in (("auto",), ("cuda",)) else "gpu"
    lines = []
    for rank in range(nodes):
        launcher = ["-m", "torch.distributed.run", "--nnodes", str(nodes), "--node-rank", str(rank)]
        launcher += ["--nproc-per-node", processes, "--master-addr", first, "--master-port", str(_PORT)]
        command = [python, *launcher, "-m", "lpsnet.cli", "train", *_arguments(spec)]
        lines += [f"# machine {rank + 1} of {nodes}", shell_text(command, variables, windows=False)]
    return "\n".join(lines)


def _shared_device(devices: tuple[str, ...]) -> str:
    """Returns what every one of several processes is told: torchrun's numbers say which GPU is whose."""
    if set(devices) == {"cpu"}:
        return "cpu"
    if not all(_GPU.fullmatch(device) for device in devices) or len(set(devices)) < len(devices):
        raise ValueError(f"only different GPUs, such as cuda:0 and cuda:1, train together, not {', '.join(devices)}")
    return "cuda"


def _arguments(spec: JobSpec) -> list[str]:
    if isinstance(spec, TrainSpec):
        return list(_train_arguments(spec))
    return list(_evaluate_arguments(spec) if isinstance(spec, EvaluateSpec) else _predict_arguments(spec))


def _train_arguments(spec: TrainSpec) -> Iterator[str]:
    if spec.resume:
        yield "--resume"
    else:
        yield from ("--config", spec.config)
    yield from ("--run-dir", str(spec.run_dir))
    yield from ("--device", spec.devices[0] if len(spec.devices) == 1 else _shared_device(spec.devices))
    if not spec.resume:
        yield from _positional(spec.overrides)


def _evaluate_arguments(spec: EvaluateSpec) -> Iterator[str]:
    yield from _option("--checkpoint", spec.checkpoint)
    yield from _option("--config", spec.config)
    yield from _option("--data", spec.data)
    yield from _batch_options(spec)
    yield from _option("--limit", spec.limit)


def _predict_arguments(spec: PredictSpec) -> Iterator[str]:
    yield from _option("--checkpoint", spec.checkpoint)
    yield from _option("--config", spec.config)
    yield from _batch_options(spec)
    if spec.overlay:
        yield "--overlay"
    if spec.inspections:
        yield "--inspections"
    yield from _positional([str(path) for path in spec.inputs])


def _batch_options(spec: EvaluateSpec | PredictSpec) -> Iterator[str]:
    """Yields the options that evaluation and prediction share; without a device none is chosen for them."""
    yield from ("--out", str(spec.out), "--events", str(RunDirectory(Path(spec.out)).events), "--device", spec.device)
    yield from _option("--images", spec.images)
    yield from _option("--pngs", spec.pngs)
    yield from _option("--oracle", spec.oracle or None)
    yield from _option("--stuff-limit", spec.stuff_limit)
    for override in spec.overrides:
        yield from ("--set", override)


def _positional(words: Sequence[str]) -> Iterator[str]:
    """Yields words that are no options, whoever wrote them."""
    if any(word.startswith("-") for word in words):
        yield "--"
    yield from words


def _option(name: str, value: object | None) -> tuple[str, ...]:
    return () if value is None else (name, str(value))
