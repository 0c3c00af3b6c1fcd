"""Training: batches in, checkpoints and events out (paper section 4).

The same loop runs alone and under torchrun. An iteration's pictures, their changes and the learning rate follow from
its number, and losses are divided by counts over all of its pictures: neither an interruption nor the number of
processes changes what is learnt.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Literal

import psutil
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lpsnet.categories import Categories
from lpsnet.checkpoint import load_checkpoint, save_checkpoint
from lpsnet.config import Config
from lpsnet.data.batches import TrainingBatch
from lpsnet.data.sources import PictureSource, expand_path, open_source
from lpsnet.data.stream import ExampleStream, StreamPositions, training_batches
from lpsnet.data.transforms import normalise
from lpsnet.engine.distributed import Processes
from lpsnet.engine.optimizers import build_optimizer, set_learning_rate
from lpsnet.engine.run_directory import RunDirectory
from lpsnet.engine.schedule import Schedule
from lpsnet.engine.training_state import load_training_state, save_training_state
from lpsnet.engine.validation import figures_of, half_precision, validate
from lpsnet.events import CheckpointSaved, Evaluated, Note, Progress, RunEvent, Started, Stopped
from lpsnet.formats.atomic import write_atomically
from lpsnet.losses import Normalisers, compute_losses, count_normalisers, sum_of
from lpsnet.model.lpsnet import BOX_STRIDES, DIVISOR, LPSNet, build_lpsnet

__all__ = ["NonFiniteLossError", "TrainingRun", "train"]

Reason = Literal["finished", "terminated", "interrupted"]
_LOSSES = ("total", "box", "borderness", "semantic")


class NonFiniteLossError(ValueError):
    """The loss became infinite or not a number; the batch was saved."""


def train(
    config: Config,
    directory: RunDirectory,
    processes: Processes,
    *,
    resume: bool = False,
    on_event: Callable[[RunEvent], None] = lambda _: None,
) -> Reason:
    """Trains a network from where its run directory says to the end of its schedule.

    SIGTERM and SIGINT are obeyed after the iteration in hand: the run is saved, and can be resumed.

    Args:
        config: every setting; of a resumed run, what :meth:`RunDirectory.read_config` returns.
        directory: of the run; made if the run is new.
        processes: all of them must call this.
        resume: go on with the run in the directory.
        on_event: told of everything that happens, on the first process.

    Returns:
        Why it ended.

    Raises:
        OSError: naming the file, if one cannot be read or written.
        ValueError: in one sentence, if the config, the data or the saved state is wrong.
        NonFiniteLossError: if the loss is not finite.
    """
    _check(config, processes)
    if processes.is_first and not resume:
        directory.start(config)
    processes.wait_for_all()
    run = TrainingRun.prepared(config, directory, processes, on_event if processes.is_first else _ignore)
    if resume:
        run.resume()
    with _signals_noted() as noted:
        return run.to_the_end(noted)


def _ignore(_event: RunEvent) -> None:
    pass


def _check(config: Config, processes: Processes) -> None:
    """Refuses what cannot be trained.

    Raises:
        ValueError: naming the field.
    """
    training = config.training
    if config.data.train is None:
        raise ValueError("data.train says no data to train on; for example data.train.annotations=FILE.json")
    parts = processes.count * training.accumulate
    if training.batch % parts:
        raise ValueError(
            f"training.batch {training.batch} cannot be shared by {processes.count} processes in "
            f"{training.accumulate} parts: it must be a multiple of {parts}"
        )
    if training.precision == "fp16" and processes.device.type != "cuda":
        raise ValueError(f"training.precision fp16 needs CUDA; on {processes.device} choose bf16 or fp32")


@dataclass(slots=True, eq=False)
class TrainingRun:
    """A training between two iterations.

    Attributes:
        config: every setting.
        directory: where it writes.
        processes: who takes part.
        categories: what is learnt.
        model: the network itself.
        iteration: how many are done.
        best_pq: the highest so far; below 0 before the first evaluation.
    """

    config: Config
    directory: RunDirectory
    processes: Processes
    categories: Categories
    model: LPSNet
    schedule: Schedule
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    pictures: PictureSource
    measured_on: PictureSource | None
    report: Callable[[RunEvent], None]
    iteration: int = 0
    best_pq: float = -1.0
    _replica: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        self._replica = self.model
        if self.processes.count > 1:
            self._replica = DistributedDataParallel(self.model)

    @classmethod
    def prepared(
        cls, config: Config, directory: RunDirectory, processes: Processes, report: Callable[[RunEvent], None]
    ) -> TrainingRun:
        """Builds the network, its optimiser and its data; the first weights follow the seed.

        Raises:
            OSError: if a file cannot be read.
            ValueError: naming the file or the field, if something in it is wrong.
        """
        assert config.data.train is not None
        categories = config.load_categories()
        torch.manual_seed(config.training.seed)
        start_from = config.training.start_from
        model = build_lpsnet(config.model, len(categories), load_backbone_weights=start_from is None)
        notes = [] if start_from is None else [_start_from(model, expand_path(start_from))]
        model.to(processes.device).to(memory_format=torch.channels_last).train()
        schedule = Schedule.for_batch(config.training.schedule, config.training.optimizer, config.training.batch)
        run = cls(
            config=config,
            directory=directory,
            processes=processes,
            categories=categories,
            model=model,
            schedule=schedule,
            optimizer=build_optimizer(model, config.training.optimizer),
            scaler=torch.amp.GradScaler(processes.device.type, enabled=config.training.precision == "fp16"),
            pictures=open_source(config.data.train, categories),
            measured_on=None if config.data.val is None else open_source(config.data.val, categories),
            report=report,
        )
        for note in (schedule.note, *notes):
            if note:
                report(Note(text=note))
        return run

    def resume(self) -> None:
        """Takes over the saved state.

        Raises:
            OSError: if it cannot be read.
            ValueError: naming the file, if it is damaged or of another network.
        """
        state = load_training_state(self.directory.state)
        try:
            self.model.load_state_dict(state.model)
            self.optimizer.load_state_dict(state.optimizer)
            self.scaler.load_state_dict(state.scaler)
        except (RuntimeError, ValueError, KeyError) as error:
            raise ValueError(
                f"{self.directory.state}: not of the network in config.yaml ({' '.join(str(error).split())[:200]})"
            ) from None
        torch.set_rng_state(state.generator)
        self.iteration, self.best_pq = state.iteration, state.best_pq

    # --------------------------------------------------------------------------------------------------------- running

    def to_the_end(self, noted: _NotedSignals) -> Reason:
        """Trains until the schedule ends or a signal says to stop, and saves the run."""
        if self.processes.is_first:
            self.directory.note_environment(str(self.processes.device), self.processes.count)
        self.report(
            Started(
                config=self.config.name,
                iteration=self.iteration,
                iterations=self.schedule.iterations,
                batch=self.config.training.batch,
                processes=self.processes.count,
                device=f"{self.processes.device} ({self.processes.device_reason})",
                train=self.pictures.name,
                val="" if self.measured_on is None else self.measured_on.name,
            )
        )
        try:
            reason = self._iterate(noted)
        except BaseException as error:
            message = " ".join(str(error).split()) or type(error).__name__
            self.report(Stopped(iteration=self.iteration, reason="failed", message=message))
            raise
        self.report(Stopped(iteration=self.iteration, reason=reason))
        return reason

    def _iterate(self, noted: _NotedSignals) -> Reason:
        training = self.config.training
        pace = _Pace(self.iteration, training.batch)
        batches = self._batches()
        for parts in batches:
            losses, gradient_norm, stop = self._step(parts, noted.latest)
            self.iteration += 1
            pace.add(losses, gradient_norm)
            last = self.iteration == self.schedule.iterations
            if last or stop or self.iteration % training.log_every == 0:
                self._report_progress(pace)
            evaluated = False
            if last or (not stop and self.iteration % training.evaluate_every == 0):
                evaluated = self._evaluate()
            if last or stop or evaluated or self.iteration % training.checkpoint_every == 0:
                self._save()
            if stop:
                return "interrupted" if stop == signal.SIGINT else "terminated"
        return "finished"

    def _batches(self) -> Iterator[list[TrainingBatch]]:
        """Yields the parts of every iteration that is left, this process's share of them."""
        training = self.config.training
        share = training.batch // self.processes.count // training.accumulate
        stream = ExampleStream(self.pictures, self.config, BOX_STRIDES, training.seed)
        positions = StreamPositions(
            first_batch=self.iteration * training.accumulate,
            last_batch=self.schedule.iterations * training.accumulate,
            batch=share * self.processes.count,
            share=share,
            rank=self.processes.rank,
        )
        single = training_batches(
            stream, positions, strides=BOX_STRIDES, divisor=DIVISOR, workers=self.config.data.workers
        )
        while parts := [part for _ in range(training.accumulate) if (part := next(single, None)) is not None]:
            yield parts

    def _step(self, parts: Sequence[TrainingBatch], signal_number: int) -> tuple[dict[str, float], float, int]:
        """Does one iteration.

        Returns:
            The losses over all processes, the length of the gradient, and the signal that any process got, else 0.
        """
        stride = self.config.loss.semantic_stride
        sums = sum_of([count_normalisers(part.targets, semantic_stride=stride) for part in parts])
        normalisers = Normalisers.of_iteration(self.processes.sum(sums), self.processes.count)
        self.optimizer.zero_grad(set_to_none=True)
        totals = torch.zeros(len(_LOSSES), dtype=torch.float64)
        for number, part in enumerate(parts):
            with self._gradients_shared(number == len(parts) - 1):
                totals += self._forward_and_backward(part, normalisers)
        shared = self.processes.sum(torch.cat((totals, torch.tensor([float(signal_number)], dtype=torch.float64))))
        losses = dict(zip(_LOSSES, (shared[:-1] / self.processes.count).tolist(), strict=True))
        if not all(math.isfinite(value) for value in losses.values()):
            self._stop_at(parts, losses)
        lr = self.schedule.lr_at(self.iteration)
        set_learning_rate(self.optimizer, lr)
        self.scaler.unscale_(self.optimizer)
        longest = self.config.training.optimizer.clip_norm
        gradient_norm = nn.utils.clip_grad_norm_(self.model.parameters(), longest or math.inf)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return losses, float(gradient_norm), int(shared[-1] > 0) and (signal_number or signal.SIGTERM)

    def _gradients_shared(self, last: bool) -> AbstractContextManager[object]:
        """Averages gradients over the processes with an iteration's last part, not before."""
        if last or not isinstance(self._replica, DistributedDataParallel):
            return nullcontext()
        return self._replica.no_sync()

    def _forward_and_backward(self, part: TrainingBatch, normalisers: Normalisers) -> Tensor:
        """Adds a part's gradients; returns its total and single losses, ``[4]`` float64 on the CPU."""
        rules, weights, targets = self.config.input, self.config.loss, part.targets.to(self.processes.device)
        images = [normalise(image.to(self.processes.device), rules.mean, rules.std) for image in part.images]
        with half_precision(self.processes.device, self.config.training.precision):
            output = self._replica(images)
        losses = compute_losses(
            output,
            targets,
            normalisers,
            box_loss=weights.box,
            weigh_boxes_by_borderness=weights.weigh_boxes_by_borderness and self.config.targets.borderness != "none",
            semantic_stride=weights.semantic_stride,
        )
        total = losses.total(
            box_weight=weights.box_weight,
            borderness_weight=0.0 if self.config.targets.borderness == "none" else weights.borderness_weight,
            semantic_weight=weights.semantic_weight,
        )
        self.scaler.scale(total).backward()  # type: ignore[no-untyped-call]
        return torch.stack([total, losses.box, losses.borderness, losses.semantic]).detach().double().cpu()

    def _stop_at(self, parts: Sequence[TrainingBatch], losses: dict[str, float]) -> None:
        """Saves the pictures that this process worked on, for inspection.

        Raises:
            NonFiniteLossError: always.
        """
        path = self.directory.stopped_at(self.iteration)
        path = path.with_stem(f"{path.stem}-process-{self.processes.rank}") if self.processes.count > 1 else path
        names = [name for part in parts for name in part.names]
        images = [image.contiguous() for part in parts for image in part.images]
        content = {f"image.{number}": image for number, image in enumerate(images)}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(
            path, safetensors.torch.save(content, {f"image.{number}": name for number, name in enumerate(names)})
        )
        broken = ", ".join(f"{name} {value}" for name, value in losses.items() if not math.isfinite(value))
        raise NonFiniteLossError(
            f"iteration {self.iteration}: the loss is not finite ({broken}); its pictures are in {path}; try a lower "
            "training.optimizer.lr, a training.optimizer.clip_norm, or training.precision=fp32"
        )

    # ------------------------------------------------------------------------------------------- reporting and saving

    def _report_progress(self, pace: _Pace) -> None:
        left = self.schedule.iterations - self.iteration
        self.report(
            Progress(
                iteration=self.iteration,
                losses=pace.mean_losses(),
                lr=self.schedule.lr_at(self.iteration - 1),
                gradient_norm=pace.mean_gradient_norm(),
                images_per_second=pace.images_per_second(),
                eta_seconds=left * pace.seconds_per_iteration(self.iteration),
                memory_bytes=_memory_in_use(self.processes.device),
            )
        )
        pace.begin_anew()

    def _evaluate(self) -> bool:
        """Measures the network, where there is data for it; returns whether it did."""
        if self.measured_on is None:
            return False
        started = time.perf_counter()
        folder = self.directory.samples(self.iteration)
        quality, samples = validate(
            self.model,
            self.config,
            self.measured_on,
            self.processes,
            folder if self.processes.is_first else None,
            self.config.training.samples,
        )
        figures = figures_of(quality)
        pq = figures["pq"] or 0.0
        self.report(
            Evaluated(
                iteration=self.iteration,
                figures=figures,
                images=len(self.measured_on),
                seconds=time.perf_counter() - started,
                samples=tuple(str(path.relative_to(self.directory.path)) for path in samples),
            )
        )
        if pq > self.best_pq:
            self.best_pq = pq
            self._save_network(self.directory.best, figures, best=True)
        return True

    def _save(self) -> None:
        """Writes the network and the state; the state last, as it is what a resumed run goes by."""
        self._save_network(self.directory.latest, {}, best=False)
        if self.processes.is_first:
            save_training_state(
                self.directory.state,
                iteration=self.iteration,
                model=self.model,
                optimizer=self.optimizer,
                scaler=self.scaler,
                best_pq=self.best_pq,
            )
        self.processes.wait_for_all()

    def _save_network(self, path: Path, figures: dict[str, float | None], *, best: bool) -> None:
        if not self.processes.is_first:
            return
        notes = {"iteration": self.iteration, "iterations": self.schedule.iterations, "data": self.pictures.name}
        if figures and self.measured_on is not None:
            notes |= {"measured on": self.measured_on.name, "figures": figures}
        save_checkpoint(path, self.model, self.config, self.categories, extra=notes)
        self.report(
            CheckpointSaved(iteration=self.iteration, path=str(path.relative_to(self.directory.path)), best=best)
        )


