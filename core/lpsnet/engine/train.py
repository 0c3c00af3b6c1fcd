"""Training: batches in, checkpoints and events out (paper section 4).

The same loop runs alone and under torchrun. An iteration's pictures, their changes and the learning rate follow from
its number, and losses are divided by counts over all of its pictures: neither an interruption nor the number of
processes changes what is learnt. Two things do depend on which pictures are worked on together: live batch norms (see
the note a run then begins with), and the padding of pictures of different sizes, which group norms see as well.

What can fail on one process alone (a picture, a full disk) is gone through together, so that all of them end with one
sentence instead of waiting for each other.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
import torch
from torch import nn

from lpsnet.categories import Categories
from lpsnet.checkpoint import save_checkpoint
from lpsnet.config import Config
from lpsnet.data.batches import TrainingBatch
from lpsnet.data.sources import PictureSource, open_source
from lpsnet.data.stream import ExampleStream, StreamPositions, training_batches
from lpsnet.engine.distributed import Processes
from lpsnet.engine.first_weights import first_network
from lpsnet.engine.optimizers import build_optimizer
from lpsnet.engine.pace import Pace
from lpsnet.engine.run_start import held, note_environment, write_config
from lpsnet.engine.schedule import Schedule
from lpsnet.engine.stopped_batch import save_stopped_batch
from lpsnet.engine.stopping import StopReason, StopRequest, agreed_reason, stop_requests
from lpsnet.engine.training_state import load_training_state, save_training_state
from lpsnet.engine.training_step import StepResult, TrainingStep
from lpsnet.engine.validation import validate
from lpsnet.events import CheckpointSaved, Evaluated, Note, Progress, RunEvent, Started, Stopped
from lpsnet.model.lpsnet import BOX_STRIDES, DIVISOR, LPSNet
from lpsnet.model_card import training_notes
from lpsnet.run_directory import RunDirectory

__all__ = ["NonFiniteLossError", "Reason", "TrainingRun", "train"]

Reason = Literal["finished", "finished before"] | StopReason


class NonFiniteLossError(ValueError):
    """A loss or its gradient became infinite or not a number; the batch was saved."""


def train(
    config: Config,
    directory: RunDirectory,
    processes: Processes,
    *,
    resume: bool = False,
    on_event: Callable[[RunEvent], None] = lambda _: None,
) -> Reason:
    """Trains a network from where its run directory says to the end of its schedule.

    SIGTERM and SIGINT are obeyed after the iteration in hand, or in the middle of an evaluation: the run is saved, and
    can be resumed. A second such signal ends the process at once, and costs what was done since the last checkpoint.

    Args:
        config: every setting; of a resumed run, what :meth:`RunDirectory.read_config` returns.
        directory: of the run; made if the run is new. A launch that is refused leaves nothing there that was not there
            before.
        processes: all of them must call this.
        resume: go on with the run in the directory; the number of processes may be another one. A run that was never
            saved begins anew, with the same losses.
        on_event: told of everything that happens, on the first process.

    Returns:
        Why it ended; ``finished before`` if there was nothing left to do, and nothing was changed.

    Raises:
        OSError: naming the file, if one cannot be read or written; the checkpoints are whole.
        ValueError: in one sentence, if the config, the data or the saved state is wrong, or another process trains in
            the directory.
        NonFiniteLossError: if a loss or its gradient is not finite.
        PeerFailedError: if another process failed.
    """
    with contextlib.ExitStack() as holding:
        # Inside the lock, so that nobody else's folder is removed; a launch that is refused leaves no trace.
        with contextlib.ExitStack() as undoing:
            with processes.failing_together():
                _check(config, processes)
                if processes.is_first:
                    holding.enter_context(held(directory, undoing))
                    if not resume:
                        directory.refuse_another_run()
            with processes.failing_together():
                goes_on = resume and directory.has_progress
                run = TrainingRun.prepared(config, directory, processes, resume=goes_on)
            if run.is_finished:
                return "finished before"
            with processes.failing_together():
                if processes.is_first and not resume:
                    write_config(directory, config)
            undoing.pop_all()
        if resume and not goes_on:
            run.notes = [Note(text="the run ended before it was saved for the first time: it begins anew"), *run.notes]
        run.report = on_event if processes.is_first else _ignore
        with stop_requests() as request:
            return run.to_the_end(request)


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
        schedule: how long, and at which learning rates.
        optimizer: of the model's parameters.
        scaler: of gradients in fp16; does nothing otherwise.
        pictures: what it learns from.
        measured_on: what it is measured on; None if it is not.
        notes: what is to be said when it starts.
        report: told of what happens.
        iteration: how many are done.
        best_pq: the highest so far; below 0 before the first evaluation.
        evaluation_due: whether the network is to be measured before it learns on.
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
    notes: Sequence[Note]
    report: Callable[[RunEvent], None] = _ignore
    iteration: int = 0
    best_pq: float = -1.0
    evaluation_due: bool = False

    @classmethod
    def prepared(cls, config: Config, directory: RunDirectory, processes: Processes, *, resume: bool) -> TrainingRun:
        """Builds the network, its optimiser and its data, as they are at first or as they were saved.

        Raises:
            OSError: if a file cannot be read.
            ValueError: naming the file or the field, if something in it is wrong.
        """
        assert config.data.train is not None
        training = config.training
        categories = config.load_categories()
        pictures = open_source(config.data.train, categories)
        measured_on = None if config.data.val is None else open_source(config.data.val, categories)
        model, notes = first_network(config, categories, resumed=resume)
        model, norms_note = _with_norms_for(model, config, processes)
        model.to(processes.device).to(memory_format=torch.channels_last).train()
        schedule = Schedule.for_batch(training.schedule, training.optimizer, training.batch)
        remarks = [Note(text=remark, level="warning") for remark in config.remarks()]
        run = cls(
            config=config,
            directory=directory,
            processes=processes,
            categories=categories,
            model=model,
            schedule=schedule,
            optimizer=build_optimizer(model, training.optimizer),
            scaler=torch.amp.GradScaler(processes.device.type, enabled=training.precision == "fp16"),
            pictures=pictures,
            measured_on=measured_on,
            notes=[*remarks, *(Note(text=text) for text in (schedule.note, norms_note) if text), *notes],
        )
        if resume:
            run._take_over_saved_state()
        return run

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.iteration >= self.schedule.iterations and not self.evaluation_due

    def _take_over_saved_state(self) -> None:
        path = self.directory.state
        state = load_training_state(path)
        try:
            self.model.load_state_dict(state.model)
            self.optimizer.load_state_dict(state.optimizer)
            self.scaler.load_state_dict(state.scaler)
        except (RuntimeError, ValueError, KeyError) as error:
            raise ValueError(
                f"{path}: not of the network in config.yaml ({' '.join(str(error).split())[:200]})"
            ) from None
        torch.set_rng_state(state.generator)
        self.iteration, self.best_pq = state.iteration, state.best_pq
        self.evaluation_due = state.evaluation_due and self.measured_on is not None

    # --------------------------------------------------------------------------------------------------------- running

    def to_the_end(self, request: StopRequest) -> Reason:
        """Trains until the schedule ends or a process is asked to stop, and saves the run.

        Raises:
            OSError: see :func:`train`; ValueError likewise.
        """
        try:
            with self.processes.failing_together():
                self._report_start()
            reason = self._evaluate_if_due(request) or self._iterate(request)
        except BaseException as error:
            # That it could not be reported, as on a full disk, must not hide what failed.
            with contextlib.suppress(OSError):
                self.report(_stopped_by(error, self.iteration))
            raise
        with self.processes.failing_together():
            self.report(Stopped(iteration=self.iteration, reason=reason))
        return reason

    def _report_start(self) -> None:
        """Writes what the run goes on with; the first event comes first, or a failure would be the only one."""
        device = f"{self.processes.device} ({self.processes.device_reason})"
        self.report(
            Started(
                config=self.config.name,
                iteration=self.iteration,
                iterations=self.schedule.iterations,
                batch=self.config.training.batch,
                processes=self.processes.count,
                device=device,
                train=self.pictures.name,
                val="" if self.measured_on is None else self.measured_on.name,
            )
        )
        for note in self.notes:
            self.report(note)
        if self.processes.is_first:
            note_environment(self.directory, device, self.processes.count)

    def _iterate(self, request: StopRequest) -> Reason:
        training = self.config.training
        step = TrainingStep(self.model, self.config, self.processes, self.optimizer, self.scaler)
        pace = Pace(self.iteration, training.batch)
        # Closed whatever happens: data-loading processes do not outlive the loop.
        with closing(self._batches()) as batches:
            while self.iteration < self.schedule.iterations:
                with self.processes.failing_together():
                    parts = next(batches)
                result = step(parts, self.schedule.lr_at(self.iteration), request)
                if result.not_finite:
                    self._stop_at(parts, result)
                self.iteration += 1
                pace.add(result.losses, result.gradient_norm)
                last = self.iteration == self.schedule.iterations
                evaluate = last or self.iteration % training.evaluate_every == 0
                self.evaluation_due = self.measured_on is not None and evaluate
                if last or result.stop or self.iteration % training.log_every == 0:
                    self._report_progress(pace)
                if last or result.stop or self.evaluation_due or self.iteration % training.checkpoint_every == 0:
                    self._save()
                started = time.perf_counter()
                stop = result.stop or self._evaluate_if_due(request)
                pace.leave_out(time.perf_counter() - started)
                if stop and not self.is_finished:
                    return stop
        return "finished"

    def _batches(self) -> Generator[list[TrainingBatch]]:
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
        with closing(single):
            for _ in range(self.iteration, self.schedule.iterations):
                yield [next(single) for _ in range(training.accumulate)]

    def _stop_at(self, parts: Sequence[TrainingBatch], result: StepResult) -> None:
        """Saves what every process worked on, for inspection.

        Raises:
            NonFiniteLossError: always.
        """
        path = self.directory.stopped_at(self.iteration, self.processes.rank)
        try:
            save_stopped_batch(path, parts, iteration=self.iteration, losses=result.losses)
            told = f"its pictures and targets are in {path.parent}"
        except OSError as error:
            told = str(error)
        raise NonFiniteLossError(
            f"iteration {self.iteration}: the loss or its gradient is not finite ({result.not_finite}); {told}; try a "
            "lower training.optimizer.lr, a training.optimizer.clip_norm, or training.precision=fp32"
        )

    # ------------------------------------------------------------------------------------------- reporting and saving

    def _report_progress(self, pace: Pace) -> None:
        left = self.schedule.iterations - self.iteration
        with self.processes.failing_together():
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

    def _evaluate_if_due(self, request: StopRequest) -> StopReason | None:
        """Measures the network where that is due; returns why it was given up, if it was."""
        if not self.evaluation_due or self.measured_on is None:
            return None
        started = time.perf_counter()
        measured = validate(
            self.model,
            self.config,
            self.measured_on,
            self.processes,
            self.directory.samples(self.iteration),
            lambda: request.reason is not None,
        )
        if measured is None:
            return agreed_reason(self.processes.sum(request.as_tensor()))
        figures = measured.figures
        pq = figures["pq"] or 0.0
        self.evaluation_due = False
        improved, self.best_pq = pq > self.best_pq, max(pq, self.best_pq)
        with self.processes.failing_together():
            if not self.processes.is_first:
                return None
            self.report(
                Evaluated(
                    iteration=self.iteration,
                    figures=figures,
                    images=measured.images,
                    seconds=time.perf_counter() - started,
                    samples=tuple(path.relative_to(self.directory.path).as_posix() for path in measured.samples),
                )
            )
            if measured.failures:
                self.report(Note(text=f"iteration {self.iteration}: {measured.failure_words}", level="warning"))
            if improved:
                self._save_network(self.directory.best, figures)
            self._save_state()
        return None

    def _save(self) -> None:
        """Writes the network and the state; the state last, as it is what a resumed run goes by."""
        with self.processes.failing_together():
            if self.processes.is_first:
                self._save_network(self.directory.latest, {})
                self._save_state()

    def _save_state(self) -> None:
        save_training_state(
            self.directory.state,
            iteration=self.iteration,
            model=self.model,
            optimizer=self.optimizer,
            scaler=self.scaler,
            best_pq=self.best_pq,
            evaluation_due=self.evaluation_due,
        )

    def _save_network(self, path: Path, figures: dict[str, float | None]) -> None:
        training = self.config.training
        notes = {"iteration": self.iteration, "iterations": self.schedule.iterations, "data": self.pictures.name}
        notes |= training_notes(training.batch, training.optimizer.name, self.categories)
        if figures and self.measured_on is not None:
            notes |= {"measured on": self.measured_on.name, "figures": figures}
        save_checkpoint(path, self.model, self.config, self.categories, extra=notes)
        place = path.relative_to(self.directory.path).as_posix()
        self.report(CheckpointSaved(iteration=self.iteration, path=place, best=path == self.directory.best))


# -------------------------------------------------------------------------------------------------------------- pieces


def _with_norms_for(model: LPSNet, config: Config, processes: Processes) -> tuple[LPSNet, str]:
    """Lets live batch norms see the pictures of all processes where that can be had, and says what they do not see."""
    if not any(isinstance(module, nn.BatchNorm2d) for module in model.modules()):
        return model, ""
    batch, accumulate = config.training.batch, config.training.accumulate
    seen = batch // accumulate // processes.count
    if processes.count > 1 and processes.device.type == "cuda":
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        seen *= processes.count
    if seen == batch:
        return model, ""
    return model, (
        f"live batch norms see the {seen} pictures that are worked on together, not the {batch} of an iteration, so "
        "that another number of processes or parts trains a slightly different network; frozen norms and group norms "
        "do not depend on it"
    )


def _stopped_by(error: BaseException, iteration: int) -> Stopped:
    if isinstance(error, KeyboardInterrupt):
        lost = "ended at once by a second signal: what was done since the last checkpoint is lost"
        return Stopped(iteration=iteration, reason="interrupted", message=lost)
    message = " ".join(str(error).split()) or type(error).__name__
    return Stopped(iteration=iteration, reason="failed", message=message)


def _memory_in_use(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return int(psutil.Process().memory_info().rss)