# -------------------------------------------------------------------------------------------------------------- pieces


def _start_from(model: LPSNet, path: Path) -> str:
    """Loads what fits of a checkpoint's weights and returns in a sentence what did not.

    Raises:
        OSError: if the file cannot be read.
        ValueError: naming the file, if it is damaged or nothing in it fits.
    """
    state = load_checkpoint(path).state
    wanted = {name: tensor for name, tensor in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    fitting = {name: tensor for name, tensor in state.items() if name in wanted and wanted[name].shape == tensor.shape}
    if not fitting:
        raise ValueError(f"{path}: none of its weights fits this network")
    model.load_state_dict(fitting, strict=False)
    fresh = [name for name in wanted if name not in fitting]
    told = f"{len(fitting)} of {len(wanted)} tensors come from {path}"
    return told if not fresh else f"{told}; new are {', '.join(fresh[:8])}{' and others' if len(fresh) > 8 else ''}"


@dataclass(slots=True)
class _Pace:
    """Losses and times since they were last reported."""

    first_iteration: int
    batch: int
    started: float = field(default_factory=time.perf_counter)
    window_started: float = field(default_factory=time.perf_counter)
    losses: list[dict[str, float]] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)

    def add(self, losses: dict[str, float], gradient_norm: float) -> None:
        """Counts an iteration."""
        self.losses.append(losses)
        self.gradient_norms.append(gradient_norm)

    def mean_losses(self) -> dict[str, float]:
        """Returns the mean of each loss."""
        return {name: sum(entry[name] for entry in self.losses) / len(self.losses) for name in _LOSSES}

    def mean_gradient_norm(self) -> float:
        """Returns the mean length of the gradient."""
        return sum(self.gradient_norms) / len(self.gradient_norms)

    def images_per_second(self) -> float:
        """Returns how many pictures were worked through in a second, since the last report."""
        return len(self.losses) * self.batch / max(time.perf_counter() - self.window_started, 1e-9)

    def seconds_per_iteration(self, iteration: int) -> float:
        """Returns the mean time of all iterations of this process, evaluations and checkpoints included."""
        return (time.perf_counter() - self.started) / max(iteration - self.first_iteration, 1)

    def begin_anew(self) -> None:
        """Forgets what has been reported."""
        self.losses.clear()
        self.gradient_norms.clear()
        self.window_started = time.perf_counter()


def _memory_in_use(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return int(psutil.Process().memory_info().rss)


@dataclass(slots=True)
class _NotedSignals:
    """The last signal that asked to stop; 0 for none."""

    latest: int = 0


@contextmanager
def _signals_noted() -> Iterator[_NotedSignals]:
    """Notes SIGTERM and SIGINT instead of ending at once; a second one ends the process as ever."""
    noted = _NotedSignals()
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def note(number: int, _frame: FrameType | None) -> None:
        noted.latest = number
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, note)
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
